//! The representation learner: emotion as a vector (paper 2.1, 2.4).

use super::pass::{EncoderPass, Wanted};
use super::sequence::{SequenceEncoder, SequenceTape};
use crate::torch::params::{Params, ParamsBuilder};
use seraug_core::rng::Seed;
use seraug_core::spec::Spec;
use tch::{Device, Tensor};

/// 5 convolutions, LSTM, attention: a vector of the LSTM's units.
#[derive(Debug)]
pub struct RepresentationLearner {
    /// Its parameters.
    pub params: Params,
    encoder: SequenceEncoder,
    frames: usize,
}

impl RepresentationLearner {
    /// With fresh parameters.
    pub fn new(spec: &Spec, seed: Seed, device: Device) -> RepresentationLearner {
        let mut builder = ParamsBuilder::default();
        let r = &spec.representation;
        let encoder = SequenceEncoder::declare(&mut builder, &r.widths, r.lstm, true);
        let params = builder.build(seed.child("representation"), device).in_precision(spec.precision);
        RepresentationLearner { params, encoder, frames: spec.augmentor.frames }
    }

    /// `x` [batch, 1, frames, 128] with `own` frames (int64 [batch]) each to r [batch, units], every
    /// value in (-1, 1).
    pub fn forward(&self, x: &Tensor, own: &Tensor) -> Tensor {
        self.encoder.forward(&self.params, x, own, None)
    }

    /// As [`RepresentationLearner::forward`], to be gone back through once.
    pub fn pass(&self, x: &Tensor, own: &Tensor, wanted: Wanted) -> EncoderPass<SequenceTape> {
        self.encoder.pass(&self.params, x, own, None, wanted)
    }

    /// The gradient of the scalar `loss` of a pass's r by the parameters, flat.
    pub fn gradient(&self, pass: EncoderPass<SequenceTape>, loss: &Tensor) -> Tensor {
        pass.gradient(&self.encoder, &self.params, loss)
    }

    /// The gradient of the scalar `loss` of a pass's r by x, of its shape.
    pub fn input_gradient(&self, pass: EncoderPass<SequenceTape>, loss: &Tensor) -> Tensor {
        pass.input_gradient(&self.encoder, loss)
    }

    /// Its attention vector w [units].
    pub fn attention(&self) -> &Tensor {
        self.encoder.attention(&self.params).expect("declared with its own")
    }

    /// Number of parameters.
    pub fn param_count(&self) -> i64 {
        self.params.count()
    }

    /// Multiply-accumulates of a forward pass of one window.
    pub fn macs_per_sample(&self) -> u64 {
        self.encoder.macs(self.frames)
    }
}
