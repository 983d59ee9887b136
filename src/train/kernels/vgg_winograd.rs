//! VGG on a CPU without the library's graph: convolutions by [`super::filtering`], each gradient written where the
//! flat one has it. The values and gradients of [`crate::nets::vgg::VggNet`], but for rounding.

use super::adaptive_pool::AdaptivePool;
use super::filtering::{After, Convolution, Maps, PointWeight, Ways, WeightSums};
use super::one_channel::{Bordered, OneChannel, OneChannelSums};
use super::threads::{each_alone, parts};
use crate::torch::params::Params;
use std::ops::Range;
use tch::{Kind, Tensor};

const RELU: After<&'static Maps> = After::Leaky(0.0);

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

/// A convolution as its kernels read it.
#[derive(Debug)]
pub(crate) enum Weight {
    /// The first.
    One(OneChannel),
    /// A later one.
    Many(PointWeight),
}

/// What the backward pass needs of the forward one.
#[derive(Debug)]
pub(crate) struct Tape {
    x: Bordered,
    /// What comes out of each convolution, or of the pool that follows it, and the pool's places.
    maps: Vec<(Maps, Option<Maps>)>,
    /// What goes into each linear layer.
    flats: Vec<Tensor>,
    /// Of dropout, [2, images, units].
    masks: Option<Tensor>,
}

impl Layers<'_> {
    /// The places of the convolutions' weights, and whether a pool follows.
    fn convolutions(&self) -> Vec<(usize, bool)> {
        let block = |b: &Vec<usize>| {
            let depth = b.len();
            b.iter().enumerate().map(move |(i, &at)| (at, i + 1 == depth)).collect::<Vec<_>>()
        };
        self.blocks.iter().flat_map(block).collect()
    }

    fn weight(&self, index: usize, at: usize, ways: Ways) -> Weight {
        let [weight, bias] = [at, at + 1].map(|at| self.params.get(at).detach());
        match index {
            0 => Weight::One(OneChannel::new(Convolution::Keeping, &weight, &bias)),
            _ => Weight::Many(PointWeight::new(Convolution::Keeping, &weight, &bias, ways)),
        }
    }

    /// The convolutions' weights for any number of passes forward until they change.
    pub(crate) fn weights(&self) -> Vec<Weight> {
        let places = self.convolutions().into_iter().enumerate();
        places.map(|(i, (at, _))| self.weight(i, at, Ways::Forward)).collect()
    }

    /// Logits [images, classes] of `x` [images, 1, height, width].
    pub(crate) fn forward(&self, x: &Tensor, weights: &[Weight]) -> Tensor {
        let _no_grad = tch::no_grad_guard();
        let x = Bordered::shrunk(x, self.shrink);
        let mut out = None;
        for (weight, (_, is_pooled)) in weights.iter().zip(self.convolutions()) {
            out = Some(convolve(weight, &x, out.as_ref(), is_pooled, false).0);
        }
        self.head(&out.expect("a convolution"), None).0
    }

    /// As [`Layers::forward`] with `masks` of dropout, and what [`Layers::backward`] needs. A weight's points are made when they
    /// are needed: they are four times as large as the weight.
    pub(crate) fn record(&self, x: &Tensor, masks: Option<Tensor>) -> (Tensor, Tape) {
        let _no_grad = tch::no_grad_guard();
        let x = Bordered::shrunk(x, self.shrink);
        let mut maps: Vec<(Maps, Option<Maps>)> = Vec::new();
        for (i, (at, is_pooled)) in self.convolutions().into_iter().enumerate() {
            let weight = self.weight(i, at, Ways::Forward);
            maps.push(convolve(&weight, &x, maps.last().map(|(y, _)| y), is_pooled, true));
        }
        let (logits, flats) = self.head(&maps.last().expect("a convolution").0, masks.as_ref());
        (logits, Tape { x, maps, flats, masks })
    }

    /// Logits, and what went into each linear layer.
    fn head(&self, map: &Maps, masks: Option<&Tensor>) -> (Tensor, Vec<Tensor>) {
        let p = |i| self.params.get(i);
        let map = map.tensor().permute([0, 3, 1, 2]).contiguous();
        let mut flat = self.pool.apply(&map).flatten(1, -1);
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
        let mut maps = tape.maps;
        let sides = maps.last().expect("a convolution").0.sides().map(|n| n as i64);
        let g = self.pool.gradient(&g, sides).view([g.size()[0], -1, sides[0], sides[1]]);
        let mut by_out = Maps::of(g.permute([0, 2, 3, 1]).contiguous());
        for (i, (at, _)) in self.convolutions().into_iter().enumerate().rev() {
            let made = maps.pop().expect("a map of each convolution");
            let weight = self.weight(i, at, Ways::Back);
            match &weight {
                Weight::One(weight) => {
                    go_back_first(weight, &tape.x, &made, &by_out).write(&by[at], &by[at + 1])
                }
                Weight::Many(weight) => {
                    let x = &maps.last().expect("an input").0;
                    let (sums, by_x) = go_back(weight, x, &made, &by_out);
                    sums.write(&by[at], &by[at + 1]);
                    by_out = by_x;
                }
            }
        }
        flat
    }
}

