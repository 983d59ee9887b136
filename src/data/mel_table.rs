//! Log-mels as one parquet file, for data frames.

use crate::audio::LogMel;
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files::atomic::temporary_folder;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Rows that are held at once.
const GROUP: usize = 128;

/// `mels` is a list of floats as every reader of parquet knows it.
const SCHEMA: &str = "message samples {
    required binary id (UTF8); required binary source (UTF8); required binary label (UTF8);
    required int32 copy; required binary seed (UTF8); required int32 frames; required int32 bands;
    required group mels (LIST) { repeated group list { required float element; } }
}";

/// A row: a sample.
#[derive(Debug, Clone, PartialEq)]
pub struct MelRow {
    /// Its name.
    pub id: String,
    /// What it was made of.
    pub source: String,
    /// Its class; may be empty.
    pub label: String,
    /// Number of the copy, from 1.
    pub copy: usize,
    /// Of the draws.
    pub seed: String,
    /// The values; columns `frames`, `bands`, and `mels` with frames * bands values, frame by frame.
    pub mel: LogMel,
}

/// Writes `rows` to `path`, a hundred at a time.
///
/// # Errors
/// The first row that is an error; a file that cannot be written.
pub fn write_parquet(path: &Path, rows: impl IntoIterator<Item = Result<MelRow>>) -> Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = temporary_folder(parent)?;
    let temporary = folder.path().join("rows");
    let failed = |e: ParquetError| Error::at(path, format!("cannot be written: {e}"));
    let schema = Arc::new(parse_message_type(SCHEMA).map_err(failed)?);
    // Values of log-mels do not repeat.
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(false)
        .set_created_by("seraug".to_owned());
    let file = File::create(&temporary).cannot("be written", path)?;
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties.build())).map_err(failed)?;
    let mut rows = rows.into_iter();
    loop {
        let group = rows.by_ref().take(GROUP).collect::<Result<Vec<MelRow>>>()?;
        if group.is_empty() {
            break;
        }
        write_group(&mut writer, &group).map_err(failed)?;
    }
    writer.close().map_err(failed)?;
    std::fs::rename(&temporary, path).cannot("be written", path)
}

/// Writes rows as a row group, column by column.
fn write_group(
    writer: &mut SerializedFileWriter<File>,
    rows: &[MelRow],
) -> std::result::Result<(), ParquetError> {
    let texts = |of: fn(&MelRow) -> &str| -> ParquetValues {
        ParquetValues::Texts(rows.iter().map(|r| of(r).into()).collect())
    };
    let numbers = |of: fn(&MelRow) -> usize| -> ParquetValues {
        ParquetValues::Numbers(rows.iter().map(|r| i32::try_from(of(r)).unwrap_or(i32::MAX)).collect())
    };
    let columns = [
        texts(|r| &r.id),
        texts(|r| &r.source),
        texts(|r| &r.label),
        numbers(|r| r.copy),
        texts(|r| &r.seed),
        numbers(|r| r.mel.frames),
        numbers(|r| r.mel.mels),
        ParquetValues::Lists(rows.iter().map(|r| r.mel.db.as_slice()).collect()),
    ];
    let mut group = writer.next_row_group()?;
    for values in columns {
        let Some(mut column) = group.next_column()? else {
            return Err(ParquetError::General("a column too many".to_owned()));
        };
        match values {
            ParquetValues::Texts(texts) => column.typed::<ByteArrayType>().write_batch(&texts, None, None)?,
            ParquetValues::Numbers(numbers) => {
                column.typed::<Int32Type>().write_batch(&numbers, None, None)?
            }
            ParquetValues::Lists(lists) => {
                let all = lists.concat();
                // 0 where a list begins; no list is empty.
                let begins = lists.iter().flat_map(|list| (0..list.len()).map(|i| i16::from(i > 0)));
                let (there, begins) = (vec![1; all.len()], begins.collect::<Vec<i16>>());
                column.typed::<FloatType>().write_batch(&all, Some(&there), Some(&begins))?
            }
        };
        column.close()?;
    }
    group.close().map(drop)
}

/// Values of a column.
enum ParquetValues<'a> {
    Texts(Vec<ByteArray>),
    Numbers(Vec<i32>),
    Lists(Vec<&'a [f32]>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::{Field, RowAccessor};

    #[test]
    fn more_rows_than_a_group_are_read_back_by_the_crates_own_reader() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mels.parquet");
        let row = |i: usize| MelRow {
            id: format!("größe-{i}"),
            source: "a.wav".into(),
            label: String::new(),
            copy: i,
            seed: "1".into(),
            mel: LogMel {
                frames: 1 + i % 3,
                mels: 2,
                db: (0..2 * (1 + i % 3)).map(|v| (v + i) as f32 / 3.0).collect(),
            },
        };
        write_parquet(&path, (0..300).map(|i| Ok(row(i)))).unwrap();
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        assert_eq!(reader.num_row_groups(), 3);
        let mut count = 0;
        for (i, read) in reader.get_row_iter(None).unwrap().enumerate() {
            let (read, wanted) = (read.unwrap(), row(i));
            let list = read.get_list(7).unwrap();
            let values: Vec<f32> = list
                .elements()
                .iter()
                .map(|v| match v {
                    Field::Float(v) => *v,
                    other => panic!("{other}"),
                })
                .collect();
            assert_eq!((read.get_string(0).unwrap(), values), (&wanted.id, wanted.mel.db));
            assert_eq!(
                (read.get_int(3).unwrap(), read.get_int(5).unwrap() as usize),
                (i as i32, wanted.mel.frames)
            );
            count += 1;
        }
        assert_eq!(count, 300);
        let failed = write_parquet(&dir.path().join("x"), [Ok(row(1)), Err(Error::failed("no"))]);
        assert!(failed.is_err() && std::fs::read_dir(dir.path()).unwrap().count() == 1);
    }
}
