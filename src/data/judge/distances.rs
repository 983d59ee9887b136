//! Euclidean distances, and how far the points of a set lie apart.

use super::measured::need;
use super::{MeasuredDiagnostic, Measurement, Point};

/// The Euclidean distance.
pub(super) fn distance(a: &[f64], b: &[f64]) -> f64 {
    squared(a, b).sqrt()
}

/// The squared Euclidean distance.
pub(super) fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// Distances of all pairs of a set, the first with the second, the first with the third, and so on.
pub(super) fn pairs(points: &[Point]) -> Vec<f64> {
    let of = |(i, a): (usize, &Point)| points[i + 1..].iter().map(|b| distance(a, b)).collect::<Vec<_>>();
    points.iter().enumerate().flat_map(of).collect()
}

/// The mean distance of two generated points over that of two reference points: near 0 where a generator makes one thing.
pub fn spread(generated: &[Point], reference: &[Point]) -> Measurement {
    need("generated", generated.len(), 2)?;
    need("reference", reference.len(), 2)?;
    let [ours, theirs] = [generated, reference].map(|set| mean(&pairs(set)));
    if theirs <= 0.0 {
        return Err("all reference points are the same".into());
    }
    MeasuredDiagnostic::of(ours / theirs, generated.len())
}

/// The mean distance of two copies of one source over that of two points of different sources; `sources` names the source of
/// each point. 0 where the copies of a source are one and the same, near 1 where a sample does not depend on its source.
pub fn copy_spread(generated: &[Point], sources: &[usize]) -> Measurement {
    need("generated", generated.len(), 2)?;
    let (mut within, mut between) = (Vec::new(), Vec::new());
    for (i, a) in generated.iter().enumerate() {
        for (j, b) in generated.iter().enumerate().skip(i + 1) {
            let side = if sources[i] == sources[j] { &mut within } else { &mut between };
            side.push(distance(a, b));
        }
    }
    if within.is_empty() {
        return Err("no source has two copies".into());
    }
    if between.is_empty() || mean(&between) <= 0.0 {
        return Err("no two different points of different sources".into());
    }
    MeasuredDiagnostic::of(mean(&within) / mean(&between), generated.len())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_a_source_are_alike() {
        let points = [vec![0.0], vec![0.0], vec![3.0], vec![3.0]];
        assert_eq!(copy_spread(&points, &[0, 0, 1, 1]).unwrap().value, 0.0);
        // Pairs of one source: 0 to 3, twice; of different ones: 0, 0, 3, 3.
        assert_eq!(copy_spread(&points, &[0, 1, 0, 1]).unwrap().value, 2.0);
        assert!(copy_spread(&points, &[0, 1, 2, 3]).unwrap_err().contains("no source has two copies"));
        assert!(copy_spread(&points[..2], &[0, 0]).unwrap_err().contains("different sources"));
    }
}
