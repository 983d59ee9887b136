//! Leases: which process makes an entry of the store. Each is a file that its owner renews while it works.
//!
//! A lease is created by a rename that never replaces, which every file system grants to one process only. Its first line names
//! the owner and never changes; the second, the heartbeat, is rewritten in place through the file that the owner holds open, so
//! that an owner who was taken for dead cannot write into the lease of its successor.

#[cfg(test)]
mod tests;

use crate::error::{Error, Result};
use crate::files;
use crate::files::atomic::temporary_prefix;
use crate::owner::Owner;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Time between two heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// An owner on another machine is dead when its lease was not renewed for this long by the observer's own monotonic clock, so
/// that neither a jump of a clock nor a difference between two clocks matters.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Length of the second line in bytes.
const LINE: usize = 1024;

/// The purpose of a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageTask {
    /// The run directory's name, such as `open/x/20260102T030405Z-abc`.
    pub run: String,
    /// The cell.
    pub cell: String,
}

/// The progress of the work, which is the heartbeat.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseProgress {
    /// Counts the heartbeats.
    pub beat: u64,
    /// Steps done; 0 before the first.
    pub step: usize,
    /// Steps in all; 0 before they are known.
    pub steps: usize,
    /// Steps that a checkpoint had when the training resumed from it.
    pub resumed: usize,
    /// Seconds since the first step of this owner.
    pub seconds: f64,
    /// The last row of the history: name and value of each quantity.
    pub values: Vec<(String, f64)>,
}

/// The contents of a lease.
#[derive(Debug, Clone, PartialEq)]
pub struct Holder {
    /// The process that holds it.
    pub owner: Owner,
    /// What it is held for.
    pub task: StageTask,
    /// How far the work is.
    pub progress: LeaseProgress,
    /// Time since the last heartbeat, by the clock of the file system.
    pub silent: Duration,
}

impl Holder {
    /// Whether the owner is alive, as far as a single look can tell.
    pub fn is_there(&self) -> bool {
        match self.owner.is_dead() {
            Some(dead) => !dead,
            None => self.silent < TIMEOUT,
        }
    }
}

/// Remembers the heartbeat of a lease from one try to the next.
#[derive(Debug, Default)]
pub struct LeaseObserver(Option<(Owner, u64, Instant)>);

impl LeaseObserver {
    /// How long to keep trying: after that, an owner on another machine has shown whether it is alive.
    pub fn patience(&self) -> Duration {
        TIMEOUT + 2 * HEARTBEAT
    }

    fn finds_dead(&mut self, holder: &Holder) -> bool {
        if let Some(dead) = holder.owner.is_dead() {
            return dead;
        }
        match &self.0 {
            Some((owner, beat, since)) if *owner == holder.owner && *beat == holder.progress.beat => {
                since.elapsed() > TIMEOUT
            }
            _ => {
                self.0 = Some((holder.owner.clone(), holder.progress.beat, Instant::now()));
                false
            }
        }
    }
}

/// The answer to a claim.
#[derive(Debug)]
pub enum Claim {
    /// This process holds the lease now.
    Held(Lease),
    /// Another process holds it.
    Taken(Holder),
}

