//! The emotion classifier and its training (paper 3.1.1; FIDELITY.md rows "VGG19 details" and on).

use super::{Precision, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The classifier and its training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Classifier {
    /// The network.
    pub network: Network,
    /// Frames of a segment, a multiple of 32.
    #[schemars(range(min = 32, max = limits::WIDTH))]
    pub segment_frames: usize,
    /// Frames between the starts of two segments of an utterance.
    #[schemars(range(min = 1, max = limits::WIDTH))]
    pub segment_hop: usize,
    /// Fewest own frames of an utterance's last segment: one with fewer is neither trained on nor votes, unless it is the only
    /// one. 1 keeps all.
    // Not written where it keeps all, so that keys and specs of runs say what they said before there was a choice.
    #[serde(skip_serializing_if = "is_one")]
    #[schemars(range(min = 1, max = limits::WIDTH))]
    pub min_own_frames: usize,
    /// Segments a step.
    #[schemars(range(min = 1, max = limits::BATCH))]
    pub batch: usize,
    /// Segments a step for training sets of fewer than `small_set` segments.
    #[schemars(range(min = 1, max = limits::BATCH))]
    pub small_batch: usize,
    /// See `small_batch`.
    #[schemars(range(min = 0, max = limits::STEPS))]
    pub small_set: usize,
    /// Adam's learning rate.
    #[schemars(range(max = limits::RATE), extend("exclusiveMinimum" = 0.0))]
    pub learning_rate: f64,
    /// Adam's betas.
    #[schemars(extend("items" = limits::below_one()))]
    pub betas: [f64; 2],
    /// How the rate changes over the steps.
    pub schedule: Schedule,
    /// Passes over the training set, counted on the set that `budget` names.
    #[schemars(range(min = 1, max = 100000))]
    pub epochs: usize,
    /// Fewest steps of a training.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub min_steps: usize,
    /// Whether all conditions get the same number of steps.
    pub budget: Budget,
    /// Which weights are tested.
    pub weights: FinalWeights,
    /// Steps between two rows of history.csv.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub log_every: usize,
}

/// The network that classifies a segment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Network {
    /// VGG, torchvision's layout with one input channel.
    Vgg(Vgg),
}

/// Sizes of a VGG; the defaults are VGG19.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Vgg {
    /// Channels of the five blocks of 3x3 convolutions, each followed by a 2x2 max pool.
    #[schemars(inner(range(min = 1, max = limits::WIDTH)))]
    pub widths: [usize; 5],
    /// Convolutions of each block.
    #[schemars(inner(range(min = 1, max = 64)))]
    pub depths: [usize; 5],
    /// Side of the map that the head sees (adaptive average pool).
    #[schemars(range(min = 1, max = 16))]
    pub pooled: usize,
    /// Units of each of the two hidden layers of the head.
    #[schemars(range(min = 1, max = 65536))]
    pub head: usize,
    /// Dropout of the head, in [0, 1).
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub dropout: f64,
    /// Batch norm after each convolution.
    pub batch_norm: bool,
    /// Side of the average pool before the first convolution; 1 for none, as in the paper.
    #[schemars(range(min = 1, max = 4))]
    pub shrink: usize,
    /// How a CPU computes the convolutions in float32.
    pub convolutions: Convolutions,
}

impl Vgg {
    /// Whether the convolutions are computed by Winograd's method, on a CPU or not and in this precision.
    pub fn by_winograd(&self, on_cpu: bool, precision: Precision) -> bool {
        on_cpu
            && precision == Precision::F32
            && self.convolutions == Convolutions::Winograd
            && !self.batch_norm
            && self.widths.iter().all(|width| width.is_multiple_of(8))
    }
}

/// How a CPU computes 3x3 convolutions in float32; a GPU's library chooses for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Convolutions {
    /// Winograd's F(4x4, 3x3), a quarter of the multiplications, where every width is a multiple of 8 and there is no
    /// batch norm; else as `direct`. Rounds to a few 1e-6 of the largest value.
    Winograd,
    /// The library's.
    Direct,
}

/// The learning rate over the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Half a cosine from the rate to zero.
    Cosine,
    /// The rate throughout.
    Constant,
}

/// FIDELITY.md row "budget of a condition".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Budget {
    /// Epochs are counted on the set without augmentation: equal steps for all conditions.
    EqualSteps,
    /// Epochs are counted on the condition's own set.
    EqualEpochs,
}

/// FIDELITY.md row "classifier training". Nothing is chosen on test data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FinalWeights {
    /// Of the last step.
    Last,
    /// Mean over the last quarter of the steps.
    Average,
    /// Of the check with the best UAR on one speaker that is held out of training.
    HeldOut,
}

impl Classifier {
    /// Whether a training is, step by step, the beginning of one with more steps. A cosine ends where the steps end, and a
    /// mean over their last quarter begins there.
    pub fn continues(&self) -> bool {
        self.schedule == Schedule::Constant && self.weights != FinalWeights::Average
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_one(n: &usize) -> bool {
    *n == 1
}

impl Default for Classifier {
    fn default() -> Classifier {
        Classifier {
            network: Network::Vgg(Vgg::default()),
            segment_frames: 128,
            segment_hop: 128,
            min_own_frames: 1,
            batch: 32,
            small_batch: 16,
            small_set: 500,
            learning_rate: 3e-4,
            betas: [0.9, 0.999],
            schedule: Schedule::Cosine,
            epochs: 30,
            min_steps: 500,
            budget: Budget::EqualSteps,
            weights: FinalWeights::Last,
            log_every: 50,
        }
    }
}

impl Default for Vgg {
    fn default() -> Vgg {
        Vgg {
            widths: [64, 128, 256, 512, 512],
            depths: [2, 2, 4, 4, 4],
            pooled: 7,
            head: 4096,
            dropout: 0.5,
            batch_norm: false,
            shrink: 1,
            convolutions: Convolutions::Winograd,
        }
    }
}
