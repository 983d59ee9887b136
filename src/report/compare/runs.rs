//! Compares several runs with the first of them.

use super::aligned_cells::{CellPair, CellPresence, align, shared};
use super::contrast::Contrast;
use super::deltas::{deltas, other_deltas};
use super::metadata_diff::{Difference, differs};
use super::paired_samples::{ConditionResults, Pair, contrasts};
use super::side::Side;
use super::test_sets;
use crate::analysis::aggregate::samples;
use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::predictions::CellPrediction;
use crate::render::text_table::TextTable;
use seraug_core::error::{Error, Result};
use seraug_core::run_files::{Outcome, RunDir};
use std::collections::HashMap;

/// A run compared with the first.
#[derive(Debug, Clone)]
pub struct Against {
    /// The run.
    pub second: Side,
    /// Differences of spec, data, code and machine; fields of the spec first.
    pub differs: Vec<Difference>,
    /// A table for each data set that both have.
    pub tables: Vec<TextTable>,
    /// The same of the other measures.
    pub other_measures: Vec<TextTable>,
    /// Second less first for each condition that both have, with Holm's correction over the conditions of a data set.
    pub contrasts: Vec<Contrast>,
    /// Every cell of either run.
    pub cells: Vec<CellPair>,
}

/// Several runs compared with the first.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The run with which the others are compared.
    pub first: Side,
    /// The other runs, in order.
    pub against: Vec<Against>,
}

/// Reads the runs and compares each but the first with the first.
///
/// # Errors
/// As [`Side::of`]; runs that cannot be compared, with the reason.
pub fn compare(runs: &[RunDir]) -> Result<Comparison> {
    compared(runs, false)
}

/// As [`compare`], for publication: without hosts, users and paths.
///
/// # Errors
/// As [`compare`].
pub fn compare_public(runs: &[RunDir]) -> Result<Comparison> {
    compared(runs, true)
}

fn compared(runs: &[RunDir], public: bool) -> Result<Comparison> {
    let side = |(run, letter)| {
        let side = Side::of(run, letter)?;
        Ok(if public { side.for_anybody() } else { side })
    };
    let sides = std::iter::zip(runs, 'A'..='Z').map(side);
    let mut sides = sides.collect::<Result<Vec<Side>>>()?;
    let names: Vec<String> = sides.iter().map(Side::name).collect();
    for (i, side) in sides.iter_mut().enumerate() {
        side.namesake = (0..names.len()).any(|j| names[j] == names[i] && runs[j].path() != runs[i].path());
    }
    let mut sides = sides.into_iter();
    let (Some(first), true) = (sides.next(), (2..=26).contains(&runs.len())) else {
        return Err(Error::usage("compare takes 2 to 26 runs: seraug compare RUN RUN"));
    };
    let against = sides.map(|second| of_two(&first, second)).collect::<Result<Vec<Against>>>()?;
    Ok(Comparison { first, against })
}

fn of_two(first: &Side, second: Side) -> Result<Against> {
    let (a, b) = (&first.run, &second.run);
    if a.spec.class_names() != b.spec.class_names() {
        let [x, y] = [a, b].map(|r| r.spec.class_names().join(", "));
        return Err(first.refuses(&second, &format!("their classes are {x} and {y}")));
    }
    if a.per_class() != b.per_class() {
        return Err(first.refuses(&second, "one reduces a class at a time, the other does not"));
    }
    let places = shared(a, b);
    if places.is_empty() {
        let why = "they have no cell with a result in common (condition, corpus, fold and seed)";
        return Err(first.refuses(&second, why));
    }
    test_sets::check(first, &second, &places)?;

    let ids = first.ids_of(&second);
    let (mut tables, mut other_measures) = (Vec::new(), Vec::new());
    let mut statistics = Vec::new();
    for set in a.data_sets().into_iter().filter(|set| places.iter().any(|p| p.3 == *set)) {
        let parts = like(first.common(&places, set), second.common(&places, set));
        let letters = [first.letter, second.letter];
        tables.push(deltas(&parts[0], &parts[1], letters)?);
        other_measures.push(other_deltas(&parts[0], &parts[1], letters)?);
        statistics.extend(of_conditions(first, &second, &parts, &ids));
    }
    let changed = |x: &Outcome, y: &Outcome| {
        let [x, y]: [&[CellPrediction]; 2] =
            [first.predictions.cell(&x.cell), second.predictions.cell(&y.cell)];
        let said: HashMap<u32, u8> = x.iter().map(|a| (a.utterance, a.predicted)).collect();
        let differs = |b: &&CellPrediction| {
            let own = ids[b.utterance as usize].and_then(|id| said.get(&id));
            own != Some(&b.predicted)
        };
        (!x.is_empty() && !y.is_empty()).then(|| y.iter().filter(differs).count())
    };
    Ok(Against {
        differs: differs(first, &second),
        tables,
        other_measures,
        contrasts: statistics,
        cells: align(a, b, changed),
        second,
    })
}

