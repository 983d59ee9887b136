//! The training of a generator's networks, iteration by iteration: rows, checkpoints, stops. What an iteration does is the
//! generator's own.

use crate::control::{Control, pause};
use crate::history::LoggedRow;
use crate::kernels::adam::{Adam, all_finite};
use crate::torch::checkpoint::{Reader, Writer};
use crate::torch::params::Params;
use seraug_core::error::{Error, Result};
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// A network in training.
#[derive(Debug)]
pub(crate) struct Learner<'a> {
    /// Its name in checkpoints and errors.
    pub(crate) name: &'static str,
    pub(crate) params: &'a Params,
    pub(crate) adam: &'a Adam,
}

/// Networks that are trained together. Every draw depends on the number of the iteration, so that one that is resumed goes on
/// as if it had never stopped.
pub(crate) trait Training {
    /// The networks that are trained.
    fn learners(&self) -> Vec<Learner<'_>>;

    /// Their optimisers, in the same order.
    fn adams(&mut self) -> Vec<&mut Adam>;

    /// Names of the losses, in the order of a row; of all of them, where not every iteration has each.
    fn losses(&self) -> &'static [&'static str];

    /// Those of the iteration after `done` others, where a training has parts that differ in them; a part ends with a row.
    fn losses_of(&self, done: usize) -> &'static [&'static str] {
        let _ = done;
        self.losses()
    }

    /// Makes the iteration after `done` others; gives the value of each of the losses: scalars, detached, on the device.
    fn iterate(&mut self, done: usize) -> Vec<Tensor>;

    /// What else a checkpoint holds: tensors by name, written over when one is taken up.
    fn kept(&self) -> Vec<(&'static str, Tensor)> {
        Vec::new()
    }

    /// What else a row says after `done` iterations, read from the device.
    fn measured(&mut self, done: usize) -> Vec<(&'static str, f64)> {
        let _ = done;
        Vec::new()
    }
}

/// How long a training is, and what its errors say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Course {
    /// What is trained, for errors: the name of the generator.
    pub(crate) of: &'static str,
    /// Iterations in all.
    pub(crate) iterations: usize,
    /// Iterations between two rows.
    pub(crate) log_every: usize,
    /// The field to lower where a value is not finite.
    pub(crate) rate_field: &'static str,
}

impl Course {
    /// Runs `training` from the start, or from `control`'s checkpoint, to the end. A row has the mean of each loss since the row
    /// before and what [`Training::measured`] adds.
    ///
    /// # Errors
    /// A loss or a weight that is not finite, a checkpoint that does not fit, a stop, or what `control` returns.
    pub(crate) fn run(&self, training: &mut impl Training, control: &mut dyn Control) -> Result<()> {
        let (mut done, mut tally) = match control.resume() {
            Some(dir) => self.load(training, &dir)?,
            None => (0, Vec::new()),
        };
        while done < self.iterations {
            tally.push(Tensor::stack(&training.iterate(done), 0));
            done += 1;
            let ends = done < self.iterations && training.losses_of(done) != training.losses_of(done - 1);
            if ends || done.is_multiple_of(self.log_every) {
                self.row(training, done, &mut tally, control)?;
            }
            pause(control, done, self.iterations, &|dir| self.save(training, done, &tally, dir))?;
        }
        if !tally.is_empty() {
            self.row(training, done, &mut tally, control)?;
        }
        match training.learners().iter().find(|learner| !all_finite(learner.params.flat())) {
            None => Ok(()),
            Some(learner) => {
                Err(self.diverged(&format!("a weight of the {} is not finite", learner.name), done))
            }
        }
    }

    fn row(
        &self,
        training: &mut impl Training,
        done: usize,
        tally: &mut Vec<Tensor>,
        control: &mut dyn Control,
    ) -> Result<()> {
        let means = Tensor::stack(tally, 0).mean_dim(0, false, Kind::Double).to_device(Device::Cpu);
        tally.clear();
        let means = Vec::<f64>::try_from(means).expect("a vector of losses");
        let mut values: Vec<(&'static str, f64)> =
            training.losses_of(done - 1).iter().copied().zip(means).collect();
        values.extend(training.measured(done));
        if let Some((name, value)) = values.iter().find(|(_, value)| !value.is_finite()) {
            return Err(self.diverged(&format!("{name} is {value}"), done));
        }
        control.row(LoggedRow { step: done, steps: self.iterations, values })
    }

    fn save(&self, training: &impl Training, done: usize, tally: &[Tensor], dir: &Path) -> Result<()> {
        let mut to = Writer::new(done, self.iterations);
        for learner in training.learners() {
            to.params(learner.name, learner.params);
            learner.adam.save(&mut to, &format!("{}-adam", learner.name));
        }
        for (name, tensor) in training.kept() {
            to.tensor(format!("kept.{name}"), &tensor);
        }
        if !tally.is_empty() {
            to.tensor("tally", &Tensor::stack(tally, 0));
        }
        to.write(dir)
    }

    fn load(&self, training: &mut impl Training, dir: &Path) -> Result<(usize, Vec<Tensor>)> {
        let mut from = Reader::open(dir)?;
        let done = from.step(self.iterations, false)?;
        let learners = training.learners();
        learners.iter().try_for_each(|learner| from.params(learner.name, learner.params))?;
        let device = learners.first().map_or(Device::Cpu, |learner| learner.params.flat().device());
        let names: Vec<&str> = learners.iter().map(|learner| learner.name).collect();
        for (name, adam) in names.into_iter().zip(training.adams()) {
            adam.load(&mut from, &format!("{name}-adam"))?;
        }
        for (name, tensor) in training.kept() {
            from.fill(&format!("kept.{name}"), &tensor)?;
        }
        let tally = match from.has("tally") {
            true => from.tensor("tally", Kind::Float, device)?.unbind(0),
            false => Vec::new(),
        };
        Ok((done, tally))
    }

    fn diverged(&self, what: &str, done: usize) -> Error {
        Error::failed(format!("{} training: {what} at step {done}; lower {}", self.of, self.rate_field))
    }
}
