//! What importers of recorded corpora share: walking the folder, digests, order, problems.

use super::{Corpus, Source, Utterance};
use crate::audio::decode::EXTENSIONS;
use crate::emotion::Emotion;
use crate::error::{Error, Result};
use crate::features::all_or_first_error;
use crate::manifest::Manifest;
use crate::results::digest_hex;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use walkdir::WalkDir;

/// Audio that is recognised, and reported, but not read.
const OTHER_AUDIO: &[&str] = &["aif", "aiff", "m4a", "mp3", "ogg", "opus", "sph", "wma"];

/// What a file's place and name say.
pub(super) struct Parsed {
    pub(super) id: String,
    pub(super) speaker: String,
    pub(super) session: Option<String>,
    pub(super) language: String,
    pub(super) emotion: Emotion,
}

/// Imports `corpora/<name>`: every wav or flac below it whose path relative to that folder `parse` understands.
/// What `parse` refuses, unread containers and second files of one id become problems, in the order of paths.
/// Dot files (`._x.wav` of macOS among them) and files that are not audio are passed over.
pub(super) fn import(
    source: Source,
    parse: impl Fn(&Manifest, &Path) -> std::result::Result<Parsed, String>,
) -> Result<Corpus> {
    let Source { manifest, corpora, progress, .. } = source;
    let root = corpora.join(&manifest.name);
    if !root.is_dir() {
        return Err(missing(&manifest, corpora, &format!("no folder {}", root.display())));
    }
    let mut found: BTreeMap<String, (PathBuf, Parsed)> = BTreeMap::new();
    let mut problems = Vec::new();
    for relative in audio_below(&root)? {
        let shown = relative.display();
        let extension = extension(&relative);
        if OTHER_AUDIO.contains(&extension.as_str()) {
            problems.push(format!("{shown}: .{extension} is not read; convert it to wav or flac"));
            continue;
        }
        match parse(&manifest, &relative) {
            Err(why) => problems.push(format!("{shown}: {why}")),
            Ok(parsed) => match found.get(&parsed.id) {
                Some((first, _)) => {
                    problems.push(format!("{shown}: a second {}, beside {}", parsed.id, first.display()))
                }
                None => drop(found.insert(parsed.id.clone(), (relative, parsed))),
            },
        }
    }
    if found.is_empty() {
        let first = problems.first().map(|p| format!(" ({p})")).unwrap_or_default();
        return Err(missing(&manifest, corpora, &format!("no recording of it in {}{first}", root.display())));
    }
    progress.set_length(found.len() as u64);
    let corpus: Arc<str> = manifest.name.as_str().into();
    let files: Vec<_> = found.into_values().collect();
    let utterances = files.into_par_iter().map(|(relative, parsed)| {
        let path = root.join(relative);
        let sha256 = file_sha256(&path)?;
        progress.inc(1);
        let gender = manifest.speakers.get(&parsed.speaker).copied();
        let Parsed { id, speaker, session, language, emotion } = parsed;
        Ok(Utterance {
            corpus: Arc::clone(&corpus),
            id,
            path,
            excerpt: None,
            channels: manifest.channels,
            speaker,
            gender,
            session,
            split: None,
            language,
            emotion,
            sha256,
        })
    });
    let utterances = all_or_first_error(utterances.collect())?;
    Ok(Corpus { manifest, root, utterances, dropped: BTreeMap::new(), problems })
}

fn missing(manifest: &Manifest, corpora: &Path, what: &str) -> Error {
    let steps = match manifest.fetch.is_empty() {
        true => manifest.obtain.join("; then "),
        false => format!("run `seraug corpus fetch {}`", manifest.name),
    };
    Error::failed(format!(
        "corpus {}: {what}; to get it: {steps}; CORPORA is {} (--corpora DIR or SERAUG_CORPORA names another)",
        manifest.name,
        corpora.display()
    ))
}

/// Audio files below `root`, relative to it, in the order of their paths.
fn audio_below(root: &Path) -> Result<Vec<PathBuf>> {
    let hidden = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b".");
    let mut files = Vec::new();
    for entry in WalkDir::new(root)
        .min_depth(1)
        .follow_links(true)
        .into_iter()
        .filter_entry(|e| !hidden(e.file_name()))
    {
        let entry = entry.map_err(|e| Error::failed(format!("{}: cannot be read: {e}", root.display())))?;
        let extension = extension(entry.path());
        let audio = EXTENSIONS.contains(&extension.as_str()) || OTHER_AUDIO.contains(&extension.as_str());
        if audio && entry.file_type().is_file() {
            files.push(entry.path().strip_prefix(root).unwrap_or(entry.path()).to_owned());
        }
    }
    files.sort();
    Ok(files)
}

fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// SHA-256 of a file's bytes, lower-case hex.
fn file_sha256(path: &Path) -> Result<String> {
    let bytes =
        std::fs::read(path).map_err(|e| Error::failed(format!("{}: cannot be read: {e}", path.display())))?;
    Ok(digest_hex(&bytes))
}
