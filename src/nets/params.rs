//! Parameters as views of one flat tensor: one gradient gather and a handful of kernels a step.

use crate::error::{Error, Result};
use crate::seed::Seed;
use rayon::prelude::*;
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// How a parameter starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    /// All equal to a value.
    Constant(f32),
    /// N(0, deviation^2).
    Normal(f64),
    /// U(-bound, bound).
    Uniform(f64),
}

impl Start {
    /// He et al. 2015 for LeakyReLU of slope `slope` (0 for ReLU): N(0, 2 / ((1 + slope^2) fan_in)).
    pub fn he(fan_in: usize, slope: f64) -> Start {
        Start::Normal((2.0 / ((1.0 + slope * slope) * fan_in as f64)).sqrt())
    }

    /// PyTorch's default for convolutions and linear layers: U(-1/sqrt(fan_in), 1/sqrt(fan_in)).
    pub fn framework(fan_in: usize) -> Start {
        Start::Uniform(1.0 / (fan_in as f64).sqrt())
    }
}

/// Collects the parameters of a network before any memory is taken for them.
#[derive(Debug, Default)]
pub struct Builder {
    entries: Vec<(String, Vec<i64>, Start)>,
}

impl Builder {
    /// Declares a parameter; the index is its place in [`Params::get`].
    pub fn add(&mut self, name: impl Into<String>, shape: &[i64], start: Start) -> usize {
        self.entries.push((name.into(), shape.to_vec(), start));
        self.entries.len() - 1
    }

    /// Makes the parameters on `device`. A value depends on the seed and the parameter's name alone,
    /// so that adding a layer does not move the others.
    pub fn build(self, seed: Seed, device: Device) -> Params {
        let sizes: Vec<usize> =
            self.entries.iter().map(|(_, s, _)| s.iter().product::<i64>() as usize).collect();
        let mut host = vec![0f32; sizes.iter().sum()];
        let mut rest = &mut host[..];
        for ((name, _, start), &size) in self.entries.iter().zip(&sizes) {
            let (mine, after) = rest.split_at_mut(size);
            fill(mine, *start, seed.child(name));
            rest = after;
        }
        let flat = Tensor::from_slice(&host).to_device(device);
        let mut offset = 0;
        let views = self.entries.iter().zip(&sizes).map(|((_, shape, _), &size)| {
            let view = flat.narrow(0, offset, size as i64).view(&shape[..]).detach().set_requires_grad(true);
            offset += size as i64;
            view
        });
        let views = views.collect();
        Params { names: self.entries.into_iter().map(|e| e.0).collect(), views, flat }
    }
}

fn fill(out: &mut [f32], start: Start, seed: Seed) {
    const PART: usize = 1 << 16; // a multiple of the generator's block of 4
    match start {
        Start::Constant(c) => out.fill(c),
        Start::Normal(deviation) => out.par_chunks_mut(PART).enumerate().for_each(|(i, part)| {
            seed.draws_from((i * PART / 4) as u64).fill_normal(part);
            part.iter_mut().for_each(|v| *v *= deviation as f32);
        }),
        Start::Uniform(bound) => out.par_chunks_mut(PART).enumerate().for_each(|(i, part)| {
            let mut draws = seed.draws_from((i * PART / 4) as u64);
            part.iter_mut().for_each(|v| *v = draws.between(-bound, bound) as f32);
        }),
    }
}

/// The parameters of one network.
#[derive(Debug)]
pub struct Params {
    names: Vec<String>,
    views: Vec<Tensor>,
    flat: Tensor,
}

impl Params {
    /// The parameter that [`Builder::add`] numbered `index`.
    pub fn get(&self, index: usize) -> &Tensor {
        &self.views[index]
    }

    /// All of them as one vector that shares their memory; writing to it moves the network.
    pub fn flat(&self) -> &Tensor {
        &self.flat
    }

    /// Name and value of each, in the order of their declaration.
    pub fn named(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.names.iter().map(String::as_str).zip(&self.views)
    }

    /// The parameters' places in another vector of as many values.
    pub fn views_of(&self, flat: &Tensor) -> Vec<Tensor> {
        let mut at = 0;
        let place = |view: &Tensor| {
            let (start, size) = (at, view.numel() as i64);
            at += size;
            flat.narrow(0, start, size).view(&view.size()[..])
        };
        self.views.iter().map(place).collect()
    }

    /// Number of values.
    pub fn count(&self) -> i64 {
        self.flat.size1().unwrap_or(0)
    }

    /// Gradient of the scalar `loss` by these parameters alone, flat; other networks in the graph are
    /// left as they are, which is what freezes them. Parameters the loss does not reach get zeros.
    pub fn gradient(&self, loss: &Tensor) -> Tensor {
        let grads = Tensor::run_backward(&[loss], &self.views, false, false);
        let parts: Vec<Tensor> = grads
            .into_iter()
            .zip(&self.views)
            .map(|(g, v)| if g.defined() { g.reshape([-1]) } else { v.zeros_like().reshape([-1]) })
            .collect();
        Tensor::cat(&parts, 0)
    }

    /// Writes the parameters by name as safetensors.
    pub fn save(&self, path: &Path) -> Result<()> {
        save_all(&[self], path)
    }

    /// Reads what [`Params::save`] wrote.
    ///
    /// # Errors
    /// A file that does not hold exactly these parameters in these shapes.
    pub fn load(&mut self, path: &Path) -> Result<()> {
        load_all(&mut [self], path)
    }
}

/// Writes several sets, such as weights and running statistics, as one file of safetensors. A name
/// must be in one set only.
pub fn save_all(sets: &[&Params], path: &Path) -> Result<()> {
    let named: Vec<(&str, Tensor)> = sets
        .iter()
        .flat_map(|set| set.names.iter().zip(&set.views))
        .map(|(n, v)| (n.as_str(), v.detach().to_device(Device::Cpu)))
        .collect();
    Tensor::write_safetensors(&named, path).map_err(|e| Error::failed(format!("{}: {e}", path.display())))
}

/// Reads what [`save_all`] wrote.
///
/// # Errors
/// A file that does not hold exactly the tensors of these sets in their shapes.
pub fn load_all(sets: &mut [&mut Params], path: &Path) -> Result<()> {
    let bad = |what: String| Error::failed(format!("{}: {what}; delete it and run again", path.display()));
    let read = Tensor::read_safetensors(path).map_err(|e| bad(e.to_string()))?;
    let expected: usize = sets.iter().map(|set| set.names.len()).sum();
    if read.len() != expected {
        return Err(bad(format!("has {} tensors, expected {expected}", read.len())));
    }
    let _no_grad = tch::no_grad_guard();
    for (name, view) in sets.iter_mut().flat_map(|set| set.names.iter().zip(&mut set.views)) {
        let found =
            read.iter().find(|(n, t)| n == name && t.size() == view.size() && t.kind() == Kind::Float);
        let (_, tensor) = found.ok_or_else(|| bad(format!("has no {name} of the expected shape")))?;
        view.copy_(tensor);
    }
    Ok(())
}
