//! A sequence encoder as a network of its own, with a linear head where it tells classes apart.

use super::pass::{EncoderPass, Wanted};
use super::sequence::{SequenceEncoder, SequenceTape};
use crate::torch::params::{Params, ParamsBuilder, Start};
use seraug_core::rng::Seed;
use seraug_core::spec::Precision;
use tch::{Device, Kind, Tensor};

/// Sizes of a [`HeadedSequence`].
#[derive(Debug, Clone, Copy)]
pub struct SequenceSizes<'a> {
    /// Channels of the convolutions.
    pub widths: &'a [usize],
    /// Units of the LSTM.
    pub units: usize,
    /// Outputs of the head; none where what the attention gives is the output.
    pub classes: Option<usize>,
    /// Frames of a training window.
    pub frames: usize,
}

/// Convolutions, LSTM, attention, and a linear head or none.
#[derive(Debug)]
pub struct HeadedSequence {
    /// Its parameters.
    pub params: Params,
    encoder: SequenceEncoder,
    head: Option<[usize; 2]>,
    head_macs: usize,
    frames: usize,
}

impl HeadedSequence {
    /// With fresh parameters.
    pub fn new(sizes: SequenceSizes, precision: Precision, seed: Seed, device: Device) -> HeadedSequence {
        let mut builder = ParamsBuilder::default();
        let encoder = SequenceEncoder::declare(&mut builder, sizes.widths, sizes.units, true);
        let start = Start::framework(sizes.units);
        let head = sizes.classes.map(|classes| {
            let (classes, units) = (classes as i64, sizes.units as i64);
            [
                builder.add("head.weight", &[classes, units], start),
                builder.add("head.bias", &[classes], start),
            ]
        });
        let params = builder.build(seed, device).in_precision(precision);
        let head_macs = sizes.units * sizes.classes.unwrap_or(0);
        HeadedSequence { params, encoder, head, head_macs, frames: sizes.frames }
    }

    /// As [`HeadedSequence::forward`], to be gone back through once.
    pub fn pass(&self, x: &Tensor, own: &Tensor, wanted: Wanted) -> EncoderPass<SequenceTape> {
        let pass = self.encoder.pass(&self.params, x, own, None, wanted);
        EncoderPass { out: self.headed(&pass.out), ..pass }
    }

    /// `x` [batch, 1, frames, 128] with `own` frames (int64 [batch]) each to [batch, units], or with a head to logits
    /// [batch, classes].
    pub fn forward(&self, x: &Tensor, own: &Tensor) -> Tensor {
        self.headed(&self.represent(x, own))
    }

    /// What goes into the head, [batch, units].
    pub fn represent(&self, x: &Tensor, own: &Tensor) -> Tensor {
        self.encoder.forward(&self.params, x, own, None)
    }

    /// The gradient of the scalar `loss` of what a pass gave by the parameters, flat.
    pub fn gradient(&self, pass: EncoderPass<SequenceTape>, loss: &Tensor) -> Tensor {
        pass.gradient(&self.encoder, &self.params, loss)
    }

    /// The gradient of the scalar `loss` of what a pass gave by x, of its shape.
    pub fn input_gradient(&self, pass: EncoderPass<SequenceTape>, loss: &Tensor) -> Tensor {
        pass.input_gradient(&self.encoder, loss)
    }

    /// What the head makes of [`HeadedSequence::represent`]; the same where there is none.
    pub fn headed(&self, r: &Tensor) -> Tensor {
        match self.head {
            None => r.shallow_clone(),
            Some(head) => {
                let [weight, bias] = head.map(|i| self.params.get(i).to_kind(Kind::Float));
                r.linear(&weight, Some(&bias))
            }
        }
    }

    /// Number of parameters.
    pub fn param_count(&self) -> i64 {
        self.params.count()
    }

    /// Multiply-accumulates of a forward pass of one training window.
    pub fn macs_per_sample(&self) -> u64 {
        self.encoder.macs(self.frames) + self.head_macs as u64
    }
}
