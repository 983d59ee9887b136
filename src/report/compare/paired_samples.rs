//! Pairs the results of two conditions by fold and seed, those of scored systems by fold alone, and computes the statistics of their difference.

use super::contrast::Contrast;
use super::paired_predictions::{Measure, PairedPredictions};
use crate::analysis::aggregate::{
    CellSample, Column, Ratios, Unit, difference_test, main_column, mean_ratio, pairable, reduced_ratios,
    split_ratios, splits_anew, unit as unit_of,
};
use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::predictions::{CellPrediction, RunPredictions};
use crate::stats::{Exchanges, UnitShare, cohen_dz, corrected_t, detectable, holm, rank_biserial, wilcoxon};
use rayon::prelude::*;
use seraug_core::rng::Seed;
use std::collections::BTreeMap;

/// Differences that are closer together than this, in percentage points, only differ by the order of summation.
const EQUAL: f64 = 1e-9;

/// The results of a condition of a run on one data set, ready to be paired.
#[derive(Debug, Default)]
pub(super) struct ConditionResults {
    /// The condition's name in the spec.
    name: String,
    /// What tables call the condition, with the letter of its run where there are two.
    label: String,
    /// The letter of the run, where there are two.
    letter: Option<char>,
    /// Percent in the main column by (group of test utterances, seed); [`LoadedRun::pairing_seed`].
    values: BTreeMap<(usize, u64), f64>,
    /// Predictions by (fold, seed); of a scored system all that it has in a fold.
    cells: BTreeMap<(usize, u64), Vec<Tested>>,
    /// Test over training utterances of the cells, as the corpus is split.
    ratios: Ratios,
    /// The same, after the reduction.
    reduced_ratios: Ratios,
}

#[derive(Debug)]
struct Tested {
    /// Index of the data set, where several are averaged.
    set: usize,
    /// The predictions of the cell, sorted by utterance.
    predictions: Vec<CellPrediction>,
}

impl ConditionResults {
    /// The results of a condition of `run`, which has one data set and these `samples`. `letter` is that of the run, where there are two;
    /// `id` translates
    /// the numbers of utterances to those of the other condition.
    pub(super) fn of(
        run: &LoadedRun,
        samples: &[CellSample],
        predictions: &RunPredictions,
        condition: usize,
        letter: Option<char>,
        id: &dyn Fn(u32) -> Option<u32>,
    ) -> ConditionResults {
        let reduced = run.reduced();
        let names = run.spec.class_names();
        let label = run.spec.condition[condition].label();
        let label = letter.map_or(label.to_owned(), |letter| format!("{label} of {letter}"));
        let name = run.spec.condition[condition].name.clone();
        let (ratios, reduced_ratios) = (split_ratios(run, condition), reduced_ratios(run, condition));
        let mut results =
            ConditionResults { name, label, letter, ratios, reduced_ratios, ..ConditionResults::default() };
        let main = main_column(run);
        let samples = pairable(run, samples);
        for s in samples.iter().filter(|s| s.condition == condition && s.column == main) {
            results.values.insert((s.fold, s.seed), s.value);
        }
        for o in run.done(condition) {
            let set = match run.per_class() {
                true => reduced.iter().position(|&c| o.reduced.first().is_some_and(|r| r == names[c])),
                false => Some(0),
            };
            let mut list: Vec<CellPrediction> = Vec::new();
            for a in predictions.cell(&o.cell) {
                list.extend(id(a.utterance).map(|utterance| CellPrediction { utterance, ..*a }));
            }
            list.sort_unstable_by_key(|a| a.utterance);
            let tested = Tested { set: set.unwrap_or(0), predictions: list };
            let key = (o.cell.fold, run.pairing_seed(o.cell.seed));
            results.cells.entry(key).or_default().push(tested);
        }
        results
    }
}

/// Two halves that are compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) first: &'a ConditionResults,
    pub(super) second: &'a ConditionResults,
    /// Whether a sentence is written for it.
    pub(super) has_sentence: bool,
}

