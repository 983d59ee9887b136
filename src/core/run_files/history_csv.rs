//! history.csv: the training curves of a cell.

use super::csv_rows::{CsvFile, csv_text};
use crate::error::Result;
use crate::files::write_atomic;
use std::path::Path;

/// One log interval of a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRow {
    /// `augmentor` or `classifier`.
    pub stage: String,
    /// Training steps done.
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

/// Writes stage, step and one column for each name that any row has, atomically. A row without a quantity leaves its cell
/// empty.
///
/// # Errors
/// A file that cannot be written.
pub fn write_history(path: &Path, rows: &[HistoryRow]) -> Result<()> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|r| &r.values) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let value = |row: &HistoryRow, name: &&str| row.get(name).map_or(String::new(), |v| v.to_string());
    let values = |row| names.iter().map(|name| value(row, name)).collect::<Vec<_>>();
    let cells = rows.iter().map(|row| (&row.stage, row.step, values(row)));
    write_atomic(path, &csv_text(path, ["stage", "step"].iter().chain(&names), cells)?)
}

/// Reads what [`write_history`] wrote.
///
/// # Errors
/// A file that cannot be read; a value that is no number, with its line and column.
pub fn read_history(path: &Path) -> Result<Vec<HistoryRow>> {
    let csv = CsvFile::read(path)?;
    let named = |(stage, step, values): (String, usize, Vec<Option<f64>>)| {
        let names = csv.header.iter().skip(2).map(str::to_owned);
        HistoryRow { stage, step, values: names.zip(values).filter_map(|(n, v)| Some((n, v?))).collect() }
    };
    Ok(csv.rows()?.into_iter().map(named).collect())
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
        std::fs::write(&path, "stage,step,loss\naugmentor,1,2\naugmentor,2,x\n").unwrap();
        let error = read_history(&path).unwrap_err().to_string();
        assert!(error.contains("history.csv:3: ") && error.contains("loss = `x`"), "{error}");
    }
}
