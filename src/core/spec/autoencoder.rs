//! The autoencoder of log-mels that several generators share.

use super::generators::{TrainedOn, TrainingInputs, TrainingWork};
use super::located_error::{CheckResult, at, need};
use super::{Features, Precision, Spec, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Raised when its training computes something else from the same inputs.
const VERSION: u32 = 1;

/// The autoencoder of windows of log-mels, its training, and the sizes of BAGAN's networks, which begin with its weights
/// (FIDELITY.md row "autoencoder"). One of a fold and seed serves every condition that needs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Autoencoder {
    /// Frames of a window, a multiple of 16.
    #[schemars(range(min = 16, max = limits::WIDTH))]
    pub frames: usize,
    /// Channels of the encoder's four convolutions of stride 2; the decoder's in reverse.
    #[schemars(inner(range(min = 1, max = limits::WIDTH)))]
    pub widths: [usize; 4],
    /// Numbers of a code.
    #[schemars(range(min = 1, max = limits::WIDTH))]
    pub latent: usize,
    /// Iterations of its training.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub iterations: usize,
    /// Windows an iteration.
    #[schemars(range(min = 1, max = limits::BATCH))]
    pub batch: usize,
    /// Adam's learning rate.
    #[schemars(range(max = limits::RATE), extend("exclusiveMinimum" = 0.0))]
    pub learning_rate: f64,
    /// Adam's betas.
    #[schemars(extend("items" = limits::below_one()))]
    pub betas: [f64; 2],
    /// Whether a second batch, in which every class is equally likely, is reconstructed too: DeepSMOTE's penalty as released,
    /// here with the encoder's gradient.
    pub balanced_reconstruction: bool,
    /// Iterations between two rows of history.csv.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub log_every: usize,
}

impl Default for Autoencoder {
    fn default() -> Autoencoder {
        Autoencoder {
            frames: 128,
            widths: [32, 64, 128, 256],
            latent: 100,
            iterations: 2000,
            batch: 32,
            learning_rate: 2e-4,
            betas: [0.5, 0.999],
            balanced_reconstruction: true,
            log_every: 100,
        }
    }
}

#[derive(Serialize)]
struct KeyInputs<'a> {
    features: &'a Features,
    features_version: u32,
    #[serde(skip_serializing_if = "Precision::is_f32")]
    precision: Precision,
    autoencoder: Autoencoder,
    seen: &'a str,
    train: &'a str,
    seed: u64,
    device: &'a str,
}

impl Autoencoder {
    /// What its training reads, for the key of the stage.
    pub fn training(spec: &Spec, on: &TrainedOn) -> TrainingInputs {
        let own = spec.autoencoder();
        let mut inputs = KeyInputs {
            features: &spec.features,
            features_version: on.features_version,
            precision: spec.precision,
            // How often a row is logged decides nothing.
            autoencoder: Autoencoder { log_every: 1, ..own.clone() },
            seen: on.seen,
            train: on.train,
            seed: on.seed,
            device: on.device,
        };
        let key = TrainingInputs::text(&inputs);
        inputs.autoencoder = Autoencoder { iterations: 0, ..own };
        TrainingInputs { version: VERSION, key, trajectory: TrainingInputs::text(&inputs) }
    }

    /// How long its training is.
    pub fn work(spec: &Spec) -> TrainingWork {
        TrainingWork { of: vec!["autoencoder".to_owned()], iterations: spec.autoencoder().iterations }
    }

    /// Rows and columns of the map that the encoder's last convolution gives, of `mels` bands.
    pub fn map(&self, mels: usize) -> [usize; 2] {
        [self.frames / 16, mels / 16]
    }

    pub(super) fn check(&self) -> CheckResult {
        need(self.frames.is_multiple_of(16), at("autoencoder").field("frames"), || {
            format!("= {}: must be a multiple of 16", self.frames)
        })
    }
}
