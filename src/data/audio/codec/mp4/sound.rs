//! The codec of a sound track: which it is, and what its decoder needs to know.

use super::atoms::{child, children, four};
use crate::audio::codec::track::{Codec, CodecSetup};
use crate::audio::refusal::{CONVERT, FRESH, Refusable, by_ffmpeg};

/// Rates of AAC by their number.
const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350];
/// Samples of a packet of AAC.
const AAC_BLOCK: u64 = 1024;
/// Most samples of a packet of ALAC; Apple writes 4096.
const LONGEST_ALAC: u32 = 4096 * 16;

/// Bits of bytes, highest first.
struct HighBits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl HighBits<'_> {
    /// The next `width` bits; `None` past the end.
    fn take(&mut self, width: usize) -> Option<u32> {
        let mut value = 0;
        for _ in 0..width {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }
}

/// The codec of an `stsd` atom, in a track of `scale` units a second.
///
/// # Errors
/// Several codecs, one that is not read, a header that is damaged.
pub(super) fn setup(description: &[u8], scale: u32) -> Refusable<CodecSetup> {
    let damaged = || format!("damaged: the codec of its MPEG-4; {FRESH}");
    let mut entries = children(description.get(8..).unwrap_or_default());
    let (name, entry) = entries.next().ok_or_else(damaged)?;
    if entries.next().is_some() {
        return Err(format!("MPEG-4 that changes its codec; {}", by_ffmpeg("m4a")));
    }
    // QuickTime's versions 1 and 2 have more fields.
    let fields = match entry.get(8..10) {
        Some([0, 1]) => 44,
        Some([0, 2]) => 64,
        _ => 28,
    };
    let inside = entry.get(fields..).ok_or_else(damaged)?;
    let inside = child(inside, b"wave").unwrap_or(inside);
    match name {
        b"mp4a" => aac(child(inside, b"esds").and_then(|e| e.get(4..)).ok_or_else(damaged)?, scale),
        b"alac" => alac(child(inside, b"alac").and_then(|a| a.get(4..)).ok_or_else(damaged)?),
        _ => Err(other(name)),
    }
}

/// Why the codec called `name` is not read.
fn other(name: &[u8; 4]) -> String {
    let what = match name {
        b"Opus" => "Opus".to_owned(),
        b"samr" | b"sawb" => "AMR".to_owned(),
        b"ac-3" | b"ec-3" => "Dolby's AC-3".to_owned(),
        b"fLaC" => "flac in MPEG-4".to_owned(),
        b"enca" | b"drms" => return format!("MPEG-4 that is encrypted; {FRESH}, without protection"),
        name => format!("a codec called `{}` in MPEG-4", name.escape_ascii()),
    };
    format!("{what}, which is not read; {}", by_ffmpeg("m4a"))
}

/// AAC, by the descriptors of an `esds` atom (ISO 14496-1, 7.2.6).
///
/// # Errors
/// Another profile than LC, more than two channels, headers that are damaged.
pub(in crate::audio::codec) fn aac(descriptors: &[u8], scale: u32) -> Refusable<CodecSetup> {
    let damaged = || format!("damaged: the AAC header of its MPEG-4; {FRESH}");
    let (kind, config) = config(descriptors).ok_or_else(damaged)?;
    match kind {
        0x40 | 0x67 => (),
        0x69 | 0x6b => return Err(format!("mp3 in MPEG-4, which is not read; {}", by_ffmpeg("mp4"))),
        other => {
            return Err(format!("codec {other:#x} in MPEG-4, which is not read; {}", by_ffmpeg("mp4")));
        }
    }
    let config = config.ok_or_else(damaged)?;
    let Profile { object, rate, channels, extended, long } = Profile::of(config).ok_or_else(damaged)?;
    let refused = match object {
        _ if extended || u64::from(scale) == 2 * u64::from(rate) => Some("HE-AAC"),
        2 if !long => Some("AAC in blocks of 960"),
        2 => None,
        1 => Some("AAC Main"),
        3 => Some("AAC SSR"),
        4 => Some("AAC LTP"),
        23 => Some("AAC-LD"),
        39 => Some("AAC-ELD"),
        42 => Some("xHE-AAC"),
        _ => Some("AAC of an unknown profile"),
    };
    if let Some(name) = refused {
        return Err(format!("{name}, which is not read (AAC-LC is); {}", by_ffmpeg("m4a")));
    }
    if !(1..=2).contains(&channels) {
        let how = if channels == 0 { "an unusual number of".to_owned() } else { channels.to_string() };
        return Err(format!("AAC of {how} channels, 1 or 2 are read; {}", by_ffmpeg("m4a")));
    }
    Ok(CodecSetup { codec: Codec::Aac, rate, channels, block: AAC_BLOCK, header: config.into() })
}

/// The kind of stream and the decoder's header in the descriptors of an `esds` atom.
fn config(descriptors: &[u8]) -> Option<(u8, Option<&[u8]>)> {
    let (tag, stream, _) = descriptor(descriptors)?;
    let rest = match tag {
        3 => {
            let flags = *stream.get(2)?;
            let mut at = 3 + if flags & 0x80 != 0 { 2 } else { 0 };
            if flags & 0x40 != 0 {
                at += 1 + usize::from(*stream.get(at)?);
            }
            stream.get(at + if flags & 0x20 != 0 { 2 } else { 0 }..)?
        }
        // CAF may leave the outermost out.
        4 => descriptors,
        _ => return None,
    };
    let (4, decoder, _) = descriptor(rest)? else { return None };
    let mut inside = decoder.get(13..)?;
    while let Some((tag, contents, after)) = descriptor(inside) {
        if tag == 5 {
            return Some((decoder[0], Some(contents)));
        }
        inside = after;
    }
    Some((*decoder.first()?, None))
}

