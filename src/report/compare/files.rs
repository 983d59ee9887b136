//! The files of a comparison.

use super::aligned_cells::quantities;
use super::contrast::Contrast;
use super::runs::Comparison;
use super::{page, text};
use crate::analysis::aggregate::Unit;
use crate::render::csv::{self, number};
use seraug_core::error::{Error, Result};
use seraug_core::files::write_given;
use std::path::{Path, PathBuf};

/// Writes compare.md, compare.csv, statistics.csv and index.html into `dir`, each whole or not at all; their paths, the
/// page last.
///
/// # Errors
/// [`Error::Usage`] for a folder that holds a run or a page of something else; one that cannot be written.
pub fn write(comparison: &Comparison, tolerance: Option<f64>, dir: &Path) -> Result<Vec<PathBuf>> {
    check_folder(dir)?;
    std::fs::create_dir_all(dir)
        .map_err(|e| Error::failed(format!("{}: cannot be written: {e}", dir.display())))?;
    let files = [
        ("compare.md", text::markdown(comparison, tolerance).into_bytes()),
        ("compare.csv", csv::bytes("compare.csv", cell_rows(comparison))?),
        ("statistics.csv", csv::bytes("statistics.csv", statistic_rows(comparison))?),
        ("index.html", page::html(comparison, tolerance)?.into_bytes()),
    ];
    let mut written = Vec::new();
    for (name, bytes) in files {
        write_given(&dir.join(name), &bytes)?;
        written.push(dir.join(name));
    }
    Ok(written)
}

/// Refuses a folder whose files are not of an earlier comparison.
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

/// One row a cell and pair of runs. Percent and percentage points, not rounded.
fn cell_rows(comparison: &Comparison) -> Vec<Vec<String>> {
    let names = quantities(&comparison.first.reading.spec.class_names());
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
                row.extend([*first, *second, c.difference(i)].map(number));
            }
            row.push(c.changed.map_or(String::new(), |n| n.to_string()));
            rows.push(row);
        }
    }
    rows
}

/// One row a contrast, numbers not rounded.
fn statistic_rows(comparison: &Comparison) -> Vec<Vec<String>> {
    let header = vec!["first_run".to_owned(), "second_run".to_owned()];
    let mut rows = Vec::new();
    for against in &comparison.against {
        for c in &against.contrasts {
            let mut row = vec![comparison.first.name(), against.second.name()];
            row.extend(columns(c).into_iter().map(|f| f.1));
            if rows.is_empty() {
                rows.push(
                    header.iter().cloned().chain(columns(c).into_iter().map(|f| f.0.to_owned())).collect(),
                );
            }
            rows.push(row);
        }
    }
    if rows.is_empty() { vec![header] } else { rows }
}

/// Names and values of a contrast, in the order of statistics.csv.
pub(super) fn columns(c: &Contrast) -> Vec<(&'static str, String)> {
    let unit = if c.unit == Unit::Fold { "fold" } else { "seed" };
    let interval = c.bootstrap.and_then(|b| b.interval);
    let speakers = |end: usize| number(interval.map(|i| 100.0 * i[end]));
    vec![
        ("corpus", c.data_set.clone()),
        ("first", c.first.clone()),
        ("second", c.second.clone()),
        ("quantity", c.what.to_owned()),
        ("mean_first", c.means[0].to_string()),
        ("mean_second", c.means[1].to_string()),
        ("difference", c.difference.to_string()),
        ("unit", unit.to_owned()),
        ("units", c.units.to_string()),
        ("pairs", c.pairs.to_string()),
        ("ratio", c.ratio.to_string()),
        ("low", number(c.test.map(|t| t.low))),
        ("high", number(c.test.map(|t| t.high))),
        ("t", number(c.test.map(|t| t.t))),
        ("p", number(c.test.map(|t| t.p))),
        ("p_holm", number(c.holm)),
        ("detectable", number(c.detectable)),
        ("p_every_pair", number(c.every_pair.map(|t| t.p))),
        ("p_wilcoxon", number(c.wilcoxon.map(|w| w.p))),
        ("d_z", number(c.dz)),
        ("rank_biserial", number(c.biserial)),
        ("speakers", c.bootstrap.map_or(String::new(), |b| b.speakers.to_string())),
        ("speakers_difference", number(c.bootstrap.map(|b| 100.0 * b.difference))),
        ("speakers_low", speakers(0)),
        ("speakers_high", speakers(1)),
        ("utterances_first", c.mcnemar.map_or(String::new(), |m| m.first.to_string())),
        ("utterances_second", c.mcnemar.map_or(String::new(), |m| m.second.to_string())),
        ("p_mcnemar", number(c.mcnemar.map(|m| m.p))),
        ("sentence", c.sentence()),
    ]
}
