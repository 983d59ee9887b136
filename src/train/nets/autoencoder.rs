//! The autoencoder of windows of log-mels (FIDELITY.md row "autoencoder"): encoder, decoder, and the encoder's convolutions as
//! the trunk of BAGAN's discriminator.

use super::layers::Conv;
use super::linear::Linear;
use super::upsample::{FromPoint, Upsample};
use crate::torch::params::{Params, ParamsBuilder, Start, load_all, save_all};
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::spec::{Autoencoder, Init, Spec};
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// Four convolutions of stride 2 with LeakyReLU.
#[derive(Debug)]
pub struct Trunk {
    convolutions: [Conv; 4],
    /// Channels, rows and columns of its output.
    map: [usize; 3],
}

impl Trunk {
    /// Declares it for windows of `frames` x `mels`, as the autoencoder has them.
    pub fn declare(builder: &mut ParamsBuilder, sizes: &Autoencoder, mels: usize) -> Trunk {
        let [rows, columns] = sizes.map(mels);
        let mut from = 1;
        let mut index = 0;
        let convolutions = sizes.widths.map(|to| {
            let conv = Conv::halving(builder, &format!("trunk.{index}"), [from, to]);
            (from, index) = (to, index + 1);
            conv
        });
        Trunk { convolutions, map: [sizes.widths[3], rows, columns] }
    }

    /// [batch, 1, frames, mels] to [batch, features]; `after` each convolution, given its number.
    pub fn forward(&self, params: &Params, x: &Tensor, after: impl Fn(usize, Tensor) -> Tensor) -> Tensor {
        let mut x = x.to_kind(params.kind());
        for (i, conv) in self.convolutions.iter().enumerate() {
            x = after(i, conv.forward(params, &x));
        }
        x.flatten(1, -1)
    }

    /// Numbers of its output.
    pub fn features(&self) -> usize {
        self.map.iter().product()
    }

    /// Multiply-accumulates of one window.
    pub fn macs(&self, frames: usize, mels: usize) -> u64 {
        let step = |(sum, h, w): (u64, usize, usize), conv: &Conv| {
            let (macs, h, w) = conv.macs(h, w);
            (sum + macs, h, w)
        };
        self.convolutions.iter().fold((0, frames, mels), step).0
    }
}

/// From a code to a window.
#[derive(Debug)]
pub struct CodeDecoder {
    first: FromPoint,
    rest: [Upsample; 4],
    map: [usize; 2],
}

impl CodeDecoder {
    /// Declares it; the last layer has no bias.
    pub fn declare(builder: &mut ParamsBuilder, sizes: &Autoencoder, mels: usize) -> CodeDecoder {
        let [w0, w1, w2, w3] = sizes.widths;
        let map = sizes.map(mels);
        let first = FromPoint::declare(builder, "first", [sizes.latent, w3], map, Init::He);
        let layers = [[w3, w2], [w2, w1], [w1, w0], [w0, 1]];
        let mut index = 0;
        let rest = layers.map(|channels| {
            let layer =
                Upsample::declare(builder, &format!("up.{index}"), channels, channels[1] > 1, Init::He);
            index += 1;
            layer
        });
        CodeDecoder { first, rest, map }
    }

    /// Codes [batch, latent] to windows [batch, 1, frames, mels] in [-1, 1], in single.
    pub fn forward(&self, params: &Params, z: &Tensor) -> Tensor {
        let mut x = self.first.forward(params, &z.to_kind(params.kind())).relu();
        for (i, layer) in self.rest.iter().enumerate() {
            x = layer.forward(params, &x);
            x = if i + 1 < self.rest.len() { x.relu() } else { x.to_kind(Kind::Float).tanh() };
        }
        x
    }

    /// Multiply-accumulates of one window.
    pub fn macs(&self) -> u64 {
        let [mut height, mut width] = self.map;
        let rest = self.rest.iter().map(|layer| {
            let macs = layer.macs(height, width);
            (height, width) = (2 * height, 2 * width);
            macs
        });
        self.first.macs() + rest.sum::<u64>()
    }
}

