//! The distinct files of a table: each is looked at once, and none is outside the table's folder.

use crate::audio::decode::EXTENSIONS;
use crate::corpora::digests::Digests;
use crate::error::{Error, Result};
use indicatif::ProgressBar;
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

/// A file that is there.
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) sha256: String,
}

/// Files by the path that the table gives.
pub(super) struct Files {
    root: PathBuf,
    /// The root without links.
    real: PathBuf,
    numbers: HashMap<Box<str>, u32>,
    paths: Vec<Box<str>>,
}

impl Files {
    pub(super) fn new(root: &Path) -> Result<Files> {
        let real = root
            .canonicalize()
            .map_err(|e| Error::failed(format!("{}: cannot be read: {e}", root.display())))?;
        Ok(Files { root: root.to_owned(), real, numbers: HashMap::new(), paths: Vec::new() })
    }

    /// The number of the file at `path`, which is relative and leads upwards nowhere.
    pub(super) fn number(&mut self, path: &str) -> std::result::Result<u32, String> {
        if let Some(number) = self.numbers.get(path) {
            return Ok(*number);
        }
        let inside =
            Path::new(path).components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        if !inside {
            return Err(format!(
                "path `{path}`: expected a path below the folder of table.csv, without `..`"
            ));
        }
        let extension = Path::new(path).extension().map(|e| e.to_string_lossy().to_lowercase());
        if !extension.is_some_and(|e| EXTENSIONS.contains(&e.as_str())) {
            return Err(format!("path `{path}`: expected a wav or flac file"));
        }
        let number = self.paths.len() as u32;
        self.paths.push(path.into());
        self.numbers.insert(path.into(), number);
        Ok(number)
    }

    /// Content of every file, by number, or why it cannot be used. `progress` goes up by one a file.
    ///
    /// # Errors
    /// A folder that a path names and that cannot be read is no error here, but that of its rows.
    pub(super) fn digests(
        self,
        known: &Digests,
        progress: &ProgressBar,
    ) -> Result<Vec<std::result::Result<File, String>>> {
        progress.set_length(self.paths.len() as u64);
        let Files { root, real, numbers, paths } = self;
        drop(numbers);
        let mut folders: HashMap<&Path, bool> = HashMap::new();
        for path in &paths {
            let folder = Path::new(&**path).parent().unwrap_or(Path::new(""));
            folders.entry(folder).or_insert_with(|| below(&root.join(folder), &real));
        }
        let look = |path: &str| {
            progress.inc(1);
            let relative = Path::new(path);
            let (inside, full) = (folders[relative.parent().unwrap_or(Path::new(""))], root.join(relative));
            let about = full.symlink_metadata().map_err(|_| format!("path `{path}`: no such file"))?;
            if !inside || about.is_symlink() && !below(&full, &real) {
                return Err(format!("path `{path}`: a link that leads out of the folder of table.csv"));
            }
            if !full.is_file() {
                return Err(format!("path `{path}`: not a file"));
            }
            let sha256 = known.sha256(&full).map_err(|e| e.to_string())?;
            Ok(File { path: full, sha256 })
        };
        Ok(paths.par_iter().map(|path| look(path)).collect())
    }
}

/// Whether `path`, its links followed, is in `real`. A path that is not there is: it leads nowhere.
fn below(path: &Path, real: &Path) -> bool {
    path.canonicalize().map_or_else(|e| e.kind() == std::io::ErrorKind::NotFound, |p| p.starts_with(real))
}
