//! A linear mixed model of paired differences by speaker and seed, where every speaker has every seed.

use super::{t_quantile, t_two_sided};

/// `difference[speaker, seed] = mean + speaker + seed + error`, fitted by restricted maximum likelihood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MixedModel {
    /// The mean difference.
    pub mean: f64,
    /// Its standard error.
    pub se: f64,
    /// Degrees of freedom of `se` (Satterthwaite, Biometrics Bulletin 2, 1946).
    pub df: f64,
    /// Two-sided p value of the mean against zero.
    pub p: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
    /// Variance of the speakers, of the seeds and of what is left.
    pub variances: [f64; 3],
}

/// A mean square of the analysis of variance, and its degrees of freedom.
#[derive(Clone, Copy)]
struct MeanSquare {
    value: f64,
    df: f64,
}

/// Fits the model to `differences[speaker][seed]`. With every speaker and seed, the restricted likelihood is that of three mean squares,
/// so its maximum is known: the estimates of the analysis of variance, where a variance would be negative the mean square of that
/// factor pooled with that of the error. The standard error is a sum of mean squares, whose degrees of freedom are
/// Satterthwaite's; with one seed, the test is the paired t-test over speakers.
///
/// `None` for fewer than two speakers, speakers of unlike numbers of seeds, and differences without variance.
pub fn mixed_model(differences: &[Vec<f64>]) -> Option<MixedModel> {
    let (rows, columns) = (differences.len(), differences.first()?.len());
    if rows < 2 || columns == 0 || differences.iter().any(|row| row.len() != columns) {
        return None;
    }
    let (s, r) = (rows as f64, columns as f64);
    let mean = differences.iter().flatten().sum::<f64>() / (s * r);
    let of_rows: Vec<f64> = differences.iter().map(|row| row.iter().sum::<f64>() / r).collect();
    let of_columns: Vec<f64> =
        (0..columns).map(|j| differences.iter().map(|row| row[j]).sum::<f64>() / s).collect();
    let around = |values: &[f64]| values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    let all = differences.iter().flatten().map(|v| (v - mean).powi(2)).sum::<f64>();
    let (of_speakers, of_seeds) = (r * around(&of_rows), s * around(&of_columns));
    let speakers = MeanSquare { value: of_speakers / (s - 1.0), df: s - 1.0 };
    if columns == 1 {
        return test(mean, &[(1.0 / s, speakers)], [speakers.value, 0.0, 0.0]);
    }
    let df = (s - 1.0) * (r - 1.0);
    let error = MeanSquare { value: (all - of_speakers - of_seeds).max(0.0) / df, df };
    let seeds = MeanSquare { value: of_seeds / (r - 1.0), df: r - 1.0 };
    let pooled = |a: MeanSquare, b: MeanSquare| MeanSquare {
        value: (a.value * a.df + b.value * b.df) / (a.df + b.df),
        df: a.df + b.df,
    };
    // The smaller of the two factors is pooled first, and the other only if it lies below the result.
    let (mut error, mut with_speakers, mut with_seeds) = (error, true, true);
    for _ in 0..2 {
        let speakers_first = with_speakers && (!with_seeds || speakers.value <= seeds.value);
        if speakers_first && speakers.value <= error.value {
            (error, with_speakers) = (pooled(error, speakers), false);
        } else if with_seeds && seeds.value <= error.value {
            (error, with_seeds) = (pooled(error, seeds), false);
        }
    }
    let mut parts = vec![(1.0 / (s * r), error)];
    let mut variances = [0.0, 0.0, error.value];
    for (i, part, present, repeats) in [(0, speakers, with_speakers, r), (1, seeds, with_seeds, s)] {
        if present {
            variances[i] = (part.value - error.value) / repeats;
            parts.push((1.0 / (s * r), part));
            parts.push((-1.0 / (s * r), error));
        }
    }
    test(mean, &merged(&parts), variances)
}

/// The parts of the variance of the mean, with those of one mean square as one: it cannot vary apart from itself.
fn merged(parts: &[(f64, MeanSquare)]) -> Vec<(f64, MeanSquare)> {
    let mut out: Vec<(f64, MeanSquare)> = Vec::new();
    for &(factor, part) in parts {
        match out.iter_mut().find(|(_, m)| m.value == part.value && m.df == part.df) {
            Some(same) => same.0 += factor,
            None => out.push((factor, part)),
        }
    }
    out
}

fn test(mean: f64, parts: &[(f64, MeanSquare)], variances: [f64; 3]) -> Option<MixedModel> {
    let variance: f64 = parts.iter().map(|(factor, part)| factor * part.value).sum();
    let uncertainty: f64 = parts.iter().map(|(factor, part)| (factor * part.value).powi(2) / part.df).sum();
    if variance.is_nan() || variance <= 1e-24 || uncertainty <= 0.0 {
        return None;
    }
    let (se, df) = (variance.sqrt(), variance * variance / uncertainty);
    let half = t_quantile(0.975, df) * se;
    let p = t_two_sided(mean / se, df);
    Some(MixedModel { mean, se, df, p, low: mean - half, high: mean + half, variances })
}
