//! Conversion of one emotion into another (FIDELITY.md, "StarGAN").

mod choice;
mod networks;
mod trainer;

pub use choice::{Chosen, choose};
pub use networks::StarGanNetworks;

use super::utterances::{cut, repeated};
use super::{Generate, Made, Samples, Sources, Trained, TrainingTask};
use crate::control::Control;
use crate::nets::stargan::StarGanGenerator;
use seraug_core::error::{Error, Result};
use seraug_core::rng::Seed;
use seraug_core::run_files::NetworkInfo;
use seraug_core::spec::{Generator, Spec, StarGan};
use std::path::Path;
use tch::{Device, Kind, Tensor, no_grad};

/// Files of an entry of the store.
const FILES: [&str; 3] = ["generator.safetensors", "critic.safetensors", "classifier.safetensors"];

impl Generate for StarGan {
    type Trained = StarGanNetworks;

    /// Each chosen utterance is converted whole, repeated to a multiple of eight frames; a sample has its length and floor, and
    /// the class that it was converted into.
    fn make(&self, from: &Sources, trained: &StarGanNetworks) -> Result<Made> {
        let (chosen, notes) = choose(self, from);
        Ok(Made { samples: converted(from, trained, &chosen), notes })
    }

    /// Each of `from.items` is converted into the class of its label.
    fn make_given(&self, from: &Sources, trained: &StarGanNetworks) -> Result<Made> {
        if self.copies != 1 {
            return Err(Error::usage(format!(
                "--copies {}: stargan draws nothing, so that all conversions of a recording would be the same; say --copies 1",
                self.copies
            )));
        }
        let chosen = from.items.iter().map(|&item| Chosen { item, class: from.labels[item] });
        Ok(converted(from, trained, &chosen.collect::<Vec<_>>()).into())
    }

    fn network_sizes(&self, spec: &Spec) -> Vec<NetworkInfo> {
        let n = StarGanNetworks::new(spec, Seed::new(0), Device::Cpu);
        let sizes = [
            (n.generator.param_count(), n.generator.macs_per_sample()),
            (n.critic.param_count(), n.critic.macs_per_sample()),
            (n.classifier.param_count(), n.classifier.macs_per_sample()),
        ];
        let info = |(name, (parameters, macs)): (&&str, (i64, u64))| NetworkInfo::new(name, parameters, macs);
        self.network_names().iter().zip(sizes).map(info).collect()
    }
}

/// The conversions of `chosen`.
fn converted(from: &Sources, trained: &StarGanNetworks, chosen: &[Chosen]) -> Samples {
    let bank = from.bank;
    let lens: Vec<usize> = chosen.iter().map(|c| bank.lens()[c.item]).collect();
    let pieces = chosen.iter().map(|c| {
        let x = repeated(bank, c.item, StarGanGenerator::MULTIPLE, StarGanGenerator::LEAST);
        let class = Tensor::full([1], c.class as i64, (Kind::Int64, bank.device()));
        no_grad(|| cut(bank, c.item, &trained.generator.forward(&x, &class)))
    });
    Samples::Converted {
        bank: bank.followed_by(&lens, pieces),
        origin: chosen.iter().map(|c| c.item).collect(),
        labels: chosen.iter().map(|c| c.class).collect(),
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
