//! The viewmaker: from a log-mel and noise to a change of it (Tamkin et al., ICLR 2021; FIDELITY.md, "Viewmaker").

use super::augmentor::project;
use super::blocks::{Border, NormedConv, PlainConv, Residual, doubled};
use super::layers::MELS;
use crate::torch::params::{Params, ParamsBuilder};
use seraug_core::rng::Seed;
use seraug_core::spec::{ProjectionMean, Spec};
use tch::{Device, Kind, Tensor};

/// Convolutions down, residual blocks with one more plane of noise each, convolutions up, tanh.
#[derive(Debug)]
pub struct ViewmakerNet {
    /// Its parameters.
    pub params: Params,
    down: [NormedConv; 3],
    blocks: Vec<Residual>,
    up: [NormedConv; 2],
    last: PlainConv,
    frames: usize,
}

impl ViewmakerNet {
    /// Frames of an input are a multiple of this.
    pub const MULTIPLE: usize = 4;
    /// Fewest frames of an input: a residual block's map has two rows.
    pub const LEAST: usize = 8;

    /// With fresh parameters.
    pub fn new(spec: &Spec, seed: Seed, device: Device) -> ViewmakerNet {
        let mut builder = ParamsBuilder::default();
        let v = &spec.viewmaker();
        let [a, b, c] = v.widths;
        let mut normed = |name: &str, channels: [usize; 2], kernel: usize, stride: usize| {
            NormedConv::declare(&mut builder, name, channels, kernel, stride, Border::Mirror)
        };
        let down =
            [normed("down.0", [2, a], 9, 1), normed("down.1", [a, b], 3, 2), normed("down.2", [b, c], 3, 2)];
        let up = [normed("up.0", [c + v.blocks, b], 3, 1), normed("up.1", [b, a], 3, 1)];
        let blocks = (1..=v.blocks).map(|i| Residual::declare(&mut builder, &format!("block.{i}"), c + i));
        let blocks = blocks.collect();
        let last = PlainConv::declare(&mut builder, "last", [a, 1], 9, 1, Border::Mirror);
        let params = builder.build(seed.child("viewmaker"), device).in_precision(spec.precision);
        ViewmakerNet { params, down, blocks, up, last, frames: v.frames }
    }

    /// Values of noise for one input of `frames` frames: a plane as large as it, and for each block one of a sixteenth.
    pub fn noise_len(&self, frames: usize) -> usize {
        frames * MELS + self.blocks.len() * (frames / 4) * (MELS / 4)
    }

    /// The change before it is scaled: `x` [batch, 1, frames, 128] and `noise` [batch, noise_len], uniform in [0, 1), to
    /// [batch, 1, frames, 128] in (-1, 1), in single.
    pub fn change(&self, x: &Tensor, noise: &Tensor) -> Tensor {
        let [batch, _, frames, mels] = x.size()[..] else { panic!("[batch, 1, frames, bands]") };
        let kind = self.params.kind();
        let (x, noise) = (x.to_kind(kind), noise.to_kind(kind));
        let first = noise.narrow(1, 0, frames * mels).view([batch, 1, frames, mels]);
        let mut y = Tensor::cat(&[x, first], 1);
        for conv in &self.down {
            y = conv.forward(&self.params, &y).relu();
        }
        let small = [frames / 4, mels / 4];
        let mut at = frames * mels;
        for block in &self.blocks {
            let plane = noise.narrow(1, at, small[0] * small[1]).view([batch, 1, small[0], small[1]]);
            at += small[0] * small[1];
            y = block.forward(&self.params, &Tensor::cat(&[y, plane], 1));
        }
        for conv in &self.up {
            y = conv.forward(&self.params, &doubled(&y)).relu();
        }
        self.last.forward(&self.params, &y).to_kind(Kind::Float).tanh()
    }

    /// A view: `x` plus the change, scaled so that its mean absolute value over the sample's `own` frames (int64 [batch]) is
    /// `epsilon` [batch].
    pub fn view(&self, x: &Tensor, noise: &Tensor, epsilon: &Tensor, own: &Tensor) -> Tensor {
        project(x, &self.change(x, noise), epsilon, own, ProjectionMean::Own)
    }

    /// Number of parameters.
    pub fn param_count(&self) -> i64 {
        self.params.count()
    }

    /// Multiply-accumulates of a forward pass of one training window.
    pub fn macs_per_sample(&self) -> u64 {
        let pixels = self.frames * MELS;
        let [first, second, third] = &self.down;
        let down = first.macs(pixels) + second.macs(pixels) + third.macs(pixels / 4);
        let blocks: u64 = self.blocks.iter().map(|block| block.macs(pixels / 16)).sum();
        down + blocks + self.up[0].macs(pixels / 4) + self.up[1].macs(pixels) + self.last.macs(pixels)
    }
}
