//! 3x3 convolutions with padding 1 and ReLU on a CPU by F(4x4, 3x3) (Lavin & Gray 2016): a quarter of the
//! multiplications, forward and in both gradients. The library has no such path for float32.
//!
//! Maps are [images, height, width, channels]; channels are multiples of 16.

mod transform;
mod transform_1d;

use super::simd::{LANES, SharedMemory, each_alone, in_parts};
use std::ops::Range;
use tch::{Kind, Tensor};
use transform::{Block, Grid, POINTS};

/// Values of the points of a block, at most; they should stay in the cache between a transform and its product.
const BLOCK_VALUES: usize = 36 * 512 * 128;

/// Whether a layer of these channels can be computed so.
fn fits(from: i64, to: i64) -> bool {
    from % LANES as i64 == 0 && to % LANES as i64 == 0
}

/// The weight [to, from, 3, 3] of a layer as points [36, from, to].
pub fn weight_points(weight: &Tensor) -> Tensor {
    let [to, from, ..] = weight.size()[..] else { unreachable!("a weight has four dimensions") };
    assert!(fits(from, to), "{from} to {to} channels");
    let taps = weight.permute([2, 3, 1, 0]).contiguous();
    let points = Tensor::empty([POINTS as i64, from, to], (Kind::Float, tch::Device::Cpu));
    let (pairs, given, made) = ((from * to) as usize, SharedMemory::of(&taps), SharedMemory::of(&points));
    in_parts(pairs / 16, |part| {
        // SAFETY: both have `pairs` values a tap or point; parts do not overlap.
        unsafe { transform::taps_to_all_points(given, made, pairs, part.start * 16..part.end * 16) }
    });
    points
}

/// ReLU of the convolution of `x` [images, height, width, from] with `points` of its weight and `bias` [to].
pub fn forward(x: &Tensor, points: &Tensor, bias: &Tensor) -> Tensor {
    let ConvolutionSizes { grid, to, .. } = ConvolutionSizes::of(x, points);
    assert_eq!(bias.size(), [to as i64]);
    let shape = [x.size()[0], grid.height as i64, grid.width as i64, to as i64];
    let y = Tensor::empty(shape, (Kind::Float, x.device()));
    let bias = SharedMemory::of(bias);
    each_alone(parts([x, &y], points), |([x, y], points)| forward_part(&x, &points, bias, &y));
    y
}

/// [`forward`] of some images into `y`.
fn forward_part(x: &Tensor, points: &Tensor, bias: SharedMemory, y: &Tensor) {
    let ConvolutionSizes { images, grid, from, to } = ConvolutionSizes::of(x, points);
    let work = TileBlocks::new(images, grid, from.max(to));
    let (v, m) = (work.points(from), work.points(to));
    let (x, y) = (SharedMemory::of(x), SharedMemory::of(y));
    for tiles in work.blocks() {
        let (v, m) = (work.cut(&v, &tiles), work.cut(&m, &tiles));
        let block = |channels| Block { grid, tiles: tiles.clone(), channels };
        let (inputs, outputs) = (SharedMemory::of(&v), SharedMemory::of(&m));
        // SAFETY: every tensor has the sizes stated, and other threads work on other images.
        unsafe { transform::input_to_points(x, inputs, &block(from)) };
        let _ = v.f_bmm_out(&m, points).expect("the shapes fit");
        // SAFETY: as above.
        unsafe { transform::points_to_output(outputs, bias, y, &block(to)) };
    }
}

/// Gradients of [`forward`] from `gradient`, that by `y`, which it gave.
pub struct Gradients {
    /// By x, of its shape.
    pub x: Tensor,
    /// By the weight, [to, from, 3, 3].
    pub weight: Tensor,
    /// By the bias, [to].
    pub bias: Tensor,
}

