//! The trials: results of two conditions whose true difference is known.

use super::candidate::Candidate;
use super::design::Design;
use super::paired_result::PairedResult;
use super::rate::{Rate, Setting};
use super::tested_cell::SpeakerCounts;
use rayon::prelude::*;
use seraug_core::rng::{Draws, Seed};
use seraug_report::analysis::design::Spread;

/// True differences that are planted, in percentage points.
pub(crate) const PLANTED: [f64; 6] = [0.0, 2.0, 4.0, 6.0, 8.0, 12.0];

/// Seeds of each side.
const SEEDS: [usize; 3] = [1, 3, 5];

/// Standard deviation of a planted difference between speakers, as a share of it.
const VARIATION: f64 = 0.5;

/// Every rate of the designs, each from `trials` trials, but for that over corpora, where a corpus is one trial.
pub(crate) fn rates(designs: &[Design], trials: usize) -> Vec<Rate> {
    let mut rates = Vec::new();
    for design in designs {
        if let [corpus] = design.corpora()[..] {
            for condition in design.conditions() {
                let mut spreads = Vec::new();
                // Three seeds first: the spread of these is what a person would have of an earlier run.
                let there = |s: &usize| 2 * s <= design.seeds(corpus);
                for seeds in [3, 1, 5].into_iter().filter(there) {
                    rates.extend(same(design, corpus, condition, seeds, trials, &mut spreads));
                }
            }
            for pair in pairs(&design.conditions()) {
                for seeds in SEEDS.into_iter().filter(|s| *s <= design.seeds(corpus)) {
                    rates.extend(coin(design, corpus, pair, seeds, trials));
                }
            }
        } else {
            for pair in pairs(&design.conditions()) {
                let most = design.corpora().iter().map(|c| design.seeds(c)).min().unwrap_or(0);
                for seeds in SEEDS.into_iter().filter(|s| *s <= most) {
                    rates.extend(corpora(design, pair, seeds));
                }
            }
        }
    }
    rates
}

fn pairs<'a>(names: &[&'a str]) -> Vec<[&'a str; 2]> {
    (0..names.len()).flat_map(|i| (0..i).map(move |j| [names[j], names[i]])).collect()
}

fn seed(setting: &Setting) -> Seed {
    let name = format!("{} {} {} {}", setting.trial, setting.design.name, setting.conditions, setting.seeds);
    Seed::new(1).child("trials").child(&name)
}

/// One condition against itself, as it is and with a difference planted into the second side: each wrong prediction of a speaker
/// becomes right with the chance that raises its recall by the speaker's difference.
///
/// `spreads` are those of the trials with three seeds, one for each planted difference, which the first call fills in.
fn same(
    design: &Design,
    corpus: &str,
    condition: &str,
    seeds: usize,
    trials: usize,
    spreads: &mut Vec<Spread>,
) -> Vec<Rate> {
    let setting = Setting { trial: "same", design, conditions: condition.to_owned(), seeds };
    let root = seed(&setting);
    let mut rates = Vec::new();
    for (number, planted) in PLANTED.into_iter().enumerate() {
        let trial = |i: u64| {
            let seed = root.at(i);
            let folds = design.two_groups(corpus, condition, seeds, seed.child("seeds"))?;
            let gains = seed.child("gains");
            let mut draws = seed.child("planted").draws();
            let result = PairedResult::of(&folds, &mut |speaker, [a, b]| {
                let own = 1.0 + VARIATION * f64::from(gains.child(speaker).draws().normal());
                [a.clone(), raised(b, planted * own / 100.0, &mut draws)]
            });
            Some(TrialOutcome::of(&result, 0.0, seed.child("test")))
        };
        let found: Vec<TrialOutcome> = (0..trials as u64).into_par_iter().filter_map(trial).collect();
        if spreads.len() == number {
            spreads.extend(mean_spread(&found));
        }
        let mut counted = counted(&setting, planted, &found);
        let (units, spread) = (found.first().map_or(0, |f| f.folds), spreads.get(number));
        let power = seraug_report::analysis::design::Design { units, trainings: seeds, ratio: 0.0 };
        let over_folds = counted.iter_mut().filter(|r| r.test == Candidate::ALL[0].name());
        over_folds.for_each(|r| r.predicted = spread.and_then(|spread| power.power(spread, planted)));
        rates.extend(counted);
    }
    rates
}

/// The root of the mean variances.
fn mean_spread(found: &[TrialOutcome]) -> Option<Spread> {
    let all: Vec<[f64; 2]> = found.iter().filter_map(|f| f.variances).collect();
    let mean = |i: usize| (all.iter().map(|v| v[i]).sum::<f64>() / all.len() as f64).sqrt();
    (!all.is_empty()).then(|| Spread { units: mean(0), trainings: mean(1) })
}