/// Encoder and decoder, and the scale of the windows.
#[derive(Debug)]
pub struct AutoencoderNet {
    trunk: Trunk,
    to_code: Linear,
    decoder: CodeDecoder,
    /// Of both: names of the encoder begin with `trunk` and `code`, of the decoder with `first` and `up`.
    pub params: Params,
    /// One number, `scale`: what windows are divided by and the decoder's tanh is multiplied by.
    scale: Params,
    sizes: Autoencoder,
    mels: usize,
}

const FILE: &str = "autoencoder.safetensors";

impl AutoencoderNet {
    /// With fresh parameters and scale 1.
    pub fn new(spec: &Spec, seed: Seed, device: Device) -> AutoencoderNet {
        let (sizes, mels) = (spec.autoencoder(), spec.features.mels);
        let (mut builder, mut scale) = (ParamsBuilder::default(), ParamsBuilder::default());
        let trunk = Trunk::declare(&mut builder, &sizes, mels);
        let to_code = Linear::declare(&mut builder, "code", [trunk.features(), sizes.latent]);
        let decoder = CodeDecoder::declare(&mut builder, &sizes, mels);
        scale.add("scale", &[1], Start::Constant(1.0));
        AutoencoderNet {
            trunk,
            to_code,
            decoder,
            params: builder.build(seed.child("autoencoder"), device).in_precision(spec.precision),
            scale: scale.build(seed, device),
            sizes,
            mels,
        }
    }

    /// Sets the scale to the largest absolute value of `frames`, at least 1e-6.
    pub fn fit_scale(&self, frames: &Tensor) {
        let _no_grad = tch::no_grad_guard();
        let largest = frames.abs().max().clamp_min(1e-6).reshape([1]);
        self.scale.flat().shallow_clone().copy_(&largest);
    }

    /// Windows [batch, 1, frames, mels] to codes [batch, latent], in single.
    pub fn encode(&self, x: &Tensor) -> Tensor {
        let features = self.trunk.forward(&self.params, &(x / self.scale()), |_, x| x);
        self.to_code.forward(&self.params, &features).to_kind(Kind::Float)
    }

    /// Codes [batch, latent] to windows [batch, 1, frames, mels].
    pub fn decode(&self, z: &Tensor) -> Tensor {
        self.decoder.forward(&self.params, z) * self.scale()
    }

    /// One number on the device.
    pub fn scale(&self) -> &Tensor {
        self.scale.flat()
    }

    /// Mean squared error of the reconstruction of `x`, of values in [-1, 1].
    pub fn loss(&self, x: &Tensor) -> Tensor {
        let decoded = self.decoder.forward(&self.params, &self.encode(x));
        (decoded - x / self.scale()).square().mean(Kind::Float)
    }

    /// Frames of a window.
    pub fn frames(&self) -> usize {
        self.sizes.frames
    }

    /// Parameters and multiply-accumulates of one window.
    pub fn size(&self) -> (i64, u64) {
        let macs = self.trunk.macs(self.sizes.frames, self.mels) + self.to_code.macs() + self.decoder.macs();
        (self.params.count(), macs)
    }

    /// Writes autoencoder.safetensors into `dir`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, dir: &Path) -> Result<()> {
        save_all(&[&self.params, &self.scale], &dir.join(FILE))
    }

    /// Reads what [`AutoencoderNet::save`] wrote.
    ///
    /// # Errors
    /// A file that is absent or not of the sizes that `spec` has.
    pub fn load(dir: &Path, spec: &Spec, device: Device) -> Result<AutoencoderNet> {
        let mut net = AutoencoderNet::new(spec, Seed::new(0), device);
        load_all(&mut [&mut net.params, &mut net.scale], &dir.join(FILE))?;
        Ok(net)
    }

    /// All that is trained, flat: its digest says whether two trainings are equal.
    pub fn weights(&self) -> Tensor {
        Tensor::cat(&[self.params.flat(), self.scale.flat()], 0)
    }
}
