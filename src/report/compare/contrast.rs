//! One comparison of two sets of results, with all that is known about its uncertainty.

use super::paired_samples::{Half, Pair, contrasts};
use crate::analysis::aggregate::{Unit, samples};
use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::predictions::RunPredictions;
use crate::stats::{Bootstrap, McNemar, TTest, Wilcoxon};
use seraug_core::spec::{Augment, Spec};

/// `second` less `first`, paired over fold and seed, on one data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Contrast {
    /// What it is about: a corpus, or a pair such as `ravdess>emodb`.
    pub data_set: String,
    /// The two conditions, by their names in the spec, which are unique.
    pub conditions: [String; 2],
    /// What the first is called.
    pub first: String,
    /// What the second is called.
    pub second: String,
    /// The letters of the runs that they are of, where these are two.
    pub runs: Option<[char; 2]>,
    /// Whether a sentence says it: a run of many conditions has more pairs than anybody reads.
    pub told: bool,
    /// What is compared: `UAR`, `mean recall of the reduced classes`.
    pub what: &'static str,
    /// What counts as independent.
    pub unit: Unit,
    /// Whether each seed has another test set than the next (cross-lingual).
    pub splits_anew: bool,
    /// Pairs of fold and seed that both have.
    pub pairs: usize,
    /// Folds (each averaged over its seeds), or seeds where there is one fold.
    pub units: usize,
    /// Means over the pairs, percent, averaged as the difference.
    pub means: [f64; 2],
    /// Mean difference over the units, percentage points.
    pub difference: f64,
    /// Test utterances over training utterances: the correction of the t-tests.
    pub ratio: f64,
    /// The corrected resampled t-test over the units: the one to believe. None for one unit or without variance.
    pub test: Option<TTest>,
    /// Its p after Holm's correction over the comparisons of one table.
    pub holm: Option<f64>,
    /// How many tests that table has.
    pub tests: usize,
    /// The same t-test over every pair of fold and seed, as if seeds were independent.
    pub every_pair: Option<TTest>,
    /// Signed-rank test over the units; none for one unit.
    pub wilcoxon: Option<Wilcoxon>,
    /// Over test speakers, in [-1, 1]; of the predictions, so none where a run lacks them.
    pub bootstrap: Option<Bootstrap>,
    /// Over test utterances; of the predictions.
    pub mcnemar: Option<McNemar>,
    /// Cohen's d_z over the units.
    pub dz: Option<f64>,
    /// Matched-pairs rank-biserial correlation over the units, in [-1, 1]; none for one unit.
    pub biserial: Option<f64>,
    /// The true difference that would be found in four of five such experiments, percentage points.
    pub detectable: Option<f64>,
}

/// Every pair of conditions of a run, on each of its data sets, in the main column; the earlier condition of the spec is
/// the first. Of a data set, pairs of a condition and its baseline come first, then those with plain copies, then the
/// rest, which have no sentence. Holm's correction is over the pairs of one data set. Pairs without a common cell are
/// left out.
pub fn within(reading: &LoadedRun, answers: &RunPredictions) -> Vec<Contrast> {
    let mut all = Vec::new();
    for set in reading.data_sets() {
        let part = reading.only(set);
        let samples = samples(&part);
        let of = |c| Half::of(&part, &samples, answers, c, None, &|id| Some(id));
        let halves: Vec<Half> = (0..part.spec.condition.len()).map(of).collect();
        let n = halves.len();
        let mut places: Vec<(usize, usize)> = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).collect();
        places.sort_by_key(|&(i, j)| interest(&part.spec, i, j));
        let pair = |&(i, j): &(usize, usize)| Pair {
            first: &halves[i],
            second: &halves[j],
            told: interest(&part.spec, i, j) < REST,
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
