//! Pairs each cell of a run with the same cell of another.

use crate::analysis::loaded_run::{LoadedRun, place};
use crate::analysis::other_measures::OtherMeasure;
use seraug_core::run_files::{CellId, Outcome, OutcomeStatus};
use std::collections::{HashMap, HashSet};

/// Which of two runs have a result for a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellPresence {
    /// Both runs have a result.
    Both,
    /// Only the first run has a result; the cell failed or is absent in the second.
    First,
    /// Only the second run has a result.
    Second,
    /// The cell failed in both runs.
    Failed,
    /// The cell failed in one run and is absent in the other.
    Neither,
}

impl CellPresence {
    /// The word in the column `result_in` of compare.csv.
    pub(super) fn result_in(self) -> &'static str {
        match self {
            CellPresence::Both => "both",
            CellPresence::First => "first",
            CellPresence::Second => "second",
            CellPresence::Failed | CellPresence::Neither => "neither",
        }
    }
}

/// A cell in two runs. Values are percent, differences percentage points, second less first; a Brier score is as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct CellPair {
    /// The cell, as the run names it that has it; where both do, as the first names it.
    pub cell: CellId,
    /// The data set of the cell.
    pub corpus: String,
    /// Which runs have a result.
    pub state: CellPresence,
    /// The values of [`quantities`], in its order: of the first run and of the second. `None` where a run has no result or the
    /// test set has no utterance of the class, and in both runs for `mean_recall_reduced` where they reduced different classes.
    pub values: Vec<[Option<f64>; 2]>,
    /// Whether both runs have the cell and reduced different classes in it.
    pub reduced_differs: bool,
    /// Number of test utterances with a different prediction; `None` without the predictions of both runs.
    pub changed: Option<usize>,
}

/// Name of the mean recall over the classes that a cell reduced.
pub(super) const REDUCED: &str = "mean_recall_reduced";

/// The values after accuracy. No tolerance is about them: F1 follows from the counts that the others are of, and probabilities change
/// where no answer does.
const AFTER_ACCURACY: usize = OtherMeasure::ALL.len() - 1;

/// What two computations of the same probabilities may differ by, as a share: files have six digits.
const SAME_PROBABILITIES: f64 = 1e-6;

/// Names of the values that are compared in a cell: `uar`, `recall_CLASS`, `mean_recall_reduced`, then those of [`OtherMeasure`].
pub(super) fn quantities(classes: &[&str]) -> Vec<String> {
    let recalls = classes.iter().map(|c| format!("recall_{c}"));
    let ends = std::iter::once(REDUCED).chain(OtherMeasure::ALL.map(OtherMeasure::key)).map(str::to_owned);
    std::iter::once("uar".to_owned()).chain(recalls).chain(ends).collect()
}

fn values(o: &Outcome, classes: &[&str]) -> Vec<Option<f64>> {
    let confusion = o.confusion.as_ref();
    let recalls = (0..classes.len()).map(|c| confusion.and_then(|m| m.recall(c)));
    let all = std::iter::once(confusion.and_then(|m| m.uar()))
        .chain(recalls)
        .chain([o.mean_recall_reduced(classes)]);
    all.map(|v| v.map(|v| 100.0 * v)).chain(OtherMeasure::ALL.map(|m| m.of(o))).collect()
}

impl CellPair {
    /// Difference of the quantity at `index`, second less first.
    pub fn difference(&self, index: usize) -> Option<f64> {
        let [first, second] = self.values[index];
        Some(second? - first?)
    }

    /// The difference of a UAR, recall or accuracy that is largest in size, and the index of its quantity; the first of several that are
    /// equal.
    pub fn greatest(&self) -> Option<(usize, f64)> {
        let tolerated = self.values.len().saturating_sub(AFTER_ACCURACY);
        let all = (0..tolerated).filter_map(|i| Some((i, self.difference(i)?)));
        all.fold(None, |best: Option<(usize, f64)>, d| match best {
            Some(b) if b.1.abs() >= d.1.abs() => Some(b),
            _ => Some(d),
        })
    }

