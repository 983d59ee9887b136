//! Blocks of the generators that map a log-mel to one of its shape: plain convolutions, instance norm, residual blocks, planes.

use super::layers::channels_last;
use crate::torch::params::{Params, ParamsBuilder, Start};
use tch::{Device, Kind, Tensor};

/// Added to a variance, as PyTorch's default.
const EPS: f64 = 1e-5;

/// What is around a map before it is convolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Border {
    /// Zeros, one in from each side: halves or keeps the sides with kernel 4 or 3.
    Zero,
    /// The map mirrored at its edge, half a kernel wide.
    Mirror,
}

/// A convolution with bias and nothing after it; PyTorch's default initialisation.
#[derive(Debug)]
pub struct PlainConv {
    weight: usize,
    bias: usize,
    channels: [usize; 2],
    kernel: usize,
    stride: usize,
    border: Border,
}

impl PlainConv {
    /// Declares one from and to so many `channels`.
    pub fn declare(
        builder: &mut ParamsBuilder,
        name: &str,
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
        border: Border,
    ) -> PlainConv {
        let [from, to] = channels.map(|n| n as i64);
        let side = kernel as i64;
        let start = Start::framework(channels[0] * kernel * kernel);
        PlainConv {
            weight: builder.add(format!("{name}.weight"), &[to, from, side, side], start),
            bias: builder.add(format!("{name}.bias"), &[to], start),
            channels,
            kernel,
            stride,
            border,
        }
    }

    /// [batch, from, height, width] to [batch, to, height / stride, width / stride].
    pub fn forward(&self, params: &Params, x: &Tensor) -> Tensor {
        let (x, padding) = match self.border {
            Border::Zero => (x.shallow_clone(), 1),
            Border::Mirror => (mirrored(x, self.kernel as i64 / 2), 0),
        };
        let x = if x.device() == Device::Cpu { channels_last(&x) } else { x };
        let (weight, bias) = (params.get(self.weight), params.get(self.bias));
        x.conv2d(weight, Some(bias), [self.stride as i64; 2], [padding; 2], [1, 1], 1)
    }

    /// Multiply-accumulates for one sample whose input has so many `pixels`.
    pub fn macs(&self, pixels: usize) -> u64 {
        let [from, to] = self.channels;
        let outputs = pixels / (self.stride * self.stride);
        (outputs * from * to * self.kernel * self.kernel) as u64
    }
}

/// `x` [batch, channels, height, width] with `by` more pixels on each side, its own mirrored at the edge (not doubled): PyTorch's
/// reflection padding. On a GPU from pieces, because the gradient of the library's adds in any order there.
pub fn mirrored(x: &Tensor, by: i64) -> Tensor {
    match x.device() {
        Device::Cpu => x.reflection_pad2d([by; 4]),
        _ => mirrored_by_pieces(x, by),
    }
}

fn mirrored_by_pieces(x: &Tensor, by: i64) -> Tensor {
    let along = |x: &Tensor, dim: i64| {
        let size = x.size()[dim as usize];
        let before = x.narrow(dim, 1, by).flip([dim]);
        let after = x.narrow(dim, size - 1 - by, by).flip([dim]);
        Tensor::cat(&[&before, x, &after], dim)
    };
    along(&along(x, 2), 3)
}

/// Twice as many rows and columns, each value four times.
pub fn doubled(x: &Tensor) -> Tensor {
    let [_, _, height, width] = x.size()[..] else { panic!("[batch, channels, height, width]") };
    x.upsample_nearest2d([2 * height, 2 * width], None, None)
}

/// Planes of one value each: `rows` [batch, planes] as maps behind the channels of `x` [batch, channels, height, width].
pub fn with_planes(x: &Tensor, rows: &Tensor) -> Tensor {
    let [_, _, height, width] = x.size()[..] else { panic!("[batch, channels, height, width]") };
    let planes = rows.to_kind(x.kind()).unsqueeze(2).unsqueeze(3).expand([-1, -1, height, width], false);
    Tensor::cat(&[x, &planes], 1)
}

/// Instance norm with a weight and a bias for each channel: over time and bands of one sample.
#[derive(Debug)]
pub struct InstanceNorm {
    weight: usize,
    bias: usize,
    channels: i64,
}

