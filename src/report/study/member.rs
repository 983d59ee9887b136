//! The run of an experiment as a study uses it.

use crate::analysis::aggregate::Unit;
use crate::analysis::gap::Gap;
use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::predictions::RunPredictions;
use crate::compare::{self, Contrast};
use crate::render::result_table::ResultTable;
use crate::stats::Fieller;
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
    /// What the conditions close of the gap to one on everything, where there is one.
    gap: Option<Gap>,
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
        let (table, gap) = (ResultTable::of(&run)?, Gap::of(&run)?);
        Ok(StudyMember { label, is_finished, table, contrasts, gap, run })
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

    /// The share that a condition closes of the gap; `None` for the two at its ends, and where a run has none.
    pub(super) fn share(&self, condition: usize) -> Option<Fieller> {
        self.gap.as_ref()?.shares.iter().find(|s| s.condition == condition)?.share
    }

    /// What the intervals of the run are over.
    pub(super) fn unit(&self) -> Unit {
        self.table.unit
    }
}
