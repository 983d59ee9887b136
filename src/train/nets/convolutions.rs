//! Convolutions of a log-mel window one after the other: what the augmentor, the discriminator and the representation learner
//! begin with. On a CPU they go without the library's graph, by kernels of our own.

use super::layers::{Conv, MELS, SLOPE};
use crate::kernels::filtering::{Convolution, Maps, PointWeight, WeightSums};
use crate::kernels::one_channel::{Bordered, OneChannel, OneChannelSums};
use crate::kernels::threads::{each_alone, image_parts};
use crate::kernels::vector;
use crate::torch::params::{Params, ParamsBuilder};
use std::ops::Range;
use tch::{Device, Kind, Tensor};

const LEAK: f32 = SLOPE as f32;

/// Convolutions with LeakyReLU.
#[derive(Debug)]
pub struct Convolutions(Vec<Conv>);

/// A forward pass by our kernels: what the backward one needs.
#[derive(Debug)]
pub struct ConvolutionsTape {
    first: OneChannel,
    later: Vec<PointWeight>,
    x: Bordered,
    /// What comes out of each.
    maps: Vec<Maps>,
}

// SAFETY: our kernels read its tensors by their addresses, and write to maps of their own images alone.
unsafe impl Sync for ConvolutionsTape {}

impl ConvolutionsTape {
    /// What comes out of the last, [batch, frames, bands, channels].
    pub fn out(&self) -> Tensor {
        self.maps.last().expect("at least one convolution").tensor()
    }
}

/// Sums of the gradients by the parameters.
type Sums = (OneChannelSums, Vec<WeightSums>);

impl Convolutions {
    /// Declares halving convolutions from `from` channels to these, called `name` and a number.
    pub fn halving(builder: &mut ParamsBuilder, name: &str, from: usize, widths: &[usize]) -> Convolutions {
        let before = std::iter::once(from).chain(widths.iter().copied());
        let convs = before.zip(widths).enumerate();
        let convs = convs.map(|(i, (from, &to))| Conv::halving(builder, &format!("{name}.{i}"), [from, to]));
        Convolutions(convs.collect())
    }

