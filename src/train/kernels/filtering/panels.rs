//! Matrices that lie by panels: as many columns as two vectors have, row by row, and then the next ones. A product reads its
//! factors in one piece so, however many columns there are.

use crate::kernels::product::{Depth, Left, ProductPlace, Right, tile};
use crate::kernels::vector::Vector;

/// Columns of a panel, at most: two vectors of AVX-512.
const WIDTH: usize = 32;
/// Rows of a panel of the right factor that a product goes through at once: they fit half of the first cache, and sums of
/// sums lose less than one long one.
const DEPTH: usize = 128;

/// A matrix [panels, rows, columns of a panel].
#[derive(Debug, Clone, Copy)]
pub(super) struct Panels {
    pub start: *mut f32,
    pub rows: usize,
    /// Of all panels, a multiple of 8.
    pub columns: usize,
}

impl Panels {
    /// Columns of a panel.
    #[inline(always)]
    pub(super) fn width(&self) -> usize {
        WIDTH.min(1 << self.columns.trailing_zeros())
    }

    /// Where a value is.
    ///
    /// # Safety
    /// It is one of the matrix.
    #[inline(always)]
    pub(super) unsafe fn at(&self, row: usize, column: usize) -> *mut f32 {
        let width = self.width();
        let (panel, within) = (column & !(width - 1), column & (width - 1));
        // SAFETY: the caller's.
        unsafe {
            self.start
                .add(panel.wrapping_mul(self.rows).wrapping_add(row.wrapping_mul(width)).wrapping_add(within))
        }
    }
}

/// Values between the points of one number and those of the next.
const GAP: usize = 80;

/// Matrices of one size, one a point. A gap follows each, so that they do not all lie on one set of the cache.
#[derive(Debug, Clone, Copy)]
pub(super) struct Points {
    /// Of the first point.
    first: Panels,
    /// Values from a point to the next.
    pub stride: usize,
}

impl Points {
    pub(super) fn new(start: *mut f32, rows: usize, columns: usize) -> Points {
        Points { first: Panels { start, rows, columns }, stride: rows * columns + GAP }
    }

    /// Values of so many points.
    pub(super) fn values(points: usize, rows: usize, columns: usize) -> usize {
        points * (rows * columns + GAP)
    }

    /// Where a value of the first point is; those of the others follow by `stride`.
    ///
    /// # Safety
    /// It is one of the matrix.
    #[inline(always)]
    pub(super) unsafe fn first(&self, row: usize, column: usize) -> *mut f32 {
        // SAFETY: the caller's.
        unsafe { self.first.at(row, column) }
    }

    /// The matrix of the point number `point`.
    ///
    /// # Safety
    /// There are as many.
    #[inline(always)]
    pub(super) unsafe fn all(&self, point: usize) -> Panels {
        // SAFETY: the caller's.
        Panels { start: unsafe { self.first.start.add(point.wrapping_mul(self.stride)) }, ..self.first }
    }
}

/// `R` rows from `left` on times a panel of `width` columns.
#[inline(always)]
unsafe fn rows<V: Vector, const R: usize>(
    left: Left,
    b: Right,
    out: ProductPlace,
    depth: Depth,
    width: usize,
) {
    let mut n = 0;
    // SAFETY: the caller's.
    unsafe {
        let at = |n: usize| {
            (Right { start: b.start.add(n), ..b }, ProductPlace { start: out.start.add(n), ..out })
        };
        while n + 2 * V::LANES <= width {
            let (b, out) = at(n);
            tile::<V, R, 2>(left, b, out, depth);
            n += 2 * V::LANES;
        }
        if n < width {
            let (b, out) = at(n);
            tile::<V, R, 1>(left, b, out, depth);
        }
    }
}

/// The first `count` rows of `out` = those of a x b, and up to three after them. Each value is summed over the depth in its
/// order, [`DEPTH`] at a time.
///
/// # Safety
/// The matrices are as large as they say, and the rows of a and `out` are multiples of 4.
#[inline(always)]
pub(super) unsafe fn multiply<V: Vector>(a: Panels, b: Panels, out: Panels, count: usize) {
    let (deep, wide) = (a.width(), b.width());
    for first in (0..a.columns).step_by(DEPTH) {
        let panels = (a.columns - first).min(DEPTH) / deep;
        let depth = Depth { panels, each: deep, step: a.rows * deep };
        for column in (0..b.columns).step_by(wide) {
            // SAFETY: the caller's.
            unsafe {
                let right = Right { start: b.at(first, column), row: wide };
                let at = |row: usize| {
                    let left = Left { start: a.at(row, first), row: deep, column: 1 };
                    (left, ProductPlace { start: out.at(row, column), row: wide, adds: first > 0 })
                };
                let mut row = 0;
                while V::ROWS == 8 && row + 8 <= count {
                    let (left, out) = at(row);
                    rows::<V, 8>(left, right, out, depth, wide);
                    row += 8;
                }
                while row < count {
                    let (left, out) = at(row);
                    rows::<V, 4>(left, right, out, depth, wide);
                    row += 4;
                }
            }
        }
    }
}

/// `out` = a^T x b, of the first `count` rows of a and b, added to what is there where it `adds`.
///
/// # Safety
/// The matrices are as large as they say.
#[inline(always)]
pub(super) unsafe fn multiply_transposed<V: Vector>(
    a: Panels,
    b: Panels,
    out: Panels,
    count: usize,
    adds: bool,
) {
    let (high, wide) = (a.width(), b.width());
    let depth = Depth { panels: 1, each: count, step: 0 };
    for column in (0..b.columns).step_by(wide) {
        for row in (0..a.columns).step_by(V::ROWS) {
            // SAFETY: the caller's.
            unsafe {
                let left = Left { start: a.at(0, row), row: 1, column: high };
                let right = Right { start: b.at(0, column), row: wide };
                let out = ProductPlace { start: out.at(row, column), row: wide, adds };
                if V::ROWS == 8 {
                    rows::<V, 8>(left, right, out, depth, wide);
                } else {
                    rows::<V, 4>(left, right, out, depth, wide);
                }
            }
        }
    }
}
