//! Verifies that everything in the store is intact.

use super::Inventory;
use indicatif::ProgressBar;
use rayon::prelude::*;
use seraug_core::files::is_temporary;
use seraug_core::store::broken;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A damaged entry or checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Its folder.
    pub dir: PathBuf,
    /// What is wrong with it.
    pub why: String,
    /// The next step.
    pub next: &'static str,
}

/// Reads every file of every entry and checkpoint, several at a time, and returns the damaged ones in the order of the inventory.
/// `progress` counts bytes. Caches have no seal; they are checked when they are used.
pub fn verify(inventory: &Inventory, progress: &ProgressBar) -> Vec<Broken> {
    let of_entry = "it is trained again when a run needs it; `seraug store prune --yes` removes it";
    let of_checkpoint = "the one before it is used; `seraug store prune --yes` removes it";
    let entries = inventory.entries.iter().map(|e| (e.dir.clone(), e.bytes, of_entry));
    let checkpoints = inventory.checkpoints.iter().flat_map(|c| {
        let folders = std::fs::read_dir(&c.dir).into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> =
            folders.filter(|f| !is_temporary(&f.file_name())).map(|f| f.path()).collect();
        folders.sort();
        let share = c.bytes / folders.len().max(1) as u64;
        folders.into_iter().map(move |f| (f, share, of_checkpoint))
    });
    let all: Vec<_> = entries.chain(checkpoints).collect();
    progress.set_length(all.iter().map(|(_, bytes, _)| bytes).sum());
    let look = |(dir, bytes, next): (PathBuf, u64, &'static str)| {
        let why = wrong(&dir);
        progress.inc(bytes);
        Some(Broken { why: why?, dir, next })
    };
    all.into_par_iter().filter_map(look).collect()
}

/// What is wrong with a sealed folder that exists.
fn wrong(dir: &Path) -> Option<String> {
    broken(dir)?;
    // It may have been replaced or removed while it was read.
    std::thread::sleep(Duration::from_millis(50));
    broken(dir).filter(|_| dir.exists())
}
