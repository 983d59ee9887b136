//! Equivalence: whether a difference is shown to be too small to matter.

use super::{Effect, t_two_sided};

/// Two one-sided tests against a margin (TOST; Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987). A
/// difference that is not shown is not thereby shown to be small: that takes this test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Equivalence {
    /// Percentage points: a difference smaller than this in size counts as none.
    pub margin: f64,
    /// The larger p of the two tests, of a true difference of −margin and of margin.
    pub p: f64,
    /// Lower end of the 90 % interval, percentage points.
    pub low: f64,
    /// Upper end of the 90 % interval, percentage points.
    pub high: f64,
}

impl Equivalence {
    /// Tests `effect` against `margin`, which is above zero.
    pub fn of(effect: &Effect, margin: f64) -> Equivalence {
        let above = |t: f64| {
            let half = t_two_sided(t, effect.df) / 2.0;
            if t > 0.0 { half } else { 1.0 - half }
        };
        let p =
            above((effect.estimate + margin) / effect.se).max(above((margin - effect.estimate) / effect.se));
        let [low, high] = effect.interval(0.9);
        Equivalence { margin, p, low, high }
    }

    /// Whether the 90 % interval lies within the margin on both sides, which is p below 0.05.
    pub fn is_within(&self) -> bool {
        self.low > -self.margin && self.high < self.margin
    }
}
