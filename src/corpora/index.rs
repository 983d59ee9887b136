//! The index of a corpus: one row an utterance, with what other tools would have to find out again.

use super::Corpus;
use crate::audio::decode;
use crate::emotion::Emotion;
use crate::error::{Error, Result};
use crate::features::all_or_first_error;
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde::Serialize;

/// A row of `seraug corpus import`; the fields are its columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IndexRow {
    /// Unique in its corpus.
    pub id: String,
    /// The audio file.
    pub path: String,
    /// Unique in its corpus.
    pub speaker: String,
    /// `female`, `male`, or empty where the corpus does not say.
    pub gender: &'static str,
    /// Recording session, or empty.
    pub session: String,
    /// ISO 639-1 code.
    pub language: String,
    /// Its label.
    pub emotion: Emotion,
    /// `negative`, `positive`, or empty, as the manifest maps the emotion.
    pub valence: &'static str,
    /// Length at the file's own rate, to the millisecond.
    pub seconds: f64,
    /// Of the file's bytes, lower-case hex.
    pub sha256: String,
}

/// The rows of a corpus, by id. Decodes every file, so an index lists nothing that cannot be used.
///
/// # Errors
/// As [`decode`]; names the first bad file and counts the others.
pub fn index(corpus: &Corpus, progress: &ProgressBar) -> Result<Vec<IndexRow>> {
    progress.set_length(corpus.utterances.len() as u64);
    let rows = corpus.utterances.par_iter().map(|u| {
        let seconds = decode(&u.path, u.channels)?.seconds();
        progress.inc(1);
        Ok(IndexRow {
            id: u.id.clone(),
            path: u.path.display().to_string(),
            speaker: u.speaker.clone(),
            gender: u.gender.map_or("", |g| g.name()),
            session: u.session.clone().unwrap_or_default(),
            language: u.language.clone(),
            emotion: u.emotion,
            valence: corpus.manifest.valence.of(u.emotion).unwrap_or_default(),
            seconds: (seconds * 1000.0).round() / 1000.0,
            sha256: u.sha256.clone(),
        })
    });
    all_or_first_error(rows.collect())
}

/// Rows as CSV with a header.
///
/// # Errors
/// A row that cannot be written as CSV.
pub fn write_index(rows: &[IndexRow]) -> Result<Vec<u8>> {
    let failed = |e: &dyn std::fmt::Display| Error::failed(format!("index: cannot be written: {e}"));
    let mut csv = csv::Writer::from_writer(Vec::new());
    for row in rows {
        csv.serialize(row).map_err(|e| failed(&e))?;
    }
    csv.into_inner().map_err(|e| failed(&e))
}