/// The gradients of [`forward`] by everything, from that by its output `y`.
pub fn backward(x: &Tensor, points: &Tensor, y: &Tensor, gradient: &Tensor) -> Gradients {
    let to = ConvolutionSizes::of(x, points).to;
    let shape = [x.size()[0], x.size()[1], x.size()[2], to as i64];
    let (of_y, of_gradient) = (y.size(), gradient.size());
    assert!(of_y == shape && of_gradient == shape, "{of_y:?}, {of_gradient:?}, {shape:?}");
    let by_x = x.zeros_like();
    let sums =
        each_alone(parts([x, y, gradient, &by_x], points), |(maps, points)| backward_part(&maps, &points));
    // In the order of the images, whichever thread was first.
    let (by_points, by_bias) = sums
        .into_iter()
        .reduce(|(mut a, mut b), (more_a, more_b)| {
            a += more_a;
            b += more_b;
            (a, b)
        })
        .expect("at least one image");
    Gradients { x: by_x, weight: weight_gradient(&by_points), bias: by_bias }
}

/// The gradients by points and bias of some images; that by x is added to `by_x`.
fn backward_part([x, y, gradient, by_x]: &[Tensor; 4], points: &Tensor) -> (Tensor, Tensor) {
    let ConvolutionSizes { images, grid, from, to } = ConvolutionSizes::of(x, points);
    let mut by_points = points.zeros_like();
    let mut by_bias = Tensor::zeros([to as i64], (Kind::Float, x.device()));
    let work = TileBlocks::new(images, grid, from.max(to));
    let (v, m) = (work.points(from), work.points(to));
    let transposed = points.transpose(1, 2);
    let [x, y, gradient, by_x] = [x, y, gradient, by_x].map(SharedMemory::of);
    for tiles in work.blocks() {
        let (v, m) = (work.cut(&v, &tiles), work.cut(&m, &tiles));
        let block = |channels| Block { grid, tiles: tiles.clone(), channels };
        let (inputs, outputs) = (SharedMemory::of(&v), SharedMemory::of(&m));
        // SAFETY: every tensor has the sizes stated, and other threads work on other images.
        unsafe {
            transform::input_to_points(x, inputs, &block(from));
            transform::output_gradient_to_points(gradient, y, outputs, &block(to));
        }
        // The second row of A sums: its point with itself is the sum over the tile's outputs.
        by_bias += m.get(7).sum_dim_intlist(0, false, Kind::Float);
        let _ = by_points.baddbmm_(&v.transpose(1, 2), &m);
        let _ = m.f_bmm_out(&v, &transposed).expect("the shapes fit");
        // SAFETY: as above.
        unsafe { transform::points_to_input_gradient(inputs, by_x, &block(from)) };
    }
    (by_points, by_bias)
}

/// The images of `maps`, shared among the threads of the library, and the points beside each share.
fn parts<const N: usize>(maps: [&Tensor; N], points: &Tensor) -> Vec<([Tensor; N], Tensor)> {
    let (images, threads) = (maps[0].size()[0], i64::from(tch::get_num_threads().max(1)));
    let share = images.div_euclid(threads) + i64::from(images % threads > 0);
    (0..images)
        .step_by(share.max(1) as usize)
        .map(|start| {
            let some = |map: &&Tensor| map.narrow(0, start, share.min(images - start));
            (maps.each_ref().map(some), points.shallow_clone())
        })
        .collect()
}

/// The gradient by the weight [to, from, 3, 3] from that by its points.
fn weight_gradient(by_points: &Tensor) -> Tensor {
    let [_, from, to] = by_points.size()[..] else { unreachable!("points have three dimensions") };
    let taps = Tensor::empty([3, 3, from, to], (Kind::Float, by_points.device()));
    let (pairs, given, made) = ((from * to) as usize, SharedMemory::of(by_points), SharedMemory::of(&taps));
    in_parts(pairs / 16, |part| {
        // SAFETY: both have `pairs` values a tap or point; parts do not overlap.
        unsafe { transform::all_points_to_taps_gradient(given, made, pairs, part.start * 16..part.end * 16) }
    });
    taps.permute([3, 2, 0, 1])
}

struct ConvolutionSizes {
    images: usize,
    grid: Grid,
    from: usize,
    to: usize,
}

