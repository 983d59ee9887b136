//! The augmentor as a generator of training samples.

use super::{AugmentorTask, Networks, augment, train};
use crate::control::Control;
use crate::generators::{Generate, Made, Samples, Sources, Trained, TrainingTask};
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::run_files::NetworkInfo;
use seraug_core::spec::{Generator, Spec, TripletGan};
use std::path::Path;
use tch::{Device, Tensor};

impl Generate for TripletGan {
    type Trained = Networks;

    fn make(&self, from: &Sources, trained: &Networks) -> Result<Made> {
        let Sources { spec, bank, items, seed, .. } = *from;
        let (lens, pieces) =
            augment::pieces(&trained.augmentor, spec, bank, items, &from.names(), self.copies, seed);
        Ok(Samples::Added(bank.followed_by(&lens, pieces)).into())
    }

    fn strength(&self, spec: &Spec, name: &str, copy: usize, seed: Seed) -> Option<f64> {
        Some(f64::from(augment::epsilon(spec.augmentor.epsilon, name, copy, seed)))
    }

    fn network_sizes(&self, spec: &Spec) -> Vec<NetworkInfo> {
        let n = Networks::new(spec, Seed::new(0), Device::Cpu);
        let (d, r) = (&n.discriminator, &n.representation);
        let all = [
            (n.augmentor.param_count(), n.augmentor.macs_per_sample()),
            (d.param_count(), d.macs_per_sample()),
            (r.param_count(), r.macs_per_sample()),
        ];
        let sizes = self.network_names().iter().zip(all);
        sizes.map(|(name, (parameters, macs))| NetworkInfo::new(name, parameters, macs)).collect()
    }
}

impl Trained<TripletGan> for Networks {
    fn train(generator: &TripletGan, task: &TrainingTask, control: &mut dyn Control) -> Result<Networks> {
        let TrainingTask { spec, bank, labels, seed, .. } = *task;
        if !generator.trained {
            // Those that the training of the same fold and seed begins with.
            return Ok(Networks::new(spec, seed, bank.device()));
        }
        let (losses, classes) = (generator.sorted_losses(), spec.classes.len());
        train(AugmentorTask { spec, losses: &losses, bank, labels, classes, seed }, control)
    }

    fn fresh(_: &TripletGan, spec: &Spec, device: Device) -> Networks {
        Networks::new(spec, Seed::new(1), device)
    }

    fn load(generator: &TripletGan, spec: &Spec, dir: &Path, device: Device) -> Result<Networks> {
        if !generator.trained {
            return Networks::load_augmentor(dir, spec, device);
        }
        Networks::load_trained(&generator.losses, dir, spec, device)
    }

    fn save(&self, generator: &TripletGan, dir: &Path) -> Result<()> {
        if !generator.trained {
            return self.save_augmentor(dir);
        }
        self.save_trained(&generator.losses, dir)
    }

    fn weights(&self) -> &Tensor {
        self.augmentor.params.flat()
    }
}
