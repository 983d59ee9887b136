//! 2x2 max pool of maps [images, height, width, channels] on a CPU, channels a multiple of 16.

use super::simd::{LANES, Lane, SharedMemory, for_the_processor, in_parts};
use std::ops::Range;
use tch::{Kind, Tensor};

/// [images, height, width, channels] to [images, height / 2, width / 2, channels].
pub fn forward(x: &Tensor) -> Tensor {
    let sizes = PoolSizes::of(x);
    let y = Tensor::empty(sizes.pooled(), (Kind::Float, x.device()));
    let (from, to) = (SharedMemory::of(x), SharedMemory::of(&y));
    // SAFETY: both have the sizes stated; parts are of different rows.
    in_parts(sizes.rows, |rows| unsafe { pool(from, to, sizes, rows) });
    y
}

/// The gradient by `x` from that by what [`forward`] gave: the first of the largest of four gets it.
pub fn backward(x: &Tensor, gradient: &Tensor) -> Tensor {
    let sizes = PoolSizes::of(x);
    assert_eq!(gradient.size(), sizes.pooled());
    // Rows and columns that no window covers have no gradient.
    let covered = sizes.height.is_multiple_of(2) && sizes.width.is_multiple_of(2);
    let by_x = if covered { x.empty_like() } else { x.zeros_like() };
    let (x, from, to) = (SharedMemory::of(x), SharedMemory::of(gradient), SharedMemory::of(&by_x));
    // SAFETY: as in `forward`.
    in_parts(sizes.rows, |rows| unsafe { unpool(x, from, to, sizes, rows) });
    by_x
}

#[derive(Debug, Clone, Copy)]
struct PoolSizes {
    images: usize,
    height: usize,
    width: usize,
    channels: usize,
    /// Rows of all pooled maps.
    rows: usize,
}

impl PoolSizes {
    fn of(x: &Tensor) -> PoolSizes {
        let [images, height, width, channels] = x.size()[..] else { panic!("{:?} are no maps", x.size()) };
        assert!(channels % LANES as i64 == 0, "{channels} channels");
        let [images, height, width, channels] = [images, height, width, channels].map(|n| n as usize);
        PoolSizes { images, height, width, channels, rows: images * (height / 2) }
    }

    fn pooled(&self) -> [i64; 4] {
        [self.images, self.height / 2, self.width / 2, self.channels].map(|n| n as i64)
    }

    /// Where the four inputs of a pooled pixel are.
    #[inline(always)]
    fn four(self, row: usize, column: usize, channel: usize) -> [usize; 4] {
        let (image, y) = (row / (self.height / 2), row % (self.height / 2) * 2);
        let first = ((image * self.height + y) * self.width + 2 * column) * self.channels + channel;
        let below = first + self.width * self.channels;
        [first, first + self.channels, below, below + self.channels]
    }

    #[inline(always)]
    fn one(self, row: usize, column: usize, channel: usize) -> usize {
        (row * (self.width / 2) + column) * self.channels + channel
    }
}

#[inline(always)]
unsafe fn pool_rows(x: SharedMemory, y: SharedMemory, s: PoolSizes, rows: Range<usize>) {
    for row in rows {
        for column in 0..s.width / 2 {
            for c in (0..s.channels).step_by(LANES) {
                // SAFETY: the caller's.
                unsafe {
                    let [a, b, c_, d] = s.four(row, column, c).map(|at| x.get(at));
                    y.put(s.one(row, column, c), largest(largest(a, b), largest(c_, d)));
                }
            }
        }
    }
}

/// The first where they are equal; NaN where one is, as in the library.
#[inline(always)]
fn largest(a: Lane, b: Lane) -> Lane {
    a.with(b, |a, b| if b > a || b.is_nan() { b } else { a })
}

#[inline(always)]
unsafe fn unpool_rows(
    x: SharedMemory,
    gradient: SharedMemory,
    by_x: SharedMemory,
    s: PoolSizes,
    rows: Range<usize>,
) {
    for row in rows {
        for column in 0..s.width / 2 {
            for c in (0..s.channels).step_by(LANES) {
                let places = s.four(row, column, c);
                // SAFETY: the caller's.
                unsafe {
                    let four = places.map(|at| x.get(at));
                    let g = gradient.get(s.one(row, column, c));
                    let top = largest(largest(four[0], four[1]), largest(four[2], four[3]));
                    let mut left = g;
                    for (value, at) in four.into_iter().zip(places) {
                        let hit = value.with(top, |v, t| if v == t { 1.0 } else { 0.0 });
                        by_x.put(at, left.with(hit, |g, hit| if hit > 0.0 { g } else { 0.0 }));
                        left = left.with(hit, |g, hit| if hit > 0.0 { 0.0 } else { g });
                    }
                }
            }
        }
    }
}

for_the_processor! {
    /// Rows of pooled maps.
    pool as pool_rows(x: SharedMemory, y: SharedMemory, sizes: PoolSizes, rows: Range<usize>);
    /// Their gradients.
    unpool as unpool_rows(x: SharedMemory, gradient: SharedMemory, by_x: SharedMemory, sizes: PoolSizes, rows: Range<usize>);
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::rng::Seed;

    /// Ties among them, as after a ReLU.
    #[test]
    fn value_and_gradient_are_those_of_the_library() {
        let mut host = vec![0f32; 2 * 6 * 8 * 32];
        Seed::new(3).draws().fill_normal(&mut host);
        let x = Tensor::from_slice(&host).view([2, 6, 8, 32]).relu();
        let leaf = x.permute([0, 3, 1, 2]).contiguous().set_requires_grad(true);
        let y = leaf.max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false);
        let g = y.detach() + 1.0;
        let expected = Tensor::run_backward(&[(&y * &g).sum(Kind::Float)], &[&leaf], false, false);
        assert_eq!(forward(&x), y.detach().permute([0, 2, 3, 1]));
        let found = backward(&x, &g.permute([0, 2, 3, 1]).contiguous());
        assert_eq!(found, expected[0].permute([0, 2, 3, 1]));
    }

    #[test]
    fn nan_stays() {
        for place in 0..4 {
            let x = Tensor::zeros([1, 2, 2, 16], (Kind::Float, tch::Device::Cpu));
            let _ = x.view([4, 16]).get(place).fill_(f64::NAN);
            assert_eq!(forward(&x).isnan().all().int64_value(&[]), 1, "{place}");
        }
    }
}
