//! Atomic writes: a file or folder is complete or absent. Also cleans up temporary files of processes that died.

use crate::error::{AtPath, Error, Result};
use crate::owner::Owner;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use walkdir::WalkDir;

/// Prefix of every temporary name, before the tag of its [`Owner`].
const PREFIX: &str = ".tmp-";
/// A temporary file this old is abandoned, even if its owner's machine cannot be asked.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);

/// Prefix of the temporary names of this process.
pub(crate) fn temporary_prefix() -> String {
    format!("{PREFIX}{}-", Owner::me().tag())
}

/// Writes `bytes` to `path` through a temporary file beside it: write, fsync, rename.
///
/// # Errors
/// Names the path: a folder that cannot be written, a full disk.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    write(path, bytes, true)
}

/// As [`write_atomic`], without fsync. After a power loss the file may be empty, truncated or zeros, so use this only for
/// caches whose readers verify them; an fsync takes about a millisecond, often more than computing the content.
///
/// # Errors
/// As [`write_atomic`].
pub fn write_cached(path: &Path, bytes: &[u8]) -> Result<()> {
    write(path, bytes, false)
}

#[expect(clippy::disallowed_methods, reason = "the one place of it for our own folders")]
fn write(path: &Path, bytes: &[u8], sync: bool) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).cannot("be written", path)?;
    let mut file = tempfile::Builder::new()
        .prefix(&temporary_prefix())
        .tempfile_in(folder)
        .cannot("be written", path)?;
    file.write_all(bytes).cannot("be written", path)?;
    if sync {
        file.as_file().sync_all().cannot("be written", path)?;
    }
    // Temporary files are private by default; results are readable by everybody who can read the folder.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).cannot("be written", path)?;
    }
    file.persist(path).cannot("be written", path)?;
    Ok(())
}

/// A temporary folder in `parent`, which is created if needed; deleted when dropped.
///
/// # Errors
/// Names the parent.
pub fn temporary_folder(parent: &Path) -> Result<tempfile::TempDir> {
    std::fs::create_dir_all(parent).cannot("be written", parent)?;
    tempfile::Builder::new().prefix(&temporary_prefix()).tempdir_in(parent).cannot("be written", parent)
}

/// Makes the folder `to` of what `fill` writes into an empty one beside it, so that `to` is complete or not there. What a process that
/// was killed left beside it is removed first.
///
/// # Errors
/// `to` is a file, a link, a folder that is not empty or that this process works in (usage); the errors of `fill`; a folder that cannot
/// be written.
pub fn new_folder<T>(to: &Path, fill: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    let entries = std::fs::read_dir(to);
    if to.exists() && entries.map_or(true, |mut entries| entries.next().is_some()) {
        return Err(Error::usage(format!("{}: is there already; name a new folder", to.display())));
    }
    if let Ok(real) = to.canonicalize() {
        // Before anything is computed: it could not be put in its place.
        let works_here = std::env::current_dir().is_ok_and(|here| here == real);
        if works_here || to.is_symlink() || std::fs::remove_dir(to).is_err() {
            return Err(Error::usage(format!("{}: cannot be replaced; name a new folder", to.display())));
        }
    }
    let parent = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sweep_folder(parent);
    let temporary = temporary_folder(parent)?;
    #[cfg(unix)]
    std::fs::set_permissions(temporary.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .cannot("be made", to)?;
    let made = fill(temporary.path())?;
    std::fs::rename(temporary.path(), to).cannot("be made", to)?;
    let _ = temporary.keep();
    Ok(made)
}

/// Deletes a file or a folder atomically: moves it to a temporary name first, so that no reader sees half of it.
///
/// # Errors
/// Names the path. A path that does not exist is no error.
pub fn remove_aside(path: &Path) -> Result<()> {
    let aside = temporary_folder(path.parent().unwrap_or(Path::new(".")))?;
    match std::fs::rename(path, aside.path().join("old")) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        moved => moved.cannot("be removed", path),
    }
}

/// The owner of a temporary name; `None` for any other name, such as a person's `.tmp-mine`.
fn owner(name: &OsStr) -> Option<Owner> {
    let (tag, suffix) = name.to_str()?.strip_prefix(PREFIX)?.rsplit_once('-')?;
    let ours = !suffix.is_empty() && suffix.bytes().all(|b| b.is_ascii_alphanumeric());
    Owner::from_tag(tag).filter(|_| ours)
}

/// Whether a name is a temporary one, of any process.
pub fn is_temporary(name: &OsStr) -> bool {
    owner(name).is_some()
}

