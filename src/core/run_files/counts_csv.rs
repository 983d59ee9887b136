//! counts.csv: utterances of each valence, one row a corpus (Tab. 1).

use super::csv_rows::{CsvFile, csv_text};
use crate::error::Result;
use crate::files::write_atomic;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A corpus with its utterances of each valence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountRow {
    /// What the table calls it.
    pub title: String,
    /// Name of the corpus.
    pub corpus: String,
    /// The language in words.
    pub language: String,
    /// Whether it was there.
    pub status: CountStatus,
    /// Utterances found; none where the corpus is missing.
    pub negative: Option<usize>,
    /// As `negative`.
    pub positive: Option<usize>,
    /// As the paper prints it.
    pub published_negative: Option<usize>,
    /// As the paper prints it.
    pub published_positive: Option<usize>,
}

/// Whether a corpus was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CountStatus {
    /// As its manifest expects.
    Complete,
    /// Something differs from its manifest.
    Partial,
    /// It is not there.
    Missing,
}

impl CountStatus {
    /// The word in tables.
    pub fn name(self) -> &'static str {
        match self {
            CountStatus::Complete => "complete",
            CountStatus::Partial => "partial",
            CountStatus::Missing => "missing",
        }
    }
}

const COLUMNS: [&str; 8] = [
    "title",
    "corpus",
    "language",
    "status",
    "negative",
    "positive",
    "published_negative",
    "published_positive",
];

/// Writes the rows, atomically.
///
/// # Errors
/// A file that cannot be written.
pub fn write_counts(path: &Path, rows: &[CountRow]) -> Result<()> {
    write_atomic(path, &csv_text(path, COLUMNS, rows)?)
}

/// Reads what [`write_counts`] wrote.
///
/// # Errors
/// A file that cannot be read; a missing column or a value of another type, with its line.
pub fn read_counts(path: &Path) -> Result<Vec<CountRow>> {
    CsvFile::read(path)?.rows()
}
