//! What the discriminator and the representation learner share: convolutions, LSTM, attention.

use super::attention::attend;
use super::convolutions::{ConvolutionStack, ConvolutionsTape};
use super::layers::{MELS, own_steps};
use super::pass::{EncoderPass, Wanted};
use super::recurrent::Lstm;
use crate::kernels::lstm::{LstmTape, LstmWeights};
use crate::torch::params::{Params, ParamsBuilder, Start};
use std::sync::Arc;
use tch::{Kind, Tensor};

/// From a log-mel window to one vector of `units` values (paper 2.4).
#[derive(Debug)]
pub struct SequenceEncoder {
    convs: ConvolutionStack,
    lstm: Lstm,
    /// None where another network's vector is attended with.
    attention: Option<usize>,
    units: usize,
}

/// What our kernels keep of a forward pass.
#[derive(Debug)]
pub struct SequenceTape {
    convs: ConvolutionsTape,
    lstm: (Arc<LstmWeights>, LstmTape),
}

impl SequenceEncoder {
    /// Declares convolutions of these output channels, the LSTM and, if `attention`, its vector w.
    pub fn declare(
        builder: &mut ParamsBuilder,
        widths: &[usize],
        units: usize,
        attention: bool,
    ) -> SequenceEncoder {
        let convs = ConvolutionStack::halving(builder, "conv", 1, widths);
        let last = *widths.last().expect("at least one convolution");
        let lstm = Lstm::declare(builder, "lstm", last * (MELS >> convs.count()), units);
        let start = Start::framework(units);
        let attention = attention.then(|| builder.add("attention.weight", &[units as i64], start));
        SequenceEncoder { convs, lstm, attention, units }
    }

    /// The attention vector w [units], where it has its own.
    pub fn attention<'p>(&self, params: &'p Params) -> Option<&'p Tensor> {
        self.attention.map(|i| params.get(i))
    }

    /// `x` [batch, 1, frames, 128] with `own` frames (int64 [batch]) each to [batch, units], to be gone back through once;
    /// `w` is attended with where the encoder has no vector of its own.
    pub fn pass(
        &self,
        params: &Params,
        x: &Tensor,
        own: &Tensor,
        w: Option<&Tensor>,
        wanted: Wanted,
    ) -> EncoderPass<SequenceTape> {
        if !self.by_hand(params, x) {
            let x = wanted.leaf(x);
            return EncoderPass { out: self.graph(params, &x, own, w), leaf: x, tape: None };
        }
        let tape = self.record(params, x, true);
        let h = tape.lstm.1.h().transpose(0, 1).set_requires_grad(true);
        EncoderPass { out: self.attend(params, &h, own, w), leaf: h, tape: Some(tape) }
    }

    /// As [`SequenceEncoder::pass`], without a way back on a CPU.
    pub fn forward(&self, params: &Params, x: &Tensor, own: &Tensor, w: Option<&Tensor>) -> Tensor {
        if !self.by_hand(params, x) {
            return self.graph(params, x, own, w);
        }
        let tape = self.record(params, x, false);
        self.attend(params, &tape.lstm.1.h().transpose(0, 1), own, w)
    }

    /// From the gradient by what the LSTM gives, [batch, steps, units]: by its parameters and those of the convolutions to their
    /// places in `by`, where it is given; by x, where it `is_wanted`.
    pub fn backward(
        &self,
        tape: SequenceTape,
        by_h: &Tensor,
        by: Option<&[Tensor]>,
        is_wanted: bool,
    ) -> Option<Tensor> {
        let _no_grad = tch::no_grad_guard();
        let (weights, lstm) = tape.lstm;
        let by_sequence =
            weights.backward(lstm, &by_h.transpose(0, 1), by.map(|by| self.lstm.places().map(|at| &by[at])));
        let out = tape.convs.out();
        let [batch, steps, bands, channels] = out.size()[..] else {
            unreachable!("maps have four dimensions")
        };
        let by_out = by_sequence.view([steps, batch, channels, bands]).permute([1, 0, 3, 2]);
        self.convs.backward(&tape.convs, &by_out, by, is_wanted)
    }

    /// The places of the parameters that [`SequenceEncoder::backward`] has the gradients by.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        self.convs.places().chain(self.lstm.places())
    }

    fn by_hand(&self, params: &Params, x: &Tensor) -> bool {
        self.units.is_multiple_of(8) && self.convs.by_hand(params, x.device())
    }

    fn record(&self, params: &Params, x: &Tensor, goes_back: bool) -> SequenceTape {
        let _no_grad = tch::no_grad_guard();
        let convs = self.convs.record(params, x, goes_back);
        let weights = self.lstm.weights(params);
        let map = convs.out();
        let [batch, steps, bands, channels] = map.size()[..] else {
            unreachable!("maps have four dimensions")
        };
        let sequence = map.permute([1, 0, 3, 2]).contiguous().view([steps, batch, channels * bands]);
        let tape = weights.forward(sequence);
        SequenceTape { convs, lstm: (weights, tape) }
    }

    fn graph(&self, params: &Params, x: &Tensor, own: &Tensor, w: Option<&Tensor>) -> Tensor {
        let map = self.convs.graph(params, x);
        let sequence = map.permute([0, 2, 1, 3]).reshape([map.size()[0], map.size()[2], -1]);
        self.attend(params, &self.lstm.forward(params, &sequence), own, w)
    }

    fn attend(&self, params: &Params, h: &Tensor, own: &Tensor, w: Option<&Tensor>) -> Tensor {
        let w = self.attention(params).or(w).expect("an attention vector, its own or a shared one");
        attend(h, w, &own_steps(own, self.convs.count() as u32, h.size()[1]))
    }

    /// Multiply-accumulates for one sample of `frames` frames.
    pub fn macs(&self, frames: usize) -> u64 {
        let (sum, [steps, _]) = self.convs.macs(frames);
        sum + self.lstm.macs(steps) + (2 * steps * self.units) as u64
    }
}

