//! Generator and critic of `stargan`, the lite form of the released ones (FIDELITY.md, "StarGAN").

use super::blocks::{Border, InstanceNorm, NormedConv, Residual, one_hot, with_planes};
use super::layers::{Conv, MELS, leaky_relu};
use super::upsample::Upsample;
use crate::torch::params::{Params, ParamsBuilder, Start};
use seraug_core::rng::Seed;
use seraug_core::spec::{Init, Spec};
use tch::{Device, Kind, Tensor};

/// Converts a log-mel into a class: three halvings, residual blocks, three doublings, with planes of the class before the first
/// halving and before each doubling.
#[derive(Debug)]
pub struct StarGanGenerator {
    /// Its parameters.
    pub params: Params,
    down: Vec<NormedConv>,
    blocks: Vec<Residual>,
    up: Vec<(Upsample, Option<InstanceNorm>)>,
    classes: usize,
    frames: usize,
}

impl StarGanGenerator {
    /// Frames of an input are a multiple of this.
    pub const MULTIPLE: usize = 8;
    /// Fewest frames of an input: a residual block's map has two rows.
    pub const LEAST: usize = 16;

    /// With fresh parameters.
    pub fn new(spec: &Spec, seed: Seed, device: Device) -> StarGanGenerator {
        let mut builder = ParamsBuilder::default();
        let (s, classes) = (&spec.stargan(), spec.classes.len());
        let [a, b, c] = s.widths;
        let down = [[1 + classes, a], [a, b], [b, c]].into_iter().enumerate().map(|(i, channels)| {
            NormedConv::declare(&mut builder, &format!("down.{i}"), channels, 4, 2, Border::Zero)
        });
        let down = down.collect();
        let blocks = (0..s.blocks).map(|i| Residual::declare(&mut builder, &format!("block.{i}"), c));
        let blocks = blocks.collect();
        let up = [[c, b], [b, a], [a, 1]].into_iter().enumerate().map(|(i, [from, to])| {
            let name = format!("up.{i}");
            let channels = [from + classes, to];
            let conv =
                Upsample::declare(&mut builder, &format!("{name}.conv"), channels, true, Init::Framework);
            // What comes out of the last is the log-mel.
            let norm =
                (i < 2).then(|| InstanceNorm::declare(&mut builder, &format!("{name}.norm"), channels[1]));
            (conv, norm)
        });
        let up = up.collect();
        let params = builder.build(seed.child("generator"), device).in_precision(spec.precision);
        StarGanGenerator { params, down, blocks, up, classes, frames: s.frames }
    }

    /// `x` [batch, 1, frames, 128] as samples of `classes` (int64 [batch]): of its shape, in single.
    pub fn forward(&self, x: &Tensor, classes: &Tensor) -> Tensor {
        let rows = one_hot(classes, self.classes);
        let mut y = with_planes(&x.to_kind(self.params.kind()), &rows);
        for conv in &self.down {
            y = leaky_relu(&conv.forward(&self.params, &y));
        }
        for block in &self.blocks {
            y = block.forward(&self.params, &y);
        }
        for (conv, norm) in &self.up {
            y = conv.forward(&self.params, &with_planes(&y, &rows));
            if let Some(norm) = norm {
                y = norm.forward(&self.params, &y).relu();
            }
        }
        y.to_kind(Kind::Float)
    }

    /// Number of parameters.
    pub fn param_count(&self) -> i64 {
        self.params.count()
    }

    /// Multiply-accumulates of a forward pass of one training window.
    pub fn macs_per_sample(&self) -> u64 {
        let pixels = self.frames * MELS;
        let down = self.down.iter().enumerate().map(|(i, conv)| conv.macs(pixels >> (2 * i)));
        let blocks = self.blocks.iter().map(|block| block.macs(pixels >> 6));
        let up = self.up.iter().enumerate().map(|(i, (conv, _))| {
            let halved = 3 - i;
            conv.macs(self.frames >> halved, MELS >> halved)
        });
        down.chain(blocks).chain(up).sum()
    }
}

