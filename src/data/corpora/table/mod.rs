//! Bring your own: `corpora/NAME/table.csv`, a row for each utterance, with an optional manifest.toml beside it.
//!
//! Required columns: path, emotion, speaker. Optional: id, gender, session, language, split, text, start, end (seconds).
//! They come in any order; others are left alone. The table is read as a stream, each distinct file is looked at
//! once, and what is wrong with a row is a problem that names its line.

mod files;
pub(super) mod row;
mod spelling;
pub(super) mod text;

use super::digests::Digests;
use super::{Corpus, CorpusFault, CorpusFaults, Excerpt, ImportSource, Utterance};
use crate::audio::{Length, SAMPLE_RATE};
use files::{Refused, TableFiles};
use row::{Columns, TableRow};
use seraug_core::emotion::Emotion;
use seraug_core::error::{AtPath, Error, Result, join_messages};
use seraug_core::manifest::{Expected, Manifest};
use seraug_core::names::unicode::is_unprintable;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
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
    folder(name, corpora).is_some()
}

/// The folder of the table `name`, which may be spelt otherwise on the disk ([`spelling`]). `>` stands between the two
/// corpora of a cross-lingual experiment, and `/` between the parts of a column of split.csv.
fn folder(name: &str, corpora: &Path) -> Option<PathBuf> {
    let plain = !name.is_empty()
        && !name.starts_with('.')
        && !name.chars().any(|c| is_unprintable(c) || matches!(c, '/' | '\\' | '>'));
    let literal = plain.then(|| corpora.join(name))?;
    let folder = if literal.is_dir() { literal } else { spelling::of_folder(corpora, name)? };
    folder.join(FILE).is_file().then_some(folder)
}

/// The folder of the table `name`, or where it would be.
pub(super) fn folder_of(name: &str, corpora: &Path) -> PathBuf {
    folder(name, corpora).unwrap_or_else(|| corpora.join(name))
}

/// The manifest of the table `name`; nothing where there is no such table.
///
/// # Errors
/// A manifest.toml that cannot be read or understood.
pub(super) fn manifest(name: &str, corpora: &Path) -> Result<Option<Manifest>> {
    let Some(folder) = folder(name, corpora) else { return Ok(None) };
    let path = folder.join("manifest.toml");
    if path.exists() && !path.is_file() {
        return Err(Error::at(path, "not a regular file; remove it"));
    }
    let text = match seraug_core::files::text(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read.cannot("be read", &path)?,
    };
    Manifest::own(name, &text, &path.display().to_string()).map(Some)
}

/// What a table holds before its files have been looked at.
#[derive(Default)]
struct Read {
    rows: Vec<TableRow>,
    words: Words,
    dropped: BTreeMap<String, usize>,
    problems: Problems,
    /// Rows in another language than those asked for.
    foreign: usize,
    /// Recordings that the manifest lists as unusable.
    listed: BTreeSet<String>,
}

/// Reads `corpora/<name>/table.csv`.
///
/// # Errors
/// A table without header or without a required column (usage); a file that cannot be read; no good row.
pub(super) fn import(source: ImportSource) -> Result<Corpus> {
    import_at(folder_of(&source.manifest.name, source.corpora), source)
}

/// As [`import`], of the table in the folder `root`, whatever that is called.
///
/// # Errors
/// As [`import`].
pub(super) fn import_at(root: PathBuf, source: ImportSource) -> Result<Corpus> {
    let ImportSource { mut manifest, cache, reading, languages, progress, .. } = source;
    let audio = audio(&root, &manifest)?;
    let mut files = TableFiles::new(&audio, manifest.audio.as_deref())?;
    let Read { mut rows, words, dropped, mut problems, foreign, listed } =
        read(&root, &manifest, languages, &mut files)?;
    let mut faults = CorpusFaults { listed: listed.into_iter().collect(), ..CorpusFaults::default() };
    let digests = Digests::open(&audio, &manifest.name, cache, reading);
    let files = files.digests(&digests, progress);
    digests.keep();

    // By id, the first row of an id first: the order of the table decides which of two is the second.
    rows.sort_unstable_by(|a, b| (&a.id, a.line).cmp(&(&b.id, b.line)));
    let corpus: Arc<str> = manifest.name.as_str().into();
    let mut utterances: Vec<Utterance> = Vec::with_capacity(rows.len());
    let mut first = 0;
    for row in rows {
        let file = match &files[row.file as usize] {
            Ok(file) => file,
            Err(Refused::Row(why)) => {
                problems.push(row.line, why.clone());
                continue;
            }
            Err(Refused::File(path, why)) => {
                let place = format!("{FILE}:{}: path `{path}`", row.line);
                faults.unusable.push(CorpusFault { place, why: why.clone() });
                continue;
            }
        };
        if let Some(why) = row.excerpt.zip(file.length).and_then(|(e, length)| beyond(e, length)) {
            problems.push(row.line, why);
            continue;
        }
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
            Some(excerpt) => excerpt.sha256(&file.sha256),
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
            text: row.text.map(|w| words.get(w).to_owned()),
            emotion: row.emotion,
            sha256,
        });
    }
    let problems = problems.lines();
    faults.unusable.sort();
    if utterances.is_empty() {
        let unusable = faults.unusable.iter().map(ToString::to_string);
        let first: Vec<String> = problems.iter().cloned().chain(unusable).collect();
        let first = if first.is_empty() { String::new() } else { format!(": {}", join_messages(&first)) };
        return Err(Error::usage(format!(
            "corpus {corpus}: no usable row in {}{first}",
            root.join(FILE).display()
        )));
    }
    if foreign > 0 || manifest.expected.utterances == 0 {
        manifest.expected = Expected { dropped: manifest.expected.dropped, ..as_found(&utterances) };
    }
    Ok(Corpus { manifest, root, utterances, dropped, problems, faults })
}

