//! All predictions of a run in a compact form, read from the predictions.csv of each cell and checked against outcomes.csv.

use super::loaded_run::LoadedRun;
use csv::StringRecord;
use rayon::prelude::*;
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
}

/// Rows of a file: utterance, speaker, truth, predicted.
type Rows = Vec<(Box<str>, Box<str>, u8, u8)>;

/// Files that are read at once; more would only use memory.
const BATCH: usize = 256;

impl RunPredictions {
    /// Reads the predictions.csv of every cell with a result, several at a time. A cell without the file has no predictions
    /// and is named in `missing`.
    ///
    /// # Errors
    /// A file that does not parse, with its name; [`Error::Contradiction`] for one whose counts are not those of
    /// outcomes.csv or that lists an utterance twice, with file and cell.
    pub fn of(run: &LoadedRun) -> Result<RunPredictions> {
        let classes = run.spec.class_names();
        let done: Vec<&Outcome> = run.outcomes.iter().filter(|o| o.confusion.is_some()).collect();
        let mut predictions = RunPredictions::default();
        let (mut utterances, mut speakers) = (UtteranceNumbers::default(), UtteranceNumbers::default());
        // For each utterance, the number of the last cell that had it.
        let mut last_cell: Vec<usize> = Vec::new();
        for (batch, outcomes) in done.chunks(BATCH).enumerate() {
            let read: Vec<Option<Rows>> =
                outcomes.par_iter().map(|o| rows(run, o, &classes)).collect::<Result<_>>()?;
            for (i, (o, rows)) in std::iter::zip(outcomes, read).enumerate() {
                let Some(rows) = rows else {
                    predictions.missing.push(o.cell.clone());
                    continue;
                };
                let number = batch * BATCH + i + 1;
                let mut list = Vec::with_capacity(rows.len());
                for (utterance, speaker, truth, predicted) in rows {
                    let utterance = utterances.index(utterance);
                    last_cell.resize(utterances.names.len(), 0);
                    if std::mem::replace(&mut last_cell[utterance as usize], number) == number {
                        let id = &utterances.names[utterance as usize];
                        return Err(contradiction(run, o, &format!("utterance {id} is listed twice")));
                    }
                    list.push(CellPrediction {
                        utterance,
                        speaker: speakers.index(speaker),
                        truth,
                        predicted,
                    });
                }
                predictions.of.insert(o.cell.clone(), list);
            }
        }
        predictions.utterances = utterances.names;
        predictions.speakers = speakers.names;
        Ok(predictions)
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
fn rows(run: &LoadedRun, o: &Outcome, classes: &[&str]) -> Result<Option<Rows>> {
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
    let mut rows = Rows::new();
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
        rows.push((record[0].into(), record[1].into(), truth as u8, predicted as u8));
    }
    if o.confusion.as_ref() != Some(&confusion) {
        return Err(contradiction(run, o, &different(o, &confusion, classes)));
    }
    Ok(Some(rows))
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
