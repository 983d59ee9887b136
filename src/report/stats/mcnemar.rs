//! McNemar's test of two classifiers on the same items.

use statrs::function::gamma::ln_gamma;

/// A two-sided test of whether both classifiers are right on as many items that the other gets wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McNemar {
    /// Items that only the first classifier gets right.
    pub first: u64,
    /// Items that only the second classifier gets right.
    pub second: u64,
    /// Two-sided p value.
    pub p: f64,
    /// Whether `p` is from the binomial distribution rather than from chi-squared.
    pub exact: bool,
}

/// Discordant items below which the test is exact.
const FEW: u64 = 25;

/// Exact below 25 discordant items, else chi-squared with the correction for continuity: `statsmodels`'
/// `mcnemar(exact=True)` and `mcnemar(exact=False, correction=True)`. `None` without a discordant item.
pub fn mcnemar(first: u64, second: u64) -> Option<McNemar> {
    let n = first + second;
    if n == 0 {
        return None;
    }
    let exact = n < FEW;
    let p = if exact {
        let ln_choose =
            |k: u64| ln_gamma(n as f64 + 1.0) - ln_gamma(k as f64 + 1.0) - ln_gamma((n - k) as f64 + 1.0);
        let half = -(n as f64) * std::f64::consts::LN_2;
        let below: f64 = (0..=first.min(second)).map(|k| (ln_choose(k) + half).exp()).sum();
        (2.0 * below).min(1.0)
    } else {
        let z = (first.abs_diff(second) as f64 - 1.0) / (n as f64).sqrt();
        super::normal_two_sided(z)
    };
    Some(McNemar { first, second, p, exact })
}
