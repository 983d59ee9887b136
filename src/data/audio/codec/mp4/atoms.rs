//! Atoms: parts of an MPEG-4 file, which have a length, a name and contents.

/// The number at `at`, highest byte first.
pub(super) fn four(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The number of 64 bits at `at`.
pub(super) fn wide(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Name and contents of the atoms in `bytes`, up to one that is longer.
pub(super) fn children(mut bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let size = four(bytes, 0)? as usize;
        let name = bytes.get(4..)?.first_chunk()?;
        let contents = bytes.get(8..size)?;
        bytes = &bytes[size..];
        Some((name, contents))
    })
}

/// Contents of the first atom called `name`.
pub(super) fn child<'a>(bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    children(bytes).find(|(found, _)| *found == name).map(|(_, contents)| contents)
}

/// Units a second, above 0, of a header of a movie or of a track's media.
pub(super) fn scale(header: Option<&[u8]>) -> Option<u32> {
    let header = header?;
    // Version 1 has times of 64 bits.
    let at = if *header.first()? == 1 { 20 } else { 12 };
    four(header, at).filter(|scale| *scale > 0)
}
