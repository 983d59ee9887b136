//! The viewmaker and the encoder that it is trained against.

use super::trainer;
use crate::control::Control;
use crate::generators::{Trained, TrainingTask};
use crate::nets::headed_sequence::{HeadedSequence, SequenceSizes};
use crate::nets::viewmaker::ViewmakerNet;
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::spec::{Spec, Viewmaker};
use std::path::Path;
use tch::{Device, Tensor};

const FILES: [&str; 2] = ["viewmaker.safetensors", "encoder.safetensors"];

/// Both networks.
#[derive(Debug)]
pub struct ViewmakerNetworks {
    /// Makes views.
    pub viewmaker: ViewmakerNet,
    /// Recognises two views of one window among those of others.
    pub encoder: HeadedSequence,
}

impl ViewmakerNetworks {
    /// With fresh parameters.
    pub fn new(spec: &Spec, seed: Seed, device: Device) -> ViewmakerNetworks {
        let (v, seed) = (&spec.viewmaker(), seed.child("init"));
        let sizes =
            SequenceSizes { widths: &v.encoder_widths, units: v.outputs, classes: None, frames: v.frames };
        ViewmakerNetworks {
            viewmaker: ViewmakerNet::new(spec, seed, device),
            encoder: HeadedSequence::new(sizes, spec.precision, seed.child("encoder"), device),
        }
    }
}

impl Trained<Viewmaker> for ViewmakerNetworks {
    fn train(generator: &Viewmaker, task: &TrainingTask, control: &mut dyn Control) -> Result<Self> {
        trainer::train(generator, task, control)
    }

    fn fresh(_: &Viewmaker, spec: &Spec, device: Device) -> Self {
        ViewmakerNetworks::new(spec, Seed::new(1), device)
    }

    fn load(_: &Viewmaker, spec: &Spec, dir: &Path, device: Device) -> Result<Self> {
        let mut networks = ViewmakerNetworks::new(spec, Seed::new(0), device);
        networks.viewmaker.params.load(&dir.join(FILES[0]))?;
        networks.encoder.params.load(&dir.join(FILES[1]))?;
        Ok(networks)
    }

    fn save(&self, _: &Viewmaker, dir: &Path) -> Result<()> {
        self.viewmaker.params.save(&dir.join(FILES[0]))?;
        self.encoder.params.save(&dir.join(FILES[1]))
    }

    fn weights(&self) -> &Tensor {
        self.viewmaker.params.flat()
    }
}
