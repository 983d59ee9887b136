//! BAGAN's generator and discriminator (FIDELITY.md rows "BAGAN"): the autoencoder's decoder, and its encoder's convolutions with a
//! head of one output more than there are classes.

use super::autoencoder::{AutoencoderNet, Decoder, Trunk};
use super::dropout::masks;
use super::linear::Linear;
use crate::torch::params::{Params, ParamsBuilder};
use seraug_core::rng::Seed;
use seraug_core::spec::Spec;
use tch::{Device, Kind, Reduction, Tensor};

/// From codes to windows in [-1, 1].
#[derive(Debug)]
pub struct BaganGenerator {
    decoder: Decoder,
    /// Its parameters.
    pub params: Params,
}

impl BaganGenerator {
    /// With fresh parameters; see [`BaganGenerator::begin_with`].
    pub fn new(spec: &Spec, device: Device) -> BaganGenerator {
        let mut builder = ParamsBuilder::default();
        let decoder = Decoder::declare(&mut builder, &spec.autoencoder(), spec.features.mels);
        let params = builder.build(Seed::new(0), device).in_precision(spec.precision);
        BaganGenerator { decoder, params }
    }

    /// Takes over the weights of the autoencoder's decoder.
    pub fn begin_with(&self, net: &AutoencoderNet) {
        self.params.copy_from(&net.params);
    }

    /// [batch, latent] to [batch, 1, frames, mels].
    pub fn forward(&self, z: &Tensor) -> Tensor {
        self.decoder.forward(&self.params, z)
    }

    /// Multiply-accumulates of one window.
    pub fn macs(&self) -> u64 {
        self.decoder.macs()
    }
}

/// From windows in [-1, 1] to logits of the classes and, last, of "generated".
#[derive(Debug)]
pub struct BaganDiscriminator {
    trunk: Trunk,
    head: Linear,
    dropout: f64,
    /// Its parameters.
    pub params: Params,
    frames: usize,
    mels: usize,
}

impl BaganDiscriminator {
    /// With fresh parameters, the head's from `seed`; see [`BaganDiscriminator::begin_with`].
    pub fn new(spec: &Spec, seed: Seed, device: Device) -> BaganDiscriminator {
        let (sizes, mels) = (spec.autoencoder(), spec.features.mels);
        let mut builder = ParamsBuilder::default();
        let trunk = Trunk::declare(&mut builder, &sizes, mels);
        let head = Linear::declare(&mut builder, "head", [trunk.features(), spec.classes.len() + 1]);
        let params = builder.build(seed.child("bagan-discriminator"), device).in_precision(spec.precision);
        BaganDiscriminator { trunk, head, dropout: spec.bagan().dropout, params, frames: sizes.frames, mels }
    }

    /// Takes over the weights of the autoencoder's convolutions.
    pub fn begin_with(&self, net: &AutoencoderNet) {
        self.params.copy_from(&net.params);
    }

    /// [batch, 1, frames, mels] to [batch, classes + 1]; with dropout masks of `dropout` after each convolution, where there is one.
    pub fn forward(&self, x: &Tensor, dropout: Option<Seed>) -> Tensor {
        let features = self.trunk.forward(&self.params, x, |layer, x| {
            let mask =
                dropout.and_then(|seed| masks(self.dropout, &x.size(), seed.at(layer as u64), x.device()));
            match mask {
                Some(mask) => (x * mask).to_kind(self.params.kind()),
                None => x,
            }
        });
        self.head.forward(&self.params, &features).to_kind(Kind::Float)
    }

    /// Multiply-accumulates of one window.
    pub fn macs(&self) -> u64 {
        self.trunk.macs(self.frames, self.mels) + self.head.macs()
    }
}

/// The loss of the discriminator, from logits [n, C + 1] of real windows with their classes (int64 [n]) and of generated ones:
/// mean cross-entropy over all, the generated ones being of the last class.
pub fn discriminator_loss(real: &Tensor, classes: &Tensor, made: &Tensor) -> Tensor {
    let last = made.size()[1] - 1;
    let generated = Tensor::full([made.size()[0]], last, (Kind::Int64, made.device()));
    let logits = Tensor::cat(&[real, made], 0);
    logits.cross_entropy_loss(
        &Tensor::cat(&[classes, &generated], 0),
        None::<&Tensor>,
        Reduction::Mean,
        -100,
        0.0,
    )
}

/// The loss of the generator, from logits [n, C + 1] of generated windows and the classes that were asked for (int64 [n]): mean of
/// -log of the probability of that class, so that a window must be taken for its class and not only for real.
pub fn generator_loss(made: &Tensor, wanted: &Tensor) -> Tensor {
    made.cross_entropy_loss(wanted, None::<&Tensor>, Reduction::Mean, -100, 0.0)
}
