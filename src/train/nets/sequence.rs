//! What the discriminator and the representation learner share: convolutions, LSTM, attention.

use super::attention::attend;
use super::layers::{Conv, MELS, own_steps};
use super::recurrent::Lstm;
use crate::torch::params::{Params, ParamsBuilder, Start};
use tch::Tensor;

/// From a log-mel window to one vector of `units` values (paper 2.4).
#[derive(Debug)]
pub struct SequenceEncoder {
    convs: Vec<Conv>,
    lstm: Lstm,
    /// None where another network's vector is attended with.
    attention: Option<usize>,
    units: usize,
}

impl SequenceEncoder {
    /// Declares convolutions of these output channels, the LSTM and, if `attention`, its vector w.
    pub fn declare(
        builder: &mut ParamsBuilder,
        widths: &[usize],
        units: usize,
        attention: bool,
    ) -> SequenceEncoder {
        let mut from = 1;
        let convs: Vec<Conv> = widths
            .iter()
            .enumerate()
            .map(|(i, &to)| {
                Conv::halving(builder, &format!("conv.{i}"), [std::mem::replace(&mut from, to), to])
            })
            .collect();
        let lstm = Lstm::declare(builder, "lstm", from * (MELS >> convs.len()), units);
        let start = Start::framework(units);
        let attention = attention.then(|| builder.add("attention.weight", &[units as i64], start));
        SequenceEncoder { convs, lstm, attention, units }
    }

    /// The attention vector w [units], where it has its own.
    pub fn attention<'p>(&self, params: &'p Params) -> Option<&'p Tensor> {
        self.attention.map(|i| params.get(i))
    }

    /// `x` [batch, 1, frames, 128] with `own` frames (int64 [batch]) each to [batch, units];
    /// `w` is attended with where the encoder has no vector of its own.
    pub fn forward(&self, params: &Params, x: &Tensor, own: &Tensor, w: Option<&Tensor>) -> Tensor {
        let halvings = self.convs.len();
        let map = self.convs.iter().fold(x.to_kind(params.kind()), |x, conv| conv.forward(params, &x));
        let steps = map.size()[2];
        let sequence = map.permute([0, 2, 1, 3]).reshape([map.size()[0], steps, -1]);
        let h = self.lstm.forward(params, &sequence);
        let w = self.attention(params).or(w).expect("an attention vector, its own or a shared one");
        attend(&h, w, &own_steps(own, halvings as u32, steps))
    }

    /// Multiply-accumulates for one sample of `frames` frames.
    pub fn macs(&self, frames: usize) -> u64 {
        let (mut sum, mut size) = (0, (frames, MELS));
        for conv in &self.convs {
            let (macs, h, w) = conv.macs(size.0, size.1);
            sum += macs;
            size = (h, w);
        }
        sum + self.lstm.macs(size.0) + (2 * size.0 * self.units) as u64
    }
}
