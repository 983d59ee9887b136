//! Parameters as views of one flat tensor: one gradient gather and a handful of kernels a step.

use super::upload::{send, upload};
use rayon::prelude::*;
use seraug_core::error::{Error, Result};
use seraug_core::rng::Seed;
use seraug_core::spec::Precision;
use std::cell::{Cell, RefCell};
use std::path::Path;
use std::sync::Arc;
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
pub struct ParamsBuilder {
    entries: Vec<(String, Vec<i64>, Start)>,
    first: Vec<usize>,
}

impl ParamsBuilder {
    /// Declares a parameter; the index is its place in [`Params::get`].
    pub fn add(&mut self, name: impl Into<String>, shape: &[i64], start: Start) -> usize {
        self.entries.push((name.into(), shape.to_vec(), start));
        self.entries.len() - 1
    }

    /// Puts these parameters first in memory, one after the other; everywhere else the order of declaration counts. For
    /// cuDNN, which takes the weights of an LSTM as one piece from the beginning of their storage, and copies them together
    /// at every call where they are none.
    pub fn put_first(&mut self, indices: &[usize]) {
        assert!(self.first.is_empty(), "two groups cannot both be first");
        self.first = indices.to_vec();
    }

    /// Makes the parameters on `device`. A value depends on the seed and the parameter's name alone,
    /// so that adding a layer does not move the others.
    pub fn build(self, seed: Seed, device: Device) -> Params {
        let layout =
            ParamsLayout::new(self.entries.iter().map(|(_, shape, _)| shape.clone()).collect(), &self.first);
        let mut host = vec![0f32; layout.count() as usize];
        let mut rest = &mut host[..];
        for &index in &layout.order {
            let (name, _, start) = &self.entries[index];
            let (mine, after) = rest.split_at_mut(layout.size(index) as usize);
            fill(mine, *start, seed.child(name));
            rest = after;
        }
        let flat = upload(&host, device);
        let names = self.entries.into_iter().map(|(name, ..)| name).collect();
        Params { names, views: leaves(&layout, &flat), layout, flat, low: None, version: Cell::new(0) }
    }
}

/// Where each parameter lies in the flat vector.
#[derive(Debug, Clone)]
pub struct ParamsLayout {
    /// By declaration.
    shapes: Vec<Vec<i64>>,
    /// Their numbers, in the order of memory.
    order: Vec<usize>,
}

impl ParamsLayout {
    fn new(shapes: Vec<Vec<i64>>, first: &[usize]) -> ParamsLayout {
        let rest = (0..shapes.len()).filter(|index| !first.contains(index));
        ParamsLayout { order: first.iter().copied().chain(rest).collect(), shapes }
    }

    fn size(&self, index: usize) -> i64 {
        self.shapes[index].iter().product()
    }

    fn count(&self) -> i64 {
        (0..self.shapes.len()).map(|index| self.size(index)).sum()
    }

    /// The parameters' places in a vector of as many values, by declaration.
    pub fn views(&self, flat: &Tensor) -> Vec<Tensor> {
        let mut starts = vec![0; self.shapes.len()];
        let mut at = 0;
        for &index in &self.order {
            starts[index] = at;
            at += self.size(index);
        }
        let place = |(index, shape): (usize, &Vec<i64>)| {
            flat.narrow(0, starts[index], self.size(index)).view(&shape[..])
        };
        self.shapes.iter().enumerate().map(place).collect()
    }

    /// Such a vector with the values in the order of declaration: what files hold, and what is summed in that order whatever
    /// lies where. `flat` itself where that is the order of memory.
    pub fn declared(&self, flat: &Tensor) -> Tensor {
        if self.is_declared() {
            return flat.shallow_clone();
        }
        Tensor::cat(&self.views(flat).iter().map(|v| v.reshape([-1])).collect::<Vec<_>>(), 0)
    }

    /// Whether memory has the order of declaration.
    pub fn is_declared(&self) -> bool {
        self.order.is_sorted()
    }
}

