//! How much of what the reduction takes away a condition gives back.

use super::aggregate::{CellSample, Unit, by_unit, differences, main_column, samples, unit};
use super::loaded_run::LoadedRun;
use crate::stats::{Fieller, fieller};
use seraug_core::error::Result;

/// The gap between training on what is left and training on everything, and what each condition closes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// The condition on what is left, as an index into the spec: the baseline of `full`.
    pub base: usize,
    /// The condition on everything.
    pub full: usize,
    /// `full` less `base` in the main column, percentage points: a mean over the units that have both.
    pub width: f64,
    /// One a condition that is neither, in the order of the spec.
    pub shares: Vec<GapShare>,
}

/// What a condition closes of a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct GapShare {
    /// The condition, as an index into the spec.
    pub condition: usize,
    /// Condition less base, percentage points: a mean over the units that have all three.
    pub points: f64,
    /// Points over the width of the gap, with a 95 % interval over the units.
    pub share: Option<Fieller>,
}

impl Gap {
    /// The gap of a run of one data set that has a condition with `unreduced = true`, the first if there are several; `None`
    /// without one, and where it has no result beside its baseline.
    ///
    /// # Errors
    /// As [`by_unit`].
    pub fn of(run: &LoadedRun) -> Result<Option<Gap>> {
        let spec = &run.spec;
        let Some(full) = spec.condition.iter().position(|c| c.unreduced) else { return Ok(None) };
        let base = spec.baseline_of(full);
        if base == full || spec.condition[base].unreduced {
            return Ok(None);
        }
        let (samples, unit) = (samples(run), unit(run));
        let of = |condition: usize| over_base(&samples, run, unit, condition, base);
        let whole = of(full)?;
        if whole.is_empty() {
            return Ok(None);
        }
        let mut shares = Vec::new();
        for condition in (0..spec.condition.len()).filter(|c| *c != base && !spec.condition[*c].unreduced) {
            let own = of(condition)?;
            let pairs: Vec<(f64, f64)> = own
                .iter()
                .filter_map(|(u, x)| whole.iter().find(|(v, _)| u == v).map(|(_, y)| (*x, *y)))
                .collect();
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            if x.is_empty() {
                continue;
            }
            let share = fieller(&x, &y);
            shares.push(GapShare { condition, points: mean(&x), share });
        }
        let width = mean(&whole.iter().map(|u| u.1).collect::<Vec<_>>());
        Ok(Some(Gap { base, full, width, shares }))
    }
}

/// `condition` less `base` in each unit.
fn over_base(
    samples: &[CellSample],
    run: &LoadedRun,
    unit: Unit,
    condition: usize,
    base: usize,
) -> Result<Vec<(u64, f64)>> {
    let found = differences(samples, main_column(run), condition, base);
    Ok(by_unit(&found, unit)?.into_values().next().unwrap_or_default())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
