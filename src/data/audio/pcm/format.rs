//! How samples that are stored one by one lie in a file.

/// How a sample is stored. Little-endian, until [`super::PcmOrder`] says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::audio) enum SampleFormat {
    U8,
    I16,
    I24,
    I32,
    /// This many bits, 17 to 24, somewhere in 4 bytes.
    Padded(u32),
    /// This many bits in the low end of 4 bytes.
    Low(u32),
    F32,
    F64,
    MuLaw,
    ALaw,
}

/// The format of the samples of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::audio) struct Format {
    /// Number of channels, at least 1.
    pub(in crate::audio) channels: usize,
    /// Sample rate in hertz.
    pub(in crate::audio) rate: u32,
    pub(in crate::audio) sample: SampleFormat,
}

impl Format {
    /// Bytes of one sample of all channels.
    pub(in crate::audio) fn frame(&self) -> usize {
        self.channels * self.sample.width()
    }
}

impl SampleFormat {
    /// Bytes of a sample.
    pub(in crate::audio) fn width(self) -> usize {
        match self {
            SampleFormat::U8 | SampleFormat::MuLaw | SampleFormat::ALaw => 1,
            SampleFormat::I16 => 2,
            SampleFormat::I24 => 3,
            SampleFormat::I32 | SampleFormat::Padded(_) | SampleFormat::Low(_) | SampleFormat::F32 => 4,
            SampleFormat::F64 => 8,
        }
    }

    /// Integers of `bits` in as few bytes as hold them, the high bits used; `None` outside 1 to 32.
    pub(in crate::audio) fn integer(bits: u32) -> Option<SampleFormat> {
        match bits {
            1..=8 => Some(SampleFormat::U8),
            9..=16 => Some(SampleFormat::I16),
            17..=24 => Some(SampleFormat::I24),
            25..=32 => Some(SampleFormat::I32),
            _ => None,
        }
    }
}
