//! Rows of the CSV files of a run, by serde.

use crate::error::{AtPath, Error, Result};
use crate::files;
use csv::{ErrorKind, StringRecord};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// `rows` below `header` as CSV. What a row serialises to, nested tuples and lists included, are its cells from left to
/// right. `path` is the file that errors name.
pub(super) fn csv_text<R: Serialize>(
    path: &Path,
    header: impl IntoIterator<Item: AsRef<[u8]>>,
    rows: impl IntoIterator<Item = R>,
) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(header).at(path)?;
    rows.into_iter().try_for_each(|row| writer.serialize(row)).at(path)?;
    writer.into_inner().at(path)
}

/// A CSV file that has been read.
pub(super) struct CsvFile {
    path: PathBuf,
    /// Names of the columns.
    pub(super) header: StringRecord,
    /// Every row after the header, as wide as the header.
    pub(super) records: Vec<StringRecord>,
}

impl CsvFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// Names the file: it cannot be read, is not UTF-8, or a row is wider or narrower than the header.
    pub(super) fn read(path: &Path) -> Result<CsvFile> {
        let mut reader = csv::Reader::from_reader(files::open(path).at(path)?);
        let header = reader.headers().at(path)?.clone();
        let records = reader.records().collect::<std::result::Result<_, _>>().at(path)?;
        Ok(CsvFile { path: path.to_owned(), header, records })
    }

    /// All rows; the fields of a struct `R` are found by the names of the columns, those of a tuple by their order.
    ///
    /// # Errors
    /// As [`CsvFile::row`].
    pub(super) fn rows<R: DeserializeOwned>(&self) -> Result<Vec<R>> {
        (0..self.records.len()).map(|at| self.row(at)).collect()
    }

    /// Row `at`, from 0; see [`CsvFile::rows`].
    ///
    /// # Errors
    /// Names the file, the line and the column: a missing column, a value of another type.
    pub(super) fn row<R: DeserializeOwned>(&self, at: usize) -> Result<R> {
        self.records[at].deserialize(Some(&self.header)).map_err(|e| match e.kind() {
            ErrorKind::Deserialize { err, .. } => {
                let column = err.field().and_then(|c| Some((self.header.get(c as usize)?, c as usize)));
                match column.and_then(|(name, c)| Some((name, self.records[at].get(c)?))) {
                    Some((name, value)) => self.wrong(at, format!("{name} = `{value}`: {}", err.kind())),
                    None => self.wrong(at, err.kind()),
                }
            }
            _ => self.wrong(at, &e),
        })
    }

    /// The error of row `at`, from 0: `FILE:LINE: WHY`.
    pub(super) fn wrong(&self, at: usize, why: impl Display) -> Error {
        Error::failed(format!("{}:{}: {why}", self.path.display(), at + 2))
    }
}
