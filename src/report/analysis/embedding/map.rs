//! t-SNE (van der Maaten and Hinton, 2008), exact: the approximation of Barnes and Hut is not repeatable.

use linfa::traits::Transformer;
use linfa_tsne::TSneParams;
use ndarray::Array2;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use seraug_core::error::{Error, Result};
use seraug_core::rng::Seed;

/// Perplexity of a map with enough points; scikit-learn's default.
pub const PERPLEXITY: f64 = 30.0;
/// Gradient steps of t-SNE.
pub const ITERATIONS: usize = 1000;
/// Of [`ITERATIONS`], the first steps, in which P is multiplied by 12.
pub const EXAGGERATED: usize = 250;

/// [`PERPLEXITY`], or a third of the neighbours of a point where that is less.
pub fn perplexity(points: usize) -> f64 {
    PERPLEXITY.min(points.saturating_sub(1) as f64 / 3.0)
}

/// A place in the plane for each of `points`, turned so that the map is longer along its first axis; `None` where all points
/// are equal. All points have the same length of at least 2. The same points and seed give the same map.
///
/// # Errors
/// Fewer than four points.
pub fn map(points: &[&[f64]], seed: Seed) -> Result<Option<Vec<[f64; 2]>>> {
    if points.iter().all(|p| p == &points[0]) {
        return Ok(None);
    }
    let failed = |e: &dyn std::fmt::Display| Error::failed(format!("t-SNE of {} points: {e}", points.len()));
    let flat: Vec<f64> = points.iter().flat_map(|p| p.iter().copied()).collect();
    let data = Array2::from_shape_vec((points.len(), points[0].len()), flat).map_err(|e| failed(&e))?;
    let mut draws = seed.draws();
    let start = u64::from(draws.bits()) << 32 | u64::from(draws.bits());
    let places = TSneParams::embedding_size_with_rng(2, SmallRng::seed_from_u64(start))
        .perplexity(perplexity(points.len()))
        .approx_threshold(0.0)
        .max_iter(ITERATIONS)
        .preliminary_iter(EXAGGERATED)
        .transform(data)
        .map_err(|e| failed(&e))?;
    Ok(Some(turned(places.rows().into_iter().map(|row| [row[0], row[1]]).collect())))
}

/// Turned about the mean so that the places vary most along the first axis, which changes no distance.
fn turned(places: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    let n = places.len().max(1) as f64;
    let mean = [0, 1].map(|d| places.iter().map(|p| p[d]).sum::<f64>() / n);
    let of = |a: usize, b: usize| places.iter().map(|p| (p[a] - mean[a]) * (p[b] - mean[b])).sum::<f64>();
    let (sin, cos) = (0.5 * (2.0 * of(0, 1)).atan2(of(0, 0) - of(1, 1))).sin_cos();
    let turn = |p: [f64; 2]| {
        let [x, y] = [p[0] - mean[0], p[1] - mean[1]];
        [cos * x + sin * y, cos * y - sin * x]
    };
    places.into_iter().map(turn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_turned_to_lie_on_their_longer_side() {
        let line: Vec<[f64; 2]> =
            (0..5).map(|i| [1.0 + 3.0 * f64::from(i), 7.0 - 4.0 * f64::from(i)]).collect();
        for (i, [x, y]) in turned(line).into_iter().enumerate() {
            assert!((x.abs() - 5.0 * (i as f64 - 2.0).abs()).abs() < 1e-9 && y.abs() < 1e-9, "{x} {y}");
        }
    }

    #[test]
    fn a_map_is_repeatable_and_there_is_none_of_one_place() {
        let points: Vec<Vec<f64>> = (0..40)
            .map(|i| (0..3).map(|d| f64::from((i * 7 + d * 5) % 11 + i / 20 * 30)).collect())
            .collect();
        let rows: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
        let seed = Seed::new(1);
        let once = map(&rows, seed).unwrap().unwrap();
        assert_eq!(map(&rows, seed).unwrap().unwrap(), once);
        assert_ne!(map(&rows, Seed::new(2)).unwrap().unwrap(), once);
        assert!(once.iter().flatten().all(|v| v.is_finite()));
        assert_eq!(map(&[&[0.5, 1.0][..]; 12], seed).unwrap(), None);
        assert_eq!((perplexity(480), perplexity(31), perplexity(0)), (30.0, 10.0, 0.0));
    }
}
