//! A normal distribution of codes for each class.

use seraug_core::spec::Covariance;
use tch::Tensor;

/// What is added to a covariance's diagonal, as a share of its mean variance, so that it has a Cholesky factor.
const JITTER: f64 = 1e-4;

/// N(mu_c, S_c) of each class c, as mean and Cholesky factor. Computed on the host in double.
#[derive(Debug, Clone)]
pub struct ClassGaussians {
    /// mu_c, [classes][latent].
    pub means: Vec<Vec<f64>>,
    /// Lower triangular L_c, row by row, with L_c L_c' = S_c plus the jitter.
    pub factors: Vec<Vec<f64>>,
    /// Codes of each class.
    pub counts: Vec<usize>,
    /// The share of the covariance within all classes.
    pub shares: Vec<f64>,
}

impl ClassGaussians {
    /// Of `codes`, each of the class in `labels`, which is below `classes`. Covariances are over n - 1, zero for a class of one
    /// code; that within all classes is the sum of their scatters over N - C, C being the classes that have a code.
    pub fn fit(
        codes: &[Vec<f64>],
        labels: &[usize],
        classes: usize,
        covariance: Covariance,
    ) -> ClassGaussians {
        let d = codes.first().map_or(0, Vec::len);
        let mut counts = vec![0usize; classes];
        let mut means = vec![vec![0.0; d]; classes];
        for (code, &c) in codes.iter().zip(labels) {
            counts[c] += 1;
            means[c].iter_mut().zip(code).for_each(|(m, v)| *m += v);
        }
        for (mean, &n) in means.iter_mut().zip(&counts) {
            mean.iter_mut().for_each(|m| *m /= n.max(1) as f64);
        }
        let mut scatters = vec![vec![0.0; d * d]; classes];
        for (code, &c) in codes.iter().zip(labels) {
            let off: Vec<f64> = code.iter().zip(&means[c]).map(|(v, m)| v - m).collect();
            for i in 0..d {
                for j in 0..=i {
                    scatters[c][i * d + j] += off[i] * off[j];
                }
            }
        }
        let there = counts.iter().filter(|&&n| n > 0).count();
        let free = codes.len().saturating_sub(there).max(1) as f64;
        let pooled: Vec<f64> =
            (0..d * d).map(|at| scatters.iter().map(|s| s[at]).sum::<f64>() / free).collect();
        let share = |n: usize| match covariance {
            Covariance::Class => 0.0,
            Covariance::Shrunk => d as f64 / (d + n).max(1) as f64,
            Covariance::Pooled => 1.0,
        };
        let shares: Vec<f64> = counts.iter().map(|&n| share(n)).collect();
        let factor = |c: usize| {
            let (a, own) = (shares[c], counts[c].saturating_sub(1).max(1) as f64);
            let mixed: Vec<f64> =
                scatters[c].iter().zip(&pooled).map(|(s, p)| (1.0 - a) * s / own + a * p).collect();
            cholesky(mixed, d)
        };
        let factors = (0..classes).map(factor).collect();
        ClassGaussians { means, factors, counts, shares }
    }

    /// On `device`: means [classes, latent] and factors [classes, latent, latent].
    pub fn tensors(&self, device: tch::Device) -> [Tensor; 2] {
        let (classes, d) = (self.means.len() as i64, self.means.first().map_or(0, Vec::len) as i64);
        let of = |rows: &[Vec<f64>], shape: &[i64]| {
            let flat: Vec<f32> = rows.iter().flatten().map(|v| *v as f32).collect();
            crate::torch::upload::upload(&flat, device).view(shape)
        };
        [of(&self.means, &[classes, d]), of(&self.factors, &[classes, d, d])]
    }
}

/// The lower triangular factor of a symmetric `matrix` (its lower triangle, row by row), to whose diagonal the jitter is added;
/// of one that is zero, zero.
fn cholesky(mut matrix: Vec<f64>, d: usize) -> Vec<f64> {
    let jitter = JITTER * (0..d).map(|i| matrix[i * d + i]).sum::<f64>() / d.max(1) as f64;
    for i in 0..d {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| matrix[i * d + k] * matrix[j * d + k]).sum();
            let value = matrix[i * d + j] - known;
            matrix[i * d + j] = if i == j {
                (value + jitter).max(0.0).sqrt()
            } else if matrix[j * d + j] > 0.0 {
                value / matrix[j * d + j]
            } else {
                0.0
            };
        }
    }
    matrix
}

/// Codes drawn with standard normal `noise` [batch, latent] for `classes` (int64 [batch]) from the tensors of
/// [`ClassGaussians::tensors`].
pub fn draw([means, factors]: &[Tensor; 2], classes: &Tensor, noise: &Tensor) -> Tensor {
    let spread = factors.index_select(0, classes).bmm(&noise.unsqueeze(2)).squeeze_dim(2);
    means.index_select(0, classes) + spread
}

/// The share of codes whose nearest class mean, theirs computed without them, is that of their own class; none of fewer than two
/// classes. Near 1 / C the distributions of the classes are one, and the class of a sample comes from nothing.
pub fn nearest_mean_accuracy(codes: &[Vec<f64>], labels: &[usize], classes: usize) -> Option<f64> {
    let d = codes.first()?.len();
    let mut sums = vec![vec![0.0; d]; classes];
    let mut counts = vec![0usize; classes];
    for (code, &c) in codes.iter().zip(labels) {
        counts[c] += 1;
        sums[c].iter_mut().zip(code).for_each(|(s, v)| *s += v);
    }
    if counts.iter().filter(|&&n| n > 0).count() < 2 {
        return None;
    }
    let squared = |code: &[f64], own: usize, c: usize| -> Option<f64> {
        let n = counts[c] - usize::from(own == c);
        let mean = |s: f64, v: f64| (s - if own == c { v } else { 0.0 }) / n as f64;
        (n > 0).then(|| code.iter().zip(&sums[c]).map(|(v, s)| (v - mean(*s, *v)).powi(2)).sum())
    };
    let right = codes.iter().zip(labels).filter(|(code, own)| {
        let near = (0..classes).filter_map(|c| Some((squared(code, **own, c)?, c)));
        near.min_by(|a, b| a.0.total_cmp(&b.0)).is_some_and(|(_, c)| c == **own)
    });
    Some(right.count() as f64 / codes.len() as f64)
}
