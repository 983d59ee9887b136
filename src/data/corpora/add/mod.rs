//! `seraug corpus add`: from the formats of other programs to a corpus of one's own, CORPORA/NAME with its table.csv.
//!
//! A reader a format gives [`SourceRow`]s; what is said of them on the command line, where their recordings are, and what is
//! written is the same for all. Nothing of the source is changed. The corpus appears whole, after it was read once as every
//! later command reads it.

mod audformat;
mod audio_folder;
mod choices;
mod class_folders;
pub(crate) mod columns;
mod detect;
mod emobox;
mod finish;
mod format;
pub(crate) mod grid;
mod hf_parquet;
mod kaldi;
mod listing;
mod nkululeko;
mod parquet_file;
mod parquet_pages;
mod place;
pub(crate) mod row;
mod write;

pub use choices::{AddChoices, LabelMap, NamePattern};
pub use format::SourceFormat;

use super::table;
use super::{Corpus, DigestPolicy, ImportSource};
use finish::{FinishedRows, finish};
use indicatif::ProgressBar;
use place::AudioRoot;
use row::{Reading, Taken};
use seraug_core::error::{AtPath, Error, Result, join_messages};
use seraug_core::files::{atomic, sweep_folder};
use seraug_core::manifest::Manifest;
use seraug_core::names::folders::check_part;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// What is to be added.
#[derive(Debug)]
pub struct AddJob<'a> {
    /// The corpus's name, and its folder below `corpora`.
    pub name: &'a str,
    /// The folder or file that is read.
    pub source: &'a Path,
    /// The folder of all corpora.
    pub corpora: &'a Path,
    /// What a person chose.
    pub choices: &'a AddChoices,
    /// Advances as recordings are written and read.
    pub progress: &'a ProgressBar,
}

/// What was added, and from what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Added {
    /// The corpus's name.
    pub name: String,
    /// The format that was read.
    pub format: SourceFormat,
    /// The corpus's folder.
    pub folder: String,
    /// Files written there, without recordings.
    pub written: Vec<String>,
    /// Where the recordings are.
    pub recordings: String,
    /// What each column of the table was taken from, as (column, source).
    pub taken: Vec<(String, String)>,
    /// What was guessed or is worth a look.
    pub notes: Vec<String>,
    /// Its utterances.
    pub utterances: usize,
    /// Its speakers.
    pub speakers: usize,
    /// Utterances of each label.
    pub labels: BTreeMap<String, usize>,
    /// Rows of the source that are no utterances, by reason.
    pub left_out: BTreeMap<String, usize>,
    /// Rows that cannot be used and were left out with `--partial`.
    pub problems: Vec<String>,
    /// The corpus's digest ([`Corpus::digest`]).
    pub digest: String,
}

/// Adds the corpus of `job`.
///
/// # Errors
/// A name that is taken or cannot be one; a source of no format, or of several (usage); no speakers or labels (usage); rows that
/// cannot be used, unless they may be left out; files that cannot be read or written. Nothing is left behind then.
pub fn add(job: &AddJob) -> Result<Added> {
    let folder = free(job)?;
    let source = job.source.canonicalize().cannot("be read", job.source)?;
    let format = match job.choices.format {
        Some(format) => format,
        None => detect::detect(&source)?,
    };
    sweep_folder(job.corpora);
    let temporary = atomic::temporary_folder(job.corpora)?;
    // With the permissions that a person's own folder would have; that of a temporary folder is private.
    let staging = temporary.path().join("corpus");
    std::fs::create_dir(&staging).cannot("be written", &staging)?;
    let reading =
        Reading { source: &source, choices: job.choices, staging: &staging, progress: job.progress };
    let taken = detect::read(format, &reading).map_err(|e| located(e, job.source))?;
    let root = match &taken.audio {
        Some(audio) => Some(AudioRoot::new(job.choices.audio.as_deref().unwrap_or(audio))?),
        None => None,
    };
    let mut added = Added {
        name: job.name.to_owned(),
        format,
        folder: folder.display().to_string(),
        written: vec![table::FILE.to_owned(), "manifest.toml".to_owned()],
        recordings: String::new(),
        taken: Vec::new(),
        notes: Vec::new(),
        utterances: 0,
        speakers: 0,
        labels: BTreeMap::new(),
        left_out: BTreeMap::new(),
        problems: Vec::new(),
        digest: String::new(),
    };
    settle(job, &staging, taken, root, &mut added).map_err(|e| located(e, job.source))?;
    std::fs::rename(&staging, &folder).cannot("be written", &folder)?;
    Ok(added)
}

/// An error of a source, which names it.
fn located(e: Error, source: &Path) -> Error {
    let said = e.to_string();
    let real = source.canonicalize().unwrap_or_else(|_| source.to_owned());
    let named = [source, &real].iter().any(|path| said.contains(&*path.to_string_lossy()));
    let of = || format!("{}: {said}", source.display());
    match e {
        _ if named => e,
        // Folded onto one line of a length that can be read.
        Error::Usage(_) => Error::usage(of()),
        Error::Failed(_) => Error::failed(of()),
        other => other,
    }
}

