//! The difference between two sets of results, with its tests, intervals and effect sizes, and the sentence that says what they
//! show.

use crate::analysis::aggregate::Unit;
use crate::render::text::sign;
use crate::stats::{Bootstrap, McNemar, Permutation, TTest, Wilcoxon};

/// The difference `second` less `first` on one data set, paired by fold and, but for scored systems, seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Contrast {
    /// The data set: a corpus, or a pair such as `ravdess>emodb`.
    pub data_set: String,
    /// The two conditions, by their names in the spec, which are unique.
    pub conditions: [String; 2],
    /// What tables call the first.
    pub first: String,
    /// What tables call the second.
    pub second: String,
    /// The letters of the two runs; `None` for two conditions of one run.
    pub runs: Option<[char; 2]>,
    /// Whether a sentence is written for it: a run of many conditions has more pairs than anybody reads.
    pub has_sentence: bool,
    /// The quantity that is compared: `UAR`, `mean recall of the reduced classes`.
    pub quantity: &'static str,
    /// What the tests take as independent.
    pub unit: Unit,
    /// Whether each seed has a test set of its own (cross-lingual).
    pub splits_anew: bool,
    /// Whether cells are paired by their seed too; seeds of scored systems are averaged first.
    pub seeds_are_pairs: bool,
    /// Number of pairs of fold and seed that both have; of folds where seeds are no pairs.
    pub pairs: usize,
    /// Number of folds (each averaged over its seeds), or of seeds where there is one fold.
    pub units: usize,
    /// Means over the pairs, percent, averaged as the difference.
    pub means: [f64; 2],
    /// Mean difference over the units, percentage points.
    pub difference: f64,
    /// Test utterances over training utterances as the corpus is split, by which the corrected t-tests are corrected.
    pub ratio: f64,
    /// Test utterances over the training utterances that the reduction leaves, those of a source corpus too.
    pub reduced_ratio: f64,
    /// The test over the units on which conclusions are based, [`crate::analysis::aggregate::difference_test`]; `None` for one unit
    /// or without variance.
    pub test: Option<TTest>,
    /// Permutation test over the units; `None` for one unit.
    pub permutation: Option<Permutation>,
    /// The corrected resampled t-test over the units.
    pub corrected: Option<TTest>,
    /// The same with `reduced_ratio`.
    pub corrected_reduced: Option<TTest>,
    /// Its p after Holm's correction over the comparisons of its table.
    pub holm: Option<f64>,
    /// Number of tests in that table.
    pub tests: usize,
    /// The corrected resampled t-test over every pair of fold and seed, as if seeds were independent.
    pub every_pair: Option<TTest>,
    /// Signed-rank test over the units; `None` for one unit.
    pub wilcoxon: Option<Wilcoxon>,
    /// Bootstrap over test speakers, in [-1, 1]; `None` without predictions.
    pub bootstrap: Option<Bootstrap>,
    /// McNemar's test over test utterances; `None` without predictions.
    pub mcnemar: Option<McNemar>,
    /// Cohen's d_z over the units.
    pub dz: Option<f64>,
    /// Matched-pairs rank-biserial correlation over the units, in [-1, 1]; `None` for one unit.
    pub biserial: Option<f64>,
    /// The true difference that four of five such experiments would find, in percentage points.
    pub detectable: Option<f64>,
}

impl Contrast {
    /// `AUG − NoAUG`; of one condition in two runs `AUG  B − A`.
    pub fn name(&self) -> String {
        if let Some([a, b]) = self.runs {
            let of = |text: &str, run: char| text.strip_suffix(&format!(" of {run}")).map(str::to_owned);
            match (of(&self.first, a), of(&self.second, b)) {
                (Some(x), Some(y)) if x == y => return format!("{x}  {b} − {a}"),
                _ => {}
            }
        }
        format!("{} − {}", self.second, self.first)
    }

    /// What is shown: `AUG is better than NoAUG by 3.1 points, 95 % interval 0.4 to 5.8.` Where no difference is shown, the
    /// sentence says how large a difference would have been found.
    pub fn sentence(&self) -> String {
        let (first, second) = (&self.first, &self.second);
        let size = points(self.difference);
        let units = match self.unit {
            Unit::Fold if self.pairs == self.units => format!("{} folds", self.units),
            Unit::Fold => format!("{} folds ({} pairs)", self.units, self.pairs),
            Unit::Seed => format!("{} seeds of one fold", self.units),
        };
        let Some(test) = self.test else {
            return match (self.units, self.difference == 0.0) {
                (1, _) => format!(
                    "No difference shown between {second} and {first}: {} points in the only {}, and one value has no \
                     interval.",
                    sign(self.difference),
                    if self.unit == Unit::Fold { "fold" } else { "seed" }
                ),
                // Differences of the seeds can cancel out.
                (_, true) if self.every_pair.is_some() => {
                    format!("{second} and {first} have the same mean in each of {units}.")
                }
                (_, true) => format!("{second} and {first} are equal in all {units}."),
                (_, false) => format!(
                    "{second} differs from {first} by {} points in every one of {units}: without any variance there is no \
                     test.",
                    sign(self.difference)
                ),
            };
        };
        let interval = format!("95 % interval {}", range(test.low, test.high));
        let missed = self.detectable.map_or(String::new(), |d| {
            format!(
                "; with {units}, a true difference under {d:.1} would be missed in more than one of five such experiments"
            )
        });
        let clear = test.low > 0.0 || test.high < 0.0;
        let limits = match (self.unit, clear) {
            (Unit::Seed, true) if self.splits_anew => " (test sets of the seeds overlap)",
            (Unit::Seed, true) => " (on these test speakers: one fold says nothing about others)",
            _ => "",
        };
        if !clear {
            return format!(
                "No difference shown between {second} and {first}: {} points, {interval}{missed}.",
                sign(self.difference)
            );
        }
        let word = if self.difference > 0.0 { "better" } else { "worse" };
        match self.holm {
            Some(p) if p > 0.05 => format!(
                "No difference shown between {second} and {first}: {} points, {interval}, but among {} comparisons that is no \
                 rarity (Holm's p {}){missed}.",
                sign(self.difference),
                self.tests,
                p_value(p)
            ),
            _ => format!("{second} is {word} than {first} by {size} points{limits}, {interval}."),
        }
    }
}

/// The size of a difference with one decimal.
fn points(v: f64) -> String {
    format!("{:.1}", v.abs())
}

/// Two ends as `0.4 to 5.8`.
pub(crate) fn range(low: f64, high: f64) -> String {
    let end = |v: f64| match format!("{v:.1}").as_str() {
        "-0.0" => "0.0".to_owned(),
        text => text.replace('-', "−"),
    };
    format!("{} to {}", end(low), end(high))
}

/// A p value with three decimals, or `<0.001`.
pub(crate) fn p_value(p: f64) -> String {
    if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") }
}
