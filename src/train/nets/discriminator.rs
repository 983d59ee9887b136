//! The discriminator: original or augmented (paper 2.1, 2.4).

use super::pass::{EncoderPass, Wanted};
use super::sequence::{SequenceEncoder, SequenceTape};
use crate::torch::params::{Params, ParamsBuilder, Start};
use seraug_core::rng::Seed;
use seraug_core::spec::{Attention, Spec};
use tch::{Device, Kind, Tensor};

/// 4 convolutions, LSTM, attention, one logit: above zero says original.
#[derive(Debug)]
pub struct DiscriminatorNet {
    /// Its parameters.
    pub params: Params,
    encoder: SequenceEncoder,
    head: [usize; 2],
    units: usize,
    frames: usize,
}

impl DiscriminatorNet {
    /// With fresh parameters.
    pub fn new(spec: &Spec, seed: Seed, device: Device) -> DiscriminatorNet {
        let mut builder = ParamsBuilder::default();
        let units = spec.discriminator.lstm;
        let own = spec.augmentor.attention == Attention::Own;
        let encoder = SequenceEncoder::declare(&mut builder, &spec.discriminator.widths, units, own);
        let start = Start::framework(units);
        let head =
            [builder.add("head.weight", &[1, units as i64], start), builder.add("head.bias", &[1], start)];
        let params = builder.build(seed.child("discriminator"), device).in_precision(spec.precision);
        DiscriminatorNet { params, encoder, head, units, frames: spec.augmentor.frames }
    }

    /// As [`DiscriminatorNet::forward`], to be gone back through once.
    pub fn pass(
        &self,
        x: &Tensor,
        own: &Tensor,
        w: Option<&Tensor>,
        wanted: Wanted,
    ) -> EncoderPass<SequenceTape> {
        let pass = self.encoder.pass(&self.params, x, own, w, wanted);
        EncoderPass { out: self.logits(&pass.out), ..pass }
    }

    /// The gradient of the scalar `loss` of a pass's logits by the parameters, flat.
    pub fn gradient(&self, pass: EncoderPass<SequenceTape>, loss: &Tensor) -> Tensor {
        pass.gradient(&self.encoder, &self.params, loss)
    }

    /// The gradient of the scalar `loss` of a pass's logits by x, of its shape.
    pub fn input_gradient(&self, pass: EncoderPass<SequenceTape>, loss: &Tensor) -> Tensor {
        pass.input_gradient(&self.encoder, loss)
    }

    /// `x` [batch, 1, frames, 128] with `own` frames (int64 [batch]) each to logits [batch];
    /// `w` is the representation learner's attention vector, used where attention is shared.
    pub fn forward(&self, x: &Tensor, own: &Tensor, w: Option<&Tensor>) -> Tensor {
        self.logits(&self.encoder.forward(&self.params, x, own, w))
    }

    fn logits(&self, r: &Tensor) -> Tensor {
        let [weight, bias] = self.head.map(|i| self.params.get(i).to_kind(Kind::Float));
        r.linear(&weight, Some(&bias)).squeeze_dim(1)
    }

    /// Number of parameters.
    pub fn param_count(&self) -> i64 {
        self.params.count()
    }

    /// Multiply-accumulates of a forward pass of one window.
    pub fn macs_per_sample(&self) -> u64 {
        self.encoder.macs(self.frames) + self.units as u64
    }
}
