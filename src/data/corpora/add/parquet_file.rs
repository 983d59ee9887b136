//! Rows of a parquet file, one after the other: a few values of each column are in memory, never a row group.

use super::parquet_pages;
use parquet::data_type::ByteArray;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::TreeBuilder;
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};
use seraug_core::error::{AtPath, Error, Result};
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Values of a column that are read at once. A recording is one, so that a few are in memory.
const BATCH: usize = 16;
/// Most rows of a file.
const ROWS: i64 = 1_000_000;

/// What a column can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParquetColumn {
    /// A text, number or time.
    Scalar,
    /// A struct of `bytes` and `path`, as the `Audio` of `datasets` is stored.
    Audio,
    /// Lists and other structs.
    Other,
}

/// A cell.
pub(super) enum ParquetCell {
    Null,
    Text(String),
    Audio {
        bytes: Option<ByteArray>,
        /// The name of the file that it was.
        name: Option<String>,
    },
}

impl ParquetCell {
    /// Its text; nothing for audio.
    pub(super) fn text(self) -> Option<String> {
        match self {
            ParquetCell::Text(text) => Some(text).filter(|text| !text.is_empty()),
            ParquetCell::Null | ParquetCell::Audio { .. } => None,
        }
    }
}

/// What the numbers of a column stand for.
enum Meaning {
    /// The names of a `ClassLabel` of `datasets`, by number.
    Classes(Vec<String>),
    /// A duration; how many are a second.
    Duration(f64),
}

/// An open file.
pub(super) struct ParquetFile {
    path: PathBuf,
    /// What messages call it.
    shown: String,
    reader: SerializedFileReader<File>,
    /// The same, for its pages.
    file: File,
    meanings: HashMap<String, Meaning>,
}

impl ParquetFile {
    /// Opens `path`; messages call it `shown`.
    ///
    /// # Errors
    /// A file that cannot be read or is no parquet.
    pub(super) fn open(path: &Path, shown: &str) -> Result<ParquetFile> {
        let file = seraug_core::files::open(path).cannot("be read", path)?;
        let pages = file.try_clone().cannot("be read", path)?;
        let reader = guarded(path, || SerializedFileReader::new(file).map_err(|e| damaged(path, &e)))?;
        let metadata = reader.metadata().file_metadata();
        let pairs = metadata.key_value_metadata().into_iter().flatten();
        let text = |key: &str| pairs.clone().find(|p| p.key == key).and_then(|p| p.value.as_deref());
        let json = |key| text(key).and_then(|text| serde_json::from_str::<Value>(text).ok());
        let mut meanings = HashMap::new();
        meanings.extend(json("huggingface").iter().flat_map(classes));
        meanings.extend(json("pandas").iter().flat_map(durations));
        Ok(ParquetFile { path: path.to_owned(), shown: shown.to_owned(), reader, file: pages, meanings })
    }

    /// Its columns, in order.
    pub(super) fn columns(&self) -> Vec<(String, ParquetColumn)> {
        let kind = |field: &TypePtr| match field.is_group() {
            false => ParquetColumn::Scalar,
            true if field.get_fields().iter().any(|f| f.name() == "bytes" && !f.is_group()) => {
                ParquetColumn::Audio
            }
            true => ParquetColumn::Other,
        };
        self.schema().get_fields().iter().map(|f| (f.name().to_owned(), kind(f))).collect()
    }

    /// Rows in all, as the file states.
    pub(super) fn rows(&self) -> u64 {
        self.reader.metadata().file_metadata().num_rows().unsigned_abs()
    }

    fn schema(&self) -> &Type {
        self.reader.metadata().file_metadata().schema_descr().root_schema()
    }

    /// Calls `row` with the number of each row, from 1, and its cells of `wanted`, which are names of [`ParquetFile::columns`]
    /// in any order.
    ///
    /// # Errors
    /// Those of `row`; a file that is damaged or has too many rows; a number without a class.
    pub(super) fn each(
        &self,
        wanted: &[String],
        mut row: impl FnMut(u64, Vec<ParquetCell>) -> Result<()>,
    ) -> Result<()> {
        let rows = self.reader.metadata().file_metadata().num_rows();
        if !(0..=ROWS).contains(&rows) {
            return Err(Error::at(&self.path, format!("{rows} rows, at most {ROWS} are read; divide it")));
        }
        let fields: Vec<TypePtr> = self
            .schema()
            .get_fields()
            .iter()
            .filter(|f| wanted.iter().any(|w| w == f.name()))
            .cloned()
            .collect();
        if fields.is_empty() {
            return Ok(());
        }
        let order: Vec<Option<usize>> =
            wanted.iter().map(|w| fields.iter().position(|f| f.name() == w)).collect();
        let schema = Type::group_type_builder(self.schema().name()).with_fields(fields).build();
        let schema = Arc::new(SchemaDescriptor::new(Arc::new(schema.map_err(|e| damaged(&self.path, &e))?)));
        let mut number = 0;
        for group in 0..self.reader.num_row_groups() {
            guarded(&self.path, || self.check_pages(group, wanted))?;
            let mut group = guarded(&self.path, || {
                let group = self.reader.get_row_group(group).map_err(|e| damaged(&self.path, &e))?;
                let rows = TreeBuilder::new().with_batch_size(BATCH).as_iter(Arc::clone(&schema), &*group);
                rows.map_err(|e| damaged(&self.path, &e))
            })?;
            while let Some(read) = guarded(&self.path, || Ok(group.next()))? {
                number += 1;
                if number > rows.unsigned_abs() {
                    return Err(damaged(&self.path, &"more rows than it states"));
                }
                let read = read.map_err(|e| damaged(&self.path, &e))?;
                let mut fields: Vec<Option<(String, Field)>> =
                    read.into_columns().into_iter().map(Some).collect();
                let cells = order.iter().map(|at| {
                    let field = at.and_then(|at| fields.get_mut(at)).and_then(Option::take);
                    field.map_or(Ok(ParquetCell::Null), |(name, field)| self.cell(&name, field))
                });
                let cells: std::result::Result<Vec<ParquetCell>, String> = cells.collect();
                let cells = cells.map_err(|why| Error::failed(format!("{}:{number}: {why}", self.shown)))?;
                row(number, cells)?;
            }
        }
        Ok(())
    }

