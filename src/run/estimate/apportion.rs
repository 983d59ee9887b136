//! Apportions whole numbers in proportion to others, by largest remainder.

/// Divides `total` in proportion to `weights`: each share is rounded down or up, and where there is less than one for each, the
/// largest weights get one. Equal parts where all weights are 0; nothing where there are none.
pub(super) fn shares(total: usize, weights: &[usize]) -> Vec<usize> {
    let sum: u128 = weights.iter().map(|&w| w as u128).sum();
    if sum == 0 && !weights.is_empty() {
        return shares(total, &vec![1; weights.len()]);
    }
    let exact = |w: usize| (total as u128 * w as u128 / sum, total as u128 * w as u128 % sum);
    let mut shares: Vec<usize> = weights.iter().map(|&w| exact(w).0 as usize).collect();
    let mut by_rest: Vec<usize> = (0..weights.len()).collect();
    by_rest.sort_by_key(|&i| std::cmp::Reverse(exact(weights[i]).1));
    let left = total.saturating_sub(shares.iter().sum());
    by_rest.into_iter().take(left).for_each(|i| shares[i] += 1);
    shares
}

/// A table with the given sums of rows and of columns, whose totals are equal. No cell is 0 where the sums allow one in each;
/// beyond that, cells are proportional to the sums as nearly as whole numbers allow.
pub(super) fn table(rows: &[usize], columns: &[usize]) -> Vec<Vec<usize>> {
    debug_assert_eq!(rows.iter().sum::<usize>(), columns.iter().sum::<usize>());
    let mut cells = vec![vec![0; columns.len()]; rows.len()];
    let (mut rows, mut columns) = (rows.to_vec(), columns.to_vec());
    // First, one in as many cells as possible: each row takes from the columns that have most left.
    for (cells, left) in cells.iter_mut().zip(&mut rows) {
        let mut fullest: Vec<usize> = (0..columns.len()).filter(|&c| columns[c] > 0).collect();
        fullest.sort_by_key(|&c| std::cmp::Reverse(columns[c]));
        for c in fullest.into_iter().take(*left) {
            (cells[c], columns[c], *left) = (1, columns[c] - 1, *left - 1);
        }
    }
    // Then the rest, column by column, in proportion to what the rows have left; the last column takes exactly the rest.
    for (c, &count) in columns.iter().enumerate() {
        let parts = shares(count, &rows);
        for ((cells, left), more) in cells.iter_mut().zip(&mut rows).zip(parts) {
            (cells[c], *left) = (cells[c] + more, *left - more);
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::rng::Seed;

    #[test]
    fn shares_are_by_largest_remainder() {
        assert_eq!(shares(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(shares(7, &[10, 20, 41]), [1, 2, 4]);
        assert_eq!(shares(1, &[3, 5]), [0, 1]);
        assert_eq!(shares(5, &[0, 0]), [3, 2]);
        assert_eq!(shares(5, &[0, 9]), [0, 5]);
        assert_eq!(shares(5, &[]), Vec::<usize>::new());
        assert_eq!(shares(1 << 40, &[1 << 40, 1 << 40]), [1 << 39, 1 << 39]);
    }

    #[test]
    fn a_table_has_its_sums_and_no_zero_where_they_allow() {
        let mut draws = Seed::new(3).draws();
        let mut up_to = |most: usize| draws.between(0.0, most as f64 + 0.999) as usize;
        for round in 0..400 {
            let (n, k) = (1 + up_to(29), 1 + up_to(9));
            let columns: Vec<usize> = (0..k).map(|_| up_to(60)).collect();
            let weights: Vec<usize> = (0..n).map(|_| up_to(20)).collect();
            let rows = shares(columns.iter().sum(), &weights);
            let cells = table(&rows, &columns);
            for (row, cells) in rows.iter().zip(&cells) {
                assert_eq!(cells.iter().sum::<usize>(), *row, "{round}");
            }
            for (c, column) in columns.iter().enumerate() {
                assert_eq!(cells.iter().map(|r| r[c]).sum::<usize>(), *column, "{round}");
            }
            if rows.iter().all(|&r| r >= k) && columns.iter().all(|&c| c >= n) {
                assert!(cells.iter().flatten().all(|&cell| cell > 0), "{round}: {rows:?} {columns:?}");
            }
        }
        assert_eq!(table(&[100, 4, 4], &[6, 102]), [[4, 96], [1, 3], [1, 3]]);
        assert_eq!(table(&[2, 2, 2], &[2, 2, 2]).concat().into_iter().max(), Some(1));
    }

    #[test]
    fn cells_are_in_proportion() {
        let (rows, columns) = ([49, 58, 43, 38, 55, 35, 61, 69, 56, 71], [127, 81, 46, 69, 71, 62, 79]);
        for (row, cells) in rows.iter().zip(table(&rows, &columns)) {
            for (column, cell) in columns.iter().zip(cells) {
                let exact = (row * column) as f64 / 535.0;
                assert!((cell as f64 - exact).abs() < 2.0, "{cell} for {exact}");
            }
        }
    }
}
