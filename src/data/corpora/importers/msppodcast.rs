//! MSP-Podcast: labels, speakers and partitions in `msppodcast/Labels/labels_consensus.csv`, recordings in
//! `msppodcast/Audios/MSP-PODCAST_0001_0008.wav`, as the readme of its releases describes them.

use super::folder::{self, NamedUtterance, Parse, Parsed, RecordingPath};
use crate::corpora::table::as_found;
use crate::corpora::{Corpus, ImportSource};
use seraug_core::emotion::Emotion;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files;
use seraug_core::manifest::{Expected, Gender, Manifest};
use seraug_core::names::unicode::normalise;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

const AROUND: &[&str] = &["msppodcast", "msp-podcast"];
/// The labels, below the corpus's folder.
const LABELS: &str = "Labels/labels_consensus.csv";
/// The columns that are read.
const COLUMNS: [&str; 5] = ["FileName", "EmoClass", "SpkrID", "Gender", "Split_Set"];
/// The code of recordings without a row.
const UNLABELLED: &str = "unlabelled";

/// A row of the labels.
struct Turn {
    line: u64,
    /// `None` for a code that is dropped or unknown.
    emotion: Option<Emotion>,
    speaker: String,
    gender: Option<Gender>,
    part: String,
}

/// The content of the labels.
#[derive(Default)]
struct Turns {
    /// By the name of the recording without its extension.
    turns: HashMap<String, Turn>,
    dropped: BTreeMap<String, usize>,
    problems: Vec<String>,
}

/// Reads `corpora/msppodcast`. A row without a recording is a problem, as is a code that the manifest does not have; codes that it
/// drops and recordings without a row are counted. `Unknown`, the speaker of many turns, is one speaker: folds by speaker then
/// keep all of them on one side.
pub(crate) fn import(source: ImportSource) -> Result<Corpus> {
    let root = source.corpora.join(&source.manifest.name);
    let Turns { turns, dropped, problems } = match root.is_dir() {
        true => read(&root, &source.manifest)?,
        false => Turns::default(),
    };
    let heard = RefCell::new(BTreeSet::new());
    let mut corpus = folder::import(source, AROUND, |place| {
        heard.borrow_mut().insert(place.stem.clone());
        parse(place, &turns)
    })?;
    let heard = heard.into_inner();
    let unlabelled = heard.iter().filter(|id| !turns.contains_key(*id)).count();
    corpus.dropped = dropped;
    if unlabelled > 0 {
        corpus.dropped.insert(UNLABELLED.to_owned(), unlabelled);
    }
    let silent = turns.iter().filter(|(id, turn)| turn.emotion.is_some() && !heard.contains(*id));
    let silent =
        silent.map(|(id, turn)| format!("{LABELS}:{}: {id}: no recording of it in Audios", turn.line));
    corpus.problems.extend(problems.into_iter().chain(silent));
    corpus.problems.sort();
    let expected = &mut corpus.manifest.expected;
    *expected = Expected { mean_seconds: expected.mean_seconds, ..as_found(&corpus.utterances) };
    Ok(corpus)
}

fn parse(place: &RecordingPath, turns: &HashMap<String, Turn>) -> Parse {
    if !matches!(place.folders().as_slice(), ["audios" | "audio", ..]) {
        return Err("stray audio: recordings belong into msppodcast/Audios".into());
    }
    let Some((turn, emotion)) = turns.get(&place.stem).and_then(|turn| Some((turn, turn.emotion?))) else {
        return Ok(None);
    };
    let parsed = Parsed::new(place.stem.clone(), turn.speaker.clone(), emotion);
    Ok(Some(Parsed { gender: turn.gender, split: Some(turn.part.clone()), ..parsed }))
}

/// What the labels say of each recording, which its name does not; `None` where they are not there.
///
/// # Errors
/// As [`read`].
pub(crate) fn named(root: &Path, manifest: &Manifest) -> Result<Option<Vec<NamedUtterance>>> {
    if !root.join(LABELS).is_file() {
        return Ok(None);
    }
    let turns = read(root, manifest)?.turns;
    let of = |(id, turn): (String, Turn)| NamedUtterance {
        id,
        speaker: Some(turn.speaker),
        text: None,
        emotion: turn.emotion,
    };
    Ok(Some(turns.into_iter().map(of).collect()))
}

/// # Errors
/// The labels cannot be read, or lack a column.
fn read(root: &Path, manifest: &Manifest) -> Result<Turns> {
    let path = root.join(LABELS);
    let file = files::open(&path).cannot("be read", &path)?;
    let mut csv = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(file);
    let header = csv.headers().cannot("be read", &path)?.clone();
    let mut at = [0; COLUMNS.len()];
    for (at, name) in at.iter_mut().zip(COLUMNS) {
        *at = header.iter().position(|h| h.trim_start_matches('\u{feff}') == name).ok_or_else(|| {
            let found = header.iter().collect::<Vec<_>>().join(", ");
            Error::at(&path, format!("no column {name}; it has {found}"))
        })?;
    }
    let mut turns = Turns::default();
    let mut record = csv::StringRecord::new();
    while csv.read_record(&mut record).cannot("be read", &path)? {
        let line = record.position().map_or(0, csv::Position::line);
        let cells = at.map(|i| normalise(record.get(i).unwrap_or_default()).into_owned());
        turns.add(line, cells, manifest);
    }
    Ok(turns)
}

impl Turns {
    fn add(&mut self, line: u64, cells: [String; COLUMNS.len()], manifest: &Manifest) {
        let [file, code, speaker, gender, part] = cells;
        let mut wrong = |why: String| self.problems.push(format!("{LABELS}:{line}: {why}"));
        let id = file.strip_suffix(".wav").unwrap_or(&file).to_owned();
        if id.is_empty() || speaker.is_empty() || part.is_empty() {
            return wrong("a file, a speaker or a partition is missing".to_owned());
        }
        if let Some(first) = self.turns.get(&id) {
            return wrong(format!("a second row of {id}, after line {}", first.line));
        }
        let emotion = manifest.labels.get(&code).copied();
        if emotion.is_none() && manifest.dropped.contains_key(&code) && code != UNLABELLED {
            *self.dropped.entry(code).or_default() += 1;
        } else if emotion.is_none() {
            let known: Vec<_> =
                manifest.labels.keys().chain(manifest.dropped.keys()).map(String::as_str).collect();
            wrong(format!("unknown code `{code}`, expected one of {}", known.join(", ")));
        }
        self.turns.insert(id, Turn { line, emotion, speaker, gender: Gender::parse(&gender), part });
    }
}
