//! Random removal of training utterances (paper 3.1.2).

use super::Selection;
use seraug_core::rng::Seed;
use seraug_core::spec::Reduction;

/// Splits `pool` into kept and removed utterances. Of a reduced class with n utterances, round(n (1 - share)) are kept, at
/// least one: those with the lowest draws.
pub(super) fn reduce(
    reduction: &Reduction,
    reduced: &[usize],
    pool: &[usize],
    selection: &Selection,
    seed: Seed,
) -> (Vec<usize>, Vec<usize>) {
    let mut removed = Vec::new();
    for &class in reduced {
        let of_class = pool.iter().copied().filter(|&i| selection.labels[i] == class);
        let mut ranked: Vec<(u32, &str, usize)> = of_class
            .map(|i| {
                let id = selection.utterances[i].id.as_str();
                (seed.child(id).draws().bits(), id, i)
            })
            .collect();
        ranked.sort_unstable();
        let kept = (ranked.len() as f64 * (1.0 - reduction.share)).round() as usize;
        removed.extend(ranked.iter().skip(kept.max(1)).map(|r| r.2));
    }
    removed.sort_unstable();
    let kept = pool.iter().copied().filter(|i| removed.binary_search(i).is_err()).collect();
    (kept, removed)
}