/// The folder below which the recordings are.
///
/// # Errors
/// The manifest names one that is not there.
fn audio(root: &Path, manifest: &Manifest) -> Result<PathBuf> {
    let Some(audio) = &manifest.audio else { return Ok(root.to_owned()) };
    let folder = root.join(audio);
    match folder.is_dir() {
        true => Ok(folder),
        false => Err(Error::usage(format!(
            "{}: audio = `{}`: no such folder; set it to the one that has the recordings",
            root.join("manifest.toml").display(),
            audio.display()
        ))),
    }
}

/// Seconds that an excerpt may end after its file: bounds of transcripts are rounded.
const ROUNDED: f64 = 0.02;

/// Why an excerpt cannot be cut from a file of `length`.
fn beyond(Excerpt { start, end }: Excerpt, length: Length) -> Option<String> {
    let whole = length.seconds();
    if end > whole + ROUNDED {
        return Some(format!("start {start} and end {end}: the file has {whole:.3} s; correct them"));
    }
    // As the features are cut, at 16 kHz, and of at least one of the file's own samples.
    let at = |seconds: f64| (seconds * f64::from(SAMPLE_RATE)).round();
    let end = end.min(whole);
    let short = at(end) <= at(start) || (end - start) * f64::from(length.rate) < 1.0;
    short.then(|| format!("start {start} and end {end}: shorter than a sample; correct them"))
}

/// What is there is all there is, where nobody has said how much it should be.
pub(super) fn as_found(utterances: &[Utterance]) -> Expected {
    let mut emotions: BTreeMap<Emotion, usize> = BTreeMap::new();
    utterances.iter().for_each(|u| *emotions.entry(u.emotion).or_default() += 1);
    Expected { utterances: utterances.len(), emotions: emotions.into_iter().collect(), ..Expected::default() }
}

fn read(root: &Path, manifest: &Manifest, languages: &[String], files: &mut TableFiles) -> Result<Read> {
    let path = root.join(FILE);
    let usage = |why: String| Error::usage(format!("{}: {why}", path.display()));
    let file = seraug_core::files::open(&path).cannot("be read", &path)?;
    let text = text::of(file).map_err(usage)?;
    let mut csv = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .has_headers(false)
        .delimiter(text.delimiter)
        .from_reader(text.reader);
    let mut record = csv::ByteRecord::new();
    let mut columns = None;
    let mut read = Read::default();
    while csv.read_byte_record(&mut record).cannot("be read", &path)? {
        // Spreadsheets append rows without anything in them.
        if record.iter().all(row::is_blank) {
            continue;
        }
        let Some(columns) = &columns else {
            columns = Some(Columns::find(&record, text.delimiter).map_err(usage)?);
            continue;
        };
        let line = record.position().map_or(0, csv::Position::line) + text.skipped;
        match columns.row(line, &record, manifest, files, &mut read.words) {
            Err(why) => read.problems.push(line, why),
            Ok(row::RowKind::Dropped(code)) => *read.dropped.entry(code).or_default() += 1,
            Ok(row::RowKind::Unusable(name)) => drop(read.listed.insert(name)),
            Ok(row::RowKind::Row(row)) if wanted(languages, read.words.get(row.language)) => {
                read.rows.push(row)
            }
            Ok(row::RowKind::Row(_)) => read.foreign += 1,
        }
    }
    if columns.is_none() {
        Columns::find(&csv::ByteRecord::new(), text.delimiter).map_err(usage)?;
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
