//! Power of a paired t-test: the smallest difference that it would usually find.

use super::t_quantile;
use statrs::function::erf::erfc;
use statrs::function::gamma::ln_gamma;

/// Steps of Simpson's rule: an even number, fine enough for six digits at one degree of freedom.
const POINTS: usize = 2000;

/// The smallest true difference that a two-sided t-test at 0.05 finds with a power of 0.8, given the standard
/// error of the mean difference and its degrees of freedom. `None` for `df = 0`.
pub fn detectable(se: f64, df: usize) -> Option<f64> {
    noncentrality(df).map(|delta| delta * se)
}

/// The noncentrality at which a two-sided t-test at 0.05 has a power of 0.8 (`statsmodels`'
/// `TTestPower.solve_power` times the root of n). `None` for `df = 0`.
pub fn noncentrality(df: usize) -> Option<f64> {
    if df == 0 {
        return None;
    }
    let critical = t_quantile(0.975, df as f64);
    // Power is 0.05 at zero and nearly 1 at twice what a normal distribution with wide tails would need.
    let (mut low, mut high) = (0.0, 2.0 * critical + 4.0);
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if power(middle, critical, df as f64) < 0.8 { low = middle } else { high = middle }
    }
    Some((low + high) / 2.0)
}

/// The chance that a two-sided t-test at 0.05 rejects where the true mean difference is `difference`, given its standard error and
/// degrees of freedom (`statsmodels`' `TTestPower.power`). `None` for `df = 0` or without an error.
pub fn chance(difference: f64, se: f64, df: usize) -> Option<f64> {
    let known = df > 0 && se > 0.0;
    // Beyond this the chance is one to every digit that is printed, and the integral is still fine.
    known.then(|| power((difference / se).abs().min(40.0), t_quantile(0.975, df as f64), df as f64))
}

/// P(|T| > critical) of the noncentral t: Z + delta over s, the root of chi-squared over its degrees of freedom,
/// integrated over s.
fn power(delta: f64, critical: f64, df: f64) -> f64 {
    let spread = 9.0 / df.sqrt();
    let (from, to) = ((1.0 - spread).max(0.0), 1.0 + spread);
    let step = (to - from) / POINTS as f64;
    let constant = 2.0_f64.ln() + df / 2.0 * (df / 2.0).ln() - ln_gamma(df / 2.0);
    let mut kept = 0.0;
    for i in 0..=POINTS {
        let s = from + step * i as f64;
        let density = if s > 0.0 {
            (constant + (df - 1.0) * s.ln() - df * s * s / 2.0).exp()
        } else if df == 1.0 {
            constant.exp()
        } else {
            0.0
        };
        let inside = normal(critical * s - delta) - normal(-critical * s - delta);
        let weight = if i == 0 || i == POINTS { 1.0 } else { 2.0 + 2.0 * (i % 2) as f64 };
        kept += weight * density * inside;
    }
    1.0 - kept * step / 3.0
}

fn normal(x: f64) -> f64 {
    erfc(-x / std::f64::consts::SQRT_2) / 2.0
}
