//! Transposed convolutions of the decoder.

use crate::torch::params::{Params, ParamsBuilder, Start};
use seraug_core::spec::Init;
use tch::Tensor;

/// How a weight [from, to, ..] starts whose outputs are reached by `taps` weights a channel of input
/// and whose kernel has `area` taps. PyTorch takes the fan-in of a transposed weight from its
/// dimension 1.
fn start(init: Init, from: usize, to: usize, taps: usize, area: usize) -> Start {
    match init {
        Init::He => Start::he(from * taps, 0.0),
        Init::Framework => Start::framework(to * area),
    }
}

fn bias(init: Init, weight: Start) -> Start {
    match init {
        Init::He => Start::Constant(0.0),
        Init::Framework => weight,
    }
}

/// A transposed convolution whose input is a point: as large a kernel as its output.
#[derive(Debug)]
pub struct FromPoint {
    weight: usize,
    bias: usize,
    channels: [usize; 2],
    size: [usize; 2],
}

impl FromPoint {
    /// Declares one with weight [from, to, height, width] and a bias.
    pub fn declare(
        builder: &mut ParamsBuilder,
        name: &str,
        channels: [usize; 2],
        size: [usize; 2],
        init: Init,
    ) -> FromPoint {
        let ([from, to], [height, width]) = (channels, size);
        let start = start(init, from, to, 1, height * width);
        let shape = [from, to, height, width].map(|n| n as i64);
        FromPoint {
            weight: builder.add(format!("{name}.weight"), &shape, start),
            bias: builder.add(format!("{name}.bias"), &[to as i64], bias(init, start)),
            channels,
            size,
        }
    }

    /// Of weight and bias among the parameters.
    pub fn places(&self) -> [usize; 2] {
        [self.weight, self.bias]
    }

    /// [batch, from] to [batch, to, height, width]. From a point it is a matrix product.
    pub fn forward(&self, params: &Params, z: &Tensor) -> Tensor {
        let [from, to] = self.channels.map(|n| n as i64);
        let [height, width] = self.size.map(|n| n as i64);
        let map = z.matmul(&params.get(self.weight).view([from, -1])).view([-1, to, height, width]);
        map + params.get(self.bias).view([1, -1, 1, 1])
    }

    /// Multiply-accumulates of one sample.
    pub fn macs(&self) -> u64 {
        self.channels.iter().chain(&self.size).map(|&n| n as u64).product()
    }
}

/// A transposed convolution to one channel, kernel 4, stride 4, without bias.
#[derive(Debug)]
pub struct Unfold {
    weight: usize,
    from: usize,
}

impl Unfold {
    /// Declares one with weight [from, 1, 4, 4].
    pub fn declare(builder: &mut ParamsBuilder, name: &str, from: usize, init: Init) -> Unfold {
        let start = start(init, from, 1, 1, 16);
        Unfold { weight: builder.add(format!("{name}.weight"), &[from as i64, 1, 4, 4], start), from }
    }

    /// Of the weight among the parameters.
    pub fn place(&self) -> usize {
        self.weight
    }

    /// [batch, from, height, width] to [batch, 1, 4 height, 4 width]. As the kernel does not overlap
    /// itself, it is a 1x1 convolution to 16 channels, which are then laid out as 4x4 blocks.
    pub fn forward(&self, params: &Params, x: &Tensor) -> Tensor {
        let weight = params.get(self.weight).view([self.from as i64, 16]).tr().reshape([16, -1, 1, 1]);
        x.conv2d(&weight, None::<&Tensor>, [1, 1], [0, 0], [1, 1], 1).pixel_shuffle(4)
    }

    /// Multiply-accumulates of one sample of `frames` output frames.
    pub fn macs(&self, frames: usize) -> u64 {
        (frames * super::layers::MELS * self.from) as u64
    }
}

/// A transposed convolution, kernel 4, stride 2, padding 1: doubles both sides of the map.
#[derive(Debug)]
pub struct Upsample {
    weight: usize,
    bias: Option<usize>,
    channels: [usize; 2],
}

impl Upsample {
    /// Declares one with weight [from, to, 4, 4]. Four taps a channel reach an output.
    pub fn declare(
        builder: &mut ParamsBuilder,
        name: &str,
        channels: [usize; 2],
        with_bias: bool,
        init: Init,
    ) -> Upsample {
        let [from, to] = channels;
        let start = start(init, from, to, 4, 16);
        Upsample {
            weight: builder.add(format!("{name}.weight"), &[from as i64, to as i64, 4, 4], start),
            bias: with_bias.then(|| builder.add(format!("{name}.bias"), &[to as i64], bias(init, start))),
            channels,
        }
    }

    /// [batch, from, height, width] to [batch, to, 2 height, 2 width].
    pub fn forward(&self, params: &Params, x: &Tensor) -> Tensor {
        let bias = self.bias.map(|b| params.get(b));
        x.conv_transpose2d(params.get(self.weight), bias, [2, 2], [1, 1], [0, 0], 1, [1, 1])
    }

    /// Multiply-accumulates of one sample of `height` x `width`.
    pub fn macs(&self, height: usize, width: usize) -> u64 {
        (height * width * 16 * self.channels[0] * self.channels[1]) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::rng::Seed;
    use tch::{Device, Kind};

    #[test]
    fn the_fast_forms_are_transposed_convolutions() {
        let mut b = ParamsBuilder::default();
        let first = FromPoint::declare(&mut b, "a", [6, 3], [5, 2], Init::Framework);
        let second = Unfold::declare(&mut b, "b", 3, Init::He);
        let p = b.build(Seed::new(1), Device::Cpu);
        let mut z = vec![0f32; 24];
        Seed::new(2).draws().fill_normal(&mut z);
        let z = Tensor::from_slice(&z).view([4, 6]);
        let fast = first.forward(&p, &z);
        let point = z.view([4, 6, 1, 1]);
        let plain = point.conv_transpose2d(p.get(0), Some(p.get(1)), [1, 1], [0, 0], [0, 0], 1, [1, 1]);
        assert_eq!(fast.size(), [4, 3, 5, 2]);
        assert!((&fast - plain).abs().max().double_value(&[]) < 1e-6);
        let unfolded = second.forward(&p, &fast);
        let plain = fast.conv_transpose2d(p.get(2), None::<&Tensor>, [4, 4], [0, 0], [0, 0], 1, [1, 1]);
        assert_eq!(unfolded.size(), [4, 1, 20, 8]);
        assert!((&unfolded - plain).abs().max().double_value(&[]) < 1e-6);
        assert!(unfolded.std(false).to_kind(Kind::Double).double_value(&[]) > 0.1);
    }
}
