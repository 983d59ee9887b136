//! Mean and 95 % interval of a few independent values, such as those of the folds.

use super::t_quantile;
use std::fmt;

/// A mean and the half-width of its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Arithmetic mean of the values.
    pub mean: f64,
    /// Half-width of the interval; `None` for a single value.
    pub half: Option<f64>,
    /// Number of values.
    pub n: usize,
}

impl fmt::Display for Interval {
    /// `54.2 ± 3.8`, with as many decimals as the format asks for, one by default.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mean, digits) = (self.mean, f.precision().unwrap_or(1));
        match self.half {
            Some(half) => write!(f, "{mean:.digits$} ± {half:.digits$}"),
            None => write!(f, "{mean:.digits$}"),
        }
    }
}

/// Student's t interval of the mean of `values`; `None` without any value.
pub fn mean_interval(values: &[f64]) -> Option<Interval> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let half = (n > 1).then(|| {
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
        t_quantile(0.975, (n - 1) as f64) * (variance / n as f64).sqrt()
    });
    Some(Interval { mean, half, n })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy.stats.t.interval(0.95, 4, loc=mean, scale=sem) of the same values: 54.23 +- 3.7640.
    #[test]
    fn agrees_with_scipy() {
        let i = mean_interval(&[50.0, 53.0, 58.0, 56.0, 54.15]).unwrap();
        assert!((i.mean - 54.23).abs() < 1e-12);
        assert!((i.half.unwrap() - 3.764_003_6).abs() < 1e-7, "{i:?}");
        assert_eq!(mean_interval(&[1.0]).unwrap().half, None);
        assert_eq!(mean_interval(&[]), None);
    }
}
