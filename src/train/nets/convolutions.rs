//! Convolutions of a log-mel window one after the other: what the augmentor, the discriminator and the representation learner
//! begin with. On a CPU they go without the library's graph, by kernels of our own.

use super::layers::{Conv, MELS, SLOPE};
use crate::kernels::filtering::{After, Convolution, Maps, PointWeight, Ways, WeightSums};
use crate::kernels::one_channel::{Bordered, OneChannel, OneChannelSums};
use crate::kernels::threads::{each_alone, parts};
use crate::kernels::vector;
use crate::torch::params::{Derived, Params, ParamsBuilder};
use std::ops::Range;
use std::sync::Arc;
use tch::{Device, Kind, Tensor};

const LEAK: After<&Maps> = After::Leaky(SLOPE as f32);

/// Convolutions with LeakyReLU.
#[derive(Debug)]
pub struct ConvolutionStack {
    convs: Vec<Conv>,
    weights: Derived<Weights>,
}

/// Weights as our kernels read them.
#[derive(Debug)]
struct Weights {
    first: OneChannel,
    later: Vec<PointWeight>,
    goes_back: bool,
}

/// A forward pass by our kernels: what the backward one needs.
#[derive(Debug)]
pub struct ConvolutionsTape {
    weights: Arc<Weights>,
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
type ParameterSums = (OneChannelSums, Vec<WeightSums>);

impl ConvolutionStack {
    /// Declares halving convolutions from `from` channels to these, called `name` and a number.
    pub fn halving(
        builder: &mut ParamsBuilder,
        name: &str,
        from: usize,
        widths: &[usize],
    ) -> ConvolutionStack {
        let before = std::iter::once(from).chain(widths.iter().copied());
        let convs = before.zip(widths).enumerate();
        let convs = convs.map(|(i, (from, &to))| Conv::halving(builder, &format!("{name}.{i}"), [from, to]));
        ConvolutionStack::new(convs.collect())
    }

    /// Of these.
    pub fn new(convs: Vec<Conv>) -> ConvolutionStack {
        ConvolutionStack { convs, weights: Derived::default() }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.convs.len()
    }

    /// Whether our kernels compute this: halvings from one channel, the others by eights, in single on a CPU.
    pub fn by_hand(&self, params: &Params, device: Device) -> bool {
        let fits = |conv: &Conv| conv.halves() && conv.channels()[1].is_multiple_of(8);
        let single = device == Device::Cpu && params.kind() == Kind::Float && vector::available();
        single && self.convs[0].channels()[0] == 1 && self.convs.iter().all(fits)
    }

    /// By the library: [batch, channels, frames, 128] to [batch, channels, frames and bands as the last gives them].
    pub fn graph(&self, params: &Params, x: &Tensor) -> Tensor {
        self.convs.iter().fold(x.to_kind(params.kind()), |x, conv| conv.forward(params, &x))
    }

    /// The same of [batch, 1, frames, 128] by our kernels. `goes_back`: whether gradients by more than the parameters of the first are wanted.
    pub fn record(&self, params: &Params, x: &Tensor, goes_back: bool) -> ConvolutionsTape {
        let weights = self.weights.of(
            params,
            |w| w.goes_back || !goes_back,
            || {
                let of = |conv: &Conv| conv.places().map(|at| params.get(at).detach());
                let ways = if goes_back { Ways::Both } else { Ways::Forward };
                let [weight, bias] = of(&self.convs[0]);
                let later = self.convs[1..].iter().map(of);
                let later =
                    later.map(|[w, b]| PointWeight::new(Convolution::Halving, &w, &b, ways)).collect();
                Weights { first: OneChannel::new(Convolution::Halving, &weight, &bias), later, goes_back }
            },
        );
        let x = Bordered::new(x);
        let (images, mut sides) = (x.images(), x.sides());
        let maps = self.convs.iter().enumerate().map(|(i, conv)| {
            let [_, width] = conv.channels();
            sides = sides.map(|n| n / 2);
            match i + 1 == self.count() {
                true => Maps::bare(images, sides, width),
                false => Maps::before(Convolution::Halving, images, sides, width),
            }
        });
        let tape = ConvolutionsTape { weights, maps: maps.collect(), x };
        each_alone(parts(images), |part| tape.forward(&part));
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
        let (images, [height, width]) = (tape.x.images(), tape.x.sides().map(|n| n as i64));
        let by_x =
            is_wanted.then(|| Tensor::empty([images as i64, 1, height, width], (Kind::Float, Device::Cpu)));
        let jobs = parts(images).into_iter().map(|part| {
            let of = |t: &Tensor| t.narrow(0, part.start as i64, part.len() as i64);
            (by_out.part(part.clone()), by_x.as_ref().map(of), part)
        });
        let by_parameters = by.is_some();
        let sums = each_alone(jobs.collect(), |(by_out, by_x, part)| {
            tape.backward(&by_out, &part, by_parameters, by_x.as_ref())
        });
        // In the order of the images, whichever thread was first.
        let sums = sums.into_iter().flatten().reduce(|mut sums, more| {
            sums.0.add(&more.0);
            sums.1.iter_mut().zip(&more.1).for_each(|(sum, more)| sum.add(more));
            sums
        });
        if let (Some((first, later)), Some(by)) = (sums, by) {
            let places = |conv: &Conv| conv.places().map(|at| &by[at]);
            let [weight, bias] = places(&self.convs[0]);
            first.write(weight, bias);
            for (conv, sums) in self.convs[1..].iter().zip(later) {
                let [weight, bias] = places(conv);
                sums.write(weight, bias);
            }
        }
        by_x
    }

