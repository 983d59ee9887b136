//! What a classifier is trained on and how.

use super::schedule::Pace;
use crate::feature_bank::Bank;
use seraug_core::rng::Seed;
use seraug_core::spec::{Classifier, ClassifierLoss, Precision, Sampling};

/// All that decides a trained classifier.
#[derive(Debug, Clone, Copy)]
pub struct ClassifierTask<'a> {
    /// The network and its training.
    pub spec: &'a Classifier,
    /// In which numbers the network is computed.
    pub precision: Precision,
    /// Names of the classes, for messages; a label is an index into it.
    pub class_names: &'a [&'a str],
    /// The utterances, augmented ones among them.
    pub bank: &'a Bank,
    /// Entries of the bank to train on; a copy is an entry that is there again.
    pub items: &'a [usize],
    /// Class of each utterance of the bank.
    pub labels: &'a [usize],
    /// Speaker of each utterance of the bank, that of its original for an augmented one.
    pub speakers: &'a [usize],
    /// The entries without augmentations and copies: what equal steps are counted on.
    pub originals: &'a [usize],
    /// The loss.
    pub loss: ClassifierLoss,
    /// How segments are drawn.
    pub sampling: Sampling,
    /// alpha of mixup; none without it.
    pub mixup: Option<f64>,
    /// Of this training; weights, order, dropout, mixup and the held-out speaker are its children.
    pub seed: Seed,
}

impl ClassifierTask<'_> {
    /// Segments and steps of the training. Both are counted before a speaker is held out.
    pub fn pace(&self) -> Pace {
        Pace::new(self.spec, self.segments_in(self.originals), self.segments_in(self.items))
    }

    fn segments_in(&self, items: &[usize]) -> usize {
        items.iter().map(|&i| self.spec.segment_count(self.bank.lens()[i])).sum()
    }
}
