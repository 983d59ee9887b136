//! Finds the trained classifiers that a command line names: a folder with a model, a cell, or a run.

use seraug_core::error::{Error, Result};
use seraug_core::run_files::{CellId, CellRecord, ModelInfo, OutcomeStatus, PlannedCell, RunDir, read_plan};
use seraug_core::store::{Stage, Store};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A model, and the folder that it is in.
#[derive(Debug, Clone)]
pub struct FoundModel {
    /// Its folder.
    pub dir: PathBuf,
    /// Its model.toml.
    pub info: ModelInfo,
    /// The cell, where it was found by a run or a cell.
    pub cell: Option<(RunDir, CellId)>,
}

/// The models that `path` names: the folder of one, a cell's folder, or a run (those of `condition`, which may be left out where a
/// run has one). `results` is where the store is, if it is not above `path`.
///
/// # Errors
/// Names `path`: it is none of these, a cell that has no result, a model that was not kept; a run of several conditions; models of
/// several classes, front ends or segments.
pub fn find(path: &Path, condition: Option<&str>, results: &Path) -> Result<Vec<FoundModel>> {
    if ModelInfo::is_in(path) {
        return Ok(vec![FoundModel { dir: path.to_owned(), info: ModelInfo::load(path)?, cell: None }]);
    }
    let store = store(path, results);
    let found = match path.join("outcome.toml").is_file() {
        true => vec![of_cell(path, &store)?],
        false => of_run(path, condition, &store)?,
    };
    let [first, rest @ ..] = &found[..] else {
        return Err(Error::usage(format!("{}: no cell of it has a model; {KEEP}", path.display())));
    };
    match rest.iter().find(|m| !m.info.votes_with(&first.info)) {
        Some(other) => Err(Error::usage(format!(
            "{}: the models of {} and {} differ in classes, front end or network; name one condition",
            path.display(),
            first.info.cell,
            other.info.cell
        ))),
        None => Ok(found),
    }
}

/// What to do where a model is not there.
const KEEP: &str = "`seraug run SPEC --new --keep-models all` keeps them, and takes every other stage from the store; a final model is made again by \
     `seraug train-final`";

/// The store above `path`, else that of `results`.
pub(crate) fn store(path: &Path, results: &Path) -> Store {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let above = path.ancestors().map(Store::of).find(|store| store.root().is_dir());
    above.unwrap_or_else(|| Store::of(results))
}

fn of_cell(dir: &Path, store: &Store) -> Result<FoundModel> {
    let record = CellRecord::load(&dir.join("outcome.toml"))?.unwrap_or_default();
    let key = record.key_classifier.filter(|_| record.status == OutcomeStatus::Done);
    let key =
        key.ok_or_else(|| Error::failed(format!("{}: the cell failed: {}", dir.display(), record.error)))?;
    let entry = store.find(Stage::Classifier, &key).filter(|entry| ModelInfo::is_in(entry));
    let entry = entry.ok_or_else(|| {
        Error::failed(format!("{}: no model of it is in {}; {KEEP}", dir.display(), store.root().display()))
    })?;
    Ok(FoundModel { info: ModelInfo::load(&entry)?, dir: entry, cell: cell_of(dir) })
}

/// The run and the cell of a cell's folder, RUN/cells/CONDITION/FOLD/SEED.
pub(crate) fn cell_of(dir: &Path) -> Option<(RunDir, CellId)> {
    let dir = dir.canonicalize().ok()?;
    let run = RunDir::exactly(dir.ancestors().nth(4)?).ok()?;
    let rows = read_plan(&run.plan()).ok()?;
    let row = rows.into_iter().find(|row| run.path().join(row.cell.dir()) == dir)?;
    Some((run, row.cell))
}

/// The condition called `named` of the plan `rows`, or its only one; `run` is for messages.
///
/// # Errors
/// None of that name; several and no name.
pub(crate) fn condition_of<'a>(rows: &'a [PlannedCell], named: Option<&str>, run: &Path) -> Result<&'a str> {
    let conditions: BTreeSet<&str> = rows.iter().map(|row| row.cell.condition.as_str()).collect();
    let listed = || conditions.iter().copied().collect::<Vec<_>>().join(", ");
    match (named, conditions.first()) {
        (Some(named), _) => conditions
            .get(named)
            .copied()
            .ok_or_else(|| Error::usage(format!("--condition {named}: the run has {}", listed()))),
        (None, Some(only)) if conditions.len() == 1 => Ok(only),
        (None, _) => {
            Err(Error::usage(format!("{}: name a condition with --condition: {}", run.display(), listed())))
        }
    }
}

fn of_run(path: &Path, condition: Option<&str>, store: &Store) -> Result<Vec<FoundModel>> {
    let run = RunDir::open(path)?;
    let rows = read_plan(&run.plan())?;
    let condition = condition_of(&rows, condition, path)?;
    let cells = rows.iter().filter(|row| row.cell.condition == condition).map(|row| &row.cell);
    let mut found = Vec::new();
    for cell in cells {
        let dir = run.path().join(cell.dir());
        let Some(record) = CellRecord::load(&dir.join("outcome.toml"))? else { continue };
        let entry = record.key_classifier.and_then(|key| store.find(Stage::Classifier, &key));
        if let Some(entry) = entry.filter(|entry| ModelInfo::is_in(entry)) {
            let cell = Some((run.clone(), cell.clone()));
            found.push(FoundModel { info: ModelInfo::load(&entry)?, dir: entry, cell });
        }
    }
    Ok(found)
}
