//! Every test utterance under each condition: how it is classified over the seeds, the hardest first.

use super::loaded_run::LoadedRun;
use super::predictions::RunPredictions;
use seraug_core::metrics::first_largest;
use std::collections::BTreeMap;

/// The predictions of a condition for a test utterance, over all cells that test it: one a seed, and where classes are reduced one at a
/// time one a seed and reduced class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestedUtterance {
    /// Index of its data set in [`LoadedRun::data_sets`].
    pub data_set: usize,
    /// Index of the condition in the spec.
    pub condition: usize,
    /// Index in [`RunPredictions::utterances`].
    pub utterance: u32,
    /// Index in [`RunPredictions::speakers`].
    pub speaker: u32,
    /// Index of the labelled class.
    pub truth: u8,
    /// Index of the class that is predicted most often; the first of several.
    pub predicted: u8,
    /// Mean probability of the labelled class, in [0, 1]; none where predictions.csv has no probabilities.
    pub probability: Option<f64>,
    /// Cells that test it.
    pub tests: u32,
    /// Of these, those that classify it correctly.
    pub right: u32,
    /// Whether two of them predict different classes.
    pub flips: bool,
}

/// What is added up for an utterance.
struct UtteranceTally {
    speaker: u32,
    truth: u8,
    /// How often each class is predicted.
    predicted: Vec<f64>,
    right: u32,
    tests: u32,
    /// Sum of the probabilities of the labelled class, and how many there are.
    millionths: u64,
    known: u32,
}

/// All of them, by data set and condition; within these the one that is right least often first, of equals that with the lowest
/// probability.
pub fn tested_utterances(run: &LoadedRun, predictions: &RunPredictions) -> Vec<TestedUtterance> {
    let sets = run.data_sets();
    let classes = run.spec.classes.len();
    let mut found: BTreeMap<(usize, usize, u32), UtteranceTally> = BTreeMap::new();
    for o in &run.outcomes {
        let set = sets.iter().position(|s| *s == o.corpus).unwrap_or_default();
        let condition = run.condition_of(&o.cell);
        for a in predictions.cell(&o.cell) {
            let tally = found.entry((set, condition, a.utterance)).or_insert_with(|| UtteranceTally {
                speaker: a.speaker,
                truth: a.truth,
                predicted: vec![0.0; classes],
                right: 0,
                tests: 0,
                millionths: 0,
                known: 0,
            });
            tally.predicted[usize::from(a.predicted)] += 1.0;
            tally.right += u32::from(a.predicted == a.truth);
            tally.tests += 1;
            tally.millionths += a.millionths.map_or(0, u64::from);
            tally.known += u32::from(a.millionths.is_some());
        }
    }
    let mut all: Vec<TestedUtterance> = found
        .into_iter()
        .map(|((data_set, condition, utterance), t)| TestedUtterance {
            data_set,
            condition,
            utterance,
            speaker: t.speaker,
            truth: t.truth,
            predicted: first_largest(&t.predicted) as u8,
            probability: (t.known > 0).then(|| t.millionths as f64 / f64::from(t.known) / 1e6),
            tests: t.tests,
            right: t.right,
            flips: t.predicted.iter().filter(|n| **n > 0.0).count() > 1,
        })
        .collect();
    let share = |u: &TestedUtterance| f64::from(u.right) / f64::from(u.tests);
    all.sort_by(|a, b| {
        (a.data_set, a.condition)
            .cmp(&(b.data_set, b.condition))
            .then(share(a).total_cmp(&share(b)))
            .then(a.probability.unwrap_or(1.0).total_cmp(&b.probability.unwrap_or(1.0)))
            .then_with(|| {
                predictions.utterances[a.utterance as usize]
                    .cmp(&predictions.utterances[b.utterance as usize])
            })
    });
    all
}
