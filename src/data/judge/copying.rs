//! Are samples copies of what the generator was trained on? (Meehan, Chaudhuri and Dasgupta, AISTATS 2020.)

use super::distances::distance;
use super::k_means::Cells;
use super::measured::need;
use super::{MeasuredDiagnostic, Measurement, Point};
use seraug_core::rng::Seed;
use statrs::function::erf::erfc;

/// Training points that a cell is to have; there are three to five cells.
const A_CELL: usize = 10;

/// The z of a Mann-Whitney test of the distances from each point to the nearest training point, generated against reference: far
/// below 0 where generated points are nearer to the training data than other real utterances are, which is copying; far above 0 where
/// they lie off the data; p is two-sided. The test is made in each of three to five k-means cells of the training points and pooled as
/// (sum of U - E[U]) / sqrt(sum of its variances), so that z keeps a variance of 1; the paper averages the z of its cells.
pub fn copying(generated: &[Point], reference: &[Point], training: &[Point], seed: Seed) -> Measurement {
    need("training", training.len(), 2)?;
    need("generated", generated.len(), 2)?;
    need("reference", reference.len(), 2)?;
    test(
        &generated.iter().map(|p| nearest(p, training)).collect::<Vec<_>>(),
        generated,
        reference,
        training,
        seed,
    )
}

/// As [`copying`] with the training points themselves as the generated ones, each to the nearest other: what real utterances
/// of the kept part come to.
pub fn copying_of_training(training: &[Point], reference: &[Point], seed: Seed) -> Measurement {
    need("training", training.len(), 3)?;
    need("reference", reference.len(), 2)?;
    let nearest = |(i, p): (usize, &Point)| {
        let others = training.iter().enumerate().filter(|(j, _)| *j != i);
        others.map(|(_, t)| distance(p, t)).fold(f64::INFINITY, f64::min)
    };
    let far: Vec<f64> = training.iter().enumerate().map(nearest).collect();
    test(&far, training, reference, training, seed)
}

/// `far` has the distance of each of `points`.
fn test(far: &[f64], points: &[Point], reference: &[Point], training: &[Point], seed: Seed) -> Measurement {
    let cells = Cells::of(training, (training.len() / A_CELL).clamp(3, 5), seed);
    let ours: Vec<_> = points.iter().zip(far).map(|(p, far)| (cells.cell(p), *far)).collect();
    let theirs: Vec<_> = reference.iter().map(|p| (cells.cell(p), nearest(p, training))).collect();
    let z = pooled(&ours, &theirs, cells.count()).ok_or("no cell has different distances of both sets")?;
    let p = erfc(z.abs() / std::f64::consts::SQRT_2);
    Ok(MeasuredDiagnostic { p: Some(p), ..MeasuredDiagnostic::of(z, points.len())? })
}

fn nearest(point: &Point, training: &[Point]) -> f64 {
    training.iter().map(|t| distance(point, t)).fold(f64::INFINITY, f64::min)
}

/// The pooled z of (cell, distance) of both sets, ties corrected; none where no cell has a variance.
pub(super) fn pooled(ours: &[(usize, f64)], theirs: &[(usize, f64)], cells: usize) -> Option<f64> {
    let (mut off, mut variance) = (0.0, 0.0);
    for cell in 0..cells {
        let of =
            |set: &[(usize, f64)]| -> Vec<f64> { set.iter().filter(|s| s.0 == cell).map(|s| s.1).collect() };
        let (x, y) = (of(ours), of(theirs));
        let (n, m) = (x.len() as f64, y.len() as f64);
        let wins = |a: &f64| -> f64 {
            y.iter()
                .map(|b| {
                    if a > b {
                        1.0
                    } else if a == b {
                        0.5
                    } else {
                        0.0
                    }
                })
                .sum()
        };
        let u: f64 = x.iter().map(wins).sum();
        let all = n + m;
        let mut sorted = [x, y].concat();
        sorted.sort_by(f64::total_cmp);
        let ties: f64 =
            sorted.chunk_by(|a, b| a == b).map(|t| (t.len() as f64).powi(3) - t.len() as f64).sum();
        if all < 2.0 {
            continue;
        }
        off += u - n * m / 2.0;
        variance += n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    }
    (variance > 1e-9).then(|| off / variance.sqrt())
}
