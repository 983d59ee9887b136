//! Stratified random samples without replacement.

use super::Selection;
use seraug_core::emotion::Emotion;
use seraug_core::rng::Seed;

/// `count` of `pool`, ascending, stratified by class, emotion and speaker: sorts the pool in that order, at random within a
/// speaker's emotion, and takes every (pool / count)th from a random start. Every stratum gets its share to within one.
pub(super) fn stratified(selection: &Selection, pool: &[usize], count: usize, seed: Seed) -> Vec<usize> {
    let count = count.min(pool.len());
    if count == 0 {
        return Vec::new();
    }
    let mut ranked: Vec<(usize, Emotion, &str, u32, &str, usize)> = pool
        .iter()
        .map(|&i| {
            let u = &selection.utterances[i];
            let draw = seed.child(&u.corpus).child(&u.id).draws().bits();
            (selection.labels[i], u.emotion, u.speaker.as_str(), draw, u.id.as_str(), i)
        })
        .collect();
    ranked.sort_unstable();
    let step = ranked.len() as f64 / count as f64;
    let start = seed.child("start").draws().uniform() * step;
    let mut taken: Vec<usize> =
        (0..count).map(|k| ranked[((start + k as f64 * step) as usize).min(ranked.len() - 1)].5).collect();
    taken.sort_unstable();
    taken
}

/// `count` of each class of `pool` (all where a class has fewer), ascending: the paper's .SUB.
pub(super) fn of_each_class(
    selection: &Selection,
    pool: &[usize],
    classes: usize,
    count: usize,
    seed: Seed,
) -> Vec<usize> {
    let mut taken: Vec<usize> = (0..classes)
        .flat_map(|class| {
            let of: Vec<usize> = pool.iter().copied().filter(|&i| selection.labels[i] == class).collect();
            stratified(selection, &of, count, seed.at(class as u64))
        })
        .collect();
    taken.sort_unstable();
    taken
}
