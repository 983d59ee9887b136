//! A table of texts, from a CSV, JSON lines or parquet file.

use super::parquet_file::{ParquetCell, ParquetColumn, ParquetFile};
use super::row::SourcePlace;
use crate::corpora::table::text;
use crate::corpora::walk::extension;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::names::unicode::normalise;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Most columns of JSON lines; every name takes a cell of every row.
const WIDEST: usize = 256;

/// A row, with a cell for each column; `None` for one with nothing in it.
pub(crate) struct GridRow {
    /// Its line, or its number from 1.
    pub(crate) number: u64,
    pub(crate) cells: Vec<Option<String>>,
}

/// The table.
pub(crate) struct Grid {
    /// The file's name, below the source.
    pub(crate) file: Arc<str>,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<GridRow>,
}

impl Grid {
    /// Reads `path`, whose extension says what it is; messages call it `shown`.
    ///
    /// # Errors
    /// A file that cannot be read, or a row that is not as the header has it.
    pub(crate) fn read(path: &Path, shown: &str) -> Result<Grid> {
        match extension(path).as_str() {
            "parquet" => Grid::parquet(path, shown),
            "jsonl" => Grid::json_lines(path, shown),
            _ => Grid::csv(path, shown),
        }
    }

    /// Where `row` is.
    pub(crate) fn place(&self, row: &GridRow) -> SourcePlace {
        SourcePlace { file: Arc::clone(&self.file), row: row.number }
    }

    /// The index of the column `name`, as it is written.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c == name)
    }

    fn csv(path: &Path, shown: &str) -> Result<Grid> {
        let file = seraug_core::files::open(path).cannot("be read", path)?;
        let text = text::of(file).map_err(|why| Error::at(path, why))?;
        let mut csv = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .flexible(true)
            .has_headers(false)
            .delimiter(text.delimiter)
            .from_reader(text.reader);
        let mut record = csv::StringRecord::new();
        let mut grid = Grid { file: shown.into(), columns: Vec::new(), rows: Vec::new() };
        loop {
            let read = csv.read_record(&mut record);
            if !read.map_err(|e| Error::at(path, format!("{e}; save it as CSV in UTF-8")))? {
                break;
            }
            let number = record.position().map_or(0, csv::Position::line) + text.skipped;
            if record.iter().all(|cell| normalise(cell).is_empty()) {
                continue;
            }
            if grid.columns.is_empty() {
                grid.columns = record.iter().map(|name| normalise(name).into_owned()).collect();
                continue;
            }
            if record.len() != grid.columns.len() {
                let (found, wanted) = (record.len(), grid.columns.len());
                return Err(Error::failed(format!(
                    "{shown}:{number}: {found} cells, the header has {wanted}"
                )));
            }
            let cells = record.iter().map(|cell| (!cell.is_empty()).then(|| cell.to_owned())).collect();
            grid.rows.push(GridRow { number, cells });
        }
        Ok(grid)
    }

    fn parquet(path: &Path, shown: &str) -> Result<Grid> {
        let file = ParquetFile::open(path, shown)?;
        let scalars = file.columns().into_iter().filter(|(_, kind)| *kind == ParquetColumn::Scalar);
        let columns: Vec<String> = scalars.map(|(name, _)| name).collect();
        let mut grid = Grid { file: shown.into(), columns, rows: Vec::new() };
        let columns = grid.columns.clone();
        file.each(&columns, |number, cells| {
            let cells = cells.into_iter().map(ParquetCell::text).collect();
            grid.rows.push(GridRow { number, cells });
            Ok(())
        })?;
        Ok(grid)
    }

    /// An object a line; what is nested is left alone.
    pub(crate) fn json_lines(path: &Path, shown: &str) -> Result<Grid> {
        let text = seraug_core::files::text(path).cannot("be read", path)?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let objects = lines.map(|(i, line)| {
            let object = serde_json::from_str(line).map_err(|e| {
                let line = i + 1;
                Error::failed(format!(
                    "{shown}:{line}: not an object of JSON ({e}); expected one in each line"
                ))
            })?;
            Ok((i as u64 + 1, object))
        });
        Grid::of_objects(shown, objects)
    }

    /// A row for each of `objects`, which have numbers; what is nested is left alone.
    ///
    /// # Errors
    /// Those of `objects`; more names in them than a table has columns.
    pub(crate) fn of_objects(
        shown: &str,
        objects: impl Iterator<Item = Result<(u64, Map<String, Value>)>>,
    ) -> Result<Grid> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut grid = Grid { file: shown.into(), columns: Vec::new(), rows: Vec::new() };
        for object in objects {
            let (number, object) = object?;
            let mut cells = vec![None; grid.columns.len()];
            for (name, value) in object {
                let Some(cell) = cell(value) else { continue };
                let at = *places.entry(name).or_insert_with_key(|name| {
                    grid.columns.push(name.clone());
                    grid.columns.len() - 1
                });
                if at >= WIDEST {
                    return Err(Error::failed(format!(
                        "{shown}:{number}: more than {WIDEST} names in the file; expected the same in each object"
                    )));
                }
                cells.resize(cells.len().max(at + 1), None);
                cells[at] = Some(cell);
            }
            grid.rows.push(GridRow { number, cells });
        }
        let width = grid.columns.len();
        grid.rows.iter_mut().for_each(|row| row.cells.resize(width, None));
        Ok(grid)
    }
}

/// A value as a cell; nothing for null and what is nested.
fn cell(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
