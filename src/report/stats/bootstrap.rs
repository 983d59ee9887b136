//! A bootstrap over test speakers: how much a difference depends on which speakers were tested.

use seraug_core::rng::Seed;

/// Number of resamples of a [`bootstrap`].
pub const RESAMPLES: usize = 2000;

/// Fewest speakers for which an interval is given. Percentiles over fewer are too narrow; over two or three they are little
/// more than the speakers themselves.
pub const MIN_SPEAKERS: usize = 6;

/// How often two classifiers recognised the utterances of one class and one speaker, over all folds and seeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpeakerTally {
    /// Utterances, counted once for each cell in which they were tested.
    pub total: u32,
    /// Of these, recognised by the first classifier.
    pub first: u32,
    /// Of these, recognised by the second classifier.
    pub second: u32,
}

impl SpeakerTally {
    /// Counts the utterances of `other` too.
    pub fn add(&mut self, other: &SpeakerTally) {
        self.total += other.total;
        self.first += other.first;
        self.second += other.second;
    }
}

/// The percentile interval of a difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// Number of speakers that were drawn from.
    pub speakers: usize,
    /// Difference over all speakers, second less first, in [-1, 1].
    pub difference: f64,
    /// 2.5th and 97.5th percentile of the resamples; `None` for fewer than [`MIN_SPEAKERS`] speakers and where all resamples
    /// are equal.
    pub interval: Option<[f64; 2]>,
}

/// Draws as many speakers as there are, with replacement, [`RESAMPLES`] times; all predictions of a speaker are drawn
/// together. `speakers` holds one list for each speaker, of `sets` equal parts with one tally for each class; see
/// [`recall_difference`].
///
/// `None` without any utterance.
pub fn bootstrap(speakers: &[Vec<SpeakerTally>], sets: usize, seed: Seed) -> Option<Bootstrap> {
    let n = speakers.len();
    let width = speakers.first()?.len();
    let sum = |chosen: &mut dyn Iterator<Item = usize>| {
        let mut sum = vec![SpeakerTally::default(); width];
        for speaker in chosen {
            std::iter::zip(&mut sum, &speakers[speaker]).for_each(|(s, t)| s.add(t));
        }
        recall_difference(&sum, sets)
    };
    let difference = sum(&mut (0..n))?;
    if n < MIN_SPEAKERS {
        return Some(Bootstrap { speakers: n, difference, interval: None });
    }
    let resample = |i: usize| {
        let mut draws = seed.at(i as u64).draws();
        sum(&mut (0..n).map(|_| draws.below(n)))
    };
    let values = (0..RESAMPLES).filter_map(resample).collect();
    Some(Bootstrap { speakers: n, difference, interval: percentiles(values) })
}

/// Mean recall of one classifier, the second of the tallies, on `speakers`, with the interval of a [`bootstrap`] over them: each has one
/// tally for each class. `None` without any utterance.
pub fn recall_bootstrap(speakers: &[Vec<SpeakerTally>], seed: Seed) -> Option<Bootstrap> {
    // The difference from a classifier that recognises nothing.
    let alone = |tally: &SpeakerTally| SpeakerTally { first: 0, ..*tally };
    let speakers: Vec<Vec<SpeakerTally>> = speakers.iter().map(|s| s.iter().map(alone).collect()).collect();
    bootstrap(&speakers, 1, seed)
}

/// Mean recall of one classifier, the second of the tallies, on the speakers of `group` less that on those of `from`: other people, so that
/// each resample draws as many of either as there are. An interval needs [`MIN_SPEAKERS`] of each. `None` where either has no utterance.
pub fn group_bootstrap(
    from: &[Vec<SpeakerTally>],
    group: &[Vec<SpeakerTally>],
    seed: Seed,
) -> Option<Bootstrap> {
    let recall = |of: &[Vec<SpeakerTally>], chosen: &mut dyn Iterator<Item = usize>| {
        let mut sum = vec![SpeakerTally::default(); of.first()?.len()];
        for speaker in chosen {
            std::iter::zip(&mut sum, &of[speaker]).for_each(|(s, t)| s.add(t));
        }
        sum.iter_mut().for_each(|tally| tally.first = 0);
        recall_difference(&sum, 1)
    };
    let difference = recall(group, &mut (0..group.len()))? - recall(from, &mut (0..from.len()))?;
    let speakers = from.len() + group.len();
    if from.len().min(group.len()) < MIN_SPEAKERS {
        return Some(Bootstrap { speakers, difference, interval: None });
    }
    let resample = |i: usize| {
        let mut draws = seed.at(i as u64).draws();
        let less = recall(from, &mut (0..from.len()).map(|_| draws.below(from.len())))?;
        Some(recall(group, &mut (0..group.len()).map(|_| draws.below(group.len())))? - less)
    };
    let values = (0..RESAMPLES).filter_map(resample).collect();
    Some(Bootstrap { speakers, difference, interval: percentiles(values) })
}

/// The 2.5th and 97.5th percentile of resamples; `None` where all are equal.
fn percentiles(mut values: Vec<f64>) -> Option<[f64; 2]> {
    values.sort_by(f64::total_cmp);
    let varied = values.first() != values.last();
    varied.then(|| [0.025, 0.975].map(|q| quantile(&values, q)))
}

/// Mean recall of the second less that of the first, over the classes that have utterances, averaged over `sets` equal
/// parts of `tallies` (data sets that reduce a class each; else one). With every class this is the difference of UAR.
/// `None` without any utterance.
pub fn recall_difference(tallies: &[SpeakerTally], sets: usize) -> Option<f64> {
    let part = |part: &[SpeakerTally]| {
        let present: Vec<&SpeakerTally> = part.iter().filter(|t| t.total > 0).collect();
        let gain = |t: &&SpeakerTally| (f64::from(t.second) - f64::from(t.first)) / f64::from(t.total);
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
