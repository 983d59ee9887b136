//! A flac frame (RFC 9639, section 9): its header, and its samples as integers.

use super::bits::{Bits, FrameError};
use super::predict::{fixed, linear};
use crc::{CRC_8_SMBUS, CRC_16_UMTS, Crc, Table};

const HEADER: Crc<u8> = Crc::<u8>::new(&CRC_8_SMBUS);
static WHOLE: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_UMTS);

/// What all frames of a stream share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stream {
    /// Hertz.
    pub(super) rate: u32,
    pub(super) channels: usize,
    /// A sample's, 4 to 32.
    pub(super) bits: u32,
}

/// How two channels are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stereo {
    Apart,
    LeftSide,
    SideRight,
    MidSide,
}

/// The header of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// Of the frame, or of its first sample.
    pub(super) number: u64,
    /// Whether `number` counts samples.
    pub(super) by_sample: bool,
    /// Samples of each channel, 1 to 65535.
    pub(super) block: usize,
    stereo: Stereo,
    /// Its own length in bytes.
    length: usize,
}

/// The header at the start of `bytes`, if a frame of `stream` begins there.
pub(super) fn header(bytes: &[u8], stream: &Stream) -> Result<Header, FrameError> {
    let byte = |i: usize| bytes.get(i).copied().ok_or(FrameError::Short);
    if byte(0)? != 0xff || byte(1)? & 0xfe != 0xf8 {
        return Err(FrameError::Bad("no frame where one should begin"));
    }
    let by_sample = byte(1)? & 1 == 1;
    let (sizes, layout) = (byte(2)?, byte(3)?);
    let (number, mut at) = number(bytes.get(4..).unwrap_or_default())?;
    at += 4;
    // The next one or two bytes as a number.
    let mut extra = |two: bool| -> Result<u32, FrameError> {
        let mut value = u32::from(byte(at)?);
        at += 1;
        if two {
            value = value << 8 | u32::from(byte(at)?);
            at += 1;
        }
        Ok(value)
    };
    let block = match sizes >> 4 {
        0 => return Err(FrameError::Bad("a reserved block size")),
        1 => 192,
        code @ 2..=5 => 144 << code,
        6 => extra(false)? + 1,
        7 => extra(true)? + 1,
        code => 1 << code,
    };
    let rate = match sizes & 15 {
        0 => stream.rate,
        code @ 1..=11 => {
            [88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]
                [usize::from(code) - 1]
        }
        12 => extra(false)? * 1000,
        13 => extra(true)?,
        14 => extra(true)? * 10,
        _ => return Err(FrameError::Bad("a reserved sample rate")),
    };
    let (channels, stereo) = match layout >> 4 {
        code @ 0..=7 => (usize::from(code) + 1, Stereo::Apart),
        8 => (2, Stereo::LeftSide),
        9 => (2, Stereo::SideRight),
        10 => (2, Stereo::MidSide),
        _ => return Err(FrameError::Bad("reserved channels")),
    };
    let bits = match layout >> 1 & 7 {
        0 => stream.bits,
        3 => return Err(FrameError::Bad("a reserved sample size")),
        code => [8, 12, 0, 16, 20, 24, 32][usize::from(code) - 1],
    };
    if HEADER.checksum(&bytes[..at]) != byte(at)? {
        return Err(FrameError::Bad("a header does not match its checksum"));
    }
    if block > 65_535 || layout & 1 == 1 {
        return Err(FrameError::Bad("a reserved block size"));
    }
    if (rate, channels, bits) != (stream.rate, stream.channels, stream.bits) {
        return Err(FrameError::Bad("a frame of another rate, channel count or sample size"));
    }
    Ok(Header { number, by_sample, block: block as usize, stereo, length: at + 1 })
}

/// The number at the start of `bytes`, coded as UTF-8 is but up to 36 bits long, and its length.
fn number(bytes: &[u8]) -> Result<(u64, usize), FrameError> {
    let bad = FrameError::Bad("a frame without a number");
    let first = *bytes.first().ok_or(FrameError::Short)?;
    let length = match first.leading_ones() {
        0 => return Ok((u64::from(first), 1)),
        ones @ 2..=7 => ones as usize,
        _ => return Err(bad),
    };
    let high = u64::from(first & (0x7f_u8 >> length));
    let low = bytes.get(1..length).ok_or(FrameError::Short)?;
    if low.iter().any(|b| b & 0xc0 != 0x80) {
        return Err(bad);
    }
    Ok((low.iter().fold(high, |n, b| n << 6 | u64::from(b & 0x3f)), length))
}

