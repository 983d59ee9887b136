//! The maximum mean discrepancy of two sets (Gretton et al., JMLR 13, 2012).

use super::distances::{pairs, squared};
use super::measured::need;
use super::{MeasuredDiagnostic, Measurement, Point};
use seraug_core::rng::Seed;

/// Permutations that the p value is from.
const PERMUTATIONS: usize = 1000;

/// Unbiased MMD^2 with a Gaussian kernel exp(-d^2 / (2 m^2)), m the median distance of two points of both sets together. 0 in
/// the mean where both are draws of one distribution, which is also when it is below 0. p: the share of 1000 random divisions of
/// all points into sets of these sizes whose MMD^2 is at least as large, itself counted among them.
pub fn mmd(generated: &[Point], reference: &[Point], seed: Seed) -> Measurement {
    need("generated", generated.len(), 2)?;
    need("reference", reference.len(), 2)?;
    let all: Vec<Point> = [generated, reference].concat();
    let median = median(pairs(&all));
    if median <= 0.0 {
        return Err("half of all pairs of points are the same".into());
    }
    let gram = Gram::new(&all, 0.5 / (median * median));
    let mut order: Vec<usize> = (0..all.len()).collect();
    let value = gram.mmd2(&order[..generated.len()]);
    let mut draws = seed.draws();
    // Sums of the same division in another order differ in the last digits.
    let close = value - 1e-12;
    let above = (0..PERMUTATIONS).filter(|_| {
        draws.shuffle(&mut order);
        gram.mmd2(&order[..generated.len()]) >= close
    });
    let p = (above.count() + 1) as f64 / (PERMUTATIONS + 1) as f64;
    Ok(MeasuredDiagnostic { p: Some(p), ..MeasuredDiagnostic::of(value, generated.len())? })
}

/// The middle value, or the mean of the two middle ones; of at least one value.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 { values[half] } else { f64::midpoint(values[half - 1], values[half]) }
}

/// Kernel values of all pairs.
struct Gram {
    /// Row by row, 0 for a point with itself.
    values: Vec<f64>,
    rows: Vec<f64>,
    total: f64,
}

impl Gram {
    fn new(points: &[Point], gamma: f64) -> Gram {
        let n = points.len();
        let mut values = vec![0.0; n * n];
        for (i, a) in points.iter().enumerate() {
            for (j, b) in points.iter().enumerate().skip(i + 1) {
                let k = (-gamma * squared(a, b)).exp();
                (values[i * n + j], values[j * n + i]) = (k, k);
            }
        }
        let rows: Vec<f64> = values.chunks(n).map(|row| row.iter().sum()).collect();
        Gram { values, total: rows.iter().sum(), rows }
    }

    /// Unbiased MMD^2 between the points of `one` and all others, at least two of each.
    fn mmd2(&self, one: &[usize]) -> f64 {
        let n = self.rows.len();
        let (m, k) = (one.len() as f64, (n - one.len()) as f64);
        let within: f64 = one.iter().map(|&i| one.iter().map(|&j| self.values[i * n + j]).sum::<f64>()).sum();
        let of_one: f64 = one.iter().map(|&i| self.rows[i]).sum();
        let across = of_one - within;
        let others = self.total - within - 2.0 * across;
        within / (m * (m - 1.0)) + others / (k * (k - 1.0)) - 2.0 * across / (m * k)
    }
}
