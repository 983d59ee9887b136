//! `seraug verify ARCHIVE`: every number and text of an archived report, derived again from its predictions.

mod report_check;
mod tables;

use super::archive::OpenedArchive;
use super::{Global, print, print_json};
use report_check::ReportCheck;
use seraug_core::error::{Error, Result};
use seraug_core::run_files::RunInfo;
use seraug_core::text::plural;
use seraug_report::analysis::loaded_run::LoadedRun;
use seraug_report::analysis::predictions::RunPredictions;
use serde_json::json;
use std::path::PathBuf;

/// Check an archive: checksums, and its tables and texts derived again from its predictions
#[derive(Debug, Clone, clap::Args)]
pub struct VerifyArgs {
    /// Archive that `seraug archive` wrote
    pub archive: PathBuf,
}

/// Checks the archive and returns the exit code.
///
/// # Errors
/// A file that is no archive; [`Error::Contradiction`] (exit code 4) for a file that is not what its checksum says, an outcome that is
/// not what the predictions give, or a number of a table that cannot be derived again.
pub fn run(args: VerifyArgs, global: &Global) -> Result<u8> {
    let archive = OpenedArchive::open(&args.archive)?;
    let found = verified(&archive)?;
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
            "numbers": found.report.numbers,
            "texts": found.report.texts,
        }))?;
        return Ok(0);
    }
    print(&format!(
        "{}: {} as stated; {}, {} and {} derived again from {}: all agree\n{}\n{}",
        archive.path().display(),
        plural(files, "file"),
        plural(found.cells, "outcome"),
        plural(found.report.numbers, "number"),
        plural(found.report.texts, "text"),
        plural(found.predictions, "prediction"),
        found.line,
        found.report.rest()
    ))?;
    Ok(0)
}

/// What was derived again.
pub(super) struct Verified {
    experiment: String,
    version: String,
    cells: usize,
    predictions: usize,
    report: ReportCheck,
    line: String,
}

/// Derives every number and text again.
///
/// # Errors
/// [`Error::Contradiction`], named after the archive.
pub(super) fn verified(archive: &OpenedArchive) -> Result<Verified> {
    derived(archive).map_err(|e| archive.contradicts(&e))
}

fn derived(archive: &OpenedArchive) -> Result<Verified> {
    let run = LoadedRun::of(archive.run())?;
    // Reading predictions holds them against the counts of outcomes.csv, whose measures were held against these.
    let predictions = RunPredictions::of(&run)?;
    if let Some(cell) = predictions.missing.first() {
        return Err(Error::contradiction(format!("cell {cell} has a result, but no predictions.csv")));
    }
    let report = ReportCheck::of(archive, &run)?;
    archive.check_metadata()?;
    let RunInfo { experiment, version, started, revision, device, .. } = run.info.clone();
    let device = if device.name.is_empty() { "scored from predictions" } else { &device.name };
    Ok(Verified {
        line: format!("{experiment}, started {started}, seraug {version} ({revision}), {device}"),
        experiment,
        version,
        cells: run.outcomes.len(),
        predictions: run.outcomes.iter().map(|o| predictions.cell(&o.cell).len()).sum(),
        report,
    })
}
