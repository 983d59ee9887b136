//! The common part of importers: from the files below a folder to sorted utterances and problems.

use crate::audio::by_ffmpeg_to_wav;
use crate::audio::formats::{EXTENSIONS, NOT_READ};
use crate::corpora::digests::Digests;
use crate::corpora::walk::{extension, files_below};
use crate::corpora::{Corpus, CorpusFault, CorpusFaults, ImportSource, Utterance, missing, told};
use rayon::prelude::*;
use seraug_core::emotion::Emotion;
use seraug_core::error::{Error, Result};
use seraug_core::manifest::{Gender, Manifest};
use seraug_core::names::unicode;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Extensions of recordings as corpora are published. Where there is one, those of other formats are copies.
const PUBLISHED: &[&str] = &["wav", "wave", "flac"];
/// The extension that videos of a corpus have too; they are passed over.
const VIDEO: &str = "mp4";

/// The path of a file below the corpus's folder, as parsers receive it.
pub(crate) struct RecordingPath<'a> {
    pub(crate) manifest: &'a Manifest,
    /// Folders in lower case, outermost first, without those that a release or a re-packaging adds around the corpus.
    pub(crate) folders: Vec<String>,
    /// The file's name without its extension, in its own case, normalised by [`unicode::normalise`].
    pub(crate) stem: String,
}

impl RecordingPath<'_> {
    /// The folders, for a `match`.
    pub(crate) fn folders(&self) -> Vec<&str> {
        self.folders.iter().map(String::as_str).collect()
    }

    /// The emotion that the manifest gives the corpus's `code`.
    pub(crate) fn emotion(&self, code: &str) -> std::result::Result<Emotion, String> {
        let labels = &self.manifest.labels;
        labels.get(code).copied().ok_or_else(|| unknown("emotion code", code, labels.keys()))
    }

    /// `id`, if it is one of the manifest's speakers.
    pub(crate) fn speaker(&self, id: &str) -> std::result::Result<String, String> {
        let speakers = &self.manifest.speakers;
        let known = speakers.contains_key(id);
        if known { Ok(id.to_owned()) } else { Err(unknown("speaker", id, speakers.keys())) }
    }
}

fn unknown<'a>(what: &str, given: &str, known: impl Iterator<Item = &'a String>) -> String {
    let known: Vec<_> = known.map(String::as_str).collect();
    format!("unknown {what} `{given}`, expected one of {}", known.join(", "))
}

/// What the path of a file states about its utterance.
pub(crate) struct Parsed {
    pub(crate) id: String,
    pub(crate) speaker: String,
    pub(crate) emotion: Emotion,
    /// `None`: the gender that the manifest states for the speaker.
    pub(crate) gender: Option<Gender>,
    pub(crate) session: Option<String>,
    pub(crate) split: Option<String>,
    /// `None`: the manifest's language.
    pub(crate) language: Option<String>,
    /// The text's code, where names have one.
    pub(crate) text: Option<String>,
}

impl Parsed {
    pub(crate) fn new(id: String, speaker: String, emotion: Emotion) -> Parsed {
        Parsed { id, speaker, emotion, gender: None, session: None, split: None, language: None, text: None }
    }

    /// The same, of this text.
    pub(crate) fn saying(self, text: impl Into<String>) -> Parsed {
        Parsed { text: Some(text.into()), ..self }
    }
}

/// What the name of a recording says of it, where neither recordings nor label files are at hand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct NamedUtterance {
    pub(crate) id: String,
    pub(crate) speaker: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) emotion: Option<Emotion>,
}

impl From<Parsed> for NamedUtterance {
    fn from(parsed: Parsed) -> NamedUtterance {
        let Parsed { id, speaker, text, emotion, .. } = parsed;
        NamedUtterance { id, speaker: Some(speaker), text, emotion: Some(emotion) }
    }
}

/// The result of reading a name without label files; otherwise as [`Parse`].
pub(crate) type ReadName = std::result::Result<Option<NamedUtterance>, String>;

/// The result of parsing a path: an utterance, `None` if the file is no part of the corpus, or a problem.
pub(crate) type Parse = std::result::Result<Option<Parsed>, String>;

