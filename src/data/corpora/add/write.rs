//! Writes the files of the new corpus.

use super::finish::NewRow;
use super::format::SourceFormat;
use super::row::SourceAbout;
use crate::corpora::Corpus;
use crate::split::SplitPart;
use indicatif::ProgressBar;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files::{open, write_atomic};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;

/// A column of table.csv and how a row fills it.
type NewColumn = (&'static str, fn(&NewRow) -> Cow<'_, str>);

/// Those that every table has, then those that are written where a row has something in them.
const COLUMNS: [NewColumn; 11] = [
    ("path", |r| r.path.as_str().into()),
    ("emotion", |r| r.emotion.name().into()),
    ("speaker", |r| r.speaker.as_str().into()),
    ("id", |r| r.id.as_str().into()),
    ("gender", |r| r.gender.map_or("", |g| g.name()).into()),
    ("session", |r| r.session.as_str().into()),
    ("language", |r| r.language.as_str().into()),
    ("split", |r| r.split.as_str().into()),
    ("text", |r| r.text.as_str().into()),
    ("start", |r| r.excerpt.map_or(Cow::default(), |e| e.start.to_string().into())),
    ("end", |r| r.excerpt.map_or(Cow::default(), |e| e.end.to_string().into())),
];
/// Columns of [`COLUMNS`] that are always there.
const ALWAYS: usize = 4;

/// Writes table.csv.
///
/// # Errors
/// It cannot be written.
pub(super) fn table<'a>(path: &Path, rows: impl IntoIterator<Item = &'a NewRow>) -> Result<()> {
    let rows: Vec<&NewRow> = rows.into_iter().collect();
    let used = |(_, cell): &NewColumn| rows.iter().any(|row| !cell(row).is_empty());
    let columns: Vec<NewColumn> =
        COLUMNS.into_iter().enumerate().filter(|(i, c)| *i < ALWAYS || used(c)).map(|(_, c)| c).collect();
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(columns.iter().map(|c| c.0)).at(path)?;
    for row in rows {
        csv.write_record(columns.iter().map(|(_, cell)| cell(row).into_owned())).at(path)?;
    }
    write_atomic(path, &csv.into_inner().at(path)?)
}

/// manifest.toml as it is written.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    source: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    licence: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    citation: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    language: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<&'a str>,
}

/// Writes manifest.toml; `audio` is the folder of the recordings, where they are not in the corpus's own.
///
/// # Errors
/// It cannot be written; the folder's name is not UTF-8.
pub(super) fn manifest(
    path: &Path,
    about: &SourceAbout,
    format: SourceFormat,
    audio: Option<&Path>,
) -> Result<()> {
    let audio = match audio {
        None => None,
        Some(audio) => Some(audio.to_str().ok_or_else(|| {
            Error::at(
                audio,
                "its name is not UTF-8, so manifest.toml cannot state it; rename it, or use --copy",
            )
        })?),
    };
    let SourceAbout { title, source, licence, citation, language } = about;
    let text = toml::to_string(&Written { title, source, licence, citation, language, audio }).at(path)?;
    let text =
        format!("# Written by `seraug corpus add` ({}); change it as you like.\n{text}", format.name());
    write_atomic(path, text.as_bytes())
}

/// Copies `files`, each to the path below `staging`, once.
///
/// # Errors
/// One that cannot be read or written.
pub(super) fn copies<'a>(
    staging: &Path,
    files: impl Iterator<Item = (&'a Path, &'a str)>,
    progress: &ProgressBar,
) -> Result<()> {
    let mut done: HashSet<&str> = HashSet::new();
    for (from, relative) in files {
        if !done.insert(relative) {
            continue;
        }
        let to = staging.join(relative);
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder).cannot("be written", folder)?;
        }
        let mut reader = open(from).cannot("be read", from)?;
        let mut writer = std::fs::File::create_new(&to).cannot("be written", &to)?;
        std::io::copy(&mut reader, &mut writer).cannot("be written", &to)?;
        progress.inc(1);
    }
    Ok(())
}

/// Run seeds that the folds of split.csv are written for: the same folds, so that an experiment may have any of them.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=5;

/// Writes the folds `numbers` of the corpus `name` as the protocol `split-file` reads them. `rows` are the table's, each with
/// the number of its utterance.
///
/// # Errors
/// It cannot be written.
pub(super) fn folds(
    path: &Path,
    name: &str,
    numbers: &[usize],
    rows: &[(usize, NewRow)],
    corpus: &Corpus,
) -> Result<()> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let columns = SEEDS.flat_map(|seed| numbers.iter().map(move |n| format!("seed-{seed}/fold-{n}/{name}")));
    let header = ["corpus", "utterance", "speaker", "class", "sha256"].map(str::to_owned);
    csv.write_record(header.into_iter().chain(columns)).at(path)?;
    let mut rows: Vec<&(usize, NewRow)> = rows.iter().collect();
    rows.sort_unstable_by_key(|(i, _)| *i);
    for (i, row) in rows {
        let u = &corpus.utterances[*i];
        let keys = [name, &u.id, &u.speaker, u.emotion.name(), &u.sha256].map(str::to_owned);
        let parts = (0..numbers.len()).map(|n| row.parts.get(n).copied().unwrap_or(SplitPart::None).name());
        let parts = SEEDS.flat_map(|_| parts.clone()).map(str::to_owned);
        csv.write_record(keys.into_iter().chain(parts)).at(path)?;
    }
    write_atomic(path, &csv.into_inner().at(path)?)
}
