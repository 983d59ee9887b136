//! Statistics as a table and as sentences that claim no more than the intervals show.

use super::contrast::{Contrast, p_value, range};
use crate::analysis::aggregate::Unit;
use crate::render::text::{data_set_label, sign};
use crate::render::text_table::{TextRow, TextTable};
use crate::stats::{Bootstrap, FEWEST, MIN_SPEAKERS, TTest};
use seraug_core::text::plural;

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
        "permutation p",
        "bootstrap",
        "corrected p",
        "reduced p",
        "pairs p",
        "Wilcoxon p",
        "d_z",
        "rank r",
        "McNemar p",
    ];
    let set = contrasts.first().map_or(String::new(), |c| format!(": {}", data_set_label(&c.data_set)));
    TextTable {
        title: format!("Differences and their uncertainty{set}"),
        caption: caption(contrasts),
        headings: headings.map(str::to_owned).to_vec(),
        rows: contrasts.iter().map(row).collect(),
        words: 1,
        ..TextTable::default()
    }
}

fn row(c: &Contrast) -> TextRow {
    let none = || "–".to_owned();
    let p_of = |t: &Option<TTest>| t.as_ref().map_or_else(none, |t| p_value(t.p));
    let decimals = |v: Option<f64>| v.map_or_else(none, |v| format!("{v:.2}").replace('-', "−"));
    vec![
        c.name(),
        sign(c.difference),
        c.test.map_or_else(none, |t| range(t.low, t.high)),
        p_of(&c.test),
        c.holm.map_or_else(none, p_value),
        c.detectable.map_or_else(none, |d| format!("{d:.1}")),
        plural(c.units, if c.unit == Unit::Fold { "fold" } else { "seed" }),
        c.permutation.map_or_else(none, |t| p_value(t.p)),
        c.bootstrap.map_or_else(none, |b| of_speakers(&b)),
        p_of(&c.corrected),
        p_of(&c.corrected_reduced),
        p_of(&c.every_pair),
        c.wilcoxon.map_or_else(none, |w| p_value(w.p)),
        decimals(c.dz),
        decimals(c.biserial),
        c.mcnemar.map_or_else(none, |m| p_value(m.p)),
    ]
    .into()
}

/// The interval over speakers and their number, `6.1 to 9.7 (10)`; `3 speakers` where there is no interval.
fn of_speakers(b: &Bootstrap) -> String {
    match b.interval {
        Some([low, high]) => format!("{} ({})", range(100.0 * low, 100.0 * high), b.speakers),
        None => plural(b.speakers, "speaker"),
    }
}

/// Ratios of test to training utterances: `0.62`, or `0.25 to 0.62` where rows differ.
fn ratios(contrasts: &[Contrast], of: impl Fn(&Contrast) -> f64) -> String {
    let all = contrasts.iter().map(of);
    let ends = all.fold((f64::INFINITY, 0.0_f64), |(l, h), r| (l.min(r), h.max(r)));
    let [low, high] = [ends.0, ends.1].map(|r| format!("{r:.2}"));
    if low == high { low } else { format!("{low} to {high}") }
}

/// What the test is, and what its units say.
fn of_test(contrasts: &[Contrast], c: &Contrast) -> String {
    match (c.unit, c.splits_anew) {
        (Unit::Fold, _) => "Student's t over the folds, each first averaged over its seeds: seeds repeat the training, they \
             bring no new speakers. Of the tests that were tried it had the most power among those with at most 5 % of false \
             alarms (docs/statistics.md). "
            .to_owned(),
        (Unit::Seed, true) => format!(
            "the corrected resampled t-test (Nadeau and Bengio 2003) over seeds, each of which splits the target corpus \
             anew; variance factor 1/n + {}, the second term being test over training utterances of the target. \
             Test sets overlap and all seeds share the source corpus, which is more than the correction allows for, so \
             that even these intervals are rather too narrow. ",
            ratios(contrasts, |c| c.ratio)
        ),
        (Unit::Seed, false) => "Student's t over the seeds. There is one test set: the seeds say how far the training \
             repeats, nothing about other speakers. "
            .to_owned(),
    }
}

fn caption(contrasts: &[Contrast]) -> String {
    let Some(c) = contrasts.first() else { return "No two have a cell in common.".into() };
    let unit = if c.unit == Unit::Fold { "folds" } else { "seeds" };
    let mut text = format!(
        "Difference of the {} in percentage points, paired by {}. Believe the first five columns: {}",
        c.quantity,
        if c.seeds_are_pairs {
            "fold and seed"
        } else {
            "fold, after each system's own seeds are averaged in it"
        },
        of_test(contrasts, c)
    );
    text += &match contrasts.iter().map(|c| c.tests).max() {
        None | Some(0) => "No test here, so nothing to correct by Holm. ".to_owned(),
        Some(n) => {
            format!("p Holm: corrected for the {} of this table. ", plural(n, "test"))
        }
    };
    text += "Power 0.8 at: the true difference that four of five such experiments would find at 0.05, uncorrected; \
             smaller ones are missed more often. ";
    text += &format!(
        "Permutation: the two names exchanged for some of the {unit}; with fewer than {FEWEST} its p cannot go below 0.05. "
    );
    text += &match contrasts.iter().any(|c| c.bootstrap.is_some()) {
        true => format!(
            "Bootstrap: 95 % interval over test speakers and their number, all predictions of a speaker drawn together; of \
             recalls pooled over folds, not of the mean over {unit} beside it; it takes the trained models as given and is \
             too narrow; none below {MIN_SPEAKERS} speakers. "
        ),
        false => "No bootstrap, for the predictions are missing. ".to_owned(),
    };
    text += &format!(
        "Corrected: the corrected resampled t-test over {unit}, variance factor 1/n + {}, test over training utterances; \
         reduced: the same with all utterances that are trained on in place of those of the corpus that is split, {}; pairs: \
         the first, taking every pair of fold and seed as one resample. Wilcoxon: signed ranks over {unit}; with fewer than six its p cannot go below 0.05. \
         d_z: mean over standard deviation of the differences over {unit}; rank r: rank-biserial correlation, −1 to 1. \
         McNemar: over test utterances, each won by whoever has it right in more seeds; it takes the utterances of a \
         speaker as independent, which they are not, and is about accuracy, not recalls. These stand here to be \
         compared with publications that give them.",
        ratios(contrasts, |c| c.ratio),
        ratios(contrasts, |c| c.reduced_ratio)
    );
    text
}

/// One sentence for each contrast that is to be told; with several data sets it begins with the name of its own. The last
/// sentence counts those that are only in the table.
pub fn sentences(contrasts: &[Contrast]) -> Vec<String> {
    let several = contrasts.iter().any(|c| c.data_set != contrasts[0].data_set);
    let of = |c: &Contrast| match several {
        true => format!("{}: {}", data_set_label(&c.data_set), c.sentence()),
        false => c.sentence(),
    };
    let mut told: Vec<String> = contrasts.iter().filter(|c| c.has_sentence).map(of).collect();
    match contrasts.len() - told.len() {
        0 => {}
        1 => told.push("The other pair is in the table.".into()),
        n => told.push(format!("The other {n} pairs are in the table.")),
    }
    told
}
