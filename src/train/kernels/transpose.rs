//! Matrices turned, block by block, so that both sides are read and written in whole lines of the cache.

/// Rows and columns of a block.
const BLOCK: usize = 16;

/// Writes `from` [rows, columns] as `to` [columns, rows].
///
/// # Panics
/// They have other numbers of values.
pub fn transpose(from: &[f32], to: &mut [f32], rows: usize, columns: usize) {
    assert!(from.len() == rows * columns && to.len() == from.len());
    for top in (0..rows).step_by(BLOCK) {
        let height = BLOCK.min(rows - top);
        for left in (0..columns).step_by(BLOCK) {
            let width = BLOCK.min(columns - left);
            if height == BLOCK && width == BLOCK {
                let mut block = [[0f32; BLOCK]; BLOCK];
                for (r, line) in block.iter_mut().enumerate() {
                    let at = (top + r) * columns + left;
                    line.copy_from_slice(&from[at..at + BLOCK]);
                }
                for c in 0..BLOCK {
                    let at = (left + c) * rows + top;
                    let line: &mut [f32; BLOCK] = (&mut to[at..at + BLOCK]).try_into().expect("of a block");
                    for (r, value) in line.iter_mut().enumerate() {
                        *value = block[r][c];
                    }
                }
                continue;
            }
            for r in top..top + height {
                for c in left..left + width {
                    to[c * rows + r] = from[r * columns + c];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        for (rows, columns) in [(1, 5), (16, 16), (33, 20), (48, 64)] {
            let from: Vec<f32> = (0..rows * columns).map(|i| i as f32).collect();
            let mut to = vec![0.0; from.len()];
            transpose(&from, &mut to, rows, columns);
            assert!((0..from.len()).all(|i| to[i % columns * rows + i / columns] == from[i]));
        }
    }
}
