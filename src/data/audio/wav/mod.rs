//! Decodes wav. Sizes in the header are checked against the file, because writers that cannot seek back leave them empty and
//! other tools get them wrong by a few bytes.

mod chunks;
mod format;
mod sample;

use super::mix::{Mix, within_limits};
use super::refusal::{CONVERT, FRESH, Refusable};
use super::source::AudioSource;
use super::{Decoded, Length};
use chunks::WavLayout;
use format::{Format, SampleFormat};
use seraug_core::manifest::Channels;
use std::io::{Read, Seek};

/// Approximate number of bytes that are decoded at once.
const BLOCK: usize = 1 << 16;

/// Whether `head` begins as a wav does.
pub(super) fn begins(head: &[u8]) -> bool {
    let form = head.get(..4).unwrap_or_default();
    matches!(form, b"RIFF" | b"RF64" | b"BW64") && head.get(8..12) == Some(b"WAVE")
}

/// The samples of a wav.
///
/// # Errors
/// One line without the file: cut short, damaged, a codec or layout that is not read, too long, no sound.
pub(super) fn read<R: Read + Seek>(source: &mut AudioSource<R>, policy: Channels) -> Refusable<Decoded> {
    let WavLayout { format, start, bytes, .. } = chunks::layout(source)?;
    let frame = format.frame() as u64;
    let frames = bytes / frame;
    let mut mix = Mix::new(policy, format.rate, format.channels, Some(frames))?;
    let sample = match format.sample {
        SampleFormat::Padded(bits) => padding(source, start, frames * frame, &format, bits)?,
        sample => sample,
    };
    let mut decoded = Vec::new();
    each_block(source, start, frames * frame, &format, |bytes| {
        sample.decode(bytes, &mut decoded);
        mix.add(&decoded)
    })?;
    mix.finish()
}

/// The length of a wav by its header and size.
///
/// # Errors
/// As [`read`], as far as nothing is decoded for it.
pub(super) fn length<R: Read + Seek>(source: &mut AudioSource<R>) -> Refusable<Length> {
    let WavLayout { format, bytes, .. } = chunks::layout(source)?;
    let frames = bytes / format.frame() as u64;
    within_limits(format.rate, format.channels, frames)?;
    Ok(Length { frames, rate: format.rate })
}

/// Calls `block` with all bytes from `start`, whole frames at a time.
fn each_block<R: Read + Seek>(
    source: &mut AudioSource<R>,
    start: u64,
    bytes: u64,
    format: &Format,
    mut block: impl FnMut(&[u8]) -> Refusable<()>,
) -> Refusable<()> {
    let size = (BLOCK / format.frame()).max(1) * format.frame();
    let mut buffer = vec![0; size.min(bytes as usize)];
    let mut at = 0;
    while at < bytes {
        let take = (bytes - at).min(size as u64) as usize;
        let found = source.read(start + at, &mut buffer[..take])?;
        if found < take {
            return Err(format!("became shorter while it was read; {FRESH}"));
        }
        block(&buffer[..take])?;
        at += take as u64;
    }
    Ok(())
}

/// Finds out where in its 4 bytes a sample has its `bits`: `arecord -f S24_LE` writes them into the low bytes, the
/// specification demands the high ones. Low samples are all within the range of `bits`; high ones leave the other bits 0.
fn padding<R: Read + Seek>(
    source: &mut AudioSource<R>,
    start: u64,
    bytes: u64,
    format: &Format,
    bits: u32,
) -> Refusable<SampleFormat> {
    let (mut low, mut high) = (true, true);
    let unused = (1i32 << (32 - bits)) - 1;
    each_block(source, start, bytes, format, |block| {
        for four in block.as_chunks::<4>().0 {
            let value = i32::from_le_bytes(*four);
            let above = value >> (bits - 1);
            // Filled up with its sign, or with zeros.
            low &= above == 0 || above == -1 || above == 1;
            high &= value & unused == 0;
        }
        Ok(())
    })?;
    match (low, high) {
        (true, _) => Ok(SampleFormat::Low(bits)),
        (false, true) => Ok(SampleFormat::I32),
        _ => Err(format!("states {bits} bits in 4 bytes a sample, which it does not hold; {CONVERT}")),
    }
}
