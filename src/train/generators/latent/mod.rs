//! Samples drawn in the code space of the autoencoder and decoded (FIDELITY.md rows "latent").

pub mod diffusion;
mod gan;
pub mod gaussians;
pub mod neighbours;
pub mod standardised;

use super::windows::{WindowToMake, after};
use super::{Generate, Made, Samples, Sources, Trained, TrainingTask};
use crate::control::Control;
use crate::feature_bank::indices;
use crate::generators::autoencoder::Codes;
use crate::nets::autoencoder::AutoencoderNet;
use crate::torch::params::{load_all, save_all};
use crate::torch::upload::upload;
use diffusion::CodeDiffusion;
use gan::CodeGenerator;
use gaussians::{ClassGaussians, draw, nearest_mean_accuracy};
use neighbours::Neighbours;
use seraug_core::error::{Error, Result};
use seraug_core::rng::Seed;
use seraug_core::run_files::NetworkInfo;
use seraug_core::spec::{Generator, LatentCodes, LatentSampler, Spec};
use standardised::{CodeScale, StandardisedCodes};
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// What a sampler of codes has learnt.
#[derive(Debug)]
pub enum CodeSampler {
    /// Nothing: it is fitted to the codes where it is used.
    Fitted(Tensor),
    /// A GAN's generator.
    Gan(CodeGenerator, CodeScale),
    /// A diffusion model.
    Diffusion(Box<CodeDiffusion>, CodeScale),
}

const FILE: &str = "sampler.safetensors";

/// The autoencoder of `task`'s or `from`'s fold, which the plan sees to.
pub(super) fn needed<'a>(net: Option<&'a AutoencoderNet>, generator: &str) -> Result<&'a AutoencoderNet> {
    net.ok_or_else(|| {
        Error::failed(format!("{generator}: the plan gave it no autoencoder; please report it"))
    })
}

/// How far the codes of a bank, whose utterances are of these classes, tell the classes apart: where they do not, the class of a sample
/// comes from nothing.
pub(super) fn note_of_classes(codes: &Codes, labels: &[usize], classes: usize) -> Option<String> {
    let of_codes: Vec<usize> = codes.items.iter().map(|&i| labels[i]).collect();
    let share = nearest_mean_accuracy(&codes.codes, &of_codes, classes)?;
    let (percent, chance) = (100.0 * share, 100.0 / classes as f64);
    Some(format!("{percent:.0} % of the codes are nearest to the mean of their class (chance {chance:.0} %)"))
}

impl Generate for LatentCodes {
    type Trained = CodeSampler;

    fn make(&self, from: &Sources, trained: &CodeSampler) -> Result<Made> {
        let Sources { bank, items, labels, seed, .. } = *from;
        let net = needed(from.autoencoder, "latent")?;
        let classes = from.spec.class_names();
        let device = bank.device();
        let codes = Codes::of(net, bank);
        let of_codes: Vec<usize> = codes.items.iter().map(|&i| labels[i]).collect();
        let mut notes = Vec::new();
        notes.extend(note_of_classes(&codes, labels, classes.len()));
        let wanted = |windows: &[WindowToMake]| {
            indices(&windows.iter().map(|w| labels[w.item]).collect::<Vec<_>>(), device)
        };
        let latent = codes.codes.first().map_or(0, Vec::len);
        let frames = net.frames();
        let names = from.names();
        let of = |draw: &dyn Fn(&[WindowToMake]) -> Tensor| {
            after(bank, items, &names, self.copies, frames, |windows| net.decode(&draw(windows)))
        };
        let noise = |windows: &[WindowToMake], len| WindowToMake::normals(windows, seed, "latent", len, bank);
        let made = match (trained, self.sampler) {
            (CodeSampler::Gan(generator, scale), _) => of(&|windows| {
                scale.restore(&generator.forward(&wanted(windows), &noise(windows, generator.noise())))
            }),
            (CodeSampler::Diffusion(model, scale), _) => {
                of(&|windows| scale.restore(&model.sample(&wanted(windows), &noise(windows, model.noise()))))
            }
            (CodeSampler::Fitted(_), LatentSampler::Smote) => {
                let neighbours = Neighbours::new(&codes, labels, self.neighbours);
                of(&|windows| {
                    let flat: Vec<f32> = windows.iter().flat_map(|w| neighbours.between(w, seed)).collect();
                    upload(&flat, device).view([windows.len() as i64, latent as i64])
                })
            }
            (CodeSampler::Fitted(_), _) => {
                let fitted = ClassGaussians::fit(&codes.codes, &of_codes, classes.len(), self.covariance);
                for (c, class) in classes.iter().enumerate() {
                    let (n, share) = (fitted.counts[c], fitted.shares[c]);
                    notes.push(format!("{class}: {n} codes of {latent} numbers, {share:.2} of the covariance that of all classes"));
                }
                let both = fitted.tensors(device);
                of(&|windows| draw(&both, &wanted(windows), &noise(windows, latent)))
            }
        };
        Ok(Made { samples: Samples::Added(made), notes })
    }

