//! Finds the samples of an AIFF or AIFC.

use super::Contents;
use super::extended::{extended, hertz};
use crate::audio::pcm::{Format, PcmOrder, PcmPlace, SampleFormat};
use crate::audio::refusal::{CONVERT, FRESH, Refusable, by_ffmpeg};
use crate::audio::source::AudioSource;
use std::io::{Read, Seek};

/// Most chunks that are read.
const MOST: usize = 10_000;

/// What the `COMM` chunk states.
#[derive(Debug, Clone, Copy)]
struct Common {
    channels: usize,
    /// Samples of each channel.
    frames: u64,
    bits: u32,
    /// Hertz.
    rate: u32,
    /// How samples are stored, of AIFC.
    codec: [u8; 4],
}

impl Common {
    fn of(body: &[u8]) -> Option<Common> {
        let two = |at: usize| Some(u16::from_be_bytes(*body.get(at..)?.first_chunk()?));
        Some(Common {
            channels: two(0)?.into(),
            frames: u64::from(two(2)?) << 16 | u64::from(two(4)?),
            bits: two(6)?.into(),
            rate: hertz(extended(*body.get(8..)?.first_chunk()?)),
            codec: body.get(18..).and_then(|b| b.first_chunk().copied()).unwrap_or(*b"NONE"),
        })
    }

    /// # Errors
    /// A codec that is not read.
    fn format(&self) -> Refusable<(SampleFormat, PcmOrder)> {
        let Common { bits, codec, .. } = *self;
        let integer = SampleFormat::integer(bits);
        let found = match &codec {
            b"NONE" | b"twos" | b"in24" | b"in32" => integer.map(|i| (i, PcmOrder::Big)),
            b"sowt" => integer.map(|i| (i, PcmOrder::Little)),
            b"raw " if bits == 8 => Some((SampleFormat::U8, PcmOrder::Wav)),
            b"fl32" | b"FL32" => Some((SampleFormat::F32, PcmOrder::Big)),
            b"fl64" | b"FL64" => Some((SampleFormat::F64, PcmOrder::Big)),
            b"ulaw" | b"ULAW" => Some((SampleFormat::MuLaw, PcmOrder::Wav)),
            b"alaw" | b"ALAW" => Some((SampleFormat::ALaw, PcmOrder::Wav)),
            _ => None,
        };
        let codec = codec.escape_ascii();
        found.ok_or_else(|| {
            format!("an AIFF of the codec `{codec}` in {bits} bits, which is not read; {}", by_ffmpeg("aifc"))
        })
    }
}

/// Finds the samples.
///
/// # Errors
/// Cut short, damaged, a codec that is not read.
pub(super) fn contents<R: Read + Seek>(source: &mut AudioSource<R>) -> Refusable<Contents> {
    let (mut at, mut common, mut sound) = (12, None, None);
    for _ in 0..MOST {
        let Some([a, b, c, d, size @ ..]) = source.exactly::<8>(at)? else { break };
        let (id, size) = ([a, b, c, d], u64::from(u32::from_be_bytes(size)));
        match &id {
            b"COMM" if common.is_none() => common = Some(source.bytes(at + 8, size.min(22) as usize)?),
            b"SSND" if sound.is_none() => {
                let offset = source.exactly::<4>(at + 8)?.map_or(0, u32::from_be_bytes);
                // Before the samples: how far in they begin, and a size that nobody uses.
                sound = Some((at + 16 + u64::from(offset), size.saturating_sub(8 + u64::from(offset))));
            }
            _ => (),
        }
        if common.is_some() && sound.is_some() {
            break;
        }
        at += 8 + size + size % 2;
    }
    let cut = || format!("cut short within its header; {FRESH}");
    let common = common.as_deref().map(|body| Common::of(body).ok_or_else(cut)).transpose()?;
    let (Some(common), Some((start, size))) = (common, sound) else {
        return Err(match at > source.len() {
            true => cut(),
            false => format!("an AIFF without a COMM or SSND chunk; {CONVERT}"),
        });
    };
    let Common { channels, frames, rate, .. } = common;
    if channels == 0 {
        return Err(format!("states 0 channels; {CONVERT}"));
    }
    let there = source.len().saturating_sub(start).min(size);
    let (sample, order) = common.format()?;
    let format = Format { channels, rate, sample };
    let found = there / format.frame() as u64;
    if found < frames {
        return Err(format!("cut short: {found} of the {frames} samples that its header states; {FRESH}"));
    }
    Ok(Contents::Pcm(PcmPlace { format, order, start, frames }))
}
