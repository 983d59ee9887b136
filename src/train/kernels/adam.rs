//! Adam (Kingma & Ba 2015) on a flat vector; tch cannot save the state of its own.

use super::threads::{SharedMemory, in_parts};
use super::vector::{Vector, in_vectors};
use crate::torch::checkpoint::{Reader, Writer};
use crate::torch::params::{Params, ParamsLayout};
use seraug_core::error::Result;
use std::ops::Range;
use tch::{Device, Kind, Tensor};

/// Values that a thread updates at once, a multiple of every vector's.
const LANES: usize = 16;

/// The moments and the step count. Equal to `torch.optim.Adam` with eps 1e-8 and no weight decay.
#[derive(Debug)]
pub struct Adam {
    first: Tensor,
    second: Tensor,
    step: i32,
    betas: [f64; 2],
    layout: ParamsLayout,
    given: Option<Given>,
}

/// Numbers of the steps of an iteration, where they are on the device before its first.
#[derive(Debug)]
struct Given {
    /// [steps, 2]: one over the square root of 1 - beta2^step; rate over 1 - beta1^step.
    rows: Tensor,
    /// Steps done of them.
    done: i64,
}

impl Adam {
    /// For these parameters.
    pub fn new(params: &Params, betas: [f64; 2]) -> Adam {
        let first = params.flat().zeros_like();
        Adam {
            second: first.zeros_like(),
            first,
            step: 0,
            betas,
            layout: params.layout().clone(),
            given: None,
        }
    }

    /// One update of `params` along `gradient` (flat, from [`Params::gradient`]) at rate `rate`.
    /// `clip_norm` above 0 scales a longer gradient down to that norm, as
    /// `torch.nn.utils.clip_grad_norm_` does.
    pub fn step(&mut self, params: &Params, gradient: &Tensor, rate: f64, clip_norm: f64) {
        let _no_grad = tch::no_grad_guard();
        let clipped =
            (clip_norm > 0.0).then(|| gradient * (clip_norm / (self.norm(gradient) + 1e-6)).clamp_max(1.0));
        let gradient = clipped.as_ref().unwrap_or(gradient);
        if let Some(given) = &mut self.given {
            let row = given.rows.get(given.done);
            given.done += 1;
            return self.step_by_kernels(params, gradient, |t| t * row.get(0), |t| t * row.get(1));
        }
        let [b1, b2] = self.betas;
        self.step += 1;
        let [root, rate] = self.numbers(rate);
        if params.flat().device() == Device::Cpu {
            let scale = AdamScale {
                keep: [1.0 - b1, b2, 1.0 - b2].map(|b| b as f32),
                root: root as f32,
                rate: rate as f32,
            };
            self.step_at_once(params.flat(), gradient, scale);
            return params.refresh();
        }
        // A product, as with the given numbers: an iteration that is a graph comes to the same bits.
        self.step_by_kernels(params, gradient, |t| t * (1.0 / root), |t| t * rate);
    }

    /// The values are summed in the order of their declaration.
    fn norm(&self, gradient: &Tensor) -> Tensor {
        self.layout.declared(gradient).norm()
    }

    /// Square root of 1 - beta2^step, and `rate` over 1 - beta1^step, of the step that is the count.
    fn numbers(&self, rate: f64) -> [f64; 2] {
        let [b1, b2] = self.betas;
        [(1.0 - b2.powi(self.step)).sqrt(), rate / (1.0 - b1.powi(self.step))]
    }

    fn step_by_kernels(
        &mut self,
        params: &Params,
        gradient: &Tensor,
        over_root: impl Fn(Tensor) -> Tensor,
        times_rate: impl Fn(Tensor) -> Tensor,
    ) {
        let [b1, b2] = self.betas;
        let _ = self.first.lerp_(gradient, 1.0 - b1);
        self.second *= b2;
        self.second += gradient.square() * (1.0 - b2);
        let denominator = over_root(self.second.sqrt()) + 1e-8;
        let mut flat = params.flat().shallow_clone();
        flat -= times_rate(&self.first / denominator);
        params.refresh();
    }

    /// From here on the numbers of the steps that an iteration makes are those in `rows` (float [steps, 2] on the device),
    /// and its rate is the one that [`Adam::announce`] was told. All by kernels, on a CPU too.
    pub fn follow(&mut self, rows: Tensor) {
        self.given = Some(Given { rows, done: 0 });
    }

    /// Counts the `steps` of an iteration before they are made, and adds their numbers, for [`Adam::follow`]'s rows, to `to`.
    pub fn announce(&mut self, steps: i64, rate: f64, to: &mut Vec<f32>) {
        for _ in 0..steps {
            self.step += 1;
            let [root, rate] = self.numbers(rate);
            to.extend([1.0 / root, rate].map(|v| v as f32));
        }
        self.again();
    }

    /// The announced steps are made again from the first, by the same numbers.
    pub fn again(&mut self) {
        if let Some(given) = &mut self.given {
            given.done = 0;
        }
    }

