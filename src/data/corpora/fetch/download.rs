//! Downloads one file over HTTP: resumes after an interruption, never joins two versions, verifies the checksum.

use super::{FetchJob, need_space};
use md5::{Digest, Md5};
use seraug_core::digest::hex;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files;
use seraug_core::manifest::{Checksum, Fetch};
use sha2::Sha256;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use ureq::http::{HeaderMap, Response, Uri};
use ureq::{Agent, Body, ResponseExt};

/// Retries of one call.
const RETRIES: u32 = 5;
const SILENCE: Duration = Duration::from_secs(60);

/// Outcome of an attempt that did not fail for good.
enum Try {
    Whole,
    /// Worth a retry, for this reason.
    Again(String),
}

/// The files of a download: `FILE` when complete, `FILE.part` before, and `FILE.version` with the server's ETag or date.
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
            let kept =
                format!("{have} of {} bytes are kept; run the same command again to resume", file.bytes);
            return Err(Error::failed(format!("{}: {why}; {kept}", file.url)));
        }
        (job.note)(&format!("{why}; resuming at byte {have} in {:.0} s", pause.as_secs_f64()));
        std::thread::sleep(pause);
        pause *= 2;
    }
    verify(file, &place.part).inspect_err(|_| place.forget())?;
    let moved = File::open(&place.part)
        .and_then(|part| part.sync_all())
        .and_then(|()| fs::rename(&place.part, &place.whole));
    moved.cannot("be written", &place.whole)?;
    let _ = fs::remove_file(&place.version);
    Ok(place.whole)
}

impl DownloadPath {
    /// Deletes the partial download, which belongs to another version.
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
        // A compressed transfer would have another length.
        .accept_encoding("identity")
        .timeout_connect(Some(SILENCE))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE));
    // Servers on this machine are not behind the environment's proxy.
    let local = url.parse::<Uri>().is_ok_and(|u| matches!(u.host(), Some("localhost" | "127.0.0.1")));
    if local { config.proxy(None).build().new_agent() } else { config.build().new_agent() }
}

/// Sends one request, for the bytes after the partial download.
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
        // If the file has changed, the server then sends all of it.
        if let Some(version) = &known {
            request = request.header("If-Range", version);
        }
    }
    let response = match request.call() {
        Ok(response) => response,
        // Errors that a retry cannot fix.
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
    let mut part =
        OpenOptions::new().create(true).append(true).open(&place.part).cannot("be written", &place.part)?;
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
        part.write_all(&buffer[..n]).cannot("be written", &place.part)?;
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

/// Identifies a version of the content: a strong ETag, or else its date.
fn version(headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    text("etag").filter(|tag| !tag.starts_with("W/")).or_else(|| text("last-modified"))
}

/// Whether a 206 response continues at byte `have` of a file of `bytes`.
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
    let found = found.cannot("be read", path)?;
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
            0 => return Ok(hex(&digest.finalize())),
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
