//! Parses the `fmt ` chunk of a wav.

use crate::audio::codec::{AdpcmCodec, AdpcmFormat};
use crate::audio::pcm::{Format, SampleFormat};
use crate::audio::refusal::{CONVERT, FRESH, Refusable};

/// The format of the samples of a wav.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WavFormat {
    /// Samples stored one by one.
    Pcm(Format),
    /// Blocks of samples.
    Adpcm(AdpcmFormat),
}

impl WavFormat {
    /// Bytes of the smallest piece that can be decoded: a sample of all channels, or a block.
    pub(super) fn piece(&self) -> u64 {
        match self {
            WavFormat::Pcm(format) => format.frame() as u64,
            WavFormat::Adpcm(format) => format.bytes,
        }
    }

    /// Samples of each channel in such a piece.
    pub(super) fn samples(&self) -> u64 {
        match self {
            WavFormat::Pcm(_) => 1,
            WavFormat::Adpcm(format) => format.samples,
        }
    }
}

/// The GUID of an extensible format after its tag: Microsoft's, and that of ambisonics.
const GUIDS: [[u8; 14]; 2] = [
    [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71],
    [0, 0, 0x21, 7, 0xd3, 0x11, 0x86, 0x44, 0xc8, 0xc1, 0xca, 0, 0, 0],
];

/// Parses the body of a `fmt ` chunk and ignores trailing bytes.
///
/// # Errors
/// A chunk that is too short, a codec that is not read, numbers that contradict each other.
pub(super) fn parse(body: &[u8]) -> Refusable<WavFormat> {
    let two = |at: usize| body.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]));
    let four = |at: usize| Some(u32::from(two(at)?) | u32::from(two(at + 2)?) << 16);
    let fields = || Some((two(0)?, two(2)?, four(4)?, four(8)?, two(12)?, two(14)?));
    let (tag, channels, rate, per_second, align, bits) =
        fields().ok_or(format!("damaged: its fmt chunk has {} of 16 bytes; {FRESH}", body.len()))?;
    let tag = match tag {
        0xfffe => extensible(body)?,
        tag => tag,
    };
    if channels == 0 {
        return Err(format!("states 0 channels; {CONVERT}"));
    }
    let (bits, channels, align) = (u32::from(bits), usize::from(channels), usize::from(align));
    if let 2 | 0x11 = tag {
        let codec = if tag == 2 { AdpcmCodec::Microsoft } else { AdpcmCodec::Ima };
        return AdpcmFormat::of_wav(codec, channels, rate, align, body).map(WavFormat::Adpcm);
    }
    let packed = match tag {
        // A-law and mu-law have 8 bits; some writers state the 16 bits after decoding, or 0.
        6 | 7 => 1,
        1 | 3 => bits.div_ceil(8) as usize,
        _ => return Err(format!("holds {}, which is not read; {CONVERT}", codec(tag))),
    };
    // Block align, sample size and byte rate are redundant; two that agree win. Some writers leave block align 0, or state it
    // for one channel.
    let agree = per_second as usize == (rate as usize).saturating_mul(channels * packed);
    let width = match align {
        _ if align == channels * packed => packed,
        0 => packed,
        _ if align == packed && agree => packed,
        _ if align % channels == 0 => align / channels,
        _ => 0,
    };
    let integer = SampleFormat::integer(bits).filter(|f| f.width() == width);
    let sample = match (tag, bits, width, integer) {
        (1, _, _, Some(integer)) => integer,
        (1, 17..=24, 4, _) => SampleFormat::Padded(bits),
        (3, 32, 4, _) => SampleFormat::F32,
        (3, 64, 8, _) => SampleFormat::F64,
        (6, _, 1, _) => SampleFormat::ALaw,
        (7, _, 1, _) => SampleFormat::MuLaw,
        _ => {
            return Err(format!(
                "states {bits} bits a sample, {channels} channels and {align} bytes for one sample of all, which do not go together; {CONVERT}"
            ));
        }
    };
    Ok(WavFormat::Pcm(Format { channels, rate, sample }))
}

