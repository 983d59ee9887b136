//! Somebody else's split as lists: which files, what their rows say, and what each fold trains on and tests.

mod choices;
mod json;
mod kaldi;
mod layout;
mod pickle;
mod sources;
mod table;
#[cfg(test)]
mod tests;
mod words;

pub use choices::ListChoices;
pub(crate) use layout::ListFold;
pub use sources::ListSources;
pub(crate) use words::ListPart;

use crate::corpora::add::columns::{seconds, span};
use crate::corpora::add::row::{SourcePlace, Span};
use crate::corpora::path_key;
use layout::{Layout, layout};
use seraug_core::error::{Error, Result};
use std::collections::HashMap;
use std::sync::Arc;
use table::ListTable;

/// A row of a list, in its own words.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListRow {
    pub(crate) place: SourcePlace,
    /// The path of the utterance, or else its id.
    pub(crate) name: String,
    /// The id beside a path.
    pub(crate) id: Option<String>,
    /// Which of the lists it is from.
    pub(crate) list: u32,
    pub(crate) speaker: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) corpus: Option<String>,
    pub(crate) sha256: Option<String>,
    pub(crate) span: Option<Span>,
}

/// Which columns say what, in words for a person.
#[derive(Debug, Clone, Default)]
pub(crate) struct ColumnNames {
    pub(crate) speaker: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) label: Option<String>,
}

/// A split as its lists have it.
#[derive(Debug, Default)]
pub(crate) struct ListedSplit {
    pub(crate) files: Vec<String>,
    pub(crate) form: String,
    pub(crate) rows: Vec<ListRow>,
    pub(crate) folds: Vec<ListFold>,
    pub(crate) columns: ColumnNames,
    pub(crate) notes: Vec<String>,
}

/// Words for a speaker that nobody knows.
const UNKNOWN: &[&str] = &["unknown", "unk", "nan", "none", "n/a", "na", "null", "?", "-"];

/// Most rows of all lists together.
const ROWS: usize = 20_000_000;

/// Reads the lists of `sources`.
///
/// # Errors
/// A list that cannot be read, or of which nothing says what is trained on and what is tested; a pickle.
pub(crate) fn read(sources: &ListSources, choices: &ListChoices) -> Result<ListedSplit> {
    let (files, mut notes) = sources.files()?;
    let mut tables = Vec::with_capacity(files.len());
    for file in &files {
        tables.push(ListTable::read(file, choices).map_err(as_usage)?);
    }
    if tables.iter().map(|table| table.grid.rows.len()).sum::<usize>() > ROWS {
        return Err(Error::usage(format!("{}: more than {ROWS} rows; give fewer lists", files[0].shown)));
    }
    let Layout { folds, forms, notes: said } = layout(&tables)?;
    notes.extend(said);
    let mut split = ListedSplit {
        files: files.into_iter().map(|file| file.shown).collect(),
        form: forms.into_iter().collect::<Vec<_>>().join(", "),
        folds,
        notes,
        ..ListedSplit::default()
    };
    for (i, table) in tables.into_iter().enumerate() {
        split.add(table, i as u32, choices)?;
    }
    split.keep_listed();
    Ok(split)
}

/// A list that cannot be understood is a wrong answer to the question, as a wrong option is.
fn as_usage(error: Error) -> Error {
    match error {
        Error::Failed(message) => Error::Usage(message),
        other => other,
    }
}

/// Whether a text can be a digest: a cell such as `-` is none.
fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether an id may be the number of its row, which is none.
fn is_number(id: &str) -> bool {
    id.bytes().all(|b| b.is_ascii_digit())
}

