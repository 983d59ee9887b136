//! Viewmaker networks with their contrastive objective (FIDELITY.md, "Viewmaker").

mod networks;
mod trainer;
mod views;

pub use networks::ViewmakerNetworks;

use super::utterances::{cut, repeated};
use super::{Generate, Made, Samples, Sources, Trained, TrainingTask};
use crate::control::Control;
use crate::nets::viewmaker::ViewmakerNet;
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::run_files::NetworkInfo;
use seraug_core::spec::{Generator, Spec, Viewmaker};
use std::path::Path;
use tch::{Device, Tensor, no_grad};
use views::{ViewDraws, drawn_epsilon};

/// Files of an entry of the store.
const FILES: [&str; 2] = ["viewmaker.safetensors", "encoder.safetensors"];
/// Views that are made at once.
const AT_ONCE: usize = 16;

impl Generate for Viewmaker {
    type Trained = ViewmakerNetworks;

    /// A view is made of the whole utterance, repeated to a multiple of four frames; epsilon is the mean change of its own ones.
    fn make(&self, from: &Sources, trained: &ViewmakerNetworks) -> Result<Made> {
        let Sources { bank, items, .. } = *from;
        let lens: Vec<usize> =
            items.iter().flat_map(|&i| std::iter::repeat_n(bank.lens()[i], self.copies)).collect();
        let names = from.names();
        let jobs = items.iter().zip(&names).flat_map(|(&item, &name)| {
            (0..self.copies).step_by(AT_ONCE).map(move |first| (item, name, first))
        });
        let pieces = jobs.map(|(item, name, first)| {
            let copies = first..self.copies.min(first + AT_ONCE);
            let x = repeated(bank, item, ViewmakerNet::MULTIPLE, ViewmakerNet::LEAST);
            let streams: Vec<Seed> = copies.map(|copy| stream(name, copy, from.seed)).collect();
            let noise = trained.viewmaker.noise_len(x.size()[2] as usize);
            let draws = ViewDraws::new(&streams, noise, self.epsilon, bank.device());
            let own = Tensor::full(
                [streams.len() as i64],
                bank.lens()[item] as i64,
                (tch::Kind::Int64, bank.device()),
            );
            no_grad(|| {
                let x = x.expand([streams.len() as i64, -1, -1, -1], false);
                cut(bank, item, &trained.viewmaker.view(&x, &draws.noise, &draws.epsilon, &own))
            })
        });
        Ok(Samples::Added(bank.followed_by(&lens, pieces)).into())
    }

    fn strength(&self, _: &Spec, name: &str, copy: usize, seed: Seed) -> Option<f64> {
        Some(f64::from(drawn_epsilon(self.epsilon, stream(name, copy, seed))))
    }

    fn network_sizes(&self, spec: &Spec) -> Vec<NetworkInfo> {
        let n = ViewmakerNetworks::new(spec, Seed::new(0), Device::Cpu);
        let sizes = [
            (n.viewmaker.param_count(), n.viewmaker.macs_per_sample()),
            (n.encoder.param_count(), n.encoder.macs_per_sample()),
        ];
        let info = |(name, (parameters, macs)): (&&str, (i64, u64))| NetworkInfo::new(name, parameters, macs);
        self.network_names().iter().zip(sizes).map(info).collect()
    }
}

/// The stream of view `copy` of the utterance `name`.
fn stream(name: &str, copy: usize, seed: Seed) -> Seed {
    seed.child("viewmaker").child(name).at(copy as u64)
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
