//! Decides what no run needs any more, and removes it.

use super::{Broken, Inventory, References, seconds_since};
use seraug_core::error::{AtPath, Result};
use seraug_core::files::remove_aside;
use seraug_core::run_files::ModelInfo;
use seraug_core::store::{Claim, Key, LeaseObserver, SEAL, Stage, StageTask, Store};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What is removed in addition to broken entries and those that no run refers to.
#[derive(Debug, Clone, Copy, Default)]
pub struct PruneOptions {
    /// Keep checkpoints, including those of finished stages.
    pub keep_checkpoints: bool,
    /// Remove caches too.
    pub caches: bool,
    /// Remove trained classifiers too; their predictions stay.
    pub models: bool,
    /// Least age in seconds of what is removed.
    pub older_than: u64,
}

/// A folder or file to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Its path.
    pub path: PathBuf,
    /// Size of its files.
    pub bytes: u64,
    /// Why it is not needed.
    pub reason: String,
    kind: RemovalKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum RemovalKind {
    Entry(Stage, Key),
    /// The trained classifier in an entry that stays.
    Model(Key),
    /// Checkpoints, with the stages on their trajectory.
    Checkpoint(Stage, Vec<Key>),
    Cache,
    Lease(Stage, Key),
    LeftOver,
}

/// The result of removing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Bytes that were freed.
    pub bytes: u64,
    /// Number of removals.
    pub removed: usize,
    /// What was kept, and why.
    pub kept: Vec<(PathBuf, String)>,
}

/// The parts of `inventory` that no run needs: broken entries and checkpoints, entries that no run refers to, checkpoints of
/// finished stages and of those that no run refers to, leftovers of killed processes. Never what a living process is making.
pub fn plan(
    store: &Store,
    inventory: &Inventory,
    references: &References,
    broken: &[Broken],
    wanted: PruneOptions,
) -> Vec<Removal> {
    let in_use = InUse::now(store, references);
    let wrong: HashMap<&PathBuf, &str> = broken.iter().map(|b| (&b.dir, b.why.as_str())).collect();
    let old = |made: SystemTime| seconds_since(made) >= wanted.older_than;
    let mut removals = Vec::new();
    for entry in inventory.entries.iter().filter(|e| old(e.made) && !in_use.holds(e.stage, &e.key)) {
        let reason = match wrong.get(&entry.dir) {
            Some(why) => format!("broken: {why}"),
            None if references.users(entry.stage, &entry.key) == 0 => "no run refers to it".to_owned(),
            None if wanted.models && entry.model_bytes > 0 => {
                removals.push(Removal {
                    path: entry.dir.clone(),
                    bytes: entry.model_bytes,
                    reason: "its trained classifier; its predictions stay".to_owned(),
                    kind: RemovalKind::Model(entry.key.clone()),
                });
                continue;
            }
            None => continue,
        };
        let kind = RemovalKind::Entry(entry.stage, entry.key.clone());
        removals.push(Removal { path: entry.dir.clone(), bytes: entry.bytes, reason, kind });
    }
    // A broken entry does not count as a finished stage.
    let whole: HashSet<(Stage, &Key)> =
        inventory.entries.iter().filter(|e| !wrong.contains_key(&e.dir)).map(|e| (e.stage, &e.key)).collect();
    for trajectory in inventory.checkpoints.iter().filter(|t| old(t.made)) {
        let stages = references.on(trajectory.stage, &trajectory.key);
        let kind = RemovalKind::Checkpoint(trajectory.stage, stages.clone());
        if in_use.may_checkpoint(trajectory.stage, &stages) {
            continue;
        }
        let unfinished = stages.iter().any(|key| !whole.contains(&(trajectory.stage, key)));
        let reason = match stages.is_empty() {
            true => "no run refers to them",
            false => "their stage is finished",
        };
        if unfinished || wanted.keep_checkpoints {
            for bad in broken.iter().filter(|b| b.dir.starts_with(&trajectory.dir)) {
                let bytes = trajectory.bytes / trajectory.steps.len().max(1) as u64;
                let (path, reason) = (bad.dir.clone(), format!("broken: {}", bad.why));
                removals.push(Removal { path, bytes, reason, kind: kind.clone() });
            }
        } else {
            let (path, reason) = (trajectory.dir.clone(), reason.to_owned());
            removals.push(Removal { path, bytes: trajectory.bytes, reason, kind });
        }
    }
    if wanted.caches && !in_use.any() {
        removals.extend(inventory.caches.iter().filter(|c| old(c.made)).map(|cache| Removal {
            path: cache.dir.clone(),
            bytes: cache.bytes,
            reason: "a cache".to_owned(),
            kind: RemovalKind::Cache,
        }));
    }
    removals.extend(inventory.left_over.iter().map(|(path, bytes)| Removal {
        path: path.clone(),
        bytes: *bytes,
        reason: "left by a process that was killed".to_owned(),
        kind: RemovalKind::LeftOver,
    }));
    let dead = store.holders().into_iter().filter(|(.., holder)| !holder.is_there());
    removals.extend(dead.map(|(stage, key, holder)| Removal {
        path: store.leases().join(format!("{}-{key}.json", stage.name())),
        bytes: 0,
        reason: format!("the lease of {} pid {}, which has ended", holder.owner.host, holder.owner.pid),
        kind: RemovalKind::Lease(stage, key),
    }));
    removals
}

