//! BAGAN (Mariani et al. 2018), the starting point of [9] (FIDELITY.md rows "BAGAN").

mod trainer;

use super::autoencoder::Codes;
use super::latent::gaussians::{ClassGaussians, draw};
use super::latent::{needed, note_of_classes};
use super::windows::{WindowToMake, after};
use super::{Generate, Made, Samples, Sources, Trained, TrainingTask};
use crate::control::Control;
use crate::feature_bank::indices;
use crate::nets::autoencoder::AutoencoderNet;
use crate::nets::bagan::{BaganDiscriminator, BaganGenerator};
use crate::torch::params::{Params, ParamsBuilder, Start, load_all, save_all};
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::run_files::NetworkInfo;
use seraug_core::spec::{Bagan, Generator, Spec};
use std::path::Path;
use tch::{Device, Tensor};

/// A trained generator with the distributions of codes that it was trained with.
#[derive(Debug)]
pub struct BaganNets {
    generator: BaganGenerator,
    /// `means` [classes, latent], `factors` [classes, latent, latent] and `scale` [1].
    codes: Params,
}

const FILE: &str = "generator.safetensors";

impl BaganNets {
    fn new(spec: &Spec, device: Device) -> BaganNets {
        let (classes, latent) = (spec.classes.len() as i64, spec.autoencoder().latent as i64);
        let mut builder = ParamsBuilder::default();
        builder.add("means", &[classes, latent], Start::Constant(0.0));
        builder.add("factors", &[classes, latent, latent], Start::Constant(0.0));
        builder.add("scale", &[1], Start::Constant(1.0));
        BaganNets { generator: BaganGenerator::new(spec, device), codes: builder.build(Seed::new(0), device) }
    }

    /// The autoencoder's decoder with the distributions of its codes, before the adversarial training.
    fn beginning(spec: &Spec, net: &AutoencoderNet, gaussians: &ClassGaussians, device: Device) -> BaganNets {
        let nets = BaganNets::new(spec, device);
        nets.generator.begin_with(net);
        let [means, factors] = gaussians.tensors(device);
        tch::no_grad(|| {
            for (at, value) in [&means, &factors, net.scale()].into_iter().enumerate() {
                nets.codes.get(at).shallow_clone().copy_(value);
            }
        });
        nets
    }

    /// Codes [batch, latent] of `classes` (int64 [batch]) from standard normal `noise` [batch, latent].
    fn codes(&self, classes: &Tensor, noise: &Tensor) -> Tensor {
        draw(&[self.codes.get(0).shallow_clone(), self.codes.get(1).shallow_clone()], classes, noise)
    }

    /// Numbers of a code.
    fn latent(&self) -> usize {
        self.codes.get(0).size()[1] as usize
    }

    fn scale(&self) -> &Tensor {
        self.codes.get(2)
    }
}

impl Generate for Bagan {
    type Trained = BaganNets;

    fn make(&self, from: &Sources, trained: &BaganNets) -> Result<Made> {
        let Sources { spec, bank, items, labels, seed, .. } = *from;
        let sizes = spec.autoencoder();
        let made = after(bank, items, &from.names(), self.copies, sizes.frames, |windows| {
            let classes: Vec<usize> = windows.iter().map(|w| labels[w.item]).collect();
            let noise = WindowToMake::normals(windows, seed, "bagan", sizes.latent, bank);
            let codes = trained.codes(&indices(&classes, bank.device()), &noise);
            trained.generator.forward(&codes) * trained.scale()
        });
        let codes = from.autoencoder.map(|net| Codes::of(net, bank));
        let note = codes.and_then(|codes| note_of_classes(&codes, labels, spec.classes.len()));
        Ok(Made { samples: Samples::Added(made), notes: note.into_iter().collect() })
    }

    fn network_sizes(&self, spec: &Spec) -> Vec<NetworkInfo> {
        let (seed, cpu) = (Seed::new(0), Device::Cpu);
        let (g, d) = (BaganGenerator::new(spec, cpu), BaganDiscriminator::new(spec, seed, cpu));
        let sizes = [
            AutoencoderNet::new(spec, seed, cpu).size(),
            (g.params.count(), g.macs()),
            (d.params.count(), d.macs()),
        ];
        let info = |(name, (parameters, macs)): (&&str, (i64, u64))| NetworkInfo::new(name, parameters, macs);
        self.network_names().iter().zip(sizes).map(info).collect()
    }
}

impl Trained<Bagan> for BaganNets {
    fn train(generator: &Bagan, task: &TrainingTask, control: &mut dyn Control) -> Result<BaganNets> {
        trainer::train(generator, task, needed(task.autoencoder, "bagan")?, control)
    }

    fn fresh(_: &Bagan, spec: &Spec, device: Device) -> BaganNets {
        BaganNets::new(spec, device)
    }

    fn load(_: &Bagan, spec: &Spec, dir: &Path, device: Device) -> Result<BaganNets> {
        let mut nets = BaganNets::new(spec, device);
        load_all(&mut [&mut nets.generator.params, &mut nets.codes], &dir.join(FILE))?;
        Ok(nets)
    }

    fn save(&self, _: &Bagan, dir: &Path) -> Result<()> {
        save_all(&[&self.generator.params, &self.codes], &dir.join(FILE))
    }

    fn weights(&self) -> &Tensor {
        self.generator.params.flat()
    }
}
