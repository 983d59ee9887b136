//! All predictions of a run in a compact form, read from the predictions.csv of each cell and checked against outcomes.csv.

use super::loaded_run::LoadedRun;
use csv::StringRecord;
use rayon::prelude::*;
use seraug_core::calibration::Calibration;
use seraug_core::error::{Error, Result};
use seraug_core::files;
use seraug_core::metrics::Confusion;
use seraug_core::run_files::{CellId, Outcome};
use std::collections::HashMap;

/// What a classifier predicted for one test utterance. Ids belong to the corpus that the cell is tested on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellPrediction {
    /// Index in [`RunPredictions::utterances`].
    pub utterance: u32,
    /// Index in [`RunPredictions::speakers`].
    pub speaker: u32,
    /// Index of the labelled class.
    pub truth: u8,
    /// Index of the predicted class.
    pub predicted: u8,
    /// Probability of the labelled class in millionths, as the file has it; none where it has no probabilities.
    pub millionths: Option<u32>,
}

/// The predictions of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunPredictions {
    /// Ids of utterances, in the order of their first prediction.
    pub utterances: Vec<String>,
    /// Ids of speakers, in the order of their first prediction.
    pub speakers: Vec<String>,
    /// Cells that have a result and no predictions.csv, in the order of outcomes.csv.
    pub missing: Vec<CellId>,
    of: HashMap<CellId, Vec<CellPrediction>>,
    /// Of the cells whose files have probabilities.
    calibrations: HashMap<CellId, Calibration>,
}

/// A row of a file.
struct ReadPrediction {
    utterance: Box<str>,
    speaker: Box<str>,
    truth: u8,
    predicted: u8,
    millionths: Option<u32>,
}

/// The rows of a file, and what its probabilities come to.
type ReadCell = (Vec<ReadPrediction>, Option<Calibration>);

/// Files that are read at once; more would only use memory.
const BATCH: usize = 256;

impl RunPredictions {
    /// Reads the predictions.csv of every cell with a result, several at a time. A cell without the file has no predictions
    /// and is named in `missing`.
    ///
    /// # Errors
    /// A file that does not parse, with its name; [`Error::Contradiction`] for one whose counts are not those of
    /// outcomes.csv, whose probabilities give another ECE or Brier score, or that lists an utterance twice, with file and cell.
    pub fn of(run: &LoadedRun) -> Result<RunPredictions> {
        let classes = run.spec.class_names();
        let done: Vec<&Outcome> = run.outcomes.iter().filter(|o| o.confusion.is_some()).collect();
        let mut predictions = RunPredictions::default();
        let (mut utterances, mut speakers) = (UtteranceNumbers::default(), UtteranceNumbers::default());
        // For each utterance, the number of the last cell that had it.
        let mut last_cell: Vec<usize> = Vec::new();
        for (batch, outcomes) in done.chunks(BATCH).enumerate() {
            let read: Vec<Option<ReadCell>> =
                outcomes.par_iter().map(|o| rows(run, o, &classes)).collect::<Result<_>>()?;
            for (i, (o, read)) in std::iter::zip(outcomes, read).enumerate() {
                let Some((rows, calibration)) = read else {
                    predictions.missing.push(o.cell.clone());
                    continue;
                };
                let number = batch * BATCH + i + 1;
                let mut list = Vec::with_capacity(rows.len());
                for row in rows {
                    let utterance = utterances.index(row.utterance);
                    last_cell.resize(utterances.names.len(), 0);
                    if std::mem::replace(&mut last_cell[utterance as usize], number) == number {
                        let id = &utterances.names[utterance as usize];
                        return Err(contradiction(run, o, &format!("utterance {id} is listed twice")));
                    }
                    list.push(CellPrediction {
                        utterance,
                        speaker: speakers.index(row.speaker),
                        truth: row.truth,
                        predicted: row.predicted,
                        millionths: row.millionths,
                    });
                }
                predictions.calibrations.extend(calibration.map(|c| (o.cell.clone(), c)));
                predictions.of.insert(o.cell.clone(), list);
            }
        }
        predictions.utterances = utterances.names;
        predictions.speakers = speakers.names;
        Ok(predictions)
    }

    /// Gives every outcome of `run` the ECE and Brier score of its predictions: outcomes.csv rounds them, and has none where an earlier
    /// version wrote it. An outcome without a file keeps what it has.
    pub fn calibrate(&self, run: &mut LoadedRun) {
        for o in &mut run.outcomes {
            o.calibration = self.calibrations.get(&o.cell).copied().or(o.calibration);
        }
    }

    /// The predictions of a cell, in the order of its file; empty without a result or a file.
    pub fn cell(&self, cell: &CellId) -> &[CellPrediction] {
        self.of.get(cell).map_or(&[], Vec::as_slice)
    }
}

