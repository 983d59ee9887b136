//! Products of matrices with few rows and columns, for which a call of a library costs more than their arithmetic.

use super::vector::{Vector, in_vectors};

/// The left factor: row r and column k is at `start` + r * `row` + k * `column`.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    /// Its first value.
    pub start: *const f32,
    /// Values from a row to the next.
    pub row: usize,
    /// Values from a column to the next.
    pub column: usize,
}

/// The right factor, its rows in one piece each.
#[derive(Debug, Clone, Copy)]
pub struct Right {
    /// Its first value.
    pub start: *const f32,
    /// Values from a row to the next.
    pub row: usize,
}

/// Where the product goes, its rows in one piece each.
#[derive(Debug, Clone, Copy)]
pub struct ProductPlace {
    /// Its first value.
    pub start: *mut f32,
    /// Values from a row to the next.
    pub row: usize,
    /// Whether the product is added to what is there.
    pub adds: bool,
}

/// [rows, columns] = [rows, depth] x [depth, columns]; the columns a multiple of the vector's values.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Of the left factor.
    pub rows: usize,
    /// Columns of the left factor.
    pub depth: usize,
    /// Of the right factor.
    pub columns: usize,
}

/// What is summed over: `each` columns of the left factor, one after the other, in each of `panels`.
#[derive(Debug, Clone, Copy)]
pub struct Depth {
    /// How often.
    pub panels: usize,
    /// How many at once.
    pub each: usize,
    /// Values from a panel of the left factor to the next; the right factor's rows go on as before.
    pub step: usize,
}

/// `R` rows and `N` vectors of columns, whose sums stay in registers.
///
/// # Safety
/// The factors and `out` are as large as that.
#[inline(always)]
pub unsafe fn tile<V: Vector, const R: usize, const N: usize>(
    a: Left,
    b: Right,
    out: ProductPlace,
    depth: Depth,
) {
    // SAFETY: the caller's, of this part of the product.
    unsafe {
        let mut sums = [[V::splat(0.0); N]; R];
        let mut right = b.start;
        for panel in 0..depth.panels {
            let mut left = a.start.add(panel.wrapping_mul(depth.step));
            for _ in 0..depth.each {
                let mut row = [V::splat(0.0); N];
                for (n, value) in row.iter_mut().enumerate() {
                    *value = V::load(right.add(n * V::LANES));
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let value = V::splat(*left.add(r.wrapping_mul(a.row)));
                    for (sum, &row) in sums.iter_mut().zip(&row) {
                        *sum = value.mul_add(row, *sum);
                    }
                }
                left = left.wrapping_add(a.column);
                right = right.wrapping_add(b.row);
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            for (n, sum) in sums.into_iter().enumerate() {
                let to = out.start.add(r.wrapping_mul(out.row)).add(n * V::LANES);
                if out.adds { V::load(to).plus(sum).store(to) } else { sum.store(to) }
            }
        }
    }
}

#[inline(always)]
unsafe fn rows<V: Vector, const R: usize>(first: usize, a: Left, b: Right, out: ProductPlace, size: Size) {
    // SAFETY: the caller's.
    unsafe {
        let a = Left { start: a.start.add(first.wrapping_mul(a.row)), ..a };
        let out = ProductPlace { start: out.start.add(first.wrapping_mul(out.row)), ..out };
        let at = |n: usize| {
            (Right { start: b.start.add(n), ..b }, ProductPlace { start: out.start.add(n), ..out })
        };
        let depth = Depth { panels: 1, each: size.depth, step: 0 };
        let mut n = 0;
        while n + 2 * V::LANES <= size.columns {
            let (b, out) = at(n);
            tile::<V, R, 2>(a, b, out, depth);
            n += 2 * V::LANES;
        }
        if n < size.columns {
            let (b, out) = at(n);
            tile::<V, R, 1>(a, b, out, depth);
        }
    }
}

/// [`product`] within a function that is compiled for the vectors.
///
/// # Safety
/// As of [`product`].
#[inline(always)]
pub unsafe fn multiply<V: Vector>(a: Left, b: Right, out: ProductPlace, size: Size) {
    let mut r = 0;
    // SAFETY: the caller's.
    unsafe {
        while V::ROWS == 8 && r + 8 <= size.rows {
            rows::<V, 8>(r, a, b, out, size);
            r += 8;
        }
        while r + 4 <= size.rows {
            rows::<V, 4>(r, a, b, out, size);
            r += 4;
        }
        while r < size.rows {
            rows::<V, 1>(r, a, b, out, size);
            r += 1;
        }
    }
}

in_vectors! {
    /// The product of two matrices: each value is summed over the depth in its order, in one sum, before it is added.
    pub fn product(a: Left, b: Right, out: ProductPlace, size: Size) = multiply, size.columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::vector::Portable;

    #[test]
    fn a_product_is_the_sum_in_order_whatever_the_vectors() {
        for (rows, depth, columns) in [(13, 5, 48), (8, 3, 16), (3, 7, 24), (4, 1, 8)] {
            let value = |i: usize| ((i * 37 % 101) as f32 - 50.0) / 7.0;
            let a: Vec<f32> = (0..rows * depth).map(value).collect();
            let b: Vec<f32> = (0..depth * columns).map(|i| value(i + 11)).collect();
            let start: Vec<f32> = (0..rows * columns).map(|i| value(i + 5)).collect();
            for adds in [false, true] {
                let mut expected = start.clone();
                for (i, sum) in expected.iter_mut().enumerate() {
                    let (r, n) = (i / columns, i % columns);
                    let made = (0..depth).fold(0.0, |s, k| a[r * depth + k].mul_add(b[k * columns + n], s));
                    *sum = if adds { *sum + made } else { made };
                }
                let run = |work: unsafe fn(Left, Right, ProductPlace, Size)| {
                    let mut out = start.clone();
                    let left = Left { start: a.as_ptr(), row: depth, column: 1 };
                    let right = Right { start: b.as_ptr(), row: columns };
                    let to = ProductPlace { start: out.as_mut_ptr(), row: columns, adds };
                    // SAFETY: the sizes are those of the vectors.
                    unsafe { work(left, right, to, Size { rows, depth, columns }) };
                    out
                };
                assert_eq!(run(product), expected);
                assert_eq!(run(multiply::<Portable>), expected);
            }
        }
    }
}
