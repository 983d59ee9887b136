//! `seraug verify ARCHIVE`: every number of an archived report, derived again from its predictions.

use super::archive::OpenedArchive;
use super::{Global, print, print_json};
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files;
use seraug_core::run_files::RunInfo;
use seraug_core::text::plural;
use seraug_core::version::VERSION;
use seraug_report::analysis::loaded_run::LoadedRun;
use seraug_report::analysis::predictions::RunPredictions;
use seraug_report::write;
use serde_json::json;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Check an archive: checksums, and every number of its tables derived again from its predictions
#[derive(Debug, Clone, clap::Args)]
pub struct VerifyArgs {
    /// Archive that `seraug archive` wrote
    pub archive: PathBuf,
}

/// Largest difference of a number that is derived again, relative to it: rounding of another build.
const ROUNDING: f64 = 1e-9;

/// Checks the archive and returns the exit code.
///
/// # Errors
/// A file that is no archive; [`Error::Contradiction`] (exit code 4) for a file that is not what its checksum says, an outcome that is
/// not what the predictions give, or a number of a table that cannot be derived again.
pub fn run(args: VerifyArgs, global: &Global) -> Result<u8> {
    let archive = OpenedArchive::open(&args.archive)?;
    let found = verified(&archive).map_err(|e| e.within(&args.archive.display().to_string()))?;
    let files = archive.files();
    if global.json {
        print_json(&json!({
            "archive": archive.path().display().to_string(),
            "experiment": found.experiment,
            "run": archive.run().id(),
            "version": found.version,
            "files": files,
            "cells": found.cells,
            "predictions": found.predictions,
            "numbers": found.numbers,
        }))?;
        return Ok(0);
    }
    print(&format!(
        "{}: {} as stated; {} and {} derived again from {}: all agree\n{}\n",
        archive.path().display(),
        plural(files, "file"),
        plural(found.cells, "outcome"),
        plural(found.numbers, "number"),
        plural(found.predictions, "prediction"),
        found.line
    ))?;
    Ok(0)
}

/// What was derived again.
pub(super) struct Verified {
    experiment: String,
    version: String,
    cells: usize,
    predictions: usize,
    numbers: usize,
    line: String,
}

/// Derives every number again.
///
/// # Errors
/// As [`run`].
pub(super) fn verified(archive: &OpenedArchive) -> Result<Verified> {
    let run = LoadedRun::of(archive.run())?;
    // Reading predictions holds them against the counts of outcomes.csv, whose measures were held against these.
    let predictions = RunPredictions::of(&run)?;
    if let Some(cell) = predictions.missing.first() {
        return Err(Error::contradiction(format!("cell {cell} has a result, but no predictions.csv")));
    }
    let again = tempfile::tempdir().at(Path::new("the temporary folder"))?;
    write::report_public(archive.run(), again.path())?;
    let archived = archive.folder().join("reports");
    let same_version = run.info.version == VERSION;
    let mut numbers = 0;
    for entry in WalkDir::new(&archived).sort_by_file_name() {
        let entry = entry.map_err(|e| Error::at(&archived, e))?;
        let table = entry.path().extension().is_some_and(|e| e == "csv");
        if !table || !entry.file_type().is_file() {
            continue;
        }
        let below = entry.path().strip_prefix(&archived).unwrap_or(entry.path());
        numbers += same_numbers(entry.path(), &again.path().join(below), below, same_version)?;
    }
    if numbers == 0 {
        return Err(Error::contradiction("it has no tables"));
    }
    let RunInfo { experiment, version, started, revision, device, .. } = run.info.clone();
    Ok(Verified {
        line: format!("{experiment}, started {started}, seraug {version} ({revision}), {}", device.name),
        experiment,
        version,
        cells: run.outcomes.len(),
        predictions: run.outcomes.iter().map(|o| predictions.cell(&o.cell).len()).sum(),
        numbers,
    })
}

/// Compares a table with the one that was made again, and returns the number of its numbers. Another version may have added columns and
/// rows.
fn same_numbers(archived: &Path, again: &Path, shown: &Path, same_version: bool) -> Result<usize> {
    let wrong = |what: String| Error::contradiction(format!("{}: {what}", shown.display()));
    let (old, new) = (table(archived)?, if again.is_file() { table(again)? } else { Vec::new() });
    let Some((header, rows)) = old.split_first() else { return Ok(0) };
    let new_columns: HashMap<&str, usize> = new
        .first()
        .map_or_else(HashMap::new, |h| h.iter().enumerate().map(|(i, n)| (n.as_str(), i)).collect());
    if same_version && old.len() != new.len() {
        return Err(wrong(format!(
            "{} rows, but the predictions give {}",
            old.len() - 1,
            new.len().max(1) - 1
        )));
    }
    let mut numbers = 0;
    for (line, row) in rows.iter().enumerate() {
        let other = new.get(line + 1);
        for (name, value) in std::iter::zip(header, row) {
            let derived = new_columns.get(name.as_str()).and_then(|&at| other.and_then(|o| o.get(at)));
            let Some(derived) = derived else {
                return Err(wrong(format!(
                    "row {}: {name} = {value} cannot be derived from the predictions",
                    line + 2
                )));
            };
            if !equal(value, derived) {
                let row = line + 2;
                return Err(wrong(format!(
                    "row {row}: {name} = {value}, but the predictions give {derived}: it was changed"
                )));
            }
            numbers += usize::from(value.parse::<f64>().is_ok());
        }
    }
    Ok(numbers)
}

fn equal(a: &str, b: &str) -> bool {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => (x - y).abs() <= ROUNDING * x.abs().max(1.0),
        _ => a == b,
    }
}

/// Every row of a CSV file, the header first.
fn table(path: &Path) -> Result<Vec<Vec<String>>> {
    let bytes = files::read(path, files::DATA).at(path)?;
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes.as_slice());
    let row = |record: csv::Result<csv::StringRecord>| {
        record.map(|r| r.iter().map(str::to_owned).collect()).map_err(|e| Error::at(path, e))
    };
    reader.records().map(row).collect()
}
