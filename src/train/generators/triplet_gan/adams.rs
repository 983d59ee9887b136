//! The optimisers of an augmentor's training.

use super::networks::Networks;
use super::task::AugmentorTask;
use crate::kernels::adam::Adam;
use crate::torch::params::Params;
use seraug_core::spec::{Augmentor, GanLoss, Optimisers};

/// Names in checkpoints, in the order of [`Adams::all`].
const NAMES: [&str; 4] = ["representation-adam", "discriminator-adam", "augmentor-adam", "preservation-adam"];

/// One Adam for each network, and where phase 4 has its own a second one for the augmentor.
#[derive(Debug)]
pub(super) struct Adams {
    pub(super) representation: Adam,
    pub(super) discriminator: Adam,
    pub(super) augmentor: Adam,
    pub(super) preservation: Option<Adam>,
}

impl Adams {
    /// Before the first step.
    pub(super) fn new(networks: &Networks, settings: &Augmentor) -> Adams {
        let adam = |params: &Params| Adam::new(params, settings.betas);
        let own = settings.optimisers == Optimisers::PerPhase;
        Adams {
            representation: adam(&networks.representation.params),
            discriminator: adam(&networks.discriminator.params),
            augmentor: adam(&networks.augmentor.params),
            preservation: own.then(|| adam(&networks.augmentor.params)),
        }
    }

    /// All of them, in the order in which an iteration steps them.
    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut Adam> {
        let three = [&mut self.representation, &mut self.discriminator, &mut self.augmentor];
        three.into_iter().chain(&mut self.preservation)
    }

    /// How many steps each of [`Adams::all`] makes in an iteration.
    pub(super) fn steps(&self, task: &AugmentorTask) -> Vec<i64> {
        let guided = task.guided();
        // L_GAN alone moves the augmentor by its first optimiser, whatever the settings.
        let own = guided && self.preservation.is_some();
        let varied = task.trains(GanLoss::Var);
        let mut steps = vec![i64::from(guided), 1, i64::from(varied) + i64::from(!own)];
        steps.extend(self.preservation.as_ref().map(|_| i64::from(own)));
        steps
    }

    /// Those that are stepped, with their names in checkpoints; without guidance not the representation learner's.
    pub(super) fn trained(&self, guided: bool) -> impl Iterator<Item = (&'static str, &Adam)> {
        let three = [&self.representation, &self.discriminator, &self.augmentor];
        NAMES.into_iter().zip(three.into_iter().chain(&self.preservation)).skip(usize::from(!guided))
    }

    /// As [`Adams::trained`], to be loaded.
    pub(super) fn trained_mut(&mut self, guided: bool) -> impl Iterator<Item = (&'static str, &mut Adam)> {
        NAMES.into_iter().zip(self.all()).skip(usize::from(!guided))
    }
}
