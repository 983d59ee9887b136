//! Runs against the first of them.

use super::aligned_cells::{CellPair, CellPosition, CellPresence, align, place_of, shared};
use super::contrast::Contrast;
use super::deltas::deltas;
use super::metadata_diff::{Difference, differs};
use super::paired_samples::{Half, Pair, contrasts};
use super::test_sets::{self, SplitDigest, refused};
use crate::analysis::aggregate::samples;
use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::predictions::{CellPrediction, RunPredictions};
use crate::analysis::public::Private;
use crate::render::text_table::TextTable;
use rayon::prelude::*;
use seraug_core::error::{Error, Result};
use seraug_core::run_files::{CellRecord, Outcome, RunDir};
use std::collections::{HashMap, HashSet};

/// A run, read and checked.
#[derive(Debug, Clone)]
pub struct Side {
    /// `A`, `B`, …: what stands for it in tables.
    pub letter: char,
    /// Spec, provenance, outcomes.
    pub reading: LoadedRun,
    /// Its predictions.
    pub answers: RunPredictions,
    pub(super) splits: SplitDigest,
    /// Another run of the comparison has the same experiment and id.
    namesake: bool,
    /// The comparison is to be published.
    public: bool,
}

/// A run against the first.
#[derive(Debug, Clone)]
pub struct Against {
    /// Which.
    pub second: Side,
    /// What differs between them, fields of the spec first.
    pub differs: Vec<Difference>,
    /// A table for each data set that both have.
    pub tables: Vec<TextTable>,
    /// Second less first for each condition that both have; Holm's correction over the conditions of a data set.
    pub contrasts: Vec<Contrast>,
    /// Every cell of either.
    pub cells: Vec<CellPair>,
}

/// Several runs against the first.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What the others are compared with.
    pub first: Side,
    /// The others.
    pub against: Vec<Against>,
}

impl Side {
    /// Reads a run. Nothing is written: numbers are those of outcomes.csv as it is.
    ///
    /// # Errors
    /// A run that does not read; [`Error::Contradiction`] where outcomes.csv disagrees with itself, with the predictions or
    /// with the record of a cell.
    pub fn of(run: &RunDir, letter: char) -> Result<Side> {
        if run.counts().is_file() {
            return Err(Error::failed(format!(
                "{}: is a table of counts and has no cells: its counts.csv can be compared as text",
                run.path().display()
            )));
        }
        let reading = LoadedRun::of(run)?;
        let answers = RunPredictions::of(&reading)?;
        reading.outcomes.par_iter().try_for_each(|o| CellRecord::check(run, o))?;
        Ok(Side { letter, answers, splits: SplitDigest::of(run)?, reading, namesake: false, public: false })
    }

    /// `quickstart/20261123T024136Z-fca1a76b86`, with the folder where another run of the comparison is called so.
    pub fn name(&self) -> String {
        let run = &self.reading.run;
        let name = run.name(&self.reading.info.experiment);
        match (self.namesake, self.public) {
            (false, _) => name,
            (true, true) => format!("{name} ({})", self.letter),
            (true, false) => format!("{name} ({})", run.path().display()),
        }
    }

    /// The side as anybody may see it: see [`Private`].
    fn for_anybody(self) -> Side {
        let private = Private::of(&self.reading.run, &self.reading.info);
        Side { reading: private.reading(self.reading), public: true, ..self }
    }

    /// The numbers that utterances of `other` have here.
    pub(super) fn ids_of(&self, other: &Side) -> Vec<Option<u32>> {
        let numbers: HashMap<&str, u32> =
            (0..).zip(&self.answers.utterances).map(|(i, n)| (n.as_str(), i)).collect();
        other.answers.utterances.iter().map(|n| numbers.get(n.as_str()).copied()).collect()
    }

    /// The run as if it had the common cells of one data set alone: their folds and seeds are what is counted.
    fn common(&self, places: &HashSet<CellPosition>, set: &str) -> LoadedRun {
        let own = self.reading.outcomes.iter().filter(|o| o.corpus == set && places.contains(&place_of(o)));
        let of_set = || places.iter().filter(|p| p.3 == set);
        let folds: HashSet<usize> = of_set().map(|p| p.1).collect();
        let seeds: HashSet<u64> = of_set().map(|p| p.2).collect();
        let mut reading = self.reading.with(own, |f| f.corpus == set && folds.contains(&f.number));
        reading.spec.seeds.retain(|s| seeds.contains(s));
        reading
    }
}

/// Reads the runs and compares each but the first with the first.
///
/// # Errors
/// As [`Side::of`]; runs that cannot be compared, with the reason.
pub fn compare(runs: &[RunDir]) -> Result<Comparison> {
    compared(runs, false)
}

