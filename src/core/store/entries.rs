//! Entries of the store: results of stages, by key. Shared by all runs, on one machine or several; safe to delete.

use super::lease::{self, Claim, Holder, LeaseObserver, StageTask};
use super::seal::{is_sealed, is_whole, write_sealed};
use super::{Checkpoints, Key, Stage};
use crate::error::{AtPath, Result};
use std::path::{Path, PathBuf};

/// The store of a results folder.
#[derive(Debug, Clone)]
pub struct Store(PathBuf);

impl Store {
    /// `results/.store`.
    pub fn of(results: &Path) -> Store {
        Store(results.join(".store"))
    }

    /// The store's folder; other caches are kept there too.
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// The folder of a complete entry whose files match their seal. A torn or changed entry counts as absent.
    pub fn find(&self, stage: Stage, key: &Key) -> Option<PathBuf> {
        Some(self.dir(stage, key)).filter(|dir| is_whole(dir))
    }

    /// Whether the entry is sealed, without reading its files.
    pub fn has(&self, stage: Stage, key: &Key) -> bool {
        is_sealed(&self.dir(stage, key))
    }

    /// Lets `fill` write files into a new folder, seals it and moves it into place atomically.
    ///
    /// # Errors
    /// The errors of `fill`; a folder that cannot be written.
    pub fn put(&self, stage: Stage, key: &Key, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let dir = self.dir(stage, key);
        write_sealed(&dir, fill)?;
        Ok(dir)
    }

    /// The folder of an entry, whether it exists or not.
    pub fn dir(&self, stage: Stage, key: &Key) -> PathBuf {
        self.0.join(format!("{}-{key}", stage.name()))
    }

    /// The checkpoints of a trajectory of `stage`.
    pub fn checkpoints(&self, stage: Stage, trajectory: &Key) -> Checkpoints {
        Checkpoints::of(&self.0, stage, trajectory)
    }

    /// Claims the right to be the only process that computes an entry. Keep `observer` between attempts: it notices an owner
    /// that has stopped sending heartbeats.
    ///
    /// # Errors
    /// A store that cannot be written.
    pub fn claim(
        &self,
        stage: Stage,
        key: &Key,
        task: &StageTask,
        observer: &mut LeaseObserver,
    ) -> Result<Claim> {
        let folder = self.leases();
        std::fs::create_dir_all(&folder).cannot("be made", &folder)?;
        lease::claim(&self.lease(stage, key), task, observer)
    }

    /// The holder of an entry's lease, dead or alive; see [`Holder::is_there`].
    pub fn holder(&self, stage: Stage, key: &Key) -> Option<Holder> {
        lease::holder(&self.lease(stage, key))
    }

    /// All leases, including those of dead owners.
    pub fn holders(&self) -> Vec<(Stage, Key, Holder)> {
        let files = std::fs::read_dir(self.leases()).into_iter().flatten().flatten();
        let read = |file: std::fs::DirEntry| {
            let (stage, key) = Stage::split(file.file_name().to_str()?.strip_suffix(".json")?)?;
            Some((stage, key, lease::holder(&file.path())?))
        };
        files.filter_map(read).collect()
    }

    /// The folder of the leases.
    pub fn leases(&self) -> PathBuf {
        self.0.join("leases")
    }

    fn lease(&self, stage: Stage, key: &Key) -> PathBuf {
        self.leases().join(format!("{}-{key}.json", stage.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::write_atomic;

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
        assert!(store.find(Stage::Classifier, &key).is_none() && store.has(Stage::Classifier, &key));
    }

    #[test]
    fn the_leases_are_listed_with_their_stages() {
        let results = tempfile::tempdir().unwrap();
        let store = Store::of(results.path());
        assert!(store.holders().is_empty());
        let key = Key::of("augmentor", 1, &"x");
        let task = StageTask { run: "x/1".into(), cell: "x/aug/fold-1/seed-1".into() };
        let claim = store.claim(Stage::Augmentor, &key, &task, &mut LeaseObserver::default()).unwrap();
        std::fs::write(store.leases().join("notes.json"), "{}").unwrap();
        let [(stage, found, holder)] = &store.holders()[..] else { panic!("one lease") };
        assert_eq!((*stage, found, &holder.task), (Stage::Augmentor, &key, &task));
        drop(claim);
        assert!(store.holders().is_empty());
    }
}
