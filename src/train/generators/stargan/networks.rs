//! Generator, critic and emotion classifier.

use super::trainer;
use crate::control::Control;
use crate::generators::{Trained, TrainingTask};
use crate::nets::headed_sequence::{HeadedSequence, SequenceSizes};
use crate::nets::stargan::{StarGanCritic, StarGanGenerator};
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::spec::{Spec, StarGan};
use std::path::Path;
use tch::{Device, Tensor};

const FILES: [&str; 3] = ["generator.safetensors", "critic.safetensors", "classifier.safetensors"];

/// The three networks.
#[derive(Debug)]
pub struct StarGanNetworks {
    /// Converts.
    pub generator: StarGanGenerator,
    /// Tells real samples of a class from conversions into it.
    pub critic: StarGanCritic,
    /// Tells classes apart; trained on real windows, then frozen. It is no judge of the samples, which are made to please it.
    pub classifier: HeadedSequence,
}

impl StarGanNetworks {
    /// With fresh parameters.
    pub fn new(spec: &Spec, seed: Seed, device: Device) -> StarGanNetworks {
        let (s, seed) = (&spec.stargan(), seed.child("init"));
        let sizes = SequenceSizes {
            widths: &s.classifier_widths,
            units: s.classifier_units,
            classes: Some(spec.classes.len()),
            frames: s.frames,
        };
        StarGanNetworks {
            generator: StarGanGenerator::new(spec, seed, device),
            critic: StarGanCritic::new(spec, seed, device),
            classifier: HeadedSequence::new(sizes, spec.precision, seed.child("classifier"), device),
        }
    }
}

impl Trained<StarGan> for StarGanNetworks {
    fn train(generator: &StarGan, task: &TrainingTask, control: &mut dyn Control) -> Result<Self> {
        trainer::train(generator, task, control)
    }

    fn fresh(_: &StarGan, spec: &Spec, device: Device) -> Self {
        StarGanNetworks::new(spec, Seed::new(1), device)
    }

    fn load(_: &StarGan, spec: &Spec, dir: &Path, device: Device) -> Result<Self> {
        let mut networks = StarGanNetworks::new(spec, Seed::new(0), device);
        networks.generator.params.load(&dir.join(FILES[0]))?;
        networks.critic.params.load(&dir.join(FILES[1]))?;
        networks.classifier.params.load(&dir.join(FILES[2]))?;
        Ok(networks)
    }

    fn save(&self, _: &StarGan, dir: &Path) -> Result<()> {
        self.generator.params.save(&dir.join(FILES[0]))?;
        self.critic.params.save(&dir.join(FILES[1]))?;
        self.classifier.params.save(&dir.join(FILES[2]))
    }

    fn weights(&self) -> &Tensor {
        self.generator.params.flat()
    }
}
