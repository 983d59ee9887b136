//! Training of the augmentor, its discriminator and the representation learner (paper 2.3, 2.4).

pub use super::networks::Networks;
use super::noise::Purpose;
use super::phase_batch::Batch;
pub use super::phases::Trainer;
use crate::control::{Control, pause};
use crate::feature_bank::Bank;
use crate::history::LoggedRow;
use crate::kernels::adam::all_finite;
use seraug_core::error::{Error, Result};
use seraug_core::rng::Seed;
use seraug_core::spec::{GanLoss, Spec};
use tch::{Tensor, no_grad};

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
    pub(crate) fn class_names(&self) -> Vec<String> {
        match self.spec.class_names() {
            names if names.len() == self.classes => names.into_iter().map(str::to_owned).collect(),
            _ => (0..self.classes).map(|c| c.to_string()).collect(),
        }
    }
}

/// Trains for `spec.augmentor.iterations` iterations, or what is left of them after `control`'s checkpoint;
/// `control` gets a row every `log_every` of them and after the last.
///
/// A row holds the means of `rep`, `d_loss`, `var`, `gan`, `emo`, `bal` since the row before (each where it
/// is trained with) and, of its own step: `d_ap` and `d_an`, mean dist(A, P) and dist(A, N), unless L_GAN is
/// alone; `d_accuracy` of the discriminator before its update; `p_mean` and `p_deviation` of the
/// decoder's output (the deviation is taken inside each window); `two_noise_cosine`, of the outputs for
/// one input and two noises.
///
/// # Errors
/// Fewer than two classes, a class without an utterance, a value that is not finite, a checkpoint that does not
/// fit, a stop, or what `control` returns.
pub fn train(task: AugmentorTask, control: &mut dyn Control) -> Result<Networks> {
    let mut trainer = match control.resume() {
        Some(dir) => Trainer::resume(task, &dir)?,
        None => Trainer::new(task)?,
    };
    if control.records()
        && let Some(note) = trainer.record()
    {
        control.note(note);
    }
    trainer.run(control)?;
    Ok(trainer.networks)
}

impl Trainer<'_> {
    /// Iterates up to the spec's number of iterations; rows and errors as of [`train`].
    pub fn run(&mut self, control: &mut dyn Control) -> Result<()> {
        let (steps, every) = (self.task.spec.augmentor.iterations, self.task.spec.augmentor.log_every);
        while self.step < steps {
            let log = (self.step + 1).is_multiple_of(every);
            match self.fixed.take() {
                None => {
                    let batch = self.iterate(if log { self.diagnosed() } else { &[] });
                    if log {
                        self.report(&batch, control)?;
                    }
                }
                Some(fixed) => {
                    self.iterate_fixed(fixed)?;
                    if let Some(note) = self.fixed.as_mut().and_then(|fixed| fixed.note.take()) {
                        control.note(note);
                    }
                    if log {
                        self.report_last(control)?;
                    }
                }
            }
            pause(control, self.step, steps, &|dir| self.save(dir))?;
        }
        if !self.tally.is_empty() {
            // The last step is off the interval, and may have been before a resume.
            self.report_last(control)?;
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
    ///
    /// # Errors
    /// It was to be recorded as a CUDA graph and cannot be.
    pub fn iteration(&mut self) -> Result<()> {
        match self.fixed.take() {
            None => {
                self.iterate(&[]);
                Ok(())
            }
            Some(fixed) => self.iterate_fixed(fixed),
        }
    }

    /// The row of the last iteration, whose batch is drawn again.
    fn report_last(&mut self, control: &mut dyn Control) -> Result<()> {
        let batch = self.prepare_step(self.step - 1, self.diagnosed());
        self.report(&batch, control)
    }

    /// One iteration, its batch prepared with the noise of `also` too.
    fn iterate(&mut self, also: &[Purpose]) -> Batch {
        let mut batch = self.prepare(also);
        let moved = self.phases(&mut batch);
        moved.losses.iter().for_each(|(name, loss)| self.tally.add(name, loss));
        self.tally.keep(moved.represented, moved.discriminated);
        self.step += 1;
        batch
    }

    /// The noise that a row asks for, where the phases do not.
    fn diagnosed(&self) -> &'static [Purpose] {
        if self.task.trains(GanLoss::Var) { &[] } else { &[Purpose::FirstVariant, Purpose::SecondVariant] }
    }

    /// Gives `control` the row of the last iteration and the losses since the row before; `batch` is the
    /// iteration's, with the noise of [`Trainer::diagnosed`].
    fn report(&mut self, batch: &Batch, control: &mut dyn Control) -> Result<()> {
        let values = no_grad(|| {
            let [first, second] = self.perturbations(batch).map(|p| p.flatten(1, -1));
            let deviation = first.std_dim(1, false, false);
            let cosine = Tensor::cosine_similarity(&first, &second, 1, 1e-8);
            self.tally.read(vec![("p_mean", first), ("p_deviation", deviation), ("two_noise_cosine", cosine)])
        });
        let row = LoggedRow { step: self.step, steps: self.task.spec.augmentor.iterations, values };
        finite(&row)?;
        control.row(row)
    }
}

fn finite(row: &LoggedRow) -> Result<()> {
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
