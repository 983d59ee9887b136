//! Calibration of probabilities: expected calibration error and Brier score.

use seraug_core::metrics::first_largest;

/// Bins of equal width in which confidence is held against accuracy (Naeini et al., AAAI 2015; Guo et al., ICML 2017).
pub const CALIBRATION_BINS: usize = 15;

/// How well probabilities agree with how often they are right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Expected calibration error, in [0, 1]: the mean over utterances of |accuracy − confidence| of their bin.
    pub ece: f64,
    /// Brier score over all classes, in [0, 2].
    pub brier: f64,
}

impl Calibration {
    /// Of (probabilities, true class); `None` without any.
    pub fn of(predictions: &[(Vec<f64>, usize)]) -> Option<Calibration> {
        let n = predictions.len() as f64;
        let mut bins = [(0.0, 0.0); CALIBRATION_BINS];
        let mut brier = 0.0;
        for (probabilities, truth) in predictions {
            let best = first_largest(probabilities);
            let confidence = *probabilities.get(best)?;
            // Bins are open below, as (0, 1/15].
            let bin = ((confidence * CALIBRATION_BINS as f64).ceil() as usize).clamp(1, CALIBRATION_BINS) - 1;
            bins[bin].0 += confidence;
            bins[bin].1 += f64::from(u8::from(best == *truth));
            let parts = probabilities.iter().enumerate();
            brier += parts.map(|(c, p)| (p - f64::from(u8::from(c == *truth))).powi(2)).sum::<f64>();
        }
        let ece = bins.iter().map(|(confidence, right)| (confidence - right).abs()).sum::<f64>();
        (n > 0.0).then(|| Calibration { ece: ece / n, brier: brier / n })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// torchmetrics 1.9.0 `multiclass_calibration_error(p, y, num_classes=2, n_bins=15, norm="l1")`, scikit-learn 1.9.1
    /// `brier_score_loss(y, p, scale_by_half=False)`.
    #[test]
    fn calibration_agrees_with_torchmetrics_and_scikit_learn() {
        let of = |p: [f64; 2], truth| (p.to_vec(), truth);
        let rows = [
            of([0.9, 0.1], 0),
            of([0.8, 0.2], 1),
            of([0.35, 0.65], 1),
            of([0.55, 0.45], 0),
            of([0.56, 0.44], 1),
        ];
        let c = Calibration::of(&rows).unwrap();
        assert!((c.ece - 0.272).abs() < 1e-6 && (c.brier - 0.51544).abs() < 1e-6, "{c:?}");
        assert_eq!(Calibration::of(&[]), None);
    }
}
