//! What a checkpoint of each training holds: everything that its course hangs on but the task itself.

use crate::classifier::metrics::ClassifierMetrics;
use crate::classifier::weight_selection::WeightKeeper;
use crate::generators::triplet_gan::AugmentorTask;
use crate::generators::triplet_gan::metrics::AugmentorMetrics;
use crate::generators::triplet_gan::phases::{Adams, Trainer};
use crate::kernels::adam::Adam;
use crate::nets::vgg::VggNet;
use crate::torch::checkpoint::{Reader, Writer};
use crate::torch::params::Params;
use seraug_core::error::Result;
use seraug_core::spec::Classifier;
use std::path::Path;

impl<'a> Trainer<'a> {
    /// Writes networks, optimisers, the number of iterations done and what the next row has so far into `dir`.
    /// Without a representation learner where the losses do not train it: its values are the seed's.
    ///
    /// # Errors
    /// Names the file: a folder that cannot be written, a full disk.
    pub fn save(&self, dir: &Path) -> Result<()> {
        let mut to = Writer::new(self.step, self.task.spec.augmentor.iterations);
        self.trained().for_each(|(name, params)| to.params(name, params));
        self.adams.trained(self.task.guided()).for_each(|(name, adam)| adam.save(&mut to, name));
        self.tally.save(&mut to);
        to.write(dir)
    }

    /// Takes up what [`Trainer::save`] wrote, after any number of iterations. The task must be the one it was
    /// saved from, but for the number of iterations in all.
    ///
    /// # Errors
    /// As [`Trainer::new`]; a file that is absent, torn or not of these networks; more iterations done than the
    /// spec has.
    pub fn resume(task: AugmentorTask<'a>, dir: &Path) -> Result<Trainer<'a>> {
        let mut trainer = Trainer::new(task)?;
        let mut from = Reader::open(dir)?;
        trainer.step = from.step(task.spec.augmentor.iterations, false)?;
        trainer.trained().try_for_each(|(name, params)| from.params(name, params))?;
        for (name, adam) in trainer.adams.trained_mut(task.guided()) {
            adam.load(&mut from, name)?;
        }
        trainer.tally = AugmentorMetrics::load(&mut from, task.bank.device())?;
        Ok(trainer)
    }

    fn trained(&self) -> impl Iterator<Item = (&'static str, &Params)> {
        let n = &self.networks;
        let all = [&n.representation.params, &n.discriminator.params, &n.augmentor.params];
        NETWORKS.into_iter().zip(all).skip(usize::from(!self.task.guided()))
    }
}

/// The first is trained under the guidance of emotion alone.
const NETWORKS: [&str; 3] = ["representation", "discriminator", "augmentor"];
const ADAMS: [&str; 4] = ["representation-adam", "discriminator-adam", "augmentor-adam", "preservation-adam"];

impl Adams {
    fn trained(&self, guided: bool) -> impl Iterator<Item = (&'static str, &Adam)> {
        let three = [&self.representation, &self.discriminator, &self.augmentor];
        ADAMS.into_iter().zip(three.into_iter().chain(&self.preservation)).skip(usize::from(!guided))
    }

    fn trained_mut(&mut self, guided: bool) -> impl Iterator<Item = (&'static str, &mut Adam)> {
        let three = [&mut self.representation, &mut self.discriminator, &mut self.augmentor];
        ADAMS.into_iter().zip(three.into_iter().chain(&mut self.preservation)).skip(usize::from(!guided))
    }
}

/// What the steps of a classifier's training change. Its place in the order of segments follows from the steps.
#[derive(Debug)]
pub(super) struct ClassifierProgress {
    pub net: VggNet,
    pub adam: Adam,
    pub keeper: WeightKeeper,
    pub meter: ClassifierMetrics,
    /// Steps done.
    pub step: usize,
}

impl ClassifierProgress {
    /// Writes the state of a training of `steps` steps into `dir`.
    pub fn save(&self, steps: usize, dir: &Path) -> Result<()> {
        let mut to = Writer::new(self.step, steps);
        to.params("classifier", self.net.params());
        to.params("classifier", self.net.buffers());
        self.adam.save(&mut to, "adam");
        self.keeper.save(&mut to);
        self.meter.save(&mut to);
        to.write(dir)
    }

    /// Takes up what [`ClassifierProgress::save`] wrote, for a training of `steps` steps as `spec` says.
    pub fn load(&mut self, spec: &Classifier, steps: usize, dir: &Path) -> Result<()> {
        let mut from = Reader::open(dir)?;
        self.step = from.step(steps, !spec.continues())?;
        from.params("classifier", self.net.params())?;
        from.params("classifier", self.net.buffers())?;
        self.adam.load(&mut from, "adam")?;
        self.keeper.load(&mut from, &self.net)?;
        self.meter.load(&mut from, self.net.params().flat().device())
    }
}
