//! Linear power from mel power: non-negative least squares, frame by frame.

use crate::audio::mel::Filter;

/// Multiplicative updates of a frame.
const UPDATES: usize = 300;

/// Mel filters as a matrix A [mels, bins], and what solving by it needs.
pub(super) struct FilterBank {
    filters: Vec<Filter>,
    bins: usize,
    /// Sum of each filter's weights, which is above 0.
    weights: Vec<f64>,
}

impl FilterBank {
    /// `filters` over so many bins. One without a weight, which falls between two bins, says nothing of any.
    pub(super) fn new(filters: Vec<Filter>, bins: usize) -> FilterBank {
        let weights = filters.iter().map(|f| f.weights.iter().sum::<f64>().max(f64::MIN_POSITIVE)).collect();
        FilterBank { filters, bins, weights }
    }

    /// x >= 0 that nearly minimises |A x - power|², by the updates of Lee and Seung (NIPS 2000): x times A'b / A'Ax. It begins with
    /// what each filter hears spread over its bins, so that bins which no filter tells apart stay alike. Bins that no filter covers
    /// are 0.
    pub(super) fn solve(&self, power: &[f64]) -> Vec<f64> {
        let spread: Vec<f64> = power.iter().zip(&self.weights).map(|(p, w)| p / w).collect();
        let mut x = self.transposed(&spread);
        let wanted = self.transposed(power);
        for _ in 0..UPDATES {
            let have = self.transposed(&self.heard(&x));
            for ((x, wanted), have) in x.iter_mut().zip(&wanted).zip(&have) {
                *x *= if *have > 0.0 { wanted / have } else { 0.0 };
            }
        }
        x
    }

    /// A x.
    fn heard(&self, x: &[f64]) -> Vec<f64> {
        let of = |f: &Filter| f.weights.iter().zip(&x[f.first..]).map(|(w, x)| w * x).sum();
        self.filters.iter().map(of).collect()
    }

    /// A'y.
    fn transposed(&self, y: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.bins];
        for (filter, y) in self.filters.iter().zip(y) {
            out[filter.first..].iter_mut().zip(&filter.weights).for_each(|(out, w)| *out += w * y);
        }
        out
    }
}
