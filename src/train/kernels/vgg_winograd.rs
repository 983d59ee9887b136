//! VGG on a CPU without the library's graph: convolutions by [`super::filtering`], each gradient written where the
//! flat one has it. The values and gradients of [`crate::nets::vgg::VggNet`], but for rounding.

use super::adaptive_pool::AdaptivePool;
use super::filtering::{Convolution, Maps, PointWeight, WeightSums};
use super::max_pool;
use super::one_channel::{Bordered, OneChannel, OneChannelSums};
use super::threads::{each_alone, image_parts};
use crate::torch::params::Params;
use std::ops::Range;
use tch::{Kind, Tensor};

/// Of negative values.
const SLOPE: f32 = 0.0;

/// Where a network's layers have their weights (biases are the next), block by block.
#[derive(Debug)]
pub(crate) struct Layers<'a> {
    /// The parameters.
    pub params: &'a Params,
    /// Of the convolutions.
    pub blocks: Vec<Vec<usize>>,
    /// Of the three linear layers.
    pub linears: [usize; 3],
    /// Between them.
    pub pool: &'a AdaptivePool,
    /// Side of the average pool before all.
    pub shrink: usize,
}

/// The convolutions as their kernels read them.
#[derive(Debug)]
pub(crate) struct Weights {
    first: OneChannel,
    later: Vec<PointWeight>,
    /// Convolutions of each block.
    depths: Vec<usize>,
}

// SAFETY: our kernels read its tensors by their addresses.
unsafe impl Sync for Weights {}

/// What the backward pass needs of the forward one.
#[derive(Debug)]
pub(crate) struct Tape {
    weights: Weights,
    parts: Vec<PartTape>,
    /// What goes into each linear layer.
    flats: Vec<Tensor>,
    /// Of dropout, [2, images, units].
    masks: Option<Tensor>,
}

/// Of some images.
#[derive(Debug)]
struct PartTape {
    x: Bordered,
    /// What comes out of each convolution and of its pool, where one follows, and where the pool found it.
    maps: Vec<(Maps, Option<Maps>)>,
}

/// Sums of the gradients by the convolutions' parameters.
type Sums = (OneChannelSums, Vec<WeightSums>);

/// Values before a pool that are computed at a time, an image at least: they stay in the second cache until they are read.
const BEFORE_POOL: usize = 1 << 16;

/// Images `0..count` as many at a time as make [`BEFORE_POOL`], of sides and channels before the pool.
fn few(count: usize, [height, width]: [usize; 2], channels: usize) -> impl Iterator<Item = Range<usize>> {
    let few = (BEFORE_POOL / (height * width * channels)).clamp(1, count);
    (0..count).step_by(few).map(move |first| first..count.min(first + few))
}

impl Weights {
    /// Of each convolution: whether a pool follows it.
    fn pooled(&self) -> Vec<bool> {
        self.depths.iter().flat_map(|&depth| (1..=depth).map(move |i| i == depth)).collect()
    }

    /// The convolution number `index` of what comes out of the tape's last layer so far, for some images.
    fn convolve(&self, index: usize, tape: &PartTape, some: Range<usize>, y: &Maps) {
        match index.checked_sub(1) {
            None => self.first.forward(&tape.x.part(some), y, SLOPE),
            Some(i) => self.later[i].forward(&tape.out().part(some), y, SLOPE),
        }
    }