/// Two conditions that do differ; a coin decides for each speaker which side has which.
fn coin(design: &Design, corpus: &str, pair: [&str; 2], seeds: usize, trials: usize) -> Vec<Rate> {
    let setting = Setting { trial: "coin", design, conditions: pair.join(" and "), seeds };
    let root = seed(&setting);
    let trial = |i: u64| {
        let seed = root.at(i);
        let folds = design.two_conditions(corpus, pair, seeds, seed.child("seeds"))?;
        let coins = seed.child("coins");
        let result = PairedResult::of(&folds, &mut |speaker, [a, b]| {
            let heads = coins.child(speaker).draws().uniform() < 0.5;
            if heads { [a.clone(), b.clone()] } else { [b.clone(), a.clone()] }
        });
        Some(TrialOutcome::of(&result, 0.0, seed.child("test")))
    };
    let found: Vec<TrialOutcome> = (0..trials as u64).into_par_iter().filter_map(trial).collect();
    counted(&setting, 0.0, &found)
}

/// Each corpus by itself: does the test reject the mean over all corpora? And, moved away from it, does it see that?
fn corpora(design: &Design, pair: [&str; 2], seeds: usize) -> Vec<Rate> {
    let setting = Setting { trial: "corpora", design, conditions: pair.join(" and "), seeds };
    let root = seed(&setting);
    let of = |corpus: &&str| {
        let folds = design.two_conditions(corpus, pair, seeds, root.child(corpus))?;
        Some(PairedResult::of(&folds, &mut |_, [a, b]| [a.clone(), b.clone()]))
    };
    let results: Vec<PairedResult> = design.corpora().iter().filter_map(of).collect();
    let truth = results.iter().map(PairedResult::difference).sum::<f64>() / results.len() as f64;
    let mut rates = Vec::new();
    for planted in PLANTED {
        // A difference can be planted upwards and downwards: both are tried, and a corpus counts twice.
        let sides = if planted == 0.0 { &[1.0][..] } else { &[-1.0, 1.0] };
        let found = sides.iter().flat_map(|side| {
            let of = |(i, r): (usize, &PairedResult)| {
                TrialOutcome::of(r, truth + side * planted, root.at(i as u64))
            };
            results.par_iter().enumerate().map(of).collect::<Vec<TrialOutcome>>()
        });
        rates.extend(counted(&setting, planted, &found.collect::<Vec<TrialOutcome>>()));
    }
    rates
}

/// `counts` with its recalls raised by `gain`, in [-1, 1], in expectation: wrong predictions become right, or right ones wrong.
fn raised(counts: &SpeakerCounts, gain: f64, draws: &mut Draws) -> SpeakerCounts {
    let mut out = counts.clone();
    for class in &mut out.classes {
        let from = if gain >= 0.0 { class.total - class.right } else { class.right };
        let chance = gain.abs() * f64::from(class.total) / f64::from(from.max(1));
        let turned = (0..from).filter(|_| draws.uniform() < chance).count() as u32;
        class.right = if gain >= 0.0 { class.right + turned } else { class.right - turned };
    }
    out
}

fn counted(setting: &Setting, planted: f64, found: &[TrialOutcome]) -> Vec<Rate> {
    let n = found.len() as f64;
    let mean = found.iter().map(|f| f.difference).sum::<f64>() / n;
    let variance = found.iter().map(|f| (f.difference - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let rate = |(i, &c): (usize, &Candidate)| {
        let errors: Vec<f64> = found.iter().filter_map(|f| f.errors[i]).collect();
        let square = errors.iter().map(|se| se * se).sum::<f64>() / errors.len() as f64;
        let spread = (!errors.is_empty()).then(|| (variance / square).sqrt());
        Rate::of(setting, planted, c, found.len(), found.iter().filter(|f| f.rejected[i]).count(), spread)
    };
    Candidate::ALL.iter().enumerate().map(rate).collect()
}

/// A trial: its difference, and of every test its standard error and whether it rejected.
struct TrialOutcome {
    difference: f64,
    /// Variances between folds and between the trainings of one.
    variances: Option<[f64; 2]>,
    folds: usize,
    errors: [Option<f64>; Candidate::ALL.len()],
    rejected: [bool; Candidate::ALL.len()],
}

impl TrialOutcome {
    fn of(result: &PairedResult, truth: f64, seed: Seed) -> TrialOutcome {
        TrialOutcome {
            difference: result.difference(),
            variances: result.spread().map(|s| [s.units.powi(2), s.trainings.powi(2)]),
            folds: result.folds.len(),
            errors: Candidate::ALL.map(|c| c.standard_error(result)),
            rejected: Candidate::ALL.map(|c| c.rejects(result, truth, seed)),
        }
    }
}