    fn network_sizes(&self, spec: &Spec) -> Vec<NetworkInfo> {
        let (seed, cpu) = (Seed::new(0), Device::Cpu);
        let own = match self.sampler {
            LatentSampler::Gaussian | LatentSampler::Smote => Vec::new(),
            LatentSampler::Gan => gan::sizes(spec),
            LatentSampler::Diffusion => {
                let net = CodeDiffusion::new(spec, seed, cpu);
                vec![(net.params().count(), net.macs())]
            }
        };
        let sizes = [AutoencoderNet::new(spec, seed, cpu).size()].into_iter().chain(own);
        let info = |(name, (parameters, macs)): (&&str, (i64, u64))| NetworkInfo::new(name, parameters, macs);
        self.network_names().iter().zip(sizes).map(info).collect()
    }
}

impl Trained<LatentCodes> for CodeSampler {
    fn train(generator: &LatentCodes, task: &TrainingTask, control: &mut dyn Control) -> Result<CodeSampler> {
        let TrainingTask { spec, bank, labels, seed, .. } = *task;
        let codes = Codes::of(needed(task.autoencoder, "latent")?, bank);
        let codes = StandardisedCodes::new(&codes, labels, bank.device());
        Ok(match generator.sampler {
            LatentSampler::Gaussian | LatentSampler::Smote => {
                CodeSampler::fresh(generator, spec, bank.device())
            }
            LatentSampler::Gan => {
                let net = gan::train(spec, generator.mixup, &codes, seed, control)?;
                CodeSampler::Gan(net, codes.into_scale())
            }
            LatentSampler::Diffusion => {
                let net = diffusion::train(spec, &codes, seed, control)?;
                CodeSampler::Diffusion(Box::new(net), codes.into_scale())
            }
        })
    }

    fn fresh(generator: &LatentCodes, spec: &Spec, device: Device) -> CodeSampler {
        let scale = || CodeScale::new(spec.autoencoder().latent, device);
        match generator.sampler {
            LatentSampler::Gaussian | LatentSampler::Smote => {
                CodeSampler::Fitted(Tensor::zeros([0], (Kind::Float, device)))
            }
            LatentSampler::Gan => CodeSampler::Gan(CodeGenerator::new(spec, Seed::new(1), device), scale()),
            LatentSampler::Diffusion => {
                CodeSampler::Diffusion(Box::new(CodeDiffusion::new(spec, Seed::new(1), device)), scale())
            }
        }
    }

    fn load(generator: &LatentCodes, spec: &Spec, dir: &Path, device: Device) -> Result<CodeSampler> {
        let mut sampler = CodeSampler::fresh(generator, spec, device);
        let path = dir.join(FILE);
        match &mut sampler {
            CodeSampler::Fitted(_) => {}
            CodeSampler::Gan(net, scale) => load_all(&mut [net.params_mut(), scale.params_mut()], &path)?,
            CodeSampler::Diffusion(net, scale) => {
                let [params, range] = net.stored_mut();
                load_all(&mut [params, range, scale.params_mut()], &path)?
            }
        }
        Ok(sampler)
    }

    fn save(&self, _: &LatentCodes, dir: &Path) -> Result<()> {
        let path = dir.join(FILE);
        match self {
            CodeSampler::Fitted(_) => Ok(()),
            CodeSampler::Gan(net, scale) => save_all(&[net.params(), scale.params()], &path),
            CodeSampler::Diffusion(net, scale) => {
                save_all(&[net.params(), net.range().params(), scale.params()], &path)
            }
        }
    }

    fn weights(&self) -> &Tensor {
        match self {
            CodeSampler::Fitted(nothing) => nothing,
            CodeSampler::Gan(net, _) => net.params().flat(),
            CodeSampler::Diffusion(net, _) => net.params().flat(),
        }
    }
}