/// The temporary files and folders below `root` whose owner is dead, or whose owner is unknown and that are a day old.
/// Does not follow links.
pub fn left_over(root: &Path) -> Vec<PathBuf> {
    let is_temporary = |e: &walkdir::DirEntry| e.depth() > 0 && is_temporary(e.file_name());
    let mut entries = WalkDir::new(root).into_iter();
    let mut found = Vec::new();
    while let Some(entry) = entries.next() {
        let Ok(entry) = entry else { continue };
        if is_temporary(&entry) {
            // Its content is deleted with it.
            if entry.file_type().is_dir() {
                entries.skip_current_dir();
            }
            if is_left_over(entry.path()) {
                found.push(entry.into_path());
            }
        }
    }
    found
}

/// Deletes what [`left_over`] finds and returns how many were deleted. Ignores what cannot be deleted.
pub fn sweep(root: &Path) -> usize {
    remove(&left_over(root))
}

/// As [`sweep`], for the direct entries of `folder` only.
pub fn sweep_folder(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    remove(&entries.filter(|p| is_left_over(p)).collect::<Vec<_>>())
}

fn remove(left: &[PathBuf]) -> usize {
    let removed = |path: &PathBuf| match path.is_dir() && !path.is_symlink() {
        true => std::fs::remove_dir_all(path).is_ok(),
        false => std::fs::remove_file(path).is_ok(),
    };
    left.iter().filter(|path| removed(path)).count()
}

fn is_left_over(path: &Path) -> bool {
    let Some(owner) = path.file_name().and_then(owner) else { return false };
    match owner.is_dead() {
        Some(dead) => dead,
        None => std::fs::symlink_metadata(path)
            .and_then(|m| m.modified())
            .is_ok_and(|m| m.elapsed().is_ok_and(|age| age > FORGOTTEN)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::time::SystemTime;

    #[test]
    fn what_a_dead_process_left_is_swept_and_the_rest_stays() {
        let dir = tempfile::tempdir().unwrap();
        let me = Owner::me();
        let dead = Owner { started: me.started + 1, ..me.clone() };
        let name = |owner: &Owner| dir.path().join("a").join(format!("{PREFIX}{}-Xy1", owner.tag()));
        std::fs::create_dir_all(name(&dead).join("inner")).unwrap();
        std::fs::write(name(&dead).join("inner/file"), "half").unwrap();
        let foreign = Owner { realm: "000000000000".into(), ..me.clone() };
        for path in [name(me), name(&foreign), dir.path().join("result.csv"), dir.path().join(".tmp-old")] {
            std::fs::write(path, "x").unwrap();
        }
        // What bears no tag of ours is somebody else's, whatever its age.
        let old = SystemTime::now() - 3 * FORGOTTEN;
        let far = Owner { pid: 7, ..foreign.clone() };
        for path in [dir.path().join(".tmp-old"), dir.path().join(".tmp-1-2-3"), name(&far)] {
            std::fs::File::create(path).unwrap().set_modified(old).unwrap();
        }
        assert_eq!(left_over(dir.path()).iter().collect::<HashSet<_>>(), [&name(&dead), &name(&far)].into());
        std::fs::remove_file(name(&far)).unwrap();
        // A link that bears our name goes; what it leads to stays.
        std::os::unix::fs::symlink(dir.path().join("a"), dir.path().join(".tmp-old-link")).unwrap();
        assert_eq!(sweep(dir.path()), 1);
        assert!(name(me).is_file() && name(&foreign).is_file() && !name(&dead).exists());
    }

    #[test]
    fn a_new_folder_is_whole_or_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("a/new");
        let fill = |folder: &Path| write_atomic(&folder.join("x"), b"1");
        let failed = new_folder(&to, |folder| fill(folder).and(Err::<(), _>(Error::failed("no"))));
        assert!(failed.is_err() && !to.exists());
        std::fs::create_dir_all(&to).unwrap();
        new_folder(&to, fill).unwrap();
        assert_eq!(std::fs::read(to.join("x")).unwrap(), b"1");
        for there in [&to, &to.join("x")] {
            let error = new_folder(there, fill).unwrap_err();
            assert!(error.exit_code() == 2 && error.to_string().contains("is there already"), "{error}");
        }
        assert_eq!(std::fs::read_dir(dir.path().join("a")).unwrap().count(), 1);
        // Before anything is computed: what no folder can be put in the place of.
        let (empty, link) = (dir.path().join("empty"), dir.path().join("link"));
        std::fs::create_dir(&empty).unwrap();
        std::os::unix::fs::symlink(&empty, &link).unwrap();
        let error = new_folder(&link, |_| -> Result<()> { panic!("filled") }).unwrap_err();
        assert!(error.to_string().contains("link: cannot be replaced") && empty.is_dir(), "{error}");
    }

    #[test]
    fn a_file_is_whole_or_absent() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b.txt");
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        let e = write_atomic(&path.join("c"), b"").unwrap_err().to_string();
        assert!(e.contains("b.txt/c: cannot be written"), "{e}");
        assert_eq!(sweep(dir.path()), 0);
        remove_aside(&dir.path().join("a")).unwrap();
        remove_aside(&dir.path().join("a")).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left aside");
    }
}
