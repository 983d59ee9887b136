//! Calibration of probabilities: expected calibration error and Brier score.

use crate::metrics::first_largest;
use serde::{Deserialize, Serialize};

/// Bins of equal width in which confidence is held against accuracy (Naeini et al., AAAI 2015; Guo et al., ICML 2017).
pub const CALIBRATION_BINS: usize = 15;

/// How well probabilities agree with how often they are right.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Expected calibration error, in [0, 1]: the mean over utterances of |accuracy − confidence| of their bin, where the confidence is
    /// the largest probability and an answer its class. Bins are open below, as (0, 1/15].
    pub ece: f64,
    /// Brier score over all classes, in [0, 2]: the mean squared distance of the probabilities from 1 for the true class and 0 for the
    /// others.
    pub brier: f64,
}

impl Calibration {
    /// Of (probabilities of the classes, true class); `None` without any, and where one has no probabilities.
    pub fn of<P: AsRef<[f64]>>(predictions: impl IntoIterator<Item = (P, usize)>) -> Option<Calibration> {
        let mut bins = [(0.0, 0.0); CALIBRATION_BINS];
        let (mut n, mut brier) = (0.0, 0.0);
        for (probabilities, truth) in predictions {
            let probabilities = probabilities.as_ref();
            let best = first_largest(probabilities);
            let confidence = *probabilities.get(best)?;
            let bin = ((confidence * CALIBRATION_BINS as f64).ceil() as usize).clamp(1, CALIBRATION_BINS) - 1;
            bins[bin].0 += confidence;
            bins[bin].1 += f64::from(u8::from(best == truth));
            let parts = probabilities.iter().enumerate();
            brier += parts.map(|(c, p)| (p - f64::from(u8::from(c == truth))).powi(2)).sum::<f64>();
            n += 1.0;
        }
        let ece = bins.iter().map(|(confidence, right)| (confidence - right).abs()).sum::<f64>();
        (n > 0.0).then(|| Calibration { ece: ece / n, brier: brier / n })
    }
}
