//! A bootstrap over test speakers: how much a difference depends on who was tested.

use crate::seed::Seed;

/// Resamples of a [`bootstrap`].
pub const RESAMPLES: usize = 2000;

/// What two classifiers made of one class's utterances of one speaker, over all folds and seeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Utterances, counted once for each cell in which they were tested.
    pub total: u32,
    /// Recognised by the first.
    pub first: u32,
    /// Recognised by the second.
    pub second: u32,
}

/// The percentile interval of a difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// Speakers that were drawn from.
    pub speakers: usize,
    /// Difference over all speakers, second less first, in [-1, 1].
    pub difference: f64,
    /// 2.5th percentile of the resamples.
    pub low: f64,
    /// 97.5th percentile of the resamples.
    pub high: f64,
}

/// Draws as many speakers as there are, with replacement, [`RESAMPLES`] times; a speaker brings all of its predictions.
/// `speakers` has a list a speaker, of `sets` equal parts with one tally a class; see [`recall_difference`].
///
/// None for fewer than two speakers or without any utterance.
pub fn bootstrap(speakers: &[Vec<Tally>], sets: usize, seed: Seed) -> Option<Bootstrap> {
    let n = speakers.len();
    if n < 2 {
        return None;
    }
    let width = speakers[0].len();
    let sum = |chosen: &mut dyn Iterator<Item = usize>| {
        let mut sum = vec![Tally::default(); width];
        for speaker in chosen {
            for (s, t) in std::iter::zip(&mut sum, &speakers[speaker]) {
                s.total += t.total;
                s.first += t.first;
                s.second += t.second;
            }
        }
        recall_difference(&sum, sets)
    };
    let difference = sum(&mut (0..n))?;
    let resample = |i: usize| {
        let mut draws = seed.at(i as u64).draws();
        sum(&mut (0..n).map(|_| draws.below(n)))
    };
    let mut values: Vec<f64> = (0..RESAMPLES).filter_map(resample).collect();
    values.sort_by(f64::total_cmp);
    Some(Bootstrap { speakers: n, difference, low: quantile(&values, 0.025), high: quantile(&values, 0.975) })
}

/// Mean recall of the second less that of the first, over the classes that have utterances, averaged over `sets` equal
/// parts of `tallies` (data sets that reduce a class each; else one). With every class this is the difference of UAR.
/// None without any utterance.
pub fn recall_difference(tallies: &[Tally], sets: usize) -> Option<f64> {
    let part = |part: &[Tally]| {
        let present: Vec<&Tally> = part.iter().filter(|t| t.total > 0).collect();
        let gain = |t: &&Tally| (f64::from(t.second) - f64::from(t.first)) / f64::from(t.total);
        (!present.is_empty()).then(|| present.iter().map(gain).sum::<f64>() / present.len() as f64)
    };
    let parts: Vec<f64> = tallies.chunks((tallies.len() / sets.max(1)).max(1)).filter_map(part).collect();
    (!parts.is_empty()).then(|| parts.iter().sum::<f64>() / parts.len() as f64)
}

/// Linear between the two nearest of sorted values, as `numpy.percentile`.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}
