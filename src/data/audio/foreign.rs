//! Recognises files that are no recording that is read, or do not begin as one, to say what they are instead.

use super::codec::CodecContainer;
use super::formats::FORMATS;
use super::refusal::{CONVERT, FRESH, by_ffmpeg};
use super::{flac, wav};

/// Most bytes that are skipped in front of a recording, such as a MacBinary header.
const JUNK: usize = 4096;

/// Magic bytes of audio formats, the format's name, and an extension of it that ffmpeg knows.
const KINDS: &[(&[u8], &str, &str)] = &[
    (b"RIFX", "a big-endian wav (RIFX)", "wav"),
    (b"riff", "Wave64", "w64"),
    (b"NIST_1A", "NIST SPHERE", "sph"),
    (b".snd", "Sun audio", "au"),
    (b"\x1a\x45\xdf\xa3", "Matroska or WebM (often Opus)", "webm"),
    (b"#!AMR", "AMR", "amr"),
    (b"MAC ", "Monkey's Audio", "ape"),
    (b"wvpk", "WavPack", "wv"),
    (b"FORM", "an IFF that is no AIFF", "iff"),
    (b"ADIF", "AAC outside of MPEG-4", "aac"),
    (b"\xff\xf1", "AAC outside of MPEG-4", "aac"),
    (b"\xff\xf9", "AAC outside of MPEG-4", "aac"),
    (b"\xff\xfd", "MPEG audio of layer II", "mp2"),
    (b"\xff\xfc", "MPEG audio of layer II", "mp2"),
    (b"\xff\xf5", "MPEG audio of layer II", "mp2"),
    (b"\xff\xf4", "MPEG audio of layer II", "mp2"),
    (b"\xff\xfb", "an mp3 that is damaged at its start", "mp3"),
    (b"\xff\xfa", "an mp3 that is damaged at its start", "mp3"),
    (b"\xff\xf3", "an mp3 that is damaged at its start", "mp3"),
    (b"\xff\xf2", "an mp3 that is damaged at its start", "mp3"),
    (b"FLV\x01", "Flash video", "flv"),
    (b"\x30\x26\xb2\x75", "Windows Media (WMA)", "wma"),
];

/// Offset and magic bytes of formats that are no audio, and the format's name.
const PACKED: &[(usize, &[u8], &str)] = &[
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"7z\xbc\xaf", "a 7z archive"),
    (0, b"Rar!", "a rar archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"%PDF", "a PDF"),
];

/// Number of bytes in front of a wav, flac or mp3 that begins within the first [`JUNK`] bytes of `length`, but not at the first.
pub(super) fn before(head: &[u8], length: u64) -> Option<u64> {
    let begins = |bytes: &[u8]| {
        wav::begins(bytes)
            // The marker and the head of its first block.
            || bytes.strip_prefix(flac::MARKER).is_some_and(|b| matches!(b, [0 | 0x80, 0, 0, 34, ..]))
    };
    if begins(head)
        || head.starts_with(flac::MARKER)
        || CodecContainer::of(head, length).is_some()
        || KINDS.iter().any(|(first, ..)| head.starts_with(first))
        || PACKED.iter().any(|(at, first, _)| head.get(*at..).is_some_and(|rest| rest.starts_with(first)))
    {
        return None;
    }
    let found = (1..head.len().min(JUNK)).find(|i| begins(&head[*i..])).map(|i| i as u64);
    found.or_else(|| CodecContainer::junk(head))
}

/// Why a file that begins with `head` is refused, and the next step.
pub(super) fn name(head: &[u8]) -> String {
    let markers: [&[u8]; 4] = [b"RIFF", b"RF64", b"BW64", flac::MARKER];
    if head.len() < 12 && markers.iter().any(|m| m.starts_with(&head[..head.len().min(4)])) {
        return format!("cut short within its header; {FRESH}");
    }
    if head.iter().all(|b| *b == 0) {
        return format!("not audio: it begins with {} zeros; {FRESH}", head.len());
    }
    if let [b'R', b'I', b'F', b'F', _, _, _, _, form @ ..] = head {
        let form: String =
            form.iter().take(4).map(|b| char::from(*b)).filter(char::is_ascii_graphic).collect();
        return format!("a RIFF file of the kind `{form}`, not a wav; {CONVERT}");
    }
    let is = |of: &&(usize, &[u8], &str)| head.get(of.0..).is_some_and(|rest| rest.starts_with(of.1));
    if let Some((.., what)) = PACKED.iter().find(is) {
        return format!("{what}, not a recording; unpack it, or {FRESH}");
    }
    match KINDS.iter().find(|(first, ..)| head.starts_with(first)) {
        Some((_, name, extension)) => format!("{name}, which is not read; {}", by_ffmpeg(extension)),
        None => text(head).unwrap_or_else(|| format!("not a recording in {FORMATS}; {CONVERT}")),
    }
}

/// Describes a text file that is in the place of a recording.
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

    #[test]
    fn a_file_that_is_no_recording_is_called_what_it_is() {
        for (head, part) in [
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:1".as_slice(),
                "a git-lfs pointer, not the recording; run `git lfs pull`",
            ),
            (b"/annex/objects/SHA256E-s1--ab.wav\n", "a git-annex pointer"),
            (b"\n<!DOCTYPE html><html>", "a web page"),
            (b"\xef\xbb\xbf\n <HTML><body>not found", "a web page"),
            (b"{\"error\": \"denied\"}", "text, not a recording (it begins `{\"error\": \"denied\"}`)"),
            (b"PK\x03\x04\x14", "a zip archive, not a recording; unpack it"),
            (b"RIFF\x40\0\0\0AVI LIST", "a RIFF file of the kind `AVI`"),
            (&[0x80; 100], "not a recording in wav, flac, mp3"),
            (b"#!AMR\n\x3c", "AMR, which is not read; convert it: ffmpeg -i x.amr -ar 16000 -ac 1 x.wav"),
            (b"\x1a\x45\xdf\xa3\x01", "WebM (often Opus), which is not read; convert it: ffmpeg -i x.webm"),
            (b"\xff\xfd\x80\x04", "layer II"),
            (b"RIFF", "cut short"),
            (b"R", "cut short"),
            (&[0; 100], "100 zeros"),
            (b"some text that is long enough", "text, not a recording (it begins `some text"),
            (b"NIST_1A\n   1024\n", "SPHERE"),
        ] {
            assert!(name(head).contains(part), "{}", name(head));
        }
    }

    #[test]
    fn a_recording_may_begin_behind_something_short() {
        let wav = b"RIFF\x24\0\0\0WAVEfmt ".as_slice();
        let before = |parts: &[&[u8]]| {
            let bytes = parts.concat();
            super::before(&bytes, bytes.len() as u64)
        };
        assert_eq!(before(&[&[0; 128], wav]), Some(128));
        assert_eq!(before(&[b"xx", b"fLaC\0\0\0\x22"]), Some(2));
        assert_eq!(before(&[wav]), None);
        assert_eq!(before(&[b"PK\x03\x04", wav]), None);
        assert_eq!(before(&[&[0; 5000], wav]), None);
        // Silent frames of an mp3, behind zeros.
        let frame = [&[0xff, 0xfb, 0x90, 0xc0][..], &[0; 413]].concat();
        assert_eq!(before(&[&[0; 300], &frame.repeat(8)]), Some(300));
        assert_eq!(before(&[&[0; 300], &frame]), None);
    }
}
