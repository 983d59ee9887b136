//! Convolution with LeakyReLU, and masks of a window's own frames.

use crate::torch::params::{Params, ParamsBuilder, Start};
use tch::{Device, Kind, Tensor};

/// Mel bands of every input.
pub const MELS: usize = 128;

/// Slope of LeakyReLU below zero.
pub const SLOPE: f64 = 0.2;

/// A square convolution with bias; He initialisation by fan-in, bias zero.
#[derive(Debug)]
pub struct Conv {
    weight: usize,
    bias: usize,
    channels: [usize; 2],
    kernel: usize,
    stride: usize,
}

impl Conv {
    /// Kernel 4, stride 2, padding 1: halves both sides of the map.
    pub fn halving(builder: &mut ParamsBuilder, name: &str, channels: [usize; 2]) -> Conv {
        Conv::declare(builder, name, channels, 4, 2)
    }

    /// Kernel 3, stride 1, padding 1: keeps the sides of the map.
    pub fn keeping(builder: &mut ParamsBuilder, name: &str, channels: [usize; 2]) -> Conv {
        Conv::declare(builder, name, channels, 3, 1)
    }

    fn declare(
        builder: &mut ParamsBuilder,
        name: &str,
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
    ) -> Conv {
        let [from, to] = channels;
        let side = kernel as i64;
        let start = Start::he(from * kernel * kernel, SLOPE);
        Conv {
            weight: builder.add(format!("{name}.weight"), &[to as i64, from as i64, side, side], start),
            bias: builder.add(format!("{name}.bias"), &[to as i64], Start::Constant(0.0)),
            channels,
            kernel,
            stride,
        }
    }

    /// Channels of its input and output.
    pub fn channels(&self) -> [usize; 2] {
        self.channels
    }

    /// Whether it halves both sides of the map.
    pub fn halves(&self) -> bool {
        self.stride == 2
    }

    /// Of weight and bias among the parameters.
    pub fn places(&self) -> [usize; 2] {
        [self.weight, self.bias]
    }

    /// [batch, from, height, width] to [batch, to, height / stride, width / stride], LeakyReLU applied.
    pub fn forward(&self, params: &Params, x: &Tensor) -> Tensor {
        let (weight, bias) = (params.get(self.weight), params.get(self.bias));
        let on_cpu = x.device() == Device::Cpu;
        if on_cpu && self.channels[0] == 1 && self.channels[1].is_multiple_of(16) && self.stride == 2 {
            return leaky_relu(&halve_one_channel(x, weight, bias));
        }
        let x = if on_cpu { channels_last(x) } else { x.shallow_clone() };
        leaky_relu(&x.conv2d(weight, Some(bias), [self.stride as i64; 2], [1, 1], [1, 1], 1))
    }

    /// Multiply-accumulates for one sample of `height` x `width`, and the size of the map that comes out.
    pub fn macs(&self, height: usize, width: usize) -> (u64, usize, usize) {
        let (h, w) = (height / self.stride, width / self.stride);
        let [from, to] = self.channels;
        ((h * w * to * from * self.kernel * self.kernel) as u64, h, w)
    }
}

