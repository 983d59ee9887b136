//! A ratio of two means of the same units, with its interval.

use super::t_quantile;

/// A ratio with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fieller {
    /// Mean of the numerators over that of the denominators.
    pub ratio: f64,
    /// Both ends of the interval; `None` where the denominator is not told from zero, so that no bounded interval covers the ratio.
    pub interval: Option<[f64; 2]>,
}

/// The ratio of two means over units that have both values: which ratios r the paired t-test of numerator − r × denominator does
/// not refuse at 0.05 (Fieller, Journal of the Royal Statistical Society B 16, 1954).
///
/// `None` for fewer than two units and for a mean denominator of zero.
pub fn fieller(numerators: &[f64], denominators: &[f64]) -> Option<Fieller> {
    let n = numerators.len();
    if n < 2 || denominators.len() != n {
        return None;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n as f64;
    let (x, y) = (mean(numerators), mean(denominators));
    if y == 0.0 {
        return None;
    }
    let product = |a: &[f64], b: &[f64]| {
        let (of_a, of_b) = (mean(a), mean(b));
        let sum: f64 = std::iter::zip(a, b).map(|(v, w)| (v - of_a) * (w - of_b)).sum();
        sum / ((n - 1) * n) as f64
    };
    let t = t_quantile(0.975, (n - 1) as f64);
    // (x − r y)² = t² (var x − 2 r cov + r² var y), in powers of r.
    let squared = y * y - t * t * product(denominators, denominators);
    let linear = x * y - t * t * product(numerators, denominators);
    let constant = x * x - t * t * product(numerators, numerators);
    let under = linear * linear - squared * constant;
    let interval = (squared > 0.0 && under >= 0.0)
        .then(|| [(linear - under.sqrt()) / squared, (linear + under.sqrt()) / squared]);
    Some(Fieller { ratio: x / y, interval })
}
