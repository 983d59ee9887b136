//! Adam (Kingma & Ba 2015) on a flat vector; tch cannot save the state of its own.

use crate::error::{Error, Result};
use crate::nets::params::Params;
use std::path::Path;
use tch::{Device, Kind, Tensor};

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

    /// Writes the moments and the step count as safetensors.
    pub fn save(&self, path: &Path) -> Result<()> {
        let step = Tensor::from_slice(&[i64::from(self.step)]);
        let named = [("first", &self.first), ("second", &self.second), ("step", &step)];
        let named = named.map(|(name, t)| (name, t.to_device(Device::Cpu)));
        Tensor::write_safetensors(&named, path).map_err(|e| Error::failed(format!("{}: {e}", path.display())))
    }

    /// Reads what [`Adam::save`] wrote.
    ///
    /// # Errors
    /// A file that is absent or not of as many parameters.
    pub fn load(&mut self, path: &Path) -> Result<()> {
        let bad =
            |what: String| Error::failed(format!("{}: {what}; delete it and run again", path.display()));
        let read = Tensor::read_safetensors(path).map_err(|e| bad(e.to_string()))?;
        let find = |name: &str, like: &[i64], kind: Kind| {
            let found = read.iter().find(|(n, t)| n == name && t.size() == like && t.kind() == kind);
            found.map(|(_, t)| t).ok_or_else(|| bad(format!("has no {name} of the expected shape")))
        };
        let size = self.first.size();
        let step = find("step", &[1], Kind::Int64)?.int64_value(&[0]);
        let step = i32::try_from(step).map_err(|_| bad(format!("step {step}")))?;
        let (first, second) = (find("first", &size, Kind::Float)?, find("second", &size, Kind::Float)?);
        self.first.copy_(first);
        self.second.copy_(second);
        self.step = step;
        Ok(())
    }
}

/// Whether every value is finite: one number read from the device.
pub fn all_finite(values: &Tensor) -> bool {
    values.isfinite().all().to_kind(Kind::Int64).int64_value(&[]) == 1
}
