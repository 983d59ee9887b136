//! Statistics as a table and as sentences that claim no more than the intervals show.

use super::contrast::Contrast;
use crate::analysis::aggregate::Unit;
use crate::render::summary::shown;
use crate::render::table_text::sign;
use crate::render::text_table::TextTable;
use crate::stats::{Bootstrap, FEWEST, TTest};

/// The table of the contrasts of one data set.
pub fn table(contrasts: &[Contrast]) -> TextTable {
    let headings = [
        "second − first",
        "difference",
        "95 % interval",
        "p",
        "p Holm",
        "power 0.8 at",
        "over",
        "speakers",
        "Wilcoxon p",
        "d_z",
        "rank r",
        "pairs p",
        "McNemar p",
    ];
    let set = contrasts.first().map_or(String::new(), |c| format!(": {}", shown(&c.data_set)));
    TextTable {
        title: format!("Differences and their uncertainty{set}"),
        caption: caption(contrasts),
        headings: headings.map(str::to_owned).to_vec(),
        rows: contrasts.iter().map(row).collect(),
        words: 1,
        ..TextTable::default()
    }
}

fn row(c: &Contrast) -> Vec<String> {
    let none = || "–".to_owned();
    let p_of = |t: &Option<TTest>| t.as_ref().map_or_else(none, |t| p_value(t.p));
    let decimals = |v: Option<f64>| v.map_or_else(none, |v| format!("{v:.2}").replace('-', "−"));
    let counted = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    vec![
        c.name(),
        sign(c.difference),
        c.test.map_or_else(none, |t| range(t.low, t.high)),
        p_of(&c.test),
        c.holm.map_or_else(none, p_value),
        c.detectable.map_or_else(none, |d| format!("{d:.1}")),
        counted(c.units, if c.unit == Unit::Fold { "fold" } else { "seed" }),
        c.bootstrap.map_or_else(none, |b| of_speakers(&b)),
        c.wilcoxon.map_or_else(none, |w| p_value(w.p)),
        decimals(c.dz),
        decimals(c.biserial),
        p_of(&c.every_pair),
        c.mcnemar.map_or_else(none, |m| p_value(m.p)),
    ]
}

/// `6.1 to 9.7 (10)`; `3 speakers` where there is no interval.
fn of_speakers(b: &Bootstrap) -> String {
    match b.interval {
        Some([low, high]) => format!("{} ({})", range(100.0 * low, 100.0 * high), b.speakers),
        None => format!("{} speaker{}", b.speakers, if b.speakers == 1 { "" } else { "s" }),
    }
}

/// `0.62`, or `0.25 to 0.62` where rows differ.
fn ratios(contrasts: &[Contrast]) -> String {
    let ends = contrasts.iter().fold((f64::INFINITY, 0.0_f64), |(l, h), c| (l.min(c.ratio), h.max(c.ratio)));
    let [low, high] = [ends.0, ends.1].map(|r| format!("{r:.2}"));
    if low == high { low } else { format!("{low} to {high}") }
}

fn caption(contrasts: &[Contrast]) -> String {
    let Some(c) = contrasts.first() else { return "No two have a cell in common.".into() };
    let (unit, other) = match c.unit {
        Unit::Fold => ("folds", "each first averaged over its seeds"),
        Unit::Seed => ("seeds", "of the only fold"),
    };
    let mut text = format!(
        "Difference of the {} in percentage points, paired by fold and seed. Believe the first four columns: the \
         corrected resampled t-test (Nadeau and Bengio 2003) over {unit}, {other}; variance factor 1/n + {}, the \
         second term being test over training utterances, because training sets overlap. Training utterances are \
         counted after any reduction, which makes the intervals wider. ",
        c.what,
        ratios(contrasts)
    );
    text += match (c.unit, c.splits_anew) {
        (Unit::Fold, _) => {
            "Folds are the unit because the cells of one fold share test speakers and training data: seeds repeat the \
             training, they bring no new speakers. "
        }
        (Unit::Seed, true) => {
            "Each seed splits the target corpus anew: test sets overlap and all seeds share the source corpus, which is \
             more than the correction allows for, so that even these intervals are rather too narrow. "
        }
        (Unit::Seed, false) => {
            "There is one test set: the seeds say how far the training repeats, nothing about other speakers. "
        }
    };
    text += &match contrasts.iter().map(|c| c.tests).max() {
        None | Some(0) => "No test here, so nothing to correct by Holm. ".to_owned(),
        Some(n) => {
            format!("p Holm: corrected for the {n} test{} of this table. ", if n == 1 { "" } else { "s" })
        }
    };
    text += "Power 0.8 at: the true difference that four of five such experiments would find at 0.05, uncorrected; \
             smaller ones are missed more often. ";
    text += &match contrasts.iter().any(|c| c.bootstrap.is_some()) {
        true => format!(
            "Speakers: 95 % bootstrap interval over test speakers and their number, all predictions of a speaker drawn \
             together; of recalls pooled over folds, not of the mean over {unit} beside it; it takes the trained models \
             as given; none below {FEWEST} speakers. "
        ),
        false => "Speakers: no bootstrap, for the predictions are missing. ".to_owned(),
    };
    text += &format!(
        "Wilcoxon: signed ranks over {unit}; with fewer than six its p cannot go below 0.05. d_z: mean over standard \
         deviation of the differences over {unit}; rank r: rank-biserial correlation, −1 to 1. Pairs p: the same t-test, \
         but taking every pair of fold and seed as one resample, as Nadeau and Bengio do for repeated random splits. \
         McNemar: over test utterances, each won by whoever has it right in more seeds; it takes the utterances of a \
         speaker as independent, which they are not, and is about accuracy, not recalls. These two stand here to be \
         compared with publications that give them."
    );
    text
}

/// One sentence a contrast that is to be told; with several data sets it begins with its own. The last one counts those
/// that are left to the table.
pub fn sentences(contrasts: &[Contrast]) -> Vec<String> {
    let several = contrasts.iter().any(|c| c.data_set != contrasts[0].data_set);
    let of = |c: &Contrast| match several {
        true => format!("{}: {}", shown(&c.data_set), c.sentence()),
        false => c.sentence(),
    };
    let mut told: Vec<String> = contrasts.iter().filter(|c| c.told).map(of).collect();
    match contrasts.len() - told.len() {
        0 => {}
        1 => told.push("The other pair is in the table.".into()),
        n => told.push(format!("The other {n} pairs are in the table.")),
    }
    told
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

    /// What is shown: `AUG is better than NoAUG by 3.1 points, 95 % interval 0.4 to 5.8.` Where nothing is, how large a
    /// difference would have been found.
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
                // Seeds can differ and cancel out.
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

/// One decimal, without a sign.
fn points(v: f64) -> String {
    format!("{:.1}", v.abs())
}

/// `0.4 to 5.8`.
fn range(low: f64, high: f64) -> String {
    let end = |v: f64| match format!("{v:.1}").as_str() {
        "-0.0" => "0.0".to_owned(),
        text => text.replace('-', "−"),
    };
    format!("{} to {}", end(low), end(high))
}

/// Three decimals.
pub(super) fn p_value(p: f64) -> String {
    if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") }
}
