//! Can samples be told from real ones? Two-sample tests by classifiers (Lopez-Paz and Oquab, ICLR 2017).

use super::distances::squared;
use super::measured::need;
use super::{LogisticRegression, MeasuredDiagnostic, Measurement, Point};
use seraug_core::rng::Seed;

/// Folds of [`classifier_test`].
const FOLDS: usize = 5;

/// Accuracy, in [0, 1], of a logistic regression that tells generated from reference points, tested on what it was not fitted on, in
/// five folds that each hold a fifth of both sets. 0.5 where they cannot be told apart, if the sets are of one size.
pub fn classifier_test(generated: &[Point], reference: &[Point], seed: Seed) -> Measurement {
    need("generated", generated.len(), FOLDS)?;
    need("reference", reference.len(), FOLDS)?;
    let points: Vec<Point> = [generated, reference].concat();
    let labels: Vec<usize> = (0..points.len()).map(|i| usize::from(i < generated.len())).collect();
    let deal = |name: &str, n: usize| -> Vec<usize> {
        let mut folds: Vec<usize> = (0..n).map(|i| i % FOLDS).collect();
        seed.child(name).draws().shuffle(&mut folds);
        folds
    };
    let folds = [deal("generated", generated.len()), deal("reference", reference.len())].concat();
    MeasuredDiagnostic::of(cross_validated(&points, &labels, &folds), generated.len())
}

/// Accuracy over all points, each by a regression on the points of the other folds.
pub(super) fn cross_validated(points: &[Point], labels: &[usize], folds: &[usize]) -> f64 {
    let mut hits = 0;
    for fold in 0..FOLDS {
        let side = |is: bool| -> (Vec<Point>, Vec<usize>) {
            let chosen = (0..points.len()).filter(|&i| (folds[i] == fold) == is);
            chosen.map(|i| (points[i].clone(), labels[i])).unzip()
        };
        let ((train, of_train), (test, of_test)) = (side(false), side(true));
        let fitted = LogisticRegression::fit(&train, &of_train, 2, false);
        hits += test.iter().zip(&of_test).filter(|(x, y)| fitted.class(x) == **y).count();
    }
    hits as f64 / points.len() as f64
}

/// Leave-one-out accuracy, in [0, 1], of the class of the nearest other point: near 1 where generated points lie among themselves,
/// 0.5 where both sets are alike and of one size, near 0 where each lies beside a point of the other set that it is a copy of. Of
/// several nearest ones each counts its part.
pub fn neighbour_test(generated: &[Point], other: &[Point]) -> Measurement {
    need("generated", generated.len(), 2)?;
    need("other", other.len(), 2)?;
    let all: Vec<&Point> = generated.iter().chain(other).collect();
    let is_ours = |i: usize| i < generated.len();
    let mut sum = 0.0;
    for (i, x) in all.iter().enumerate() {
        let (mut nearest, mut same, mut tied) = (f64::INFINITY, 0usize, 0usize);
        for (j, y) in all.iter().enumerate().filter(|(j, _)| *j != i) {
            let d = squared(x, y);
            if d < nearest {
                (nearest, same, tied) = (d, 0, 0);
            }
            if d == nearest {
                tied += 1;
                same += usize::from(is_ours(i) == is_ours(j));
            }
        }
        sum += same as f64 / tied.max(1) as f64;
    }
    MeasuredDiagnostic::of(sum / all.len() as f64, generated.len())
}
