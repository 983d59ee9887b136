//! Aggregates outcomes to one value for each column and independent unit (fold or seed), from which intervals are made.

use super::loaded_run::LoadedRun;
use super::other_measures::OtherMeasure;
use crate::stats::{TTest, corrected_t};
use polars::prelude::{Column as Values, DataFrame, PolarsError, SortMultipleOptions};
use seraug_core::error::{Error, Result};
use seraug_core::run_files::Outcome;
use seraug_core::spec::Protocol;
use std::collections::BTreeMap;

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// Recall of a class; with one data set a class, the UAR of the data set in which that class was reduced.
    Class(usize),
    /// Unweighted average recall over all classes.
    Uar,
    /// Mean over the reduced classes: the paper's Average.
    Reduced,
    /// What stands in the table of other measures.
    Other(OtherMeasure),
    /// The main column less the first condition's, paired as [`pairable`] says.
    Difference,
}

/// A measured value of a cell, in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellSample {
    /// Index of the condition in the spec.
    pub condition: usize,
    /// Column of the table that the value belongs to.
    pub column: Column,
    /// Number of the group of test speakers, from 1.
    pub fold: usize,
    /// Seed of the training, an entry of the spec's `seeds`.
    pub seed: u64,
    /// Percent, or percentage points for a difference; a Brier score as it is.
    pub value: f64,
}

/// What an interval takes as independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Groups of test speakers, each averaged over its seeds.
    Fold,
    /// Seeds, when the spec runs a single fold.
    Seed,
}

/// What the differences and intervals of a run of one data set are over: its folds, or the seeds of its only one.
pub fn unit(run: &LoadedRun) -> Unit {
    if run.groups().len() <= 1 { Unit::Seed } else { Unit::Fold }
}

/// The columns of a run, in table order, without the difference.
pub fn columns(run: &LoadedRun) -> Vec<Column> {
    let reduced = run.reduced();
    if run.per_class() {
        return reduced.iter().map(|&c| Column::Class(c)).chain([Column::Reduced]).collect();
    }
    let classes = (0..run.spec.classes.len()).map(Column::Class);
    classes.chain([Column::Uar]).chain((!reduced.is_empty()).then_some(Column::Reduced)).collect()
}

/// The column that conditions are compared by.
pub fn main_column(run: &LoadedRun) -> Column {
    if run.reduced().is_empty() { Column::Uar } else { Column::Reduced }
}

/// Values of every finished cell. A class without utterances in the test fold has no value.
pub fn samples(run: &LoadedRun) -> Vec<CellSample> {
    let reduced = run.reduced();
    let classes = run.spec.class_names();
    let mut samples = Vec::new();
    // Cells of one data set a class, by (condition, speakers, seed).
    let mut sets: BTreeMap<(usize, usize, u64), BTreeMap<usize, f64>> = BTreeMap::new();
    for o in &run.outcomes {
        let Some(confusion) = &o.confusion else { continue };
        let condition = run.condition_of(&o.cell);
        let (fold, seed) = (run.group(o.cell.fold), o.cell.seed);
        let mut push = |column, value: Option<f64>| {
            samples.extend(value.map(|v| CellSample { condition, column, fold, seed, value: 100.0 * v }));
        };
        if run.per_class() {
            let class = o.reduced.first().and_then(|r| classes.iter().position(|c| c == r));
            if let (Some(class), Some(uar)) = (class, confusion.uar()) {
                push(Column::Class(class), Some(uar));
                sets.entry((condition, fold, seed)).or_default().insert(class, uar);
            }
        } else {
            (0..classes.len()).for_each(|c| push(Column::Class(c), confusion.recall(c)));
            push(Column::Uar, confusion.uar());
            if !reduced.is_empty() {
                push(Column::Reduced, confusion.mean_recall(&reduced));
            }
        }
    }
    for ((condition, fold, seed), uars) in sets {
        // A mean over fewer data sets would be of other classes than the mean beside it.
        if uars.len() == reduced.len() {
            let value = 100.0 * uars.values().sum::<f64>() / uars.len() as f64;
            samples.push(CellSample { condition, column: Column::Reduced, fold, seed, value });
        }
    }
    samples
}

