//! The classifier's cross-entropy (FIDELITY.md row "class weights, sampling").

use seraug_core::spec::Loss;
use tch::{Reduction, Tensor};

/// Weight of each class: none for the plain loss, else N / (C n_c) for class c with n_c of the N training
/// segments (scikit-learn's `balanced`). `counts` are the n_c, all above 0.
pub fn class_weights(loss: Loss, counts: &[usize]) -> Option<Vec<f32>> {
    match loss {
        Loss::Plain => None,
        Loss::Weighted => {
            let equal = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
            Some(counts.iter().map(|&n| (equal / n as f64) as f32).collect())
        }
    }
}

/// Mean cross-entropy of `logits` [batch, classes] against `labels` [batch], int64. With weights, the sum
/// of the weighted losses over the sum of the batch's weights, as in PyTorch; their scale has no effect.
pub fn cross_entropy(logits: &Tensor, labels: &Tensor, weights: Option<&Tensor>) -> Tensor {
    logits.cross_entropy_loss(labels, weights, Reduction::Mean, -100, 0.0)
}