/// Writes the corpus into `staging` and tells what it is in `added`.
fn settle(
    job: &AddJob,
    staging: &Path,
    mut taken: Taken,
    mut root: Option<AudioRoot>,
    added: &mut Added,
) -> Result<()> {
    let choices = job.choices;
    if let Some(root) = &mut root {
        taken.notes.extend(root.settle(&taken.rows));
    }
    let mut about = std::mem::take(&mut taken.about);
    if let Some(licence) = &choices.licence {
        about.licence.clone_from(licence);
    }
    let folds = std::mem::take(&mut taken.folds);
    let FinishedRows { mut rows, mut faults, told, notes, left_out } = finish(taken, choices, root.as_ref())?;
    write::table(&staging.join(table::FILE), &rows)?;
    let corpus = look(job, staging, root.as_ref(), rows.is_empty(), &faults)?;
    let mut bad = HashSet::new();
    for problem in
        corpus.problems.iter().cloned().chain(corpus.faults.unusable.iter().map(ToString::to_string))
    {
        match row_of(&problem).and_then(|(row, why)| Some((row, rows.get(row)?, why))) {
            Some((row, entry, why)) => {
                bad.insert(row);
                faults.push(format!("{}:{why}", entry.place));
            }
            None => faults.push(problem),
        }
    }
    if !faults.is_empty() && !choices.partial {
        let why = format!("{}; mend them, or leave them out with --partial", join_messages(&faults));
        return Err(located(Error::failed(why), job.source));
    }
    let of_id: HashMap<&str, usize> =
        corpus.utterances.iter().enumerate().map(|(i, u)| (u.id.as_str(), i)).collect();
    let good = rows.drain(..).enumerate().filter(|(row, _)| !bad.contains(row));
    let kept: Vec<_> = good.filter_map(|(_, row)| Some((*of_id.get(&*row.id)?, row))).collect();
    if !faults.is_empty() {
        write::table(&staging.join(table::FILE), kept.iter().map(|(_, row)| row))?;
    }
    added.recordings = match &root {
        None => "written from the source".to_owned(),
        Some(root) if choices.copy => {
            let files = kept.iter().map(|(i, row)| (corpus.utterances[*i].path.as_path(), row.path.as_str()));
            write::copies(staging, files, job.progress)?;
            format!("copied from {}", root.real().display())
        }
        Some(root) => format!("{}, not copied", root.real().display()),
    };
    let audio = root.as_ref().filter(|_| !choices.copy).map(|root| root.seen_from(job.corpora));
    write::manifest(&staging.join("manifest.toml"), &about, added.format, audio.as_deref())?;
    if !folds.is_empty() {
        write::folds(&staging.join("split.csv"), job.name, &folds, &kept, &corpus)?;
        added.written.push("split.csv".to_owned());
    }
    added.taken = told;
    added.notes = notes;
    added.left_out = left_out;
    added.problems = faults;
    added.utterances = corpus.utterances.len();
    let mut speakers: Vec<&str> = corpus.utterances.iter().map(|u| u.speaker.as_str()).collect();
    speakers.sort_unstable();
    speakers.dedup();
    added.speakers = speakers.len();
    for u in &corpus.utterances {
        *added.labels.entry(u.emotion.to_string()).or_default() += 1;
    }
    added.digest = corpus.digest();
    Ok(())
}

/// The corpus in `staging` as later commands will read it, but for the place of its recordings.
fn look(
    job: &AddJob,
    staging: &Path,
    root: Option<&AudioRoot>,
    empty: bool,
    faults: &[String],
) -> Result<Corpus> {
    if empty {
        let why = if faults.is_empty() { "no rows".to_owned() } else { join_messages(faults) };
        return Err(Error::failed(format!("no utterance in it: {why}")));
    }
    let mut manifest = Manifest::own(job.name, "", "manifest.toml")?;
    manifest.audio = root.map(|root| root.real().to_owned());
    let source = ImportSource {
        manifest,
        corpora: job.corpora,
        cache: Path::new(""),
        reading: DigestPolicy::Afresh,
        languages: &[],
        progress: job.progress,
    };
    table::import_at(staging.to_owned(), source).map_err(|e| match root.filter(|root| !root.found()) {
        Some(root) => Error::usage(format!(
            "no recording of it is in {}; name their folder with --audio DIR",
            root.real().display()
        )),
        None => Error::failed(e.to_string().replace(&staging.display().to_string(), job.name)),
    })
}

/// The index of the row that a problem of the new table, `table.csv:7: …`, is of, and what is wrong.
fn row_of(problem: &str) -> Option<(usize, &str)> {
    let (line, why) = problem.strip_prefix(table::FILE)?.strip_prefix(':')?.split_once(':')?;
    // The header is line 1, and no cell has a line's end in it.
    Some((line.parse::<usize>().ok()?.checked_sub(2)?, why))
}

/// The folder of the corpus, which must not be there yet.
fn free(job: &AddJob) -> Result<PathBuf> {
    let name = job.name;
    let refused = |why: String| Err(Error::usage(format!("corpus `{name}`: {why}")));
    if let Err(why) = check_part(name) {
        return refused(format!("this cannot be its name: {why}"));
    }
    if name.contains('>') {
        return refused("this cannot be its name: `>` is in it".to_owned());
    }
    if super::known().any(|known| known == name) {
        return refused("a corpus that is read in its official layout; choose another name".to_owned());
    }
    let folder = job.corpora.join(name);
    if folder.join(table::FILE).symlink_metadata().is_ok() {
        return refused(format!(
            "{} is there already; choose another name, or remove the folder to add it anew",
            folder.join(table::FILE).display()
        ));
    }
    let empty = std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_none());
    if folder.symlink_metadata().is_ok() && !empty {
        return refused(format!("{} is there and not empty; choose another name", folder.display()));
    }
    Ok(folder)
}
