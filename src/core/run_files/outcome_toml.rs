//! outcome.toml: how one cell ended. The process that worked on the cell writes it as the last of its files.

use super::outcomes_csv::outcomes_table;
use super::{
    Outcome, OutcomeStatus, PlannedCell, RunDir, RunInfo, Session, Warning, read_outcomes, read_plan,
    write_outcomes,
};
use crate::calibration::Calibration;
use crate::device::DeviceClass;
use crate::error::{Error, Result};
use crate::files::{self, write_atomic};
use crate::metrics::Confusion;
use crate::store::{Key, Stage, key};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// How a cell ended, where, and what to know about it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CellRecord {
    /// `done` or `failed`.
    pub status: OutcomeStatus,
    /// Why it failed, on one line; empty when it did not.
    pub error: String,
    /// The key of the plan that it is about: a record of another key does not count.
    #[serde(with = "key::or_empty")]
    pub key_classifier: Option<Key>,
    /// Stages that were trained for this cell; the others came from the store.
    pub trained: Vec<Stage>,
    /// Wall seconds of the autoencoder's training, when it was trained; 0 without one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seconds_autoencoder: f64,
    /// Wall seconds of the augmentor's training, when it was trained; 0 without one.
    pub seconds_augmentor: f64,
    /// Wall seconds of the classifier's training and test, when it was trained.
    pub seconds_classifier: f64,
    /// Wall seconds of the judge's training, when it was trained; 0 without one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seconds_judge: f64,
    /// What kind of device computed it.
    pub device: DeviceClass,
    /// Host name.
    pub host: String,
    /// Code revision.
    pub revision: String,
    /// Number of attempts.
    pub attempts: usize,
    /// Signs that a training did not do what it should.
    pub warnings: Vec<String>,
    /// Counts over the test utterances, row by true class; empty for a failed cell.
    pub confusion: Vec<Vec<u64>>,
    /// Of the probabilities in predictions.csv; none for a failed cell, and in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// How large the classifier's training set is; none for a failed cell, and where nothing that this program trained or made says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_set: Option<TrainingSetSize>,
}

/// What a classifier is trained on, class by class.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TrainingSetSize {
    /// Segments of the utterances that the reduction left.
    pub segments: Vec<usize>,
    /// Utterances that the condition adds.
    pub added: Vec<usize>,
    /// Their segments.
    pub added_segments: Vec<usize>,
}