    /// Of some images; without `keep` the tape holds nothing but what comes out.
    fn forward(&self, x: Bordered, keep: bool) -> PartTape {
        let (images, mut sides) = (x.images(), x.sides());
        let pooled = self.pooled();
        let mut tape = PartTape { x, maps: Vec::new() };
        for (i, &is_pooled) in pooled.iter().enumerate() {
            let channels = if i == 0 { self.first.to() } else { self.later[i - 1].to() };
            let made = if is_pooled {
                let before = sides;
                sides = sides.map(|n| n / 2);
                let y = match i + 1 == pooled.len() {
                    true => Maps::bare(images, sides, channels),
                    false => Maps::before(Convolution::Keeping, images, sides, channels),
                };
                let places = keep.then(|| Maps::bare(images, sides, channels));
                let mut memory = None;
                for some in few(images, before, channels) {
                    let memory = memory.get_or_insert_with(|| Maps::bare(some.len(), before, channels));
                    let convolved = memory.part(0..some.len());
                    self.convolve(i, &tape, some.clone(), &convolved);
                    let places = places.as_ref().map(|p| p.part(some.clone()));
                    max_pool::forward(&convolved, &y.part(some), places.as_ref());
                }
                (y, places)
            } else {
                let y = Maps::before(Convolution::Keeping, images, sides, channels);
                self.convolve(i, &tape, 0..images, &y);
                (y, None)
            };
            if !keep {
                tape.maps.clear();
            }
            tape.maps.push(made);
        }
        tape
    }

    /// From the gradient by what comes out.
    fn backward(&self, mut tape: PartTape, by_out: Maps) -> Sums {
        let sums = (self.first.sums(), self.later.iter().map(WeightSums::new).collect::<Vec<_>>());
        let mut by = by_out;
        while let Some((y, places)) = tape.maps.pop() {
            let by_x = (!tape.maps.is_empty()).then(|| tape.out().like());
            let back = |some: Range<usize>, y: &Maps, by_y: &Maps, slope: f32| match &by_x {
                None => self.first.backward(&tape.x.part(some), y, by_y, slope, Some(&sums.0), None),
                Some(by_x) => {
                    let i = tape.maps.len() - 1;
                    let (x, by_x) = (tape.out().part(some.clone()), by_x.part(some));
                    self.later[i].backward(&x, y, by_y, slope, Some(&sums.1[i]), Some(&by_x));
                }
            };
            match places {
                None => back(0..y.images(), &y, &by, SLOPE),
                Some(places) => {
                    let (before, mut memory) = (tape.sides(), None);
                    for some in few(y.images(), before, y.channels()) {
                        let memory =
                            memory.get_or_insert_with(|| Maps::bare(some.len(), before, y.channels()));
                        let unpooled = memory.part(0..some.len());
                        max_pool::backward(&places.part(some.clone()), &by.part(some.clone()), &unpooled);
                        // The pool went back through the ReLU already.
                        back(some, &unpooled, &unpooled, 1.0);
                    }
                }
            }
            match by_x {
                Some(by_x) => by = by_x,
                None => break,
            }
        }
        sums
    }
}

impl PartTape {
    /// What comes out of the last layer so far.
    fn out(&self) -> &Maps {
        &self.maps.last().expect("a layer").0
    }

    /// Rows and columns of it, or of the images where there is none.
    fn sides(&self) -> [usize; 2] {
        self.maps.last().map_or(self.x.sides(), |(y, _)| y.sides())
    }
}

