//! How long a classifier trains, on how many segments a step, and at what rate.

use crate::spec::{Budget, Classifier, Schedule};

/// Steps and batch of a training (FIDELITY.md rows "classifier training" and "budget of a condition").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Segments a step.
    pub batch: usize,
    /// Steps in all.
    pub steps: usize,
}

impl Pace {
    /// For a training set of `own` segments, of which `originals` are not augmentations. The batch is
    /// chosen by `originals` under both budgets, so that conditions differ in their data alone.
    pub fn new(spec: &Classifier, originals: usize, own: usize) -> Pace {
        let batch = if originals < spec.small_set { spec.small_batch } else { spec.batch };
        let counted = match spec.budget {
            Budget::EqualSteps => originals,
            Budget::EqualEpochs => own,
        };
        Pace { batch, steps: spec.min_steps.max(spec.epochs * counted.div_ceil(batch)) }
    }
}

/// The learning rate of step `step`, counted from 0, of `steps`. The cosine is that of PyTorch's
/// `CosineAnnealingLR(T_max = steps)`.
pub fn rate(schedule: Schedule, base: f64, step: usize, steps: usize) -> f64 {
    match schedule {
        Schedule::Constant => base,
        Schedule::Cosine => base * 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / steps as f64).cos()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets() {
        let spec = Classifier { epochs: 10, min_steps: 100, ..Classifier::default() };
        let pace = |budget, originals, own| {
            let p = Pace::new(&Classifier { budget, ..spec.clone() }, originals, own);
            (p.batch, p.steps)
        };
        assert_eq!(pace(Budget::EqualSteps, 499, 5 * 499), (16, 320));
        assert_eq!(pace(Budget::EqualSteps, 500, 500), (32, 160));
        assert_eq!(pace(Budget::EqualSteps, 10, 5000), (16, 100));
        assert_eq!(pace(Budget::EqualEpochs, 499, 4 * 499), (16, 1250));
        assert_eq!(pace(Budget::EqualEpochs, 499, 499), pace(Budget::EqualSteps, 499, 499));
    }
}