/// Numbers ids in the order in which they come.
#[derive(Default)]
struct UtteranceNumbers {
    names: Vec<String>,
    numbers: HashMap<Box<str>, u32>,
}

impl UtteranceNumbers {
    fn index(&mut self, name: Box<str>) -> u32 {
        if let Some(&number) = self.numbers.get(&name) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.to_string());
        self.numbers.insert(name, number);
        number
    }
}

/// The rows of a cell's file; `None` where it does not exist.
fn rows(run: &LoadedRun, o: &Outcome, classes: &[&str]) -> Result<Option<ReadCell>> {
    let path = run.dir.cell_file(&o.cell, "predictions.csv");
    let bad = |what: String| Error::failed(format!("{}: {what}", path.display()));
    let bytes = match files::read(&path, files::DATA) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(bad(e.to_string())),
    };
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.headers().map_err(|e| bad(e.to_string()))?.clone();
    if !header.iter().take(4).eq(["utterance", "speaker", "truth", "predicted"]) {
        return Err(bad("its columns must begin with utterance, speaker, truth, predicted".into()));
    }
    let columns = probability_columns(&header, classes).map_err(bad)?;
    let mut rows: Vec<ReadPrediction> = Vec::new();
    let mut probabilities: Vec<f64> = Vec::new();
    let mut confusion = Confusion::new(classes.len());
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|e| bad(e.to_string()))? {
        let class = |column: usize| {
            classes.iter().position(|c| *c == &record[column]).ok_or_else(|| {
                bad(format!("row {}: `{}` is no class of spec.toml", rows.len() + 2, &record[column]))
            })
        };
        let (truth, predicted) = (class(2)?, class(3)?);
        confusion.add(truth, predicted);
        for (column, class) in std::iter::zip(&columns, classes) {
            let p = record[*column].parse().ok().filter(|p| (0.0..=1.0).contains(p)).ok_or_else(|| {
                bad(format!("row {}: p_{class} = `{}` is no probability", rows.len() + 2, &record[*column]))
            })?;
            probabilities.push(p);
        }
        let of_truth = (!columns.is_empty()).then(|| probabilities[rows.len() * columns.len() + truth]);
        rows.push(ReadPrediction {
            utterance: record[0].into(),
            speaker: record[1].into(),
            truth: truth as u8,
            predicted: predicted as u8,
            millionths: of_truth.map(|p| (1e6 * p).round() as u32),
        });
    }
    if o.confusion.as_ref() != Some(&confusion) {
        return Err(contradiction(run, o, &different(o, &confusion, classes)));
    }
    let truths = rows.iter().map(|r| usize::from(r.truth));
    let calibration = Calibration::of(probabilities.chunks(columns.len().max(1)).zip(truths));
    if let (Some(stated), Some(found)) = (o.calibration, calibration) {
        for (name, stated, found) in [("ece", stated.ece, found.ece), ("brier", stated.brier, found.brier)] {
            if (stated - found).abs() > 1e-6 {
                let what =
                    format!("its probabilities give {name} = {found:.6}, but outcomes.csv has {stated:.6}");
                return Err(contradiction(run, o, &what));
            }
        }
    }
    Ok(Some((rows, calibration)))
}

/// The column of the probability of each class; empty where the file has none of them.
fn probability_columns(header: &StringRecord, classes: &[&str]) -> std::result::Result<Vec<usize>, String> {
    let column = |class: &&str| header.iter().position(|h| h.strip_prefix("p_") == Some(class));
    let found: Vec<usize> = classes.iter().filter_map(column).collect();
    match classes.iter().find(|c| column(c).is_none()) {
        Some(lacking) if !found.is_empty() => Err(format!("column `p_{lacking}` is missing")),
        _ => Ok(found),
    }
}

fn contradiction(run: &LoadedRun, o: &Outcome, what: &str) -> Error {
    let path = run.dir.cell_file(&o.cell, "predictions.csv");
    Error::contradiction(format!("{}: cell {}: {what}: a file was changed", path.display(), o.cell))
}

/// The first count in which the two files differ, as a phrase.
fn different(o: &Outcome, found: &Confusion, classes: &[&str]) -> String {
    let stated = o.confusion.as_ref();
    for (t, truth) in classes.iter().enumerate() {
        for (p, predicted) in classes.iter().enumerate() {
            let stated = stated.map_or(0, |s| s.count(t, p));
            if stated != found.count(t, p) {
                return format!(
                    "{} utterances of {truth} are called {predicted}, but outcomes.csv has {stated}",
                    found.count(t, p)
                );
            }
        }
    }
    "its counts are not those of outcomes.csv".into()
}
