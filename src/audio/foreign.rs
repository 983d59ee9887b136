//! Files that are no wav or flac, or do not begin as one.

use super::decode::{CONVERT, FRESH};
use super::{flac, wav};

/// Bytes in front of a recording that are skipped at most, such as those of MacBinary.
const JUNK: usize = 4096;

/// First bytes of a file, and what it is.
const KINDS: &[(&[u8], &str)] = &[
    (b"OggS", "Ogg"),
    (b"FORM", "AIFF"),
    (b"RIFX", "a big-endian wav (RIFX)"),
    (b"riff", "Wave64"),
    (b"NIST_1A", "NIST SPHERE"),
    (b".snd", "Sun audio"),
    (b"caff", "Core Audio"),
    (b"\x1a\x45\xdf\xa3", "Matroska"),
    (b"#!AMR", "AMR"),
    (b"MAC ", "Monkey's Audio"),
    (b"wvpk", "WavPack"),
    (b"\xff\xfb", "MP3"),
    (b"\xff\xf3", "MP3"),
    (b"\xff\xf1", "AAC"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "gzip"),
];

/// How many bytes stand before a wav or flac that begins within the first [`JUNK`] bytes, but not with them.
pub(super) fn before(head: &[u8]) -> Option<u64> {
    let begins = |bytes: &[u8]| {
        wav::begins(bytes)
            // The marker and the head of its first block.
            || bytes.strip_prefix(flac::MARKER).is_some_and(|b| matches!(b, [0 | 0x80, 0, 0, 34, ..]))
    };
    if begins(head)
        || head.starts_with(flac::MARKER)
        || KINDS.iter().any(|(first, _)| head.starts_with(first))
    {
        return None;
    }
    (1..head.len().min(JUNK)).find(|i| begins(&head[*i..])).map(|i| i as u64)
}

/// Why a file that begins with `head` is not read, and what to do.
pub(super) fn name(head: &[u8]) -> String {
    let text = String::from_utf8_lossy(&head[..head.len().min(256)]).trim_start().to_lowercase();
    if text.starts_with("version https://git-lfs") {
        return "a pointer of git-lfs, not the recording; run `git lfs pull` in its repository".into();
    }
    if text.starts_with("<!doctype") || text.starts_with("<html") || text.starts_with("<?xml") {
        return "a web page, not audio; download the recording again".into();
    }
    let markers: [&[u8]; 4] = [b"RIFF", b"RF64", b"BW64", flac::MARKER];
    if head.len() < 12 && markers.iter().any(|m| m.starts_with(&head[..head.len().min(4)])) {
        return format!("cut short within its header; {FRESH}");
    }
    if head.iter().all(|b| *b == 0) {
        return format!("not audio: it begins with {} zeros; {FRESH}", head.len());
    }
    if head.get(4..8) == Some(b"ftyp") {
        return format!("MPEG-4, not wav or flac; {CONVERT}");
    }
    match KINDS.iter().find(|(first, _)| head.starts_with(first)) {
        Some((_, name)) => format!("{name}, not wav or flac; {CONVERT}"),
        None => format!("not a wav or flac; {CONVERT}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_recording_is_called_what_it_is() {
        for (head, part) in [
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:1".as_slice(), "git lfs pull"),
            (b"\n<!DOCTYPE html><html>", "web page"),
            (b"RIFF", "cut short"),
            (b"R", "cut short"),
            (b"OggS\0\x02\0\0\0\0\0\0\0\0", "Ogg, not wav"),
            (b"\0\0\0\x20ftypM4A ", "MPEG-4"),
            (&[0; 100], "100 zeros"),
            (b"some text that is long enough", "not a wav or flac"),
            (b"NIST_1A\n   1024\n", "SPHERE"),
        ] {
            assert!(name(head).contains(part), "{}", name(head));
        }
    }

    #[test]
    fn a_recording_may_begin_behind_something_short() {
        let wav = b"RIFF\x24\0\0\0WAVEfmt ".as_slice();
        assert_eq!(before(&[&[0; 128], wav].concat()), Some(128));
        assert_eq!(before(&[b"xx".as_slice(), b"fLaC\0\0\0\x22"].concat()), Some(2));
        assert_eq!(before(wav), None);
        assert_eq!(before(&[b"PK\x03\x04".as_slice(), wav].concat()), None);
        assert_eq!(before(&[&[0; 5000], wav].concat()), None);
    }
}
