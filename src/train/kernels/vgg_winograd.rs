//! VGG on a CPU without the library's graph: convolutions by [`super::filtering`], each gradient written where the
//! flat one has it. The values and gradients of [`crate::nets::vgg::VggNet`], but for rounding.

use super::adaptive_pool::AdaptivePool;
use super::filtering::{After, Convolution, Maps, PointWeight, WeightSums};
use super::one_channel::{Bordered, OneChannel, OneChannelSums};
use super::threads::{each_alone, image_parts};
use crate::torch::params::Params;
use std::ops::Range;
use tch::{Kind, Tensor};

const RELU: After<&Maps> = After::Leaky(0.0);

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
    /// What comes out of each convolution, or of the pool that follows it, and the pool's places.
    maps: Vec<(Maps, Option<Maps>)>,
}

/// Sums of the gradients by the convolutions' parameters.
type Sums = (OneChannelSums, Vec<WeightSums>);

impl Weights {
    /// Of each convolution: its channels, and whether a pool follows it.
    fn layers(&self) -> Vec<(usize, bool)> {
        let channels = std::iter::once(self.first.to()).chain(self.later.iter().map(PointWeight::to));
        let pooled = self.depths.iter().flat_map(|&depth| (1..=depth).map(move |i| i == depth));
        channels.zip(pooled).collect()
    }

    /// Of some images; without `keep` the tape holds nothing but what comes out.
    fn forward(&self, x: Bordered, keep: bool) -> PartTape {
        let (images, mut sides) = (x.images(), x.sides());
        let layers = self.layers();
        let mut tape = PartTape { x, maps: Vec::new() };
        for (i, &(channels, is_pooled)) in layers.iter().enumerate() {
            if is_pooled {
                sides = sides.map(|n| n / 2);
            }
            let y = match i + 1 == layers.len() {
                true => Maps::bare(images, sides, channels),
                false => Maps::before(Convolution::Keeping, images, sides, channels),
            };
            let places = (is_pooled && keep).then(|| Maps::bare(images, sides, channels));
            let after = if is_pooled { After::Pool(places.as_ref()) } else { RELU };
            match i.checked_sub(1) {
                None => self.first.forward(&tape.x, &y, after),
                Some(i) => self.later[i].forward(tape.out(), &y, after),
            }
            if !keep {
                tape.maps.clear();
            }
            tape.maps.push((y, places));
        }
        tape
    }

    /// From the gradient by what comes out.
    fn backward(&self, mut tape: PartTape, by_out: Maps) -> Sums {
        let sums = (self.first.sums(), self.later.iter().map(WeightSums::new).collect::<Vec<_>>());
        let mut by = by_out;
        while let Some((y, places)) = tape.maps.pop() {
            let (kept, after) = match &places {
                None => (&y, RELU),
                Some(places) => (places, After::Pool(None)),
            };
            let Some(i) = tape.maps.len().checked_sub(1) else {
                self.first.backward(&tape.x, kept, &by, after, Some(&sums.0), None);
                break;
            };
            let x = tape.out();
            let by_x = x.like();
            self.later[i].backward(x, kept, &by, after, Some(&sums.1[i]), Some(&by_x));
            by = by_x;
        }
        sums
    }
}

impl PartTape {
    /// What comes out of the last layer so far.
    fn out(&self) -> &Maps {
        &self.maps.last().expect("a layer").0
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