impl EncoderPass<SequenceTape> {
    /// The gradient of the scalar `loss` of [`EncoderPass::out`] by the parameters `params` of the network whose encoder it went
    /// through, flat; parameters that the loss does not reach get zeros.
    pub fn gradient(self, encoder: &SequenceEncoder, params: &Params, loss: &Tensor) -> Tensor {
        let Some(tape) = self.tape else { return params.gradient(loss) };
        let (flat, places, by_h) = params.gradient_with(loss, &self.leaf, encoder.places());
        encoder.backward(tape, &by_h, Some(&places), false);
        flat
    }

    /// The gradient of the scalar `loss` of [`EncoderPass::out`] by x, of its shape.
    pub fn input_gradient(self, encoder: &SequenceEncoder, loss: &Tensor) -> Tensor {
        let by = Tensor::run_backward(&[loss], &[&self.leaf], false, false).remove(0);
        match self.tape {
            None => by.to_kind(Kind::Float),
            Some(tape) => encoder.backward(tape, &by, None, true).expect("asked for"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::layers::channels_last;
    use seraug_core::rng::Seed;
    use tch::Device;

    /// By our kernels and by the library's graph, with a window of its own frames each: values and gradients.
    #[test]
    fn a_pass_by_hand_is_the_graphs() {
        for (widths, units, frames) in [(vec![8, 16, 16, 16], 32, 64), (vec![16, 32, 64, 64, 64], 128, 128)] {
            let mut builder = ParamsBuilder::default();
            let encoder = SequenceEncoder::declare(&mut builder, &widths, units, true);
            let params = builder.build(Seed::new(3), Device::Cpu);
            let normal = |name: &str, shape: &[i64]| {
                let mut host = vec![0f32; shape.iter().product::<i64>() as usize];
                Seed::new(5).child(name).draws().fill_normal(&mut host);
                Tensor::from_slice(&host).view(shape)
            };
            let x = normal("x", &[6, 1, frames, 128]);
            let own = Tensor::from_slice(&[frames, 1, 33, frames - 1, 0, 40]);
            let up = normal("g", &[6, units as i64]);
            let loss = |out: &Tensor| (out * &up).sum(Kind::Float);
            let leaf = x.detach().set_requires_grad(true);
            let graph = encoder.graph(&params, &leaf, &own, None);
            let by = Tensor::run_backward(&[loss(&graph)], &[&leaf], true, false).remove(0);
            let flat = params.gradient(&loss(&graph));
            if !encoder.by_hand(&params, &x) {
                return;
            }
            let close = |name: &str, ours: &Tensor, library: &Tensor| {
                let scale = library.abs().max().double_value(&[]);
                let off = (ours - library).abs().max().double_value(&[]) / scale;
                assert!(off < 2e-5, "{name} of {widths:?}: {off}");
            };
            let pass = encoder.pass(&params, &x, &own, None, Wanted::Parameters);
            close("r", &pass.out, &graph);
            let of = loss(&pass.out);
            let ours = pass.gradient(&encoder, &params, &of);
            for ((name, _), (ours, library)) in
                params.named().zip(params.views_of(&ours).iter().zip(params.views_of(&flat)))
            {
                close(name, ours, &library);
            }
            let pass = encoder.pass(&params, &channels_last(&x), &own, None, Wanted::Input);
            let of = loss(&pass.out);
            close("x", &pass.input_gradient(&encoder, &of), &by);
        }
    }
}