    /// Whether probabilities, F1 or anything else differs by more than rounding.
    pub fn differs(&self) -> bool {
        let first = self.values.len().saturating_sub(OtherMeasure::ALL.len());
        let other = OtherMeasure::ALL.iter().enumerate().skip(1).any(|(i, measure)| {
            self.difference(first + i).is_some_and(|d| d.abs() > SAME_PROBABILITIES * measure.scale())
        });
        other || self.greatest().is_some_and(|(_, d)| d != 0.0) || self.changed.is_some_and(|n| n > 0)
    }

    /// The cell without its experiment: `aug/fold-3/seed-1`.
    pub fn name(&self) -> String {
        format!("{}/fold-{}/seed-{}", self.cell.condition, self.cell.fold, self.cell.seed)
    }
}

/// Condition, fold, seed and data set, which tell a cell from the others of its run.
pub(super) type CellPosition<'a> = (&'a str, usize, u64, &'a str);

/// The position of the cell of an outcome.
pub(super) fn place_of(o: &Outcome) -> CellPosition<'_> {
    let (condition, fold, seed) = place(&o.cell);
    (condition, fold, seed, &o.corpus)
}

/// The positions at which both runs have a result.
pub(super) fn shared<'a>(first: &'a LoadedRun, second: &'a LoadedRun) -> HashSet<CellPosition<'a>> {
    let done = |r: &'a LoadedRun| r.outcomes.iter().filter(|o| o.status == OutcomeStatus::Done).map(place_of);
    let of_first: HashSet<CellPosition> = done(first).collect();
    done(second).filter(|p| of_first.contains(p)).collect()
}

/// Every cell of either run: those of the first in its order, then those that only the second has. `changed` counts the
/// predictions that differ.
pub(super) fn align(
    first: &LoadedRun,
    second: &LoadedRun,
    changed: impl Fn(&Outcome, &Outcome) -> Option<usize>,
) -> Vec<CellPair> {
    let classes = first.spec.class_names();
    let others: HashMap<CellPosition, &Outcome> = second.outcomes.iter().map(|o| (place_of(o), o)).collect();
    let own: HashSet<CellPosition> = first.outcomes.iter().map(place_of).collect();
    let names = quantities(&classes);
    let (width, reduced) = (names.len(), names.iter().position(|q| q == REDUCED));
    let pair = |a: Option<&Outcome>, b: Option<&Outcome>| {
        let o = a.or(b)?;
        let done = |o: Option<&Outcome>| o.is_some_and(|o| o.status == OutcomeStatus::Done);
        let of = |o: Option<&Outcome>| o.map_or(vec![None; width], |o| values(o, &classes));
        let mut values: Vec<_> = std::iter::zip(of(a), of(b)).map(|(a, b)| [a, b]).collect();
        let set = |o: &Outcome| o.reduced.iter().cloned().collect::<HashSet<String>>();
        let reduced_differs = a.zip(b).is_some_and(|(a, b)| set(a) != set(b));
        if let (true, Some(i)) = (reduced_differs, reduced) {
            values[i] = [None; 2];
        }
        Some(CellPair {
            cell: o.cell.clone(),
            corpus: o.corpus.clone(),
            state: match (done(a), done(b)) {
                (true, true) => CellPresence::Both,
                (true, false) => CellPresence::First,
                (false, true) => CellPresence::Second,
                (false, false) if a.is_some() && b.is_some() => CellPresence::Failed,
                (false, false) => CellPresence::Neither,
            },
            values,
            reduced_differs,
            changed: a.zip(b).and_then(|(a, b)| changed(a, b)),
        })
    };
    let of_first = first.outcomes.iter().filter_map(|o| pair(Some(o), others.get(&place_of(o)).copied()));
    let alone = second.outcomes.iter().filter(|o| !own.contains(&place_of(o)));
    of_first.chain(alone.filter_map(|o| pair(None, Some(o)))).collect()
}
