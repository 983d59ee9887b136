//! Rows that several calls append to one file.

use seraug_core::error::{Error, Result};
use serde::Serialize;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

/// Appends `row` to `path`, with a header where the file is new.
///
/// # Errors
/// A file with other columns, or that cannot be written.
pub(crate) fn append(path: &Path, row: &impl Serialize) -> Result<()> {
    let failed = |e: &dyn std::fmt::Display| Error::at(path, e);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.serialize(row).map_err(|e| failed(&e))?;
    let text = String::from_utf8(writer.into_inner().map_err(|e| failed(&e))?).map_err(|e| failed(&e))?;
    let (header, line) = text.split_once('\n').unwrap_or_default();
    let before =
        if path.exists() { fs::read_to_string(path).map_err(|e| failed(&e))? } else { String::new() };
    match before.lines().next() {
        Some(other) if other != header => {
            return Err(Error::usage(format!(
                "{}: its columns are `{other}`, not those of this check; move it away, or give --csv FILE",
                path.display()
            )));
        }
        _ => {}
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|e| failed(&e))?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(|e| failed(&e))?;
    let added = if before.is_empty() { text.as_str() } else { line };
    file.write_all(added.as_bytes()).map_err(|e| failed(&e))
}
