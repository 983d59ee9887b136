//! Conversion of one emotion into another (FIDELITY.md, "StarGAN").

mod choice;
mod networks;
mod trainer;

pub use choice::{Chosen, choose};
pub use networks::StarGanNetworks;

use super::utterances::{cut, repeated};
use super::{Generate, Made, Samples, Sources};
use crate::nets::stargan::StarGanGenerator;
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::run_files::NetworkInfo;
use seraug_core::spec::{Spec, StarGan};
use tch::{Device, Kind, Tensor, no_grad};

/// As provenance names them.
const NETWORKS: [&str; 3] = ["StarGAN generator", "StarGAN critic", "StarGAN classifier"];

impl Generate for StarGan {
    type Trained = StarGanNetworks;

    /// Each chosen utterance is converted whole, repeated to a multiple of eight frames; a sample has its length and floor, and
    /// the class that it was converted into.
    fn make(&self, from: &Sources, trained: &StarGanNetworks) -> Result<Made> {
        let bank = from.bank;
        let (chosen, notes) = choose(self, from);
        let lens: Vec<usize> = chosen.iter().map(|c| bank.lens()[c.item]).collect();
        let pieces = chosen.iter().map(|c| {
            let x = repeated(bank, c.item, StarGanGenerator::MULTIPLE, StarGanGenerator::LEAST);
            let class = Tensor::full([1], c.class as i64, (Kind::Int64, bank.device()));
            no_grad(|| cut(bank, c.item, &trained.generator.forward(&x, &class)))
        });
        let samples = Samples::Converted {
            bank: bank.followed_by(&lens, pieces),
            origin: chosen.iter().map(|c| c.item).collect(),
            labels: chosen.iter().map(|c| c.class).collect(),
        };
        Ok(Made { samples, notes })
    }

    fn network_names(&self) -> &'static [&'static str] {
        &NETWORKS
    }

    fn network_sizes(&self, spec: &Spec) -> Vec<NetworkInfo> {
        let n = StarGanNetworks::new(spec, Seed::new(0), Device::Cpu);
        vec![
            NetworkInfo::new(NETWORKS[0], n.generator.param_count(), n.generator.macs_per_sample()),
            NetworkInfo::new(NETWORKS[1], n.critic.param_count(), n.critic.macs_per_sample()),
            NetworkInfo::new(NETWORKS[2], n.classifier.param_count(), n.classifier.macs_per_sample()),
        ]
    }
}
