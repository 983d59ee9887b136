//! The codes of a fold's training part on the device, standardised per dimension.

use crate::feature_bank::indices;
use crate::generators::autoencoder::Codes;
use crate::torch::params::{Params, ParamsBuilder, Start};
use crate::torch::upload::upload;
use seraug_core::rng::Seed;
use tch::{Device, Tensor};

/// Standardised codes with their classes.
#[derive(Debug)]
pub struct StandardisedCodes {
    /// [codes, latent].
    all: Tensor,
    labels: Vec<usize>,
    /// `mean` and `deviation`, [latent] each.
    scale: CodeScale,
}

/// Mean and deviation of codes.
#[derive(Debug)]
pub struct CodeScale(Params);

impl CodeScale {
    /// 0 and 1.
    pub fn new(latent: usize, device: Device) -> CodeScale {
        let mut builder = ParamsBuilder::default();
        builder.add("mean", &[latent as i64], Start::Constant(0.0));
        builder.add("deviation", &[latent as i64], Start::Constant(1.0));
        CodeScale(builder.build(Seed::new(0), device))
    }

    /// Both, as parameters of a file.
    pub fn params(&self) -> &Params {
        &self.0
    }

    /// The same, to be loaded.
    pub fn params_mut(&mut self) -> &mut Params {
        &mut self.0
    }

    /// Standardised codes [batch, latent] as the autoencoder has them.
    pub fn restore(&self, standardised: &Tensor) -> Tensor {
        standardised * self.0.get(1) + self.0.get(0)
    }
}

/// Least and greatest number of the standardised training codes in each dimension.
#[derive(Debug)]
pub struct CodeRange(Params);

impl CodeRange {
    /// -1 and 1.
    pub fn new(latent: usize, device: Device) -> CodeRange {
        let mut builder = ParamsBuilder::default();
        builder.add("least", &[latent as i64], Start::Constant(-1.0));
        builder.add("greatest", &[latent as i64], Start::Constant(1.0));
        CodeRange(builder.build(Seed::new(0), device))
    }

    /// Both, as parameters of a file.
    pub fn params(&self) -> &Params {
        &self.0
    }

    /// The same, to be loaded.
    pub fn params_mut(&mut self) -> &mut Params {
        &mut self.0
    }

    /// Standardised codes [batch, latent], each number moved into the range of its dimension.
    pub fn hold(&self, standardised: &Tensor) -> Tensor {
        standardised.clamp_tensor(Some(self.0.get(0)), Some(self.0.get(1)))
    }
}

impl StandardisedCodes {
    /// Of `codes`, each of the class of its utterance in `labels`. A dimension that hardly varies is divided by 1e-6.
    pub fn new(codes: &Codes, labels: &[usize], device: Device) -> StandardisedCodes {
        let d = codes.codes.first().map_or(0, Vec::len);
        let n = codes.codes.len() as f64;
        let mean = |of: &dyn Fn(f64, usize) -> f64| -> Vec<f64> {
            (0..d).map(|i| codes.codes.iter().map(|c| of(c[i], i)).sum::<f64>() / n).collect()
        };
        let means = mean(&|v, _| v);
        let deviations: Vec<f64> =
            mean(&|v, i| (v - means[i]).powi(2)).into_iter().map(|v| v.sqrt().max(1e-6)).collect();
        let flat: Vec<f32> = codes
            .codes
            .iter()
            .flat_map(|c| c.iter().enumerate().map(|(i, v)| ((v - means[i]) / deviations[i]) as f32))
            .collect();
        let scale = CodeScale::new(d, device);
        tch::no_grad(|| {
            for (at, values) in [&means, &deviations].into_iter().enumerate() {
                let values: Vec<f32> = values.iter().map(|v| *v as f32).collect();
                scale.0.get(at).shallow_clone().copy_(&upload(&values, device));
            }
        });
        StandardisedCodes {
            all: upload(&flat, device).view([-1, d as i64]),
            labels: codes.items.iter().map(|&i| labels[i]).collect(),
            scale,
        }
    }

    /// Where they are.
    pub fn device(&self) -> Device {
        self.all.device()
    }

    /// Mean and deviation that they were standardised with.
    pub fn into_scale(self) -> CodeScale {
        self.scale
    }

    /// Their range.
    pub fn range(&self) -> CodeRange {
        let range = CodeRange::new(self.all.size()[1] as usize, self.device());
        tch::no_grad(|| {
            range.0.get(0).shallow_clone().copy_(&self.all.amin([0i64].as_slice(), false));
            range.0.get(1).shallow_clone().copy_(&self.all.amax([0i64].as_slice(), false));
        });
        range
    }

    /// `count` codes [count, latent], every one equally likely, and their classes (int64 [count]).
    pub fn draw(&self, seed: Seed, count: usize) -> (Tensor, Tensor) {
        let mut draws = seed.draws();
        let chosen: Vec<usize> = (0..count).map(|_| draws.below(self.labels.len())).collect();
        let classes: Vec<usize> = chosen.iter().map(|&i| self.labels[i]).collect();
        let both = indices(&[chosen, classes].concat(), self.device()).view([2, -1]);
        (self.all.index_select(0, &both.get(0)), both.get(1))
    }

    /// Codes of each of `classes` classes.
    pub fn counts(&self, classes: usize) -> Vec<usize> {
        let mut counts = vec![0; classes];
        self.labels.iter().for_each(|&c| counts[c] += 1);
        counts
    }
}
