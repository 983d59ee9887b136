//! The losses of the paper (Eq. 1 to 6), as means over a batch.

use seraug_core::spec::{Distance, Dot};
use tch::{Kind, Tensor};

/// dist(a, b) of Eq. 2: the l1 distance of representations [batch, units], as [batch].
pub fn distance(a: &Tensor, b: &Tensor, kind: Distance) -> Tensor {
    let difference = (a - b).abs();
    match kind {
        Distance::Sum => difference.sum_dim_intlist(-1, false, Kind::Float),
        Distance::Mean => difference.mean_dim(-1, false, Kind::Float),
    }
}

/// Eq. 2, 3 and 6: mean of max(`positive` - `negative` + `margin`, 0) over distances [batch] from the anchor.
pub fn triplet(positive: &Tensor, negative: &Tensor, margin: f64) -> Tensor {
    (positive - negative + margin).relu().mean(Kind::Float)
}

/// Eq. 1 for the discriminator, from logits [batch]: softplus(-D(x)) + softplus(D(augmented)).
pub fn discriminator(original: &Tensor, augmented: &Tensor) -> Tensor {
    original.neg().softplus().mean(Kind::Float) + augmented.softplus().mean(Kind::Float)
}

/// Eq. 1 for the augmentor, non-saturating, from logits [batch]: softplus(-D(augmented)).
pub fn adversarial(augmented: &Tensor) -> Tensor {
    augmented.neg().softplus().mean(Kind::Float)
}

/// Eq. 5: dot(r1, r2) of representations [batch, units] of two augmentations of one input.
pub fn variance(r1: &Tensor, r2: &Tensor, dot: Dot) -> Tensor {
    match dot {
        Dot::Raw => (r1 * r2).sum_dim_intlist(1, false, Kind::Float).mean(Kind::Float),
        Dot::Cosine => Tensor::cosine_similarity(r1, r2, 1, 1e-8).mean(Kind::Float),
    }
}
