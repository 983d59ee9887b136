//! ID3v2 tags, which some programs put in front of a recording or behind it.

/// Length of the ID3v2 tag at the start of `bytes`, if there is one.
pub(super) fn id3(bytes: &[u8]) -> Option<u64> {
    let [b'I', b'D', b'3', major, minor, flags, size @ ..] = *bytes.first_chunk::<10>()? else { return None };
    if major == 0xff || minor == 0xff || size.iter().any(|b| *b > 127) {
        return None;
    }
    let footer = if flags & 0x10 != 0 { 10 } else { 0 };
    Some(10 + footer + size.iter().fold(0, |n, b| n << 7 | u64::from(*b)))
}