/// Tag and contents of the descriptor at the start of `bytes`, and what follows.
fn descriptor(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, mut rest) = bytes.split_first()?;
    let mut length = 0;
    for _ in 0..4 {
        let (byte, after) = rest.split_first()?;
        (length, rest) = (length << 7 | usize::from(byte & 0x7f), after);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some((*tag, rest.get(..length)?, &rest[length..]))
}

/// What the header of AAC says (ISO 14496-3, 1.6.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Profile {
    object: u32,
    rate: u32,
    /// 0 where a list of channels follows.
    channels: usize,
    /// Whether the upper half of the band is coded apart (HE-AAC).
    extended: bool,
    /// Whether blocks have 1024 samples.
    long: bool,
}

impl Profile {
    fn of(config: &[u8]) -> Option<Profile> {
        let mut bits = HighBits { bytes: config, at: 0 };
        let object = |bits: &mut HighBits| match bits.take(5)? {
            31 => Some(32 + bits.take(6)?),
            object => Some(object),
        };
        let first = object(&mut bits)?;
        let rate = match bits.take(4)? {
            15 => bits.take(24)?,
            number => *RATES.get(number as usize)?,
        };
        let channels = match bits.take(4)? {
            number @ 0..=6 => number as usize,
            7 => 8,
            _ => return None,
        };
        let long = bits.take(1) == Some(0);
        // Behind the rest of the header, where a decoder of LC does not look.
        bits.take(2);
        let later = bits.take(11) == Some(0x2b7) && object(&mut bits) == Some(5) && bits.take(1) == Some(1);
        Some(Profile { object: first, rate, channels, extended: matches!(first, 5 | 29) || later, long })
    }
}

/// ALAC, by Apple's header.
///
/// # Errors
/// A header that is damaged, or of blocks that no encoder writes.
pub(in crate::audio::codec) fn alac(header: &[u8]) -> Refusable<CodecSetup> {
    // The header may be wrapped in atoms.
    let header = match header.get(4..8) {
        Some(b"frma") => header.get(24..).unwrap_or_default(),
        _ => header,
    };
    let fields = header.first_chunk::<24>().ok_or_else(|| format!("damaged: its ALAC header; {FRESH}"))?;
    let (block, channels) = (four(fields, 0).unwrap_or(0), usize::from(fields[9]));
    let rate = four(fields, 20).unwrap_or(0);
    if !(1..=LONGEST_ALAC).contains(&block) || !matches!(fields[5], 16 | 20 | 24 | 32) {
        let bits = fields[5];
        return Err(format!("states ALAC of {bits} bits in blocks of {block}, which is not read; {CONVERT}"));
    }
    if !(1..=8).contains(&channels) {
        return Err(format!("states {channels} channels of ALAC, 1 to 8 are read; {CONVERT}"));
    }
    Ok(CodecSetup { codec: Codec::Alac, rate, channels, block: block.into(), header: (*fields).into() })
}

/// Samples of the packet of ALAC that begins with `head`, where it states that they are fewer than a block.
pub(in crate::audio::codec) fn alac_samples(head: &[u8]) -> Option<u64> {
    let mut bits = HighBits { bytes: head, at: 0 };
    // The kind of element, its number and what is unused.
    bits.take(3 + 4 + 12)?;
    let fewer = bits.take(1)? == 1;
    bits.take(3)?;
    if fewer { bits.take(32).map(u64::from) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_aac_tells_lc_from_its_extensions() {
        let of = |bytes: &[u8]| Profile::of(bytes).map(|p| (p.object, p.rate, p.channels, p.extended));
        // As ffmpeg, faac and fdk-aac write LC at 44100 Hz stereo and 16000 Hz mono, HE-AAC both ways, and v2.
        assert_eq!(of(&[0x12, 0x10]), Some((2, 44_100, 2, false)));
        assert_eq!(of(&[0x14, 0x08, 0x56, 0xe5, 0x00]), Some((2, 16_000, 1, false)));
        assert_eq!(of(&[0x13, 0x90, 0x56, 0xe5, 0xa0]), Some((2, 22_050, 2, true)));
        assert_eq!(of(&[0x2b, 0x92, 0x08, 0x00]), Some((5, 22_050, 2, true)));
        assert_eq!(of(&[0xeb, 0x8a, 0x08, 0x00]), Some((29, 22_050, 1, true)));
        assert_eq!(of(&[0x12]), None);
    }

    #[test]
    fn a_packet_of_alac_states_how_short_it_is() {
        let head = [0, 0, 0b0001_0000, 0, 0, 0b0000_0101, 0b1000_0000];
        assert_eq!(alac_samples(&head), Some(704));
        assert_eq!(alac_samples(&[0; 7]), None);
        assert_eq!(alac_samples(&head[..6]), None);
    }

    #[test]
    fn descriptors_are_followed_to_the_header() {
        let lc = [0x12, 0x10];
        let inner = [&[0x40, 0x15][..], &[0; 11], &[5, 0x80, 0x80, 0x80, 2], &lc].concat();
        let decoder = [&[4, inner.len() as u8][..], &inner].concat();
        let stream = [&[0, 1, 0][..], &decoder, &[6, 1, 2]].concat();
        let all = [&[3, stream.len() as u8][..], &stream].concat();
        assert_eq!(config(&all), Some((0x40, Some(&lc[..]))));
        assert_eq!(config(&decoder), Some((0x40, Some(&lc[..]))));
        assert_eq!(config(&all[..20]), None);
        let message = aac(&all, 88_200).unwrap_err();
        assert!(message.starts_with("HE-AAC") && message.contains("ffmpeg -i x.m4a"), "{message}");
    }
}
