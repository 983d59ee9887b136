//! How many samples the packets of a Vorbis stream give, without decoding them (Vorbis I specification, 4.2 and 4.3).

use super::track::{Codec, CodecSetup, CodedTrack, PacketList};
use super::trim::GaplessPart;
use crate::audio::refusal::{CONVERT, FRESH, Refusable};
use crate::audio::source::AudioSource;
use std::io::{Read, Seek};

/// Packets before the first of sound: identification, comments, setup.
const HEADERS: usize = 3;
/// Most numbers in all codebooks; encoders have some hundred thousand.
const MOST_NUMBERS: u64 = 1 << 22;
/// Most bytes of the setup; encoders write a few thousand.
const LONGEST_SETUP: usize = 1 << 20;

/// The position of a page, and how many packets end on it or before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageEnd {
    pub(super) packets: usize,
    /// In samples.
    pub(super) position: u64,
    /// Whether it is the last page.
    pub(super) last: bool,
}

/// Whether `packet` identifies a Vorbis stream.
pub(super) fn begins(packet: &[u8]) -> bool {
    packet.starts_with(b"\x01vorbis")
}

/// Bits of bytes, lowest first.
struct LowBits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl LowBits<'_> {
    /// The next `width` bits, at most 32; `None` past the end.
    fn take(&mut self, width: u32) -> Option<u32> {
        let mut value = 0;
        for bit in 0..width {
            let byte = self.bytes.get(self.at / 8)?;
            value |= u32::from(byte >> (self.at % 8) & 1) << bit;
            self.at += 1;
        }
        Some(value)
    }
}

/// Bits of bytes from their end, highest first.
struct BitsBack<'a> {
    bytes: &'a [u8],
    /// Bits before the next.
    left: usize,
}

impl BitsBack<'_> {
    /// The `width` bits before, as a reader from the front has them.
    fn take(&mut self, width: usize) -> Option<u32> {
        let start = self.left.checked_sub(width)?;
        self.left = start;
        LowBits { bytes: self.bytes, at: start }.take(width as u32)
    }
}

/// Numbers that the codebooks of `setup` unpack to; `None` where they are not as they should be.
fn numbers(setup: &[u8]) -> Option<u64> {
    let mut bits = LowBits { bytes: setup, at: 7 * 8 };
    let mut all = 0u64;
    for _ in 0..=bits.take(8)? {
        if bits.take(24)? != 0x56_4342 {
            return None;
        }
        let (dimensions, entries) = (bits.take(16)?, bits.take(24)?);
        all += u64::from(entries) * u64::from(dimensions.max(1));
        if all > MOST_NUMBERS {
            return Some(all);
        }
        if bits.take(1)? == 1 {
            let (mut length, mut known) = (bits.take(5)?, 0);
            while known < entries {
                known += bits.take(u32::BITS - (entries - known).leading_zeros())?;
                length += 1;
                if length > 32 {
                    return None;
                }
            }
        } else {
            let sparse = bits.take(1)? == 1;
            for _ in 0..entries {
                if !sparse || bits.take(1)? == 1 {
                    bits.take(5)?;
                }
            }
        }
        let values = match bits.take(4)? {
            0 => continue,
            1 => root(entries, dimensions)?,
            2 => u64::from(entries) * u64::from(dimensions),
            _ => return None,
        };
        bits.take(32)?;
        bits.take(32)?;
        let width = bits.take(4)? + 1;
        bits.take(1)?;
        for _ in 0..values {
            bits.take(width)?;
        }
    }
    Some(all)
}

/// The largest number whose power of `dimensions` is at most `entries`.
fn root(entries: u32, dimensions: u32) -> Option<u64> {
    let fits = |n: u64| n.checked_pow(dimensions).is_some_and(|p| p <= u64::from(entries));
    if dimensions == 0 || entries == 0 {
        return None;
    }
    let mut guess = f64::from(entries).powf(1.0 / f64::from(dimensions)) as u64;
    while !fits(guess) {
        guess -= 1;
    }
    while fits(guess + 1) {
        guess += 1;
    }
    Some(guess)
}

/// Which modes have long blocks, by the end of `setup`: modes are 41 bits each, mostly 0, behind their number less 1.
fn modes(setup: &[u8]) -> Option<Vec<bool>> {
    let mut bits = BitsBack { bytes: setup, left: setup.len() * 8 };
    while bits.take(1)? == 0 {}
    let (mut long, mut found) = (Vec::new(), None);
    while long.len() < 64 {
        let (mapping, transform, window) = (bits.take(8)?, bits.take(16)?, bits.take(16)?);
        if mapping > 63 || transform != 0 || window != 0 {
            break;
        }
        long.push(bits.take(1)? == 1);
        let number = BitsBack { bytes: setup, left: bits.left }.take(6)?;
        if number as usize + 1 == long.len() {
            found = Some(long.len());
        }
    }
    long.truncate(found?);
    long.reverse();
    Some(long)
}

/// How long the blocks of packets are.
struct VorbisBlocks {
    /// Whether each mode has long blocks.
    modes: Vec<bool>,
    /// Samples of a short and of a long block.
    sizes: [u64; 2],
}

impl VorbisBlocks {
    /// Samples of the block in a packet that begins with `first`; `None` where it is no sound.
    fn of(&self, first: u8) -> Option<u64> {
        let width = (self.modes.len() - 1).checked_ilog2().map_or(0, |n| n + 1);
        let mode = usize::from(first >> 1) & ((1 << width) - 1);
        let long = *self.modes.get(mode)?;
        (first & 1 == 0).then_some(self.sizes[usize::from(long)])
    }
}

