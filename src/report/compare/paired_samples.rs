//! The numbers of a condition, laid out for pairing, and the statistics of two of them.

use super::contrast::Contrast;
use super::paired_predictions::{Measure, Votes};
use crate::analysis::aggregate::{
    CellSample, Column, Ratios, Unit, main_column, mean_ratio, test_over_train,
};
use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::predictions::{CellPrediction, RunPredictions};
use crate::stats::{cohen_dz, corrected_t, detectable, holm, rank_biserial, wilcoxon};
use rayon::prelude::*;
use seraug_core::spec::Protocol;
use std::collections::BTreeMap;

/// Differences nearer to each other than this, in percentage points, come from the order of sums: they are equal.
const EQUAL: f64 = 1e-9;

/// A condition of a run on one data set.
#[derive(Debug, Default)]
pub(super) struct Half {
    /// The condition's name in the spec.
    name: String,
    /// The condition, with the letter of its run where there are two.
    label: String,
    run: Option<char>,
    /// (group of test utterances, seed) to percent in the main column.
    values: BTreeMap<(usize, u64), f64>,
    /// (fold, seed) to its cell.
    cells: BTreeMap<(usize, u64), Tested>,
    /// Test over training utterances of its cells.
    ratios: Ratios,
}

#[derive(Debug)]
struct Tested {
    /// Which of the averaged data sets it is of.
    set: usize,
    /// Sorted by utterance.
    answers: Vec<CellPrediction>,
}

impl Half {
    /// `reading` is of one data set and `samples` are its; `run` is its letter where there are two; `id` gives utterances
    /// the numbers that the other half has for them.
    pub(super) fn of(
        reading: &LoadedRun,
        samples: &[CellSample],
        answers: &RunPredictions,
        condition: usize,
        run: Option<char>,
        id: &dyn Fn(u32) -> Option<u32>,
    ) -> Half {
        let reduced = reading.reduced();
        let names = reading.spec.class_names();
        let label = reading.spec.condition[condition].label();
        let label = run.map_or(label.to_owned(), |letter| format!("{label} of {letter}"));
        let name = reading.spec.condition[condition].name.clone();
        let ratios = test_over_train(reading, condition);
        let mut half = Half { name, label, run, ratios, ..Half::default() };
        let main = main_column(reading);
        for s in samples.iter().filter(|s| s.condition == condition && s.column == main) {
            half.values.insert((s.fold, s.seed), s.value);
        }
        for o in reading.done(condition) {
            let set = match reading.per_class() {
                true => reduced.iter().position(|&c| o.reduced.first().is_some_and(|r| r == names[c])),
                false => Some(0),
            };
            let mut list: Vec<CellPrediction> = Vec::new();
            for a in answers.cell(&o.cell) {
                list.extend(id(a.utterance).map(|utterance| CellPrediction { utterance, ..*a }));
            }
            list.sort_unstable_by_key(|a| a.utterance);
            let tested = Tested { set: set.unwrap_or(0), answers: list };
            half.cells.insert((o.cell.fold, o.cell.seed), tested);
        }
        half
    }
}

/// Two halves that are compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) first: &'a Half,
    pub(super) second: &'a Half,
    /// Whether a sentence says it.
    pub(super) told: bool,
}

/// The statistics of each pair that has a common cell, corrected over all of them. `reading` is the run of the first.
pub(super) fn contrasts(reading: &LoadedRun, pairs: &[Pair]) -> Vec<Contrast> {
    let mut found: Vec<Contrast> = pairs.par_iter().filter_map(|p| contrast(reading, p)).collect();
    let tested: Vec<usize> = (0..found.len()).filter(|&i| found[i].test.is_some()).collect();
    let p: Vec<f64> = tested.iter().filter_map(|&i| found[i].test.map(|t| t.p)).collect();
    for (&i, adjusted) in std::iter::zip(&tested, holm(&p)) {
        found[i].holm = Some(adjusted);
        found[i].tests = p.len();
    }
    found
}

/// The classes and data sets of the main column.
fn measure(reading: &LoadedRun) -> Measure {
    let every: Vec<usize> = (0..reading.spec.classes.len()).collect();
    match main_column(reading) {
        Column::Reduced if reading.per_class() => Measure { classes: every, sets: reading.reduced().len() },
        Column::Reduced => Measure { classes: reading.reduced(), sets: 1 },
        _ => Measure { classes: every, sets: 1 },
    }
}

fn contrast(reading: &LoadedRun, pair: &Pair) -> Option<Contrast> {
    let Pair { first, second, told } = *pair;
    let unit = if reading.groups().len() <= 1 { Unit::Seed } else { Unit::Fold };
    let mut units: BTreeMap<u64, Vec<[f64; 2]>> = BTreeMap::new();
    let mut every = Vec::new();
    for (&(group, seed), &a) in &first.values {
        let Some(&b) = second.values.get(&(group, seed)) else { continue };
        every.push(rounded(b - a));
        let of = if unit == Unit::Fold { group as u64 } else { seed };
        units.entry(of).or_default().push([a, b]);
    }
    let mean = |values: &mut dyn Iterator<Item = f64>| {
        let values: Vec<f64> = values.collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let of_side = |pairs: &[[f64; 2]], side: usize| mean(&mut pairs.iter().map(|p| p[side]));
    let sides: Vec<[f64; 2]> = units.values().map(|p| [of_side(p, 0), of_side(p, 1)]).collect();
    if sides.is_empty() {
        return None;
    }
    let differences: Vec<f64> = sides.iter().map(|[a, b]| rounded(b - a)).collect();

    let measure = measure(reading);
    let mut votes = Votes::default();
    for (key, a) in &first.cells {
        let Some(b) = second.cells.get(key) else { continue };
        votes.add(&measure, a.set, &a.answers, &b.answers);
    }
    let ratio = mean_ratio(&first.ratios, &second.ratios);
    let test = corrected_t(&differences, ratio);
    // One value has a sign, and nothing to rank it by.
    let ranked = if differences.len() < 2 { &[] } else { differences.as_slice() };
    Some(Contrast {
        data_set: reading.data_sets().first().map_or(String::new(), |s| (*s).to_owned()),
        conditions: [first, second].map(|half| half.name.clone()),
        first: first.label.clone(),
        second: second.label.clone(),
        runs: first.run.zip(second.run).map(|(a, b)| [a, b]),
        told,
        what: match main_column(reading) {
            Column::Reduced if reading.per_class() => "mean UAR of the reduced data sets",
            Column::Reduced => "mean recall of the reduced classes",
            _ => "UAR",
        },
        unit,
        splits_anew: matches!(reading.spec.protocol, Protocol::CrossLingual(_)),
        pairs: every.len(),
        units: sides.len(),
        means: [of_side(&sides, 0), of_side(&sides, 1)],
        difference: rounded(mean(&mut differences.iter().copied())),
        ratio,
        test,
        holm: None,
        tests: 0,
        every_pair: corrected_t(&every, ratio),
        wilcoxon: wilcoxon(ranked),
        bootstrap: votes.bootstrap(&measure),
        mcnemar: votes.mcnemar(),
        dz: cohen_dz(&differences),
        biserial: rank_biserial(ranked),
        detectable: test.and_then(|t| detectable(t.se, t.df)),
    })
}

/// Sums in another order differ in their last digits; what is equal must be found equal.
fn rounded(points: f64) -> f64 {
    (points / EQUAL).round() * EQUAL
}