/// Tells real samples of a class from conversions into it: four halvings with planes of the class on the input, and a linear
/// layer. It has no norm, which would tie the samples of a batch together, and no LSTM, which has no second derivative on a GPU.
#[derive(Debug)]
pub struct StarGanCritic {
    /// Its parameters.
    pub params: Params,
    convs: Vec<Conv>,
    head: [usize; 2],
    classes: usize,
    frames: usize,
}

impl StarGanCritic {
    /// With fresh parameters.
    pub fn new(spec: &Spec, seed: Seed, device: Device) -> StarGanCritic {
        let mut builder = ParamsBuilder::default();
        let (s, classes) = (&spec.stargan(), spec.classes.len());
        let before = std::iter::once(1 + classes).chain(s.critic_widths);
        let convs = before
            .zip(s.critic_widths)
            .enumerate()
            .map(|(i, (from, to))| Conv::halving(&mut builder, &format!("conv.{i}"), [from, to]));
        let convs = convs.collect();
        let inputs = s.critic_widths[3] * (s.frames / 16) * (MELS / 16);
        let start = Start::framework(inputs);
        let head =
            [builder.add("head.weight", &[1, inputs as i64], start), builder.add("head.bias", &[1], start)];
        let params = builder.build(seed.child("critic"), device).in_precision(spec.precision);
        StarGanCritic { params, convs, head, classes, frames: s.frames }
    }

    /// `x` [batch, 1, frames of a training window, 128] as of `classes` (int64 [batch]) to logits [batch], in single: above zero
    /// says real.
    pub fn forward(&self, x: &Tensor, classes: &Tensor) -> Tensor {
        let planes = with_planes(&x.to_kind(self.params.kind()), &one_hot(classes, self.classes));
        let map = self.convs.iter().fold(planes, |y, conv| conv.forward(&self.params, &y));
        let [weight, bias] = self.head.map(|i| self.params.get(i).to_kind(Kind::Float));
        map.flatten(1, -1).to_kind(Kind::Float).linear(&weight, Some(&bias)).squeeze_dim(1)
    }

    /// Number of parameters.
    pub fn param_count(&self) -> i64 {
        self.params.count()
    }

    /// Multiply-accumulates of a forward pass of one training window.
    pub fn macs_per_sample(&self) -> u64 {
        let (mut sum, mut size) = (0, (self.frames, MELS));
        for conv in &self.convs {
            let (macs, height, width) = conv.macs(size.0, size.1);
            sum += macs;
            size = (height, width);
        }
        sum + (size.0 * size.1 * self.convs[3].channels()[1]) as u64
    }
}

/// Mean over the batch of (the norm of the gradient of the critic's logits by its input, less 1)^2, at samples `share` [batch] of the way
/// from `made` to `real` (both [batch, 1, frames, 128]) as of `classes`; differentiable by the critic's parameters (Gulrajani et al., 2017).
pub fn gradient_penalty(
    critic: &StarGanCritic,
    real: &Tensor,
    made: &Tensor,
    share: &Tensor,
    classes: &Tensor,
) -> Tensor {
    let share = share.view([-1, 1, 1, 1]);
    let between = (made + (real - made) * share).detach().set_requires_grad(true);
    let logits = critic.forward(&between, classes).sum(Kind::Float);
    let by = Tensor::run_backward(&[logits], &[&between], true, true).remove(0);
    // Not a root of a sum, whose derivative at zero is not a number.
    let norm = by.flatten(1, -1).norm_scalaropt_dim(2.0, [1].as_slice(), false);
    (norm - 1.0).square().mean(Kind::Float)
}

/// Mean absolute difference of two batches of one shape: cycle and identity loss.
pub fn absolute_difference(a: &Tensor, b: &Tensor) -> Tensor {
    (a - b).abs().mean(Kind::Float)
}
