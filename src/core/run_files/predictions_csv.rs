//! predictions.csv: one row a test utterance.

use crate::error::{Error, Result};
use crate::files::{self, write_atomic};
use std::path::Path;

/// What the classifier said of one test utterance.
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
    /// Segments that voted.
    pub segments: usize,
    /// Mean class probabilities over the segments; they sum to 1.
    pub probabilities: Vec<f64>,
}

/// Writes the rows with class names in place of indices, atomically.
pub fn write_predictions(path: &Path, classes: &[&str], rows: &[PredictionRow]) -> Result<()> {
    let failed = |e: String| Error::failed(format!("{}: {e}", path.display()));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut header: Vec<String> =
        ["utterance", "speaker", "truth", "predicted", "segments"].map(str::to_owned).to_vec();
    header.extend(classes.iter().map(|c| format!("p_{c}")));
    writer.write_record(&header).map_err(|e| failed(e.to_string()))?;
    for r in rows {
        let mut record = vec![
            r.utterance.clone(),
            r.speaker.clone(),
            classes[r.truth].to_owned(),
            classes[r.predicted].to_owned(),
            r.segments.to_string(),
        ];
        record.extend(r.probabilities.iter().map(|p| format!("{p:.6}")));
        writer.write_record(&record).map_err(|e| failed(e.to_string()))?;
    }
    write_atomic(path, &writer.into_inner().map_err(|e| failed(e.to_string()))?)
}

/// Reads what [`write_predictions`] wrote.
pub fn read_predictions(path: &Path) -> Result<(Vec<String>, Vec<PredictionRow>)> {
    let bad = |what: String| Error::failed(format!("{}: {what}", path.display()));
    let mut reader = csv::Reader::from_reader(files::open(path).map_err(|e| bad(e.to_string()))?);
    let header = reader.headers().map_err(|e| bad(e.to_string()))?.clone();
    let classes: Vec<String> =
        header.iter().filter_map(|n| n.strip_prefix("p_")).map(str::to_owned).collect();
    let mut rows = Vec::new();
    for (i, record) in reader.records().enumerate() {
        let record = record.map_err(|e| bad(e.to_string()))?;
        let field = |c: usize| record.get(c).unwrap_or_default();
        let class = |c: usize| {
            let at = classes.iter().position(|n| n == field(c));
            at.ok_or_else(|| bad(format!("row {}: `{}` is no class of the header", i + 2, field(c))))
        };
        rows.push(PredictionRow {
            utterance: field(0).to_owned(),
            speaker: field(1).to_owned(),
            truth: class(2)?,
            predicted: class(3)?,
            segments: field(4).parse().map_err(|_| bad(format!("row {}: segments", i + 2)))?,
            probabilities: (0..classes.len()).map(|c| field(5 + c).parse().unwrap_or(f64::NAN)).collect(),
        });
    }
    Ok((classes, rows))
}
