//! Predictions of two classifiers on the same utterances, counted by speaker, class and utterance.

use crate::analysis::predictions::CellPrediction;
use crate::stats::{Bootstrap, McNemar, SpeakerTally, bootstrap, mcnemar};
use seraug_core::rng::Seed;
use std::collections::BTreeMap;

/// The mean recall that is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Measure {
    /// Classes whose recalls count, as indices.
    pub(super) classes: Vec<usize>,
    /// Number of data sets that are averaged: one, or one for each reduced class.
    pub(super) sets: usize,
}

/// Counts of right predictions over the cells that two classifiers share.
#[derive(Debug, Default)]
pub(super) struct PairedPredictions {
    /// For each speaker, the tallies of each data set and class.
    speakers: BTreeMap<u32, Vec<SpeakerTally>>,
    /// For each utterance, the number of cells in which only the second classifier is right, less the number in which only the
    /// first is.
    balance: BTreeMap<u32, i64>,
}

impl PairedPredictions {
    /// Counts a cell of data set `set`. Both lists are sorted by utterance; utterances that only one of them has are skipped.
    pub(super) fn add(
        &mut self,
        measure: &Measure,
        set: usize,
        first: &[CellPrediction],
        second: &[CellPrediction],
    ) {
        let width = measure.sets * measure.classes.len();
        let mut rest = second.iter().peekable();
        for a in first {
            while rest.next_if(|b| b.utterance < a.utterance).is_some() {}
            let Some(b) = rest.next_if(|b| b.utterance == a.utterance) else { continue };
            let right = [a, b].map(|x| x.predicted == a.truth);
            *self.balance.entry(a.utterance).or_default() += i64::from(right[1]) - i64::from(right[0]);
            let Some(class) = measure.classes.iter().position(|c| *c == usize::from(a.truth)) else {
                continue;
            };
            let tallies =
                self.speakers.entry(a.speaker).or_insert_with(|| vec![SpeakerTally::default(); width]);
            let tally = &mut tallies[set * measure.classes.len() + class];
            tally.total += 1;
            tally.first += u32::from(right[0]);
            tally.second += u32::from(right[1]);
        }
    }

    /// The bootstrap over test speakers.
    pub(super) fn bootstrap(&self, measure: &Measure) -> Option<Bootstrap> {
        let speakers: Vec<Vec<SpeakerTally>> = self.speakers.values().cloned().collect();
        bootstrap(&speakers, measure.sets, Seed::new(0).child("speakers"))
    }

    /// McNemar's test over utterances. Each utterance counts once, for the classifier that is right in more of its cells: pooling
    /// the cells of several seeds would count an utterance several times.
    pub(super) fn mcnemar(&self) -> Option<McNemar> {
        let won = |sign: i64| self.balance.values().filter(|b| b.signum() == sign).count() as u64;
        mcnemar(won(-1), won(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions(predicted: [u8; 4]) -> Vec<CellPrediction> {
        let truth = [0, 0, 1, 1];
        let of = |i: usize| CellPrediction {
            utterance: i as u32,
            speaker: i as u32 % 2,
            truth: truth[i],
            predicted: predicted[i],
            millionths: None,
        };
        (0..4).map(of).collect()
    }

    #[test]
    fn an_utterance_counts_once_whatever_the_number_of_seeds() {
        let measure = Measure { classes: vec![0, 1], sets: 1 };
        let mut paired = PairedPredictions::default();
        // Utterance 0 is won by the second twice, 1 goes both ways, 3 is won by the first.
        paired.add(&measure, 0, &predictions([1, 0, 1, 1]), &predictions([0, 1, 1, 0]));
        paired.add(&measure, 0, &predictions([1, 1, 1, 1]), &predictions([0, 0, 1, 1]));
        let m = paired.mcnemar().unwrap();
        assert_eq!((m.first, m.second), (1, 1));
        let speakers = &paired.speakers;
        assert_eq!(
            speakers[&0],
            [SpeakerTally { total: 2, first: 0, second: 2 }, SpeakerTally { total: 2, first: 2, second: 2 }]
        );
        assert_eq!(speakers[&1][1], SpeakerTally { total: 2, first: 2, second: 1 });
    }
}
