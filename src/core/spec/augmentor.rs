//! The augmentor, its discriminator, the representation learner and their training (paper 2.1 to 2.4).

use super::limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The augmentor and the training of all three networks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Augmentor {
    /// Frames of an input window, a multiple of 32.
    #[schemars(range(min = 32, max = limits::WIDTH))]
    pub frames: usize,
    /// What an utterance shorter than the window is filled up with.
    pub padding: Padding,
    /// Channels of the three encoder convolutions; the last is the size of z.
    #[schemars(inner(range(min = 1, max = limits::WIDTH)))]
    pub widths: [usize; 3],
    /// Shape of the latent.
    pub latent: Latent,
    /// Where the Gaussian noise enters.
    pub noise: Noise,
    /// Channels between the two transposed convolutions.
    #[schemars(range(min = 1, max = limits::WIDTH))]
    pub decoder_width: usize,
    /// How the decoder is initialised.
    pub init: Init,
    /// Activation after the last transposed convolution.
    pub output: OutputActivation,
    /// Frames over which the projection takes the mean of |P|.
    pub projection_mean: ProjectionMean,
    /// Range of the augmentation intensity, drawn per sample and use.
    #[schemars(inner(range(min = 0.0, max = limits::WEIGHT)))]
    pub epsilon: [f64; 2],
    /// Iterations of the four phases.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub iterations: usize,
    /// Triplets an iteration.
    #[schemars(range(min = 1, max = limits::BATCH))]
    pub batch: usize,
    /// Adam's learning rate, all networks.
    #[schemars(range(max = limits::RATE), extend("exclusiveMinimum" = 0.0))]
    pub learning_rate: f64,
    /// Adam's betas.
    #[schemars(extend("items" = limits::below_one()))]
    pub betas: [f64; 2],
    /// Largest norm of a phase's gradient; 0 clips nothing.
    #[schemars(range(min = 0.0, max = limits::WEIGHT))]
    pub clip_norm: f64,
    /// Whether phases 3 and 4 share the augmentor's Adam.
    pub optimisers: Optimisers,
    /// Margin of the triplet losses (beta of Eq. 2, 3 and 6): how much farther than the positive the negative must be from the anchor, in
    /// `distance`, before a triplet costs nothing.
    #[schemars(range(max = limits::WEIGHT), extend("exclusiveMinimum" = 0.0))]
    pub margin: f64,
    /// The l1 distance of two representations.
    pub distance: Distance,
    /// The dot product of L_VAR.
    pub dot: Dot,
    /// How a negative is chosen.
    pub negatives: Negatives,
    /// Whether discriminator and representation learner attend with one vector.
    pub attention: Attention,
    /// Weights of the losses.
    pub weights: LossWeights,
    /// Iterations between two rows of history.csv.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub log_every: usize,
}

/// Loss weights (2.4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LossWeights {
    /// w_g, of L_GAN.
    #[schemars(range(min = 0.0, max = limits::WEIGHT))]
    pub gan: f64,
    /// w_r, of L_REP.
    #[schemars(range(min = 0.0, max = limits::WEIGHT))]
    pub rep: f64,
    /// w_e, of L_EMO.
    #[schemars(range(min = 0.0, max = limits::WEIGHT))]
    pub emo: f64,
    /// w_v, of L_VAR.
    #[schemars(range(min = 0.0, max = limits::WEIGHT))]
    pub var: f64,
    /// w_b, of L_BAL.
    #[schemars(range(min = 0.0, max = limits::WEIGHT))]
    pub bal: f64,
}

/// The discriminator: 4 convolutions, LSTM, attention, one logit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Discriminator {
    /// Channels of the convolutions.
    #[schemars(inner(range(min = 1, max = limits::WIDTH)))]
    pub widths: [usize; 4],
    /// LSTM units.
    #[schemars(range(min = 1, max = limits::WIDTH))]
    pub lstm: usize,
}

