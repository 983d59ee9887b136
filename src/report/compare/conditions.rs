//! The conditions of one run against each other.

use super::contrast::Contrast;
use super::paired_samples::{ConditionResults, Pair, contrasts};
use crate::analysis::aggregate::samples;
use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::predictions::RunPredictions;
use seraug_core::spec::{Augment, Spec};

/// Every pair of conditions of a run, on each of its data sets, in the main column; the earlier condition of the spec is
/// the first. Of a data set, pairs of a condition and its baseline come first, then those with plain copies, then the
/// rest, for which no sentence is written. Holm's correction is over the pairs of one data set. Pairs without a common cell are
/// left out.
pub fn within(run: &LoadedRun, predictions: &RunPredictions) -> Vec<Contrast> {
    let mut all = Vec::new();
    for set in run.data_sets() {
        let part = run.only(set);
        let samples = samples(&part);
        let of = |c| ConditionResults::of(&part, &samples, predictions, c, None, &|id| Some(id));
        let results: Vec<ConditionResults> = (0..part.spec.condition.len()).map(of).collect();
        let n = results.len();
        let mut places: Vec<(usize, usize)> = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).collect();
        places.sort_by_key(|&(i, j)| interest(&part.spec, i, j));
        let pair = |&(i, j): &(usize, usize)| Pair {
            first: &results[i],
            second: &results[j],
            has_sentence: interest(&part.spec, i, j) < REST,
        };
        all.extend(contrasts(&part, &places.iter().map(pair).collect::<Vec<Pair>>()));
    }
    all
}

/// [`interest`] of a pair that nothing sets apart.
const REST: usize = 2;

/// 0 for a condition and its baseline, 1 for a pair with plain copies, else [`REST`].
fn interest(spec: &Spec, i: usize, j: usize) -> usize {
    let copies = |c: usize| matches!(spec.condition[c].augment, Augment::Copies(_));
    match spec.baseline_of(j) == i || spec.baseline_of(i) == j {
        true => 0,
        false if copies(i) || copies(j) => 1,
        false => REST,
    }
}
