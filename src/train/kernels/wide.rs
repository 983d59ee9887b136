//! Products of a few rows with a wide matrix, which is larger than the caches: it is read once, in long pieces.

use super::product::{Left, ProductPlace, Right, Size, multiply};
use super::vector::{Vector, in_vectors};

/// Columns that are written at once.
const COLUMNS: usize = 256;
/// Rows and columns of sums that stay in the nearest cache.
const ROWS: usize = 32;
const SUMS: usize = 128;
/// Columns that are summed over at once.
const SUMMED: usize = 4096;
/// Sums of a dot product, whatever the vectors.
const LANES: usize = 16;

/// Sizes: `rows` few, `depth` x `columns` the wide matrix; the columns a multiple of 16.
#[derive(Debug, Clone, Copy)]
pub struct WideSize {
    /// Of the narrow matrix.
    pub rows: usize,
    /// Rows of the wide one.
    pub depth: usize,
    /// Of the wide one.
    pub columns: usize,
}

/// Sums in the place of `out`, whose rows are so far apart that they would drive each other out of the cache.
#[repr(align(64))]
struct ColumnSums([[f32; SUMS]; ROWS]);

#[inline(always)]
unsafe fn times_wide<V: Vector>(z: *const f32, w: *const f32, out: *mut f32, s: WideSize) {
    let mut sums = ColumnSums([[0.0; SUMS]; ROWS]);
    for first in (0..s.rows).step_by(ROWS) {
        let rows = ROWS.min(s.rows - first);
        for block in (0..s.columns).step_by(SUMS) {
            let columns = SUMS.min(s.columns - block);
            for k in (0..s.depth).step_by(4) {
                for c in (0..columns).step_by(V::LANES) {
                    // SAFETY: the caller's.
                    unsafe {
                        let mut lines = [V::splat(0.0); 4];
                        for (i, line) in lines.iter_mut().enumerate() {
                            let at = w.wrapping_add((k + i).wrapping_mul(s.columns)).wrapping_add(block + c);
                            *line = V::load(at);
                            // With the next four rows.
                            V::ask(at.wrapping_add(4 * s.columns));
                        }
                        for (r, sums) in sums.0.iter_mut().enumerate().take(rows) {
                            let z = z.add((first + r).wrapping_mul(s.depth)).add(k);
                            let place = sums.as_mut_ptr().add(c);
                            let mut sum = if k == 0 { V::splat(0.0) } else { V::load(place) };
                            for (i, &line) in lines.iter().enumerate() {
                                sum = V::splat(*z.add(i)).mul_add(line, sum);
                            }
                            sum.store(place);
                        }
                    }
                }
            }
            for (r, sums) in sums.0.iter().enumerate().take(rows) {
                // SAFETY: as above.
                unsafe {
                    let out = out.add((first + r).wrapping_mul(s.columns)).add(block);
                    out.copy_from_nonoverlapping(sums.as_ptr(), columns);
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn outer<V: Vector>(z: *const f32, g: *const f32, out: *mut f32, s: WideSize) {
    for block in (0..s.columns).step_by(COLUMNS) {
        let columns = COLUMNS.min(s.columns - block);
        // SAFETY: the caller's.
        unsafe {
            let a = Left { start: z, row: 1, column: s.depth };
            let b = Right { start: g.add(block), row: s.columns };
            let to = ProductPlace { start: out.add(block), row: s.columns, adds: false };
            multiply::<V>(a, b, to, Size { rows: s.depth, depth: s.rows, columns });
        }
    }
}

/// Dot products of `R` rows of g and `K` of w over some columns, added to `out`.
#[inline(always)]
unsafe fn dots<V: Vector, const R: usize, const K: usize, const N: usize>(
    [g, w]: [*const f32; 2],
    out: *mut f32,
    columns: usize,
    s: WideSize,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [[[V::splat(0.0); N]; K]; R];
        for c in (0..columns).step_by(LANES) {
            for n in 0..N {
                let at = c + n * V::LANES;
                let mut lines = [V::splat(0.0); K];
                for (k, line) in lines.iter_mut().enumerate() {
                    *line = V::load(w.add(k.wrapping_mul(s.columns)).add(at));
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let g = V::load(g.add(r.wrapping_mul(s.columns)).add(at));
                    for (sum, &line) in sums.iter_mut().zip(&lines) {
                        sum[n] = g.mul_add(line, sum[n]);
                    }
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            for (k, sums) in sums.iter().enumerate() {
                let mut lanes = [0f32; LANES];
                for (n, sum) in sums.iter().enumerate() {
                    sum.store(lanes.as_mut_ptr().add(n * V::LANES));
                }
                *out.add(r.wrapping_mul(s.depth)).add(k) += lanes.iter().sum::<f32>();
            }
        }
    }
}

#[inline(always)]
unsafe fn times_turned<V: Vector>(g: *const f32, w: *const f32, out: *mut f32, s: WideSize) {
    // SAFETY: the caller's.
    unsafe {
        out.write_bytes(0, s.rows * s.depth);
        let side = V::ROWS / 2;
        for block in (0..s.columns).step_by(SUMMED) {
            let columns = SUMMED.min(s.columns - block);
            for k in (0..s.depth).step_by(side) {
                let mut r = 0;
                while r < s.rows {
                    let places = [g.add(r * s.columns + block), w.add(k * s.columns + block)];
                    let out = out.add(r * s.depth + k);
                    match (side, r + side <= s.rows) {
                        (4, true) => dots::<V, 4, 4, 1>(places, out, columns, s),
                        (4, false) => dots::<V, 1, 4, 1>(places, out, columns, s),
                        (_, true) => dots::<V, 2, 2, 2>(places, out, columns, s),
                        (_, false) => dots::<V, 1, 2, 2>(places, out, columns, s),
                    }
                    r += if r + side <= s.rows { side } else { 1 };
                }
            }
        }
    }
}

in_vectors! {
    /// `out` [rows, columns] = `z` [rows, depth] x `w` [depth, columns]; the depth is a multiple of 4.
    pub fn wide_product(z: *const f32, w: *const f32, out: *mut f32, s: WideSize) = times_wide, s.columns
}
in_vectors! {
    /// `out` [depth, columns] = `z` [rows, depth], turned, x `g` [rows, columns].
    pub fn wide_outer(z: *const f32, g: *const f32, out: *mut f32, s: WideSize) = outer, s.columns
}
in_vectors! {
    /// `out` [rows, depth] = `g` [rows, columns] x `w` [depth, columns], turned; the depth is a multiple of 4.
    pub fn wide_turned(g: *const f32, w: *const f32, out: *mut f32, s: WideSize) = times_turned, s.columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::vector::Portable;

    #[test]
    fn products_are_those_in_double() {
        for (rows, depth, columns) in [(5, 8, 48), (8, 12, 4096 + 272), (1, 4, 16)] {
            let value = |i: usize, by: usize| ((i * by % 101) as f32 - 50.0) / 50.0;
            let z: Vec<f32> = (0..rows * depth).map(|i| value(i, 37)).collect();
            let w: Vec<f32> = (0..depth * columns).map(|i| value(i, 53)).collect();
            let g: Vec<f32> = (0..rows * columns).map(|i| value(i, 71)).collect();
            let s = WideSize { rows, depth, columns };
            type Work = unsafe fn(*const f32, *const f32, *mut f32, WideSize);
            let check = |works: [Work; 2], a: &[f32], b: &[f32], exact: Vec<f64>| {
                let outs = works.map(|work| {
                    let mut out = vec![0f32; exact.len()];
                    // SAFETY: the sizes are those of the vectors.
                    unsafe { work(a.as_ptr(), b.as_ptr(), out.as_mut_ptr(), s) };
                    out
                });
                assert_eq!(outs[0], outs[1], "whatever the vectors");
                for (ours, exact) in outs[0].iter().zip(&exact) {
                    assert!((f64::from(*ours) - exact).abs() < 1e-4, "{ours} is not {exact}");
                }
            };
            let sum = |count: usize, term: &dyn Fn(usize) -> (f32, f32)| -> f64 {
                (0..count).map(term).map(|(a, b)| f64::from(a) * f64::from(b)).sum()
            };
            let cells = |n: usize, m: usize, of: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
                (0..n * m).map(|i| of(i / m, i % m)).collect()
            };
            let exact = cells(rows, columns, &|r, c| sum(depth, &|k| (z[r * depth + k], w[k * columns + c])));
            check([wide_product, times_wide::<Portable>], &z, &w, exact);
            let exact = cells(depth, columns, &|k, c| sum(rows, &|r| (z[r * depth + k], g[r * columns + c])));
            check([wide_outer, outer::<Portable>], &z, &g, exact);
            let exact =
                cells(rows, depth, &|r, k| sum(columns, &|c| (g[r * columns + c], w[k * columns + c])));
            check([wide_turned, times_turned::<Portable>], &g, &w, exact);
        }
    }
}