    /// The places of their parameters.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        self.convs.iter().flat_map(Conv::places)
    }

    /// Multiply-accumulates for one sample of `frames` frames, and the frames and bands that are left.
    pub fn macs(&self, frames: usize) -> (u64, [usize; 2]) {
        let (mut sum, mut size) = (0, (frames, MELS));
        for conv in &self.convs {
            let (macs, h, w) = conv.macs(size.0, size.1);
            sum += macs;
            size = (h, w);
        }
        (sum, [size.0, size.1])
    }
}

impl ConvolutionsTape {
    /// Of some images.
    fn forward(&self, part: &Range<usize>) {
        let layer = |i: usize, images: &Range<usize>| {
            let map = |i: usize| self.maps[i].part(images.clone());
            self.weights.later[i].forward(&map(i), &map(i + 1), LEAK);
        };
        let large = self.large();
        for images in groups(part) {
            self.weights.first.forward(
                &self.x.part(images.clone()),
                &self.maps[0].part(images.clone()),
                LEAK,
            );
            (0..large).for_each(|i| layer(i, &images));
        }
        (large..self.weights.later.len()).for_each(|i| layer(i, part));
    }

    fn backward(
        &self,
        by_out: &Maps,
        part: &Range<usize>,
        by_parameters: bool,
        by_x: Option<&Tensor>,
    ) -> Option<ParameterSums> {
        let Weights { first, later, .. } = &*self.weights;
        let sums =
            by_parameters.then(|| (first.sums(), later.iter().map(WeightSums::new).collect::<Vec<_>>()));
        let layer = |i: usize, by_y: &Maps, images: &Range<usize>| {
            let map = |i: usize| self.maps[i].part(images.clone());
            let (x, sums) = (map(i), sums.as_ref().map(|s| &s.1[i]));
            let by_x = x.like();
            later[i].backward(&x, &map(i + 1), by_y, LEAK, sums, Some(&by_x));
            by_x
        };
        let large = self.large();
        let mut by_large = by_out.part(0..by_out.images());
        for i in (large..later.len()).rev() {
            by_large = layer(i, &by_large, part);
        }
        for images in groups(part) {
            let within = images.start - part.start..images.end - part.start;
            let by_x = by_x.map(|by_x| by_x.narrow(0, within.start as i64, within.len() as i64));
            let mut by_y = by_large.part(within);
            for i in (0..large).rev() {
                by_y = layer(i, &by_y, &images);
            }
            let (x, y) = (self.x.part(images.clone()), self.maps[0].part(images.clone()));
            first.backward(&x, &y, &by_y, LEAK, sums.as_ref().map(|s| &s.0), by_x.as_ref());
        }
        sums
    }

    /// How many layers after the first have maps so large that a few of them fill a cache.
    fn large(&self) -> usize {
        self.maps[1..].iter().take_while(|map| map.sides().iter().product::<usize>() >= LARGE).count()
    }
}

/// Pixels of a map that is worked on with few others.
const LARGE: usize = 128;
/// Maps that go through the layers with large ones together: what a layer gives is still in a cache when the next reads it.
const GROUP: usize = 4;

fn groups(images: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = images.end;
    images.clone().step_by(GROUP).map(move |start| start..(start + GROUP).min(end))
}
