//! VGG on a CPU without the library's graph: convolutions by [`super::winograd`], each gradient written where the
//! flat one has it. The values and gradients of [`crate::nets::vgg::VggNet`], but for rounding.

use super::adaptive_pool::AdaptivePool;
use super::{max_pool, winograd};
use crate::torch::params::Params;
use tch::{Kind, Tensor, no_grad};

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
}

/// The convolutions' weights as points, all but the first's.
pub(crate) type Points = Vec<Tensor>;

/// What the backward pass needs of the forward one.
#[derive(Debug)]
pub(crate) struct Tape {
    points: Points,
    /// What goes into each convolution, [images, height, width, channels]; of the first, each pixel's nine
    /// neighbours [pixels, 9].
    inputs: Vec<Tensor>,
    /// What comes out of each, negative values made zero, before a pool.
    outputs: Vec<Tensor>,
    /// What goes into each linear layer.
    flats: Vec<Tensor>,
    /// Of dropout, [2, images, units].
    masks: Option<Tensor>,
    /// Height and width of the last map.
    map: [i64; 2],
}

impl Layers<'_> {
    fn convolutions(&self) -> impl Iterator<Item = (usize, bool)> {
        self.blocks.iter().flat_map(|b| b.iter().enumerate().map(|(i, &at)| (at, i + 1 == b.len())))
    }

    /// The weights as points, for any number of passes until they change.
    pub(crate) fn points(&self) -> Points {
        let later = self.convolutions().skip(1);
        no_grad(|| later.map(|(at, _)| winograd::weight_points(self.params.get(at))).collect())
    }

    /// Logits [images, classes] of `x` [images, 1, height, width].
    pub(crate) fn forward(&self, x: &Tensor, points: &Points) -> Tensor {
        self.run(x, points, None, |_, _| ()).0
    }

    /// As [`Layers::forward`] with `masks` of dropout, and what [`Layers::backward`] needs.
    pub(crate) fn record(&self, x: &Tensor, masks: Option<Tensor>) -> (Tensor, Tape) {
        let points = self.points();
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        let (logits, flats, map) = self.run(x, &points, masks.as_ref(), |input, output| {
            inputs.push(input);
            outputs.push(output);
        });
        (logits, Tape { points, inputs, outputs, flats, masks, map })
    }

    /// Logits, what went into each linear layer, and the sides of the last map; `keep` gets what goes into each
    /// convolution and what comes out.
    fn run(
        &self,
        x: &Tensor,
        points: &Points,
        masks: Option<&Tensor>,
        mut keep: impl FnMut(Tensor, Tensor),
    ) -> (Tensor, Vec<Tensor>, [i64; 2]) {
        let _no_grad = tch::no_grad_guard();
        let p = |i| self.params.get(i);
        let [images, _, height, width] = x.size()[..] else { panic!("segments have four dimensions") };
        let mut map = neighbours(x);
        for (i, (at, last)) in self.convolutions().enumerate() {
            let y = if i == 0 {
                let weight = p(at).view([-1, 9]);
                p(at + 1).addmm(&map, &weight.tr()).relu_().view([images, height, width, -1])
            } else {
                winograd::forward(&map, &points[i - 1], p(at + 1))
            };
            let next = if last { max_pool::forward(&y) } else { y.shallow_clone() };
            keep(std::mem::replace(&mut map, next), y);
        }
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
        (flat, flats, [map.size()[1], map.size()[2]])
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
        let images = g.size()[0];
        let mut g = self.pool.gradient(&g, tape.map).view([images, -1, tape.map[0], tape.map[1]]);
        g = g.permute([0, 2, 3, 1]).contiguous();
        let places: Vec<_> = self.convolutions().collect();
        let (mut inputs, mut outputs, mut points) = (tape.inputs, tape.outputs, tape.points);
        for &(at, last) in places.iter().rev() {
            let y = outputs.pop().expect("its output");
            if last {
                g = max_pool::backward(&y, &g);
            }
            let x = inputs.pop().expect("an input of each convolution");
            let Some(points) = points.pop() else {
                g *= y.gt(0.0);
                let g = g.view([-1, by[at + 1].size()[0]]);
                put(at, &g.tr().matmul(&x).view_as(&by[at]));
                put(at + 1, &g.sum_dim_intlist(0, false, Kind::Float));
                break;
            };
            let made = winograd::backward(&x, &points, &y, &g);
            put(at, &made.weight);
            put(at + 1, &made.bias);
            g = made.x;
        }
        flat
    }
}

/// Each pixel of `x` [images, 1, height, width] with its eight neighbours, zero outside, as [pixels, 9].
fn neighbours(x: &Tensor) -> Tensor {
    let [images, _, height, width] = x.size()[..] else { panic!("segments have four dimensions") };
    let padded = x.reshape([images, height, width]).constant_pad_nd([1, 1, 1, 1]);
    let shifted: Vec<Tensor> =
        (0..9).map(|i| padded.narrow(1, i / 3, height).narrow(2, i % 3, width)).collect();
    Tensor::stack(&shifted, -1).view([-1, 9])
}
