//! Which files a person names: lists of all, of one part, or a folder with lists.

use super::words::{ListPart, PartWord, fold_of};
use super::{kaldi, pickle};
use crate::corpora::walk::extension;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::text::plural;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Extensions of files that may be lists.
pub(super) const LISTS: &[&str] =
    &["csv", "tsv", "json", "jsonl", "ndjson", "parquet", "txt", "lst", "list", "scp"];

/// Levels of folders below one that is named.
const DEEPEST: usize = 4;
/// Most lists of a folder.
const MOST: usize = 10_000;

/// The lists of a split.
#[derive(Debug, Default)]
pub struct ListSources {
    /// Lists that say themselves what is what, or folders with such; a run's own split.csv.
    pub split: Vec<PathBuf>,
    /// Lists of what is trained on.
    pub train: Vec<PathBuf>,
    /// Lists of what is validated with.
    pub validation: Vec<PathBuf>,
    /// Lists of what is tested.
    pub test: Vec<PathBuf>,
}

/// A list that is to be read.
#[derive(Debug)]
pub(super) struct SourceFile {
    pub(super) path: PathBuf,
    /// What messages call it.
    pub(super) shown: String,
    /// What an option says of it.
    pub(super) part: Option<ListPart>,
    /// Its name and those of the folders around it, without extension; the name first.
    pub(super) names: Vec<String>,
    /// The split of a folder that it belongs to, where there are several: the folders before the one that says a part or a fold.
    pub(super) split: String,
}

impl ListSources {
    /// Every list, and notes on what was passed over.
    ///
    /// # Errors
    /// Nothing is named; a path that is not there; a folder without lists (usage).
    pub(super) fn files(&self) -> Result<(Vec<SourceFile>, Vec<String>)> {
        let (mut files, mut notes) = (Vec::new(), Vec::new());
        for path in &self.split {
            let of_run = path.join("split.csv");
            match path.is_dir() && !kaldi::is(path) {
                true if path.join("run.toml").is_file() && of_run.is_file() => {
                    files.push(SourceFile::new(&of_run, None));
                }
                true => files.extend(below(path, &mut notes)?),
                false => files.push(SourceFile::new(path, None)),
            }
        }
        for (paths, part) in [
            (&self.train, ListPart::Train),
            (&self.validation, ListPart::Validation),
            (&self.test, ListPart::Test),
        ] {
            files.extend(paths.iter().map(|path| SourceFile::new(path, Some(part))));
        }
        if files.is_empty() {
            return Err(Error::usage("no split: name it with --split, or its lists with --train and --test"));
        }
        if let Some(gone) = files.iter().find(|file| !file.path.exists()) {
            return Err(Error::usage(format!("{}: no such file or folder", gone.shown)));
        }
        Ok((files, notes))
    }
}

impl SourceFile {
    fn new(path: &Path, part: Option<ListPart>) -> SourceFile {
        let shown = path.display().to_string();
        let names = path.with_extension("").iter().rev().take(2).map(text).collect();
        SourceFile { path: path.to_owned(), shown, part, names, split: String::new() }
    }

    /// The file at `path` below `folder`; `None` where no name says a part or a fold.
    fn below(path: &Path, folder: &Path) -> Option<SourceFile> {
        let inner = path.strip_prefix(folder).unwrap_or(path).with_extension("");
        let names: Vec<String> = inner.iter().map(text).collect();
        let first =
            names.iter().position(|name| PartWord::of_name(name).is_some() || fold_of(name).is_some())?;
        let split = names[..first].join("/");
        let names = names.into_iter().rev().collect();
        Some(SourceFile { names, split, ..SourceFile::new(path, None) })
    }
}

/// The lists below `folder` whose names, or those of the folders between, say a part or a fold. Others are passed over: EmoBox has a
/// list of all recordings beside its folds.
fn below(folder: &Path, notes: &mut Vec<String>) -> Result<Vec<SourceFile>> {
    let (mut found, mut others, mut pickles) = (Vec::new(), 0, None);
    let walk = WalkDir::new(folder).min_depth(1).max_depth(DEEPEST).sort_by_file_name().into_iter();
    let mut walk = walk.filter_entry(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
    while let Some(entry) = walk.next() {
        let entry = entry.cannot("be read", folder)?;
        let path = entry.path();
        if path.is_dir() {
            if kaldi::is(path) {
                found.extend(SourceFile::below(path, folder));
                walk.skip_current_dir();
            }
            continue;
        }
        if !LISTS.contains(&extension(path).as_str()) {
            if let Err(refused) = pickle::refuse(path) {
                pickles = pickles.or(Some(refused));
            }
            continue;
        }
        match SourceFile::below(path, folder) {
            Some(file) => found.push(file),
            None => others += 1,
        }
        if found.len() > MOST {
            return Err(Error::usage(format!("{}: more than {MOST} lists; name fewer", folder.display())));
        }
    }
    match (found.is_empty(), pickles) {
        (true, Some(refused)) => return Err(refused),
        (true, None) => {
            return Err(Error::usage(format!(
                "{}: no list in it whose name says train, test or a fold ({}); name the lists with --train and --test",
                folder.display(),
                LISTS.join(", ")
            )));
        }
        (false, Some(_)) => notes.push("pickles in the folder are not read".to_owned()),
        (false, None) => {}
    }
    if others > 0 {
        let others = plural(others, "list");
        notes.push(format!("{others} in the folder not read: no part and no fold in the name"));
    }
    // One split needs no name.
    let first = found.first().map_or_else(String::new, |file: &SourceFile| file.split.clone());
    if found.iter().all(|file| file.split == first) {
        found.iter_mut().for_each(|file| file.split.clear());
    }
    Ok(found)
}

fn text(name: &OsStr) -> String {
    name.to_string_lossy().into_owned()
}
