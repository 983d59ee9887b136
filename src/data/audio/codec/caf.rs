//! Finds the samples of a CAF (Apple's Core Audio Format specification).

use super::Contents;
use super::extended::hertz;
use super::mp4::sound::{aac, alac, alac_samples};
use super::track::{Codec, CodecSetup, CodedTrack, PacketList};
use super::trim::GaplessPart;
use crate::audio::pcm::{Format, PcmOrder, PcmPlace, SampleFormat};
use crate::audio::refusal::{CONVERT, FRESH, Refusable, by_ffmpeg};
use crate::audio::source::AudioSource;
use std::io::{Read, Seek};

/// Most chunks that are read.
const MOST: usize = 10_000;
/// Most bytes of a chunk other than the samples.
const LONGEST: u64 = 64 << 20;

/// What the `desc` chunk states.
#[derive(Debug, Clone, Copy)]
struct Description {
    /// Hertz.
    rate: u32,
    codec: [u8; 4],
    flags: u32,
    /// Bytes of a packet; 0 where they differ.
    bytes: u32,
    /// Samples of each channel in a packet; 0 where they differ.
    samples: u32,
    channels: usize,
    bits: u32,
}

impl Description {
    fn of(body: &[u8]) -> Option<Description> {
        let four = |at: usize| Some(u32::from_be_bytes(*body.get(at..)?.first_chunk()?));
        Some(Description {
            rate: hertz(f64::from_be_bytes(*body.first_chunk()?)),
            codec: *body.get(8..)?.first_chunk()?,
            flags: four(12)?,
            bytes: four(16)?,
            samples: four(20)?,
            channels: four(24)? as usize,
            bits: four(28)?,
        })
    }

    /// # Errors
    /// Fields that contradict each other.
    fn format(&self) -> Refusable<(Format, PcmOrder)> {
        let Description { rate, codec, flags, bytes, channels, bits, .. } = *self;
        let (float, little) = (flags & 1 != 0, flags & 2 != 0);
        let sample = match (&codec, float, bits) {
            (b"ulaw", ..) => Some(SampleFormat::MuLaw),
            (b"alaw", ..) => Some(SampleFormat::ALaw),
            (_, true, 32) => Some(SampleFormat::F32),
            (_, true, 64) => Some(SampleFormat::F64),
            (_, true, _) => None,
            (_, false, bits) => SampleFormat::integer(bits),
        };
        let sample =
            sample.filter(|s| channels > 0 && Some(bytes as usize) == channels.checked_mul(s.width()));
        let order = if little { PcmOrder::Little } else { PcmOrder::Big };
        sample.map(|sample| (Format { channels, rate, sample }, order)).ok_or_else(|| {
            format!(
                "states {bits} bits a sample, {channels} channels and {bytes} bytes for one sample of all, which do not go together; {CONVERT}"
            )
        })
    }
}

/// The chunks of a CAF.
#[derive(Debug, Default)]
struct Chunks {
    description: Option<Description>,
    /// The codec's own header.
    cookie: Vec<u8>,
    /// The table of packets.
    table: Option<Vec<u8>>,
    /// Offset and length of the samples.
    data: Option<(u64, u64)>,
}

impl Chunks {
    fn of<R: Read + Seek>(source: &mut AudioSource<R>) -> Refusable<Chunks> {
        let (mut at, mut chunks) = (8, Chunks::default());
        for _ in 0..MOST {
            let Some([a, b, c, d, size @ ..]) = source.exactly::<12>(at)? else { break };
            let (id, start, stated) = ([a, b, c, d], at + 12, i64::from_be_bytes(size));
            let there = source.len() - start;
            // The samples may go on to the end, whose place was not known.
            let size = u64::try_from(stated).unwrap_or(there);
            if size > there || stated < 0 && id != *b"data" {
                return Err(format!("cut short within its chunk `{}`; {FRESH}", id.escape_ascii()));
            }
            if id != *b"data" && size > LONGEST {
                let id = id.escape_ascii();
                return Err(format!("has a chunk `{id}` of {size} bytes, {LONGEST} are read; {CONVERT}"));
            }
            match &id {
                b"desc" => chunks.description = Description::of(&source.bytes(start, size as usize)?),
                b"kuki" => chunks.cookie = source.bytes(start, size as usize)?,
                b"pakt" => chunks.table = Some(source.bytes(start, size as usize)?),
                // Behind a count of edits.
                b"data" => chunks.data = Some((start + 4, size.saturating_sub(4))),
                _ => (),
            }
            at = start + size;
        }
        Ok(chunks)
    }
}

