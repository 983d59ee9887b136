//! Features of a corpus: extracted once, cached by content, standardised with training statistics.

use crate::audio::LogMel;

/// Mean and deviation of the log-mel values of a training set, over all frames and bands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standardiser {
    /// Mean, dB.
    pub mean: f32,
    /// Standard deviation, dB; above 0.
    pub deviation: f32,
}

impl Standardiser {
    /// Fits to the training utterances of a fold, and to nothing else.
    pub fn fit<'a>(training: impl IntoIterator<Item = &'a LogMel>) -> Standardiser {
        let (mut n, mut sum, mut squares) = (0u64, 0f64, 0f64);
        for v in training.into_iter().flat_map(|m| &m.db) {
            n += 1;
            sum += f64::from(*v);
            squares += f64::from(*v) * f64::from(*v);
        }
        let mean = sum / n.max(1) as f64;
        let variance = (squares / n.max(1) as f64 - mean * mean).max(1e-12);
        Standardiser { mean: mean as f32, deviation: variance.sqrt() as f32 }
    }
}
