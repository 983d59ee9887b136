//! Row numbers of plan.csv as Slurm writes array indices.

use seraug_core::spec::MOST_CELLS;

/// The ranges of an ascending list, such as `1-3,7`.
pub(super) fn ranges(numbers: &[usize]) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for &n in numbers {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == n => *last = n,
            _ => parts.push((n, n)),
        }
    }
    let text = |(first, last): &(usize, usize)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    parts.iter().map(text).collect::<Vec<_>>().join(",")
}

/// Parses what [`ranges`] wrote: ascending, from 1, no row beyond the largest plan; `None` for anything else.
pub(super) fn numbers(ranges: &str) -> Option<Vec<usize>> {
    let mut out: Vec<usize> = Vec::new();
    for part in ranges.split(',').filter(|p| !p.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse::<usize>().ok()?, last.parse::<usize>().ok()?);
        if first <= out.last().copied().unwrap_or(0) || last < first || last > MOST_CELLS {
            return None;
        }
        out.extend(first..=last);
    }
    Some(out)
}

/// Distributes `rows` (ascending, from 1) over arrays whose indices are at most `largest`: for each the number to add to an
/// index, and its indices.
pub(super) fn arrays(rows: &[usize], largest: usize) -> Vec<(usize, Vec<usize>)> {
    let base = |row: &usize| (row - 1) / largest * largest;
    rows.chunk_by(|a, b| base(a) == base(b))
        .map(|chunk| (base(&chunk[0]), chunk.iter().map(|row| row - base(row)).collect()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_numbers_are_ranges() {
        for (list, text) in
            [(vec![], ""), (vec![4], "4"), (vec![1, 2, 3, 7], "1-3,7"), (vec![1, 3, 4], "1,3-4")]
        {
            assert_eq!(ranges(&list), text);
            assert_eq!(numbers(text), Some(list));
        }
        for odd in ["1-x", "1-18446744073709551615", "0", "3-1", "1,1", "1-4,2", "-1", "18446744073709551616"]
        {
            assert_eq!(numbers(odd), None, "{odd}");
        }
    }

    #[test]
    fn no_index_is_above_the_largest() {
        assert_eq!(arrays(&[1, 4], 4), [(0, vec![1, 4])]);
        assert_eq!(
            arrays(&[3, 4, 5, 8, 9, 13], 4),
            [(0, vec![3, 4]), (4, vec![1, 4]), (8, vec![1]), (12, vec![1])]
        );
        let rows: Vec<usize> = (1..=10_000).collect();
        let all = arrays(&rows, 1000);
        assert_eq!(all.len(), 10);
        assert!(all.iter().all(|(_, indices)| ranges(indices) == "1-1000"));
    }
}
