//! Number of segments and steps of a classifier's training; used by the training and by `seraug estimate`.

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

impl Classifier {
    /// Number of segments of an utterance of `len` frames: they start at 0, `segment_hop`, 2 `segment_hop`, … until one
    /// reaches the end, so 1 where `len <= segment_frames`, else 1 + ceil((len - segment_frames) / segment_hop). The last is
    /// padded with the utterance's floor where it is short; it is left out where it has fewer than `min_own_frames`
    /// frames of its own and is not the first.
    pub fn segment_count(&self, len: usize) -> usize {
        let later = len.saturating_sub(self.segment_frames).div_ceil(self.segment_hop);
        let own = len.saturating_sub(later * self.segment_hop);
        1 + later - usize::from(later > 0 && own < self.min_own_frames)
    }
}
