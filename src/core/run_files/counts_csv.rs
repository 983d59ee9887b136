//! counts.csv: one row a corpus of a table of counts.

use crate::error::{Error, Result};
use crate::files::{self, write_atomic};
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

/// Writes the rows, atomically.
pub fn write_counts(path: &Path, rows: &[CountRow]) -> Result<()> {
    let failed = |e: &dyn std::fmt::Display| Error::failed(format!("{}: {e}", path.display()));
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.iter().try_for_each(|r| writer.serialize(r)).map_err(|e| failed(&e))?;
    write_atomic(path, &writer.into_inner().map_err(|e| failed(&e))?)
}

/// Reads what [`write_counts`] wrote.
pub fn read_counts(path: &Path) -> Result<Vec<CountRow>> {
    let failed = |e: csv::Error| Error::failed(format!("{}: {e}", path.display()));
    let mut reader = csv::Reader::from_reader(files::open(path).map_err(|e| failed(e.into()))?);
    reader.deserialize().collect::<std::result::Result<_, _>>().map_err(failed)
}
