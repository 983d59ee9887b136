//! history.csv: what the trainings of a cell reported while they ran.

use crate::error::{Error, Result};
use crate::files::{self, write_atomic};
use std::path::Path;

/// One log interval of a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRow {
    /// `augmentor` or `classifier`.
    pub stage: String,
    /// Steps done.
    pub step: usize,
    /// Name and value of each quantity; losses are means over the interval.
    pub values: Vec<(String, f64)>,
}

impl HistoryRow {
    /// The value called `name`.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.values.iter().find(|(n, _)| n == name).map(|(_, v)| *v)
    }
}

/// Writes stage, step and one column for each name that any row has, atomically.
pub fn write_history(path: &Path, rows: &[HistoryRow]) -> Result<()> {
    let failed = |e: String| Error::failed(format!("{}: {e}", path.display()));
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|r| &r.values) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["stage", "step"].iter().chain(&names)).map_err(|e| failed(e.to_string()))?;
    for row in rows {
        let mut record = vec![row.stage.clone(), row.step.to_string()];
        record.extend(names.iter().map(|n| row.get(n).map_or(String::new(), |v| v.to_string())));
        writer.write_record(&record).map_err(|e| failed(e.to_string()))?;
    }
    write_atomic(path, &writer.into_inner().map_err(|e| failed(e.to_string()))?)
}

/// Reads what [`write_history`] wrote.
pub fn read_history(path: &Path) -> Result<Vec<HistoryRow>> {
    let bad = |what: String| Error::failed(format!("{}: {what}", path.display()));
    let mut reader = csv::Reader::from_reader(files::open(path).map_err(|e| bad(e.to_string()))?);
    let header = reader.headers().map_err(|e| bad(e.to_string()))?.clone();
    let mut rows = Vec::new();
    for (i, record) in reader.records().enumerate() {
        let record = record.map_err(|e| bad(e.to_string()))?;
        let number =
            |t: &str| t.parse::<f64>().map_err(|_| bad(format!("row {}: `{t}` is no number", i + 2)));
        let mut values = Vec::new();
        for (name, text) in header.iter().zip(&record).skip(2).filter(|(_, t)| !t.is_empty()) {
            values.push((name.to_owned(), number(text)?));
        }
        let step = number(record.get(1).unwrap_or_default())? as usize;
        rows.push(HistoryRow { stage: record.get(0).unwrap_or_default().to_owned(), step, values });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_with_other_columns_share_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.csv");
        let row = |stage: &str, step, name: &str, v| HistoryRow {
            stage: stage.into(),
            step,
            values: vec![(name.into(), v)],
        };
        let rows = vec![row("augmentor", 25, "rep", 7.25), row("classifier", 50, "loss", 0.1)];
        write_history(&path, &rows).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "stage,step,rep,loss\naugmentor,25,7.25,\nclassifier,50,,0.1\n"
        );
        assert_eq!(read_history(&path).unwrap(), rows);
    }
}
