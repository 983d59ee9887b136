//! Weights as points.

use super::filter::Filter;
use super::panels::Points;
use crate::kernels::vector::{Vector, in_vectors};

/// Sizes of a weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct WeightSize {
    pub from: usize,
    pub to: usize,
}

/// A vector of output channels, of one input channel and phase.
struct Window<const P: usize> {
    size: WeightSize,
    channel: usize,
    phase: usize,
    first: usize,
}

impl<const P: usize> Window<P> {
    /// Where its tap number (a, b) is in [from, rows, columns, to], of `side` columns.
    #[inline(always)]
    fn tap(&self, side: usize, a: usize, b: usize) -> usize {
        let (row, column) = (P * a + self.phase / P, P * b + self.phase % P);
        (self.channel * side * side + row * side + column) * self.size.to + self.first
    }

    /// Where its first point is.
    ///
    /// # Safety
    /// The points are those of the weight.
    #[inline(always)]
    unsafe fn point(&self, points: &Points) -> *mut f32 {
        // SAFETY: the caller's.
        unsafe { points.first(self.phase * self.size.from + self.channel, self.first) }
    }

    /// The window number `index` of [`Window::count`].
    #[inline(always)]
    fn new<V: Vector>(size: WeightSize, index: usize) -> Window<P> {
        let vectors = size.to / V::LANES;
        let (channel, phase) = (index / vectors / (P * P), index / vectors % (P * P));
        Window { size, channel, phase, first: index % vectors * V::LANES }
    }

    #[inline(always)]
    fn count<V: Vector>(size: WeightSize) -> usize {
        size.from * P * P * (size.to / V::LANES)
    }
}

#[expect(
    clippy::needless_range_loop,
    reason = "a column of an array of rows; an iterator over it is not kept in registers"
)]
#[inline(always)]
unsafe fn to_points<V: Vector, F: Filter<T, N>, const T: usize, const N: usize, const P: usize>(
    weight: *const f32,
    points: Points,
    size: WeightSize,
) {
    for index in 0..Window::<P>::count::<V>(size) {
        let w = Window::<P>::new::<V>(size, index);
        let mut half = [[V::splat(0.0); N]; T];
        for (a, half) in half.iter_mut().enumerate() {
            let mut taps = [V::splat(0.0); T];
            for (b, tap) in taps.iter_mut().enumerate() {
                // SAFETY: a tap of the weight.
                *tap = unsafe { V::load(weight.add(w.tap(P * T, a, b))) };
            }
            *half = F::taps(taps);
        }
        // SAFETY: as above.
        let to = unsafe { w.point(&points) };
        for b in 0..N {
            let column = F::taps(std::array::from_fn(|a| half[a][b]));
            for (a, value) in column.into_iter().enumerate() {
                // SAFETY: a point of the weight.
                unsafe { value.store(to.add((a * N + b).wrapping_mul(points.stride))) };
            }
        }
    }
}

#[inline(always)]
unsafe fn from_points<V: Vector, F: Filter<T, N>, const T: usize, const N: usize, const P: usize>(
    points: Points,
    weight: *mut f32,
    size: WeightSize,
) {
    for index in 0..Window::<P>::count::<V>(size) {
        let w = Window::<P>::new::<V>(size, index);
        let mut half = [[V::splat(0.0); N]; T];
        // SAFETY: the points are those of the weight.
        let from = unsafe { w.point(&points) };
        for b in 0..N {
            let mut column = [V::splat(0.0); N];
            for (a, value) in column.iter_mut().enumerate() {
                // SAFETY: a point of the weight.
                *value = unsafe { V::load(from.add((a * N + b).wrapping_mul(points.stride))) };
            }
            for (half, value) in half.iter_mut().zip(F::taps_gradient(column)) {
                half[b] = value;
            }
        }
        for (a, half) in half.into_iter().enumerate() {
            for (b, value) in F::taps_gradient(half).into_iter().enumerate() {
                // SAFETY: a tap of the weight.
                unsafe { value.store(weight.add(w.tap(P * T, a, b))) };
            }
        }
    }
}

in_vectors! {
    /// Weights [from, rows, columns, to] as points [phases * from, to].
    pub(super) fn weight_to_points<F: Filter<T, N>, const T, const N, const P>(
        weight: *const f32, points: Points, size: WeightSize,
    ) = to_points, size.to
}
in_vectors! {
    /// The gradient of [`weight_to_points`].
    pub(super) fn weight_from_points<F: Filter<T, N>, const T, const N, const P>(
        points: Points, weight: *mut f32, size: WeightSize,
    ) = from_points, size.to
}
