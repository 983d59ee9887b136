//! A training in between: saved and taken up again as if it had not stopped.

use super::adam::Adam;
use super::augmentor::AugmentorTask;
use super::networks::Networks;
use super::phases::Trainer;
use crate::error::{Error, Result};
use std::path::Path;

impl<'a> Trainer<'a> {
    /// Writes networks, optimisers and the number of iterations done into `dir`. Between two rows the
    /// sums of the losses are not kept: save after a row.
    pub fn save(&self, dir: &Path) -> Result<()> {
        self.networks.save(dir)?;
        for (name, adam) in self.adams.named() {
            adam.save(&dir.join(name))?;
        }
        let path = dir.join("step");
        std::fs::write(&path, self.step.to_string())
            .map_err(|e| Error::failed(format!("{}: {e}", path.display())))
    }

    /// Takes up what [`Trainer::save`] wrote; the task must be the one it was saved from.
    ///
    /// # Errors
    /// As [`Trainer::new`]; a file that is absent or not of these networks.
    pub fn resume(task: AugmentorTask<'a>, dir: &Path) -> Result<Trainer<'a>> {
        let mut trainer = Trainer::new(task)?;
        trainer.networks = Networks::load(dir, task.spec, task.bank.device())?;
        for (name, adam) in trainer.adams.named_mut() {
            adam.load(&dir.join(name))?;
        }
        let path = dir.join("step");
        let read = std::fs::read_to_string(&path).ok().and_then(|s| s.trim().parse().ok());
        trainer.step = read.ok_or_else(|| {
            Error::failed(format!(
                "{}: no number of iterations; delete the folder and run again",
                path.display()
            ))
        })?;
        Ok(trainer)
    }
}

impl super::phases::Adams {
    fn named(&self) -> Vec<(&'static str, &Adam)> {
        let three = [&self.representation, &self.discriminator, &self.augmentor];
        FILES.into_iter().zip(three.into_iter().chain(&self.preservation)).collect()
    }

    fn named_mut(&mut self) -> Vec<(&'static str, &mut Adam)> {
        let three = [&mut self.representation, &mut self.discriminator, &mut self.augmentor];
        FILES.into_iter().zip(three.into_iter().chain(&mut self.preservation)).collect()
    }
}

const FILES: [&str; 4] = [
    "representation-adam.safetensors",
    "discriminator-adam.safetensors",
    "augmentor-adam.safetensors",
    "preservation-adam.safetensors",
];
