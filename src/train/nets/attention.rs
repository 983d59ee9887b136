//! Attention over time (Zhang et al. 2019, paper [22]; FIDELITY.md row "attention [22]").

use tch::{Kind, Tensor};

/// r = sum over t of alpha_t h_t with alpha = softmax over t of (h_t . w); no bias, no tanh.
///
/// `h` is [batch, steps, units], `w` [units], `own` a mask [batch, steps]: the other steps get no
/// weight. Returns [batch, units], computed in single whatever the kind of `h` and `w`.
pub fn attend(h: &Tensor, w: &Tensor, own: &Tensor) -> Tensor {
    let (h, w) = (h.to_kind(Kind::Float), w.to_kind(Kind::Float));
    let scores = h.matmul(&w).masked_fill(&own.logical_not(), f64::NEG_INFINITY);
    let alpha = scores.softmax(1, Kind::Float);
    alpha.unsqueeze(1).bmm(&h).squeeze_dim(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_a_softmax_over_own_steps() {
        let h = Tensor::from_slice(&[1.0f32, 0.0, 0.0, 2.0, 9.0, 9.0]).view([1, 3, 2]);
        let w = Tensor::from_slice(&[0.0f32, 1.0]);
        let own = Tensor::from_slice(&[true, true, false]).view([1, 3]);
        let r = Vec::<f32>::try_from(attend(&h, &w, &own).view([-1])).unwrap();
        let second = 2f32.exp() / (1.0 + 2f32.exp());
        assert!((r[0] - (1.0 - second)).abs() < 1e-6 && (r[1] - 2.0 * second).abs() < 1e-6, "{r:?}");
    }
}
