//! Finds pairs of fingerprints that agree, without comparing all with all: frames with equal signs vote for a pair and a lag.

use super::print::{SoundPrint, TURNED, agreement};
use rayon::prelude::*;
use std::collections::HashMap;

/// Least share of equal signs of a pair. In EMO-DB, RAVDESS, EMOVO and URDU no two takes reach 0.78, and no copy by mp3 or Vorbis, at
/// another rate, level or beginning falls below 0.96 (docs/audit.md).
pub(super) const ALIKE: f64 = 0.85;
/// Fewest clear signs of a frame that votes.
const CLEAR_SIGNS: u32 = 12;
/// Votes for a pair and a lag, or the lags beside it.
const VOTES: u32 = 2;
/// Frames with equal signs that are looked at; a hum has the same in all its frames.
const EQUAL_FRAMES: usize = 256;

/// Two fingerprints that are of one recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct NearPair {
    /// Index of the first.
    pub(super) a: u32,
    /// Index of the second, above `a`.
    pub(super) b: u32,
    /// Share of equal signs.
    pub(super) share: f64,
}

/// Where the signs of a frame are: signs, fingerprint, frame; sorted.
struct SignIndex(Vec<(u32, u32, u32)>);

impl SignIndex {
    fn of(prints: &[SoundPrint]) -> SignIndex {
        let mut all: Vec<(u32, u32, u32)> = prints
            .par_iter()
            .enumerate()
            .flat_map_iter(|(i, print)| {
                let voting =
                    print.frames.iter().enumerate().filter(|(_, f)| f.clear.count_ones() >= CLEAR_SIGNS);
                voting.map(move |(t, f)| (f.signs, i as u32, t as u32))
            })
            .collect();
        all.par_sort_unstable();
        SignIndex(all)
    }

    /// Entries with `signs` of fingerprints below `before`.
    fn equal(&self, signs: u32, before: u32) -> &[(u32, u32, u32)] {
        let from = self.0.partition_point(|e| e.0 < signs);
        let rest = &self.0[from..];
        let most = &rest[..rest.len().min(EQUAL_FRAMES)];
        &most[..most.partition_point(|e| (e.0, e.1) < (signs, before))]
    }
}

/// Every pair of `prints` that agrees, by its indices.
pub(super) fn near_pairs(prints: &[SoundPrint]) -> Vec<NearPair> {
    let index = SignIndex::of(prints);
    let mut pairs: Vec<NearPair> = (0..prints.len() as u32)
        .into_par_iter()
        .flat_map_iter(|b| {
            let votes = votes(&index, &prints[b as usize], b);
            let mut best: HashMap<u32, NearPair> = HashMap::new();
            for (a, lag) in votes {
                for lag in lag - 1..=lag + 1 {
                    let Some(found) = agreement(&prints[a as usize], &prints[b as usize], lag) else {
                        continue;
                    };
                    let pair = NearPair { a, b, share: found.share };
                    if pair.share >= ALIKE && best.get(&a).is_none_or(|known| known.share < pair.share) {
                        best.insert(a, pair);
                    }
                }
            }
            best.into_values().collect::<Vec<_>>()
        })
        .collect();
    pairs.sort_unstable_by_key(|p| (p.a, p.b));
    pairs
}

/// Fingerprints before `b` and lags that frames of `b` vote for.
fn votes(index: &SignIndex, print: &SoundPrint, b: u32) -> Vec<(u32, i64)> {
    let mut votes: HashMap<(u32, i64), u32> = HashMap::new();
    for (t, frame) in print.frames.iter().enumerate() {
        if frame.clear.count_ones() < CLEAR_SIGNS {
            continue;
        }
        // With each choice of the weakest signs turned over.
        for turned in 0..1u32 << TURNED {
            let flips = (0..TURNED).filter(|bit| turned >> bit & 1 == 1);
            let signs = flips.fold(frame.signs, |signs, bit| signs ^ 1 << frame.weakest[bit]);
            for (_, a, s) in index.equal(signs, b) {
                *votes.entry((*a, i64::from(*s) - t as i64)).or_default() += 1;
            }
        }
    }
    let near = |(a, lag): (u32, i64)| votes.get(&(a, lag)).copied().unwrap_or(0);
    let mut wanted: Vec<(u32, i64)> = votes
        .keys()
        .copied()
        .filter(|&(a, lag)| near((a, lag)) + near((a, lag - 1)) + near((a, lag + 1)) >= VOTES)
        .collect();
    wanted.sort_unstable();
    wanted
}
