//! 2x2 max pool of maps after a ReLU on a CPU, channels a multiple of 8.

use super::filtering::{Map, Maps};
use super::vector::{Vector, in_vectors};

/// The largest of each 2 x 2 of `x` into `y`, whose sides are half of those of `x`, rounded down. Into `places`, where they are
/// wanted, which of the four it is, the first where there are several, or [`NOWHERE`] where it is not above zero.
pub fn forward(x: &Maps, y: &Maps, places: Option<&Maps>) {
    let sizes = Sizes::of(x, y);
    assert!(places.is_none_or(|p| p.same_sides(y)));
    // SAFETY: the maps have the sizes that they say.
    unsafe { pool(x.map(), y.map(), places.map(Maps::map), sizes) };
}

/// The gradient by what went into the ReLU, into `by_x`, from that by what [`forward`] gave and its `places`.
pub fn backward(places: &Maps, by_y: &Maps, by_x: &Maps) {
    let sizes = Sizes::of(by_x, by_y);
    assert!(places.same_sides(by_y));
    // SAFETY: as in `forward`.
    unsafe { unpool(places.map(), by_y.map(), by_x.map(), sizes) };
}

/// The place of a value that is zero: its gradient ends at the ReLU.
const NOWHERE: f32 = 4.0;

#[derive(Debug, Clone, Copy)]
struct Sizes {
    images: usize,
    /// Of the larger maps.
    height: usize,
    width: usize,
    channels: usize,
}

impl Sizes {
    fn of(x: &Maps, y: &Maps) -> Sizes {
        let ([height, width], channels) = (x.sides(), x.map().channels);
        assert_eq!(
            ([height / 2, width / 2], x.images(), channels),
            (y.sides(), y.images(), y.map().channels)
        );
        Sizes { images: x.images(), height, width, channels }
    }
}

/// Values from the first of four neighbours to each of them.
#[inline(always)]
fn four(x: &Map) -> [usize; 4] {
    [0, x.channels, x.row, x.row + x.channels]
}

/// The larger of two values and its place, the first where they are equal; NaN where one is, as in the library.
#[inline(always)]
fn larger<V: Vector>((a, at_a): (V, V), (b, at_b): (V, V)) -> (V, V) {
    let above = b.minus(a);
    let value = above.if_above_zero(b, a);
    (b.if_nan(b, value), above.if_above_zero(at_b, at_a))
}

#[inline(always)]
unsafe fn pool_all<V: Vector>(x: Map, y: Map, places: Option<Map>, s: Sizes) {
    let four = four(&x);
    for image in 0..s.images {
        for row in 0..s.height / 2 {
            for column in 0..s.width / 2 {
                // SAFETY: the caller's.
                unsafe {
                    let (x, y) = (x.pixel(image, 2 * row, 2 * column), y.pixel(image, row, column));
                    let place = places.map(|p| p.pixel(image, row, column));
                    for c in (0..s.channels).step_by(V::LANES) {
                        let at = |i: usize| (V::load(x.add(c).add(four[i])), V::splat(i as f32));
                        let (value, at) = larger(larger(at(0), at(1)), larger(at(2), at(3)));
                        value.store(y.add(c));
                        if let Some(place) = place {
                            value.if_above_zero(at, V::splat(NOWHERE)).store(place.add(c));
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn unpool_all<V: Vector>(places: Map, by_y: Map, by_x: Map, s: Sizes) {
    let four = four(&by_x);
    for image in 0..s.images {
        for row in 0..s.height / 2 {
            for column in 0..s.width / 2 {
                // SAFETY: the caller's.
                unsafe {
                    let place = places.pixel(image, row, column);
                    let by_y = by_y.pixel(image, row, column);
                    let by_x = by_x.pixel(image, 2 * row, 2 * column);
                    for c in (0..s.channels).step_by(V::LANES) {
                        let (place, g) = (V::load(place.add(c)), V::load(by_y.add(c)));
                        for (i, at) in four.into_iter().enumerate() {
                            let off = place.minus(V::splat(i as f32));
                            let here = V::splat(0.5).minus(off.times(off));
                            here.if_above_zero(g, V::splat(0.0)).store(by_x.add(c).add(at));
                        }
                    }
                }
            }
            // SAFETY: as above.
            unsafe {
                clear(&by_x, image, 2 * row, s.width & !1..s.width);
                clear(&by_x, image, 2 * row + 1, s.width & !1..s.width);
            }
        }
        for row in s.height & !1..s.height {
            // SAFETY: as above.
            unsafe { clear(&by_x, image, row, 0..s.width) };
        }
    }
}

/// Zeros where no four are.
#[inline(always)]
unsafe fn clear(map: &Map, image: usize, row: usize, columns: std::ops::Range<usize>) {
    // SAFETY: the caller's.
    unsafe { map.pixel(image, row, columns.start).write_bytes(0, columns.len() * map.channels) };
}

in_vectors! {
    /// All maps.
    fn pool(x: Map, y: Map, places: Option<Map>, sizes: Sizes) = pool_all, sizes.channels
}
in_vectors! {
    /// Their gradients.
    fn unpool(places: Map, by_y: Map, by_x: Map, sizes: Sizes) = unpool_all, sizes.channels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::filtering::Convolution;
    use crate::kernels::vector::available;
    use seraug_core::rng::Seed;
    use tch::{Device, Kind, Tensor};

    /// Ties among them, most of them zeros; also sides of which a row or column is left over, and maps with a border.
    #[test]
    fn value_and_gradient_are_those_of_the_library() {
        if !available() {
            return;
        }
        for (height, width, channels) in [(6, 8, 32), (5, 7, 8), (4, 3, 24)] {
            let mut host = vec![0f32; 2 * height * width * channels];
            Seed::new(3).draws().fill_normal(&mut host);
            let shape = [2, height, width, channels].map(|n| n as i64);
            let x = (Tensor::from_slice(&host).view(shape) * 2.0).round();
            let leaf = x.permute([0, 3, 1, 2]).contiguous().set_requires_grad(true);
            let exact = leaf.relu().max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false);
            let up = exact.detach() + 1.0;
            let by_leaf = Tensor::run_backward(&[(&exact * &up).sum(Kind::Float)], &[&leaf], false, false);

            let (sides, before) = ([height / 2, width / 2], Convolution::Keeping);
            let (y, places) = (Maps::before(before, 2, sides, channels), Maps::bare(2, sides, channels));
            forward(&Maps::of(x.relu()), &y, Some(&places));
            assert_eq!(y.tensor(), exact.detach().permute([0, 2, 3, 1]));
            let by_x = Maps::bare(2, [height, width], channels);
            backward(&places, &Maps::of(up.permute([0, 2, 3, 1]).contiguous()), &by_x);
            assert_eq!(by_x.tensor(), by_leaf[0].permute([0, 2, 3, 1]));
        }
    }

    #[test]
    fn nan_stays() {
        if !available() {
            return;
        }
        for place in 0..4 {
            let x = Tensor::zeros([1, 2, 2, 16], (Kind::Float, Device::Cpu));
            let _ = x.view([4, 16]).get(place).fill_(f64::NAN);
            let y = Maps::bare(1, [1, 1], 16);
            forward(&Maps::of(x), &y, None);
            assert_eq!(y.tensor().isnan().all().int64_value(&[]), 1, "{place}");
        }
    }
}