    /// Checks the pages of the columns `wanted` of a row group.
    fn check_pages(&self, group: usize, wanted: &[String]) -> Result<()> {
        for column in self.reader.metadata().row_group(group).columns() {
            if column.column_path().parts().first().is_some_and(|name| wanted.contains(name)) {
                let (start, length) = column.byte_range();
                parquet_pages::check(&self.file, start, length).map_err(|why| damaged(&self.path, &why))?;
            }
        }
        Ok(())
    }

    fn cell(&self, column: &str, field: Field) -> std::result::Result<ParquetCell, String> {
        let number = match &field {
            Field::Byte(n) => Some(i64::from(*n)),
            Field::Short(n) => Some(i64::from(*n)),
            Field::Int(n) => Some(i64::from(*n)),
            Field::Long(n) => Some(*n),
            Field::UByte(n) => Some(i64::from(*n)),
            Field::UShort(n) => Some(i64::from(*n)),
            Field::UInt(n) => Some(i64::from(*n)),
            _ => None,
        };
        let text = match (field, self.meanings.get(column), number) {
            (_, Some(Meaning::Classes(_)), Some(-1)) => return Ok(ParquetCell::Null),
            (_, Some(Meaning::Classes(names)), Some(n)) => {
                let name = usize::try_from(n).ok().and_then(|n| names.get(n));
                name.cloned()
                    .ok_or_else(|| format!("{column} {n}: the file names {} classes", names.len()))?
            }
            (_, Some(Meaning::Duration(second)), Some(n)) => (n as f64 / second).to_string(),
            (_, _, Some(n)) => n.to_string(),
            (Field::Str(text), ..) => text,
            (Field::Bytes(bytes), ..) => match std::str::from_utf8(bytes.data()) {
                Ok(text) => text.to_owned(),
                Err(_) => return Ok(ParquetCell::Null),
            },
            (Field::Bool(truth), ..) => truth.to_string(),
            (Field::ULong(n), ..) => n.to_string(),
            (Field::Float(x), ..) => x.to_string(),
            (Field::Double(x), ..) => x.to_string(),
            (Field::Group(row), ..) => return Ok(audio(row.into_columns())),
            _ => return Ok(ParquetCell::Null),
        };
        Ok(ParquetCell::Text(text))
    }
}

/// The struct of an `Audio`.
fn audio(fields: Vec<(String, Field)>) -> ParquetCell {
    let (mut bytes, mut name) = (None, None);
    for field in fields {
        match field {
            (of, Field::Bytes(value)) if of == "bytes" => bytes = Some(value),
            (of, Field::Str(value)) if of == "path" => name = Some(value),
            _ => {}
        }
    }
    if bytes.is_none() && name.is_none() { ParquetCell::Null } else { ParquetCell::Audio { bytes, name } }
}

/// Columns whose numbers are classes, as `datasets` describes its features.
fn classes(huggingface: &Value) -> Vec<(String, Meaning)> {
    let features = huggingface.pointer("/info/features").and_then(Value::as_object).into_iter().flatten();
    let names = |feature: &Value| {
        let names = feature.get("names").filter(|_| feature.get("_type") == Some(&"ClassLabel".into()))?;
        let names = names.as_array()?.iter().map(|name| name.as_str().map(str::to_owned));
        names.collect::<Option<Vec<String>>>()
    };
    features.filter_map(|(column, f)| Some((column.clone(), Meaning::Classes(names(f)?)))).collect()
}

/// Columns whose numbers are durations, as pandas describes its types.
fn durations(pandas: &Value) -> Vec<(String, Meaning)> {
    let columns = pandas.get("columns").and_then(Value::as_array).into_iter().flatten();
    let of = |column: &Value| {
        let unit = column.get("numpy_type")?.as_str()?.strip_prefix("timedelta64[")?.strip_suffix(']')?;
        let second = match unit {
            "ns" => 1e9,
            "us" => 1e6,
            "ms" => 1e3,
            "s" => 1.0,
            _ => return None,
        };
        Some((column.get("name")?.as_str()?.to_owned(), Meaning::Duration(second)))
    };
    columns.filter_map(of).collect()
}

fn damaged(path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::at(path, format!("not a parquet file, or damaged ({why}); get a fresh copy"))
}

/// What `work` gives; a panic of the library, which trusts what a damaged file says, is an error too.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let gave_up = || damaged(path, &"it contradicts itself");
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(gave_up()))
}
