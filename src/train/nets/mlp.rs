//! Networks of fully connected layers, for codes.

use super::layers::leaky_relu;
use super::linear::Linear;
use crate::torch::params::{Params, ParamsBuilder};
use tch::Tensor;

/// What is applied between the layers of an [`Mlp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// LeakyReLU.
    LeakyRelu,
    /// x times its sigmoid.
    Silu,
}

/// Fully connected layers with an activation between them, and none after the last.
#[derive(Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
    activation: Activation,
}

impl Mlp {
    /// Declares layers `NAME.0`, `NAME.1` and on, from `units[0]` numbers to the last of `units`.
    pub fn declare(builder: &mut ParamsBuilder, name: &str, units: &[usize], activation: Activation) -> Mlp {
        let layer = |(i, pair): (usize, &[usize])| {
            Linear::declare(builder, &format!("{name}.{i}"), [pair[0], pair[1]])
        };
        Mlp { layers: units.windows(2).enumerate().map(layer).collect(), activation }
    }

    /// [batch, from] to [batch, to].
    pub fn forward(&self, params: &Params, x: &Tensor) -> Tensor {
        let mut x = x.to_kind(params.kind());
        for (i, layer) in self.layers.iter().enumerate() {
            x = layer.forward(params, &x);
            if i + 1 < self.layers.len() {
                x = match self.activation {
                    Activation::LeakyRelu => leaky_relu(&x),
                    Activation::Silu => x.silu(),
                };
            }
        }
        x.to_kind(tch::Kind::Float)
    }

    /// Multiply-accumulates of one sample.
    pub fn macs(&self) -> u64 {
        self.layers.iter().map(Linear::macs).sum()
    }
}
