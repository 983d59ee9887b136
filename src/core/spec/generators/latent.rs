//! Samples drawn in the code space of the autoencoder and decoded.

use super::{Augment, CopySource, Generator, TrainedOn, TrainingInputs, TrainingWork, four};
use crate::spec::located_error::{CheckResult, FieldPath, need};
use crate::spec::{Precision, Spec, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Raised when the training of the GAN computes something else from the same inputs.
const GAN_VERSION: u32 = 1;
/// The same of the diffusion model.
const DIFFUSION_VERSION: u32 = 2;

/// Codes of the autoencoder, drawn by class and decoded (FIDELITY.md rows "latent"). Sizes are in `[autoencoder]`, and of the two
/// samplers that are trained in `[latent-gan]` and `[latent-diffusion]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LatentCodes {
    /// How codes are drawn.
    pub sampler: LatentSampler,
    /// With `sampler = "gaussian"`: whose covariance.
    pub covariance: Covariance,
    /// With `sampler = "smote"`: how many of the nearest codes of the class the other one is drawn from.
    #[schemars(range(min = 1, max = 1000))]
    pub neighbours: usize,
    /// With `sampler = "gan"`: alpha of the mixup of real codes, after Latif et al. 2020 (0.2); 0 for none.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub mixup: f64,
    /// Samples for each source.
    #[schemars(range(min = 1, max = 1000))]
    pub copies: usize,
    /// Which utterances are sources: class and length of a sample are its source's.
    pub of: CopySource,
}

/// How codes are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LatentSampler {
    /// From a normal distribution of each class: BAGAN before its adversarial phase.
    #[default]
    Gaussian,
    /// Between the source's code and one of the nearest of its class (DeepSMOTE).
    Smote,
    /// By a conditional GAN of codes, after Sahu et al. 2018 and ADAN.
    Gan,
    /// By a conditional diffusion model of codes.
    Diffusion,
}

/// The covariance of a class's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Covariance {
    /// Its own, as BAGAN's.
    Class,
    /// Its own and that within all classes, the latter with share d / (d + n) for n codes of d numbers.
    #[default]
    Shrunk,
    /// That within all classes.
    Pooled,
}

/// The conditional GAN of codes: generator, discriminator and classifier of two hidden layers each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LatentGan {
    /// Units of a hidden layer.
    #[schemars(range(min = 1, max = limits::WIDTH))]
    pub units: usize,
    /// Numbers of the generator's noise.
    #[schemars(range(min = 1, max = limits::WIDTH))]
    pub noise: usize,
    /// Weight of the classifier's cross-entropy in the generator's loss.
    #[schemars(range(min = 0.0, max = limits::WEIGHT))]
    pub class_weight: f64,
    /// Iterations of its training.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub iterations: usize,
    /// Codes an iteration.
    #[schemars(range(min = 2, max = limits::BATCH))]
    pub batch: usize,
    /// Adam's learning rate.
    #[schemars(range(max = limits::RATE), extend("exclusiveMinimum" = 0.0))]
    pub learning_rate: f64,
    /// Adam's betas.
    #[schemars(extend("items" = limits::below_one()))]
    pub betas: [f64; 2],
    /// Iterations between two rows of history.csv.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub log_every: usize,
}

/// The conditional diffusion model of codes (Ho et al. 2020, cosine schedule of Nichol and Dhariwal 2021).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LatentDiffusion {
    /// Steps of the noising.
    #[schemars(range(min = 2, max = 10000))]
    pub steps: usize,
    /// Units of each of the three hidden layers.
    #[schemars(range(min = 1, max = limits::WIDTH))]
    pub units: usize,
    /// Share of the training samples whose class is left out, for guidance without a classifier.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub dropped: f64,
    /// Weight of the conditional prediction against the unconditional one (Ho and Salimans 2022); 1 for no guidance.
    #[schemars(range(min = 0.0, max = limits::WEIGHT))]
    pub guidance: f64,
    /// Whether a predicted code is held to the range of the training codes, number by number, as the released code of Nichol and
    /// Dhariwal holds pixels to theirs.
    pub clipped: bool,
    /// Decay of the mean of the weights that samples are drawn with.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub decay: f64,
    /// Iterations of its training.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub iterations: usize,
    /// Codes an iteration.
    #[schemars(range(min = 1, max = limits::BATCH))]
    pub batch: usize,
    /// Adam's learning rate.
    #[schemars(range(max = limits::RATE), extend("exclusiveMinimum" = 0.0))]
    pub learning_rate: f64,
    /// Iterations between two rows of history.csv.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub log_every: usize,
}

impl Default for LatentCodes {
    fn default() -> LatentCodes {
        LatentCodes {
            sampler: LatentSampler::default(),
            covariance: Covariance::default(),
            neighbours: 5,
            mixup: 0.0,
            copies: four(),
            of: CopySource::default(),
        }
    }
}

impl Default for LatentGan {
    fn default() -> LatentGan {
        LatentGan {
            units: 100,
            noise: 100,
            class_weight: 1.0,
            iterations: 3000,
            batch: 64,
            learning_rate: 1e-4,
            betas: [0.5, 0.999],
            log_every: 100,
        }
    }
}