    /// The update in one pass over memory, which is all that it costs: on a CPU each of the kernels above takes as long.
    fn step_at_once(&mut self, flat: &Tensor, gradient: &Tensor, scale: AdamScale) {
        let gradient = gradient.contiguous();
        assert_eq!(flat.size(), gradient.size());
        let memory = [flat, &gradient, &self.first, &self.second].map(SharedMemory::of);
        let count = flat.numel();
        // SAFETY: four vectors of `count` values; parts do not overlap.
        in_parts(count / LANES, |part| unsafe { update(memory, scale, part) });
        let rest = count % LANES;
        if rest > 0 {
            let tail = |t: &Tensor| t.narrow(0, (count - rest) as i64, rest as i64);
            let padded = [flat, &gradient, &self.first, &self.second]
                .map(|t| tail(t).constant_pad_nd([0, (LANES - rest) as i64]));
            // SAFETY: four vectors of one lane each.
            unsafe { update(padded.each_ref().map(SharedMemory::of), scale, 0..1) };
            for (to, from) in
                [flat, &self.first, &self.second].into_iter().zip([&padded[0], &padded[2], &padded[3]])
            {
                tail(to).copy_(&from.narrow(0, 0, rest as i64));
            }
        }
    }

    /// Puts the moments, in the order of declaration, and the step count under `name`.
    pub fn save(&self, to: &mut Writer, name: &str) {
        to.tensor(format!("{name}.first"), &self.layout.declared(&self.first));
        to.tensor(format!("{name}.second"), &self.layout.declared(&self.second));
        to.count(name, self.step as usize);
    }

    /// Takes up what [`Adam::save`] put there.
    ///
    /// # Errors
    /// It is not there, or not of as many parameters.
    pub fn load(&mut self, from: &mut Reader, name: &str) -> Result<()> {
        for (part, moments) in [("first", &self.first), ("second", &self.second)] {
            let name = format!("{name}.{part}");
            if self.layout.is_declared() {
                from.fill(&name, moments)?;
                continue;
            }
            let declared = moments.zeros_like();
            from.fill(&name, &declared)?;
            let mut at = 0;
            for mut view in self.layout.views(moments) {
                let size = view.numel() as i64;
                view.copy_(&declared.narrow(0, at, size).view(&view.size()[..]));
                at += size;
            }
        }
        self.step = from.count(name)? as i32;
        Ok(())
    }
}

/// The numbers of a step.
#[derive(Debug, Clone, Copy)]
struct AdamScale {
    /// 1 - beta1, beta2, 1 - beta2.
    keep: [f32; 3],
    /// Square root of 1 - beta2^step.
    root: f32,
    /// Rate over 1 - beta1^step.
    rate: f32,
}

#[inline(always)]
unsafe fn update_all<V: Vector>(
    [flat, gradient, first, second]: [SharedMemory; 4],
    s: AdamScale,
    lanes: Range<usize>,
) {
    let [toward, decay, grow] = s.keep.map(V::splat);
    let (root, rate, least) = (V::splat(s.root), V::splat(s.rate), V::splat(1e-8));
    for at in (lanes.start * LANES..lanes.end * LANES).step_by(V::LANES) {
        // SAFETY: the caller's.
        unsafe {
            let g = V::load(gradient.at(at));
            let (m, v) = (V::load(first.at(at)), V::load(second.at(at)));
            let m = toward.mul_add(g.minus(m), m);
            let v = v.times(decay).plus(g.times(g).times(grow));
            m.store(first.at(at));
            v.store(second.at(at));
            let moved = m.over(v.sqrt().over(root).plus(least)).times(rate);
            V::load(flat.at(at)).minus(moved).store(flat.at(at));
        }
    }
}

in_vectors! {
    /// One step of the values of these lanes.
    fn update(memory: [SharedMemory; 4], scale: AdamScale, lanes: Range<usize>) = update_all, LANES
}

/// Whether every value is finite: one number read from the device.
pub fn all_finite(values: &Tensor) -> bool {
    values.isfinite().all().to_kind(Kind::Int64).int64_value(&[]) == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::torch::params::{ParamsBuilder, Start};
    use seraug_core::rng::Seed;

    /// The pass over memory and the kernels that a GPU takes, for a count that is no multiple of the lanes.
    #[test]
    fn one_pass_is_the_kernels_update() {
        let mut builder = ParamsBuilder::default();
        builder.add("w", &[1003], Start::Normal(1.0));
        let params = builder.build(Seed::new(1), Device::Cpu);
        let (mut adam, [b1, b2]) = (Adam::new(&params, [0.9, 0.999]), [0.9f64, 0.999]);
        let (mut first, mut second) = (params.flat().zeros_like(), params.flat().zeros_like());
        let mut expected = params.flat().copy();
        for step in 1..=5 {
            let mut host = vec![0f32; 1003];
            Seed::new(2).at(step).draws().fill_normal(&mut host);
            let g = Tensor::from_slice(&host);
            adam.step(&params, &g, 1e-2, 0.0);
            let (c1, c2) = (1.0 - b1.powi(step as i32), 1.0 - b2.powi(step as i32));
            let _ = first.lerp_(&g, 1.0 - b1);
            second *= b2;
            second += g.square() * (1.0 - b2);
            expected -= &first / (second.sqrt() / c2.sqrt() + 1e-8) * (1e-2 / c1);
        }
        let off = (params.flat() - &expected).abs().max().double_value(&[]);
        assert!(off < 3e-7, "off by {off}");
    }
}
