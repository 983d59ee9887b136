//! Statistics as a table and as sentences that claim no more than the intervals show.

use super::contrast::Contrast;
use crate::report::aggregate::Unit;
use crate::report::render::{cut, sign};
use crate::report::summary::shown;
use crate::report::text_table::TextTable;
use crate::statistics::TTest;

/// Characters of a label in the table.
const LABEL: usize = 24;

/// The table of the contrasts of one data set.
pub fn table(contrasts: &[Contrast]) -> TextTable {
    let headings = [
        "second − first",
        "difference",
        "95 % interval",
        "p",
        "p Holm",
        "not seen below",
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
        format!("{} − {}", cut(&c.second, LABEL), cut(&c.first, LABEL)),
        sign(c.difference),
        c.test.map_or_else(none, |t| range(t.low, t.high)),
        p_of(&c.test),
        c.holm.map_or_else(none, p_value),
        c.detectable.map_or_else(none, |d| format!("{d:.1}")),
        counted(c.units, if c.unit == Unit::Fold { "fold" } else { "seed" }),
        c.bootstrap.map_or_else(none, |b| range(100.0 * b.low, 100.0 * b.high)),
        c.wilcoxon.map_or_else(none, |w| p_value(w.p)),
        decimals(c.dz),
        decimals(c.biserial),
        p_of(&c.every_pair),
        c.mcnemar.map_or_else(none, |m| p_value(m.p)),
    ]
}

fn caption(contrasts: &[Contrast]) -> String {
    let Some(c) = contrasts.first() else { return "No two have a cell in common.".into() };
    let (unit, other) = match c.unit {
        Unit::Fold => ("folds", "each first averaged over its seeds"),
        Unit::Seed => ("seeds", "of the only fold"),
    };
    let ratio = c.ratio;
    let mut text = format!(
        "Difference of the {} in percentage points, paired by fold and seed. Believe the first four columns: the \
         corrected resampled t-test (Nadeau and Bengio 2003) over {unit}, {other}; variance factor 1/n + {ratio:.2}, the \
         second term being test over training utterances, because training sets overlap. ",
        c.what
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
    let holm = match c.tests {
        _ if contrasts.iter().all(|c| c.tests == 0) => {
            "No test here, so nothing to correct by Holm. ".to_owned()
        }
        _ => {
            let n = contrasts.iter().map(|c| c.tests).max().unwrap_or(0);
            format!("p Holm: corrected for the {n} test{} of this table. ", if n == 1 { "" } else { "s" })
        }
    };
    text += &format!(
        "{holm}Not seen below: the true difference that four of five such experiments \
         would find at 0.05; a smaller one would more often be missed. Speakers: 95 % bootstrap interval over test \
         speakers ({}), all predictions of a speaker drawn together; it takes the trained models as given. Wilcoxon: \
         signed ranks over {unit}; with fewer than six its p cannot go below 0.05. d_z: mean over standard deviation of \
         the differences over {unit}; rank r: rank-biserial correlation, −1 to 1. Pairs p: the same t-test over every pair \
         of fold and seed, and McNemar: over test utterances, each won by whoever has it right in more seeds; both take \
         as independent what shares speakers, so their p are too small, and McNemar is about accuracy, not recalls. They \
         stand here to be compared with publications that give them.",
        match contrasts.iter().find_map(|c| c.bootstrap) {
            Some(b) => b.speakers.to_string(),
            None => "none: predictions are missing, or of one speaker".to_owned(),
        }
    );
    text
}

/// One sentence a contrast; with several data sets it begins with its own.
pub fn sentences(contrasts: &[Contrast]) -> Vec<String> {
    let several = contrasts.iter().any(|c| c.data_set != contrasts[0].data_set);
    let of = |c: &Contrast| match several {
        true => format!("{}: {}", shown(&c.data_set), c.sentence()),
        false => c.sentence(),
    };
    contrasts.iter().map(of).collect()
}

impl Contrast {
    /// What is shown, and what could not have been: `AUG is better than NoAUG by 3.1 points, 95 % interval 0.4 to 5.8; at
    /// 5 folds (25 pairs) a difference under 2.2 could not have been seen.`
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
            format!("; at {units} a difference under {d:.1} could not have been seen")
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
            _ => format!("{second} is {word} than {first} by {size} points{limits}, {interval}{missed}."),
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