/// The statistics of each pair that has a common cell, with Holm's correction over all of them. `run` is the run of the first.
pub(super) fn contrasts(run: &LoadedRun, pairs: &[Pair]) -> Vec<Contrast> {
    let mut found: Vec<Contrast> = pairs.par_iter().filter_map(|p| contrast(run, p)).collect();
    let tested: Vec<usize> = (0..found.len()).filter(|&i| found[i].test.is_some()).collect();
    let p: Vec<f64> = tested.iter().filter_map(|&i| found[i].test.map(|t| t.p)).collect();
    for (&i, adjusted) in std::iter::zip(&tested, holm(&p)) {
        found[i].holm = Some(adjusted);
        found[i].tests = p.len();
    }
    found
}

/// The classes and data sets whose recalls the main column averages.
fn measure(run: &LoadedRun) -> Measure {
    let every: Vec<usize> = (0..run.spec.classes.len()).collect();
    match main_column(run) {
        Column::Reduced if run.per_class() => Measure { classes: every, sets: run.reduced().len() },
        Column::Reduced => Measure { classes: run.reduced(), sets: 1 },
        _ => Measure { classes: every, sets: 1 },
    }
}

fn contrast(run: &LoadedRun, pair: &Pair) -> Option<Contrast> {
    let Pair { first, second, has_sentence } = *pair;
    // Of the only fold of scored systems the seeds are no pairs.
    let unit = if run.spec.is_scored() { Unit::Fold } else { unit_of(run) };
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

    let measure = measure(run);
    let mut paired = PairedPredictions::default();
    for (key, a) in &first.cells {
        let Some(b) = second.cells.get(key) else { continue };
        let set = a.first().map_or(0, |cell| cell.set);
        let [a, b] = [a, b].map(|cells| cells.iter().map(|c| c.predictions.as_slice()).collect::<Vec<_>>());
        paired.add(&measure, set, &a, &b);
    }
    let ratio = mean_ratio(&first.ratios, &second.ratios);
    // Of scored predictions the training sets are not known.
    let reduced_ratio = match run.spec.is_scored() {
        true => ratio,
        false => mean_ratio(&first.reduced_ratios, &second.reduced_ratios),
    };
    let test = difference_test(run, &differences, ratio);
    let weight = 1.0 / differences.len() as f64;
    let shares: Vec<UnitShare> = differences.iter().map(|d| UnitShare { gain: d * weight, weight }).collect();
    let exchanges = Exchanges::of(&shares, Seed::new(0).child("exchanges"));
    // A single value cannot be ranked.
    let ranked = if differences.len() < 2 { &[] } else { differences.as_slice() };
    Some(Contrast {
        data_set: run.data_sets().first().map_or(String::new(), |s| (*s).to_owned()),
        conditions: [first, second].map(|condition| condition.name.clone()),
        first: first.label.clone(),
        second: second.label.clone(),
        runs: first.letter.zip(second.letter).map(|(a, b)| [a, b]),
        has_sentence,
        quantity: match main_column(run) {
            Column::Reduced if run.per_class() => "mean UAR of the reduced data sets",
            Column::Reduced if run.rare_by_nature() => "mean recall of the rare classes",
            Column::Reduced => "mean recall of the reduced classes",
            _ => "UAR",
        },
        unit,
        splits_anew: splits_anew(run),
        seeds_are_pairs: !run.spec.is_scored(),
        pairs: every.len(),
        units: sides.len(),
        means: [of_side(&sides, 0), of_side(&sides, 1)],
        difference: rounded(mean(&mut differences.iter().copied())),
        ratio,
        reduced_ratio,
        test,
        holm: None,
        tests: 0,
        permutation: exchanges.map(|e| e.test()),
        corrected: corrected_t(&differences, ratio),
        corrected_reduced: corrected_t(&differences, reduced_ratio),
        every_pair: corrected_t(&every, ratio),
        wilcoxon: wilcoxon(ranked),
        bootstrap: paired.bootstrap(&measure),
        mcnemar: paired.mcnemar(),
        dz: cohen_dz(&differences),
        biserial: rank_biserial(ranked),
        detectable: test.and_then(|t| detectable(t.se, t.df)),
    })
}

/// Rounds to [`EQUAL`], so that values that only differ by the order of summation are equal.
fn rounded(points: f64) -> f64 {
    (points / EQUAL).round() * EQUAL
}
