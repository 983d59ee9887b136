//! One of the runs of a comparison.

use super::aligned_cells::{CellPosition, place_of};
use super::split_digest::SplitDigest;
use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::predictions::RunPredictions;
use crate::analysis::public::Private;
use rayon::prelude::*;
use seraug_core::error::{Error, Result};
use seraug_core::run_files::{CellRecord, RunDir};
use std::collections::{HashMap, HashSet};

/// A run that takes part in a comparison, read and checked.
#[derive(Debug, Clone)]
pub struct Side {
    /// The letter that stands for the run in tables: `A`, `B`, …
    pub letter: char,
    /// Its spec, provenance and outcomes.
    pub run: LoadedRun,
    /// Its predictions, by cell.
    pub predictions: RunPredictions,
    pub(super) splits: SplitDigest,
    /// Whether another run of the comparison has the same experiment and id.
    pub(super) namesake: bool,
    /// Whether the comparison is to be published.
    public: bool,
}

impl Side {
    /// Reads a run. Nothing is written; the numbers are those of outcomes.csv as it stands.
    ///
    /// # Errors
    /// A run that cannot be read; [`Error::Contradiction`] where outcomes.csv disagrees with itself, with the predictions or
    /// with the record of a cell.
    pub fn of(dir: &RunDir, letter: char) -> Result<Side> {
        if dir.counts().is_file() {
            return Err(Error::failed(format!(
                "{}: is a table of counts and has no cells: its counts.csv can be compared as text",
                dir.path().display()
            )));
        }
        let mut run = LoadedRun::of(dir)?;
        let predictions = RunPredictions::of(&run)?;
        predictions.calibrate(&mut run);
        run.outcomes.par_iter().try_for_each(|o| CellRecord::check(dir, o))?;
        Ok(Side { letter, predictions, splits: SplitDigest::of(dir)?, run, namesake: false, public: false })
    }

    /// `quickstart/20261123T024136Z-fca1a76b86`, with the folder where another run of the comparison is called so.
    pub fn name(&self) -> String {
        let dir = &self.run.dir;
        let name = dir.name(&self.run.info.experiment);
        match (self.namesake, self.public) {
            (false, _) => name,
            (true, true) => format!("{name} ({})", self.letter),
            (true, false) => format!("{name} ({})", dir.path().display()),
        }
    }

    /// The run prepared for publication: see [`Private`].
    pub(super) fn for_anybody(self) -> Side {
        let private = Private::of(&self.run.dir, &self.run.info);
        Side { run: private.run(self.run), public: true, ..self }
    }

    /// An error that says why this run cannot be compared with `other`.
    pub(super) fn refuses(&self, other: &Side, why: &str) -> Error {
        Error::failed(format!("{} and {} cannot be compared: {why}", self.name(), other.name()))
    }

    /// For each utterance of `other`, its number in this run.
    pub(super) fn ids_of(&self, other: &Side) -> Vec<Option<u32>> {
        let numbers: HashMap<&str, u32> =
            (0..).zip(&self.predictions.utterances).map(|(i, n)| (n.as_str(), i)).collect();
        other.predictions.utterances.iter().map(|n| numbers.get(n.as_str()).copied()).collect()
    }

    /// The run as if it only had the common cells of one data set, so that only their folds and seeds are planned.
    pub(super) fn common(&self, places: &HashSet<CellPosition>, set: &str) -> LoadedRun {
        let own = self.run.outcomes.iter().filter(|o| o.corpus == set && places.contains(&place_of(o)));
        let of_set = || places.iter().filter(|p| p.3 == set);
        let folds: HashSet<usize> = of_set().map(|p| p.1).collect();
        let seeds: HashSet<u64> = of_set().map(|p| p.2).collect();
        let mut run = self.run.with(own, |f| f.corpus == set && folds.contains(&f.number));
        run.spec.seeds.retain(|s| seeds.contains(s));
        run
    }
}
