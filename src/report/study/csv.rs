//! study.csv and conditions.csv: the numbers of a study in full.

use super::StudyContents;
use super::comparison::StudyComparison;
use super::tables::spec_digest;
use crate::analysis::aggregate::{Unit, main_column};
use crate::render::csv::{CsvNumber, of_rows};
use crate::stats::{Effect, Equivalence};
use seraug_core::error::Result;
use serde::Serialize;

/// A row of study.csv: a comparison on a corpus, or pooled. Percentage points; p values; shares in [0, 1]. `N` is a number or
/// none: [`CsvNumber`] in the file, `Option<f64>` in JSON.
#[derive(Default, Serialize)]
pub(super) struct StudyRow<'a, N> {
    family: &'static str,
    condition: &'a str,
    baseline: &'a str,
    /// `pooled` in the row over all corpora.
    corpus: &'a str,
    run: String,
    spec: String,
    corpora: N,
    folds: N,
    seeds: N,
    pairs: N,
    speakers: N,
    difference: N,
    se: N,
    df: N,
    low: N,
    high: N,
    p: N,
    p_holm: N,
    margin: N,
    low_90: N,
    high_90: N,
    p_equivalence: N,
    p_equivalence_holm: N,
    weight: N,
    tau2: N,
    i2: N,
    q: N,
    p_q: N,
    se_hartung_knapp: N,
    prediction_low: N,
    prediction_high: N,
}

/// The rows of a comparison: a row for each corpus, then the pooled one where there is one.
pub(super) fn rows<'a, N: From<Option<f64>> + Default>(
    c: &'a StudyComparison,
    contents: &'a StudyContents,
) -> Vec<StudyRow<'a, N>> {
    let n = |v: f64| N::from(Some(v));
    let of = |effect: Option<Effect>, e: Option<Equivalence>| {
        let ends = effect.map(|e| e.interval(0.95));
        StudyRow {
            family: if c.is_primary { "primary" } else { "secondary" },
            condition: &c.pair.condition,
            baseline: &c.pair.baseline,
            se: N::from(effect.map(|e| e.se)),
            df: N::from(effect.map(|e| e.df)),
            low: N::from(ends.map(|e| e[0])),
            high: N::from(ends.map(|e| e[1])),
            p: N::from(effect.map(|e| e.p())),
            margin: n(contents.margin),
            low_90: N::from(e.map(|e| e.low)),
            high_90: N::from(e.map(|e| e.high)),
            p_equivalence: N::from(e.map(|e| e.p)),
            ..StudyRow::default()
        }
    };
    let mut rows: Vec<StudyRow<N>> = c
        .rows
        .iter()
        .map(|r| {
            let member = &contents.members[r.member];
            StudyRow {
                corpus: &member.label,
                run: member.name(),
                spec: spec_digest(member),
                folds: n(if r.unit == Unit::Fold { r.units as f64 } else { 1.0 }),
                seeds: n(member.run.spec.seeds.len() as f64),
                pairs: n(r.pairs as f64),
                speakers: n(r.speakers as f64),
                difference: n(r.difference),
                weight: N::from(r.weight),
                p_holm: N::from(r.holm),
                ..of(r.effect, r.equivalence)
            }
        })
        .collect();
    rows.extend(c.pooled.as_ref().map(|p| StudyRow {
        corpus: "pooled",
        corpora: n(p.weights.len() as f64),
        difference: n(p.effect.estimate),
        p_holm: N::from(c.holm),
        p_equivalence_holm: N::from(c.equivalence_holm),
        weight: n(1.0),
        tau2: n(p.tau2),
        i2: n(p.i2),
        q: n(p.q),
        p_q: n(p.q_p),
        se_hartung_knapp: n(p.unlimited_se),
        prediction_low: N::from(p.prediction.map(|e| e[0])),
        prediction_high: N::from(p.prediction.map(|e| e[1])),
        ..of(Some(p.effect), c.equivalence)
    }));
    rows
}

/// study.csv.
///
/// # Errors
/// As [`of_rows`].
pub(super) fn study(contents: &StudyContents) -> Result<Vec<u8>> {
    let rows: Vec<StudyRow<CsvNumber>> =
        contents.comparisons.iter().flat_map(|c| rows(c, contents)).collect();
    of_rows("study.csv", &rows)
}

/// A row of conditions.csv: a condition on a corpus, percent; shares of the gap in [0, 1] and beyond.
#[derive(Default, Serialize)]
struct StudyConditionRow<'a> {
    corpus: &'a str,
    condition: &'a str,
    mean: CsvNumber,
    half: CsvNumber,
    n: usize,
    share: CsvNumber,
    share_low: CsvNumber,
    share_high: CsvNumber,
}

/// conditions.csv: the main column of every condition on every corpus.
///
/// # Errors
/// As [`of_rows`]; results that cannot be averaged.
pub(super) fn conditions(contents: &StudyContents) -> Result<Vec<u8>> {
    let mut rows = Vec::new();
    for member in &contents.members {
        for (i, condition) in member.run.spec.condition.iter().enumerate() {
            let entry = member.table.entry(i, main_column(&member.run)).map(|e| e.interval);
            let share = member.share(i);
            let ends = share.and_then(|s| s.interval);
            rows.push(StudyConditionRow {
                corpus: &member.label,
                condition: &condition.name,
                mean: CsvNumber(entry.map(|e| e.mean)),
                half: CsvNumber(entry.and_then(|e| e.half)),
                n: entry.map_or(0, |e| e.n),
                share: CsvNumber(share.map(|s| s.ratio)),
                share_low: CsvNumber(ends.map(|e| e[0])),
                share_high: CsvNumber(ends.map(|e| e[1])),
            });
        }
    }
    of_rows("conditions.csv", &rows)
}
