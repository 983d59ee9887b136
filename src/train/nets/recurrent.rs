//! One LSTM layer over time.

use crate::kernels::lstm::LstmWeights;
use crate::torch::params::{Derived, Params, ParamsBuilder, Start};
use std::sync::Arc;
use tch::Tensor;

/// One layer, batch first, state from zero; named and initialised as PyTorch's `nn.LSTM`.
#[derive(Debug)]
pub struct Lstm {
    params: [usize; 4],
    weights: Derived<LstmWeights>,
    inputs: usize,
    units: usize,
}

impl Lstm {
    /// Declares a layer from `inputs` values a step to `units`, the only one of its network: its values lie first, in the order
    /// that cuDNN wants.
    pub fn declare(builder: &mut ParamsBuilder, name: &str, inputs: usize, units: usize) -> Lstm {
        let start = Start::framework(units);
        let (i, u) = (inputs as i64, units as i64);
        let params = [
            ("weight_ih_l0", vec![4 * u, i]),
            ("weight_hh_l0", vec![4 * u, u]),
            ("bias_ih_l0", vec![4 * u]),
            ("bias_hh_l0", vec![4 * u]),
        ]
        .map(|(part, shape)| builder.add(format!("{name}.{part}"), &shape, start));
        builder.put_first(&params);
        Lstm { params, weights: Derived::default(), inputs, units }
    }

    /// The weights as our kernels read them.
    pub fn weights(&self, params: &Params) -> Arc<LstmWeights> {
        self.weights.of(params, |_| true, || LstmWeights::new(self.params.map(|at| params.get(at))))
    }

    /// Of the weights by input and by state and of both biases among the parameters.
    pub fn places(&self) -> [usize; 4] {
        self.params
    }

    /// [batch, steps, inputs] to [batch, steps, units].
    pub fn forward(&self, params: &Params, x: &Tensor) -> Tensor {
        let zero = Tensor::zeros([1, x.size()[0], self.units as i64], (x.kind(), x.device()));
        let weights = self.params.map(|p| params.get(p));
        // cuDNN gives gradients in training mode alone; with no dropout it is the same function.
        x.lstm(&[&zero, &zero], &weights, true, 1, 0.0, true, false, true).0
    }

    /// Multiply-accumulates for `steps` steps of one sample.
    pub fn macs(&self, steps: usize) -> u64 {
        (steps * 4 * self.units * (self.inputs + self.units)) as u64
    }
}
