//! Weights as points.

use super::filter::Filter;
use crate::kernels::vector::{Vector, in_vectors};

/// A weight [channels, rows, columns, vectors] and its points, both with the channels of one side of the layer innermost, the
/// vectors, and those of the other elsewhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct WeightSize {
    pub channels: usize,
    pub vectors: usize,
    /// Whether the points are [points, channels, phases, vectors], else [points, phases, channels, vectors].
    pub channels_first: bool,
}

/// A vector of output channels, of one input channel and phase.
struct Window<const P: usize> {
    size: WeightSize,
    channel: usize,
    phase: usize,
    first: usize,
}

impl<const P: usize> Window<P> {
    /// Where its tap number (a, b) is, of `side` columns.
    #[inline(always)]
    fn tap(&self, side: usize, a: usize, b: usize) -> usize {
        let (row, column) = (P * a + self.phase / P, P * b + self.phase % P);
        (self.channel * side * side + row * side + column) * self.size.vectors + self.first
    }

    /// Where its point is.
    #[inline(always)]
    fn point(&self, point: usize) -> usize {
        let WeightSize { channels, vectors, channels_first } = self.size;
        let window = if channels_first {
            self.channel * P * P + self.phase
        } else {
            self.phase * channels + self.channel
        };
        (point * P * P * channels + window) * vectors + self.first
    }

    /// The window number `index` of [`Window::count`].
    #[inline(always)]
    fn new<V: Vector>(size: WeightSize, index: usize) -> Window<P> {
        let vectors = size.vectors / V::LANES;
        let (channel, phase) = (index / vectors / (P * P), index / vectors % (P * P));
        Window { size, channel, phase, first: index % vectors * V::LANES }
    }

    #[inline(always)]
    fn count<V: Vector>(size: WeightSize) -> usize {
        size.channels * P * P * (size.vectors / V::LANES)
    }
}

#[inline(always)]
unsafe fn to_points<V: Vector, F: Filter<T, N>, const T: usize, const N: usize, const P: usize>(
    weight: *const f32,
    points: *mut f32,
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
        for b in 0..N {
            let column = F::taps(std::array::from_fn(|a| half[a][b]));
            for (a, value) in column.into_iter().enumerate() {
                // SAFETY: a point of the weight.
                unsafe { value.store(points.add(w.point(a * N + b))) };
            }
        }
    }
}

#[inline(always)]
unsafe fn from_points<V: Vector, F: Filter<T, N>, const T: usize, const N: usize, const P: usize>(
    points: *const f32,
    weight: *mut f32,
    size: WeightSize,
) {
    for index in 0..Window::<P>::count::<V>(size) {
        let w = Window::<P>::new::<V>(size, index);
        let mut half = [[V::splat(0.0); N]; T];
        for b in 0..N {
            let mut column = [V::splat(0.0); N];
            for (a, value) in column.iter_mut().enumerate() {
                // SAFETY: a point of the weight.
                *value = unsafe { V::load(points.add(w.point(a * N + b))) };
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
    /// Weights as points.
    pub(super) fn weight_to_points<F: Filter<T, N>, const T, const N, const P>(
        weight: *const f32, points: *mut f32, size: WeightSize,
    ) = to_points, size.vectors
}
in_vectors! {
    /// The gradient of [`weight_to_points`].
    pub(super) fn weight_from_points<F: Filter<T, N>, const T, const N, const P>(
        points: *const f32, weight: *mut f32, size: WeightSize,
    ) = from_points, size.vectors
}
