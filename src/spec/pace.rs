//! How many segments a classifier sees and how long it trains: for the training, and for who projects one.

use super::{Budget, Classifier};

/// Steps and batch of a training (FIDELITY.md rows "classifier training" and "budget of a condition").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Segments a step.
    pub batch: usize,
    /// Steps in all.
    pub steps: usize,
}

impl Pace {
    /// For a training set of `own` segments, of which `originals` are not augmentations. The batch is
    /// chosen by `originals` under both budgets, so that conditions differ in their data alone.
    pub fn new(spec: &Classifier, originals: usize, own: usize) -> Pace {
        let batch = if originals < spec.small_set { spec.small_batch } else { spec.batch };
        let counted = match spec.budget {
            Budget::EqualSteps => originals,
            Budget::EqualEpochs => own,
        };
        Pace { batch, steps: spec.min_steps.max(spec.epochs * counted.div_ceil(batch)) }
    }
}

/// Number of segments of `frames` of an utterance of `len` frames: they start at 0, `hop`, 2 `hop`, … until one
/// reaches the end, so 1 where `len <= frames`, else 1 + ceil((len - frames) / hop). The last is
/// padded with the utterance's floor where it is short.
pub fn segment_count(len: usize, frames: usize, hop: usize) -> usize {
    1 + len.saturating_sub(frames).div_ceil(hop)
}