impl TrainingSetSize {
    /// Percent of all segments, class by class; 0 of none.
    pub fn shares(&self) -> Vec<f64> {
        let counts: Vec<usize> =
            std::iter::zip(&self.segments, &self.added_segments).map(|(a, b)| a + b).collect();
        let all = counts.iter().sum::<usize>().max(1) as f64;
        counts.into_iter().map(|n| 100.0 * n as f64 / all).collect()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(seconds: &f64) -> bool {
    seconds.abs() < f64::MIN_POSITIVE
}

impl CellRecord {
    /// Wall seconds of a stage.
    pub fn seconds(&self, stage: Stage) -> f64 {
        match stage {
            Stage::Autoencoder => self.seconds_autoencoder,
            Stage::Augmentor => self.seconds_augmentor,
            Stage::Classifier => self.seconds_classifier,
            Stage::Judge => self.seconds_judge,
        }
    }

    /// Writes outcome.toml.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        write_atomic(path, toml::to_string(self).expect("plain values").as_bytes())
    }

    /// Reads outcome.toml; `None` where there is none.
    ///
    /// # Errors
    /// A file that is not a record.
    pub fn load(path: &Path) -> Result<Option<CellRecord>> {
        let bad = |e: &dyn std::fmt::Display| Error::at(path, format!("{e}; delete it and run again"));
        match files::text(path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(bad(&e)),
            Ok(text) => {
                let record: CellRecord = toml::from_str(&text).map_err(|e| bad(&e.message()))?;
                let square = Confusion::from_rows(&record.confusion).is_some();
                let counted = record.status == OutcomeStatus::Failed || !record.confusion.is_empty();
                if !square || !counted {
                    return Err(bad(&"the confusion is not square"));
                }
                let classes = record.confusion.len();
                let fits = |s: &TrainingSetSize| {
                    [&s.segments, &s.added, &s.added_segments].iter().all(|counts| counts.len() == classes)
                };
                if !record.training_set.as_ref().is_none_or(fits) {
                    return Err(bad(&format!("training-set: not a number for each of {classes} classes")));
                }
                Ok(Some(record))
            }
        }
    }

    /// Whether it is about the plan that gave the cell this key.
    pub fn is_of(&self, key_classifier: &Key) -> bool {
        self.key_classifier.as_ref() == Some(key_classifier)
    }

    /// The cell's row of outcomes.csv.
    pub fn outcome(&self, planned: &PlannedCell) -> Outcome {
        let confusion = Confusion::from_rows(&self.confusion).filter(|_| self.status == OutcomeStatus::Done);
        Outcome {
            cell: planned.cell.clone(),
            corpus: planned.corpus.clone(),
            status: self.status,
            error: self.error.clone(),
            n_train: planned.n_train,
            n_augmented: planned.n_augmented,
            n_test: planned.n_test,
            reduced: planned.reduced.clone(),
            calibration: self.calibration.filter(|_| confusion.is_some()),
            confusion,
            seconds_augmentor: self.seconds_augmentor,
            seconds_classifier: self.seconds_classifier,
            device: self.device,
            key_augmentor: planned.key_augmentor.clone(),
            key_classifier: planned.key_classifier.clone(),
        }
    }
}

/// The cells of a run and how those that have ended did.
#[derive(Debug, Clone, PartialEq)]
pub struct RunState {
    /// In the order of the plan.
    pub cells: Vec<(PlannedCell, Option<CellRecord>)>,
}

/// Whether a row of outcomes.csv and the record of its cell say the same, where both are of one training.
fn agree(run: &RunDir, row: &Outcome, key: Option<&Key>, confusion: Option<&Confusion>) -> Result<()> {
    if Some(&row.key_classifier) != key || row.confusion.is_none() || row.confusion.as_ref() == confusion {
        return Ok(());
    }
    Err(Error::contradiction(format!(
        "{}: cell {}: its confusion is not that of {}: a file was changed",
        run.outcomes().display(),
        row.cell,
        run.cell_file(&row.cell, "outcome.toml").display()
    )))
}

impl CellRecord {
    /// Compares a row of outcomes.csv with the cell's own record, if there is one.
    ///
    /// # Errors
    /// [`Error::Contradiction`] where their counts differ; a record that does not read.
    pub fn check(run: &RunDir, row: &Outcome) -> Result<()> {
        let Some(record) = CellRecord::load(&run.cell_file(&row.cell, "outcome.toml"))? else {
            return Ok(());
        };
        agree(run, row, record.key_classifier.as_ref(), Confusion::from_rows(&record.confusion).as_ref())
    }
}

impl RunState {
    /// Reads plan.csv and every outcome.toml.
    ///
    /// # Errors
    /// A file that does not read.
    pub fn read(run: &RunDir) -> Result<RunState> {
        let with_record = |planned: PlannedCell| {
            let record = CellRecord::load(&run.cell_file(&planned.cell, "outcome.toml"))?;
            let record = record.filter(|r| r.is_of(&planned.key_classifier));
            Ok((planned, record))
        };
        let cells = read_plan(&run.plan())?.into_par_iter().map(with_record).collect::<Result<_>>()?;
        Ok(RunState { cells })
    }

    /// Rows of outcomes.csv: the cells that have ended.
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.cells.iter().filter_map(|(p, r)| Some(r.as_ref()?.outcome(p))).collect()
    }

