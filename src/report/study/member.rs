//! The run of an experiment as a study uses it.

use crate::analysis::aggregate::{self, Column, Unit, by_unit, main_column, mean_ratio, test_over_train};
use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::predictions::RunPredictions;
use crate::compare::{self, Contrast};
use crate::render::result_table::ResultTable;
use crate::stats::{Fieller, fieller};
use rayon::prelude::*;
use seraug_core::error::{Error, Result};
use seraug_core::run_files::{CellRecord, RunDir};
use seraug_core::spec::StudyPair;

/// A run of one corpus, read and checked.
#[derive(Debug, Clone)]
pub(super) struct StudyMember {
    /// What rows call it: the corpus, with its languages where the experiment keeps some alone.
    pub(super) label: String,
    /// Whether every cell is done.
    pub(super) is_finished: bool,
    pub(super) run: LoadedRun,
    /// The results of every condition.
    pub(super) table: ResultTable,
    /// Every pair of conditions.
    contrasts: Vec<Contrast>,
}

impl StudyMember {
    /// Reads the run.
    ///
    /// # Errors
    /// A run that cannot be read or is of several data sets; [`Error::Contradiction`] where its files disagree.
    pub(super) fn of(dir: &RunDir, is_finished: bool) -> Result<StudyMember> {
        let run = LoadedRun::of(dir)?;
        run.outcomes.par_iter().try_for_each(|o| CellRecord::check(dir, o))?;
        let [corpus] = run.data_sets()[..] else {
            let why = "is of several data sets, and a study pools runs of one corpus each";
            return Err(Error::at(dir.path(), why));
        };
        let languages = run.spec.languages_of(corpus).join(", ");
        let languages = if languages.is_empty() { languages } else { format!(" ({languages})") };
        let synthetic = if run.synthetic() && corpus != "synthetic" { " (synthetic)" } else { "" };
        let label = format!("{corpus}{languages}{synthetic}");
        let contrasts = compare::within(&run, &RunPredictions::of(&run)?);
        Ok(StudyMember { label, is_finished, table: ResultTable::of(&run)?, contrasts, run })
    }

    /// `NAME/RUN-ID`.
    pub(super) fn name(&self) -> String {
        self.run.dir.name(&self.run.info.experiment)
    }

    /// The statistics of a comparison, and whether they are of its baseline less its condition; `None` where no fold and seed have
    /// both.
    pub(super) fn contrast(&self, pair: &StudyPair) -> Option<(&Contrast, bool)> {
        self.contrasts.iter().find_map(|c| {
            let [first, second] = &c.conditions;
            if *first == pair.baseline && *second == pair.condition {
                return Some((c, false));
            }
            (*first == pair.condition && *second == pair.baseline).then_some((c, true))
        })
    }

    /// What tables call a condition; `None` where the experiment does not have it.
    pub(super) fn condition_label(&self, name: &str) -> Option<&str> {
        self.run.spec.condition.iter().find(|c| c.name == name).map(|c| c.label())
    }

    /// The share that a condition closes of the gap between its baseline and the condition that trains on everything: 0 as the
    /// baseline, 1 as if nothing were missing. `None` for these two themselves, and where a run has no such condition.
    ///
    /// # Errors
    /// Results that cannot be averaged.
    pub(super) fn share(&self, condition: usize) -> Result<Option<Fieller>> {
        let run = &self.run;
        let base = run.spec.baseline_of(condition);
        let whole = run.spec.condition.iter().position(|c| c.unreduced);
        let Some(whole) = whole.filter(|&w| w != condition && base != condition && base != w) else {
            return Ok(None);
        };
        let samples = aggregate::samples(run);
        let main = main_column(run);
        let gains = |c: usize| {
            let gains = aggregate::differences(&samples, main, c, base);
            Ok(by_unit(&gains, self.unit())?.remove(&(c, Column::Difference)).unwrap_or_default())
        };
        let (own, most) = (gains(condition)?, gains(whole)?);
        let both: Vec<(f64, f64)> = own
            .iter()
            .filter_map(|&(unit, gain)| Some((gain, most.iter().find(|m| m.0 == unit)?.1)))
            .collect();
        let (numerators, denominators): (Vec<f64>, Vec<f64>) = both.into_iter().unzip();
        let ratio = mean_ratio(&test_over_train(run, condition), &test_over_train(run, base));
        Ok(fieller(&numerators, &denominators, 1.0 / numerators.len().max(1) as f64 + ratio))
    }

    /// What the intervals of the run are over.
    pub(super) fn unit(&self) -> Unit {
        self.table.unit
    }
}