/// A lease that this process holds until it is dropped.
#[derive(Debug)]
pub struct Lease {
    path: PathBuf,
    inode: u64,
    progress: Arc<Mutex<LeaseProgress>>,
    lost: Arc<AtomicBool>,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Lease {
    /// The progress that the next heartbeat reports.
    pub fn progress(&self) -> MutexGuard<'_, LeaseProgress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether another process took it over because this one was suspended for too long.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if inode(&self.path) == Some(self.inode) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Creates the lease or returns its holder. The lease of a dead owner is taken over.
pub(crate) fn claim(path: &Path, task: &StageTask, observer: &mut LeaseObserver) -> Result<Claim> {
    let failed = |e: std::io::Error| Error::failed(format!("{}: cannot be written: {e}", path.display()));
    for _ in 0..8 {
        match create(path, task) {
            Ok(lease) => return Ok(Claim::Held(lease)),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(failed(e)),
        }
        // It was given back in the meantime.
        let Some(holder) = holder(path) else { continue };
        if !observer.finds_dead(&holder) {
            return Ok(Claim::Taken(holder));
        }
        remove(path, &holder.owner).map_err(failed)?;
    }
    Err(Error::failed(format!("{}: cannot be read; delete it and run again", path.display())))
}

/// Reads a lease; `None` where there is none.
pub(crate) fn holder(path: &Path) -> Option<Holder> {
    let mut file = None;
    for _ in 0..3 {
        let text = files::text(path).ok()?;
        let mut lines = text.lines();
        let first = lines.next().and_then(|l| serde_json::from_str::<(Owner, StageTask)>(l).ok());
        // A heartbeat may be half written.
        let second = lines.next().and_then(|l| serde_json::from_str::<LeaseProgress>(l.trim_end()).ok());
        if let (Some((owner, task)), Some(progress)) = (first, second) {
            file = Some((owner, task, progress));
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    // Torn by a crash or of another version: its owner is unknown, and it will not be renewed.
    let nobody = || {
        let owner = Owner { host: "unknown".into(), realm: "-".into(), pid: 0, started: inode(path)? };
        Some((owner, StageTask { run: "unknown".into(), cell: "unknown".into() }, LeaseProgress::default()))
    };
    let (owner, task, progress) = file.or_else(nobody)?;
    Some(Holder { owner, task, progress, silent: age(path) })
}

/// Time since `path` was written, by the clock of the file system: that of a file written next to it now.
fn age(path: &Path) -> Duration {
    let written = || std::fs::metadata(path).ok()?.modified().ok();
    let measured = || {
        let beside = tempfile::tempfile_in(path.parent()?).ok()?;
        let now = beside.metadata().ok()?.modified().ok()?;
        now.duration_since(written()?).ok()
    };
    // Where nothing can be written, the clock of this machine has to do.
    measured().or_else(|| written()?.elapsed().ok()).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "a lease is ours, and never replaced")]
fn create(path: &Path, task: &StageTask) -> std::io::Result<Lease> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(&temporary_prefix()).tempfile_in(folder)?;
    let first = serde_json::to_string(&(Owner::me(), task)).expect("plain data") + "\n";
    file.write_all(first.as_bytes())?;
    let progress = LeaseProgress::default();
    file.as_file().write_all_at(&line(&progress), first.len() as u64)?;
    file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    file.as_file().sync_all()?;
    let file = file.persist_noclobber(path).map_err(|e| e.error)?;
    let inode = file.metadata()?.ino();
    let (progress, lost) = (Arc::new(Mutex::new(progress)), Arc::new(AtomicBool::new(false)));
    let (stop, stopped) = mpsc::channel();
    let heartbeat = Heartbeat {
        file,
        at: first.len() as u64,
        path: path.to_owned(),
        inode,
        progress: Arc::clone(&progress),
        lost: Arc::clone(&lost),
    };
    let thread = std::thread::spawn(move || heartbeat.run_until(&stopped));
    Ok(Lease { path: path.to_owned(), inode, progress, lost, stop: Some(stop), thread: Some(thread) })
}

/// The thread that renews a lease.
struct Heartbeat {
    file: File,
    at: u64,
    path: PathBuf,
    inode: u64,
    progress: Arc<Mutex<LeaseProgress>>,
    lost: Arc<AtomicBool>,
}

impl Heartbeat {
    fn run_until(self, stopped: &mpsc::Receiver<()>) {
        while stopped.recv_timeout(HEARTBEAT) == Err(mpsc::RecvTimeoutError::Timeout) {
            let text = {
                let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
                progress.beat += 1;
                line(&progress)
            };
            // If the disk is full or the network is away, the next heartbeat tries again. On a network file system others see it
            // only after it was synced.
            let _ = self.file.write_all_at(&text, self.at).and_then(|()| self.file.sync_data());
            if inode(&self.path).is_some_and(|now| now != self.inode) || !self.path.exists() {
                self.lost.store(true, Ordering::Relaxed);
            }
        }
    }
}

/// The second line, which has a constant length.
fn line(progress: &LeaseProgress) -> Vec<u8> {
    // JSON has no number for values that are not finite; such a line would not be readable.
    let mut progress = progress.clone();
    progress.values.retain(|(_, value)| value.is_finite());
    let mut text = serde_json::to_string(&progress).expect("plain data");
    if text.len() >= LINE {
        text = serde_json::to_string(&LeaseProgress { values: Vec::new(), ..progress }).expect("plain data");
    }
    format!("{text:<width$}\n", width = LINE - 1).into_bytes()
}

/// Removes the lease of a dead owner. Only one process can move the file; it then checks whether the lease is still the same.
fn remove(path: &Path, dead: &Owner) -> std::io::Result<()> {
    static ASIDE: AtomicU64 = AtomicU64::new(0);
    let name = format!("{}{}", temporary_prefix(), ASIDE.fetch_add(1, Ordering::Relaxed));
    let aside = path.with_file_name(name);
    match std::fs::rename(path, &aside) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    }
    let moved = holder(&aside);
    if moved.is_some_and(|m| m.owner != *dead) && std::fs::hard_link(&aside, path).is_err() {
        // Its owner notices at its next heartbeat.
    }
    std::fs::remove_file(&aside)
}

fn inode(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().map(|m| m.ino())
}
