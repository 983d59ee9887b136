//! CSV files of reports and comparisons, made in memory.

use seraug_core::error::{Error, Result};

/// The bytes of a file called `name`; the first row is its header.
///
/// # Errors
/// Rows of different lengths.
pub fn bytes(name: &str, rows: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>> {
    let failed = |e: &dyn std::fmt::Display| Error::failed(format!("{name}: {e}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.into_iter().try_for_each(|row| writer.write_record(row)).map_err(|e| failed(&e))?;
    writer.into_inner().map_err(|e| failed(&e))
}

/// A number, not rounded; empty without one.
pub fn number(v: Option<f64>) -> String {
    v.map_or(String::new(), |v| v.to_string())
}
