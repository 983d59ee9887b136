//! The classifier's loss (FIDELITY.md row "class weights, sampling").

use crate::torch::upload::upload;
use seraug_core::spec::ClassifierLoss;
use tch::{Device, Kind, Reduction, Tensor};

/// A loss, with what it knows of the training set.
#[derive(Debug)]
pub struct SegmentLoss {
    /// Weight of each class, [classes]: N / (C n_c) for class c with n_c of the N training segments (scikit-learn's `balanced`).
    weights: Option<Tensor>,
    /// tau log pi, [classes], pi_c = n_c / N.
    prior: Option<Tensor>,
    gamma: Option<f64>,
}

impl SegmentLoss {
    /// For training segments of which `counts` belong to each class, all above 0.
    pub fn new(loss: ClassifierLoss, counts: &[usize], device: Device) -> SegmentLoss {
        let all = counts.iter().sum::<usize>() as f64;
        let of = |value: &dyn Fn(f64) -> f64| {
            let values: Vec<f32> = counts.iter().map(|&n| value(n as f64) as f32).collect();
            Some(upload(&values, device))
        };
        let plain = SegmentLoss { weights: None, prior: None, gamma: None };
        match loss {
            ClassifierLoss::Plain => plain,
            ClassifierLoss::Weighted => {
                let equal = all / counts.len() as f64;
                SegmentLoss { weights: of(&|n| equal / n), ..plain }
            }
            ClassifierLoss::Focal { gamma } => SegmentLoss { gamma: Some(gamma), ..plain },
            ClassifierLoss::LogitAdjusted { tau } => {
                SegmentLoss { prior: of(&|n| tau * (n / all).ln()), ..plain }
            }
        }
    }

    /// Mean loss of `logits` [batch, classes] against `labels` [batch], int64. With weights, the sum of the weighted losses over
    /// the sum of the batch's weights, as in PyTorch; their scale has no effect.
    pub fn of(&self, logits: &Tensor, labels: &Tensor) -> Tensor {
        if let Some(gamma) = self.gamma {
            let log_p =
                logits.log_softmax(1, Kind::Float).gather(1, &labels.unsqueeze(1), false).squeeze_dim(1);
            let rest = log_p.exp().neg() + 1.0;
            return -(rest.pow_tensor_scalar(gamma) * log_p).mean(Kind::Float);
        }
        let adjusted = self.prior.as_ref().map(|prior| logits + prior);
        let logits = adjusted.as_ref().unwrap_or(logits);
        logits.cross_entropy_loss(labels, self.weights.as_ref(), Reduction::Mean, -100, 0.0)
    }
}
