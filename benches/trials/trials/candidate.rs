//! The tests among which the headline was chosen.

use super::paired_result::PairedResult;
use seraug_core::rng::Seed;
use seraug_report::stats::{
    Exchanges, SpeakerShares, SpeakerTally, TTest, UnitShare, bootstrap, corrected_t, mixed_model, speaker_t,
};

/// A test of a difference between two conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Candidate {
    /// Student's t over folds, as if they were independent.
    PlainFolds,
    /// The corrected resampled t-test over folds, its ratio that of the corpus as it is split.
    CorrectedFolds,
    /// The same, training utterances counted after the reduction.
    CorrectedReduced,
    /// The corrected resampled t-test over pairs of fold and seed.
    CorrectedPairs,
    /// Student's t over speakers, as if they were independent.
    PlainSpeakers,
    /// The corrected t-test over speakers.
    CorrectedSpeakers,
    /// Whether the bootstrap interval over speakers excludes the value.
    Bootstrap,
    /// The permutation test over speakers.
    PermutedSpeakers,
    /// The permutation test over folds.
    PermutedFolds,
    /// The mixed model of speakers and seeds.
    Mixed,
}

impl Candidate {
    /// In the order of the table.
    pub(crate) const ALL: [Candidate; 10] = [
        Candidate::PlainFolds,
        Candidate::CorrectedFolds,
        Candidate::CorrectedReduced,
        Candidate::CorrectedPairs,
        Candidate::PlainSpeakers,
        Candidate::CorrectedSpeakers,
        Candidate::Bootstrap,
        Candidate::PermutedSpeakers,
        Candidate::PermutedFolds,
        Candidate::Mixed,
    ];

    /// What tables and figures call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Candidate::PlainFolds => "t over folds, no correction",
            Candidate::CorrectedFolds => "corrected t over folds",
            Candidate::CorrectedReduced => "corrected t over folds, reduced",
            Candidate::CorrectedPairs => "corrected t over pairs",
            Candidate::PlainSpeakers => "t over speakers, no correction",
            Candidate::CorrectedSpeakers => "corrected t over speakers",
            Candidate::Bootstrap => "bootstrap over speakers",
            Candidate::PermutedSpeakers => "permutation over speakers",
            Candidate::PermutedFolds => "permutation over folds",
            Candidate::Mixed => "mixed model",
        }
    }

    /// Standard error of the difference, percentage points; `None` for a test that has none, and for a result without variance.
    pub(crate) fn standard_error(self, result: &PairedResult) -> Option<f64> {
        match self {
            Candidate::Mixed => mixed_model(&result.speakers).map(|m| m.se),
            Candidate::Bootstrap | Candidate::PermutedSpeakers | Candidate::PermutedFolds => None,
            _ => self.t_test(result).map(|t| t.se),
        }
    }

    /// Whether the test rejects at 0.05 that the difference is `truth`, in percentage points. A result without variance rejects
    /// nothing, as a page shows no difference then.
    pub(crate) fn rejects(self, result: &PairedResult, truth: f64, seed: Seed) -> bool {
        let outside = |ends: Option<[f64; 2]>| ends.is_some_and(|[low, high]| truth < low || truth > high);
        match self {
            Candidate::Mixed => outside(mixed_model(&result.speakers).map(|m| [m.low, m.high])),
            Candidate::Bootstrap => {
                let tallies: Vec<Vec<SpeakerTally>> =
                    result.tested.iter().map(|t| t.tallies.clone()).collect();
                let found = bootstrap(&tallies, 1, seed).and_then(|b| b.interval);
                outside(found.map(|ends| ends.map(|v| 100.0 * v)))
            }
            Candidate::PermutedSpeakers => SpeakerShares::of(&result.tested, 1)
                .and_then(|shares| Exchanges::of(&shares.shares(), seed))
                .is_some_and(|exchanges| exchanges.p(truth / 100.0) < 0.05),
            Candidate::PermutedFolds => {
                let weight = 1.0 / result.folds.len() as f64;
                let shares: Vec<UnitShare> =
                    result.folds.iter().map(|d| UnitShare { gain: d * weight, weight }).collect();
                Exchanges::of(&shares, seed).is_some_and(|exchanges| exchanges.p(truth) < 0.05)
            }
            _ => outside(self.t_test(result).map(|t| [t.low, t.high])),
        }
    }

    /// The t-tests.
    fn t_test(self, result: &PairedResult) -> Option<TTest> {
        let speakers = |ratio| Some(speaker_t(&SpeakerShares::of(&result.tested, 1)?, ratio)?.times(100.0));
        match self {
            Candidate::PlainFolds => corrected_t(&result.folds, 0.0),
            Candidate::CorrectedFolds => corrected_t(&result.folds, result.ratio()),
            Candidate::CorrectedReduced => corrected_t(&result.folds, result.reduced_ratio),
            Candidate::CorrectedPairs => corrected_t(&result.pairs, result.ratio()),
            Candidate::PlainSpeakers => speakers(0.0),
            Candidate::CorrectedSpeakers => speakers(result.speaker_ratio()),
            _ => None,
        }
    }
}
