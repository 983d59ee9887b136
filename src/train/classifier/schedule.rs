//! At what rate a classifier trains; how long, and on how many segments a step, is [`Pace`]'s.

pub use seraug_core::spec::Pace;
use seraug_core::spec::Schedule;

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
    use seraug_core::spec::{Budget, Classifier};

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
