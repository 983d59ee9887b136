//! Log-mel spectrograms (paper 3.1.1).

/// A log-mel spectrogram in decibels, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct LogMel {
    /// Rows, one a hop.
    pub frames: usize,
    /// Columns.
    pub mels: usize,
    /// `frames * mels` values, frame by frame. dB, clipped at the floor under the utterance's peak.
    pub db: Vec<f32>,
}
