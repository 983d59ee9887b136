//! Which of the decoded samples are the recording: encoders put some in front and fill up the last packet.

/// The part of a decoded stream that was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GaplessPart {
    /// Samples of each channel before the first.
    pub(super) skip: u64,
    /// Samples of each channel.
    pub(super) frames: u64,
}

impl GaplessPart {
    /// All of `frames` samples.
    pub(super) fn all(frames: u64) -> GaplessPart {
        GaplessPart { skip: 0, frames }
    }

    /// At most `frames` samples after the first `skip` of these.
    pub(super) fn within(self, skip: u64, frames: u64) -> GaplessPart {
        let skip = skip.min(self.frames);
        GaplessPart { skip: self.skip + skip, frames: frames.min(self.frames - skip) }
    }
}
