//! Measures of a map, as scikit-learn computes them (tests/golden/embedding).

use super::points::{Point, PointKind};

/// Squared Euclidean distances, [n, n].
pub fn squared_distances<P: AsRef<[f64]>>(points: &[P]) -> Vec<f64> {
    let square = |a: &[f64], b: &[f64]| std::iter::zip(a, b).map(|(x, y)| (x - y) * (x - y)).sum();
    let row = |a: &P| -> Vec<f64> { points.iter().map(|b| square(a.as_ref(), b.as_ref())).collect() };
    points.iter().flat_map(row).collect()
}

/// The symmetric joint probabilities P of t-SNE, [n, n], with sum 1: the Gaussian around each point has the given perplexity.
/// `squared` holds the squared distances of `n` points, which must not all be equal.
pub fn joint_probabilities(squared: &[f64], n: usize, perplexity: f64) -> Vec<f64> {
    let mut p = vec![0.0; n * n];
    for i in 0..n {
        let row = gaussian(&squared[i * n..(i + 1) * n], i, perplexity.ln());
        p[i * n..(i + 1) * n].copy_from_slice(&row);
    }
    let mut joint = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            joint[i * n + j] = (p[i * n + j] + p[j * n + i]) / (2 * n) as f64;
        }
    }
    joint
}

/// The probabilities of the neighbours of point `i`, with a width at which their entropy is `wanted` nats.
fn gaussian(squared: &[f64], i: usize, wanted: f64) -> Vec<f64> {
    let others = || (0..squared.len()).filter(|&j| j != i);
    // The nearest has weight 1, so that the sum is never 0.
    let least = others().map(|j| squared[j]).fold(f64::INFINITY, f64::min);
    let (mut beta, mut low, mut high) = (1.0, 0.0, f64::INFINITY);
    let mut row = vec![0.0; squared.len()];
    for _ in 0..200 {
        let mut sum = 0.0;
        for j in others() {
            row[j] = (-beta * (squared[j] - least)).exp();
            sum += row[j];
        }
        row.iter_mut().for_each(|p| *p /= sum);
        let entropy: f64 = -row.iter().filter(|p| **p > 0.0).map(|p| p * p.ln()).sum::<f64>();
        if (entropy - wanted).abs() < 1e-12 {
            break;
        }
        // A narrower Gaussian has less entropy.
        if entropy > wanted {
            low = beta;
            beta = if high.is_finite() { f64::midpoint(beta, high) } else { 2.0 * beta };
        } else {
            high = beta;
            beta = f64::midpoint(beta, low);
        }
    }
    row
}

/// Kullback-Leibler divergence of the map's Student-t neighbourhoods from `joint`, nats: what t-SNE minimises.
pub fn divergence(joint: &[f64], map: &[[f64; 2]]) -> f64 {
    let n = map.len();
    let mut weights: Vec<f64> = squared_distances(map).iter().map(|d| 1.0 / (1.0 + d)).collect();
    (0..n).for_each(|i| weights[i * n + i] = 0.0);
    let sum: f64 = weights.iter().sum();
    let pairs = std::iter::zip(joint, &weights).filter(|(p, w)| **p > 0.0 && **w > 0.0);
    pairs.map(|(p, w)| p * (p * sum / w).ln()).sum()
}

/// Trustworthiness of a map (Venna and Kaski, 2001), in [0, 1]: 1 where the `k` nearest of each point in the map are its
/// `k` nearest in `high`, the squared distances. More than 2 `k` points.
pub fn trustworthiness(high: &[f64], map: &[[f64; 2]], k: usize) -> f64 {
    let (n, low) = (map.len(), squared_distances(map));
    let mut penalty = 0.0;
    for i in 0..n {
        let order = nearest(high, n, i, |_| true);
        let mut rank = vec![0; n];
        order.iter().enumerate().for_each(|(r, &j)| rank[j] = r + 1);
        for j in nearest(&low, n, i, |_| true).into_iter().take(k) {
            penalty += rank[j].saturating_sub(k) as f64;
        }
    }
    let (n, k) = (n as f64, k as f64);
    1.0 - penalty * 2.0 / (n * k * (2.0 * n - 3.0 * k - 1.0))
}

/// The points other than `i` for which `wanted` holds, nearest first.
fn nearest(squared: &[f64], n: usize, i: usize, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
    let row = &squared[i * n..(i + 1) * n];
    let mut order: Vec<usize> = (0..n).filter(|&j| j != i && wanted(j)).collect();
    order.sort_by(|&a, &b| row[a].total_cmp(&row[b]));
    order
}

/// Mean silhouette (Rousseeuw, 1987) of points by class, in [-1, 1]: above 0, points are nearer to their own class than to
/// the next. `None` where fewer than two classes have points.
pub fn silhouette(squared: &[f64], classes: &[usize]) -> Option<f64> {
    let n = classes.len();
    let count = classes.iter().max().map_or(0, |m| m + 1);
    let mut sizes = vec![0usize; count];
    classes.iter().for_each(|&c| sizes[c] += 1);
    if sizes.iter().filter(|&&s| s > 0).count() < 2 {
        return None;
    }
    let of = |i: usize| {
        let mut sums = vec![0.0; count];
        (0..n).for_each(|j| sums[classes[j]] += squared[i * n + j].sqrt());
        let own = classes[i];
        if sizes[own] == 1 {
            return 0.0;
        }
        let within = sums[own] / (sizes[own] - 1) as f64;
        let others = (0..count).filter(|&c| c != own && sizes[c] > 0);
        let next = others.map(|c| sums[c] / sizes[c] as f64).fold(f64::INFINITY, f64::min);
        let larger = within.max(next);
        if larger > 0.0 { (next - within) / larger } else { 0.0 }
    };
    Some((0..n).map(of).sum::<f64>() / n as f64)
}

/// Share of the points of `kind` whose class is that of most of their `k` nearest originals, a tie being the nearest's; the
/// original that a point was made from, or is, does not count. `None` without such points or without originals.
pub fn neighbours(points: &[Point], squared: &[f64], kind: PointKind, k: usize) -> Option<f64> {
    let n = points.len();
    let (mut right, mut all) = (0u32, 0u32);
    for i in (0..n).filter(|&i| points[i].kind == kind) {
        let counts =
            |j: usize| points[j].kind == PointKind::Original && points[j].utterance != points[i].utterance;
        let mut found = nearest(squared, n, i, counts);
        found.truncate(k);
        let votes = |c: usize| found.iter().filter(|&&j| points[j].class == c).count();
        let most = found.iter().map(|&j| votes(points[j].class)).max()?;
        let winner = found.iter().map(|&j| points[j].class).find(|&c| votes(c) == most)?;
        right += u32::from(winner == points[i].class);
        all += 1;
    }
    (all > 0).then(|| f64::from(right) / f64::from(all))
}
