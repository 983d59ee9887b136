//! What every reader of a format gives.

use super::choices::AddChoices;
use crate::split::SplitPart;
use indicatif::ProgressBar;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a reader works on.
pub(super) struct Reading<'a> {
    /// The source, without links.
    pub(super) source: &'a Path,
    pub(super) choices: &'a AddChoices,
    /// The folder of the new corpus, for recordings that are inside a file of the source.
    pub(super) staging: &'a Path,
    pub(super) progress: &'a ProgressBar,
}

/// Where a row is in the source.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourcePlace {
    /// The file's name, below the source.
    pub(crate) file: Arc<str>,
    /// Its line, or the number of its row from 1; 0 for a place that has none.
    pub(crate) row: u64,
}

impl fmt::Display for SourcePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            0 => f.write_str(&self.file),
            row => write!(f, "{}:{row}", self.file),
        }
    }
}

/// A stretch of a file in seconds; without an end, up to that of the file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) start: f64,
    pub(crate) end: Option<f64>,
}

/// A row of the source, in its own words.
#[derive(Debug, Clone, Default)]
pub(super) struct SourceRow {
    pub(super) place: SourcePlace,
    /// The recording, as the source names it.
    pub(super) path: String,
    /// Where the source or its layout gives one.
    pub(super) id: Option<String>,
    pub(super) emotion: Option<String>,
    pub(super) speaker: Option<String>,
    pub(super) gender: Option<String>,
    pub(super) session: Option<String>,
    pub(super) language: Option<String>,
    pub(super) split: Option<String>,
    pub(super) text: Option<String>,
    pub(super) span: Option<Span>,
    /// Its part in each of [`Taken::folds`].
    pub(super) parts: Vec<SplitPart>,
}

/// What a source says of itself, for manifest.toml; empty where it does not.
#[derive(Debug, Clone, Default)]
pub(super) struct SourceAbout {
    pub(super) title: String,
    pub(super) source: String,
    pub(super) licence: String,
    pub(super) citation: String,
    /// ISO 639-1.
    pub(super) language: String,
}

/// What a reader took from a source.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) rows: Vec<SourceRow>,
    /// The folder that paths are below; `None` where the recordings were written to the staging folder.
    pub(super) audio: Option<PathBuf>,
    pub(super) about: SourceAbout,
    /// What each column is taken from, as (column, source).
    pub(super) told: Vec<(&'static str, String)>,
    /// Names that `--speaker` could have.
    pub(super) columns: Vec<String>,
    pub(super) notes: Vec<String>,
    /// Rows that cannot be used: place and reason.
    pub(super) faults: Vec<String>,
    /// Rows that are no utterances, by reason.
    pub(super) left_out: BTreeMap<String, usize>,
    /// Numbers of the folds that the source defines.
    pub(super) folds: Vec<usize>,
}

impl Taken {
    /// Nothing yet; the recordings are below `audio`.
    pub(super) fn below(audio: &Path) -> Taken {
        Taken { audio: Some(audio.to_owned()), ..Taken::default() }
    }

    /// Counts a row that is no utterance.
    pub(super) fn leave_out(&mut self, why: &str) {
        match self.left_out.get_mut(why) {
            Some(n) => *n += 1,
            None => drop(self.left_out.insert(why.to_owned(), 1)),
        }
    }

    /// Notes a row that cannot be used.
    pub(super) fn fault(&mut self, place: &SourcePlace, why: impl fmt::Display) {
        self.faults.push(format!("{place}: {why}"));
    }
}

/// Why a row without a label is no utterance.
pub(super) const NO_LABEL: &str = "no label";
