//! Adam (Kingma & Ba 2015) on a flat vector; tch cannot save the state of its own.

use super::checkpoint::{Reader, Writer};
use crate::error::Result;
use crate::nets::params::Params;
use tch::{Kind, Tensor};

/// The moments and the step count. Equal to `torch.optim.Adam` with eps 1e-8 and no weight decay.
#[derive(Debug)]
pub struct Adam {
    first: Tensor,
    second: Tensor,
    step: i32,
    betas: [f64; 2],
}

impl Adam {
    /// For these parameters.
    pub fn new(params: &Params, betas: [f64; 2]) -> Adam {
        let first = params.flat().zeros_like();
        Adam { second: first.zeros_like(), first, step: 0, betas }
    }

    /// One update of `params` along `gradient` (flat, from [`Params::gradient`]) at rate `rate`.
    /// `clip_norm` above 0 scales a longer gradient down to that norm, as
    /// `torch.nn.utils.clip_grad_norm_` does.
    pub fn step(&mut self, params: &Params, gradient: &Tensor, rate: f64, clip_norm: f64) {
        let _no_grad = tch::no_grad_guard();
        let clipped =
            (clip_norm > 0.0).then(|| gradient * (clip_norm / (gradient.norm() + 1e-6)).clamp_max(1.0));
        let gradient = clipped.as_ref().unwrap_or(gradient);
        let [b1, b2] = self.betas;
        self.step += 1;
        let (c1, c2) = (1.0 - b1.powi(self.step), 1.0 - b2.powi(self.step));
        let _ = self.first.lerp_(gradient, 1.0 - b1);
        self.second *= b2;
        self.second += gradient.square() * (1.0 - b2);
        let denominator = self.second.sqrt() / c2.sqrt() + 1e-8;
        let mut flat = params.flat().shallow_clone();
        flat -= &self.first / denominator * (rate / c1);
    }

    /// Puts the moments and the step count under `name`.
    pub fn save(&self, to: &mut Writer, name: &str) {
        to.tensor(format!("{name}.first"), &self.first);
        to.tensor(format!("{name}.second"), &self.second);
        to.count(name, self.step as usize);
    }

    /// Takes up what [`Adam::save`] put there.
    ///
    /// # Errors
    /// It is not there, or not of as many parameters.
    pub fn load(&mut self, from: &mut Reader, name: &str) -> Result<()> {
        from.fill(&format!("{name}.first"), &self.first)?;
        from.fill(&format!("{name}.second"), &self.second)?;
        self.step = from.count(name)? as i32;
        Ok(())
    }
}

/// Whether every value is finite: one number read from the device.
pub fn all_finite(values: &Tensor) -> bool {
    values.isfinite().all().to_kind(Kind::Int64).int64_value(&[]) == 1
}
