//! Training of the augmentor, its discriminator and the representation learner (paper 2.3, 2.4).

use super::adam::all_finite;
use super::bank::Bank;
use super::draws::Purpose;
use super::history::{Observe, Row};
pub use super::networks::Networks;
pub use super::phases::Trainer;
use super::phases::{Batch, Discriminated, Represented};
use crate::error::{Error, Result};
use crate::seed::Seed;
use crate::spec::{GanLoss, Spec};
use tch::{Kind, Tensor, no_grad};

/// What the networks are trained on and how.
#[derive(Debug, Clone, Copy)]
pub struct AugmentorTask<'a> {
    /// Sizes, settings, and the names of the classes for errors.
    pub spec: &'a Spec,
    /// Loss groups; the ablation drops some.
    pub losses: &'a [GanLoss],
    /// The fold's training utterances, standardised.
    pub bank: &'a Bank,
    /// Class of each utterance of the bank, below `classes`.
    pub labels: &'a [usize],
    /// Number of classes.
    pub classes: usize,
    /// Of the initial values and of every draw.
    pub seed: Seed,
}

impl AugmentorTask<'_> {
    /// Whether a loss group is trained with.
    pub fn trains(&self, loss: GanLoss) -> bool {
        self.losses.contains(&loss)
    }

    /// Whether the representation learner is trained, and guides the augmentor.
    pub fn guided(&self) -> bool {
        GanLoss::guided(self.losses)
    }

    /// Names of the classes, numbers where the spec has another number of them.
    pub(super) fn class_names(&self) -> Vec<String> {
        match self.spec.class_names() {
            names if names.len() == self.classes => names.into_iter().map(str::to_owned).collect(),
            _ => (0..self.classes).map(|c| c.to_string()).collect(),
        }
    }
}

/// Trains for `spec.augmentor.iterations` iterations; `observe` gets a row every `log_every` of them and
/// after the last.
///
/// A row holds the means of `rep`, `d_loss`, `var`, `gan`, `emo`, `bal` since the row before (each where it
/// is trained with) and, of its own step: `d_ap` and `d_an`, mean dist(A, P) and dist(A, N), unless L_GAN is
/// alone; `d_accuracy` of the discriminator before its update; `p_mean` and `p_deviation` of the
/// decoder's output (the deviation is taken inside each window); `two_noise_cosine`, of the outputs for
/// one input and two noises.
///
/// # Errors
/// Fewer than two classes, a class without an utterance, a value that is not finite, or what `observe`
/// returns.
pub fn train(task: AugmentorTask, observe: Observe) -> Result<Networks> {
    let mut trainer = Trainer::new(task)?;
    trainer.run(observe)?;
    Ok(trainer.networks)
}

impl Trainer<'_> {
    /// Iterates up to the spec's number of iterations; rows and errors as of [`train`].
    pub fn run(&mut self, observe: Observe) -> Result<()> {
        let (steps, every) = (self.task.spec.augmentor.iterations, self.task.spec.augmentor.log_every);
        let mut tally = Tally::default();
        while self.step < steps {
            let log = (self.step + 1).is_multiple_of(every) || self.step + 1 == steps;
            let row = self.iterate(&mut tally, log);
            if let Some(values) = row {
                let row = Row { step: self.step, steps, values };
                finite(&row)?;
                observe(row)?;
            }
        }
        let n = &self.networks;
        for (name, params) in [
            ("augmentor", &n.augmentor.params),
            ("discriminator", &n.discriminator.params),
            ("representation learner", &n.representation.params),
        ] {
            if !all_finite(params.flat()) {
                return Err(diverged(&format!("a weight of the {name} is not finite"), self.step));
            }
        }
        Ok(())
    }

    /// One iteration, without a row.
    pub fn iteration(&mut self) {
        self.iterate(&mut Tally::default(), false);
    }

    fn iterate(&mut self, tally: &mut Tally, log: bool) -> Option<Vec<(&'static str, f64)>> {
        let var = self.task.trains(GanLoss::Var);
        let variants = [Purpose::FirstVariant, Purpose::SecondVariant];
        let mut batch = self.prepare(if log && !var { &variants } else { &[] });
        let represented = self.task.guided().then(|| self.represent(&mut batch));
        if let Some(represented) = &represented {
            tally.add("rep", &represented.loss);
        }
        let discriminated = self.discriminate(&batch);
        tally.add("d_loss", &discriminated.loss);
        if var {
            tally.add("var", &self.vary(&batch));
        }
        let preserved = self.preserve(&batch);
        tally.add("gan", &preserved.gan);
        if let Some(emo) = &preserved.emo {
            tally.add("emo", emo);
        }
        if let Some(bal) = &preserved.bal {
            tally.add("bal", bal);
        }
        self.step += 1;
        log.then(|| {
            no_grad(|| self.diagnose(&batch, represented.as_ref(), &discriminated, tally));
            tally.read()
        })
    }

    fn diagnose(
        &self,
        batch: &Batch,
        represented: Option<&Represented>,
        discriminated: &Discriminated,
        tally: &mut Tally,
    ) {
        let mean = |t: &Tensor| t.mean(Kind::Float);
        if let Some(represented) = represented {
            tally.add("d_ap", &mean(&represented.positive));
            tally.add("d_an", &mean(&represented.negative));
        }
        let right = Tensor::cat(&[discriminated.original.gt(0.0), discriminated.augmented.lt(0.0)], 0);
        tally.add("d_accuracy", &mean(&right.to_kind(Kind::Float)));
        let [first, second] = self.perturbations(batch).map(|p| p.flatten(1, -1));
        tally.add("p_mean", &mean(&first));
        tally.add("p_deviation", &mean(&first.std_dim(1, false, false)));
        tally.add("two_noise_cosine", &mean(&Tensor::cosine_similarity(&first, &second, 1, 1e-8)));
    }
}

/// Scalars on the device, by name in the order of their first mention; read all at once.
#[derive(Debug, Default)]
struct Tally {
    columns: Vec<(&'static str, Vec<Tensor>)>,
}

impl Tally {
    fn add(&mut self, name: &'static str, value: &Tensor) {
        match self.columns.iter_mut().find(|(n, _)| *n == name) {
            Some((_, values)) => values.push(value.shallow_clone()),
            None => self.columns.push((name, vec![value.shallow_clone()])),
        }
    }

    /// The mean of each column since the last read: one copy to the host.
    fn read(&mut self) -> Vec<(&'static str, f64)> {
        let columns = std::mem::take(&mut self.columns);
        let means: Vec<Tensor> = columns.iter().map(|(_, v)| Tensor::stack(v, 0).mean(Kind::Float)).collect();
        let host = Vec::<f32>::try_from(Tensor::stack(&means, 0)).expect("a vector of floats");
        columns.iter().zip(host).map(|((name, _), value)| (*name, f64::from(value))).collect()
    }
}

fn finite(row: &Row) -> Result<()> {
    match row.values.iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((name, value)) => Err(diverged(&format!("{name} is {value}"), row.step)),
    }
}

fn diverged(what: &str, step: usize) -> Error {
    Error::failed(format!(
        "augmentor training: {what} at step {step}; lower augmentor.learning-rate or set augmentor.clip-norm"
    ))
}