/// The tag within an extensible format.
fn extensible(body: &[u8]) -> Refusable<u16> {
    let guid =
        body.get(24..40).ok_or(format!("damaged: its fmt chunk has {} of 40 bytes; {FRESH}", body.len()))?;
    if !GUIDS.iter().any(|g| g[..] == guid[2..]) {
        return Err(format!("holds a codec of its own, which is not read; {CONVERT}"));
    }
    match u16::from_le_bytes([guid[0], guid[1]]) {
        2 | 0x11 => Err(format!("holds ADPCM in an extensible format, which is not read; {CONVERT}")),
        tag => Ok(tag),
    }
}

/// The name of a format tag.
fn codec(tag: u16) -> String {
    let name = match tag {
        0x31 => "GSM",
        0x40 | 0x45 | 0x64 => "G.72x ADPCM",
        0x50 | 0x55 => "MPEG audio",
        0xff | 0x1600..=0x1610 => "AAC",
        _ => return format!("a codec with the number {tag:#x}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(tag: u16, channels: u16, align: u16, bits: u16) -> Vec<u8> {
        body_with_rate(tag, channels, align, bits, 16_000 * u32::from(align))
    }

    fn body_with_rate(tag: u16, channels: u16, align: u16, bits: u16, per_second: u32) -> Vec<u8> {
        let rates = [16_000, per_second].map(u32::to_le_bytes).concat();
        let (front, back) = ([tag, channels], [align, bits]);
        [front.map(u16::to_le_bytes).concat(), rates, back.map(u16::to_le_bytes).concat()].concat()
    }

    fn pcm(format: WavFormat) -> SampleFormat {
        let WavFormat::Pcm(format) = format else { panic!("{format:?}") };
        format.sample
    }

    #[test]
    fn every_combination_of_size_and_block_is_read_right_or_refused() {
        for tag in [1, 3, 6, 7] {
            for channels in 1..=6 {
                for bits in 0..=70 {
                    for align in 0..=50 {
                        let Ok(WavFormat::Pcm(format)) = parse(&body(tag, channels, align, bits)) else {
                            continue;
                        };
                        let found = format.frame();
                        assert!(found == usize::from(align) || align == 0, "{tag} {channels} {bits} {align}");
                        // No fewer bytes than the bits need, and no more but for those of arecord.
                        let needed = if tag > 3 { 1 } else { usize::from(bits).div_ceil(8) };
                        let width = found / usize::from(channels);
                        let padded = matches!(format.sample, SampleFormat::Padded(17..=24)) && width == 4;
                        assert!(width == needed || padded, "{tag} {channels} {bits} {align}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_wrong_block_align_is_outvoted_by_the_bytes_a_second() {
        let sample = |body: &[u8]| parse(body).map(pcm);
        // Of one channel, where the file has two.
        assert_eq!(sample(&body_with_rate(1, 2, 2, 16, 64_000)), Ok(SampleFormat::I16));
        assert!(sample(&body_with_rate(1, 2, 2, 16, 32_000)).is_err());
        assert_eq!(sample(&body_with_rate(1, 2, 0, 16, 0)), Ok(SampleFormat::I16));
        assert!(sample(&body(1, 1, 5, 24)).is_err());
        assert!(sample(&body(1, 1, 4, 16)).is_err());
    }

    #[test]
    fn an_extensible_format_is_that_of_its_guid() {
        let with = |tag: u16, tail: [u8; 14]| {
            let extension = [22u16, 20, 0, 0].map(u16::to_le_bytes).concat();
            [body(0xfffe, 1, 3, 24), extension, tag.to_le_bytes().to_vec(), tail.to_vec(), vec![1, 2, 3]]
                .concat()
        };
        assert_eq!(pcm(parse(&with(1, GUIDS[0])).unwrap()), SampleFormat::I24);
        assert_eq!(pcm(parse(&with(1, GUIDS[1])).unwrap()), SampleFormat::I24);
        assert!(parse(&with(2, GUIDS[0])).unwrap_err().contains("ADPCM"));
        assert!(parse(&with(1, [7; 14])).unwrap_err().contains("codec of its own"));
        assert!(parse(&with(1, GUIDS[0])[..39]).unwrap_err().contains("39 of 40"));
        assert!(parse(&[1, 0, 1, 0]).unwrap_err().contains("4 of 16"));
    }
}