impl Layers<'_> {
    /// The convolutions' weights for any number of passes until they change; `goes_back`: for training.
    pub(crate) fn weights(&self, goes_back: bool) -> Weights {
        let places: Vec<[Tensor; 2]> = self
            .blocks
            .iter()
            .flatten()
            .map(|&at| [at, at + 1].map(|at| self.params.get(at).detach()))
            .collect();
        let [weight, bias] = &places[0];
        let first = OneChannel::new(Convolution::Keeping, weight, bias);
        let later = places.into_iter().skip(1).collect();
        let later = each_alone(later, |[w, b]| PointWeight::new(Convolution::Keeping, &w, &b, goes_back));
        Weights { first, later, depths: self.blocks.iter().map(Vec::len).collect() }
    }

    /// Logits [images, classes] of `x` [images, 1, height, width].
    pub(crate) fn forward(&self, x: &Tensor, weights: &Weights) -> Tensor {
        let _no_grad = tch::no_grad_guard();
        let parts = convolve(x, self.shrink, weights, false);
        self.head(&parts, None).0
    }

    /// As [`Layers::forward`] with `masks` of dropout, and what [`Layers::backward`] needs.
    pub(crate) fn record(&self, x: &Tensor, masks: Option<Tensor>) -> (Tensor, Tape) {
        let _no_grad = tch::no_grad_guard();
        let weights = self.weights(true);
        let parts = convolve(x, self.shrink, &weights, true);
        let (logits, flats) = self.head(&parts, masks.as_ref());
        (logits, Tape { weights, parts, flats, masks })
    }

    /// Logits, and what went into each linear layer.
    fn head(&self, parts: &[PartTape], masks: Option<&Tensor>) -> (Tensor, Vec<Tensor>) {
        let p = |i| self.params.get(i);
        let maps: Vec<Tensor> = parts.iter().map(|part| part.out().tensor()).collect();
        let map = if maps.len() == 1 { maps[0].shallow_clone() } else { Tensor::cat(&maps, 0) };
        let mut flat = self.pool.apply(&map.permute([0, 3, 1, 2]).contiguous()).flatten(1, -1);
        let mut flats = Vec::new();
        for (i, &at) in self.linears.iter().enumerate() {
            let mut y = p(at + 1).addmm(&flat, &p(at).tr());
            if i < 2 {
                y = y.relu_();
                if let Some(masks) = masks {
                    y *= masks.get(i as i64);
                }
            }
            flats.push(std::mem::replace(&mut flat, y));
        }
        (flat, flats)
    }

    /// The gradient by all parameters, flat, from that by the logits.
    pub(crate) fn backward(&self, tape: Tape, by_logits: &Tensor) -> Tensor {
        let _no_grad = tch::no_grad_guard();
        let p = |i| self.params.get(i);
        let flat = self.params.flat().empty_like();
        let by = self.params.views_of(&flat);
        let put = |at: usize, gradient: &Tensor| by[at].shallow_clone().copy_(gradient);
        let mut g = by_logits.shallow_clone();
        for (i, &at) in self.linears.iter().enumerate().rev() {
            if i < 2 {
                if let Some(masks) = &tape.masks {
                    g *= masks.get(i as i64);
                }
                // Where dropout took a value, its gradient is zero already.
                g *= tape.flats[i + 1].gt(0.0);
            }
            let _ = g.tr().f_mm_out(&by[at], &tape.flats[i]).expect("the shapes fit");
            put(at + 1, &g.sum_dim_intlist(0, false, Kind::Float));
            g = g.matmul(p(at));
        }
        let sides = tape.parts[0].out().sides().map(|n| n as i64);
        let images = g.size()[0];
        let g = self.pool.gradient(&g, sides).view([images, -1, sides[0], sides[1]]);
        let by_out = Maps::of(g.permute([0, 2, 3, 1]).contiguous());
        let Tape { weights, parts, .. } = tape;
        let jobs = image_parts(images as usize).into_iter().zip(parts);
        let jobs: Vec<_> = jobs.map(|(range, part)| (part, by_out.part(range))).collect();
        // In the order of the images, whichever thread was first.
        let (first, later) = each_alone(jobs, |(part, by_out)| weights.backward(part, by_out))
            .into_iter()
            .reduce(|mut sums, more| {
                sums.0.add(&more.0);
                sums.1.iter_mut().zip(&more.1).for_each(|(sum, more)| sum.add(more));
                sums
            })
            .expect("at least one image");
        let places: Vec<usize> = self.blocks.iter().flatten().copied().collect();
        first.write(&by[places[0]], &by[places[0] + 1]);
        for ((&at, sums), of) in places[1..].iter().zip(&later).zip(&weights.later) {
            sums.write(of, &by[at], &by[at + 1]);
        }
        flat
    }
}

/// The convolutions and pools of `x`, in a part for each thread.
fn convolve(x: &Tensor, shrink: usize, weights: &Weights, keep: bool) -> Vec<PartTape> {
    let part = |range: Range<usize>| x.narrow(0, range.start as i64, range.len() as i64);
    let parts = image_parts(x.size()[0] as usize).into_iter().map(part).collect();
    each_alone(parts, |x| weights.forward(Bordered::shrunk(&x, shrink), keep))
}
