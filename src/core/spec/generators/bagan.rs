//! BAGAN (Mariani et al. 2018), the starting point of [9]: a GAN whose networks begin with the autoencoder's weights.

use super::{Augment, CopySource, Covariance, Generator, TrainedOn, TrainingInputs, TrainingWork, four};
use crate::spec::{Precision, Spec, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Raised when the training computes something else from the same inputs.
const VERSION: u32 = 1;

/// BAGAN on log-mels (FIDELITY.md rows "BAGAN"). Sizes of its networks are in `[autoencoder]`, its training in `[bagan]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Bagan {
    /// Whose covariance the codes of a class are drawn with.
    pub covariance: Covariance,
    /// How a batch of real windows is drawn.
    pub real_batch: RealBatch,
    /// Samples for each source.
    #[schemars(range(min = 1, max = 1000))]
    pub copies: usize,
    /// Which utterances are sources: class and length of a sample are its source's.
    pub of: CopySource,
}

/// How the discriminator's real windows are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RealBatch {
    /// Every utterance equally often, so that the classes keep their shares.
    #[default]
    Natural,
    /// Classes equally often.
    Balanced,
}

/// The adversarial training of BAGAN.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct BaganTraining {
    /// Dropout after each convolution of the discriminator, in [0, 1).
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub dropout: f64,
    /// Iterations: a step of the discriminator and one of the generator each.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub iterations: usize,
    /// Real windows an iteration.
    #[schemars(range(min = 1, max = limits::BATCH))]
    pub batch: usize,
    /// Adam's learning rate, of both.
    #[schemars(range(max = limits::RATE), extend("exclusiveMinimum" = 0.0))]
    pub learning_rate: f64,
    /// Adam's betas, of both.
    #[schemars(extend("items" = limits::below_one()))]
    pub betas: [f64; 2],
    /// Iterations between two rows of history.csv.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub log_every: usize,
}

impl Default for Bagan {
    fn default() -> Bagan {
        Bagan {
            covariance: Covariance::default(),
            real_batch: RealBatch::default(),
            copies: four(),
            of: CopySource::default(),
        }
    }
}

impl Default for BaganTraining {
    fn default() -> BaganTraining {
        BaganTraining {
            dropout: 0.3,
            iterations: 5000,
            batch: 32,
            learning_rate: 5e-5,
            betas: [0.5, 0.999],
            log_every: 100,
        }
    }
}

/// What the training reads. The autoencoder's key says the networks and what they are trained on.
#[derive(Serialize)]
struct BaganInputs<'a> {
    #[serde(skip_serializing_if = "Precision::is_f32")]
    precision: Precision,
    autoencoder: &'a str,
    settings: Bagan,
    bagan: BaganTraining,
    seed: u64,
    device: &'a str,
}

impl Generator for Bagan {
    fn copies(&self) -> Option<(usize, CopySource)> {
        Some((self.copies, self.of))
    }

    fn set_copies(&mut self, copies: usize) {
        self.copies = copies;
    }

    fn reads_classes(&self) -> bool {
        true
    }

    /// The key of the trained generator says the rest.
    fn settings(&self) -> Option<Augment> {
        None
    }

    fn needs_autoencoder(&self) -> bool {
        true
    }

    fn tables(&self) -> &'static [&'static str] {
        &["autoencoder", "bagan"]
    }

    fn training(&self, spec: &Spec, on: &TrainedOn) -> Option<TrainingInputs> {
        let own = spec.bagan();
        let mut inputs = BaganInputs {
            precision: spec.precision,
            autoencoder: on.autoencoder,
            settings: Bagan { copies: 1, of: CopySource::default(), ..self.clone() },
            bagan: BaganTraining { log_every: 1, ..own.clone() },
            seed: on.seed,
            device: on.device,
        };
        let key = TrainingInputs::text(&inputs);
        inputs.bagan = BaganTraining { iterations: 0, ..own };
        Some(TrainingInputs { version: VERSION, key, trajectory: TrainingInputs::text(&inputs) })
    }

    fn work(&self, spec: &Spec) -> Option<TrainingWork> {
        Some(TrainingWork { of: vec!["bagan".to_owned()], iterations: spec.bagan().iterations })
    }

    fn set_iterations(&self, spec: &mut Spec, iterations: usize) {
        spec.bagan = Some(BaganTraining { iterations, ..spec.bagan() });
    }

    fn network_names(&self) -> &'static [&'static str] {
        &["autoencoder", "BAGAN generator", "BAGAN discriminator"]
    }
}
