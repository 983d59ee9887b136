//! Reads the header of a file: whether it can be a recording, and how long it is. Decodes nothing, so that ten thousand wav or
//! flac take a second. A file that passes here may still be refused by [`super::decode`]; one that is refused here is refused there
//! too.

use super::Length;
use super::container::Container;
use super::refusal::FRESH;
use seraug_core::files;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::Path;

/// The length of the recording at `path`; `None` if the header does not state it.
///
/// # Errors
/// What the file is instead of a recording and the next step, without the path: not a regular file (it is not opened, because
/// a pipe could hang), empty, a git-lfs or git-annex pointer, a web page, text, another format, truncated, without samples,
/// or unreadable.
pub fn probe(path: &Path) -> Result<Option<Length>, String> {
    let about = path.metadata().map_err(|e| unreadable(&e))?;
    regular(&about)?;
    if about.len() == 0 {
        return Err(format!("empty, 0 bytes; {FRESH}"));
    }
    let file = files::open(path).map_err(|e| unreadable(&e))?;
    match Container::of(file, about.len())?.length()? {
        Some(Length { frames: 0, .. }) => Err(format!("has no samples; {FRESH}")),
        length => Ok(length),
    }
}

/// The error of the system for a path that cannot be read, and the next step.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Result<Option<Length>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        probe(file.path())
    }

    fn chunk(id: &[u8; 4], size: u32, body: &[u8]) -> Vec<u8> {
        [&id[..], &size.to_le_bytes(), body].concat()
    }

    /// A wav of `chunks` after its format (16 bits, one channel, 8 kHz).
    fn wav(chunks: &[Vec<u8>]) -> Vec<u8> {
        let format = [1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0];
        let body = [chunk(b"fmt ", 16, &format), chunks.concat()].concat();
        [b"RIFF", &(body.len() as u32 + 4).to_le_bytes()[..], b"WAVE", &body].concat()
    }

    #[test]
    fn a_length_is_that_of_the_sound_that_is_there() {
        let sound = [1; 100];
        let known = Ok(Some(Length { frames: 50, rate: 8000 }));
        assert_eq!(of(&wav(&[chunk(b"data", 100, &sound)])), known);
        for size in [0x7fff_f000, 0x8000_0000, 0x7fff_ffdb, 0xffff_ffff, 0xffff_ffdb] {
            assert_eq!(of(&wav(&[chunk(b"data", size, &sound)])), known, "{size:x}");
        }
        assert_eq!(of(&wav(&[chunk(b"LIST", 3, b"abc\0"), chunk(b"data", 100, &sound)])), known);
        assert_eq!(of(&wav(&[chunk(b"LIST", 3, b"abc"), chunk(b"data", 100, &sound)])), known, "not padded");
        let long = vec![0; 9000];
        assert_eq!(of(&wav(&[chunk(b"bext", 9000, &long), chunk(b"data", 100, &sound)])), known);
        let more = wav(&[chunk(b"data", 100, &sound), chunk(b"LIST", 4, b"abcd")]);
        assert_eq!(of(&more), known, "what follows is not sound");
        let mut slow = wav(&[chunk(b"data", 100, &sound)]);
        slow[24..28].copy_from_slice(&[1, 0, 0, 0]);
        assert!(of(&slow).unwrap_err().starts_with("states a sample rate of 1 Hz"));
        assert_eq!(of(&wav(&[chunk(b"data", 0, &sound)])), known, "nobody wrote how much there is");
    }

    #[test]
    fn what_is_cut_short_or_empty_is_refused() {
        let whole = wav(&[chunk(b"data", 1000, &[1; 1000])]);
        let cut = of(&whole[..whole.len() - 900]).unwrap_err();
        assert!(cut.starts_with("cut short: 50 of the 500 samples"), "{cut}");
        assert!(of(&wav(&[chunk(b"data", 0, b"")])).unwrap_err().starts_with("has no samples"));
        let lost = of(&wav(&[chunk(b"LIST", 5000, b"abc")])).unwrap_err();
        assert!(lost.starts_with("a wav without a data chunk"), "{lost}");
        assert!(of(b"RIFF").unwrap_err().starts_with("cut short within its header"));
        let avi = [b"RIFF\x40\0\0\0AVI ", &[0u8; 64][..]].concat();
        assert!(of(&avi).unwrap_err().starts_with("a RIFF file of the kind `AVI`"));
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
        assert_eq!(of(&behind).unwrap().unwrap().seconds(), 1.0, "as the decoder has it");
        assert!(of(b"fLaC\0\0\0\x22").unwrap_err().contains("cut short within its header"));
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
