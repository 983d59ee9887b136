//! What nothing needs any more, and its removal.

use super::{Broken, Inventory, References, seconds_since};
use seraug_core::error::Result;
use seraug_core::files::remove_aside;
use seraug_core::store::{Claim, Key, LeaseObserver, Stage, StageTask, Store};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::SystemTime;

/// What may go beside what is broken and what nobody refers to.
#[derive(Debug, Clone, Copy, Default)]
pub struct PruneOptions {
    /// Checkpoints stay, also those of finished stages.
    pub keep_checkpoints: bool,
    /// Caches go.
    pub caches: bool,
    /// Only what is at least so old, in seconds.
    pub older_than: u64,
}

/// Something to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Its folder or file.
    pub path: PathBuf,
    /// Size of its files.
    pub bytes: u64,
    /// Why nothing needs it.
    pub reason: String,
    kind: RemovalKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum RemovalKind {
    Entry(Stage, Key),
    /// With the stages that lie on the trajectory.
    Checkpoint(Stage, Vec<Key>),
    Cache,
    Lease(Stage, Key),
    LeftOver,
}

/// What a removal did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Bytes that it freed.
    pub bytes: u64,
    /// How many things it removed.
    pub removed: usize,
    /// What stayed, and why.
    pub kept: Vec<(PathBuf, String)>,
}

/// What of `inventory` nothing needs: broken entries and checkpoints, entries that no run refers to, checkpoints of
/// stages that are finished or that no run refers to, what killed processes left. Nothing that a living process makes.
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
            None => continue,
        };
        let kind = RemovalKind::Entry(entry.stage, entry.key.clone());
        removals.push(Removal { path: entry.dir.clone(), bytes: entry.bytes, reason, kind });
    }
    // A broken entry is not a finished stage.
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

/// Removes what was planned, each in one step for its readers; what somebody began to make or use meanwhile stays.
pub fn remove(store: &Store, references: &References, removals: &[Removal]) -> Pruned {
    let mut pruned = Pruned::default();
    for removal in removals {
        match one(store, references, removal) {
            Ok(true) => {
                pruned.removed += 1;
                pruned.bytes += removal.bytes;
            }
            Ok(false) => pruned.kept.push((removal.path.clone(), "somebody may be using it".to_owned())),
            Err(e) => pruned.kept.push((removal.path.clone(), e.to_string())),
        }
    }
    pruned
}

fn one(store: &Store, references: &References, removal: &Removal) -> Result<bool> {
    let task = StageTask { run: "seraug store prune".to_owned(), cell: String::new() };
    match &removal.kind {
        // With its lease in hand, nobody makes an entry at the same time.
        RemovalKind::Entry(stage, key) | RemovalKind::Lease(stage, key) => {
            let Claim::Held(lease) = store.claim(*stage, key, &task, &mut LeaseObserver::default())? else {
                return Ok(false);
            };
            if matches!(removal.kind, RemovalKind::Entry(..)) {
                remove_aside(&removal.path)?;
            }
            // A lease goes when it is given back.
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

/// What living processes make.
struct InUse {
    held: HashSet<(Stage, Key)>,
    /// Stages with a living lease whose trajectory no run tells.
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

    /// Whether somebody may be writing the checkpoints of a trajectory on which `keys` lie.
    fn may_checkpoint(&self, stage: Stage, keys: &[Key]) -> bool {
        self.unknown.contains(&stage) || keys.iter().any(|key| self.holds(stage, key))
    }

    fn any(&self) -> bool {
        self.runs > 0 || !self.held.is_empty()
    }
}
