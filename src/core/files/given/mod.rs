//! Writes output files that a person named. An existing target is respected: a link stays a link, a pipe receives the bytes,
//! a file keeps its mode and owner.

#[cfg(test)]
mod tests;

use super::atomic::temporary_prefix;
use super::special;
use crate::error::{AtPath, Result};
use rustix::fs::{Access, OFlags, access};
use std::fs::{File, OpenOptions, Permissions};
use std::io::ErrorKind::{self, CrossesDevices, PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long somebody who reads a named pipe is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// More links than a kernel follows.
const LINKS: usize = 40;

/// Writes `bytes` to a path that a person named. A regular file, also one behind links, is replaced in one step and keeps
/// its mode and owner; where that cannot be (a file mounted by itself, a folder that cannot be written), it is written in
/// place. A pipe, a terminal or /dev/null gets the bytes. Where nothing is, folders are made as needed.
///
/// # Errors
/// Names the path: a folder, a disk, a socket, a pipe that nobody reads, a file or folder that cannot be written, a full
/// disk. What was there is then as before, unless it had to be written in place.
pub fn write_given(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = match std::fs::metadata(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => followed(path).and_then(|end| {
            // Folders are made for a path, not for where a link leads.
            if let Some(folder) = path.parent().filter(|p| end == path && !p.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder)?;
            }
            replace(&end, bytes, None)
        }),
        Err(e) => Err(e),
        Ok(about) if about.is_dir() => Err(other("it is a folder; name a file")),
        Ok(about) if about.is_file() => over(path, &about, bytes),
        Ok(about) => match special(about.file_type()) {
            Some(what @ ("a disk" | "a socket")) => Err(other(&format!("it is {what}; name a file"))),
            _ => into(path, bytes),
        },
    };
    written.cannot("be written", path)
}

fn other(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, why)
}

/// Where the links of `path` end, though nothing is there.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut end = path.to_owned();
    for _ in 0..LINKS {
        match std::fs::read_link(&end) {
            Ok(to) => end = end.parent().unwrap_or(Path::new("")).join(to),
            Err(_) => return Ok(end),
        }
    }
    Err(other("its links lead in a circle"))
}

/// Whether a path leads to an open file of this process: /dev/stdout, /dev/fd/3.
fn is_open(path: &Path) -> bool {
    let mut end = path.to_owned();
    for _ in 0..LINKS {
        let folder = end.parent().and_then(|p| p.canonicalize().ok()).unwrap_or_default();
        if folder.starts_with("/proc") && folder.ends_with("fd") {
            return true;
        }
        match std::fs::read_link(&end) {
            Ok(to) => end = folder.join(to),
            Err(_) => return false,
        }
    }
    false
}

/// Over a regular file.
fn over(path: &Path, about: &std::fs::Metadata, bytes: &[u8]) -> io::Result<()> {
    if is_open(path) {
        // Whoever opened it goes on after what is written now.
        return OpenOptions::new().append(true).open(path)?.write_all(bytes);
    }
    // Its folder may be writable where the file itself is protected.
    access(path, Access::WRITE_OK)?;
    let end = path.canonicalize()?;
    let in_place = || {
        let mut file = OpenOptions::new().write(true).open(&end)?;
        file.write_all(bytes)?;
        file.set_len(bytes.len() as u64)?;
        file.sync_all()
    };
    // Its other names stay names of it.
    if about.nlink() > 1 {
        return in_place();
    }
    match replace(&end, bytes, Some(about)) {
        // A file that is mounted by itself, a folder that is not ours, an owner that we cannot give.
        Err(e)
            if matches!(e.kind(), PermissionDenied | ReadOnlyFilesystem | ResourceBusy | CrossesDevices) =>
        {
            in_place()
        }
        replaced => replaced,
    }
}

/// Through a temporary file beside `end`: write, fsync, rename.
#[expect(clippy::disallowed_methods, reason = "`end` is a regular file or nothing")]
fn replace(end: &Path, bytes: &[u8], before: Option<&std::fs::Metadata>) -> io::Result<()> {
    let folder = end.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = temporary_prefix();
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    if before.is_none() {
        // Less what the umask takes away.
        builder.permissions(Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Some(before) = before {
        let now = file.as_file().metadata()?;
        if (now.uid(), now.gid()) != (before.uid(), before.gid()) {
            fchown(file.as_file(), Some(before.uid()), Some(before.gid()))?;
        }
        // Last: a change of owner takes set-id bits away.
        file.as_file().set_permissions(Permissions::from_mode(before.mode() & 0o7777))?;
    }
    file.as_file().sync_all()?;
    file.persist(end).map(drop).map_err(|e| e.error)
}

/// Into a pipe or a device. A reader that goes away meanwhile has read what it wanted.
fn into(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match reader(path)?.write_all(bytes) {
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn reader(path: &Path) -> io::Result<File> {
    let begun = Instant::now();
    loop {
        // A pipe that nobody reads would be waited for without end.
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
        match OpenOptions::new().write(true).custom_flags(flags).open(path) {
            Err(e) if e.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
                if begun.elapsed() > PATIENCE {
                    return Err(other("nobody reads this pipe; name a file"));
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(e) => return Err(e),
            Ok(file) => {
                rustix::fs::fcntl_setfl(&file, OFlags::empty())?;
                return Ok(file);
            }
        }
    }
}