/// What comes out of a convolution of `x`, the first's, or of `maps`, and the pool's places, where one follows and it `keeps`
/// them.
fn convolve(
    weight: &Weight,
    x: &Bordered,
    maps: Option<&Maps>,
    is_pooled: bool,
    keeps: bool,
) -> (Maps, Option<Maps>) {
    let (channels, sides) = match weight {
        Weight::One(weight) => (weight.to(), x.sides()),
        Weight::Many(weight) => (weight.to(), maps.expect("an input").sides()),
    };
    let (images, sides) = (x.images(), if is_pooled { sides.map(|n| n / 2) } else { sides });
    let y = Maps::before(Convolution::Keeping, images, sides, channels);
    let places = (is_pooled && keeps).then(|| Maps::bare(images, sides, channels));
    let part = |some: Range<usize>| {
        let input = (x.part(some.clone()), maps.map(|m| m.part(some.clone())));
        (input, y.part(some.clone()), places.as_ref().map(|p| p.part(some)))
    };
    let jobs = parts(images).into_iter().map(part).collect();
    each_alone(jobs, |((x, maps), y, places): ((Bordered, Option<Maps>), Maps, Option<Maps>)| {
        let after = if is_pooled { After::Pool(places.as_ref()) } else { RELU };
        match weight {
            Weight::One(weight) => weight.forward(&x, &y, after),
            Weight::Many(weight) => weight.forward(&maps.expect("an input"), &y, after),
        }
    });
    (y, places)
}

/// What the way back reads of what [`convolve`] made, and whether it is a pool's places.
fn kept((y, places): &(Maps, Option<Maps>)) -> (&Maps, bool) {
    places.as_ref().map_or((y, false), |places| (places, true))
}

fn after(is_pooled: bool) -> After<&'static Maps> {
    if is_pooled { After::Pool(None) } else { RELU }
}

/// The gradients of [`convolve`] of the first convolution by its weight and bias, from that by what it `made`.
fn go_back_first(
    weight: &OneChannel,
    x: &Bordered,
    made: &(Maps, Option<Maps>),
    by: &Maps,
) -> OneChannelSums {
    let (kept, is_pooled) = kept(made);
    let part = |some: Range<usize>| (x.part(some.clone()), kept.part(some.clone()), by.part(some));
    let jobs = parts(x.images()).into_iter().map(part).collect();
    let sums = each_alone(jobs, |(x, kept, by): (Bordered, Maps, Maps)| {
        let sums = weight.sums();
        weight.backward(&x, &kept, &by, after(is_pooled), Some(&sums), None);
        sums
    });
    // In the order of the images, whichever thread was first.
    sums.into_iter()
        .reduce(|mut sums, more| {
            sums.add(&more);
            sums
        })
        .expect("an image")
}

/// The same of another, and by its input `x`.
fn go_back(weight: &PointWeight, x: &Maps, made: &(Maps, Option<Maps>), by: &Maps) -> (WeightSums, Maps) {
    let (kept, is_pooled) = kept(made);
    let by_x = x.like();
    let part = |some: Range<usize>| [x, kept, by, &by_x].map(|maps| maps.part(some.clone()));
    let jobs = parts(x.images()).into_iter().map(part).collect();
    let sums = each_alone(jobs, |[x, kept, by, by_x]: [Maps; 4]| {
        let sums = WeightSums::new(weight);
        weight.backward(&x, &kept, &by, after(is_pooled), Some(&sums), Some(&by_x));
        sums
    });
    let sums = sums.into_iter().reduce(|mut sums, more| {
        sums.add(&more);
        sums
    });
    (sums.expect("an image"), by_x)
}