/// The representation learner: 5 convolutions, LSTM, attention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Representation {
    /// Channels of the convolutions.
    #[schemars(inner(range(min = 1, max = limits::WIDTH)))]
    pub widths: [usize; 5],
    /// LSTM units: the size of r.
    #[schemars(range(min = 1, max = limits::WIDTH))]
    pub lstm: usize,
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }
    };
}

choice! {
    /// FIDELITY.md row "latent 128D vector z".
    Latent {
        /// Mean over the map; the decoder starts from 1x1.
        Vector,
        /// The map itself at T/4 x 32; the decoder is two transposed convolutions of stride 2.
        Map,
    }
}
choice! {
    /// FIDELITY.md row "where the noise enters".
    Noise {
        /// N(0, I), as long as z, concatenated to the latent.
        Latent,
        /// One N(0, 1) channel beside the input.
        Input,
    }
}
choice! {
    /// FIDELITY.md row "initialisation of the decoder".
    Init {
        /// He by the taps that reach an output; no bias in the last layer.
        He,
        /// The framework's default.
        Framework,
    }
}
choice! {
    /// FIDELITY.md row "ReLU after the last deconv?".
    OutputActivation {
        /// Linear.
        Linear,
        /// tanh.
        Tanh,
        /// ReLU: P is never negative.
        Relu,
    }
}
choice! {
    /// FIDELITY.md row "projection formula".
    ProjectionMean {
        /// The utterance's own frames; padding stays padding.
        Own,
        /// All frames of the window.
        All,
    }
}
choice! {
    /// FIDELITY.md row "shorter than 512 frames".
    Padding {
        /// The utterance's floor, masked in LSTM, attention and projection.
        Floor,
        /// The utterance again, to the window's length.
        Repeat,
    }
}
choice! {
    /// FIDELITY.md row "one Adam or two for phases 3 and 4".
    Optimisers {
        /// Both phases share one Adam.
        Shared,
        /// One for each phase.
        PerPhase,
    }
}
choice! {
    /// FIDELITY.md row "dist normalisation".
    Distance {
        /// Sum over the dimensions.
        Sum,
        /// Mean over the dimensions.
        Mean,
    }
}
choice! {
    /// FIDELITY.md row "dot in L_VAR".
    Dot {
        /// The dot product, mean over the batch.
        Raw,
        /// Cosine.
        Cosine,
    }
}
choice! {
    /// FIDELITY.md row "which negative, positive".
    Negatives {
        /// Uniform over the other classes, then over their samples.
        Uniform,
        /// Among the batch, the nearest negative that is farther than the positive.
        SemiHard,
    }
}
choice! {
    /// FIDELITY.md row "attention [22]".
    Attention {
        /// A vector w for each network.
        Own,
        /// The representation learner's w serves the discriminator too, which does not train it.
        Shared,
    }
}

impl Default for Augmentor {
    fn default() -> Augmentor {
        Augmentor {
            frames: 512,
            padding: Padding::Floor,
            widths: [32, 64, 128],
            latent: Latent::Vector,
            noise: Noise::Latent,
            decoder_width: 32,
            init: Init::He,
            output: OutputActivation::Linear,
            projection_mean: ProjectionMean::Own,
            epsilon: [0.05, 0.3],
            iterations: 30_000,
            batch: 32,
            learning_rate: 1e-6,
            betas: [0.9, 0.999],
            clip_norm: 0.0,
            optimisers: Optimisers::Shared,
            margin: 7.0,
            distance: Distance::Sum,
            dot: Dot::Raw,
            negatives: Negatives::Uniform,
            attention: Attention::Own,
            weights: LossWeights::default(),
            log_every: 100,
        }
    }
}

impl Default for LossWeights {
    fn default() -> LossWeights {
        LossWeights { gan: 1.0, rep: 1.0, emo: 10.0, var: 1.0, bal: 8.0 }
    }
}

impl Default for Discriminator {
    fn default() -> Discriminator {
        Discriminator { widths: [32, 64, 128, 128], lstm: 128 }
    }
}

impl Default for Representation {
    fn default() -> Representation {
        Representation { widths: [32, 64, 128, 128, 128], lstm: 128 }
    }
}
