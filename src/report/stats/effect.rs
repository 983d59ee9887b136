//! A difference with its standard error, as pooling and equivalence take it.

use super::TTest;

/// A difference with its standard error, of one corpus or pooled over several.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// Percentage points.
    pub estimate: f64,
    /// Its standard error, percentage points; above zero.
    pub se: f64,
    /// Degrees of freedom of the standard error.
    pub df: f64,
}

impl Effect {
    /// The effect of a test of a mean difference; with `turned`, of the difference the other way round.
    pub fn of(test: &TTest, turned: bool) -> Effect {
        let sign = if turned { -1.0 } else { 1.0 };
        Effect { estimate: sign * test.mean, se: test.se, df: test.df as f64 }
    }

    /// Two-sided p of the difference against zero, by Student's t.
    pub fn p(&self) -> f64 {
        super::t_two_sided(self.estimate / self.se, self.df)
    }

    /// Both ends of the interval that covers the true difference in `share` of such experiments, such as 0.95.
    pub fn interval(&self, share: f64) -> [f64; 2] {
        let half = super::t_quantile((1.0 + share) / 2.0, self.df) * self.se;
        [self.estimate - half, self.estimate + half]
    }
}
