//! A recording after decoding, and its length as its header states it.

/// The samples of a file, one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// At least two that differ, finite, not far above full scale, which is 1.
    pub samples: Vec<f32>,
    /// Hertz, as in the file.
    pub rate: u32,
}

impl Decoded {
    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rate)
    }
}

/// How long a recording is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// Samples of one channel.
    pub frames: u64,
    /// Hertz, above 0.
    pub rate: u32,
}

impl Length {
    /// Length in seconds.
    pub fn seconds(self) -> f64 {
        self.frames as f64 / f64::from(self.rate)
    }
}
