//! The contrastive loss of two views (FIDELITY.md row "denominator of InfoNCE").

use seraug_core::spec::Denominator;
use tch::{Kind, Reduction, Tensor};

/// What comes of the outputs for two views of each sample of a batch.
#[derive(Debug)]
pub struct ViewSimilarities {
    /// Outputs on the unit sphere, [2 batch, units]: the first views, then the second.
    unit: Tensor,
    /// Their inner products, [2 batch, 2 batch].
    products: Tensor,
}

impl ViewSimilarities {
    /// Of `outputs` [2 batch, units]: those of the first views, then those of the second.
    pub fn new(outputs: &Tensor) -> ViewSimilarities {
        // The norm of an output that is zero is taken as 1e-12, as in PyTorch's `normalize`.
        let norm = outputs.square().sum_dim_intlist(1, true, Kind::Float).sqrt().clamp_min(1e-12);
        let unit = outputs / norm;
        ViewSimilarities { products: unit.matmul(&unit.tr()), unit }
    }

    fn batch(&self) -> i64 {
        self.unit.size()[0] / 2
    }

    /// Inner product of the two views of each sample, [batch].
    pub fn of_pairs(&self) -> Tensor {
        let b = self.batch();
        (self.unit.narrow(0, 0, b) * self.unit.narrow(0, b, b)).sum_dim_intlist(1, false, Kind::Float)
    }

    /// The mean over the anchors i of -s(i, i') / t + log D, with s the inner product, i' the other view and t the temperature.
    /// As released: anchors are the first views, D the mean over all 2 batch outputs j of exp(s(i, j) / t), i itself and i' among
    /// them. NT-Xent: every view is an anchor, D the sum over all but i itself.
    pub fn loss(&self, temperature: f64, denominator: Denominator) -> Tensor {
        let b = self.batch();
        let scaled = &self.products / temperature;
        match denominator {
            Denominator::Released => {
                let log_mean = scaled.narrow(0, 0, b).logsumexp(1, false) - (2.0 * b as f64).ln();
                (log_mean - self.of_pairs() / temperature).mean(Kind::Float)
            }
            Denominator::NtXent => {
                let scaled = self.without_own(&scaled);
                let at = Tensor::arange(2 * b, (Kind::Int64, scaled.device()));
                let others = (at + b).remainder(2 * b);
                scaled.cross_entropy_loss(&others, None::<&Tensor>, Reduction::Mean, -100, 0.0)
            }
        }
    }

    /// Whether the output nearest to a first view is its other view, [batch], 0 or 1.
    pub fn retrieved(&self) -> Tensor {
        let b = self.batch();
        let nearest = self.without_own(&self.products).narrow(0, 0, b).argmax(1, false);
        let others = Tensor::arange_start(b, 2 * b, (Kind::Int64, nearest.device()));
        nearest.eq_tensor(&others).to_kind(Kind::Float)
    }

    /// `similarities` with minus infinity in the diagonal.
    fn without_own(&self, similarities: &Tensor) -> Tensor {
        let n = 2 * self.batch();
        let own = Tensor::eye(n, (Kind::Bool, similarities.device()));
        similarities.masked_fill(&own, f64::NEG_INFINITY)
    }
}
