//! Matrices transposed, eight rows and columns at a time.

use super::vector::{Vector, in_vectors};

/// Rows whose values are written one after the other: two lines of the cache.
const ROWS: usize = 32;

/// A matrix whose rows lie in one piece each, and where it goes transposed.
#[derive(Debug, Clone, Copy)]
pub struct Transposed {
    /// Its first value.
    pub from: *const f32,
    /// Values from a row to the next.
    pub row: usize,
    /// The first value of the other.
    pub to: *mut f32,
    /// Values from a row of the other to the next.
    pub to_row: usize,
    /// A multiple of 8.
    pub rows: usize,
    /// At least 8.
    pub columns: usize,
}

/// [`transpose`] within a function that is compiled for the vectors.
///
/// # Safety
/// As of [`transpose`].
#[inline(always)]
pub unsafe fn transpose_inside<V: Vector>(m: Transposed) {
    for first in (0..m.rows).step_by(ROWS) {
        for column in (0..m.columns).step_by(8) {
            // The last eight again, where there are fewer left.
            let column = column.min(m.columns - 8);
            for row in (first..m.rows.min(first.wrapping_add(ROWS))).step_by(8) {
                // SAFETY: the caller's.
                unsafe {
                    let from = m.from.add(row.wrapping_mul(m.row).wrapping_add(column));
                    V::transpose(
                        from,
                        m.row,
                        m.to.add(column.wrapping_mul(m.to_row).wrapping_add(row)),
                        m.to_row,
                    );
                }
            }
        }
    }
}

in_vectors! {
    /// Writes the matrix's transpose.
    pub fn transpose(matrix: Transposed) = transpose_inside, matrix.rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::vector::Portable;

    #[test]
    fn rows_become_columns_whatever_the_vectors() {
        for (rows, columns) in [(8, 8), (40, 24), (16, 9), (72, 16)] {
            let from: Vec<f32> = (0..rows * (columns + 1)).map(|i| i as f32).collect();
            for work in [transpose as unsafe fn(Transposed), transpose_inside::<Portable>] {
                let mut to = vec![0f32; columns * (rows + 2)];
                let (row, to_row) = (columns + 1, rows + 2);
                // SAFETY: the sizes are those of the vectors.
                unsafe {
                    work(Transposed { from: from.as_ptr(), row, to: to.as_mut_ptr(), to_row, rows, columns })
                };
                for (i, value) in to.into_iter().enumerate() {
                    let (c, r) = (i / to_row, i % to_row);
                    assert_eq!(value, if r < rows { from[r * row + c] } else { 0.0 });
                }
            }
        }
    }
}
