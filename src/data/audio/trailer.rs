//! What may follow the last frame of a recording.

use super::id3::id3;

/// Whether `rest` is empty, padding, or tags that music programs append.
pub(super) fn trailer(rest: &[u8]) -> bool {
    const TAGS: &[&[u8]] = &[b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"3DI", b"ID3"];
    let padding = rest.iter().position(|b| *b != 0).unwrap_or(rest.len());
    let rest = &rest[padding..];
    let tagged = TAGS.iter().any(|t| rest.starts_with(t)) || id3(rest).is_some();
    let ape = rest.len() >= 32 && rest[rest.len() - 32..].starts_with(b"APETAGEX");
    let filled = rest.len() >= 16 && rest.iter().all(|b| *b == rest[0]);
    rest.is_empty() || tagged || ape || filled
}