/// The views of a flat vector that gradients are asked for by.
fn leaves(layout: &ParamsLayout, flat: &Tensor) -> Vec<Tensor> {
    layout.views(flat).into_iter().map(|view| view.detach().set_requires_grad(true)).collect()
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

/// What is made of a network's parameters, and is made again when they have changed: weights as our kernels read them.
#[derive(Debug)]
pub struct Derived<T>(RefCell<Option<(u64, Arc<T>)>>);

impl<T> Default for Derived<T> {
    fn default() -> Derived<T> {
        Derived(RefCell::new(None))
    }
}

impl<T> Derived<T> {
    /// What `make` makes of `params`, which are always the same network's, or has made of them as they are and `will_do`.
    pub fn of(&self, params: &Params, will_do: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> Arc<T> {
        let version = params.version.get();
        if let Some((of, made)) = &*self.0.borrow()
            && *of == version
            && will_do(made)
        {
            return Arc::clone(made);
        }
        let made = Arc::new(make());
        *self.0.borrow_mut() = Some((version, Arc::clone(&made)));
        made
    }
}

/// The parameters of one network.
#[derive(Debug)]
pub struct Params {
    names: Vec<String>,
    views: Vec<Tensor>,
    layout: ParamsLayout,
    flat: Tensor,
    /// What the layers read in the place of `views`, where they compute in bfloat16.
    low: Option<Low>,
    /// Counts [`Params::refresh`].
    version: Cell<u64>,
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
            Low { views: leaves(&self.layout, &flat), flat }
        });
        self
    }

    /// The kind of what [`Params::get`] gives, in which the layers compute: float or bfloat16.
    pub fn kind(&self) -> Kind {
        if self.low.is_some() { Kind::BFloat16 } else { Kind::Float }
    }

    /// The parameter that [`ParamsBuilder::add`] numbered `index`, as the layers compute with it.
    pub fn get(&self, index: usize) -> &Tensor {
        &self.low.as_ref().map_or(&self.views, |low| &low.views)[index]
    }

    /// Brings what is made of the values up to date after a write to [`Params::flat`] or to a value of [`Params::named`].
    pub fn refresh(&self) {
        self.version.set(self.version.get() + 1);
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

    /// Where each lies in [`Params::flat`], and in any vector like it.
    pub fn layout(&self) -> &ParamsLayout {
        &self.layout
    }

    /// The parameters' places in another vector of as many values.
    pub fn views_of(&self, flat: &Tensor) -> Vec<Tensor> {
        self.layout.views(flat)
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
        let part = |&index: &usize| match &grads[index] {
            g if g.defined() => g.reshape([-1]),
            _ => views[index].zeros_like().reshape([-1]),
        };
        let parts: Vec<Tensor> = self.layout.order.iter().map(part).collect();
        Tensor::cat(&parts, 0).to_kind(Kind::Float)
    }

    /// As [`Params::gradient`], where kernels of our own go back from `leaf`: the gradient by the leaf, and a flat one whose
    /// values at the places `theirs` are not set, with its views. In single alone.
    pub fn gradient_with(
        &self,
        loss: &Tensor,
        leaf: &Tensor,
        theirs: impl Iterator<Item = usize>,
    ) -> (Tensor, Vec<Tensor>, Tensor) {
        let theirs: Vec<usize> = theirs.collect();
        let others: Vec<usize> = (0..self.views.len()).filter(|at| !theirs.contains(at)).collect();
        let leaves: Vec<&Tensor> =
            std::iter::once(leaf).chain(others.iter().map(|&at| &self.views[at])).collect();
        let mut by = Tensor::run_backward(&[loss], &leaves, false, false);
        let flat = self.flat.empty_like();
        let places = self.views_of(&flat);
        for (&at, gradient) in others.iter().zip(&by[1..]) {
            let mut place = places[at].shallow_clone();
            if gradient.defined() { place.copy_(gradient) } else { drop(place.zero_()) }
        }
        (flat, places, by.swap_remove(0))
    }

    /// Takes over the value of every parameter that `other` has by the same name, in the same shape.
    pub fn copy_from(&self, other: &Params) {
        let _no_grad = tch::no_grad_guard();
        for (name, value) in self.named() {
            let found = other.named().find(|(n, v)| *n == name && v.size() == value.size());
            if let Some((_, theirs)) = found {
                value.shallow_clone().copy_(theirs);
            }
        }
        self.refresh();
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
        view.copy_(&send(tensor, view.device()));
    }
    sets.iter().for_each(|set| set.refresh());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(precision: Precision) -> Params {
        let mut b = ParamsBuilder::default();
        b.add("a", &[3, 5], Start::Normal(1.0));
        b.add("b", &[4], Start::Constant(0.1));
        b.add("c", &[2], Start::Constant(0.3));
        b.build(Seed::new(1), Device::Cpu).in_precision(precision)
    }

    #[test]
    fn in_single_the_layers_read_the_values_themselves() {
        let p = params(Precision::F32);
        assert_eq!((p.kind(), p.get(1).kind()), (Kind::Float, Kind::Float));
        let derived = Derived::default();
        let twice = || derived.of(&p, |_| true, || p.get(1) * 2.0).double_value(&[3]);
        assert_eq!(twice(), f64::from(0.2f32));
        let mut flat = p.flat().shallow_clone();
        tch::no_grad(|| flat += 1.0);
        assert_eq!(f64::from(1.1f32), p.get(1).double_value(&[3]));
        p.refresh();
        assert_eq!(twice(), f64::from(2.2f32), "made again");
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
    fn what_is_put_first_lies_first_and_changes_no_value_file_or_gradient() {
        let built = |first: &[usize]| {
            let mut b = ParamsBuilder::default();
            b.add("a", &[3, 5], Start::Normal(1.0));
            let late = [b.add("b", &[4, 2], Start::Normal(1.0)), b.add("c", &[4], Start::Uniform(1.0))];
            b.add("d", &[2], Start::Uniform(1.0));
            assert_eq!(late, [1, 2]);
            b.put_first(first);
            b.build(Seed::new(1), Device::Cpu)
        };
        let (plain, moved) = (built(&[]), built(&[1, 2]));
        let start = moved.flat().data_ptr() as usize;
        let at = |p: &Params, index: usize| p.get(index).data_ptr() as usize;
        assert_eq!((at(&moved, 1), at(&moved, 2), at(&moved, 0)), (start, start + 8 * 4, start + 12 * 4));
        for index in 0..4 {
            assert_eq!(plain.get(index), moved.get(index), "{index}");
        }
        assert!(plain.layout().is_declared() && !moved.layout().is_declared());
        assert_eq!((plain.count(), moved.count()), (29, 29));
        assert_ne!(plain.flat(), moved.flat());
        assert_eq!(plain.flat(), &moved.layout().declared(moved.flat()));
        let gradient = |p: &Params| {
            let loss = (0..3).map(|i| p.get(i).square().sum(Kind::Float) * (i as f64 + 1.0)).sum::<Tensor>();
            p.layout().declared(&p.gradient(&loss))
        };
        assert_eq!(gradient(&plain), gradient(&moved));
        let dir = tempfile::tempdir().unwrap();
        let bytes = |p: &Params| {
            let file = dir.path().join("p.safetensors");
            p.save(&file).unwrap();
            std::fs::read(file).unwrap()
        };
        assert_eq!(bytes(&plain), bytes(&moved));
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