/// Decodes the frame at the start of `bytes`, whose header is `header`, into one plane a channel. Returns its length
/// in bytes. `planes` may hold anything before, and after an error.
pub(super) fn decode(
    bytes: &[u8],
    header: &Header,
    stream: &Stream,
    planes: &mut [Vec<i64>],
) -> Result<usize, FrameError> {
    let mut bits = Bits::new(bytes.get(header.length..).unwrap_or_default());
    for (i, plane) in planes.iter_mut().enumerate() {
        let side =
            matches!((header.stereo, i), (Stereo::LeftSide | Stereo::MidSide, 1) | (Stereo::SideRight, 0));
        plane.resize(header.block, 0);
        subframe(&mut bits, stream.bits + u32::from(side), plane)?;
    }
    let end = header.length + bits.align();
    let sum = bytes.get(end..end + 2).ok_or(FrameError::Short)?;
    if WHOLE.checksum(&bytes[..end]).to_be_bytes() != sum {
        return Err(FrameError::Bad("a frame does not match its checksum"));
    }
    if let [first, second] = planes {
        join(header.stereo, first, second);
    }
    Ok(end + 2)
}

/// Left and right of two channels that are stored otherwise.
fn join(stereo: Stereo, first: &mut [i64], second: &mut [i64]) {
    for (a, b) in first.iter_mut().zip(second) {
        match stereo {
            Stereo::Apart => return,
            Stereo::LeftSide => *b = a.wrapping_sub(*b),
            Stereo::SideRight => *a = a.wrapping_add(*b),
            Stereo::MidSide => {
                let (twice, side) = (a.wrapping_shl(1) | (*b & 1), *b);
                (*a, *b) = (twice.wrapping_add(side) >> 1, twice.wrapping_sub(side) >> 1);
            }
        }
    }
}

fn subframe(bits: &mut Bits, width: u32, out: &mut [i64]) -> Result<(), FrameError> {
    let head = bits.take(8)?;
    let wasted = if head & 1 == 1 { bits.unary()?.saturating_add(1) } else { 0 };
    if head & 0x80 != 0 || wasted >= u64::from(width) {
        return Err(FrameError::Bad("a damaged subframe"));
    }
    let (wasted, width) = (wasted as u32, width - wasted as u32);
    match head >> 1 & 0x3f {
        0 => out.fill(bits.signed(width)?),
        1 => verbatim(bits, width, out)?,
        code @ 8..=12 => {
            let order = code as usize - 8;
            warm_up(bits, width, order, out)?;
            residual(bits, order, out)?;
            fixed(order, out);
        }
        code @ 32.. => {
            let order = code as usize - 31;
            warm_up(bits, width, order, out)?;
            let precision = bits.take(4)? as u32 + 1;
            let shift = bits.signed(5)?;
            if precision == 16 || shift < 0 {
                return Err(FrameError::Bad("a reserved predictor"));
            }
            let mut coefficients = [0; 32];
            for c in coefficients[..order].iter_mut().rev() {
                *c = bits.signed(precision)?;
            }
            residual(bits, order, out)?;
            linear(&coefficients[..order], shift as u32, out);
        }
        _ => return Err(FrameError::Bad("a reserved subframe")),
    }
    if wasted > 0 {
        out.iter_mut().for_each(|s| *s = s.wrapping_shl(wasted));
    }
    Ok(())
}

fn verbatim(bits: &mut Bits, width: u32, out: &mut [i64]) -> Result<(), FrameError> {
    out.iter_mut().try_for_each(|s| bits.signed(width).map(|v| *s = v))
}

/// The first samples, from which the others are predicted.
fn warm_up(bits: &mut Bits, width: u32, order: usize, out: &mut [i64]) -> Result<(), FrameError> {
    let first = out.get_mut(..order).ok_or(FrameError::Bad("a predictor longer than its block"))?;
    verbatim(bits, width, first)
}

/// What a prediction of `order` leaves, into all of `out` behind its first samples.
fn residual(bits: &mut Bits, order: usize, out: &mut [i64]) -> Result<(), FrameError> {
    let (width, escape) = match bits.take(2)? {
        0 => (4, 15),
        1 => (5, 31),
        _ => return Err(FrameError::Bad("a reserved residual")),
    };
    let partitions = bits.take(4)? as u32;
    let each = out.len() >> partitions;
    if each << partitions != out.len() || each < order {
        return Err(FrameError::Bad("partitions that do not fit their block"));
    }
    // A block of one partition of no samples cannot be: it has one at least.
    for (i, partition) in out.chunks_mut(each.max(1)).enumerate() {
        let partition = if i == 0 { &mut partition[order..] } else { partition };
        let k = bits.take(width)? as u32;
        if k == escape {
            let raw = bits.take(5)? as u32;
            verbatim(bits, raw, partition)?;
        } else {
            partition.iter_mut().try_for_each(|s| bits.rice(k).map(|v| *s = v))?;
        }
    }
    Ok(())
}
