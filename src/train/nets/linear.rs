//! Fully connected layers.

use crate::torch::params::{Params, ParamsBuilder, Start};
use tch::Tensor;

/// A fully connected layer with bias.
#[derive(Debug)]
pub struct Linear {
    weight: usize,
    bias: usize,
    units: [usize; 2],
}

impl Linear {
    /// Declares weight [to, from] and bias [to], as PyTorch's: U(-1/sqrt(from), 1/sqrt(from)).
    pub fn declare(builder: &mut ParamsBuilder, name: &str, units: [usize; 2]) -> Linear {
        let start = Start::framework(units[0]);
        let [from, to] = units.map(|n| n as i64);
        Linear {
            weight: builder.add(format!("{name}.weight"), &[to, from], start),
            bias: builder.add(format!("{name}.bias"), &[to], start),
            units,
        }
    }

    /// [batch, from] to [batch, to].
    pub fn forward(&self, params: &Params, x: &Tensor) -> Tensor {
        x.linear(params.get(self.weight), Some(params.get(self.bias)))
    }

    /// Multiply-accumulates of one sample.
    pub fn macs(&self) -> u64 {
        self.units.iter().map(|&n| n as u64).product()
    }
}
