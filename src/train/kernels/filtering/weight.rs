//! Weights as points.

use super::filter::MinimalFilter;
use super::panels::Points;
use crate::kernels::vector::{Vector, in_vectors};
use std::ops::Range;

/// A weight whose columns lie in one piece: tap number t of row r is at `start` + r * `row` + t * `tap`. Its points are a matrix
/// of as many rows and columns for each phase, one after the other or beside each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taps {
    pub start: *mut f32,
    pub rows: usize,
    pub columns: usize,
    /// Values from a row to the next.
    pub row: usize,
    /// Values from a tap to the next.
    pub tap: usize,
    /// Whether the phases' matrices are beside each other.
    pub beside: bool,
}

/// A vector of columns, of one row and phase.
struct Window<const P: usize> {
    taps: Taps,
    row: usize,
    phase: usize,
    first: usize,
}

impl<const P: usize> Window<P> {
    /// Where its tap number (a, b) of a kernel of `side` columns is.
    ///
    /// # Safety
    /// The weight has it.
    #[inline(always)]
    unsafe fn tap(&self, side: usize, a: usize, b: usize) -> *mut f32 {
        let (row, column) = (P * a + self.phase / P, P * b + self.phase % P);
        let at = self.row * self.taps.row + (row * side + column) * self.taps.tap + self.first;
        // SAFETY: the caller's.
        unsafe { self.taps.start.add(at) }
    }

    /// Where its first point is.
    ///
    /// # Safety
    /// The points are those of the weight.
    #[inline(always)]
    unsafe fn point(&self, points: &Points) -> *mut f32 {
        let Taps { rows, columns, beside, .. } = self.taps;
        let (row, column) = if beside {
            (self.row, self.phase * columns + self.first)
        } else {
            (self.phase * rows + self.row, self.first)
        };
        // SAFETY: the caller's.
        unsafe { points.first(row, column) }
    }

    /// The window number `index` of those of a row.
    #[inline(always)]
    fn new<V: Vector>(taps: Taps, row: usize, index: usize) -> Window<P> {
        let vectors = taps.columns / V::LANES;
        Window { taps, row, phase: index / vectors, first: index % vectors * V::LANES }
    }

    #[inline(always)]
    fn count<V: Vector>(taps: Taps) -> usize {
        P * P * (taps.columns / V::LANES)
    }
}

#[expect(
    clippy::needless_range_loop,
    reason = "a column of an array of rows; an iterator over it is not kept in registers"
)]
#[inline(always)]
unsafe fn to_points<V: Vector, F: MinimalFilter<T, N>, const T: usize, const N: usize, const P: usize>(
    taps: Taps,
    points: Points,
    rows: Range<usize>,
) {
    let windows = Window::<P>::count::<V>(taps);
    for index in rows.start * windows..rows.end * windows {
        let w = Window::<P>::new::<V>(taps, index / windows, index % windows);
        let mut half = [[V::splat(0.0); N]; T];
        for (a, half) in half.iter_mut().enumerate() {
            let mut taps = [V::splat(0.0); T];
            for (b, tap) in taps.iter_mut().enumerate() {
                // SAFETY: a tap of the weight.
                *tap = unsafe { V::load(w.tap(P * T, a, b)) };
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
unsafe fn from_points<V: Vector, F: MinimalFilter<T, N>, const T: usize, const N: usize, const P: usize>(
    points: Points,
    taps: Taps,
    rows: Range<usize>,
) {
    let windows = Window::<P>::count::<V>(taps);
    for index in rows.start * windows..rows.end * windows {
        let w = Window::<P>::new::<V>(taps, index / windows, index % windows);
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
                unsafe { value.store(w.tap(P * T, a, b)) };
            }
        }
    }
}

in_vectors! {
    /// Some rows of a weight as points.
    pub(super) fn weight_to_points<F: MinimalFilter<T, N>, const T, const N, const P>(
        taps: Taps, points: Points, rows: Range<usize>,
    ) = to_points, taps.columns
}
in_vectors! {
    /// The gradient of [`weight_to_points`].
    pub(super) fn weight_from_points<F: MinimalFilter<T, N>, const T, const N, const P>(
        points: Points, taps: Taps, rows: Range<usize>,
    ) = from_points, taps.columns
}