impl Default for LatentDiffusion {
    fn default() -> LatentDiffusion {
        LatentDiffusion {
            steps: 200,
            units: 256,
            dropped: 0.1,
            guidance: 1.5,
            clipped: true,
            decay: 0.999,
            iterations: 5000,
            batch: 64,
            learning_rate: 1e-3,
            log_every: 100,
        }
    }
}

/// What a sampler's training reads. The autoencoder's key says what it is trained on.
#[derive(Serialize)]
struct SamplerInputs<'a> {
    #[serde(skip_serializing_if = "Precision::is_f32")]
    precision: Precision,
    autoencoder: &'a str,
    settings: LatentCodes,
    #[serde(rename = "latent-gan", skip_serializing_if = "Option::is_none")]
    gan: Option<LatentGan>,
    #[serde(rename = "latent-diffusion", skip_serializing_if = "Option::is_none")]
    diffusion: Option<LatentDiffusion>,
    seed: u64,
    device: &'a str,
}

impl Generator for LatentCodes {
    fn copies(&self) -> Option<(usize, CopySource)> {
        Some((self.copies, self.of))
    }

    fn set_copies(&mut self, copies: usize) {
        self.copies = copies;
    }

    fn reads_classes(&self) -> bool {
        true
    }

    fn settings(&self) -> Option<Augment> {
        let plain = LatentCodes { sampler: self.sampler, copies: self.copies, ..LatentCodes::default() };
        Some(Augment::Latent(match self.sampler {
            LatentSampler::Gaussian => LatentCodes { covariance: self.covariance, ..plain },
            LatentSampler::Smote => LatentCodes { neighbours: self.neighbours, ..plain },
            // The key of the trained sampler says the rest.
            LatentSampler::Gan | LatentSampler::Diffusion => plain,
        }))
    }

    fn needs_autoencoder(&self) -> bool {
        true
    }

    fn tables(&self) -> &'static [&'static str] {
        match self.sampler {
            LatentSampler::Gaussian | LatentSampler::Smote => &["autoencoder"],
            LatentSampler::Gan => &["autoencoder", "latent-gan"],
            LatentSampler::Diffusion => &["autoencoder", "latent-diffusion"],
        }
    }

    fn check(&self, here: &FieldPath, _: &Spec) -> CheckResult {
        let plain = LatentCodes::default();
        let only = |field: &str, stated: bool, sampler: LatentSampler, word: &str| {
            need(!stated || self.sampler == sampler, here.field(field), || {
                format!("is for sampler = \"{word}\"")
            })
        };
        only("covariance", self.covariance != plain.covariance, LatentSampler::Gaussian, "gaussian")?;
        only("neighbours", self.neighbours != plain.neighbours, LatentSampler::Smote, "smote")?;
        only("mixup", self.mixup > 0.0, LatentSampler::Gan, "gan")
    }

    fn training(&self, spec: &Spec, on: &TrainedOn) -> Option<TrainingInputs> {
        let mut inputs = SamplerInputs {
            precision: spec.precision,
            autoencoder: on.autoencoder,
            settings: LatentCodes { copies: 1, of: CopySource::default(), ..self.clone() },
            gan: None,
            diffusion: None,
            seed: on.seed,
            device: on.device,
        };
        match self.sampler {
            LatentSampler::Gaussian | LatentSampler::Smote => return None,
            LatentSampler::Gan => {
                inputs.gan = Some(LatentGan { log_every: 1, ..spec.latent_gan() });
            }
            LatentSampler::Diffusion => {
                inputs.diffusion = Some(LatentDiffusion { log_every: 1, ..spec.latent_diffusion() });
            }
        }
        let version = if inputs.gan.is_some() { GAN_VERSION } else { DIFFUSION_VERSION };
        let key = TrainingInputs::text(&inputs);
        if inputs.gan.is_some() {
            inputs.gan = Some(LatentGan { iterations: 0, ..spec.latent_gan() });
        } else {
            inputs.diffusion = Some(LatentDiffusion { iterations: 0, ..spec.latent_diffusion() });
        }
        Some(TrainingInputs { version, key, trajectory: TrainingInputs::text(&inputs) })
    }

    fn work(&self, spec: &Spec) -> Option<TrainingWork> {
        let (name, iterations) = match self.sampler {
            LatentSampler::Gaussian | LatentSampler::Smote => return None,
            LatentSampler::Gan => ("latent-gan", spec.latent_gan().iterations),
            LatentSampler::Diffusion => ("latent-diffusion", spec.latent_diffusion().iterations),
        };
        Some(TrainingWork { of: vec![name.to_owned()], iterations })
    }

    fn set_iterations(&self, spec: &mut Spec, iterations: usize) {
        spec.latent_gan = Some(LatentGan { iterations, ..spec.latent_gan() });
        spec.latent_diffusion = Some(LatentDiffusion { iterations, ..spec.latent_diffusion() });
    }

    fn network_names(&self) -> &'static [&'static str] {
        match self.sampler {
            LatentSampler::Gaussian | LatentSampler::Smote => &["autoencoder"],
            LatentSampler::Gan => &["autoencoder", "code generator", "code discriminator", "code classifier"],
            LatentSampler::Diffusion => &["autoencoder", "code diffusion"],
        }
    }
}
