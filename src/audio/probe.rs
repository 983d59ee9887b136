//! What the first bytes of a file say: whether it can be a recording, and how long it is. Decodes nothing: a corpus of
//! ten thousand files is looked at in a second. What passes here may still be refused by [`super::decode`], which alone
//! knows; what is refused here is no recording at all.

mod riff;

use crate::files;
use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes of the beginning that are read at once: the headers of most files, and all of a pointer.
const HEAD: usize = 4096;
/// Where a recording may begin behind something else.
const SEARCHED: usize = 1 << 16;

const FRESH: &str = "get a fresh copy of it";
const CONVERT: &str = "convert it to 16-bit PCM wav or flac";

/// How long a recording is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// Samples of one channel.
    pub frames: u64,
    /// Hertz, above 0.
    pub rate: u32,
}

impl Length {
    /// Seconds.
    pub fn seconds(self) -> f64 {
        self.frames as f64 / f64::from(self.rate)
    }
}

/// The length of the wav or flac at `path`; nothing where the header does not tell.
///
/// # Errors
/// What it is instead of a recording and the next step, without the path: not a regular file (which is not opened, so
/// that a pipe does not hang), empty, a pointer of git-lfs or git-annex, a web page, text, another format, cut short, of
/// no samples; what the system says of a file that cannot be read.
pub fn probe(path: &Path) -> Result<Option<Length>, String> {
    let about = path.metadata().map_err(|e| unreadable(&e))?;
    regular(&about)?;
    if about.len() == 0 {
        return Err(format!("empty, 0 bytes; {FRESH}"));
    }
    let file = files::open(path).map_err(|e| unreadable(&e))?;
    let mut head = Vec::with_capacity(HEAD);
    (&file).take(HEAD as u64).read_to_end(&mut head).map_err(|e| unreadable(&e))?;
    let source = Source { file: &file, len: about.len() };
    let length = match &head[..] {
        [b'R', b'I', b'F', b'F' | b'X', ..] | [b'R', b'F', b'6', b'4', ..] | [b'B', b'W', b'6', b'4', ..] => {
            riff::length(&source, &head)?
        }
        [b'f', b'L', b'a', b'C', rest @ ..] => flac(rest)?,
        [b'I', b'D', b'3', _, _, _, a, b, c, d, ..] => behind_id3(&source, [*a, *b, *c, *d])?,
        _ => return elsewhere(&source, &head),
    };
    match length {
        Some(Length { frames: 0, .. }) => Err(format!("has no samples; {FRESH}")),
        length => Ok(length),
    }
}

/// What the system says of a path that cannot be read, and the next step.
pub fn unreadable(e: &std::io::Error) -> String {
    match e.kind() {
        ErrorKind::NotFound => "no such file; check the path".to_owned(),
        ErrorKind::PermissionDenied => format!("cannot be read ({e}); change its permissions"),
        _ => format!("cannot be read ({e})"),
    }
}

/// # Errors
/// A folder, a pipe, a socket or a device: opening it could wait for ever.
fn regular(about: &Metadata) -> Result<(), String> {
    match about.is_file() {
        true => Ok(()),
        false if about.is_dir() => Err("a folder, not a recording".into()),
        false => Err("not a regular file (a pipe, socket or device); remove it".into()),
    }
}

/// The bytes of a file.
struct Source<'a> {
    file: &'a File,
    len: u64,
}

impl Source<'_> {
    /// Up to `n` bytes from `at` on; fewer at the end of the file.
    fn read(&self, at: u64, n: usize) -> Result<Vec<u8>, String> {
        let mut bytes = vec![0; n];
        let mut filled = 0;
        while filled < n {
            match self.file.read_at(&mut bytes[filled..], at + filled as u64) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(unreadable(&e)),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }
}

/// By STREAMINFO, which follows `fLaC`: 20 bits of rate, 36 of samples (0: not known).
fn flac(rest: &[u8]) -> Result<Option<Length>, String> {
    let Some(info) = rest.get(4..22).filter(|_| rest[0] & 0x7f == 0) else {
        return match rest.len() < 38 {
            true => Err(format!("cut short within its header; {FRESH}")),
            false => Ok(None),
        };
    };
    let packed = info[10..18].iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let (rate, frames) = ((packed >> 44) as u32, packed & ((1 << 36) - 1));
    Ok((rate > 0 && frames > 0).then_some(Length { frames, rate }))
}

/// Some taggers put ID3 before a flac; mostly it is an mp3.
fn behind_id3(source: &Source, size: [u8; 4]) -> Result<Option<Length>, String> {
    let size = size.iter().fold(0u64, |n, b| n << 7 | u64::from(b & 0x7f));
    let behind = source.read(10 + size, 64)?;
    match behind.strip_prefix(b"fLaC") {
        Some(rest) => flac(rest),
        None if behind.starts_with(b"RIFF") => Ok(None),
        None => Err(format!("an mp3 by its content; {CONVERT}")),
    }
}

/// Formats that are met under the names of recordings, by how they begin and where.
const OTHERS: &[(usize, &[u8], &str)] = &[
    (0, b"OggS", "an ogg"),
    (4, b"ftyp", "an mp4"),
    (0, b"FORM", "an aiff"),
    (0, b"NIST_1A", "a NIST sphere file"),
    (0, b"caff", "a caf"),
    (0, b".snd", "an au"),
    (0, b"\xff\xfb", "an mp3"),
    (0, b"\xff\xf3", "an mp3"),
    (0, b"\xff\xf2", "an mp3"),
    (0, b"\x1a\x45\xdf\xa3", "a webm"),
    (0, b"FLV\x01", "a flv"),
    (0, b"\x30\x26\xb2\x75", "a wma"),
];

