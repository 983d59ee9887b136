//! mixup (Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018): a step trains on a weighted
//! mean of two batches.

use super::loader::Batches;
use super::loss::SegmentLoss;
use seraug_core::rng::{Draws, Seed};
use tch::Tensor;

/// A batch as the classifier sees it: one batch, or two of which the first has the share `share`.
#[derive(Debug)]
pub struct Mixed {
    /// Segments [batch, 1, frames, mels].
    pub x: Tensor,
    /// Classes of the first batch, int64 [batch].
    first: Tensor,
    /// Classes of the second, and the share of the first in [0, 1]; none without mixup.
    second: Option<(Tensor, f64)>,
}

impl Mixed {
    /// Batches that a step draws.
    pub fn batches(alpha: Option<f64>) -> usize {
        1 + usize::from(alpha.is_some())
    }

    /// The next batch; with mixup two, mixed by a share from Beta(alpha, alpha). `seed` is the step's.
    pub fn draw(batches: &mut Batches, alpha: Option<f64>, seed: Seed) -> Mixed {
        let (x, first) = batches.draw();
        match alpha {
            None => Mixed { x, first, second: None },
            Some(alpha) => {
                let share = beta(&mut seed.draws(), alpha);
                Mixed::of((x, first), batches.draw(), share)
            }
        }
    }

    /// `share` of the first of two batches of segments and classes, and 1 - `share` of the second.
    pub fn of((x, first): (Tensor, Tensor), (other, second): (Tensor, Tensor), share: f64) -> Mixed {
        Mixed { x: x * share + other * (1.0 - share), first, second: Some((second, share)) }
    }

    /// The loss of `logits` [batch, classes]; with mixup, that against each batch's classes by its
    /// share. Class weights count within each.
    pub fn loss(&self, logits: &Tensor, loss: &SegmentLoss) -> Tensor {
        let first = loss.of(logits, &self.first);
        match &self.second {
            None => first,
            Some((second, share)) => first * *share + loss.of(logits, second) * (1.0 - share),
        }
    }

    /// The classes of the batch with the larger share: what a prediction is right or wrong against.
    pub fn labels(&self) -> &Tensor {
        match &self.second {
            Some((second, share)) if *share < 0.5 => second,
            _ => &self.first,
        }
    }
}

/// A value of Beta(alpha, alpha), in [0, 1]: X / (X + Y) for X and Y from Gamma(alpha). By logarithms, as
/// both are 0 in floating point where alpha is small.
pub fn beta(draws: &mut Draws, alpha: f64) -> f64 {
    let (x, y) = (ln_gamma_variate(draws, alpha), ln_gamma_variate(draws, alpha));
    1.0 / (1.0 + (y - x).exp())
}

/// The logarithm of a value of Gamma(shape, 1), by Marsaglia and Tsang ("A simple method for generating gamma
/// variables", ACM TOMS 2000) at shape + 1, then brought down by a factor U^(1 / shape).
fn ln_gamma_variate(draws: &mut Draws, shape: f64) -> f64 {
    let boost = (1.0 - draws.uniform()).ln() / shape;
    let d = shape + 1.0 - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let normal = f64::from(draws.normal());
        let v = (1.0 + c * normal).powi(3);
        let u = 1.0 - draws.uniform();
        if v > 0.0 && u.ln() < 0.5 * normal * normal + d - d * v + d * v.ln() {
            return (d * v).ln() + boost;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moments of Beta(a, a): mean 1/2, variance 1 / (4 (2a + 1)), fourth central moment
    /// 3 / (16 (2a + 1) (2a + 3)).
    #[test]
    fn beta_has_the_moments_of_beta() {
        for alpha in [0.05, 0.2, 1.0, 4.0] {
            let mut draws = Seed::new(3).draws();
            let n = 100_000;
            let values: Vec<f64> = (0..n).map(|_| beta(&mut draws, alpha)).collect();
            assert!(values.iter().all(|v| (0.0..=1.0).contains(v)));
            let moment = |f: &dyn Fn(f64) -> f64| values.iter().map(|v| f(*v)).sum::<f64>() / f64::from(n);
            let second = 1.0 / (4.0 * (2.0 * alpha + 1.0));
            let fourth = 3.0 / (16.0 * (2.0 * alpha + 1.0) * (2.0 * alpha + 3.0));
            let near = |got: f64, wanted: f64, what: &str| {
                assert!((got - wanted).abs() < 0.02 * wanted, "alpha {alpha}, {what}: {got}, not {wanted}");
            };
            near(moment(&|v| v), 0.5, "mean");
            near(moment(&|v| (v - 0.5).powi(2)), second, "variance");
            near(moment(&|v| (v - 0.5).powi(4)), fourth, "fourth moment");
        }
    }

    #[test]
    fn extreme_shapes_stay_in_the_interval() {
        for alpha in [0.001, 1000.0] {
            let mut draws = Seed::new(1).draws();
            let values: Vec<f64> = (0..1000).map(|_| beta(&mut draws, alpha)).collect();
            let middle = values.iter().filter(|v| (0.4..0.6).contains(*v)).count();
            assert!(if alpha < 1.0 { middle < 10 } else { middle == 1000 }, "alpha {alpha}: {middle}");
        }
    }
}
