//! The files of a comparison: compare.md, compare.csv, statistics.csv and index.html.

use super::aligned_cells::quantities;
use super::contrast::Contrast;
use super::runs::Comparison;
use super::{page, text};
use crate::analysis::aggregate::Unit;
use crate::render::csv::{self, CsvNumber};
use seraug_core::error::{Error, Result};
use seraug_core::files::write_given;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Writes the files into `dir`, each whole or not at all, and returns their paths, the page last.
///
/// # Errors
/// [`Error::Usage`] for a folder that holds a run or another page; a folder that cannot be written.
pub fn write(comparison: &Comparison, tolerance: Option<f64>, dir: &Path) -> Result<Vec<PathBuf>> {
    check_folder(dir)?;
    std::fs::create_dir_all(dir)
        .map_err(|e| Error::failed(format!("{}: cannot be written: {e}", dir.display())))?;
    let files = [
        ("compare.md", text::markdown(comparison, tolerance).into_bytes()),
        ("compare.csv", csv::of_records("compare.csv", &cell_records(comparison))?),
        ("statistics.csv", csv::of_rows("statistics.csv", &statistics_rows(comparison))?),
        ("index.html", page::html(comparison, tolerance)?.into_bytes()),
    ];
    let mut written = Vec::new();
    for (name, bytes) in files {
        write_given(&dir.join(name), &bytes)?;
        written.push(dir.join(name));
    }
    Ok(written)
}

/// Refuses a folder with files that an earlier comparison did not write.
fn check_folder(dir: &Path) -> Result<()> {
    let other = if dir.join("run.toml").exists() {
        "is a run directory"
    } else if dir.join("index.html").exists() && !dir.join("compare.csv").exists() {
        "has an index.html that is not of a comparison"
    } else {
        return Ok(());
    };
    Err(Error::usage(format!("--out {}: {other}; name another folder", dir.display())))
}

/// Records of compare.csv: one for each cell and pair of runs, with percent and percentage points in full.
fn cell_records(comparison: &Comparison) -> Vec<Vec<String>> {
    let names = quantities(&comparison.first.run.spec.class_names());
    let mut header: Vec<String> =
        ["first", "second", "condition", "corpus", "fold", "seed", "result_in"].map(str::to_owned).to_vec();
    header.extend(
        names.iter().flat_map(|n| ["first", "second", "difference"].map(|side| format!("{n}_{side}"))),
    );
    header.push("answers_changed".into());
    let mut rows = vec![header];
    for against in &comparison.against {
        for c in &against.cells {
            let mut row = vec![comparison.first.name(), against.second.name(), c.cell.condition.clone()];
            row.extend([
                c.corpus.clone(),
                c.cell.fold.to_string(),
                c.cell.seed.to_string(),
                c.state.result_in().to_owned(),
            ]);
            for (i, [first, second]) in c.values.iter().enumerate() {
                row.extend([*first, *second, c.difference(i)].map(|v| CsvNumber(v).to_string()));
            }
            row.push(c.changed.map_or(String::new(), |n| n.to_string()));
            rows.push(row);
        }
    }
    rows
}

/// A row of statistics.csv: a contrast of two conditions, with percent and percentage points in full. `N` is a number or
/// none: [`CsvNumber`] in the file, `Option<f64>` in JSON.
#[derive(Default, Serialize)]
pub(super) struct StatisticsRow<'a, N> {
    first_run: String,
    second_run: String,
    corpus: &'a str,
    first: &'a str,
    second: &'a str,
    quantity: &'static str,
    mean_first: N,
    mean_second: N,
    difference: N,
    unit: &'static str,
    units: N,
    pairs: N,
    low: N,
    high: N,
    t: N,
    p: N,
    p_holm: N,
    detectable: N,
    p_permutation: N,
    permutation_low: N,
    permutation_high: N,
    ratio: N,
    p_corrected: N,
    ratio_reduced: N,
    p_corrected_reduced: N,
    p_every_pair: N,
    p_wilcoxon: N,
    d_z: N,
    rank_biserial: N,
    speakers: N,
    speakers_difference: N,
    speakers_low: N,
    speakers_high: N,
    utterances_first: N,
    utterances_second: N,
    p_mcnemar: N,
    sentence: String,
}

impl<'a, N: From<Option<f64>>> StatisticsRow<'a, N> {
    /// The row of a contrast, without the names of the two runs.
    pub(super) fn of(c: &'a Contrast) -> StatisticsRow<'a, N> {
        let interval = c.bootstrap.and_then(|b| b.interval);
        let number = |v: f64| N::from(Some(v));
        let percent = |share: Option<f64>| N::from(share.map(|v| 100.0 * v));
        StatisticsRow {
            first_run: String::new(),
            second_run: String::new(),
            corpus: &c.data_set,
            first: &c.first,
            second: &c.second,
            quantity: c.quantity,
            mean_first: number(c.means[0]),
            mean_second: number(c.means[1]),
            difference: number(c.difference),
            unit: if c.unit == Unit::Fold { "fold" } else { "seed" },
            units: number(c.units as f64),
            pairs: number(c.pairs as f64),
            low: N::from(c.test.map(|t| t.low)),
            high: N::from(c.test.map(|t| t.high)),
            t: N::from(c.test.map(|t| t.t)),
            p: N::from(c.test.map(|t| t.p)),
            p_holm: N::from(c.holm),
            detectable: N::from(c.detectable),
            p_permutation: N::from(c.permutation.map(|t| t.p)),
            permutation_low: N::from(c.permutation.and_then(|t| t.interval).map(|i| i[0])),
            permutation_high: N::from(c.permutation.and_then(|t| t.interval).map(|i| i[1])),
            ratio: number(c.ratio),
            p_corrected: N::from(c.corrected.map(|t| t.p)),
            ratio_reduced: number(c.reduced_ratio),
            p_corrected_reduced: N::from(c.corrected_reduced.map(|t| t.p)),
            p_every_pair: N::from(c.every_pair.map(|t| t.p)),
            p_wilcoxon: N::from(c.wilcoxon.map(|w| w.p)),
            d_z: N::from(c.dz),
            rank_biserial: N::from(c.biserial),
            speakers: N::from(c.bootstrap.map(|b| b.speakers as f64)),
            speakers_difference: percent(c.bootstrap.map(|b| b.difference)),
            speakers_low: percent(interval.map(|i| i[0])),
            speakers_high: percent(interval.map(|i| i[1])),
            utterances_first: N::from(c.mcnemar.map(|m| m.first as f64)),
            utterances_second: N::from(c.mcnemar.map(|m| m.second as f64)),
            p_mcnemar: N::from(c.mcnemar.map(|m| m.p)),
            sentence: c.sentence(),
        }
    }
}

fn statistics_rows(comparison: &Comparison) -> Vec<StatisticsRow<'_, CsvNumber>> {
    let first = comparison.first.name();
    let mut rows = Vec::new();
    for against in &comparison.against {
        let names = || (first.clone(), against.second.name());
        rows.extend(against.contrasts.iter().map(|c| {
            let (first_run, second_run) = names();
            StatisticsRow { first_run, second_run, ..StatisticsRow::of(c) }
        }));
    }
    rows
}
