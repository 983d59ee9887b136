//! The cells of two runs, each beside its counterpart.

use crate::analysis::loaded_run::{LoadedRun, place};
use seraug_core::run_files::{CellId, Outcome, OutcomeStatus};
use std::collections::{HashMap, HashSet};

/// Which runs have a result of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellPresence {
    /// Both.
    Both,
    /// The first alone: it is failed or absent in the second.
    First,
    /// The second alone.
    Second,
    /// It failed in both.
    Failed,
    /// It failed in one and is absent in the other.
    Neither,
}

impl CellPresence {
    /// `result_in` of compare.csv.
    pub(super) fn result_in(self) -> &'static str {
        match self {
            CellPresence::Both => "both",
            CellPresence::First => "first",
            CellPresence::Second => "second",
            CellPresence::Failed | CellPresence::Neither => "neither",
        }
    }
}

/// A cell in two runs. Values are percent, differences percentage points, second less first.
#[derive(Debug, Clone, PartialEq)]
pub struct CellPair {
    /// The cell, as in the run that has it; the experiment is the first's where both do.
    pub cell: CellId,
    /// What it is about.
    pub corpus: String,
    /// Which have a result.
    pub state: CellPresence,
    /// What [`quantities`] names, in its order; none where a run has no result or the test set none of the class, and
    /// in neither run for `mean_recall_reduced` where they reduced other classes.
    pub values: Vec<[Option<f64>; 2]>,
    /// Both are there and reduced other classes.
    pub reduced_differs: bool,
    /// Test utterances that the two call differently; none without the predictions of both.
    pub changed: Option<usize>,
}

/// The mean recall of the classes that a cell reduced.
pub(super) const REDUCED: &str = "mean_recall_reduced";

/// What is compared in a cell: `uar`, `recall_CLASS`, `mean_recall_reduced`, `accuracy`.
pub fn quantities(classes: &[&str]) -> Vec<String> {
    let recalls = classes.iter().map(|c| format!("recall_{c}"));
    let ends = [REDUCED, "accuracy"].map(str::to_owned);
    std::iter::once("uar".to_owned()).chain(recalls).chain(ends).collect()
}

fn values(o: &Outcome, classes: &[&str]) -> Vec<Option<f64>> {
    let confusion = o.confusion.as_ref();
    let recalls = (0..classes.len()).map(|c| confusion.and_then(|m| m.recall(c)));
    let ends = [o.mean_recall_reduced(classes), confusion.and_then(|m| m.accuracy())];
    let all = std::iter::once(confusion.and_then(|m| m.uar())).chain(recalls).chain(ends);
    all.map(|v| v.map(|v| 100.0 * v)).collect()
}

impl CellPair {
    /// Difference of the quantity at `index`.
    pub fn difference(&self, index: usize) -> Option<f64> {
        let [first, second] = self.values[index];
        Some(second? - first?)
    }

    /// The greatest difference in size and the index of its quantity; of equals the first.
    pub fn greatest(&self) -> Option<(usize, f64)> {
        let all = (0..self.values.len()).filter_map(|i| Some((i, self.difference(i)?)));
        all.fold(None, |best: Option<(usize, f64)>, d| match best {
            Some(b) if b.1.abs() >= d.1.abs() => Some(b),
            _ => Some(d),
        })
    }

    /// `aug/fold-3/seed-1`.
    pub fn name(&self) -> String {
        format!("{}/fold-{}/seed-{}", self.cell.condition, self.cell.fold, self.cell.seed)
    }
}

/// What tells a cell from the others of its run, whatever the experiment.
pub(super) type CellPosition<'a> = (&'a str, usize, u64, &'a str);

/// The place of an outcome.
pub(super) fn place_of(o: &Outcome) -> CellPosition<'_> {
    let (condition, fold, seed) = place(&o.cell);
    (condition, fold, seed, &o.corpus)
}

/// The places at which both have a result.
pub(super) fn shared<'a>(first: &'a LoadedRun, second: &'a LoadedRun) -> HashSet<CellPosition<'a>> {
    let done = |r: &'a LoadedRun| r.outcomes.iter().filter(|o| o.status == OutcomeStatus::Done).map(place_of);
    let of_first: HashSet<CellPosition> = done(first).collect();
    done(second).filter(|p| of_first.contains(p)).collect()
}

/// Every cell of either run: those of the first in its order, then what the second has alone.
pub(super) fn align(
    first: &LoadedRun,
    second: &LoadedRun,
    changed: impl Fn(&Outcome, &Outcome) -> Option<usize>,
) -> Vec<CellPair> {
    let classes = first.spec.class_names();
    let others: HashMap<CellPosition, &Outcome> = second.outcomes.iter().map(|o| (place_of(o), o)).collect();
    let own: HashSet<CellPosition> = first.outcomes.iter().map(place_of).collect();
    let reduced = quantities(&classes).iter().position(|q| q == REDUCED);
    let pair = |a: Option<&Outcome>, b: Option<&Outcome>| {
        let o = a.or(b)?;
        let done = |o: Option<&Outcome>| o.is_some_and(|o| o.status == OutcomeStatus::Done);
        let of = |o: Option<&Outcome>| o.map_or(vec![None; classes.len() + 3], |o| values(o, &classes));
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
