//! What `seraug export --training-set` asks of the worker, and its answers; and which cell a command line means.

use crate::models;
use seraug_core::device::DeviceChoice;
use seraug_core::error::{Error, Result};
use seraug_core::run_files::{CellId, RunDir, RunInfo, read_plan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The training set of a cell, to be written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingSetRequest {
    /// The run directory.
    pub run: PathBuf,
    /// The cell.
    pub cell: CellId,
    /// Folder of the runs and of the store that they share.
    pub results: PathBuf,
    /// Folder of the corpora.
    pub corpora: PathBuf,
    /// Use an incomplete corpus as it is.
    pub partial: bool,
    /// An empty folder.
    pub to: PathBuf,
    /// Where to compute.
    pub device: DeviceChoice,
    /// Threads of a tensor operation on the CPU.
    pub threads: usize,
}

/// What the worker says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainingSetAnswer {
    /// A remark on the set.
    Note(String),
    /// The set is written.
    Written(TrainingSetCounts),
}

/// Rows of the tables of an exported training set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TrainingSetCounts {
    /// Training utterances of the corpus.
    pub originals: usize,
    /// Samples and copies.
    pub added: usize,
    /// Utterances that the weights were chosen by.
    pub validation: usize,
    /// Samples and copies of those, which nothing was trained on.
    pub left_out: usize,
    /// Test utterances.
    pub test: usize,
    /// Whether the cell's own record says that its classifier saw this very set; none where it records nothing.
    pub confirmed: Option<bool>,
}

/// The cell of `run` with this fold and, where they are named, condition and seed; and where its store is: above the run, else
/// `results`.
///
/// # Errors
/// No run; a fold, condition or seed that the run does not have; several conditions and none named.
pub fn find(
    run: &Path,
    fold: usize,
    condition: Option<&str>,
    seed: Option<u64>,
    results: &Path,
) -> Result<(RunDir, RunInfo, CellId, PathBuf)> {
    let run = RunDir::open(run)?;
    let info = RunInfo::load(&run.info())?;
    let rows = read_plan(&run.plan())?;
    let condition = models::condition_of(&rows, condition, run.path())?;
    let of_condition = || rows.iter().map(|row| &row.cell).filter(|cell| cell.condition == condition);
    let seeds: BTreeSet<u64> = of_condition().map(|cell| cell.seed).collect();
    // The first that the plan has, which is the first of the spec.
    let seed = seed.or_else(|| of_condition().next().map(|cell| cell.seed)).unwrap_or_default();
    if !seeds.contains(&seed) {
        let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
        return Err(Error::usage(format!("--seed {seed}: the run has {}", seeds.join(", "))));
    }
    let Some(cell) = of_condition().find(|cell| cell.fold == fold && cell.seed == seed).cloned() else {
        let folds: BTreeSet<usize> = of_condition().map(|cell| cell.fold).collect();
        let (first, last) = (folds.first().copied().unwrap_or(0), folds.last().copied().unwrap_or(0));
        return Err(Error::usage(format!("--training-set {fold}: the run has folds {first} to {last}")));
    };
    let store = models::store(run.path(), results);
    let results = store.root().parent().unwrap_or(results).to_owned();
    Ok((run, info, cell, results))
}
