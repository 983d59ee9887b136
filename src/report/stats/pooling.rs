//! One difference pooled over several corpora.

use super::{Effect, t_quantile};
use statrs::function::gamma::gamma_ur;

/// Halvings of an interval, after which its ends are neighbours in double precision.
const HALVINGS: usize = 200;

/// A difference pooled over corpora by a random-effects model: each corpus has a true difference of its own, drawn from a normal
/// distribution whose mean is estimated.
///
/// The corpora's standard errors are taken as known, and are themselves estimated, from 4 to 10 folds each. The weights are
/// therefore uncertain, and tau² takes up some of what is error of the standard errors; with few corpora, p values and intervals
/// are approximate.
#[derive(Debug, Clone, PartialEq)]
pub struct PooledEffect {
    /// The mean difference, its standard error (Hartung and Knapp, Statistics in Medicine 20, 2001), and one degree of freedom less
    /// than there are corpora. The standard error is never smaller than without Hartung and Knapp's factor (Knapp and Hartung,
    /// Statistics in Medicine 22, 2003): where corpora agree by chance more closely than their own errors allow, that factor alone
    /// would give an interval narrower than any error of theirs.
    pub effect: Effect,
    /// Hartung and Knapp's standard error without that limit; the two differ only where tau² is zero.
    pub unlimited_se: f64,
    /// Variance of the true differences between corpora, in squared points (Paule and Mandel, Journal of Research of the National
    /// Bureau of Standards 87, 1982).
    pub tau2: f64,
    /// Cochran's Q, of the hypothesis that all corpora have one true difference.
    pub q: f64,
    /// p of Q, from chi-squared.
    pub q_p: f64,
    /// I²: the share of the variation that is not error, in [0, 1], from Q (Higgins and Thompson, Statistics in Medicine 21, 2002).
    pub i2: f64,
    /// Weight of each corpus; they sum to 1.
    pub weights: Vec<f64>,
    /// 95 % prediction interval of the true difference in a new corpus of this kind, by t with two degrees of freedom less than
    /// there are corpora (Higgins, Thompson and Spiegelhalter, Journal of the Royal Statistical Society A 172, 2009). `None` for
    /// two corpora.
    pub prediction: Option<[f64; 2]>,
}

/// Pools the differences of several corpora. Values are those of `statsmodels`' `combine_effects(method_re="iterated")`.
///
/// `None` for fewer than two, and for a standard error that is not a number above zero. With two the interval has one degree of
/// freedom: 12.7 standard errors to either side.
pub fn pool(effects: &[Effect]) -> Option<PooledEffect> {
    let k = effects.len();
    if k < 2 || effects.iter().any(|e| !(e.se > 0.0 && e.se.is_finite() && e.estimate.is_finite())) {
        return None;
    }
    let df = (k - 1) as f64;
    let tau2 = paule_mandel(effects);
    let common = WeightedMean::of(effects, 0.0);
    let random = WeightedMean::of(effects, tau2);
    let unlimited_se = (random.squares / df / random.total).sqrt();
    let se = unlimited_se.max((1.0 / random.total).sqrt());
    let prediction = (k > 2).then(|| {
        let half = t_quantile(0.975, df - 1.0) * (tau2 + se * se).sqrt();
        [random.mean - half, random.mean + half]
    });
    Some(PooledEffect {
        effect: Effect { estimate: random.mean, se, df },
        unlimited_se,
        tau2,
        q: common.squares,
        q_p: if common.squares > 0.0 { gamma_ur(df / 2.0, common.squares / 2.0) } else { 1.0 },
        i2: if common.squares > df { 1.0 - df / common.squares } else { 0.0 },
        weights: effects.iter().map(|e| weight(e, tau2) / random.total).collect(),
        prediction,
    })
}

/// A mean weighted by the inverse of each variance.
struct WeightedMean {
    mean: f64,
    /// Sum of the weights.
    total: f64,
    /// Weighted sum of squared distances to the mean.
    squares: f64,
}

impl WeightedMean {
    fn of(effects: &[Effect], tau2: f64) -> WeightedMean {
        let total: f64 = effects.iter().map(|e| weight(e, tau2)).sum();
        let mean = effects.iter().map(|e| weight(e, tau2) / total * e.estimate).sum::<f64>();
        let squares = effects.iter().map(|e| weight(e, tau2) * (e.estimate - mean).powi(2)).sum();
        WeightedMean { mean, total, squares }
    }
}

fn weight(effect: &Effect, tau2: f64) -> f64 {
    1.0 / (effect.se * effect.se + tau2)
}

/// The variance at which the weighted squares are as many as there are degrees of freedom; 0 where they are fewer without any.
fn paule_mandel(effects: &[Effect]) -> f64 {
    let df = (effects.len() - 1) as f64;
    let beyond = |tau2: f64| WeightedMean::of(effects, tau2).squares > df;
    if !beyond(0.0) {
        return 0.0;
    }
    // The weighted squares fall with the variance, and are at most the spread over it.
    let ends = effects.iter().map(|e| e.estimate);
    let spread = ends.clone().fold(f64::MIN, f64::max) - ends.fold(f64::MAX, f64::min);
    let (mut low, mut high) = (0.0, effects.len() as f64 * spread * spread);
    for _ in 0..HALVINGS {
        let middle = low + (high - low) / 2.0;
        if beyond(middle) { low = middle } else { high = middle }
    }
    low + (high - low) / 2.0
}