/// Carries out the removals, each in one atomic step; what another process has started to make or use is kept.
pub fn remove(store: &Store, references: &References, removals: &[Removal]) -> Pruned {
    let mut pruned = Pruned::default();
    for removal in removals {
        match one(store, references, removal) {
            Ok(true) => {
                pruned.removed += 1;
                pruned.bytes += removal.bytes;
            }
            Ok(false) => pruned.kept.push((removal.path.clone(), "it may be in use".to_owned())),
            Err(e) => pruned.kept.push((removal.path.clone(), e.to_string())),
        }
    }
    pruned
}

fn one(store: &Store, references: &References, removal: &Removal) -> Result<bool> {
    let task = StageTask { run: "seraug store prune".to_owned(), cell: String::new() };
    match &removal.kind {
        // Holding the lease keeps other processes from making the entry.
        RemovalKind::Entry(stage, key) | RemovalKind::Lease(stage, key) => {
            let Claim::Held(lease) = store.claim(*stage, key, &task, &mut LeaseObserver::default())? else {
                return Ok(false);
            };
            if matches!(removal.kind, RemovalKind::Entry(..)) {
                remove_aside(&removal.path)?;
            }
            // Dropping a lease removes its file.
            drop(lease);
        }
        RemovalKind::Model(key) => {
            let stage = Stage::Classifier;
            let Claim::Held(lease) = store.claim(stage, key, &task, &mut LeaseObserver::default())? else {
                return Ok(false);
            };
            store.put(stage, key, |dir| copy_without_model(&removal.path, dir))?;
            drop(lease);
        }
        RemovalKind::Checkpoint(stage, keys) => {
            if InUse::now(store, references).may_checkpoint(*stage, keys) {
                return Ok(false);
            }
            remove_aside(&removal.path)?;
        }
        RemovalKind::Cache if InUse::now(store, references).any() => return Ok(false),
        RemovalKind::Cache | RemovalKind::LeftOver => remove_aside(&removal.path)?,
    }
    Ok(true)
}

/// Copies the files of an entry but for the model and the seal.
fn copy_without_model(entry: &Path, to: &Path) -> Result<()> {
    for file in std::fs::read_dir(entry).cannot("be read", entry)?.flatten() {
        let name = file.file_name();
        if name == ModelInfo::INFO || name == ModelInfo::WEIGHTS || name == SEAL {
            continue;
        }
        let path = file.path();
        std::fs::copy(&path, to.join(&name)).cannot("be copied", &path)?;
    }
    Ok(())
}

/// The stages that living processes are making.
struct InUse {
    held: HashSet<(Stage, Key)>,
    /// Kinds of stages with a living lease whose trajectory is in no plan.
    unknown: HashSet<Stage>,
    runs: usize,
}

impl InUse {
    fn now(store: &Store, references: &References) -> InUse {
        let living = store.holders().into_iter().filter(|(.., holder)| holder.is_there());
        let held: HashSet<(Stage, Key)> = living.map(|(stage, key, _)| (stage, key)).collect();
        let unknown =
            held.iter().filter(|(stage, key)| !references.knows(*stage, key)).map(|h| h.0).collect();
        InUse { held, unknown, runs: references.alive() }
    }

    fn holds(&self, stage: Stage, key: &Key) -> bool {
        self.held.contains(&(stage, key.clone()))
    }

    /// Whether a process may be writing checkpoints of the trajectory with the stages `keys`.
    fn may_checkpoint(&self, stage: Stage, keys: &[Key]) -> bool {
        self.unknown.contains(&stage) || keys.iter().any(|key| self.holds(stage, key))
    }

    fn any(&self) -> bool {
        self.runs > 0 || !self.held.is_empty()
    }
}