/// Finds the samples.
///
/// # Errors
/// Cut short, damaged, a codec that is not read.
pub(super) fn contents<R: Read + Seek>(source: &mut AudioSource<R>) -> Refusable<Contents> {
    let Chunks { description, cookie, table, data } = Chunks::of(source)?;
    let (Some(about), Some((start, bytes))) = (description, data) else {
        return Err(format!("cut short: a CAF without its samples or their format; {FRESH}"));
    };
    let table = table.as_deref();
    let setup = match &about.codec {
        b"lpcm" | b"ulaw" | b"alaw" => {
            let (format, order) = about.format()?;
            let frames = bytes / format.frame() as u64;
            return Ok(Contents::Pcm(PcmPlace { format, order, start, frames }));
        }
        b"alac" => alac(&cookie)?,
        b"aac " => aac(&cookie, about.rate)?,
        b"opus" => return Err(format!("Opus, which is not read; {}", by_ffmpeg("caf"))),
        codec => {
            let codec = codec.escape_ascii();
            return Err(format!("a CAF of the codec `{codec}`, which is not read; {}", by_ffmpeg("caf")));
        }
    };
    packed(source, &about, setup, table, (start, bytes)).map(Contents::Coded)
}

/// Packets of a codec, whose lengths are in `table`, in the `bytes` bytes from `start`.
fn packed<R: Read + Seek>(
    source: &mut AudioSource<R>,
    about: &Description,
    setup: CodecSetup,
    table: Option<&[u8]>,
    (start, bytes): (u64, u64),
) -> Refusable<CodedTrack> {
    let damaged = || format!("damaged: the table of packets of its CAF; {FRESH}");
    let table = table.ok_or_else(|| format!("cut short: a CAF without its table of packets; {FRESH}"))?;
    let count = table.first_chunk().map(|b| u64::from_be_bytes(*b)).ok_or_else(damaged)?;
    let mut rest = table.get(24..).ok_or_else(damaged)?;
    let mut packets = PacketList::default();
    let (mut at, mut last, end) = (start, start, start + bytes);
    for _ in 0..count {
        let size = if about.bytes > 0 { about.bytes } else { varied(&mut rest).ok_or_else(damaged)? };
        if about.samples == 0 {
            varied(&mut rest).ok_or_else(damaged)?;
        }
        if at + u64::from(size) > end {
            return Err(format!(
                "cut short: packet {} of its table is not there; {FRESH}",
                packets.len() + 1
            ));
        }
        packets.push(at, size)?;
        (last, at) = (at, at + u64::from(size));
    }
    let all = packets.len() as u64 * setup.block;
    let mut part = part(table, all)?;
    if setup.codec == Codec::Alac
        && let Some(fewer) = alac_samples(&source.bytes(last, 8)?)
    {
        // ffmpeg's table has whole packets alone.
        part.frames = part.frames.min((all - setup.block.min(all) + fewer).saturating_sub(part.skip));
    }
    CodedTrack::new(setup, packets, part, source.len())
}

/// What of `all` samples is the recording, by the head of a table of packets: how many there are, and how many come before.
fn part(table: &[u8], all: u64) -> Refusable<GaplessPart> {
    let fields = || {
        let frames = u64::from_be_bytes(*table.get(8..)?.first_chunk()?);
        let before = u32::from_be_bytes(*table.get(16..)?.first_chunk()?);
        Some((frames, u64::from(before)))
    };
    let (frames, skip) = fields().ok_or_else(|| format!("cut short within its header; {FRESH}"))?;
    let there = all.saturating_sub(skip);
    if frames > there {
        return Err(format!("cut short: {there} of the {frames} samples that its header states; {FRESH}"));
    }
    Ok(GaplessPart { skip, frames })
}

/// The next number of a table, seven bits a byte.
fn varied(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0u32;
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value = value.checked_mul(128)? | u32::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_table_take_as_many_bytes_as_they_need() {
        let mut bytes = [0x05, 0x81, 0x00, 0xff, 0x7f, 0x80].as_slice();
        let all: Vec<Option<u32>> = (0..4).map(|_| varied(&mut bytes)).collect();
        assert_eq!(all, [Some(5), Some(128), Some(16_383), None]);
        assert_eq!(varied(&mut [0xff; 6].as_slice()), None);
    }
}