/// Where the two runs reduced different classes, both are compared by UAR over all classes, which means the same in both.
fn like(first: LoadedRun, second: LoadedRun) -> [LoadedRun; 2] {
    let mut both = [first, second];
    if !both[0].per_class() && both[0].reduced() != both[1].reduced() {
        for run in &mut both {
            run.spec.reduction = None;
            run.outcomes.iter_mut().for_each(|o| o.reduced.clear());
        }
    }
    both
}

/// Second less first for each condition of the first that the second has too.
fn of_conditions(first: &Side, second: &Side, parts: &[LoadedRun; 2], ids: &[Option<u32>]) -> Vec<Contrast> {
    let [a, b] = parts;
    let values = [samples(a), samples(b)];
    let mut results = Vec::new();
    for (i, c) in a.spec.condition.iter().enumerate() {
        let Some(j) = b.spec.condition.iter().position(|d| d.name == c.name) else { continue };
        results.push([
            ConditionResults::of(a, &values[0], &first.predictions, i, Some(first.letter), &|id| Some(id)),
            ConditionResults::of(b, &values[1], &second.predictions, j, Some(second.letter), &|id| {
                ids[id as usize]
            }),
        ]);
    }
    let pairs: Vec<Pair> =
        results.iter().map(|[first, second]| Pair { first, second, has_sentence: true }).collect();
    contrasts(a, &pairs)
}

impl Against {
    /// Cells of which only one run has a result.
    pub fn alone(&self) -> impl Iterator<Item = &CellPair> {
        self.cells.iter().filter(|c| matches!(c.state, CellPresence::First | CellPresence::Second))
    }

    /// Number of cells that failed in both runs.
    pub fn failed(&self) -> usize {
        self.cells.iter().filter(|c| c.state == CellPresence::Failed).count()
    }

    /// Cells beyond a tolerance in percentage points: a UAR, recall or accuracy differs by more, or only one run has a result. At a
    /// tolerance of 0 also those with a prediction that differs: recalls can be equal while predictions are not.
    pub fn beyond(&self, tolerance: f64) -> Vec<&CellPair> {
        // Percentages are quotients of counts: rounding of the last digit must not exceed a tolerance.
        let far = |c: &&CellPair| match c.state {
            CellPresence::Both if tolerance == 0.0 && c.changed.is_some_and(|n| n > 0) => true,
            CellPresence::Both => c.greatest().is_some_and(|(_, d)| d.abs() > tolerance + 1e-9),
            CellPresence::First | CellPresence::Second => true,
            CellPresence::Failed | CellPresence::Neither => false,
        };
        self.cells.iter().filter(far).collect()
    }

    /// Cells that both runs have and that differ in a quantity or a prediction; the largest difference of UAR first.
    pub fn different(&self) -> Vec<&CellPair> {
        let differs = |c: &&CellPair| c.state == CellPresence::Both && c.differs();
        let size = |c: &CellPair| c.difference(0).map_or(0.0, f64::abs);
        let mut found: Vec<&CellPair> = self.cells.iter().filter(differs).collect();
        found.sort_by(|x, y| size(y).total_cmp(&size(x)));
        found
    }
}
