//! One file over HTTP: resumed where it was cut, never glued from two versions, verified at the end.

use super::{FetchJob, need_space};
use md5::{Digest, Md5};
use seraug_core::error::{Error, Result};
use seraug_core::files;
use seraug_core::manifest::{Checksum, Fetch};
use sha2::Sha256;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use ureq::http::{HeaderMap, Response, Uri};
use ureq::{Agent, Body, ResponseExt};

/// Tries beyond the first of one call.
const RETRIES: u32 = 5;
const SILENCE: Duration = Duration::from_secs(60);

/// How a try ended that did not end in an error to report.
enum Try {
    Whole,
    /// Worth another try, for this reason.
    Again(String),
}

/// The place of a download: `FILE` when it is whole, `FILE.part` before, `FILE.version` what the server called it.
struct DownloadPath {
    whole: PathBuf,
    part: PathBuf,
    version: PathBuf,
}

/// Brings `file` into `folder`; the path of the verified whole.
///
/// # Errors
/// Names the URL and what the server or the disk said. After a cut the part stays for the next call.
pub(super) fn download(file: &Fetch, folder: &Path, job: &FetchJob) -> Result<PathBuf> {
    let in_folder = |suffix: &str| folder.join(format!("{}{suffix}", file.file));
    let place =
        DownloadPath { whole: in_folder(""), part: in_folder(".part"), version: in_folder(".version") };
    if length(&place.whole) == file.bytes && verify(file, &place.whole).is_ok() {
        (job.note)(&format!("{} is there and verified", file.file));
        return Ok(place.whole);
    }
    need_space(folder, file.bytes.saturating_sub(length(&place.part)), &file.file)?;
    job.progress.set_length(file.bytes);
    let agent = agent(&file.url);
    let mut pause = job.pause;
    for tries in 0.. {
        (job.note)(&format!(
            "downloading {} ({:.1} MB) from {}",
            file.file,
            file.bytes as f64 / 1e6,
            file.url
        ));
        let why = match attempt(file, &place, &agent, job)? {
            Try::Whole => break,
            Try::Again(why) => why,
        };
        let have = length(&place.part);
        if tries == RETRIES {
            let kept = format!("{have} of {} bytes are kept, run it again to go on", file.bytes);
            return Err(Error::failed(format!("{}: {why}; {kept}", file.url)));
        }
        (job.note)(&format!("{why}; going on at byte {have} in {:.0} s", pause.as_secs_f64()));
        std::thread::sleep(pause);
        pause *= 2;
    }
    verify(file, &place.part).inspect_err(|_| place.forget())?;
    let failed =
        |e: std::io::Error| Error::failed(format!("{}: cannot be written: {e}", place.whole.display()));
    File::open(&place.part).and_then(|f| f.sync_all()).map_err(failed)?;
    fs::rename(&place.part, &place.whole).map_err(failed)?;
    let _ = fs::remove_file(&place.version);
    Ok(place.whole)
}

impl DownloadPath {
    /// Begins anew: what is there belongs to something else.
    fn forget(&self) {
        let _ = fs::remove_file(&self.part);
        let _ = fs::remove_file(&self.version);
    }
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |m| m.len())
}

fn agent(url: &str) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .https_only(url.starts_with("https:"))
        .save_redirect_history(true)
        .user_agent(concat!("seraug/", env!("CARGO_PKG_VERSION")))
        // A compressed transfer has other bytes and another length.
        .accept_encoding("identity")
        .timeout_connect(Some(SILENCE))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE));
    // A server on this machine is not behind the proxy of the environment.
    let local = url.parse::<Uri>().is_ok_and(|u| matches!(u.host(), Some("localhost" | "127.0.0.1")));
    if local { config.proxy(None).build().new_agent() } else { config.build().new_agent() }
}

/// One request, from where the part ends.
fn attempt(file: &Fetch, place: &DownloadPath, agent: &Agent, job: &FetchJob) -> Result<Try> {
    let mut have = length(&place.part);
    if have > file.bytes {
        place.forget();
        have = 0;
    }
    if have == file.bytes {
        return Ok(Try::Whole);
    }
    let known = files::text(&place.version).ok();
    let mut request = agent.get(&file.url);
    if have > 0 {
        request = request.header("Range", format!("bytes={have}-"));
        // The server then sends all of a file that is another by now.
        if let Some(version) = &known {
            request = request.header("If-Range", version);
        }
    }
    let response = match request.call() {
        Ok(response) => response,
        // A redirect from https to http is refused, and stays so.
        Err(
            e @ (ureq::Error::RequireHttpsOnly(_) | ureq::Error::TooManyRedirects | ureq::Error::BadUri(_)),
        ) => {
            return Err(Error::failed(format!("{}: {e}", file.url)));
        }
        Err(e) => return Ok(Try::Again(e.to_string())),
    };
    if downgraded(response.get_redirect_history().unwrap_or_default()) {
        return Err(Error::failed(format!("{}: redirected from https to http; not followed", file.url)));
    }
    let version = version(response.headers());
    match response.status().as_u16() {
        206 if continues(&response, have, file.bytes)
            && (known.is_none() || version.is_none() || known == version) => {}
        200 => {
            place.forget();
            have = 0;
        }
        206 | 416 => {
            place.forget();
            return Ok(Try::Again("the file on the server is another by now".into()));
        }
        status @ (408 | 425 | 429 | 500..=599) => {
            return Ok(Try::Again(format!("the server answered {status}")));
        }
        status => {
            let next = "the file may have moved, see the source in the corpus's manifest";
            return Err(Error::failed(format!("{}: the server answered {status}; {next}", file.url)));
        }
    }
    if let Some(length) = response.body().content_length()
        && have + length != file.bytes
    {
        return Err(other_length(file, &(have + length).to_string()));
    }
    if let (0, Some(version)) = (have, version) {
        seraug_core::files::write_atomic(&place.version, version.as_bytes())?;
    }
    receive(file, place, response, have, job)
}

