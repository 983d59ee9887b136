//! The distinct files of a table. Each is examined once; none may be outside the table's folder.

use super::spelling::Spelling;
use crate::audio::formats::{EXTENSIONS, FORMATS, NOT_READ};
use crate::audio::probe::unreadable;
use crate::audio::{Length, by_ffmpeg_to_wav};
use crate::corpora::digests::{Digests, Fingerprint};
use indicatif::ProgressBar;
use rayon::prelude::*;
use seraug_core::error::{AtPath, Result};
use std::collections::HashMap;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

/// A recording that exists.
pub(super) struct TableFile {
    pub(super) path: PathBuf,
    pub(super) sha256: String,
    /// `None` if the header does not state it.
    pub(super) length: Option<Length>,
}

/// Why a row's file cannot be used.
pub(super) enum Refused {
    /// The row is wrong: its file does not exist or is no regular file.
    Row(String),
    /// The file is no recording: its path in the table, and the reason.
    File(String, String),
}

/// Files by the path that the table gives.
pub(super) struct TableFiles {
    root: PathBuf,
    /// What messages call the root.
    place: String,
    /// The root without links.
    real: PathBuf,
    numbers: HashMap<Box<str>, u32>,
    paths: Vec<Box<str>>,
}

impl TableFiles {
    /// Of the paths below `root`, which is the folder `audio` of the manifest or, without one, the table's.
    pub(super) fn new(root: &Path, audio: Option<&Path>) -> Result<TableFiles> {
        let real = root.canonicalize().cannot("be read", root)?;
        let place = match audio {
            Some(audio) => format!("the folder {} (audio in manifest.toml)", audio.display()),
            None => "the folder of table.csv".to_owned(),
        };
        Ok(TableFiles { root: root.to_owned(), place, real, numbers: HashMap::new(), paths: Vec::new() })
    }

    /// The canonical form of `path`, so that a file has one path: without `.` and empty components, and with `/` for the `\` of a
    /// table from Windows, unless a file has that name.
    pub(super) fn meant(&self, path: &str) -> std::result::Result<String, String> {
        let mut letters = path.chars();
        let drive = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
            && letters.next() == Some(':')
            && letters.next().is_some_and(|c| matches!(c, '\\' | '/'));
        if drive || path.starts_with('\\') {
            return Err(format!(
                "path `{path}`: an absolute path of Windows; expected a path below {}, as sub/b.wav",
                self.place
            ));
        }
        let literal = !path.contains('\\') || self.root.join(path).symlink_metadata().is_ok();
        let path = if literal { path.to_owned() } else { path.replace('\\', "/") };
        let steps: Vec<&str> = path.split('/').filter(|step| !matches!(*step, "" | ".")).collect();
        Ok(if path.starts_with('/') || steps.is_empty() { path } else { steps.join("/") })
    }

    /// The number of the file at `path`, which is relative and leads upwards nowhere.
    pub(super) fn number(&mut self, path: &str) -> std::result::Result<u32, String> {
        if let Some(number) = self.numbers.get(path) {
            return Ok(*number);
        }
        let inside =
            Path::new(path).components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        if !inside {
            let below = Path::new(path)
                .strip_prefix(&self.real)
                .ok()
                .or(Path::new(path).strip_prefix(&self.root).ok());
            let next = below.map(|p| format!(": write `{}`", p.display())).unwrap_or_default();
            return Err(format!("path `{path}`: expected a path below {}, without `..`{next}", self.place));
        }
        let extension = Path::new(path).extension().map(|e| e.to_string_lossy().to_lowercase());
        let extension = extension.unwrap_or_default();
        if NOT_READ.contains(&extension.as_str()) {
            let next = by_ffmpeg_to_wav(Path::new(path));
            return Err(format!("path `{path}`: .{extension} is not read; {next}"));
        }
        if !EXTENSIONS.contains(&extension.as_str()) {
            return Err(format!("path `{path}`: expected a recording in {FORMATS}"));
        }
        let number = self.paths.len() as u32;
        self.paths.push(path.into());
        self.numbers.insert(path.into(), number);
        Ok(number)
    }

    /// Content of every file, by number, or why it cannot be used. `progress` goes up by one a file.
    pub(super) fn digests(
        self,
        known: &Digests,
        progress: &ProgressBar,
    ) -> Vec<std::result::Result<TableFile, Refused>> {
        progress.set_length(self.paths.len() as u64);
        let TableFiles { root, place, real, numbers, paths } = self;
        drop(numbers);
        let mut folders: HashMap<&Path, bool> = HashMap::new();
        for path in &paths {
            let folder = Path::new(&**path).parent().unwrap_or(Path::new(""));
            folders.entry(folder).or_insert_with(|| below(&root.join(folder), &real));
        }
        let spelling = Spelling::new(&root);
        let look = |path: &str| {
            progress.inc(1);
            let wrong = |why: String| Refused::Row(format!("path `{path}`: {why}"));
            let relative = Path::new(path);
            let literal = root.join(relative);
            let (inside, full, about): (bool, PathBuf, Metadata) = match literal.symlink_metadata() {
                Ok(about) => (folders[relative.parent().unwrap_or(Path::new(""))], literal, about),
                Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                    let full = root.join(spelling.find(relative).map_err(wrong)?);
                    let about = full.symlink_metadata().map_err(|e| wrong(unreadable(&e)))?;
                    (full.parent().is_none_or(|folder| below(folder, &real)), full, about)
                }
                Err(e) => return Err(wrong(unreadable(&e))),
            };
            if !inside || about.is_symlink() && !below(&full, &real) {
                return Err(wrong(format!("a link that leads out of {place}")));
            }
            if !full.is_file() {
                return Err(wrong("not a file".into()));
            }
            let refused = |why: String| Refused::File(path.to_owned(), why);
            let Fingerprint { sha256, length } = known.fingerprint(&full).map_err(refused)?;
            Ok(TableFile { path: full, sha256, length })
        };
        paths.par_iter().map(|path| look(path)).collect()
    }
}

/// Whether `path`, its links followed, is in `real`. A path that is not there is: it leads nowhere.
fn below(path: &Path, real: &Path) -> bool {
    path.canonicalize().map_or_else(|e| e.kind() == ErrorKind::NotFound, |p| p.starts_with(real))
}
