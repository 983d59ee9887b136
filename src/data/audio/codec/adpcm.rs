//! ADPCM in the blocks of a wav: Microsoft's and IMA's.

use super::track::{Codec, CodecSetup, CodedTrack, PacketList};
use super::trim::GaplessPart;
use crate::audio::refusal::{CONVERT, FRESH, Refusable};

/// The coefficients that Microsoft's decoder knows; a file may bring others, which no encoder does.
const COEFFICIENTS: [[i16; 2]; 7] =
    [[256, 0], [512, -256], [0, 0], [192, 64], [240, 0], [460, -208], [392, -232]];

/// An ADPCM that a wav may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::audio) enum AdpcmCodec {
    Microsoft,
    Ima,
}

/// Blocks of ADPCM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::audio) struct AdpcmFormat {
    codec: AdpcmCodec,
    channels: usize,
    /// Hertz.
    rate: u32,
    /// Bytes of a block.
    pub(in crate::audio) bytes: u64,
    /// Samples of each channel in a block.
    pub(in crate::audio) samples: u64,
}

impl AdpcmFormat {
    /// The format of a wav whose `fmt ` chunk is `body` and has blocks of `align` bytes.
    ///
    /// # Errors
    /// Fields that contradict each other, or that decoders do not know.
    pub(in crate::audio) fn of_wav(
        codec: AdpcmCodec,
        channels: usize,
        rate: u32,
        align: usize,
        body: &[u8],
    ) -> Refusable<AdpcmFormat> {
        let (name, head, first) = match codec {
            AdpcmCodec::Microsoft => ("Microsoft's ADPCM", 7, 2),
            AdpcmCodec::Ima => ("IMA ADPCM", 4, 1),
        };
        let two = |at: usize| body.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]));
        if !(1..=2).contains(&channels) {
            return Err(format!("holds {name} of {channels} channels, 1 or 2 are read; {CONVERT}"));
        }
        let codes = align.saturating_sub(head * channels) * 2 / channels;
        // IMA has codes of four bytes of each channel in turn.
        let whole = codec == AdpcmCodec::Microsoft || codes.is_multiple_of(if channels == 2 { 8 } else { 2 });
        let stated = two(18).filter(|n| *n > 0).map_or(codes + first, usize::from);
        if codes == 0 || !whole || two(14) != Some(4) || stated != codes + first {
            return Err(format!(
                "holds {name} in blocks of {align} bytes and {stated} samples, which do not go together; {CONVERT}"
            ));
        }
        if codec == AdpcmCodec::Microsoft {
            let known = COEFFICIENTS.as_flattened().iter().enumerate();
            let own = two(20).unwrap_or(0) > 0
                && known.clone().any(|(i, c)| two(22 + 2 * i).is_some_and(|own| own != *c as u16));
            if own {
                return Err(format!(
                    "holds {name} with coefficients of its own, which is not read; {CONVERT}"
                ));
            }
        }
        Ok(AdpcmFormat { codec, channels, rate, bytes: align as u64, samples: stated as u64 })
    }
}

/// The blocks in `bytes` bytes from `start`. `fact` is how many samples a header states, which may be fewer.
///
/// # Errors
/// More samples stated than the blocks have.
pub(in crate::audio) fn track(
    format: &AdpcmFormat,
    start: u64,
    bytes: u64,
    fact: Option<u64>,
) -> Refusable<CodedTrack> {
    let AdpcmFormat { codec, channels, rate, bytes: block, samples } = *format;
    let mut packets = PacketList::default();
    let blocks = bytes / block;
    for n in 0..blocks {
        packets.push(start + n * block, block as u32)?;
    }
    let there = blocks * samples;
    let frames = match fact {
        Some(fact) if fact > there => {
            return Err(format!("cut short: {there} of the {fact} samples that its header states; {FRESH}"));
        }
        // Within the last block; others are not what the samples are.
        Some(fact) if fact + samples > there => fact,
        _ => there,
    };
    let codec = match codec {
        AdpcmCodec::Microsoft => Codec::MicrosoftAdpcm,
        AdpcmCodec::Ima => Codec::ImaAdpcm,
    };
    let setup = CodecSetup { codec, rate, channels, block: samples, header: Box::default() };
    CodedTrack::new(setup, packets, GaplessPart::all(frames), start + bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(samples: u16, coefficients: &[[i16; 2]]) -> Vec<u8> {
        let rest: Vec<u8> = coefficients.as_flattened().iter().flat_map(|c| c.to_le_bytes()).collect();
        let fields = [2, 1, 8000, 0, 0, 0, 0, 4, 32, samples, coefficients.len() as u16];
        [fields.map(u16::to_le_bytes).concat(), rest].concat()
    }

    #[test]
    fn blocks_and_samples_must_go_together() {
        let of = |codec, channels, align, samples| {
            AdpcmFormat::of_wav(codec, channels, 8000, align, &body(samples, &[])).map(|f| f.samples)
        };
        // The blocks that ffmpeg, sox and Windows write.
        assert_eq!(of(AdpcmCodec::Microsoft, 1, 1024, 2036), Ok(2036));
        assert_eq!(of(AdpcmCodec::Microsoft, 2, 2048, 2036), Ok(2036));
        assert_eq!(of(AdpcmCodec::Ima, 1, 1024, 2041), Ok(2041));
        assert_eq!(of(AdpcmCodec::Ima, 2, 2048, 2041), Ok(2041));
        assert_eq!(of(AdpcmCodec::Ima, 1, 256, 0), Ok(505));
        for (codec, channels, align, samples) in [
            (AdpcmCodec::Microsoft, 1, 1024, 2037),
            (AdpcmCodec::Microsoft, 3, 1024, 2036),
            (AdpcmCodec::Ima, 2, 2044, 2037),
            (AdpcmCodec::Ima, 1, 4, 1),
            (AdpcmCodec::Ima, 1, 0, 0),
        ] {
            assert!(of(codec, channels, align, samples).is_err(), "{channels} {align} {samples}");
        }
        let with = |c: &[[i16; 2]]| AdpcmFormat::of_wav(AdpcmCodec::Microsoft, 1, 8000, 256, &body(500, c));
        assert!(with(&COEFFICIENTS).is_ok());
        let mut own = COEFFICIENTS;
        own[6][1] += 1;
        assert!(with(&own).unwrap_err().contains("coefficients of its own"));
    }

    #[test]
    fn a_fact_trims_the_last_block_and_no_other() {
        let format =
            AdpcmFormat { codec: AdpcmCodec::Ima, channels: 1, rate: 8000, bytes: 256, samples: 505 };
        let frames = |fact| track(&format, 60, 1000, fact).and_then(|t| t.length()).map(|l| l.frames);
        assert_eq!(frames(None), Ok(1515));
        assert_eq!(frames(Some(1400)), Ok(1400));
        assert_eq!(frames(Some(900)), Ok(1515));
        assert!(frames(Some(1516)).unwrap_err().starts_with("cut short: 1515 of the 1516"));
    }
}