/// Imports every recording below `corpora/<name>` that `parse` accepts. Folders named in `around` (lower case) may enclose the
/// corpus. Problems are, by path: files that `parse` refuses, recordings that exist only in another format than the others (some
/// in mp3 beside wav would differ by more than their emotion) or in one that is not read, a second file of one id, and files that
/// are no recording. Recordings that the manifest lists as unusable, dot files (such as
/// `._x.wav` of macOS) and other files are skipped.
pub(crate) fn import(
    source: ImportSource,
    around: &[&str],
    parse: impl Fn(&RecordingPath) -> Parse,
) -> Result<Corpus> {
    let ImportSource { manifest, corpora, cache, reading, progress, languages } = source;
    let root = corpora.join(&manifest.name);
    if !root.is_dir() {
        return Err(missing(&manifest, corpora, &format!("no folder {}", root.display())));
    }
    let mut found: BTreeMap<String, (PathBuf, Parsed)> = BTreeMap::new();
    let (mut problems, mut unread) = (Vec::new(), Vec::new());
    let mut passed = 0;
    let mut listed = BTreeSet::new();
    let recording = |e: &str| e != VIDEO && (EXTENSIONS.contains(&e) || NOT_READ.contains(&e));
    let walk = files_below(&root, recording);
    let published = walk.files.iter().any(|f| PUBLISHED.contains(&extension(f).as_str()));
    for relative in walk.files {
        let shown = relative.display();
        let kind = extension(&relative);
        let other = NOT_READ.contains(&kind.as_str()) || published && !PUBLISHED.contains(&kind.as_str());
        let place =
            RecordingPath { manifest: &manifest, folders: folders(&relative, around), stem: stem(&relative) };
        match parse(&place) {
            Ok(parsed) if other => unread.push((relative, parsed.map(|p| p.id))),
            Err(_) if other => unread.push((relative, None)),
            Err(why) => problems.push(format!("{shown}: {why}")),
            Ok(None) => passed += 1,
            Ok(Some(mut p)) => {
                let language = p.language.get_or_insert_with(|| manifest.language.clone());
                if !languages.is_empty() && !languages.contains(language) {
                    passed += 1;
                    continue;
                }
                if let Some(known) = manifest.is_unusable(&p.id, &relative) {
                    listed.insert(known.to_owned());
                    continue;
                }
                match found.get(&p.id) {
                    Some((first, _)) => {
                        problems.push(format!(
                            "{shown}: a second {}, beside {}; remove one",
                            p.id,
                            first.display()
                        ));
                    }
                    None => drop(found.insert(p.id.clone(), (relative, p))),
                }
            }
        }
    }
    for (relative, id) in unread {
        let twin = |id: &String| found.contains_key(id) || manifest.is_unusable(id, &relative).is_some();
        if !id.as_ref().is_some_and(twin) {
            problems.push(unused(&relative));
        }
    }
    problems.sort();
    let mut faults =
        CorpusFaults { unusable: walk.broken, unseen: walk.unseen, listed: listed.into_iter().collect() };
    if found.is_empty() {
        return Err(nothing_found(&manifest, corpora, &root, &faults, &problems, passed > 0, languages));
    }
    let files: Vec<_> = found.into_values().collect();
    progress.set_length(files.len() as u64);
    let corpus: Arc<str> = manifest.name.as_str().into();
    let digests = Digests::open(&root, &corpus, cache, reading);
    let looked: Vec<std::result::Result<Utterance, CorpusFault>> = files
        .into_par_iter()
        .map(|(relative, parsed)| {
            progress.inc(1);
            utterance(&manifest, &corpus, &root, &digests, &relative, parsed)
        })
        .collect();
    digests.keep();
    let mut utterances = Vec::with_capacity(looked.len());
    for one in looked {
        match one {
            Ok(utterance) => utterances.push(utterance),
            Err(fault) => faults.unusable.push(fault),
        }
    }
    faults.unusable.sort();
    Ok(Corpus { manifest, root, utterances, dropped: BTreeMap::new(), problems, faults })
}

/// Why the recording at `relative` is not used: its format is not read, or not that of the others.
fn unused(relative: &Path) -> String {
    let (shown, kind) = (relative.display(), extension(relative));
    match NOT_READ.contains(&kind.as_str()) {
        true => format!("{shown}: .{kind} is not read; {}", by_ffmpeg_to_wav(relative)),
        false => format!("{shown}: only as .{kind} beside others in wav or flac; get it as they are"),
    }
}

/// Why a corpus whose folder exists has no recording: it cannot be read, it has none of the languages, or it is another folder.
fn nothing_found(
    manifest: &Manifest,
    corpora: &Path,
    root: &Path,
    faults: &CorpusFaults,
    problems: &[String],
    passed: bool,
    languages: &[String],
) -> Error {
    // A folder that exists and cannot be read is not a missing corpus.
    let bad = [&faults.unseen[..], &faults.unusable].concat();
    if !bad.is_empty() {
        return Error::at(root, format!("no recording in it: {}", told(&bad)));
    }
    if passed && !languages.is_empty() {
        return Error::usage(format!(
            "languages: no recording in language {} in {}",
            languages.join(", "),
            root.display()
        ));
    }
    let first = problems.first().map(|p| format!(" ({p})")).unwrap_or_default();
    missing(manifest, corpora, &format!("no recording of it in {}{first}", root.display()))
}

/// The utterance of the file at `relative` below `root`.
fn utterance(
    manifest: &Manifest,
    corpus: &Arc<str>,
    root: &Path,
    digests: &Digests,
    relative: &Path,
    parsed: Parsed,
) -> std::result::Result<Utterance, CorpusFault> {
    let path = root.join(relative);
    let sha256 = digests.fingerprint(&path).map_err(|why| CorpusFault::new(relative, why))?.sha256;
    let Parsed { id, speaker, emotion, gender, session, split, language, text } = parsed;
    Ok(Utterance {
        corpus: Arc::clone(corpus),
        id,
        path,
        excerpt: None,
        channels: manifest.channels,
        gender: gender.or_else(|| manifest.speakers.get(&speaker).copied()),
        speaker,
        session,
        split,
        language: language.unwrap_or_default(),
        text,
        emotion,
        sha256,
    })
}

/// The folders of `relative` in lower case, without the leading ones that are named in `around`.
pub(crate) fn folders(relative: &Path, around: &[&str]) -> Vec<String> {
    let parent = relative.parent().into_iter().flat_map(Path::components);
    let folders = parent.map(|f| f.as_os_str().to_string_lossy().to_lowercase());
    folders.skip_while(|f| around.contains(&f.as_str())).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|s| unicode::normalise(&s.to_string_lossy()).into_owned()).unwrap_or_default()
}
