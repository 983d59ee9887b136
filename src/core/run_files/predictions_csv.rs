//! predictions.csv: the prediction for each test utterance of a cell.

use super::csv_rows::{CsvFile, csv_text};
use crate::error::Result;
use crate::files::write_atomic;
use std::path::Path;

/// The classifier's prediction for one test utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionRow {
    /// Utterance id.
    pub utterance: String,
    /// Speaker id.
    pub speaker: String,
    /// Class index.
    pub truth: usize,
    /// Class index.
    pub predicted: usize,
    /// Segments that voted; 1 where a system of somebody else gave one answer.
    pub segments: usize,
    /// Mean class probabilities over the segments; they sum to 1. Empty in every row where a system gave none.
    pub probabilities: Vec<f64>,
}

const COLUMNS: [&str; 5] = ["utterance", "speaker", "truth", "predicted", "segments"];

/// Writes the rows with class names in place of indices, atomically. A column `p_CLASS` has the probability of each class, where there
/// are probabilities.
///
/// # Errors
/// A file that cannot be written.
pub fn write_predictions(path: &Path, classes: &[&str], rows: &[PredictionRow]) -> Result<()> {
    let given = if rows.iter().any(|r| !r.probabilities.is_empty()) { classes } else { &[] };
    let header = COLUMNS.map(str::to_owned).into_iter().chain(given.iter().map(|c| format!("p_{c}")));
    let cells = rows.iter().map(|r| {
        let probabilities: Vec<String> = r.probabilities.iter().map(|p| format!("{p:.6}")).collect();
        (&r.utterance, &r.speaker, classes[r.truth], classes[r.predicted], r.segments, probabilities)
    });
    write_atomic(path, &csv_text(path, header, cells)?)
}

/// Reads what [`write_predictions`] wrote: the class names, and the rows.
///
/// # Errors
/// A file that cannot be read; a class that the header does not have or a value that is no number, with its line.
pub fn read_predictions(path: &Path) -> Result<(Vec<String>, Vec<PredictionRow>)> {
    let csv = CsvFile::read(path)?;
    let names = csv.header.iter().filter_map(|n| n.strip_prefix("p_"));
    let classes: Vec<String> = names.map(str::to_owned).collect();
    let row = |at: usize| {
        let (utterance, speaker, truth, predicted, segments, probabilities) =
            csv.row::<(String, String, String, String, usize, Vec<f64>)>(at)?;
        let class = |name: &str| {
            let index = classes.iter().position(|c| c == name);
            index.ok_or_else(|| csv.wrong(at, format!("`{name}` is no class of the header")))
        };
        let (truth, predicted) = (class(&truth)?, class(&predicted)?);
        Ok(PredictionRow { utterance, speaker, truth, predicted, segments, probabilities })
    };
    let rows = (0..csv.records.len()).map(row).collect::<Result<_>>()?;
    Ok((classes, rows))
}