impl ListedSplit {
    fn add(&mut self, table: ListTable, list: u32, choices: &ListChoices) -> Result<()> {
        let columns = &table.columns;
        let named = |column: Option<usize>| column.map(|at| format!("column `{}`", table.grid.columns[at]));
        for (known, column) in [
            (&mut self.columns.speaker, columns.speaker),
            (&mut self.columns.text, columns.text),
            (&mut self.columns.label, columns.label),
        ] {
            *known = known.take().or(named(column));
        }
        let file = Arc::clone(&table.grid.file);
        for row in &table.grid.rows {
            let place = SourcePlace { file: Arc::clone(&file), row: row.number };
            let cell = |column| ListTable::cell(row, column);
            let (path, id) = (cell(columns.path), cell(columns.id));
            let Some(name) = path.clone().or_else(|| id.clone()) else {
                return Err(Error::usage(format!(
                    "{place}: no name of an utterance in this row; correct it"
                )));
            };
            let time = |column: Option<usize>| {
                let cell = cell(column).unwrap_or_default();
                seconds(&cell).map_err(|why| Error::usage(format!("{place}: `{cell}`: {why}")))
            };
            let names = || [Some(name.as_str()), id.as_deref()].into_iter().flatten();
            let known = |value: &String| !UNKNOWN.contains(&value.to_lowercase().as_str());
            let speaker = match &choices.speaker_from {
                Some(pattern) => pattern.find(names()).map(str::to_owned),
                None => cell(columns.speaker),
            };
            let text = match &choices.text_from {
                Some(pattern) => pattern.find(names()).map(str::to_owned),
                None => cell(columns.text),
            };
            self.rows.push(ListRow {
                list,
                speaker: speaker.filter(known),
                text,
                label: cell(columns.label),
                corpus: cell(columns.corpus),
                sha256: cell(columns.sha256).map(|sum| sum.to_lowercase()).filter(|sum| is_hex(sum)),
                span: span(time(columns.start)?, time(columns.end)?),
                id: id.filter(|_| path.is_some()),
                place,
                name,
            });
        }
        for (known, pattern) in
            [(&mut self.columns.speaker, &choices.speaker_from), (&mut self.columns.text, &choices.text_from)]
        {
            if let Some(pattern) = pattern {
                *known = Some(format!("`{}` in names", pattern.text()));
            }
        }
        Ok(())
    }

    /// Forgets rows that are in no part of any fold.
    fn keep_listed(&mut self) {
        let mut listed = vec![false; self.rows.len()];
        self.folds.iter().flat_map(ListFold::all).for_each(|row| listed[*row as usize] = true);
        let mut new = vec![0; listed.len()];
        let kept = (0..listed.len()).filter(|row| listed[*row]);
        kept.zip(0u32..).for_each(|(row, number)| new[row] = number);
        self.folds.iter_mut().flat_map(ListFold::all_mut).for_each(|row| *row = new[*row as usize]);
        let mut there = listed.into_iter();
        self.rows.retain(|_| there.next().unwrap_or(true));
    }

    /// The ids of rows whose path names a recording with several utterances in it, which neither start nor end tells apart: in one
    /// list, other rows have the same path and another id.
    pub(crate) fn ids_of_parts(&self) -> HashMap<usize, &str> {
        let mut first: HashMap<(u32, String), &str> = HashMap::new();
        let mut several: HashMap<String, ()> = HashMap::new();
        for row in &self.rows {
            let (Some(id), None) = (row.id.as_deref(), row.span) else { continue };
            if is_number(id) {
                continue;
            }
            let path = path_key(&row.name);
            match first.get(&(row.list, path.clone())) {
                Some(other) if *other != id => drop(several.insert(path, ())),
                Some(_) => {}
                None => drop(first.insert((row.list, path), id)),
            }
        }
        if several.is_empty() {
            return HashMap::new();
        }
        let of = |(i, row): (usize, &'_ ListRow)| several.contains_key(&path_key(&row.name)).then_some(i);
        let rows: Vec<usize> = self.rows.iter().enumerate().filter_map(of).collect();
        rows.into_iter().filter_map(|i| Some((i, self.rows[i].id.as_deref()?))).collect()
    }
}
