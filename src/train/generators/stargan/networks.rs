//! Generator, critic and emotion classifier.

use crate::nets::headed_sequence::{HeadedSequence, SequenceSizes};
use crate::nets::stargan::{StarGanCritic, StarGanGenerator};
use seraug_core::rng::Seed;
use seraug_core::spec::Spec;
use tch::Device;

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
