//! results/.store: what stages made, by key. Shared by runs; safe to delete.

use super::{Key, digest_hex, write_atomic};
use crate::error::{Error, Result};
use indexmap::IndexMap;
use std::path::{Path, PathBuf};

/// Name of the file that makes an entry complete: file name to digest.
const SEAL: &str = "seal.toml";

/// A stage whose results are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Weights of the augmentor, the discriminator and the representation learner.
    Augmentor,
    /// Predictions and history of a classifier, and its weights.
    Classifier,
}

impl Stage {
    /// The word in paths and in history.csv.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Augmentor => "augmentor",
            Stage::Classifier => "classifier",
        }
    }
}

/// The store of a results folder.
#[derive(Debug, Clone)]
pub struct Store(PathBuf);

impl Store {
    /// `results/.store`.
    pub fn of(results: &Path) -> Store {
        Store(results.join(".store"))
    }

    /// Folder of the store: where caches of other kinds live beside the stages.
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// The folder of a finished entry whose files are as they were written. A torn or changed entry
    /// counts as absent.
    pub fn find(&self, stage: Stage, key: &Key) -> Option<PathBuf> {
        let dir = self.dir(stage, key);
        let seal = std::fs::read_to_string(dir.join(SEAL)).ok()?;
        let files: IndexMap<String, String> = toml::from_str(&seal).ok()?;
        let whole = |(name, digest): (&String, &String)| {
            std::fs::read(dir.join(name)).is_ok_and(|bytes| digest_hex(&bytes) == *digest)
        };
        (!files.is_empty() && files.iter().all(whole)).then_some(dir)
    }

    /// Whether the entry was finished, without reading its files.
    pub fn has(&self, stage: Stage, key: &Key) -> bool {
        self.dir(stage, key).join(SEAL).is_file()
    }

    /// Lets `fill` write files into a fresh folder, seals it and moves it into place at once.
    pub fn put(&self, stage: Stage, key: &Key, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let failed = |e: std::io::Error| Error::failed(format!("{}: {e}", self.0.display()));
        std::fs::create_dir_all(&self.0).map_err(failed)?;
        let temporary = tempfile::Builder::new().prefix(".tmp-").tempdir_in(&self.0).map_err(failed)?;
        fill(temporary.path())?;
        let mut files = IndexMap::new();
        let mut names: Vec<PathBuf> =
            std::fs::read_dir(temporary.path()).map_err(failed)?.flatten().map(|e| e.path()).collect();
        names.sort();
        for path in names {
            let bytes = std::fs::read(&path).map_err(failed)?;
            std::fs::File::open(&path).and_then(|f| f.sync_all()).map_err(failed)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.insert(name, digest_hex(&bytes));
        }
        let seal = toml::to_string(&files).expect("names and digests");
        write_atomic(&temporary.path().join(SEAL), seal.as_bytes())?;
        let dir = self.dir(stage, key);
        // What stands there is torn, or another process was faster with the same result.
        if dir.exists() {
            std::fs::remove_dir_all(&dir).map_err(failed)?;
        }
        std::fs::rename(temporary.keep(), &dir).map_err(failed)?;
        Ok(dir)
    }

    fn dir(&self, stage: Stage, key: &Key) -> PathBuf {
        self.0.join(format!("{}-{key}", stage.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_entries_are_found() {
        let results = tempfile::tempdir().unwrap();
        let store = Store::of(results.path());
        let key = Key::of("classifier", 1, &"x");
        assert_eq!(store.find(Stage::Classifier, &key), None);
        let fill = |d: &Path| write_atomic(&d.join("a.txt"), b"one");
        let dir = store.put(Stage::Classifier, &key, fill).unwrap();
        assert_eq!(store.find(Stage::Classifier, &key), Some(dir.clone()));
        std::fs::write(dir.join("a.txt"), "two").unwrap();
        assert_eq!(store.find(Stage::Classifier, &key), None);
        store.put(Stage::Classifier, &key, fill).unwrap();
        assert!(store.find(Stage::Classifier, &key).is_some());
        let broken = store.put(Stage::Classifier, &key, |_| Err(Error::failed("no")));
        assert!(broken.is_err() && store.find(Stage::Classifier, &key).is_some());
        let left: Vec<_> = std::fs::read_dir(store.root()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "no temporary folder stays: {left:?}");
    }
}
