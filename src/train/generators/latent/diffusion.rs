//! The conditional diffusion model of codes (FIDELITY.md rows "latent"): DDPM (Ho et al. 2020) with the cosine schedule of Nichol
//! and Dhariwal (2021), guided without a classifier (Ho and Salimans 2022).

use super::standardised::{CodeRange, StandardisedCodes};
use crate::control::Control;
use crate::generators::training::{Course, Learner, Training};
use crate::kernels::adam::Adam;
use crate::nets::mlp::{Activation, Mlp};
use crate::torch::params::{Params, ParamsBuilder, Start};
use crate::torch::upload::upload;
use seraug_core::error::Result;
use seraug_core::rng::Seed;
use seraug_core::spec::{LatentDiffusion, Spec};
use tch::{Device, Kind, Tensor};

/// Numbers of the embedding of a step.
const TIME: usize = 32;
/// Numbers of the embedding of a class.
const CLASS: usize = 16;

/// The noise schedule: for step t from 1, at index t - 1.
#[derive(Debug, Clone)]
pub struct NoiseSchedule {
    /// Product of 1 - beta up to t.
    pub kept: Vec<f64>,
    /// beta_t, at most 0.999.
    pub betas: Vec<f64>,
}

impl NoiseSchedule {
    /// The cosine schedule of `steps` steps, s = 0.008.
    pub fn cosine(steps: usize) -> NoiseSchedule {
        let f = |t: usize| {
            let angle = (t as f64 / steps as f64 + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2;
            angle.cos().powi(2)
        };
        let betas: Vec<f64> = (1..=steps).map(|t| (1.0 - f(t) / f(t - 1)).min(0.999)).collect();
        let product = |kept: &mut f64, beta: &f64| {
            *kept *= 1.0 - beta;
            Some(*kept)
        };
        NoiseSchedule { kept: betas.iter().scan(1.0, product).collect(), betas }
    }

    /// x_0 from x_t and the predicted noise.
    pub fn clean(&self, t: usize, x: &Tensor, predicted: &Tensor) -> Tensor {
        let kept = self.kept[t - 1];
        (x - predicted * (1.0 - kept).sqrt()) * (1.0 / kept.sqrt())
    }

    /// x_{t-1} from x_t, the predicted x_0 and, for t > 1, fresh noise: a draw from the posterior (Ho et al., eq. 6 and 7).
    pub fn back(&self, t: usize, x: &Tensor, clean: &Tensor, fresh: &Tensor) -> Tensor {
        let (beta, kept) = (self.betas[t - 1], self.kept[t - 1]);
        if t == 1 {
            return clean.shallow_clone();
        }
        let before = self.kept[t - 2];
        let mean = clean * (before.sqrt() * beta / (1.0 - kept))
            + x * ((1.0 - beta).sqrt() * (1.0 - before) / (1.0 - kept));
        mean + fresh * (beta * (1.0 - before) / (1.0 - kept)).sqrt()
    }
}

/// Predicts the noise of a standardised code.
#[derive(Debug)]
pub struct CodeDiffusion {
    mlp: Mlp,
    class: usize,
    params: Params,
    schedule: NoiseSchedule,
    /// Of the training codes.
    range: CodeRange,
    /// Embeddings of the steps, [steps, 32].
    times: Tensor,
    settings: LatentDiffusion,
    /// Number of the class that stands for none.
    no_class: i64,
    latent: usize,
}

impl CodeDiffusion {
    /// With fresh parameters.
    pub fn new(spec: &Spec, seed: Seed, device: Device) -> CodeDiffusion {
        let settings = spec.latent_diffusion();
        let (latent, classes, units) = (spec.autoencoder().latent, spec.classes.len(), settings.units);
        let mut builder = ParamsBuilder::default();
        let sizes = [latent + TIME + CLASS, units, units, units, latent];
        let mlp = Mlp::declare(&mut builder, "layers", &sizes, Activation::Silu);
        let shape = [(classes + 1) as i64, CLASS as i64];
        let class = builder.add("class", &shape, Start::Normal(1.0));
        let params = builder.build(seed.child("code-diffusion"), device).in_precision(spec.precision);
        let schedule = NoiseSchedule::cosine(settings.steps);
        let range = CodeRange::new(latent, device);
        let times = upload(&times(settings.steps), device).view([-1, TIME as i64]);
        CodeDiffusion {
            mlp,
            class,
            params,
            schedule,
            range,
            times,
            settings,
            no_class: classes as i64,
            latent,
        }
    }

    /// Its parameters.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The range of the codes that it was trained on.
    pub fn range(&self) -> &CodeRange {
        &self.range
    }

    /// Parameters and range, to be loaded.
    pub fn stored_mut(&mut self) -> [&mut Params; 2] {
        [&mut self.params, self.range.params_mut()]
    }

    /// Multiply-accumulates of one prediction.
    pub fn macs(&self) -> u64 {
        self.mlp.macs()
    }

    /// Normal numbers that a code is drawn from: the first code and fresh noise of every step but the last.
    pub fn noise(&self) -> usize {
        self.settings.steps * self.latent
    }

    /// The noise in `x` [batch, latent] after steps `t` (int64 [batch], from 0) given `classes` (int64 [batch]).
    pub fn predict(&self, x: &Tensor, t: &Tensor, classes: &Tensor) -> Tensor {
        let class = self.params.get(self.class).index_select(0, classes).to_kind(Kind::Float);
        self.mlp.forward(&self.params, &Tensor::cat(&[x, &self.times.index_select(0, t), &class], 1))
    }

