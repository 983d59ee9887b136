//! Reads samples that are stored one by one, whatever the container: wav, AIFF, CAF.

mod format;
mod sample;

use super::mix::{Mix, within_limits};
use super::refusal::{CONVERT, FRESH, Refusable};
use super::source::AudioSource;
use super::{Decoded, Length};
pub(super) use format::{Format, SampleFormat};
use seraug_core::manifest::Channels;
use std::io::{Read, Seek};

/// Approximate number of bytes that are decoded at once.
const BLOCK: usize = 1 << 16;

/// The order of bytes, and whether 8 bits have a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PcmOrder {
    /// As in wav: the lowest byte first, 8 bits without a sign.
    Wav,
    /// The lowest byte first, 8 bits with a sign.
    Little,
    /// As in AIFF: the highest byte first, 8 bits with a sign.
    Big,
}

impl PcmOrder {
    /// Turns `bytes`, whole samples of `format`, into those of a wav.
    fn mend(self, format: SampleFormat, bytes: &mut [u8]) {
        if self == PcmOrder::Big && format.width() > 1 {
            bytes.chunks_exact_mut(format.width()).for_each(<[u8]>::reverse);
        }
        if self != PcmOrder::Wav && format == SampleFormat::U8 {
            bytes.iter_mut().for_each(|b| *b ^= 0x80);
        }
    }
}

/// Where the samples of a file are, and what they look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PcmPlace {
    pub(super) format: Format,
    pub(super) order: PcmOrder,
    /// Offset of the first sample.
    pub(super) start: u64,
    /// Samples of each channel.
    pub(super) frames: u64,
}

impl PcmPlace {
    fn bytes(&self) -> u64 {
        self.frames * self.format.frame() as u64
    }

    /// # Errors
    /// A rate, a length or a number of channels that is not read.
    pub(super) fn length(&self) -> Refusable<Length> {
        let PcmPlace { format, frames, .. } = *self;
        within_limits(format.rate, format.channels, frames)?;
        Ok(Length { frames, rate: format.rate })
    }

    /// The samples, in one channel.
    ///
    /// # Errors
    /// One line without the file: too long, no sound.
    pub(super) fn read<R: Read + Seek>(
        &self,
        source: &mut AudioSource<R>,
        policy: Channels,
    ) -> Refusable<Decoded> {
        let PcmPlace { format, frames, .. } = *self;
        let mut mix = Mix::new(policy, format.rate, format.channels, Some(frames))?;
        let sample = match format.sample {
            SampleFormat::Padded(bits) => self.padding(source, bits)?,
            sample => sample,
        };
        let mut decoded = Vec::new();
        self.each_block(source, |bytes| {
            sample.decode(bytes, &mut decoded);
            mix.add(&decoded)
        })?;
        mix.finish()
    }

    /// Calls `block` with all bytes, whole frames at a time, in the order of a wav.
    fn each_block<R: Read + Seek>(
        &self,
        source: &mut AudioSource<R>,
        mut block: impl FnMut(&[u8]) -> Refusable<()>,
    ) -> Refusable<()> {
        let (format, bytes) = (&self.format, self.bytes());
        let size = (BLOCK / format.frame()).max(1) * format.frame();
        let mut buffer = vec![0; size.min(bytes as usize)];
        let mut at = 0;
        while at < bytes {
            let take = (bytes - at).min(size as u64) as usize;
            let found = source.read(self.start + at, &mut buffer[..take])?;
            if found < take {
                return Err(format!("became shorter while it was read; {FRESH}"));
            }
            self.order.mend(format.sample, &mut buffer[..take]);
            block(&buffer[..take])?;
            at += take as u64;
        }
        Ok(())
    }

    /// Finds out where in its 4 bytes a sample has its `bits`: `arecord -f S24_LE` writes them into the low bytes, the
    /// specification demands the high ones. Low samples are all within the range of `bits`; high ones leave the other bits 0.
    fn padding<R: Read + Seek>(&self, source: &mut AudioSource<R>, bits: u32) -> Refusable<SampleFormat> {
        let (mut low, mut high) = (true, true);
        let unused = (1i32 << (32 - bits)) - 1;
        self.each_block(source, |block| {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_other_orders_become_those_of_a_wav() {
        let mended = |order: PcmOrder, format, bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            order.mend(format, &mut bytes);
            bytes
        };
        assert_eq!(mended(PcmOrder::Big, SampleFormat::I24, &[1, 2, 3, 4, 5, 6]), [3, 2, 1, 6, 5, 4]);
        assert_eq!(mended(PcmOrder::Big, SampleFormat::U8, &[0, 0x7f, 0x80]), [0x80, 0xff, 0]);
        assert_eq!(mended(PcmOrder::Little, SampleFormat::U8, &[0x80]), [0]);
        assert_eq!(mended(PcmOrder::Little, SampleFormat::I16, &[1, 2]), [1, 2]);
        assert_eq!(mended(PcmOrder::Big, SampleFormat::MuLaw, &[1, 2]), [1, 2]);
        assert_eq!(mended(PcmOrder::Wav, SampleFormat::U8, &[5]), [5]);
    }
}
