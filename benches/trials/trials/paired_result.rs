//! The results of two conditions on one corpus, as a run would have them.

use super::tested_cell::{SpeakerCounts, TestedCell};
use seraug_report::analysis::design::Spread;
use seraug_report::stats::{SpeakerTally, TestedSpeaker};
use std::collections::BTreeMap;

/// Two cells of a fold, of the one condition and of the other.
pub(crate) type CellPair<'a> = [&'a TestedCell; 2];

/// Percentage points and tallies of two conditions, second less first.
#[derive(Debug, Clone)]
pub(crate) struct PairedResult {
    /// A difference for each fold, averaged over its seeds.
    pub folds: Vec<f64>,
    /// A difference for each pair of fold and seed.
    pub pairs: Vec<f64>,
    /// For each speaker, a difference for each seed.
    pub speakers: Vec<Vec<f64>>,
    /// The tallies of each speaker over its seeds.
    pub tested: Vec<TestedSpeaker>,
    /// Test over training utterances, after the reduction.
    pub reduced_ratio: f64,
}

impl PairedResult {
    /// Of pairs of cells, a list for each fold. `change` may alter what a speaker of a pair got right.
    pub(crate) fn of(
        folds: &[Vec<CellPair>],
        change: &mut dyn FnMut(&str, [&SpeakerCounts; 2]) -> [SpeakerCounts; 2],
    ) -> PairedResult {
        let mut found = PairedResult {
            folds: Vec::new(),
            pairs: Vec::new(),
            speakers: Vec::new(),
            tested: Vec::new(),
            reduced_ratio: 0.0,
        };
        let mut by_speaker: BTreeMap<String, (Vec<f64>, TestedSpeaker)> = BTreeMap::new();
        for (fold, pairs) in folds.iter().enumerate() {
            let mut differences = Vec::new();
            for pair in pairs {
                found.reduced_ratio += f64::from(pair[0].n_test) / f64::from(pair[0].n_train);
                let speakers: Vec<[SpeakerCounts; 2]> = std::iter::zip(&pair[0].speakers, &pair[1].speakers)
                    .map(|(a, b)| change(&a.speaker, [a, b]))
                    .collect();
                differences.push(100.0 * (recall(&speakers, 1) - recall(&speakers, 0)));
                for both in &speakers {
                    let number = by_speaker.len() as u32;
                    let tallies = vec![SpeakerTally::default(); both[0].classes.len()];
                    let tested = TestedSpeaker { fold, speaker: number, tallies };
                    let (own, tested) =
                        by_speaker.entry(both[0].speaker.clone()).or_insert((Vec::new(), tested));
                    let one = std::slice::from_ref(both);
                    own.push(100.0 * (recall(one, 1) - recall(one, 0)));
                    for (i, tally) in tested.tallies.iter_mut().enumerate() {
                        tally.total += both[0].classes[i].total;
                        tally.first += both[0].classes[i].right;
                        tally.second += both[1].classes[i].right;
                    }
                }
            }
            found.folds.push(differences.iter().sum::<f64>() / differences.len() as f64);
            found.pairs.extend(differences);
        }
        found.reduced_ratio /= found.pairs.len() as f64;
        (found.speakers, found.tested) = by_speaker.into_values().unzip();
        found
    }

    /// The spread of the differences between folds and between the trainings of one; `None` for one fold.
    pub(crate) fn spread(&self) -> Option<Spread> {
        let seeds = self.pairs.len() / self.folds.len().max(1);
        Spread::of_units(&self.pairs.chunks(seeds.max(1)).map(<[f64]>::to_vec).collect::<Vec<Vec<f64>>>())
    }

    /// The mean difference.
    pub(crate) fn difference(&self) -> f64 {
        self.folds.iter().sum::<f64>() / self.folds.len() as f64
    }

    /// Test over training utterances of the corpus as it is split.
    pub(crate) fn ratio(&self) -> f64 {
        1.0 / (self.folds.len() as f64 - 1.0)
    }

    /// The share of one speaker over that of the training speakers.
    pub(crate) fn speaker_ratio(&self) -> f64 {
        self.ratio() * self.folds.len() as f64 / self.speakers.len() as f64
    }
}

/// Mean recall over the classes that speakers have, in [0, 1].
fn recall(speakers: &[[SpeakerCounts; 2]], side: usize) -> f64 {
    let classes = speakers.first().map_or(0, |s| s[0].classes.len());
    let recalls: Vec<f64> = (0..classes)
        .filter_map(|c| {
            let sum = |of: &dyn Fn(&SpeakerCounts) -> u32| {
                f64::from(speakers.iter().map(|s| of(&s[side])).sum::<u32>())
            };
            let total = sum(&|s| s.classes[c].total);
            (total > 0.0).then(|| sum(&|s| s.classes[c].right) / total)
        })
        .collect();
    recalls.iter().sum::<f64>() / recalls.len().max(1) as f64
}