    /// Of these.
    pub fn new(convs: Vec<Conv>) -> Convolutions {
        Convolutions(convs)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether our kernels compute this: halvings from one channel, the others by eights, in single on a CPU.
    pub fn by_hand(&self, params: &Params, device: Device) -> bool {
        let fits = |conv: &Conv| conv.halves() && conv.channels()[1].is_multiple_of(8);
        let single = device == Device::Cpu && params.kind() == Kind::Float && vector::available();
        single && self.0[0].channels()[0] == 1 && self.0.iter().all(fits)
    }

    /// By the library: [batch, channels, frames, 128] to [batch, channels, frames and bands as the last gives them].
    pub fn graph(&self, params: &Params, x: &Tensor) -> Tensor {
        self.0.iter().fold(x.to_kind(params.kind()), |x, conv| conv.forward(params, &x))
    }

    /// The same of [batch, 1, frames, 128] by our kernels. `goes_back`: whether gradients by more than the parameters of the first are wanted.
    pub fn record(&self, params: &Params, x: &Tensor, goes_back: bool) -> ConvolutionsTape {
        let weights = |conv: &Conv| conv.places().map(|at| params.get(at).detach());
        let [weight, bias] = weights(&self.0[0]);
        let later = self.0[1..].iter().map(weights);
        let later = later.map(|[w, b]| PointWeight::new(Convolution::Halving, &w, &b, goes_back)).collect();
        let x = Bordered::new(x);
        let (images, mut sides) = (x.images(), x.sides());
        let maps = self.0.iter().enumerate().map(|(i, conv)| {
            let [_, width] = conv.channels();
            sides = sides.map(|n| n / 2);
            match i + 1 == self.count() {
                true => Maps::bare(images, sides, width),
                false => Maps::before(Convolution::Halving, images, sides, width),
            }
        });
        let tape = ConvolutionsTape {
            first: OneChannel::new(Convolution::Halving, &weight, &bias),
            later,
            maps: maps.collect(),
            x,
        };
        each_alone(image_parts(images), |part| tape.forward(&part));
        tape
    }

    /// Back through a pass from the gradient by its output, [batch, frames, bands, channels]: by the parameters to their places
    /// in `by` (views of a flat gradient), where it is given; by x [batch, 1, frames, 128], where it `is_wanted`.
    pub fn backward(
        &self,
        tape: &ConvolutionsTape,
        by_out: &Tensor,
        by: Option<&[Tensor]>,
        is_wanted: bool,
    ) -> Option<Tensor> {
        let by_out = Maps::of(by_out.contiguous());
        let jobs = image_parts(tape.x.images()).into_iter().map(|part| (by_out.part(part.clone()), part));
        let by_parameters = by.is_some();
        let made = each_alone(jobs.collect(), |(by_out, part)| {
            tape.backward(by_out, &part, by_parameters, is_wanted)
        });
        let (sums, by_x): (Vec<Option<Sums>>, Vec<Option<Tensor>>) = made.into_iter().unzip();
        // In the order of the images, whichever thread was first.
        let sums = sums.into_iter().flatten().reduce(|mut sums, more| {
            sums.0.add(&more.0);
            sums.1.iter_mut().zip(&more.1).for_each(|(sum, more)| sum.add(more));
            sums
        });
        if let (Some((first, later)), Some(by)) = (sums, by) {
            let places = |conv: &Conv| conv.places().map(|at| &by[at]);
            let [weight, bias] = places(&self.0[0]);
            first.write(weight, bias);
            for ((conv, sums), of) in self.0[1..].iter().zip(later).zip(&tape.later) {
                let [weight, bias] = places(conv);
                sums.write(of, weight, bias);
            }
        }
        let by_x: Vec<Tensor> = by_x.into_iter().flatten().collect();
        is_wanted.then(|| if by_x.len() == 1 { by_x[0].shallow_clone() } else { Tensor::cat(&by_x, 0) })
    }

    /// The places of their parameters.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        self.0.iter().flat_map(Conv::places)
    }

    /// Multiply-accumulates for one sample of `frames` frames, and the frames and bands that are left.
    pub fn macs(&self, frames: usize) -> (u64, [usize; 2]) {
        let (mut sum, mut size) = (0, (frames, MELS));
        for conv in &self.0 {
            let (macs, h, w) = conv.macs(size.0, size.1);
            sum += macs;
            size = (h, w);
        }
        (sum, [size.0, size.1])
    }
}

impl ConvolutionsTape {
    /// Of some images.
    fn forward(&self, images: &Range<usize>) {
        let map = |i: usize| self.maps[i].part(images.clone());
        self.first.forward(&self.x.part(images.clone()), &map(0), LEAK);
        for (i, weight) in self.later.iter().enumerate() {
            weight.forward(&map(i), &map(i + 1), LEAK);
        }
    }

    fn backward(
        &self,
        by_out: Maps,
        images: &Range<usize>,
        by_parameters: bool,
        by_x: bool,
    ) -> (Option<Sums>, Option<Tensor>) {
        let map = |i: usize| self.maps[i].part(images.clone());
        let sums = by_parameters
            .then(|| (self.first.sums(), self.later.iter().map(WeightSums::new).collect::<Vec<_>>()));
        let mut by_y = by_out;
        for (i, weight) in self.later.iter().enumerate().rev() {
            let x = map(i);
            let by_x = x.like();
            weight.backward(&x, &map(i + 1), &by_y, LEAK, sums.as_ref().map(|s| &s.1[i]), Some(&by_x));
            by_y = by_x;
        }
        let first = sums.as_ref().map(|s| &s.0);
        let by_x = self.first.backward(&self.x.part(images.clone()), &map(0), &by_y, LEAK, first, by_x);
        (sums, by_x)
    }
}