impl ConvolutionSizes {
    fn of(x: &Tensor, points: &Tensor) -> ConvolutionSizes {
        let (x_, p) = (x.size(), points.size());
        assert!(
            matches!((&x_[..], &p[..]), ([_, _, _, from], [36, in_, to]) if from == in_ && fits(*from, *to)),
            "{x_:?}, {p:?}"
        );
        let size = |n: i64| n as usize;
        ConvolutionSizes {
            images: size(x_[0]),
            grid: Grid { height: size(x_[1]), width: size(x_[2]) },
            from: size(p[1]),
            to: size(p[2]),
        }
    }
}

/// How the tiles of all images are cut into blocks.
struct TileBlocks {
    tiles: usize,
    at_once: usize,
}

impl TileBlocks {
    fn new(images: usize, grid: Grid, channels: usize) -> TileBlocks {
        let tiles = images * grid.tiles();
        TileBlocks { tiles, at_once: (BLOCK_VALUES / POINTS / channels).max(128).min(tiles) }
    }

    fn blocks(&self) -> impl Iterator<Item = Range<usize>> {
        (0..self.tiles)
            .step_by(self.at_once.max(1))
            .map(|start| start..(start + self.at_once).min(self.tiles))
    }

    /// Memory for the points of a block.
    fn points(&self, channels: usize) -> Tensor {
        Tensor::empty([(POINTS * self.at_once * channels) as i64], (Kind::Float, tch::Device::Cpu))
    }

    /// It as [36, tiles, channels] of a block.
    fn cut(&self, points: &Tensor, tiles: &Range<usize>) -> Tensor {
        let values = points.size()[0] / self.at_once as i64 * tiles.len() as i64;
        points.narrow(0, 0, values).view([POINTS as i64, tiles.len() as i64, -1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::rng::Seed;

    fn normal(name: &str, shape: &[i64]) -> Tensor {
        let mut host = vec![0f32; shape.iter().product::<i64>() as usize];
        Seed::new(7).child(name).draws().fill_normal(&mut host);
        Tensor::from_slice(&host).view(shape)
    }

    /// The library's own convolution, with maps as this module lays them out.
    fn direct(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Tensor {
        let y = x.permute([0, 3, 1, 2]).conv2d(weight, Some(bias), [1, 1], [1, 1], [1, 1], 1);
        y.relu().permute([0, 2, 3, 1]).contiguous()
    }

    fn differ(a: &Tensor, b: &Tensor) -> f64 {
        ((a - b).abs().max() / b.abs().max()).double_value(&[])
    }

    /// Sides that are multiples of 4 and sides that are not, several blocks and one.
    #[test]
    fn value_and_gradients_are_those_of_the_library() {
        for (images, height, width, from, to) in [(3, 8, 8, 32, 16), (2, 7, 10, 16, 48), (40, 16, 12, 16, 16)]
        {
            let x = normal("x", &[images, height, width, from]).set_requires_grad(true);
            let weight = normal("weight", &[to, from, 3, 3]).set_requires_grad(true);
            let bias = normal("bias", &[to]).set_requires_grad(true);
            let y = direct(&x, &weight, &bias);
            let g = normal("gradient", &y.size());
            let expected =
                Tensor::run_backward(&[(&y * &g).sum(Kind::Float)], &[&x, &weight, &bias], false, false);

            let _no_grad = tch::no_grad_guard();
            for threads in [1, 2, 5] {
                tch::set_num_threads(threads);
                let points = weight_points(&weight);
                let ours = forward(&x, &points, &bias);
                assert!(differ(&ours, &y) < 1e-5, "{} {images} {height}", differ(&ours, &y));
                assert_eq!(tch::get_num_threads(), threads);
                // The library's own zeros, so that a value that rounds to another side of 0 does not count.
                let found = backward(&x, &points, &y.detach(), &g);
                for (found, expected) in [found.x, found.weight, found.bias].iter().zip(&expected) {
                    assert!(differ(found, expected) < 2e-5, "{} {images} {height}", differ(found, expected));
                }
            }
        }
        tch::set_num_threads(1);
    }

    #[test]
    fn nan_stays() {
        let x = normal("x", &[1, 8, 8, 16]);
        let _ = x.get(0).get(3).get(3).get(0).fill_(f64::NAN);
        let y = forward(&x, &weight_points(&normal("weight", &[16, 16, 3, 3])), &normal("bias", &[16]));
        assert!(y.isnan().any().int64_value(&[]) == 1);
    }
}