/// The convolution of kernel 4, stride 2 and padding 1 of one channel `x` [batch, 1, height, width], as one of kernel 2
/// and stride 1 of four channels, the values of each 2 x 2 of the padded map: the library's own takes ten times as long
/// for the gradient by `x`. The channels are innermost in what comes out.
fn halve_one_channel(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Tensor {
    let [batch, 1, height, width] = x.size()[..] else { panic!("[batch, 1, height, width]") };
    let (h, w) = (height / 2 + 1, width / 2 + 1);
    let padded = x.reshape([batch, height, width]).constant_pad_nd([1, 1, 1, 1]);
    let four = padded.view([batch, h, 2, w, 2]).permute([0, 2, 4, 1, 3]).reshape([batch, 4, h, w]);
    let weight = weight.view([-1, 2, 2, 2, 2]).permute([0, 2, 4, 1, 3]).reshape([-1, 4, 2, 2]);
    channels_last(&four).conv2d(&weight, Some(bias), [1, 1], [0, 0], [1, 1], 1)
}

/// The same values with the channels innermost in memory; the layers after it follow. Narrow convolutions
/// of stride 2 take a fifth of the time so on a CPU.
pub fn channels_last(x: &Tensor) -> Tensor {
    let [batch, channels, height, width] = x.size()[..] else { panic!("[batch, channels, height, width]") };
    match channels {
        // One channel lies the same either way; the strides have to be stated for it to count as last.
        1 => x.reshape([batch, height, width, 1]).permute([0, 3, 1, 2]),
        _ => x.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]),
    }
}

/// LeakyReLU of slope [`SLOPE`], in one kernel each way: tch's own has the slope 0.01 only.
/// It is LeakyReLU's backward with `x` in the place of the incoming gradient.
pub fn leaky_relu(x: &Tensor) -> Tensor {
    x.detach().leaky_relu_backward(x, SLOPE, false)
}

/// Of `own` frames of an input (int64 [batch]), the steps that are left after `halvings` convolutions
/// of stride 2, as a mask [batch, `steps`]: the first ceil(own / 2^halvings) of them, at least one.
pub fn own_steps(own: &Tensor, halvings: u32, steps: i64) -> Tensor {
    let each = 1i64 << halvings;
    let kept = (own + (each - 1)).divide_scalar_mode(each, "floor").clamp(1, steps);
    Tensor::arange(steps, (Kind::Int64, own.device())).unsqueeze(0).less_tensor(&kept.unsqueeze(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaky_relu_and_its_gradient() {
        let x = Tensor::from_slice(&[-2.0f32, 0.5]).set_requires_grad(true);
        let y = leaky_relu(&x);
        let g = Tensor::run_backward(
            &[(&y * Tensor::from_slice(&[10.0f32, 1.0])).sum(None)],
            &[&x],
            false,
            false,
        );
        assert_eq!(Vec::<f32>::try_from(y.detach()).unwrap(), [-0.4, 0.5]);
        assert_eq!(Vec::<f32>::try_from(&g[0]).unwrap(), [2.0, 1.0]);
    }

    #[test]
    fn one_channel_is_halved_as_by_the_library() {
        let normal = |name: &str, shape: &[i64]| {
            let mut host = vec![0f32; shape.iter().product::<i64>() as usize];
            seraug_core::rng::Seed::new(5).child(name).draws().fill_normal(&mut host);
            Tensor::from_slice(&host).view(shape).set_requires_grad(true)
        };
        let (x, w, b) = (normal("x", &[3, 1, 12, 20]), normal("w", &[16, 1, 4, 4]), normal("b", &[16]));
        let ours = halve_one_channel(&x, &w, &b);
        let library = x.conv2d(&w, Some(&b), [2, 2], [1, 1], [1, 1], 1);
        assert!(ours.allclose(&library, 1e-5, 1e-5, false));
        let g = library.detach().sin();
        let gradients =
            |y: &Tensor| Tensor::run_backward(&[(y * &g).sum(Kind::Float)], &[&x, &w, &b], false, false);
        for (ours, library) in gradients(&ours).iter().zip(gradients(&library)) {
            assert!(ours.allclose(&library, 1e-4, 1e-4, false), "{:?}", library.size());
        }
    }

    #[test]
    fn a_step_that_sees_an_own_frame_is_own() {
        let mask = own_steps(&Tensor::from_slice(&[0i64, 1, 4, 5, 64]), 2, 4);
        let counts = Vec::<i64>::try_from(mask.sum_dim_intlist(1, false, Kind::Int64)).unwrap();
        assert_eq!(counts, [1, 1, 1, 2, 4]);
    }
}