/// Appends the body to the part, which has `have` bytes.
fn receive(
    file: &Fetch,
    place: &DownloadPath,
    response: Response<Body>,
    have: u64,
    job: &FetchJob,
) -> Result<Try> {
    let failed =
        |e: std::io::Error| Error::failed(format!("{}: cannot be written: {e}", place.part.display()));
    let mut part = OpenOptions::new().create(true).append(true).open(&place.part).map_err(failed)?;
    let mut body = response.into_body().into_reader();
    let mut buffer = vec![0; 1 << 16];
    let mut left = file.bytes - have;
    job.progress.set_position(have);
    loop {
        let n = match body.read(&mut buffer) {
            Ok(0) if left == 0 => return Ok(Try::Whole),
            Ok(0) => return Ok(Try::Again("the connection was cut".into())),
            Ok(n) => n,
            Err(e) => return Ok(Try::Again(format!("the connection was cut: {e}"))),
        };
        if n as u64 > left {
            place.forget();
            return Err(other_length(file, "more"));
        }
        part.write_all(&buffer[..n]).map_err(failed)?;
        left -= n as u64;
        job.progress.inc(n as u64);
    }
}

fn other_length(file: &Fetch, found: &str) -> Error {
    Error::failed(format!(
        "{}: has {found} bytes where the manifest says {}; it is not the file that was verified, or an error page",
        file.url, file.bytes
    ))
}

/// What tells this content from another at the same URL: a strong ETag, or else its date.
fn version(headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    text("etag").filter(|tag| !tag.starts_with("W/")).or_else(|| text("last-modified"))
}

/// Whether a 206 goes on at byte `have` of a file of `bytes`.
fn continues(response: &Response<Body>, have: u64, bytes: u64) -> bool {
    let range = response.headers().get("content-range").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let rest = range.strip_prefix(&format!("bytes {have}-"));
    rest.and_then(|r| r.split_once('/')).is_some_and(|(_, of)| of == "*" || of.parse() == Ok(bytes))
}

/// Whether a chain of redirects left https once it had reached it.
fn downgraded(history: &[Uri]) -> bool {
    let secure = |uri: &Uri| uri.scheme_str() == Some("https");
    history.windows(2).any(|pair| secure(&pair[0]) && !secure(&pair[1]))
}

/// Compares the content at `path` with the checksum.
fn verify(file: &Fetch, path: &Path) -> Result<()> {
    let (kind, expected, found) = match file.checksum() {
        Checksum::Sha256(expected) => ("sha256", expected, digest::<Sha256>(path)),
        Checksum::Md5(expected) => ("md5", expected, digest::<Md5>(path)),
    };
    let found = found.map_err(|e| Error::failed(format!("{}: cannot be read: {e}", path.display())))?;
    if found == expected {
        return Ok(());
    }
    let next =
        "the download is removed: run it again, and if that fails see whether a new version was published";
    Err(Error::failed(format!("{}: {kind} expected {expected}, found {found}; {next}", file.file)))
}

fn digest<D: Digest>(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = D::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(digest.finalize().iter().map(|b| format!("{b:02x}")).collect()),
            n => digest.update(&buffer[..n]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaving_https_is_a_downgrade_and_reaching_it_is_not() {
        let chain = |uris: &[&str]| uris.iter().map(|u| u.parse().unwrap()).collect::<Vec<Uri>>();
        assert!(!downgraded(&chain(&["http://a/", "https://a/", "https://b/"])));
        assert!(downgraded(&chain(&["http://a/", "https://a/", "http://b/"])));
        assert!(!downgraded(&[]));
    }

    #[test]
    fn digests_are_the_standard_ones() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "abc").unwrap();
        assert_eq!(digest::<Md5>(file.path()).unwrap(), "900150983cd24fb0d6963f7d28e17f72");
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest::<Sha256>(file.path()).unwrap(), sha256);
    }
}
