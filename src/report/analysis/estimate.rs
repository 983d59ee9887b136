//! What the cells of a condition say of a model that is trained as they were.

use super::aggregate::{Column, Unit, by_unit, columns, samples, unit};
use super::loaded_run::LoadedRun;
use crate::stats::interval::{Interval, mean_interval};
use seraug_core::error::Result;
use seraug_core::spec::Protocol;
use seraug_core::text::plural;

/// The mean of each column over the folds, or over the seeds of the only one.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelEstimate {
    /// Percent, in the order of the table.
    pub values: Vec<(Column, Interval)>,
    /// Finished cells.
    pub cells: usize,
    /// Tests in all of them.
    pub tested: usize,
    /// What the intervals are over.
    pub over: String,
}

impl ModelEstimate {
    /// That of `condition`, an index into the spec's, in the data set `set` of the run; none without a result.
    ///
    /// # Errors
    /// Outcomes that cannot be aggregated.
    pub fn of(run: &LoadedRun, condition: usize, set: &str) -> Result<Option<ModelEstimate>> {
        let run = &run.only(set);
        let units = by_unit(&samples(run), unit(run))?;
        let values: Vec<(Column, Interval)> = columns(run)
            .into_iter()
            .filter_map(|column| {
                let values: Vec<f64> = units.get(&(condition, column))?.iter().map(|(_, v)| *v).collect();
                Some((column, mean_interval(&values)?))
            })
            .collect();
        let counted = values.iter().map(|(_, interval)| interval.n).max().unwrap_or(0);
        let over = match (unit(run), &run.spec.protocol) {
            (Unit::Fold, Protocol::LeaveTextsOut(_)) => {
                format!("{}, each of other texts", plural(counted, "fold"))
            }
            (Unit::Fold, _) => format!("{}, each of other test speakers", plural(counted, "fold")),
            (Unit::Seed, _) => format!("{} of one fold", plural(counted, "seed")),
        };
        let tested = run.done(condition).map(|o| o.n_test).sum();
        let cells = run.done(condition).count();
        Ok((!values.is_empty()).then_some(ModelEstimate { values, cells, tested, over }))
    }

    /// The unweighted average recall, in percent; none where classes are reduced one at a time.
    pub fn uar(&self) -> Option<Interval> {
        self.values.iter().find(|(column, _)| *column == Column::Uar).map(|(_, interval)| *interval)
    }
}
