//! Downloads a corpus: complete and verified, or not at all.
//!
//! `CORPORA/.fetch/NAME/` holds downloads in progress: `FILE.part`, then `FILE`, and the lock. It is safe to delete.

mod download;
mod unpack;

pub use unpack::unpack;

use indicatif::ProgressBar;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::manifest::Fetch;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The settings of a fetch.
pub struct FetchJob<'a> {
    /// Name of the corpus.
    pub name: &'a str,
    /// The folder of all corpora; the recordings go to `corpora/<name>`.
    pub corpora: &'a Path,
    /// Counts bytes; its length is set.
    pub progress: &'a ProgressBar,
    /// Called with one line about each step.
    pub note: &'a dyn Fn(&str),
    /// Pause before the first of five retries; it doubles with each retry.
    pub pause: Duration,
}

/// Downloads, verifies and unpacks `files` into `corpora/<name>`. A file that is there and verified is not
/// downloaded again; an interrupted download is resumed. Existing recordings are never changed.
///
/// # Errors
/// No file is listed (usage); another fetch of the corpus is running; the server, the disk or the checksum; an archive
/// that holds more than recordings should, or other content for a recording that exists.
pub fn fetch(files: &[Fetch], job: &FetchJob) -> Result<()> {
    if files.is_empty() {
        return Err(Error::usage(format!("corpus {}: nothing to fetch is listed", job.name)));
    }
    let folder = job.corpora.join(".fetch").join(job.name);
    std::fs::create_dir_all(&folder).cannot("be written", &folder)?;
    let _lock = lock(&folder.join("lock"), job.name)?;
    let target = job.corpora.join(job.name);
    for file in files {
        file.check().map_err(|why| Error::usage(format!("fetch of {}: {why}", file.file)))?;
        let archive = download::download(file, &folder, job)?;
        (job.note)(&format!("unpacking {}", file.file));
        let (new, same) = unpack(file, &archive, &folder.join("unpacked"), &target)?;
        (job.note)(&format!("{}: {new} new files in {}, {same} were there", file.file, target.display()));
    }
    Ok(())
}

/// A lock of a corpus against other fetches. It is given up when dropped or when this process is killed.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    /// Closing would not do: a child being spawned holds the file open until its exec.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

fn lock(path: &PathBuf, name: &str) -> Result<Lock> {
    let file = File::create(path).cannot("be locked", path)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(Error::failed(format!(
            "corpus {name}: another fetch of it is running; wait for it or stop it"
        ))),
        Err(TryLockError::Error(e)) => Err(e).cannot("be locked", path),
    }
}

/// Fails if the disk of `folder` has fewer than `bytes` free. A disk that does not report its free space passes.
fn need_space(folder: &Path, bytes: u64, what: &str) -> Result<()> {
    let Ok(disk) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free >= bytes {
        return Ok(());
    }
    let gigabytes = |b: u64| b as f64 / 1e9;
    Err(Error::failed(format!(
        "{}: {what} needs {:.2} GB and the disk has {:.2} GB left; make room or name another folder by --corpora",
        folder.display(),
        gigabytes(bytes),
        gigabytes(free)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_given_up_though_a_child_being_spawned_still_holds_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = lock(&path, "x").unwrap();
        assert!(lock(&path, "x").is_err());
        let child = first.0.try_clone().unwrap();
        drop(first);
        lock(&path, "x").unwrap();
        drop(child);
    }

    #[test]
    fn a_full_disk_is_noticed_before() {
        let folder = tempfile::tempdir().unwrap();
        need_space(folder.path(), 1, "x").unwrap();
        let e = need_space(folder.path(), u64::MAX, "a.zip").unwrap_err().to_string();
        assert!(e.contains("a.zip needs") && e.contains("--corpora"), "{e}");
    }

    #[test]
    fn a_second_lock_is_refused_while_the_first_is_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = lock(&path, "x").unwrap();
        assert!(lock(&path, "x").unwrap_err().to_string().contains("another fetch"));
        drop(first);
        lock(&path, "x").unwrap();
    }
}
