//! Parameters as views of one flat tensor: one gradient gather and a handful of kernels a step.

use crate::error::{Error, Result};
use crate::seed::Seed;
use crate::spec::Precision;
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
        let (names, shapes): (Vec<String>, Vec<Vec<i64>>) =
            self.entries.into_iter().map(|(name, shape, _)| (name, shape)).unzip();
        Params { names, views: leaves(&flat, &shapes), flat, low: None }
    }
}

/// Views of `flat`, one after the other, of these shapes; gradients are asked for by them.
fn leaves(flat: &Tensor, shapes: &[Vec<i64>]) -> Vec<Tensor> {
    let mut offset = 0;
    let view = |shape: &Vec<i64>| {
        let size = shape.iter().product();
        let view = flat.narrow(0, offset, size).view(&shape[..]).detach().set_requires_grad(true);
        offset += size;
        view
    };
    shapes.iter().map(view).collect()
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
    /// What the layers read in the place of `views`, where they compute in bfloat16.
    low: Option<Low>,
}

/// A copy of the parameters in bfloat16.
#[derive(Debug)]
struct Low {
    views: Vec<Tensor>,
    flat: Tensor,
}

impl Params {
    /// The same, read by the layers in `precision`. For bf16 a copy is kept; the values themselves stay in single.
    pub fn in_precision(mut self, precision: Precision) -> Params {
        self.low = (precision == Precision::Bf16).then(|| {
            let flat = self.flat.to_kind(Kind::BFloat16);
            let shapes: Vec<Vec<i64>> = self.views.iter().map(Tensor::size).collect();
            Low { views: leaves(&flat, &shapes), flat }
        });
        self
    }

    /// The kind of what [`Params::get`] gives, in which the layers compute: float or bfloat16.
    pub fn kind(&self) -> Kind {
        if self.low.is_some() { Kind::BFloat16 } else { Kind::Float }
    }

    /// The parameter that [`Builder::add`] numbered `index`, as the layers compute with it.
    pub fn get(&self, index: usize) -> &Tensor {
        &self.low.as_ref().map_or(&self.views, |low| &low.views)[index]
    }

    /// Brings what the layers read up to date after a write to [`Params::flat`] or to a value of [`Params::named`]; in
    /// single they read the values themselves, and there is nothing to do.
    pub fn refresh(&self) {
        if let Some(low) = &self.low {
            let _no_grad = tch::no_grad_guard();
            low.flat.shallow_clone().copy_(&self.flat);
        }
    }

    /// All of them as one vector in single that shares their memory; writing to it and [`Params::refresh`] move the
    /// network.
    pub fn flat(&self) -> &Tensor {
        &self.flat
    }

    /// Name and value in single of each, in the order of their declaration.
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
    /// left as they are, which is what freezes them. Parameters the loss does not reach get zeros. In single always.
    pub fn gradient(&self, loss: &Tensor) -> Tensor {
        let views = self.low.as_ref().map_or(&self.views, |low| &low.views);
        let grads = Tensor::run_backward(&[loss], views, false, false);
        let parts: Vec<Tensor> = grads
            .into_iter()
            .zip(views)
            .map(|(g, v)| if g.defined() { g.reshape([-1]) } else { v.zeros_like().reshape([-1]) })
            .collect();
        Tensor::cat(&parts, 0).to_kind(Kind::Float)
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
    sets.iter().for_each(|set| set.refresh());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(precision: Precision) -> Params {
        let mut b = Builder::default();
        b.add("a", &[3, 5], Start::Normal(1.0));
        b.add("b", &[4], Start::Constant(0.1));
        b.add("c", &[2], Start::Constant(0.3));
        b.build(Seed::new(1), Device::Cpu).in_precision(precision)
    }

    #[test]
    fn in_single_the_layers_read_the_values_themselves() {
        let p = params(Precision::F32);
        assert_eq!((p.kind(), p.get(1).kind()), (Kind::Float, Kind::Float));
        let mut flat = p.flat().shallow_clone();
        tch::no_grad(|| flat += 1.0);
        assert_eq!(f64::from(1.1f32), p.get(1).double_value(&[3]));
    }

    #[test]
    fn in_bfloat16_they_read_a_copy_that_follows_and_gradients_are_wide() {
        let (p, single) = (params(Precision::Bf16), params(Precision::F32));
        assert_eq!(p.flat(), single.flat());
        assert_eq!(
            (p.kind(), p.get(0).kind(), p.get(0).size()),
            (Kind::BFloat16, Kind::BFloat16, vec![3, 5])
        );
        let mut flat = p.flat().shallow_clone();
        tch::no_grad(|| flat += 1e-4);
        p.refresh();
        assert_eq!(p.get(0), &p.flat().narrow(0, 0, 15).view([3, 5]).to_kind(Kind::BFloat16));
        // 1e-4 is lost on a weight of 0.1 in bfloat16; the master keeps it.
        assert_eq!(p.get(1).to_kind(Kind::Float).double_value(&[0]), 0.100_097_656_25);
        let loss =
            |p: &Params| (p.get(0).to_kind(Kind::Float).square().sum(None) * 3.0) + p.get(1).sum(Kind::Float);
        let (low, high) = (p.gradient(&loss(&p)), single.gradient(&loss(&single)));
        assert_eq!((low.kind(), low.size()), (Kind::Float, vec![21]));
        assert_eq!(Vec::<f32>::try_from(low.narrow(0, 15, 6)).unwrap(), [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
        assert!(low.allclose(&high, 0.01, 0.01, false) && low != high);
    }

    #[test]
    fn files_hold_the_master_and_reading_one_moves_both() {
        let (dir, p) = (tempfile::tempdir().unwrap(), params(Precision::Bf16));
        let file = dir.path().join("p.safetensors");
        let mut flat = p.flat().shallow_clone();
        tch::no_grad(|| flat += 0.7);
        p.save(&file).unwrap();
        let mut other = params(Precision::Bf16);
        other.load(&file).unwrap();
        assert_eq!(other.flat(), p.flat());
        p.refresh();
        assert_eq!(other.get(0), p.get(0));
    }
}