impl InstanceNorm {
    /// Declares one.
    pub fn declare(builder: &mut ParamsBuilder, name: &str, channels: usize) -> InstanceNorm {
        let n = channels as i64;
        InstanceNorm {
            weight: builder.add(format!("{name}.weight"), &[n], Start::Constant(1.0)),
            bias: builder.add(format!("{name}.bias"), &[n], Start::Constant(0.0)),
            channels: n,
        }
    }

    /// Of [batch, channels, height, width]: a group norm with as many groups as channels.
    pub fn forward(&self, params: &Params, x: &Tensor) -> Tensor {
        let (weight, bias) = (params.get(self.weight), params.get(self.bias));
        // With the channels innermost, as convolutions on a CPU leave them, it would take thirty times as long.
        x.contiguous().group_norm(self.channels, Some(weight), Some(bias), EPS, true)
    }
}

/// A convolution and an instance norm.
#[derive(Debug)]
pub struct NormedConv {
    conv: PlainConv,
    norm: InstanceNorm,
}

impl NormedConv {
    /// Declares both, called `name` with `conv` and `norm` after it.
    pub fn declare(
        builder: &mut ParamsBuilder,
        name: &str,
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
        border: Border,
    ) -> NormedConv {
        NormedConv {
            conv: PlainConv::declare(builder, &format!("{name}.conv"), channels, kernel, stride, border),
            norm: InstanceNorm::declare(builder, &format!("{name}.norm"), channels[1]),
        }
    }

    /// As [`PlainConv::forward`], normalised.
    pub fn forward(&self, params: &Params, x: &Tensor) -> Tensor {
        self.norm.forward(params, &self.conv.forward(params, x))
    }

    /// As [`PlainConv::macs`].
    pub fn macs(&self, pixels: usize) -> u64 {
        self.conv.macs(pixels)
    }
}

/// Two 3x3 convolutions with instance norm, ReLU between them, whose output is added to the input (Johnson et al., ECCV 2016).
#[derive(Debug)]
pub struct Residual {
    convs: [NormedConv; 2],
}

impl Residual {
    /// Declares one of so many channels.
    pub fn declare(builder: &mut ParamsBuilder, name: &str, channels: usize) -> Residual {
        let mut conv = |i: usize| {
            NormedConv::declare(builder, &format!("{name}.{i}"), [channels; 2], 3, 1, Border::Mirror)
        };
        Residual { convs: [conv(0), conv(1)] }
    }

    /// Keeps the shape of `x`, whose map has two rows and two columns at least.
    pub fn forward(&self, params: &Params, x: &Tensor) -> Tensor {
        let [first, second] = &self.convs;
        x + second.forward(params, &first.forward(params, x).relu())
    }

    /// Multiply-accumulates for one sample of so many `pixels`.
    pub fn macs(&self, pixels: usize) -> u64 {
        self.convs.iter().map(|conv| conv.macs(pixels)).sum()
    }
}

/// Classes (int64 [batch]) as rows [batch, `classes`] with a one at each class.
pub fn one_hot(classes: &Tensor, count: usize) -> Tensor {
    let all = Tensor::arange(count as i64, (Kind::Int64, classes.device()));
    classes.unsqueeze(1).eq_tensor(&all.unsqueeze(0)).to_kind(Kind::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_of_a_mirrored_map_are_the_librarys_padding() {
        let x = Tensor::arange(2 * 3 * 5 * 7, (Kind::Float, Device::Cpu))
            .view([2, 3, 5, 7])
            .set_requires_grad(true);
        for by in [1, 4] {
            let weights = Tensor::arange(3 * (5 + 2 * by) * (7 + 2 * by), (Kind::Float, Device::Cpu));
            let [library, pieces] = [mirrored, mirrored_by_pieces].map(|pad| {
                let padded = pad(&x, by);
                let sum = (&padded * weights.view([3, 5 + 2 * by, 7 + 2 * by])).sum(Kind::Float);
                (padded, Tensor::run_backward(&[sum], &[&x], false, false).remove(0))
            });
            assert_eq!(library, pieces, "{by}");
        }
    }
}
