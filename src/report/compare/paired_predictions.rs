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

/// Most cells that an utterance counts as, where the sides have different numbers of cells: shares are rounded to one in so many.
const FINEST: u32 = 10_000;

/// Counts of right predictions over the cells that two classifiers share.
#[derive(Debug, Default)]
pub(super) struct PairedPredictions {
    /// For each speaker, the tallies of each data set and class.
    speakers: BTreeMap<u32, Vec<SpeakerTally>>,
    /// For each utterance, the number of cells in which the second classifier is right, less the number in which the first is; where one
    /// has more cells than the other, both in shares of as many.
    balance: BTreeMap<u32, i64>,
}

impl PairedPredictions {
    /// Counts cells of data set `set`: one of either, or all that two scored systems have in a fold, whose seeds are no pairs. Utterances
    /// that only one side has are skipped.
    pub(super) fn add(
        &mut self,
        measure: &Measure,
        set: usize,
        first: &[&[CellPrediction]],
        second: &[&[CellPrediction]],
    ) {
        let width = measure.sets * measure.classes.len();
        let second = counted(second);
        let mut rest = second.iter().peekable();
        for a in &counted(first) {
            while rest.next_if(|b| b.utterance < a.utterance).is_some() {}
            let Some(b) = rest.next_if(|b| b.utterance == a.utterance) else { continue };
            let cells = (a.cells / gcd(a.cells, b.cells) * b.cells).min(FINEST);
            let right = [a, b].map(|x| (x.right * cells + x.cells / 2) / x.cells);
            *self.balance.entry(a.utterance).or_default() += i64::from(right[1]) - i64::from(right[0]);
            let Some(class) = measure.classes.iter().position(|c| *c == usize::from(a.truth)) else {
                continue;
            };
            let tallies =
                self.speakers.entry(a.speaker).or_insert_with(|| vec![SpeakerTally::default(); width]);
            let tally = &mut tallies[set * measure.classes.len() + class];
            tally.add(&SpeakerTally { total: cells, first: right[0], second: right[1] });
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

/// What the cells of one side say of an utterance.
struct CountedAnswers {
    utterance: u32,
    speaker: u32,
    truth: u8,
    /// Cells that test it.
    cells: u32,
    /// Of these, cells that are right.
    right: u32,
}

/// The answers of several cells, by utterance.
fn counted(cells: &[&[CellPrediction]]) -> Vec<CountedAnswers> {
    let mut all: Vec<&CellPrediction> = cells.iter().copied().flatten().collect();
    all.sort_by_key(|p| p.utterance);
    let of = |same: &[&CellPrediction]| CountedAnswers {
        utterance: same[0].utterance,
        speaker: same[0].speaker,
        truth: same[0].truth,
        cells: same.len() as u32,
        right: same.iter().filter(|p| p.predicted == p.truth).count() as u32,
    };
    all.chunk_by(|a, b| a.utterance == b.utterance).map(of).collect()
}

/// The greatest common divisor of two numbers, not both 0.
fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
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
        paired.add(&measure, 0, &[&predictions([1, 0, 1, 1])], &[&predictions([0, 1, 1, 0])]);
        paired.add(&measure, 0, &[&predictions([1, 1, 1, 1])], &[&predictions([0, 0, 1, 1])]);
        let m = paired.mcnemar().unwrap();
        assert_eq!((m.first, m.second), (1, 1));
        let speakers = &paired.speakers;
        assert_eq!(
            speakers[&0],
            [SpeakerTally { total: 2, first: 0, second: 2 }, SpeakerTally { total: 2, first: 2, second: 2 }]
        );
        assert_eq!(speakers[&1][1], SpeakerTally { total: 2, first: 2, second: 1 });
    }

    /// Two cells of one side and three of the other: shares, whatever their number.
    #[test]
    fn a_side_with_more_cells_weighs_no_more() {
        let measure = Measure { classes: vec![0, 1], sets: 1 };
        let mut paired = PairedPredictions::default();
        // Utterance 0: right in 1 of 2, against 2 of 3. Utterance 1: 1 of 2 against 1 of 3.
        let first = [predictions([0, 0, 1, 1]), predictions([1, 1, 1, 1])];
        let second = [predictions([0, 0, 1, 1]), predictions([0, 1, 1, 1]), predictions([1, 1, 1, 1])];
        let first: Vec<&[CellPrediction]> = first.iter().map(Vec::as_slice).collect();
        let second: Vec<&[CellPrediction]> = second.iter().map(Vec::as_slice).collect();
        paired.add(&measure, 0, &first, &second);
        let m = paired.mcnemar().unwrap();
        assert_eq!((m.first, m.second), (1, 1));
        assert_eq!(paired.speakers[&0][0], SpeakerTally { total: 6, first: 3, second: 4 });
        assert_eq!(paired.speakers[&1][0], SpeakerTally { total: 6, first: 3, second: 2 });
    }
}
