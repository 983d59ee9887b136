//! The viewmaker, its encoder and their training: what the conditions that use it share (FIDELITY.md, "Viewmaker").

use super::bounds::sequence;
use super::limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The viewmaker networks (Tamkin et al., ICLR 2021), the encoder of their contrastive objective, and the training of both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ViewmakerTraining {
    /// Frames of a training window, a multiple of 32; a shorter utterance is repeated.
    #[schemars(range(min = 32, max = limits::WIDTH))]
    pub frames: usize,
    /// Channels of the three convolutions on the way down; the first two are those of the way up.
    #[schemars(inner(range(min = 1, max = limits::WIDTH)))]
    pub widths: [usize; 3],
    /// Residual blocks, each after one more plane of noise.
    #[schemars(range(min = 0, max = 64))]
    pub blocks: usize,
    /// Channels of the encoder's convolutions.
    #[schemars(inner(range(min = 1, max = limits::WIDTH)))]
    pub encoder_widths: [usize; 5],
    /// Outputs of the encoder, which lie on the unit sphere: units of its LSTM.
    #[schemars(range(min = 1, max = limits::WIDTH))]
    pub outputs: usize,
    /// Temperature of the contrastive loss.
    #[schemars(range(min = 0.0001, max = 1000.0))]
    pub temperature: f64,
    /// Iterations; each moves the encoder, then the viewmaker.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub iterations: usize,
    /// Windows an iteration; two views are made of each.
    #[schemars(range(min = 2, max = limits::BATCH))]
    pub batch: usize,
    /// Adam's learning rate, both networks.
    #[schemars(range(max = limits::RATE), extend("exclusiveMinimum" = 0.0))]
    pub learning_rate: f64,
    /// Adam's betas.
    #[schemars(extend("items" = limits::below_one()))]
    pub betas: [f64; 2],
    /// Iterations between two rows of history.csv.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub log_every: usize,
}

impl Default for ViewmakerTraining {
    fn default() -> ViewmakerTraining {
        ViewmakerTraining {
            frames: 128,
            widths: [32, 64, 128],
            blocks: 3,
            encoder_widths: [32, 64, 128, 128, 128],
            outputs: 128,
            temperature: 0.07,
            iterations: 2000,
            batch: 32,
            learning_rate: 1e-3,
            betas: [0.9, 0.999],
            log_every: 100,
        }
    }
}

impl ViewmakerTraining {
    /// Weights of the viewmaker.
    pub fn weights(&self) -> u64 {
        let [a, b, c] = self.widths.map(|w| w as u64);
        let conv = |from: u64, to: u64, side: u64| from * to * side * side + to;
        let normed = |from: u64, to: u64, side: u64| conv(from, to, side) + 2 * to;
        let blocks: u64 = (1..=self.blocks as u64).map(|i| 2 * normed(c + i, c + i, 3)).sum();
        let down = normed(2, a, 9) + normed(a, b, 3) + normed(b, c, 3);
        down + blocks + normed(c + self.blocks as u64, b, 3) + normed(b, a, 3) + conv(a, 1, 9)
    }

    /// Weights of the encoder.
    pub fn encoder_weights(&self) -> u64 {
        sequence(&self.encoder_widths, self.outputs as u64, true)
    }
}
