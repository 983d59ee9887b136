//! Numbers of an archived table against those that were derived again.

use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files;
use std::collections::HashMap;
use std::path::Path;

/// Largest difference of a number that is derived again, relative to it: rounding of another build.
const ROUNDING: f64 = 1e-9;

/// Compares a table with the one that was made again, and returns the number of its numbers. Another version may have added columns and
/// rows.
pub(super) fn same_numbers(archived: &Path, again: &Path, shown: &Path, same_version: bool) -> Result<usize> {
    let wrong = |what: String| Error::contradiction(format!("{}: {what}", shown.display()));
    let (old, new) = (table(archived)?, if again.is_file() { table(again)? } else { Vec::new() });
    let Some((header, rows)) = old.split_first() else { return Ok(0) };
    let new_columns: HashMap<&str, usize> = new
        .first()
        .map_or_else(HashMap::new, |h| h.iter().enumerate().map(|(i, n)| (n.as_str(), i)).collect());
    if same_version && old.len() != new.len() {
        return Err(wrong(format!(
            "{} rows, but the predictions give {}",
            old.len() - 1,
            new.len().max(1) - 1
        )));
    }
    let mut numbers = 0;
    for (line, row) in rows.iter().enumerate() {
        let other = new.get(line + 1);
        for (name, value) in std::iter::zip(header, row) {
            let derived = new_columns.get(name.as_str()).and_then(|&at| other.and_then(|o| o.get(at)));
            let Some(derived) = derived else {
                return Err(wrong(format!(
                    "row {}: {name} = {value} cannot be derived from the predictions",
                    line + 2
                )));
            };
            if !equal(value, derived) {
                let row = line + 2;
                return Err(wrong(format!(
                    "row {row}: {name} = {value}, but the predictions give {derived}: it was changed"
                )));
            }
            numbers += usize::from(value.parse::<f64>().is_ok());
        }
    }
    Ok(numbers)
}

fn equal(a: &str, b: &str) -> bool {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => (x - y).abs() <= ROUNDING * x.abs().max(1.0),
        _ => a == b,
    }
}

/// Every row of a CSV file, the header first.
fn table(path: &Path) -> Result<Vec<Vec<String>>> {
    let bytes = files::read(path, files::DATA).at(path)?;
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes.as_slice());
    let row = |record: csv::Result<csv::StringRecord>| {
        record.map(|r| r.iter().map(str::to_owned).collect()).map_err(|e| Error::at(path, e))
    };
    reader.records().map(row).collect()
}
