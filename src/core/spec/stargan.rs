//! The networks of `stargan` and their training: what the conditions that use it share (FIDELITY.md, "StarGAN").

use super::bounds::sequence;
use super::limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Generator, critic and emotion classifier of `stargan` (after Rizos et al., ICASSP 2020), and their training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct StarGanTraining {
    /// Frames of a training window, a multiple of 32; a shorter utterance is repeated.
    #[schemars(range(min = 32, max = limits::WIDTH))]
    pub frames: usize,
    /// Channels of the generator's three halvings; the way up mirrors them.
    #[schemars(inner(range(min = 1, max = limits::WIDTH)))]
    pub widths: [usize; 3],
    /// Residual blocks between them.
    #[schemars(range(min = 0, max = 64))]
    pub blocks: usize,
    /// Channels of the critic's halvings.
    #[schemars(inner(range(min = 1, max = limits::WIDTH)))]
    pub critic_widths: [usize; 4],
    /// Channels of the classifier's convolutions.
    #[schemars(inner(range(min = 1, max = limits::WIDTH)))]
    pub classifier_widths: [usize; 5],
    /// Units of the classifier's LSTM.
    #[schemars(range(min = 1, max = limits::WIDTH))]
    pub classifier_units: usize,
    /// Steps of the classifier, on real windows alone; then it is frozen, and generator and critic begin.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub classifier_iterations: usize,
    /// Adam's learning rate of the classifier.
    #[schemars(range(max = limits::RATE), extend("exclusiveMinimum" = 0.0))]
    pub classifier_learning_rate: f64,
    /// Iterations of critic and generator.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub iterations: usize,
    /// Windows a step of any of the three.
    #[schemars(range(min = 1, max = limits::BATCH))]
    pub batch: usize,
    /// Adam's learning rate of generator and critic.
    #[schemars(range(max = limits::RATE), extend("exclusiveMinimum" = 0.0))]
    pub learning_rate: f64,
    /// Adam's betas of generator and critic; the classifier's are 0.9 and 0.999.
    #[schemars(extend("items" = limits::below_one()))]
    pub betas: [f64; 2],
    /// Iterations between two rows of history.csv.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub log_every: usize,
}

impl Default for StarGanTraining {
    fn default() -> StarGanTraining {
        StarGanTraining {
            frames: 128,
            widths: [32, 64, 128],
            blocks: 2,
            critic_widths: [32, 64, 128, 256],
            classifier_widths: [32, 64, 128, 128, 128],
            classifier_units: 128,
            classifier_iterations: 1000,
            classifier_learning_rate: 1e-3,
            iterations: 3000,
            batch: 16,
            learning_rate: 1e-4,
            betas: [0.5, 0.999],
            log_every: 100,
        }
    }
}

impl StarGanTraining {
    /// Steps of the whole stage: the classifier's, then the iterations of critic and generator.
    pub fn steps(&self) -> usize {
        self.classifier_iterations.saturating_add(self.iterations)
    }

    /// Weights of the generator for so many classes.
    pub fn generator_weights(&self, classes: usize) -> u64 {
        let ([a, b, c], classes) = (self.widths.map(|w| w as u64), classes as u64);
        let conv = |from: u64, to: u64, side: u64| from * to * side * side + to;
        let normed = |from: u64, to: u64, side: u64| conv(from, to, side) + 2 * to;
        let down = normed(1 + classes, a, 4) + normed(a, b, 4) + normed(b, c, 4);
        let up = normed(c + classes, b, 4) + normed(b + classes, a, 4) + conv(a + classes, 1, 4);
        down + self.blocks as u64 * 2 * normed(c, c, 3) + up
    }

    /// Weights of the critic for so many classes.
    pub fn critic_weights(&self, classes: usize) -> u64 {
        let (mut from, mut sum) = (1 + classes as u64, 0);
        for to in self.critic_widths.map(|w| w as u64) {
            sum += from * to * 16 + to;
            from = to;
        }
        sum + from * (self.frames as u64 / 16) * 8 + 1
    }

    /// Weights of the classifier for so many classes.
    pub fn classifier_weights(&self, classes: usize) -> u64 {
        let (units, classes) = (self.classifier_units as u64, classes as u64);
        sequence(&self.classifier_widths, units, true) + classes * (units + 1)
    }
}