    /// Standardised codes of `classes` (int64 [batch]) from `noise` [batch, `CodeDiffusion::noise`].
    pub fn sample(&self, classes: &Tensor, noise: &Tensor) -> Tensor {
        let (steps, latent) = (self.settings.steps, self.latent as i64);
        let noise = noise.view([-1, steps as i64, latent]);
        let nothing = classes.full_like(self.no_class);
        let mut x = noise.select(1, 0);
        for t in (1..=steps).rev() {
            let at = classes.full_like(t as i64 - 1);
            let free = self.predict(&x, &at, &nothing);
            let guided = self.predict(&x, &at, classes);
            let predicted = &free + (guided - &free) * self.settings.guidance;
            // The last step adds none; its number may be any.
            let fresh = noise.select(1, ((steps - t) as i64 + 1).min(steps as i64 - 1));
            let clean = self.schedule.clean(t, &x, &predicted);
            let clean = if self.settings.clipped { self.range.hold(&clean) } else { clean };
            x = self.schedule.back(t, &x, &clean, &fresh);
        }
        x
    }
}

/// Sinusoids of the steps 1 to `steps`, 32 each.
fn times(steps: usize) -> Vec<f32> {
    let half = TIME / 2;
    let mut out = Vec::with_capacity(steps * TIME);
    for t in 1..=steps {
        let angle = |i: usize| t as f64 * (-(10_000f64.ln()) * i as f64 / half as f64).exp();
        out.extend((0..half).map(|i| angle(i).sin() as f32));
        out.extend((0..half).map(|i| angle(i).cos() as f32));
    }
    out
}

struct DiffusionTraining<'a> {
    net: CodeDiffusion,
    adam: Adam,
    /// Mean of the weights, which begins at zero.
    mean: Tensor,
    /// Square roots of what is kept, and of the rest, [steps] each.
    signal: Tensor,
    noise: Tensor,
    codes: &'a StandardisedCodes,
    seed: Seed,
}

/// Trains the model on `codes`; its weights are then the mean of those of the training. A row has `mse`, of the predicted noise.
///
/// # Errors
/// A value that is not finite, a checkpoint that does not fit, a stop, or what `control` returns.
pub(super) fn train(
    spec: &Spec,
    codes: &StandardisedCodes,
    seed: Seed,
    control: &mut dyn Control,
) -> Result<CodeDiffusion> {
    let device = codes.device();
    let net = CodeDiffusion::new(spec, seed.child("init"), device);
    let settings = net.settings.clone();
    let roots = |of: &dyn Fn(f64) -> f64| {
        let values: Vec<f32> = net.schedule.kept.iter().map(|k| of(*k).sqrt() as f32).collect();
        upload(&values, device)
    };
    let (signal, noise) = (roots(&|k| k), roots(&|k| 1.0 - k));
    let adam = Adam::new(&net.params, [0.9, 0.999]);
    let mean = net.params.flat().zeros_like();
    let course = Course {
        of: "latent diffusion",
        iterations: settings.iterations,
        log_every: settings.log_every,
        rate_field: "latent-diffusion.learning-rate",
    };
    let mut training = DiffusionTraining { net, adam, mean, signal, noise, codes, seed };
    course.run(&mut training, control)?;
    let DiffusionTraining { mut net, mean, .. } = training;
    net.range = codes.range();
    // The share of the zero, corrected as Adam corrects its means.
    let share = 1.0 - settings.decay.powi(settings.iterations as i32);
    tch::no_grad(|| net.params.flat().shallow_clone().copy_(&(mean / share)));
    net.params.refresh();
    Ok(net)
}

impl Training for DiffusionTraining<'_> {
    fn learners(&self) -> Vec<Learner<'_>> {
        vec![Learner { name: "diffusion", params: &self.net.params, adam: &self.adam }]
    }

    fn adams(&mut self) -> Vec<&mut Adam> {
        vec![&mut self.adam]
    }

    fn losses(&self) -> &'static [&'static str] {
        &["mse"]
    }

    fn kept(&self) -> Vec<(&'static str, Tensor)> {
        vec![("mean", self.mean.shallow_clone())]
    }

    fn iterate(&mut self, done: usize) -> Vec<Tensor> {
        let LatentDiffusion { batch, steps, dropped, learning_rate, decay, .. } = self.net.settings;
        let seed = |name: &str| self.seed.child(name).at(done as u64);
        let (codes, classes) = self.codes.draw(seed("codes"), batch);
        let mut host = vec![0f32; batch * self.net.latent];
        seed("noise").draws().fill_normal(&mut host);
        let (mut step_draws, mut drop_draws) = (seed("steps").draws(), seed("dropped").draws());
        let mut numbers: Vec<i64> = (0..batch).map(|_| step_draws.below(steps) as i64).collect();
        numbers.extend((0..batch).map(|_| i64::from(drop_draws.uniform() < dropped)));
        let device = codes.device();
        let noise = upload(&host, device).view([batch as i64, -1]);
        let numbers = upload(&numbers, device).view([2, -1]);
        let (t, is_dropped) = (numbers.get(0), numbers.get(1).to_kind(Kind::Bool));
        let classes = classes.where_self(&is_dropped.logical_not(), &classes.full_like(self.net.no_class));
        let of = |roots: &Tensor| roots.index_select(0, &t).unsqueeze(1);
        let noised = codes * of(&self.signal) + &noise * of(&self.noise);
        let loss = (self.net.predict(&noised, &t, &classes) - noise).square().mean(Kind::Float);
        let gradient = self.net.params.gradient(&loss);
        self.adam.step(&self.net.params, &gradient, learning_rate, 0.0);
        tch::no_grad(|| drop(self.mean.lerp_(self.net.params.flat(), 1.0 - decay)));
        vec![loss.detach()]
    }
}
