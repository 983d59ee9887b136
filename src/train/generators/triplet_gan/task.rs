//! What an augmentor is trained on and how.

use super::noise::Purpose;
use crate::feature_bank::Bank;
use seraug_core::rng::Seed;
use seraug_core::spec::{GanLoss, Spec};

/// What the networks are trained on and how.
#[derive(Debug, Clone, Copy)]
pub struct AugmentorTask<'a> {
    /// Sizes, settings, and the names of the classes for errors.
    pub spec: &'a Spec,
    /// Loss groups; the ablation drops some.
    pub losses: &'a [GanLoss],
    /// The fold's training utterances, standardised.
    pub bank: &'a Bank,
    /// Class of each utterance of the bank, below `classes`.
    pub labels: &'a [usize],
    /// Number of classes.
    pub classes: usize,
    /// Of the initial values and of every draw.
    pub seed: Seed,
}

impl AugmentorTask<'_> {
    /// Whether a loss group is trained with.
    pub fn trains(&self, loss: GanLoss) -> bool {
        self.losses.contains(&loss)
    }

    /// Whether the representation learner is trained, and guides the augmentor.
    pub fn guided(&self) -> bool {
        GanLoss::guided(self.losses)
    }

    /// Names of the classes, numbers where the spec has another number of them.
    pub(crate) fn class_names(&self) -> Vec<String> {
        match self.spec.class_names() {
            names if names.len() == self.classes => names.into_iter().map(str::to_owned).collect(),
            _ => (0..self.classes).map(|c| c.to_string()).collect(),
        }
    }

    /// What the phases augment for.
    pub(crate) fn purposes(&self) -> Vec<Purpose> {
        let mut purposes = vec![Purpose::Discriminator, Purpose::Positive];
        if self.trains(GanLoss::Var) {
            purposes.extend([Purpose::FirstVariant, Purpose::SecondVariant]);
        }
        if self.trains(GanLoss::Bal) {
            purposes.push(Purpose::Negative);
        }
        purposes
    }
}