/// As [`compare`], for anybody: without hosts, users and paths.
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
    let (a, b) = (&first.reading, &second.reading);
    if a.spec.class_names() != b.spec.class_names() {
        let [x, y] = [a, b].map(|r| r.spec.class_names().join(", "));
        return Err(refused(first, &second, &format!("their classes are {x} and {y}")));
    }
    if a.per_class() != b.per_class() {
        return Err(refused(first, &second, "one reduces a class at a time, the other does not"));
    }
    let places = shared(a, b);
    if places.is_empty() {
        let why = "they have no cell with a result in common (condition, corpus, fold and seed)";
        return Err(refused(first, &second, why));
    }
    test_sets::check(first, &second, &places)?;

    let ids = first.ids_of(&second);
    let mut tables = Vec::new();
    let mut statistics = Vec::new();
    for set in a.data_sets().into_iter().filter(|set| places.iter().any(|p| p.3 == *set)) {
        let parts = like(first.common(&places, set), second.common(&places, set));
        tables.push(deltas(&parts[0], &parts[1], [first.letter, second.letter])?);
        statistics.extend(of_conditions(first, &second, &parts, &ids));
    }
    let changed = |x: &Outcome, y: &Outcome| {
        let [x, y]: [&[CellPrediction]; 2] = [first.answers.cell(&x.cell), second.answers.cell(&y.cell)];
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
        contrasts: statistics,
        cells: align(a, b, changed),
        second,
    })
}

/// Where the reduced classes differ, both are read by UAR over all classes, which means the same in both.
fn like(first: LoadedRun, second: LoadedRun) -> [LoadedRun; 2] {
    let mut both = [first, second];
    if !both[0].per_class() && both[0].reduced() != both[1].reduced() {
        for reading in &mut both {
            reading.spec.reduction = None;
            reading.outcomes.iter_mut().for_each(|o| o.reduced.clear());
        }
    }
    both
}

/// Second less first for each condition of the first that the second has too.
fn of_conditions(first: &Side, second: &Side, parts: &[LoadedRun; 2], ids: &[Option<u32>]) -> Vec<Contrast> {
    let [a, b] = parts;
    let values = [samples(a), samples(b)];
    let mut halves = Vec::new();
    for (i, c) in a.spec.condition.iter().enumerate() {
        let Some(j) = b.spec.condition.iter().position(|d| d.name == c.name) else { continue };
        halves.push([
            Half::of(a, &values[0], &first.answers, i, Some(first.letter), &|id| Some(id)),
            Half::of(b, &values[1], &second.answers, j, Some(second.letter), &|id| ids[id as usize]),
        ]);
    }
    let pairs: Vec<Pair> = halves.iter().map(|[first, second]| Pair { first, second, told: true }).collect();
    contrasts(a, &pairs)
}

impl Against {
    /// Cells that only one of the two has a result of.
    pub fn alone(&self) -> impl Iterator<Item = &CellPair> {
        self.cells.iter().filter(|c| matches!(c.state, CellPresence::First | CellPresence::Second))
    }

    /// Cells that failed in both.
    pub fn failed(&self) -> usize {
        self.cells.iter().filter(|c| c.state == CellPresence::Failed).count()
    }

    /// Cells beyond a tolerance in percentage points: a quantity differs by more, or only one run has a result. At a
    /// tolerance of 0 also those with an answer that differs: recalls can be equal while answers are not.
    pub fn beyond(&self, tolerance: f64) -> Vec<&CellPair> {
        // Percentages are quotients of counts: what is equal as a quotient must not exceed by its last digit.
        let far = |c: &&CellPair| match c.state {
            CellPresence::Both if tolerance == 0.0 && c.changed.is_some_and(|n| n > 0) => true,
            CellPresence::Both => c.greatest().is_some_and(|(_, d)| d.abs() > tolerance + 1e-9),
            CellPresence::First | CellPresence::Second => true,
            CellPresence::Failed | CellPresence::Neither => false,
        };
        self.cells.iter().filter(far).collect()
    }

    /// Cells of both with any difference, of a quantity or a prediction; the largest difference of UAR first.
    pub fn different(&self) -> Vec<&CellPair> {
        let differs = |c: &&CellPair| {
            c.state == CellPresence::Both
                && (c.greatest().is_some_and(|(_, d)| d != 0.0) || c.changed.is_some_and(|n| n > 0))
        };
        let size = |c: &CellPair| c.difference(0).map_or(0.0, f64::abs);
        let mut found: Vec<&CellPair> = self.cells.iter().filter(differs).collect();
        found.sort_by(|x, y| size(y).total_cmp(&size(x)));
        found
    }
}