    /// Numbers of cells done, failed and not ended.
    pub fn counts(&self) -> [usize; 3] {
        let of = |status: Option<OutcomeStatus>| {
            self.cells.iter().filter(|(_, r)| r.as_ref().map(|r| r.status) == status).count()
        };
        [of(Some(OutcomeStatus::Done)), of(Some(OutcomeStatus::Failed)), of(None)]
    }

    /// Whether every cell is done.
    pub fn is_finished(&self) -> bool {
        self.counts()[0] == self.cells.len()
    }

    /// Writes outcomes.csv, and into run.toml what follows from the cells: how many were trained, their warnings, whether
    /// all are done. `session` is the one that has just ended.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub fn settle(&self, run: &RunDir, classes: &[&str], session: Option<Session>) -> Result<()> {
        self.write(run, classes)?;
        let mut info = RunInfo::load(&run.info())?;
        let now = session.as_ref().map(|s| s.finished.clone());
        info.session.extend(session);
        info.seconds = info.session.iter().map(|s| s.seconds).sum();
        info.finished = match now {
            _ if !self.is_finished() => String::new(),
            Some(now) => now,
            None if !info.finished.is_empty() => info.finished,
            None => jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        };
        let done = || self.records().filter(|(_, r)| r.status == OutcomeStatus::Done);
        info.cells_trained = done().filter(|(_, r)| !r.trained.is_empty()).count();
        info.cells_cached = done().count() - info.cells_trained;
        info.warning.retain(|w| w.cell.is_empty());
        for (planned, record) in self.records() {
            let failed =
                (record.status == OutcomeStatus::Failed).then(|| format!("failed: {}", record.error));
            let messages = record.warnings.iter().cloned().chain(failed);
            info.warning.extend(messages.map(|message| Warning { cell: planned.cell.to_string(), message }));
        }
        info.save(&run.info())
    }

    /// Brings outcomes.csv and run.toml up to date where cells have ended since they were written, as they do on a
    /// cluster, where nobody else may be there to do it. Rows that are there already stay as they are. A run without
    /// plan.csv is of an earlier version and left alone. `classes` are the spec's.
    ///
    /// # Errors
    /// A file that cannot be read or written; [`Error::Contradiction`] for a row whose counts are not those of its cell.
    pub fn gather(run: &RunDir, classes: &[&str]) -> Result<()> {
        match RunState::ahead(run, classes)? {
            Some(state) => state.settle(run, classes, None),
            None => Ok(()),
        }
    }

    /// The state of a run whose outcomes.csv and run.toml do not say all of it: what [`RunState::gather`] writes.
    ///
    /// # Errors
    /// As [`RunState::gather`], but for writing.
    pub fn ahead(run: &RunDir, classes: &[&str]) -> Result<Option<RunState>> {
        if !run.plan().is_file() {
            return Ok(None);
        }
        let state = RunState::read(run)?;
        let fresh = state.outcomes();
        let (_, rows) = read_outcomes(&run.outcomes())?;
        let of_cell: HashMap<String, &Outcome> = fresh.iter().map(|o| (o.cell.to_string(), o)).collect();
        for row in &rows {
            let Some(now) = of_cell.get(&row.cell.to_string()) else {
                // What only this file knows is not to be lost.
                return Ok(None);
            };
            agree(run, row, Some(&now.key_classifier), now.confusion.as_ref())?;
        }
        let unfinished = RunInfo::load(&run.info())?.finished.is_empty();
        // As they are written: the file has fewer digits.
        let table = |rows: &[Outcome]| outcomes_table(&run.outcomes(), classes, rows);
        let same = table(&rows)? == table(&fresh)? && unfinished != state.is_finished();
        Ok((!same).then_some(state))
    }

    fn records(&self) -> impl Iterator<Item = (&PlannedCell, &CellRecord)> {
        self.cells.iter().filter_map(|(p, r)| Some((p, r.as_ref()?)))
    }

    /// Writes outcomes.csv.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, run: &RunDir, classes: &[&str]) -> Result<()> {
        write_outcomes(&run.outcomes(), classes, &self.outcomes())
    }
}
