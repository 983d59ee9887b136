//! What a training asks of its surroundings between two steps: where to go on from, when to save, when to stop.

use crate::history::LoggedRow;
use seraug_core::error::{Error, Result};
use std::path::{Path, PathBuf};

/// What to do after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The next step.
    Continue,
    /// Save, then the next step.
    Save,
    /// Save, then end with [`seraug_core::error::Error::Interrupted`]; after the last step, end as always.
    Stop,
}

/// The surroundings of a training. Resumed from any checkpoint, a training gives the same rows and the same
/// weights, bit for bit on one CPU device, as one that was never interrupted.
pub trait Control {
    /// The folder of the checkpoint to go on from, asked once before the first step; what
    /// [`Control::save`]'s `write` put there. Rows up to it have been given before. It may be of any step up to
    /// the last, and of a training of another number of steps where [`seraug_core::spec::Classifier::continues`] says so (the
    /// augmentor's always); one that does not fit is an error of the training.
    fn resume(&mut self) -> Option<PathBuf> {
        None
    }

    /// Whether the augmentor's iteration is to be a CUDA graph where it can be one; asked once before the first step.
    fn records(&mut self) -> bool {
        false
    }

    /// Something to know that stops nothing, on one line.
    fn note(&mut self, text: String) {
        drop(text);
    }

    /// Called after each log interval; an error stops the training.
    fn row(&mut self, row: LoggedRow) -> Result<()>;

    /// Called after every step, after its row if it has one on the interval; must cost next to nothing.
    /// A row that only marks the end (the last step, off the interval) comes after it.
    fn action(&mut self, step: usize, steps: usize) -> Action {
        let _ = (step, steps);
        Action::Continue
    }

    /// Keeps the state after `step` steps: `write` fills a fresh folder with safetensors and small files.
    fn save(&mut self, step: usize, write: &dyn Fn(&Path) -> Result<()>) -> Result<()> {
        let _ = (step, write);
        Ok(())
    }
}

/// Asks `control` what to do after step `step`, and saves by `write` or ends the training as it says. A stop after
/// the last step only saves, as there is nothing left to stop.
pub(super) fn pause(
    control: &mut dyn Control,
    step: usize,
    steps: usize,
    write: &dyn Fn(&Path) -> Result<()>,
) -> Result<()> {
    let action = control.action(step, steps);
    if action != Action::Continue {
        control.save(step, write)?;
    }
    if action == Action::Stop && step < steps {
        return Err(Error::interrupted(format!("stopped at step {step} of {steps}")));
    }
    Ok(())
}

/// Only listens to the rows; never saves.
impl<F: FnMut(LoggedRow) -> Result<()>> Control for F {
    fn row(&mut self, row: LoggedRow) -> Result<()> {
        self(row)
    }
}
