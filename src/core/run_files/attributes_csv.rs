//! attributes.csv: what the corpus says of each utterance of a run that results can be grouped by.

use super::csv_rows::{CsvFile, csv_text};
use crate::error::Result;
use crate::files::write_atomic;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The attributes of an utterance. A text that is empty is not known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AttributeRow {
    /// Name of its corpus.
    pub corpus: String,
    /// Its id there.
    pub utterance: String,
    /// `female` or `male`: the speaker's.
    pub gender: String,
    /// ISO 639-1 code.
    pub language: String,
    /// What is said, by the name that the corpus has for it.
    pub text: String,
}

const COLUMNS: [&str; 5] = ["corpus", "utterance", "gender", "language", "text"];

/// Writes the rows in their order, atomically.
///
/// # Errors
/// A file that cannot be written.
pub fn write_attributes(path: &Path, rows: impl IntoIterator<Item = AttributeRow>) -> Result<()> {
    write_atomic(path, &csv_text(path, COLUMNS, rows)?)
}

/// Reads what [`write_attributes`] wrote.
///
/// # Errors
/// A file that cannot be read; a missing column, with its line.
pub fn read_attributes(path: &Path) -> Result<Vec<AttributeRow>> {
    CsvFile::read(path)?.rows()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_back_and_a_lacking_column_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("attributes.csv");
        let row = |utterance: &str, text: &str| AttributeRow {
            corpus: "emodb".into(),
            utterance: utterance.into(),
            gender: "female".into(),
            language: "de".into(),
            text: text.into(),
        };
        let rows = vec![row("a", "one, \"two\""), row("b", "")];
        write_attributes(&path, rows.clone()).unwrap();
        assert_eq!(read_attributes(&path).unwrap(), rows);
        std::fs::write(&path, "corpus,utterance,gender,text\na,b,,\n").unwrap();
        let e = read_attributes(&path).unwrap_err().to_string();
        assert!(e.contains("attributes.csv:2: ") && e.contains("language"), "{e}");
    }
}
