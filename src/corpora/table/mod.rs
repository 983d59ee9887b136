//! Bring your own: `corpora/NAME/table.csv`, a row for each utterance, with an optional manifest.toml beside it.
//!
//! Required columns: path, emotion, speaker. Optional: id, gender, session, language, split, start, end (seconds).
//! They come in any order; others are left alone. The table is read as a stream, each distinct file is looked at
//! once, and what is wrong with a row is a problem that names its line.

mod files;
mod row;

use super::digests::Digests;
use super::{Corpus, Excerpt, Source, Utterance};
use crate::emotion::Emotion;
use crate::error::{Error, Result};
use crate::manifest::{Expected, Manifest};
use crate::results::digest_hex;
use files::Files;
use row::{Columns, Row};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

/// The table's name.
pub(super) const FILE: &str = "table.csv";

/// Names of the folders below `corpora` that have a table.
pub(super) fn folders(corpora: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(corpora).into_iter().flatten().flatten();
    let names = entries.filter_map(|e| e.file_name().into_string().ok());
    names.filter(|name| is_table(name, corpora)).collect()
}

/// Whether `name` is a plain name, which leads to no other folder, with a table.
fn is_table(name: &str, corpora: &Path) -> bool {
    let plain = name.chars().all(|c| c.is_alphanumeric() || "._-".contains(c)) && !name.starts_with('.');
    plain && !name.is_empty() && corpora.join(name).join(FILE).is_file()
}

/// The manifest of the table `name`; nothing where there is no such table.
///
/// # Errors
/// A manifest.toml that cannot be read or understood.
pub(super) fn manifest(name: &str, corpora: &Path) -> Result<Option<Manifest>> {
    if !is_table(name, corpora) {
        return Ok(None);
    }
    let path = corpora.join(name).join("manifest.toml");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(Error::failed(format!("{}: cannot be read: {e}", path.display()))),
    };
    Manifest::own(name, &text, &path.display().to_string()).map(Some)
}

/// What a table holds before its files have been looked at.
#[derive(Default)]
struct Read {
    rows: Vec<Row>,
    words: Words,
    dropped: BTreeMap<String, usize>,
    problems: Problems,
    /// Rows in another language than those asked for.
    foreign: usize,
}

/// Reads `corpora/<name>/table.csv`.
///
/// # Errors
/// A table without header or without a required column (usage); a file that cannot be read; no good row.
pub(super) fn import(source: Source) -> Result<Corpus> {
    let Source { mut manifest, corpora, cache, reading, languages, progress } = source;
    let root = corpora.join(&manifest.name);
    let mut files = Files::new(&root)?;
    let Read { mut rows, words, dropped, mut problems, foreign } =
        read(&root, &manifest, languages, &mut files)?;
    let digests = Digests::open(&root, &manifest.name, cache, reading);
    let files = files.digests(&digests, progress)?;
    digests.keep();

    // By id, the first row of an id first: the order of the table decides which of two is the second.
    rows.sort_unstable_by(|a, b| (&a.id, a.line).cmp(&(&b.id, b.line)));
    let corpus: Arc<str> = manifest.name.as_str().into();
    let mut utterances: Vec<Utterance> = Vec::with_capacity(rows.len());
    let mut first = 0;
    for row in rows {
        let file = match &files[row.file as usize] {
            Ok(file) => file,
            Err(why) => {
                problems.push(row.line, why.clone());
                continue;
            }
        };
        if utterances.last().is_some_and(|u| *u.id == *row.id) {
            problems.push(
                row.line,
                format!("id `{}`: the same as in line {first}; give each row its own", row.id),
            );
            continue;
        }
        first = row.line;
        let speaker = words.get(row.speaker);
        let sha256 = match row.excerpt {
            None => file.sha256.clone(),
            Some(Excerpt { start, end }) => digest_hex(format!("{} {start} {end}", file.sha256).as_bytes()),
        };
        utterances.push(Utterance {
            corpus: Arc::clone(&corpus),
            id: row.id.into(),
            path: file.path.clone(),
            excerpt: row.excerpt,
            channels: manifest.channels,
            gender: row.gender.or_else(|| manifest.speakers.get(speaker).copied()),
            speaker: speaker.to_owned(),
            session: row.session.map(|w| words.get(w).to_owned()),
            split: row.split.map(|w| words.get(w).to_owned()),
            language: words.get(row.language).to_owned(),
            emotion: row.emotion,
            sha256,
        });
    }
    let problems = problems.lines();
    if utterances.is_empty() {
        let first = problems.first().map(|p| format!(": {p}")).unwrap_or_default();
        return Err(Error::usage(format!(
            "corpus {corpus}: no usable row in {}{first}",
            root.join(FILE).display()
        )));
    }
    if foreign > 0 || manifest.expected.utterances == 0 {
        manifest.expected = Expected { dropped: manifest.expected.dropped, ..as_found(&utterances) };
    }
    Ok(Corpus { manifest, root, utterances, dropped, problems })
}

/// What is there is all there is, where nobody has said how much it should be.
fn as_found(utterances: &[Utterance]) -> Expected {
    let of = |e: Emotion| utterances.iter().filter(|u| u.emotion == e).count();
    let emotions = Emotion::ALL.iter().map(|e| (*e, of(*e))).filter(|(_, n)| *n > 0).collect();
    Expected { utterances: utterances.len(), emotions, ..Expected::default() }
}

fn read(root: &Path, manifest: &Manifest, languages: &[String], files: &mut Files) -> Result<Read> {
    let path = root.join(FILE);
    let failed = |e: csv::Error| Error::failed(format!("{}: cannot be read: {e}", path.display()));
    let mut csv =
        csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_path(&path).map_err(failed)?;
    let header = csv.byte_headers().map_err(failed)?;
    let columns = Columns::find(header).map_err(|why| Error::usage(format!("{}: {why}", path.display())))?;
    let mut read = Read::default();
    let mut record = csv::ByteRecord::new();
    while csv.read_byte_record(&mut record).map_err(failed)? {
        let line = record.position().map_or(0, csv::Position::line);
        match columns.row(line, &record, manifest, files, &mut read.words) {
            Err(why) => read.problems.push(line, why),
            Ok(row::Kind::Dropped(code)) => *read.dropped.entry(code).or_default() += 1,
            Ok(row::Kind::Row(row)) if wanted(languages, read.words.get(row.language)) => read.rows.push(row),
            Ok(row::Kind::Row(_)) => read.foreign += 1,
        }
    }
    Ok(read)
}

fn wanted(languages: &[String], language: &str) -> bool {
    languages.is_empty() || languages.iter().any(|l| l == language)
}

/// Words that repeat from row to row, each held once.
#[derive(Default)]
struct Words {
    numbers: HashMap<Arc<str>, u32>,
    words: Vec<Arc<str>>,
}

impl Words {
    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let (word, number): (Arc<str>, _) = (word.into(), self.words.len() as u32);
        self.words.push(Arc::clone(&word));
        self.numbers.insert(word, number);
        number
    }

    fn get(&self, number: u32) -> &str {
        &self.words[number as usize]
    }
}

/// What is wrong, by line. A row is an utterance or a problem: their number is bounded by the table's.
#[derive(Default)]
struct Problems(Vec<(u64, String)>);

impl Problems {
    fn push(&mut self, line: u64, why: String) {
        self.0.push((line, why));
    }

    fn lines(mut self) -> Vec<String> {
        self.0.sort();
        self.0.iter().map(|(line, why)| format!("{FILE}:{line}: {why}")).collect()
    }
}
