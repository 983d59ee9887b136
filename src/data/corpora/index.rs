//! The index of a corpus for use in other tools: one row an utterance, with its labels, length and digest.

use super::{Corpus, Utterance, of_each};
use crate::audio::SAMPLE_RATE;
use indicatif::ProgressBar;
use polars::prelude::{Column, DataFrame, PolarsResult, SortMultipleOptions};
use seraug_core::error::{Error, Result};
use seraug_core::manifest::Valence;
use std::borrow::Cow;

/// Columns of an index, in order. All are text but `seconds`, which is a 64-bit float.
pub const COLUMNS: [&str; 11] = [
    "id", "path", "speaker", "gender", "session", "language", "emotion", "valence", "seconds", "sha256",
    "text",
];

/// One row an utterance, by id; the columns are [`COLUMNS`]. A value that the corpus does not state is empty.
#[derive(Debug, Clone)]
pub struct Index {
    frame: DataFrame,
}

impl Index {
    /// The index of the usable utterances of `corpus`, and one line for each reason why others are not usable. Decodes every
    /// recording once, so the index lists nothing unusable, and holds one recording a thread in memory. `seconds` is the
    /// length of the utterance in the file, to the millisecond. `progress` advances by one an utterance.
    ///
    /// The reasons are those of `audio::decode`, and excerpts that begin after the end of their file.
    ///
    /// # Errors
    /// None in practice; those of the table.
    pub fn of_usable(corpus: &Corpus, progress: &ProgressBar) -> Result<(Index, Vec<String>)> {
        let (mut kept, mut lengths, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for (u, seconds) in corpus.utterances.iter().zip(seconds(&corpus.utterances, progress)) {
            match seconds {
                Ok(seconds) => {
                    kept.push(u);
                    lengths.push(seconds);
                }
                Err(e) => refused.push(e.to_string()),
            }
        }
        // Several excerpts of one file have the same reason.
        refused.dedup();
        let mut columns: Vec<Column> = COLUMNS
            .iter()
            .filter(|c| **c != "seconds")
            .map(|c| text(c, &kept, &corpus.manifest.valence))
            .collect();
        columns.insert(8, Column::new("seconds".into(), lengths));
        let frame = DataFrame::new(kept.len(), columns).map_err(|e| failed(&e))?;
        Ok((Index { frame }, refused))
    }

    /// The table itself.
    pub fn frame(&self) -> &DataFrame {
        &self.frame
    }

    /// Calls `row` with the cells of each row, `seconds` as `0.25`.
    fn each(&self, mut row: impl FnMut(&[Cow<str>]) -> Result<()>) -> Result<()> {
        let find = |name| self.frame.column(name);
        let read = || -> PolarsResult<_> {
            let texts = COLUMNS.iter().filter(|c| **c != "seconds").map(|c| find(c)?.str());
            Ok((texts.collect::<PolarsResult<Vec<_>>>()?, find("seconds")?.f64()?))
        };
        let (texts, seconds) = read().map_err(|e| failed(&e))?;
        for i in 0..self.frame.height() {
            let mut cells: Vec<Cow<str>> =
                texts.iter().map(|t| t.get(i).unwrap_or_default().into()).collect();
            cells.insert(8, seconds.get(i).unwrap_or_default().to_string().into());
            row(&cells)?;
        }
        Ok(())
    }

    /// As CSV with a header.
    ///
    /// # Errors
    /// Names what cannot be written.
    pub fn to_csv(&self) -> Result<Vec<u8>> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(COLUMNS).map_err(|e| failed(&e))?;
        self.each(|cells| csv.write_record(cells.iter().map(|c| c.as_bytes())).map_err(|e| failed(&e)))?;
        csv.into_inner().map_err(|e| failed(&e))
    }

    /// As a list of objects; `seconds` is a number.
    ///
    /// # Errors
    /// None in practice; those of the table.
    pub fn to_json(&self) -> Result<serde_json::Value> {
        let mut rows = Vec::with_capacity(self.frame.height());
        self.each(|cells| {
            let value = |(name, cell): (&&str, &Cow<str>)| {
                let cell = match *name {
                    "seconds" => cell.parse::<f64>().unwrap_or_default().into(),
                    _ => serde_json::Value::from(cell.as_ref()),
                };
                ((*name).to_owned(), cell)
            };
            rows.push(serde_json::Value::Object(COLUMNS.iter().zip(cells).map(value).collect()));
            Ok(())
        })?;
        Ok(rows.into())
    }
}

