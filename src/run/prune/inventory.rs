//! Lists everything in a store.

use rayon::prelude::*;
use seraug_core::error::{Error, Result};
use seraug_core::files::{is_temporary, left_over};
use seraug_core::run_files::ModelInfo;
use seraug_core::store::{Key, Making, Stage, Store};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use walkdir::WalkDir;

/// The finished result of a stage.
#[derive(Debug, Clone)]
pub struct StoreEntry {
    /// The stage.
    pub stage: Stage,
    /// Its key.
    pub key: Key,
    /// Its folder.
    pub dir: PathBuf,
    /// Size of its files.
    pub bytes: u64,
    /// Size of the trained classifier among them; 0 without one.
    pub model_bytes: u64,
    /// When it was finished.
    pub made: SystemTime,
    /// The contents of its stage.toml.
    pub making: Making,
}

/// The checkpoints of one trajectory.
#[derive(Debug, Clone)]
pub struct Trajectory {
    /// The stage.
    pub stage: Stage,
    /// The key of the trajectory.
    pub key: Key,
    /// Their folder.
    pub dir: PathBuf,
    /// Size of their files.
    pub bytes: u64,
    /// When the last one was written.
    pub made: SystemTime,
    /// Steps done at each, ascending.
    pub steps: Vec<usize>,
}

/// A folder that can be made again from the corpora, such as features-….
#[derive(Debug, Clone)]
pub struct Cache {
    /// Its folder's name.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// Size of its files.
    pub bytes: u64,
    /// When a file was last written in it.
    pub made: SystemTime,
}

/// The contents of a store. Files that disappear while it is read are left out.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// Finished stages, sorted by stage and key.
    pub entries: Vec<StoreEntry>,
    /// Checkpoints, sorted by stage and trajectory.
    pub checkpoints: Vec<Trajectory>,
    /// Caches, sorted by name.
    pub caches: Vec<Cache>,
    /// Temporary files and folders of processes that have ended, in the store and in the runs, with their sizes.
    pub left_over: Vec<(PathBuf, u64)>,
    /// Files that this program did not write, with their sizes; they are never removed.
    pub others: Vec<(PathBuf, u64)>,
}

/// Whether a folder of this name is a cache: `features-` and `synthetic-` with the digest of their settings, `digests`.
fn is_cache(name: &str) -> bool {
    let digest = name.strip_prefix("features-").or_else(|| name.strip_prefix("synthetic-"));
    let hex = |d: &str| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    name == "digests" || digest.is_some_and(hex)
}

impl Inventory {
    /// Reads the store of `results`; a missing store is empty.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn read(results: &Path) -> Result<Inventory> {
        let store = Store::of(results);
        let root = store.root();
        let mut dirs = Vec::new();
        match std::fs::read_dir(root) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Inventory::default()),
            Err(e) => return Err(Error::failed(format!("{}: cannot be read: {e}", root.display()))),
            Ok(entries) => dirs.extend(entries.flatten().map(|e| e.path())),
        }
        dirs.sort();
        let mut inventory = Inventory::default();
        // A link leads out of the store; what it points to is not touched.
        let (links, dirs): (Vec<PathBuf>, Vec<PathBuf>) = dirs.into_iter().partition(|d| d.is_symlink());
        inventory.others.extend(links.into_iter().map(|link| (link, 0)));
        let read: Vec<(&PathBuf, String, u64, SystemTime)> = dirs
            .par_iter()
            .map(|dir| {
                let (bytes, made) = size(dir);
                (dir, dir.file_name().unwrap_or_default().to_string_lossy().into_owned(), bytes, made)
            })
            .collect();
        for (dir, name, bytes, made) in read {
            let dir = dir.clone();
            if let Some((stage, key)) = Stage::split(&name) {
                inventory.entries.push(entry(stage, key, dir, bytes));
            } else if is_cache(&name) && dir.is_dir() {
                inventory.caches.push(Cache { name, dir, bytes, made });
            } else if name == "checkpoints" {
                let (trajectories, others) = trajectories(&store, &dir);
                inventory.checkpoints = trajectories;
                inventory.others.extend(others);
            } else if name != "leases" && !is_temporary(dir.file_name().unwrap_or_default()) {
                inventory.others.push((dir, bytes));
            }
        }
        inventory.entries.sort_by(|a, b| (a.stage, &a.key).cmp(&(b.stage, &b.key)));
        let left = left_over(results).into_iter().map(|path| (path.clone(), size(&path).0));
        inventory.left_over = left.collect();
        Ok(inventory)
    }

    /// Size of everything in it.
    pub fn bytes(&self) -> u64 {
        self.entries.iter().map(|e| e.bytes).sum::<u64>()
            + self.checkpoints.iter().map(|c| c.bytes).sum::<u64>()
            + self.caches.iter().map(|c| c.bytes).sum::<u64>()
            + self.left_over.iter().chain(&self.others).map(|o| o.1).sum::<u64>()
    }
}

/// Seconds from `time` until now; 0 for a time in the future.
pub fn seconds_since(time: SystemTime) -> u64 {
    time.elapsed().map_or(0, |t| t.as_secs())
}

fn entry(stage: Stage, key: Key, dir: PathBuf, bytes: u64) -> StoreEntry {
    // The seal is the last file of an entry and never changes.
    let made = written(&dir.join("seal.toml")).unwrap_or_else(|| size(&dir).1);
    StoreEntry {
        stage,
        key,
        making: Making::read(&dir),
        model_bytes: ModelInfo::bytes_in(&dir),
        dir,
        bytes,
        made,
    }
}

/// The trajectories below `folder`, and other files there with their sizes.
fn trajectories(store: &Store, folder: &Path) -> (Vec<Trajectory>, Vec<(PathBuf, u64)>) {
    let (mut found, mut others) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (dir, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let (bytes, made) = size(&dir);
        match Stage::split(&name).filter(|_| !dir.is_symlink()) {
            Some((stage, key)) => {
                let steps = store.checkpoints(stage, &key).steps();
                found.push(Trajectory { stage, key, dir, bytes, made, steps });
            }
            None if is_temporary(&entry.file_name()) => {}
            None => others.push((dir, bytes)),
        }
    }
    found.sort_by(|a, b| (a.stage, &a.key).cmp(&(b.stage, &b.key)));
    (found, others)
}

fn written(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).ok()?.modified().ok()
}

/// Total bytes of the files at and below `path`, and when the last of them was written.
fn size(path: &Path) -> (u64, SystemTime) {
    let (mut bytes, mut last) = (0, SystemTime::UNIX_EPOCH);
    for entry in WalkDir::new(path).into_iter().flatten() {
        let Ok(about) = entry.metadata() else { continue };
        if about.is_file() {
            bytes += about.len();
        }
        last = last.max(about.modified().unwrap_or(SystemTime::UNIX_EPOCH));
    }
    (bytes, last)
}