/// The measures of every finished cell. Where classes are reduced one at a time, the cells of all data sets of a fold and seed count.
pub fn other_samples(run: &LoadedRun) -> Vec<CellSample> {
    let sample = |o: &Outcome, measure: OtherMeasure| {
        Some(CellSample {
            condition: run.condition_of(&o.cell),
            column: Column::Other(measure),
            fold: run.group(o.cell.fold),
            seed: o.cell.seed,
            value: measure.of(o)?,
        })
    };
    run.outcomes
        .iter()
        .flat_map(|o| OtherMeasure::ALL.into_iter().filter_map(move |m| sample(o, m)))
        .collect()
}

/// The samples by which conditions are paired: every cell. Seeds of scored systems are no pairs, so of these each fold is first averaged
/// over the system's own seeds.
pub fn pairable(run: &LoadedRun, samples: &[CellSample]) -> Vec<CellSample> {
    if !run.spec.is_scored() {
        return samples.to_vec();
    }
    let mut folds: BTreeMap<(usize, Column, usize), Vec<f64>> = BTreeMap::new();
    for s in samples {
        folds.entry((s.condition, s.column, s.fold)).or_default().push(s.value);
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    folds
        .into_iter()
        .map(|((condition, column, fold), values)| CellSample {
            condition,
            column,
            fold,
            seed: run.pairing_seed(0),
            value: mean(&values),
        })
        .collect()
}

/// Differences `condition - base` in `column`, over the folds and seeds that both have.
pub fn differences(samples: &[CellSample], column: Column, condition: usize, base: usize) -> Vec<CellSample> {
    let of = |index| samples.iter().filter(move |s| s.condition == index && s.column == column);
    of(condition)
        .filter_map(|s| {
            let pair = of(base).find(|b| (b.fold, b.seed) == (s.fold, s.seed))?;
            Some(CellSample { column: Column::Difference, value: s.value - pair.value, ..*s })
        })
        .collect()
}

/// Whether each seed splits the corpora anew, so that it has a test set of its own: the cross-lingual protocol, and its folds read
/// from a file.
pub fn splits_anew(run: &LoadedRun) -> bool {
    match run.spec.protocol {
        Protocol::CrossLingual(_) => true,
        Protocol::SplitFile(_) => run.data_sets().iter().any(|set| set.contains('>')),
        _ => false,
    }
}

/// Test utterances over training utterances, by fold and seed ([`LoadedRun::pairing_seed`]): how much training sets overlap, for the corrected resampled t-test.
pub type Ratios = BTreeMap<(usize, u64), f64>;

/// The ratios of every finished cell of a condition, as the corpus is split: training utterances are those of the corpus that is
/// tested, before any reduction. What a source corpus adds is the same in every split.
pub fn split_ratios(run: &LoadedRun, condition: usize) -> Ratios {
    let used = |name: &str| run.info.corpus.iter().find(|c| c.name == name).map(|c| c.used);
    ratios(run, condition, |o| match o.corpus.split_once('>') {
        // A target's part in training is drawn, and another one is left out than is tested.
        Some((source, _)) => used(source).and_then(|n| o.n_train.checked_sub(n)),
        None => used(&o.corpus).and_then(|n| n.checked_sub(o.n_test)),
    })
}

/// As [`split_ratios`], with all utterances that are left to train on after the reduction, those of a source corpus too.
pub fn reduced_ratios(run: &LoadedRun, condition: usize) -> Ratios {
    ratios(run, condition, |_| None)
}

/// Test utterances over `train`, or over all training utterances where that is not known.
fn ratios(run: &LoadedRun, condition: usize, train: impl Fn(&Outcome) -> Option<usize>) -> Ratios {
    run.done(condition)
        .filter_map(|o| {
            let n = train(o).filter(|n| *n > 0).unwrap_or(o.n_train);
            (n > 0).then(|| ((o.cell.fold, run.pairing_seed(o.cell.seed)), o.n_test as f64 / n as f64))
        })
        .collect()
}

/// The test on which conclusions about a difference are based, of its values for each unit: Student's t, which of the tests that were
/// tried had the most power among those with at most 5 % of false alarms (docs/statistics.md). Where each seed splits anew, the
/// corrected resampled t-test with `ratio`. `None` for one unit and without variance.
pub fn difference_test(run: &LoadedRun, differences: &[f64], ratio: f64) -> Option<TTest> {
    corrected_t(differences, if splits_anew(run) { ratio } else { 0.0 })
}

/// Mean ratio over the cells that both have; 0 where there is none.
pub fn mean_ratio(first: &Ratios, second: &Ratios) -> f64 {
    let both = first.iter().filter_map(|(key, r)| Some((r + second.get(key)?) / 2.0));
    let ratios: Vec<f64> = both.collect();
    ratios.iter().sum::<f64>() / ratios.len().max(1) as f64
}

/// One value for each unit of each (condition, column), sorted by unit: (fold or seed, value).
pub type Units = BTreeMap<(usize, Column), Vec<(u64, f64)>>;

/// Averages the samples of a unit.
pub fn by_unit(samples: &[CellSample], unit: Unit) -> Result<Units> {
    let mut kinds: Vec<Column> = samples.iter().map(|s| s.column).collect();
    kinds.sort();
    kinds.dedup();
    let kind = |c: Column| kinds.iter().position(|&k| k == c).unwrap_or_default() as u32;
    let unit_of = |s: &CellSample| match unit {
        Unit::Fold => s.fold as u64,
        Unit::Seed => s.seed,
    };
    average(samples, kind, unit_of)
        .map(|rows| {
            let mut units = Units::new();
            for (condition, kind, unit, value) in rows {
                units.entry((condition as usize, kinds[kind as usize])).or_default().push((unit, value));
            }
            units
        })
        .map_err(|e| Error::failed(format!("outcomes.csv: cannot be aggregated: {e}")))
}

fn average(
    samples: &[CellSample],
    kind: impl Fn(Column) -> u32,
    unit: impl Fn(&CellSample) -> u64,
) -> std::result::Result<Vec<(u32, u32, u64, f64)>, PolarsError> {
    if samples.is_empty() {
        return Ok(Vec::new());
    }
    let keys = ["condition", "column", "unit"];
    let frame = DataFrame::new(
        samples.len(),
        vec![
            Values::new("condition".into(), samples.iter().map(|s| s.condition as u32).collect::<Vec<_>>()),
            Values::new("column".into(), samples.iter().map(|s| kind(s.column)).collect::<Vec<_>>()),
            Values::new("unit".into(), samples.iter().map(unit).collect::<Vec<_>>()),
            Values::new("fold".into(), samples.iter().map(|s| s.fold as u64).collect::<Vec<_>>()),
            Values::new("seed".into(), samples.iter().map(|s| s.seed).collect::<Vec<_>>()),
            Values::new("value".into(), samples.iter().map(|s| s.value).collect::<Vec<_>>()),
        ],
    )?;
    // Sums depend on the order of their terms in the last digit, and groups come in no order.
    let all = ["condition", "column", "unit", "fold", "seed"];
    let sorted = frame.sort(all, SortMultipleOptions::default())?;
    #[expect(deprecated, reason = "its successor needs the lazy engine, which doubles the crates")]
    let means = sorted.group_by_stable(keys)?.select(["value"]).mean()?;
    let means = means.sort(keys, SortMultipleOptions::default())?;
    let (condition, column) = (means.column("condition")?.u32()?, means.column("column")?.u32()?);
    let (unit, value) = (means.column("unit")?.u64()?, means.column("value_mean")?.f64()?);
    let mut rows = Vec::new();
    for (((c, k), u), v) in condition.iter().zip(column.iter()).zip(unit.iter()).zip(value.iter()) {
        if let (Some(c), Some(k), Some(u), Some(v)) = (c, k, u, v) {
            rows.push((c, k, u, v));
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(condition: usize, fold: usize, seed: u64, value: f64) -> CellSample {
        CellSample { condition, column: Column::Uar, fold, seed, value }
    }

    /// A fold with two seeds and one with one weigh the same.
    #[test]
    fn a_fold_is_first_averaged_over_its_seeds() {
        let samples = [sample(0, 2, 1, 50.0), sample(0, 1, 2, 30.0), sample(0, 1, 1, 10.0)];
        let units = by_unit(&samples, Unit::Fold).unwrap();
        assert_eq!(units[&(0, Column::Uar)], [(1, 20.0), (2, 50.0)]);
        let units = by_unit(&samples[1..], Unit::Seed).unwrap();
        assert_eq!(units[&(0, Column::Uar)], [(1, 10.0), (2, 30.0)]);
        assert!(by_unit(&[], Unit::Fold).unwrap().is_empty());
    }

    #[test]
    fn differences_are_of_cells_that_both_have() {
        let samples =
            [sample(0, 1, 1, 10.0), sample(0, 2, 1, 20.0), sample(1, 2, 1, 25.0), sample(1, 3, 1, 9.0)];
        let d = differences(&samples, Column::Uar, 1, 0);
        assert_eq!(d, [CellSample { column: Column::Difference, value: 5.0, ..samples[2] }]);
    }
}