/// Numbers of utterances by the values of `columns` (of [`COLUMNS`], without `seconds`), sorted by all of them.
/// Decodes nothing.
///
/// # Errors
/// A column that does not exist.
pub fn counts(
    utterances: &[Utterance],
    valence: &Valence,
    columns: &[&str],
) -> Result<Vec<(Vec<String>, usize)>> {
    if let Some(wrong) = columns.iter().find(|c| **c == "seconds" || !COLUMNS.contains(c)) {
        return Err(Error::failed(format!(
            "index: no column of text `{wrong}`, expected one of {}",
            COLUMNS.join(", ")
        )));
    }
    if utterances.is_empty() {
        return Ok(Vec::new());
    }
    count(utterances, valence, columns).map_err(|e| failed(&e))
}

fn count(
    utterances: &[Utterance],
    valence: &Valence,
    columns: &[&str],
) -> PolarsResult<Vec<(Vec<String>, usize)>> {
    let all: Vec<&Utterance> = utterances.iter().collect();
    let mut values: Vec<Column> = columns.iter().map(|c| text(c, &all, valence)).collect();
    values.push(Column::new("utterances".into(), vec![1u64; utterances.len()]));
    let frame = DataFrame::new(utterances.len(), values)?;
    let keys = || columns.iter().map(|c| (*c).to_owned());
    #[expect(deprecated, reason = "its successor needs the lazy engine, which doubles the crates")]
    let sums = frame.group_by(keys())?.select(["utterances"]).sum()?;
    // The order of groups is not defined.
    let sums = sums.sort(keys(), SortMultipleOptions::default())?;
    let texts = columns.iter().map(|c| sums.column(c)?.str()).collect::<PolarsResult<Vec<_>>>()?;
    let numbers = sums.column("utterances_sum")?.u64()?;
    let row = |i| texts.iter().map(|t| t.get(i).unwrap_or_default().to_owned()).collect();
    Ok((0..sums.height()).map(|i| (row(i), numbers.get(i).unwrap_or_default() as usize)).collect())
}

/// Column `name` of `utterances`.
fn text(name: &str, utterances: &[&Utterance], valence: &Valence) -> Column {
    let cell = |u| -> Cow<str> { cell(name, u, valence) };
    // Borrowed texts are copied into the column once; owned ones would double the memory.
    let cells: Vec<Cow<str>> = utterances.iter().copied().map(cell).collect();
    let borrowed: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    Column::new(name.into(), borrowed)
}

fn cell<'a>(name: &str, u: &'a Utterance, valence: &Valence) -> Cow<'a, str> {
    match name {
        "id" => u.id.as_str().into(),
        "path" => u.path.to_string_lossy(),
        "speaker" => u.speaker.as_str().into(),
        "gender" => u.gender.map_or("", |g| g.name()).into(),
        "session" => u.session.as_deref().unwrap_or_default().into(),
        "language" => u.language.as_str().into(),
        "emotion" => u.emotion.name().into(),
        "valence" => valence.of(u.emotion).unwrap_or_default().into(),
        "text" => u.text.as_deref().unwrap_or_default().into(),
        _ => u.sha256.as_str().into(),
    }
}

/// Length of every utterance, in their order, to the millisecond.
fn seconds(utterances: &[Utterance], progress: &ProgressBar) -> Vec<Result<f64>> {
    of_each(utterances, progress, |u, decoded| {
        length(u, decoded.seconds()).map(|s| (s * 1000.0).round() / 1000.0)
    })
}

/// Length of an utterance in a file of `whole` seconds: as much of it as the file has.
fn length(u: &Utterance, whole: f64) -> Result<f64> {
    match u.excerpt {
        None => Ok(whole),
        // As the features are cut: at least one sample at 16 kHz.
        Some(e) if e.start + 0.5 / f64::from(SAMPLE_RATE) < whole => Ok(e.end.min(whole) - e.start),
        Some(_) => Err(u.begins_late(whole)),
    }
}

fn failed(e: &dyn std::fmt::Display) -> Error {
    Error::failed(format!("index: cannot be made: {e}"))
}