/// The sound of `packets`, the first of which are headers. `ends` are the positions of pages.
///
/// # Errors
/// Damaged headers, more samples stated than the packets have.
pub(super) fn track<R: Read + Seek>(
    source: &mut AudioSource<R>,
    packets: PacketList,
    ends: &[PageEnd],
) -> Refusable<CodedTrack> {
    let damaged = |what: &str| format!("damaged: {what} of its Vorbis; {FRESH}");
    let (mut identity, mut setup) = (Vec::new(), Vec::new());
    packets.read(source, 0, &mut identity)?;
    packets.read(source, 2, &mut setup)?;
    let Some(fields) = identity.first_chunk::<30>() else { return Err(damaged("the first header")) };
    let (channels, exponents) = (usize::from(fields[11]), fields[28]);
    let rate = u32::from_le_bytes([fields[12], fields[13], fields[14], fields[15]]);
    let (short, long) = (exponents & 15, exponents >> 4);
    if !begins(&identity) || !(6..=13).contains(&short) || !(short..=13).contains(&long) {
        return Err(damaged("the first header"));
    }
    if channels > 8 {
        return Err(format!("holds Vorbis of {channels} channels, 1 to 8 are read; {CONVERT}"));
    }
    if setup.len() > LONGEST_SETUP || !setup.starts_with(b"\x05vorbis") {
        return Err(damaged("the setup"));
    }
    match numbers(&setup) {
        None => return Err(damaged("the codebooks")),
        Some(all) if all > MOST_NUMBERS => {
            return Err(format!("has codebooks of {all} numbers, {MOST_NUMBERS} are read; {CONVERT}"));
        }
        Some(_) => (),
    }
    let modes = modes(&setup).ok_or_else(|| damaged("the modes"))?;
    let blocks = VorbisBlocks { modes, sizes: [1 << short, 1 << long] };
    let packets = packets.without(HEADERS);
    // Samples up to the end of each packet.
    let mut sums = Vec::with_capacity(packets.len());
    let (mut before, mut sum) = (None, 0u64);
    for first in packets.firsts(source) {
        // An empty packet is none.
        if let Some(first) = first? {
            let block = blocks.of(first).ok_or_else(|| damaged("a packet"))?;
            sum += before.map_or(0, |before| (before + block) / 4);
            before = Some(block);
        }
        sums.push(sum);
    }
    let setup = CodecSetup {
        codec: Codec::Vorbis,
        rate,
        channels,
        block: 1 << (long - 1),
        header: [identity, setup].concat().into(),
    };
    let part = part(&sums, ends)?;
    CodedTrack::new(setup, packets, part, source.len())
}

/// What of the samples is the recording: the position of the first page says where it begins, that of the last where it ends.
/// `sums` are samples up to the end of each packet.
fn part(sums: &[u64], ends: &[PageEnd]) -> Refusable<GaplessPart> {
    let all = sums.last().copied().unwrap_or(0);
    // Headers are not in `sums`.
    let at = |end: &PageEnd| end.packets.checked_sub(HEADERS + 1).and_then(|last| sums.get(last)).copied();
    let Some(last) = ends.iter().rfind(|e| e.last) else {
        return Err(format!("damaged: its last page has no position; {FRESH}"));
    };
    let mut sound = ends.iter().filter_map(|end| Some((end, at(end)?)));
    let (skip, begin) = match sound.next() {
        Some((first, there)) if !first.last => {
            (there.saturating_sub(first.position), first.position.saturating_sub(there))
        }
        _ => (0, 0),
    };
    let frames = last.position.saturating_sub(begin);
    if frames > all - skip.min(all) {
        let there = all - skip.min(all);
        return Err(format!("cut short: {there} of the {frames} samples that its header states; {FRESH}"));
    }
    Ok(GaplessPart { skip, frames })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_of_a_codebook_is_that_of_the_specification() {
        for (entries, dimensions, expected) in
            [(81, 4, 3), (80, 4, 2), (625, 2, 25), (624, 2, 24), (1, 8, 1), (131_072, 1, 131_072)]
        {
            assert_eq!(root(entries, dimensions), Some(expected), "{entries} {dimensions}");
        }
        assert_eq!(root(5, 0), None);
    }

    #[test]
    fn positions_of_pages_trim_both_ends() {
        let end = |packets, position, last| PageEnd { packets, position, last };
        let part = |ends: &[PageEnd]| part(&[0, 1024, 2048, 3072], ends).map(|p| (p.skip, p.frames));
        let headers = [end(1, 0, false), end(3, 0, false)];
        let with = |pages: &[PageEnd]| part(&[&headers[..], pages].concat());
        assert_eq!(with(&[end(5, 1024, false), end(7, 3000, true)]), Ok((0, 3000)));
        assert_eq!(with(&[end(7, 3000, true)]), Ok((0, 3000)), "one page");
        assert_eq!(with(&[end(5, 1000, false), end(7, 3000, true)]), Ok((24, 3000)), "begins before 0");
        assert_eq!(with(&[end(5, 9024, false), end(7, 11_000, true)]), Ok((0, 3000)), "cut out of another");
        assert!(with(&[end(5, 1024, false), end(7, 3073, true)]).unwrap_err().starts_with("cut short: 3072"));
        assert!(with(&[end(7, 3000, false)]).is_err());
    }

    #[test]
    fn bits_are_taken_from_both_ends() {
        let bytes = [0b1010_0110, 0b0000_0011];
        let mut front = LowBits { bytes: &bytes, at: 0 };
        assert_eq!([front.take(4), front.take(6), front.take(7)], [Some(0b0110), Some(0b11_1010), None]);
        let mut back = BitsBack { bytes: &bytes, left: 16 };
        assert_eq!([back.take(6), back.take(6), back.take(5)], [Some(0), Some(0b11_1010), None]);
    }
}