/// As [`OTHERS`], of which no conversion makes a recording.
const PACKED: &[(usize, &[u8], &str)] = &[
    (0, b"PK\x03\x04", "a zip"),
    (0, b"\x1f\x8b", "a gzip"),
    (0, b"7z\xbc\xaf", "a 7z"),
    (0, b"Rar!", "a rar"),
    (257, b"ustar", "a tar"),
    (0, b"%PDF", "a PDF"),
];

/// A file that begins as no wav or flac does.
fn elsewhere(source: &Source, head: &[u8]) -> Result<Option<Length>, String> {
    let is = |of: &&(usize, &[u8], &str)| head.get(of.0..).is_some_and(|rest| rest.starts_with(of.1));
    if let Some((.., what)) = OTHERS.iter().find(is) {
        return Err(format!("{what} by its content; {CONVERT}"));
    }
    if let Some((.., what)) = PACKED.iter().find(is) {
        return Err(format!("{what} by its content, not a recording; unpack it, or {FRESH}"));
    }
    if let Some(what) = text(head) {
        return Err(what);
    }
    let begin = source.read(0, SEARCHED)?;
    let found = begin.windows(4).any(|w| w == b"RIFF" || w == b"fLaC");
    match found {
        // The decoder decides.
        true => Ok(None),
        false if begin.iter().all(|b| *b == 0) => {
            Err(format!("begins with nothing but zeros: damaged; {FRESH}"))
        }
        false => Err(format!("not a wav or flac by its content; {CONVERT}, or {FRESH}")),
    }
}

/// What a text is that stands where a recording should.
fn text(head: &[u8]) -> Option<String> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    // A character may be cut at the end.
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(e) if e.error_len().is_none() => {
            std::str::from_utf8(&head[..e.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return None,
    };
    let text = text.trim_start();
    if text.is_empty() || text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return None;
    }
    let lower: String = text.chars().take(200).collect::<String>().to_lowercase();
    if lower.starts_with("version https://git-lfs") || lower.starts_with("version https://hawser") {
        return Some("a git-lfs pointer, not the recording; run `git lfs pull` in its repository".into());
    }
    if lower.contains("/annex/objects/") {
        return Some("a git-annex pointer, not the recording; run `git annex get` in its repository".into());
    }
    let page = ["<!doctype", "<html", "<head", "<?xml", "<!--", "<script", "<body"];
    if page.iter().any(|tag| lower.starts_with(tag)) {
        return Some("a web page, not the recording; download the file itself".into());
    }
    let shown: String = text.lines().next().unwrap_or_default().chars().take(40).collect();
    Some(format!("text, not a recording (it begins `{}`); {FRESH}", shown.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Result<Option<Length>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        probe(file.path())
    }

    #[test]
    fn what_stands_in_the_place_of_a_recording_is_named() {
        let lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:c6f9\nsize 72862\n";
        for (bytes, part) in [
            (&b""[..], "empty, 0 bytes"),
            (lfs, "git-lfs pointer, not the recording; run `git lfs pull`"),
            (b"/annex/objects/SHA256E-s1--ab.wav\n", "git-annex pointer"),
            (b"\xef\xbb\xbf\n <!DOCTYPE html>\n<html>", "a web page"),
            (b"<HTML><body>not found", "a web page"),
            (b"{\"error\": \"denied\"}", "text, not a recording (it begins `{\"error\": \"denied\"}`)"),
            (b"OggS\0\x02", "an ogg by its content; convert it"),
            (b"\0\0\0\x20ftypisom", "an mp4"),
            (b"ID3\x04\0\0\0\0\0\x01\0\xff\xfb", "an mp3"),
            (b"PK\x03\x04\x14", "a zip by its content, not a recording; unpack it"),
            (&[0; 5000], "nothing but zeros"),
            (&[0x80; 100], "not a wav or flac"),
            (b"fLaC\0\0\0\x22", "cut short within its header"),
        ] {
            let why = of(bytes).unwrap_err();
            assert!(why.contains(part), "{part}: {why}");
        }
    }

    #[test]
    fn a_flac_states_its_samples_or_does_not() {
        let flac = |frames: u64| {
            let packed: u64 = 44_100 << 44 | 15 << 36 | frames;
            [&b"fLaC\0\0\0\x22"[..], &[0; 10], &packed.to_be_bytes(), &[0; 16]].concat()
        };
        assert_eq!(of(&flac(88_200)).unwrap().unwrap().seconds(), 2.0);
        assert_eq!(of(&flac(0)), Ok(None));
        let tagged = [b"ID3\x04\0\0\0\0\0\x02ab", &flac(44_100)[..]].concat();
        assert_eq!(of(&tagged).unwrap().unwrap().seconds(), 1.0);
        let behind = [&[0x80; 10][..], &flac(44_100)].concat();
        assert_eq!(of(&behind), Ok(None), "the decoder looks further");
    }

    #[test]
    fn a_pipe_is_not_opened() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("x.wav");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
        assert!(probe(&pipe).unwrap_err().starts_with("not a regular file"));
        assert!(probe(dir.path()).unwrap_err().starts_with("a folder"));
        assert!(probe(&dir.path().join("none.wav")).unwrap_err().starts_with("no such file"));
    }
}
