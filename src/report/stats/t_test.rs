//! Student's t for paired results of resampled data.

use super::{SpeakerShares, t_quantile, t_two_sided};

/// A two-sided test of a mean difference against zero, with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TTest {
    /// Mean difference.
    pub mean: f64,
    /// Its standard error.
    pub se: f64,
    /// The statistic, `mean / se`.
    pub t: f64,
    /// Degrees of freedom: one less than the number of differences, or of speakers.
    pub df: usize,
    /// Two-sided p value.
    pub p: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
}

impl TTest {
    /// The test of differences in another unit, `factor` of which are one of this.
    pub fn times(self, factor: f64) -> TTest {
        let [mean, se, low, high] = [self.mean, self.se, self.low, self.high].map(|v| factor * v);
        TTest { mean, se, low, high, ..self }
    }
}

/// The corrected resampled t-test of Nadeau and Bengio ("Inference for the Generalization Error", Machine Learning
/// 52, 2003, section 3): the variance of the mean is `1 / n + ratio` times that of the differences, where `ratio` is
/// the number of test items over that of training items, since resampled training sets overlap. A ratio of 0 gives
/// the plain paired t-test.
///
/// `None` for fewer than two differences and for differences that are all equal.
pub fn corrected_t(differences: &[f64], ratio: f64) -> Option<TTest> {
    let (mean, sd) = moments(differences)?;
    let n = differences.len();
    test(mean, sd * (1.0 / n as f64 + ratio).sqrt(), n - 1)
}

/// [`corrected_t`] with test speakers as units: the standard error of a mean of ratios over speakers who have unlike numbers of
/// utterances, some perhaps none of a class, as a regression clustered by speaker has it (Liang and Zeger, Biometrika 73, 1986, with
/// the factor n / (n - 1)), its variance times `1 + n * ratio` for `n` speakers. `ratio` is the share of one speaker over that of
/// the training speakers. Where every speaker is a fold with every class, this is [`corrected_t`] over the folds.
///
/// Points in [-1, 1]. `None` for fewer than two speakers and where all speakers have the same difference.
pub fn speaker_t(shares: &SpeakerShares, ratio: f64) -> Option<TTest> {
    let n = shares.speakers() as f64;
    let squares: f64 = shares.residuals().iter().map(|r| r * r).sum();
    // What is left of equal differences after rounding.
    if n < 2.0 || squares < 1e-24 {
        return None;
    }
    test(shares.difference(), (n / (n - 1.0) * squares * (1.0 + n * ratio)).sqrt(), shares.speakers() - 1)
}

fn test(mean: f64, se: f64, df: usize) -> Option<TTest> {
    let half = t_quantile(0.975, df as f64) * se;
    let t = mean / se;
    Some(TTest { mean, se, t, df, p: t_two_sided(t, df as f64), low: mean - half, high: mean + half })
}

/// Cohen's d_z: mean over standard deviation of the differences (Lakens, Frontiers in Psychology 4:863, 2013).
/// `None` as for [`corrected_t`].
pub fn cohen_dz(differences: &[f64]) -> Option<f64> {
    moments(differences).map(|(mean, sd)| mean / sd)
}

/// Mean and standard deviation (n - 1); `None` without any variance.
fn moments(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len();
    if n < 2 || values.iter().all(|v| *v == values[0]) {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1) as f64).sqrt();
    (sd > 0.0).then_some((mean, sd))
}
