//! What each test speaker contributes to a difference of two conditions.

use super::{SpeakerTally, UnitShare};
use std::collections::BTreeMap;

/// The predictions of one speaker in one fold, over all seeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestedSpeaker {
    /// Number of the fold, or of the group of test speakers.
    pub fold: usize,
    /// Number of the speaker.
    pub speaker: u32,
    /// `sets` equal parts with one tally for each class, as [`super::recall_difference`] takes them.
    pub tallies: Vec<SpeakerTally>,
}

/// The contributions of all test speakers to a difference, which is the mean over folds of the difference of mean recalls.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeakerShares {
    /// For each speaker, what it adds to the difference: one value for each set and class, in [-1, 1].
    gains: Vec<Vec<f64>>,
    /// For each speaker, its part of the test utterances, in the same order. All parts of all speakers sum to 1.
    weights: Vec<Vec<f64>>,
}

impl SpeakerShares {
    /// `None` without any utterance.
    pub fn of(tested: &[TestedSpeaker], sets: usize) -> Option<SpeakerShares> {
        let width = tested.first()?.tallies.len();
        let in_set = (width / sets.max(1)).max(1);
        let mut totals: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for t in tested {
            let of_fold = totals.entry(t.fold).or_insert_with(|| vec![0; width]);
            std::iter::zip(of_fold, &t.tallies).for_each(|(sum, tally)| *sum += tally.total);
        }
        totals.retain(|_, of_fold| of_fold.iter().any(|n| *n > 0));
        // A fold weighs as much as any other, in it a set, in that a class: those that have utterances.
        let places: BTreeMap<usize, Vec<f64>> = totals
            .iter()
            .map(|(&fold, n)| {
                let present = |of: &[u32]| of.iter().filter(|n| **n > 0).count();
                let with = n.chunks(in_set).filter(|set| present(set) > 0).count();
                let place = |i: usize| present(&n[i / in_set * in_set..][..in_set.min(width)]) * with;
                (fold, (0..width).map(|i| 1.0 / (place(i).max(1) * totals.len()) as f64).collect())
            })
            .collect();
        let mut found: BTreeMap<u32, [Vec<f64>; 2]> = BTreeMap::new();
        for t in tested {
            let (Some(n), Some(place)) = (totals.get(&t.fold), places.get(&t.fold)) else { continue };
            let [gains, weights] =
                found.entry(t.speaker).or_insert_with(|| [vec![0.0; width], vec![0.0; width]]);
            for (i, tally) in t.tallies.iter().enumerate().filter(|(_, tally)| tally.total > 0) {
                let one = place[i] / f64::from(n[i]);
                gains[i] += one * (f64::from(tally.second) - f64::from(tally.first));
                weights[i] += one * f64::from(tally.total);
            }
        }
        // A speaker with no utterance of a class that counts says nothing.
        found.retain(|_, [_, weights]| weights.iter().any(|w| *w > 0.0));
        let (gains, weights) = found.into_values().map(|[gains, weights]| (gains, weights)).unzip();
        Some(SpeakerShares { gains, weights }).filter(|s| !s.gains.is_empty())
    }

    /// Number of speakers.
    pub fn speakers(&self) -> usize {
        self.gains.len()
    }

    /// The difference, second less first, in [-1, 1].
    pub fn difference(&self) -> f64 {
        self.gains.iter().flatten().sum()
    }

    /// What each speaker adds to the difference.
    pub fn shares(&self) -> Vec<UnitShare> {
        let both = std::iter::zip(&self.gains, &self.weights);
        both.map(|(g, w)| UnitShare { gain: g.iter().sum(), weight: w.iter().sum() }).collect()
    }

    /// For each speaker, by how much it moves the difference: what it adds, less what it would add were its differences those of all
    /// speakers, class by class. The values sum to zero.
    pub fn residuals(&self) -> Vec<f64> {
        let width = self.gains[0].len();
        let sum = |of: &[Vec<f64>], i: usize| of.iter().map(|v| v[i]).sum::<f64>();
        let common: Vec<f64> = (0..width)
            .map(|i| match sum(&self.weights, i) {
                0.0 => 0.0,
                weight => sum(&self.gains, i) / weight,
            })
            .collect();
        let residual = |(gains, weights): (&Vec<f64>, &Vec<f64>)| {
            (0..width).map(|i| gains[i] - weights[i] * common[i]).sum::<f64>()
        };
        std::iter::zip(&self.gains, &self.weights).map(residual).collect()
    }
}
