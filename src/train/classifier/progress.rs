//! The state of a classifier's training between two steps, and its checkpoint.

use super::metrics::ClassifierMetrics;
use super::task::ClassifierTask;
use super::weight_selection::WeightKeeper;
use crate::kernels::adam::Adam;
use crate::nets::vgg::VggNet;
use crate::torch::checkpoint::{Reader, Writer};
use seraug_core::error::Result;
use seraug_core::spec::{Classifier, Network};
use std::path::Path;

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
    /// Before the first of `steps` steps.
    pub(super) fn new(task: &ClassifierTask, classes: usize, steps: usize) -> ClassifierProgress {
        let spec = task.spec;
        let Network::Vgg(sizes) = &spec.network;
        let mels = task.bank.frames().size()[1] as usize;
        let (seed, device) = (task.seed.child("weights"), task.bank.device());
        let net =
            VggNet::new(sizes, spec.segment_frames, mels, classes, seed, device).in_precision(task.precision);
        let adam = Adam::new(net.params(), spec.betas);
        ClassifierProgress {
            net,
            adam,
            keeper: WeightKeeper::new(spec.weights, steps),
            meter: ClassifierMetrics::default(),
            step: 0,
        }
    }

    /// Writes the state of a training of `steps` steps into `dir`.
    pub(super) fn save(&self, steps: usize, dir: &Path) -> Result<()> {
        let mut to = Writer::new(self.step, steps);
        to.params("classifier", self.net.params());
        to.params("classifier", self.net.buffers());
        self.adam.save(&mut to, "adam");
        self.keeper.save(&mut to);
        self.meter.save(&mut to);
        to.write(dir)
    }

    /// Takes up what [`ClassifierProgress::save`] wrote, for a training of `steps` steps as `spec` says.
    pub(super) fn load(&mut self, spec: &Classifier, steps: usize, dir: &Path) -> Result<()> {
        let mut from = Reader::open(dir)?;
        self.step = from.step(steps, !spec.continues())?;
        from.params("classifier", self.net.params())?;
        from.params("classifier", self.net.buffers())?;
        self.adam.load(&mut from, "adam")?;
        self.keeper.load(&mut from, &self.net)?;
        self.meter.load(&mut from, self.net.params().flat().device())
    }
}
