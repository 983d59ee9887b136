//! Finds the recording of a listed utterance below a folder: by the end of its path, whatever the extension, or by its id.

use crate::audio::formats::EXTENSIONS;
use crate::audit::utterances::AuditedUtterance;
use crate::corpora::walk::{extension, files_below};
use crate::corpora::{CorpusNaming, path_key};
use seraug_core::error::{Error, Result};
use seraug_core::names::unicode::fold_case;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The recordings below a folder.
#[derive(Debug)]
pub(super) struct RecordingFinder {
    folder: PathBuf,
    files: Vec<PathBuf>,
    /// By name without folders and extension, without case.
    by_name: HashMap<String, Vec<u32>>,
    /// The folders and name of each, without extension and case, the name first.
    parts: Vec<Vec<String>>,
    /// By corpus and id, as the names of corpora are read.
    by_id: HashMap<(String, String), Vec<u32>>,
}

/// Extensions of recordings as corpora are published; beside one of them, others are copies.
const PUBLISHED: &[&str] = &["wav", "wave", "flac"];

/// Name and folders of a path, the name first.
fn parts(key: &str) -> Vec<String> {
    key.rsplit('/').map(fold_case).collect()
}

impl RecordingFinder {
    /// Those of `folder`; `namings` read their names.
    ///
    /// # Errors
    /// There is none, or no such folder (usage).
    pub(super) fn below<'a>(
        folder: &Path,
        namings: impl Iterator<Item = &'a CorpusNaming>,
    ) -> Result<RecordingFinder> {
        if !folder.is_dir() {
            return Err(Error::usage(format!("--audio: {}: no such folder", folder.display())));
        }
        let files = files_below(folder, |extension| EXTENSIONS.contains(&extension)).files;
        if files.is_empty() {
            return Err(Error::usage(format!(
                "--audio: {}: no recording below it ({})",
                folder.display(),
                EXTENSIONS.join(", ")
            )));
        }
        let all: Vec<Vec<String>> =
            files.iter().map(|path| parts(&path_key(&path.to_string_lossy()))).collect();
        let mut by_name: HashMap<String, Vec<u32>> = HashMap::new();
        for (i, of_file) in all.iter().enumerate() {
            by_name.entry(of_file[0].clone()).or_default().push(i as u32);
        }
        let mut by_id: HashMap<(String, String), Vec<u32>> = HashMap::new();
        for naming in namings {
            for (i, file) in files.iter().enumerate() {
                if let Ok(named) = naming.read(&file.to_string_lossy()) {
                    by_id.entry((naming.corpus().to_owned(), named.id)).or_default().push(i as u32);
                }
            }
        }
        Ok(RecordingFinder { folder: folder.to_owned(), files, by_name, parts: all, by_id })
    }

    /// That of `utterance`.
    ///
    /// # Errors
    /// None is called so, or several are and their folders do not tell which.
    pub(super) fn of(&self, utterance: &AuditedUtterance) -> std::result::Result<PathBuf, String> {
        let by_path = self.nearest(&utterance.key);
        let by_id = || {
            let id = (utterance.corpus.as_deref()?.to_owned(), utterance.id.clone()?);
            self.one(self.by_id.get(&id)?).ok()
        };
        let found = by_path.or_else(|why| by_id().ok_or(why))?;
        Ok(self.folder.join(&self.files[found as usize]))
    }

    /// The file whose folders agree with those of `key` over the most levels.
    fn nearest(&self, key: &str) -> std::result::Result<u32, String> {
        let wanted = parts(key);
        let Some(candidates) = self.by_name.get(&wanted[0]) else {
            return Err(format!("no recording called `{}`", key.rsplit('/').next().unwrap_or(key)));
        };
        let levels = |i: u32| {
            let of_file = &self.parts[i as usize];
            wanted.iter().zip(of_file).take_while(|(a, b)| a == b).count()
        };
        let most = candidates.iter().map(|i| levels(*i)).max().unwrap_or(0);
        let best: Vec<u32> = candidates.iter().copied().filter(|i| levels(*i) == most).collect();
        self.one(&best)
    }

    /// The only one of `candidates`, or the only one that is no copy in another format.
    fn one(&self, candidates: &[u32]) -> std::result::Result<u32, String> {
        let published = |i: &&u32| PUBLISHED.contains(&extension(&self.files[**i as usize]).as_str());
        let mut best = candidates.iter().filter(published).copied();
        let (first, second) = (best.next(), best.next());
        let mut any = candidates.iter().copied();
        let found = if first.is_some() { (first, second) } else { (any.next(), any.next()) };
        match found {
            (Some(one), None) => Ok(one),
            (Some(one), Some(other)) => Err(format!(
                "{} and {} could both be it",
                self.files[one as usize].display(),
                self.files[other as usize].display()
            )),
            (None, _) => Err("no recording".to_owned()),
        }
    }
}
