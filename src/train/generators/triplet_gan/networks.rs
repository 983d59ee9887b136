//! The three networks that are trained together.

use crate::nets::augmentor::AugmentorNet;
use crate::nets::discriminator::DiscriminatorNet;
use crate::nets::representation::RepresentationLearner;
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::spec::{GanLoss, Spec};
use std::path::Path;
use tch::Device;

/// The augmentor and what it is trained with.
#[derive(Debug)]
pub struct Networks {
    /// Makes augmentations.
    pub augmentor: AugmentorNet,
    /// Tells them from originals.
    pub discriminator: DiscriminatorNet,
    /// Maps both to vectors of emotion.
    pub representation: RepresentationLearner,
}

const FILES: [&str; 3] = ["augmentor.safetensors", "discriminator.safetensors", "representation.safetensors"];

impl Networks {
    /// With fresh parameters.
    pub fn new(spec: &Spec, seed: Seed, device: Device) -> Networks {
        let seed = seed.child("init");
        Networks {
            augmentor: AugmentorNet::new(spec, seed, device),
            discriminator: DiscriminatorNet::new(spec, seed, device),
            representation: RepresentationLearner::new(spec, seed, device),
        }
    }

    /// Writes augmentor.safetensors, discriminator.safetensors and representation.safetensors into `dir`.
    pub fn save(&self, dir: &Path) -> Result<()> {
        self.augmentor.params.save(&dir.join(FILES[0]))?;
        self.discriminator.params.save(&dir.join(FILES[1]))?;
        self.representation.params.save(&dir.join(FILES[2]))
    }

    /// As [`Networks::save`], without the representation learner where `losses` do not train it.
    pub fn save_trained(&self, losses: &[GanLoss], dir: &Path) -> Result<()> {
        if GanLoss::guided(losses) {
            return self.save(dir);
        }
        self.augmentor.params.save(&dir.join(FILES[0]))?;
        self.discriminator.params.save(&dir.join(FILES[1]))
    }

    /// Writes augmentor.safetensors alone into `dir`: before the first step the other two say nothing.
    pub fn save_augmentor(&self, dir: &Path) -> Result<()> {
        self.augmentor.params.save(&dir.join(FILES[0]))
    }

    /// Reads what [`Networks::save`] wrote.
    ///
    /// # Errors
    /// A file that is absent or not of the networks that `spec` describes.
    pub fn load(dir: &Path, spec: &Spec, device: Device) -> Result<Networks> {
        Networks::load_trained(&[GanLoss::Model], dir, spec, device)
    }

    /// Reads what [`Networks::save_trained`] wrote; a representation learner that `losses` do not train
    /// comes with fresh parameters.
    ///
    /// # Errors
    /// As [`Networks::load`].
    pub fn load_trained(losses: &[GanLoss], dir: &Path, spec: &Spec, device: Device) -> Result<Networks> {
        let mut networks = Networks::new(spec, Seed::new(0), device);
        networks.augmentor.params.load(&dir.join(FILES[0]))?;
        networks.discriminator.params.load(&dir.join(FILES[1]))?;
        if GanLoss::guided(losses) {
            networks.representation.params.load(&dir.join(FILES[2]))?;
        }
        Ok(networks)
    }

    /// Reads what [`Networks::save_augmentor`] wrote; the other two come with fresh parameters.
    ///
    /// # Errors
    /// As [`Networks::load`].
    pub fn load_augmentor(dir: &Path, spec: &Spec, device: Device) -> Result<Networks> {
        let mut networks = Networks::new(spec, Seed::new(0), device);
        networks.augmentor.params.load(&dir.join(FILES[0]))?;
        Ok(networks)
    }
}
