//! The three networks that are trained together.

use crate::error::Result;
use crate::nets::augmentor::Augmentor;
use crate::nets::discriminator::Discriminator;
use crate::nets::representation::RepresentationLearner;
use crate::seed::Seed;
use crate::spec::Spec;
use std::path::Path;
use tch::Device;

/// The augmentor and what it is trained with.
#[derive(Debug)]
pub struct Networks {
    /// Makes augmentations.
    pub augmentor: Augmentor,
    /// Tells them from originals.
    pub discriminator: Discriminator,
    /// Maps both to vectors of emotion.
    pub representation: RepresentationLearner,
}

const FILES: [&str; 3] = ["augmentor.safetensors", "discriminator.safetensors", "representation.safetensors"];

impl Networks {
    /// With fresh parameters.
    pub fn new(spec: &Spec, seed: Seed, device: Device) -> Networks {
        let seed = seed.child("init");
        Networks {
            augmentor: Augmentor::new(spec, seed, device),
            discriminator: Discriminator::new(spec, seed, device),
            representation: RepresentationLearner::new(spec, seed, device),
        }
    }

    /// Writes augmentor.safetensors, discriminator.safetensors and representation.safetensors into `dir`.
    pub fn save(&self, dir: &Path) -> Result<()> {
        self.augmentor.params.save(&dir.join(FILES[0]))?;
        self.discriminator.params.save(&dir.join(FILES[1]))?;
        self.representation.params.save(&dir.join(FILES[2]))
    }

    /// Reads what [`Networks::save`] wrote.
    ///
    /// # Errors
    /// A file that is absent or not of the networks that `spec` describes.
    pub fn load(dir: &Path, spec: &Spec, device: Device) -> Result<Networks> {
        let mut networks = Networks::new(spec, Seed::new(0), device);
        networks.augmentor.params.load(&dir.join(FILES[0]))?;
        networks.discriminator.params.load(&dir.join(FILES[1]))?;
        networks.representation.params.load(&dir.join(FILES[2]))?;
        Ok(networks)
    }
}
