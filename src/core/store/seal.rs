//! Sealed folders: a seal.toml with the digest of every file, so that a torn or changed folder counts as absent.

use crate::digest::hex;
use crate::error::{AtPath, Result};
use crate::files::{self, atomic, write_atomic};
use indexmap::IndexMap;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The file that marks a folder as complete: maps file names to SHA-256.
pub const SEAL: &str = "seal.toml";

/// Lets `fill` write files into a new folder, seals it and moves it to `dir` atomically, replacing what is there.
///
/// # Errors
/// The errors of `fill`; a folder that cannot be written.
pub fn write_sealed(dir: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let temporary = atomic::temporary_folder(dir.parent().unwrap_or(Path::new(".")))?;
    fill(temporary.path())?;
    let mut files = IndexMap::new();
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(temporary.path()).cannot("be written", dir)?.flatten().map(|e| e.path()).collect();
    paths.sort();
    for path in paths {
        std::fs::File::open(&path).and_then(|f| f.sync_all()).cannot("be written", dir)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.insert(name, digest_of_file(&path).cannot("be written", dir)?);
    }
    let seal = toml::to_string(&files).expect("names and digests");
    write_atomic(&temporary.path().join(SEAL), seal.as_bytes())?;
    // An existing folder is torn, or another process was faster with the same result. Moved away rather than deleted,
    // because readers could see a deletion half done.
    if dir.exists() {
        let old = atomic::temporary_folder(dir.parent().unwrap_or(Path::new(".")))?;
        match std::fs::rename(dir, old.path().join("old")) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            moved => moved.cannot("be written", dir)?,
        }
    }
    match std::fs::rename(temporary.path(), dir) {
        // Another process has just put a complete folder there.
        Err(_) if is_whole(dir) => Ok(()),
        moved => {
            moved.cannot("be written", dir)?;
            let _ = temporary.keep();
            Ok(())
        }
    }
}

/// Whether the folder has a seal, without reading its files.
pub fn is_sealed(dir: &Path) -> bool {
    dir.join(SEAL).is_file()
}

/// Whether every file matches the seal.
pub fn is_whole(dir: &Path) -> bool {
    broken(dir).is_none()
}

/// What is wrong with a sealed folder; `None` if it is intact.
pub fn broken(dir: &Path) -> Option<String> {
    let read = files::text(&dir.join(SEAL)).ok();
    let Some(files) = read.and_then(|text| toml::from_str::<IndexMap<String, String>>(&text).ok()) else {
        return Some(format!("has no {SEAL}: it was not finished"));
    };
    if files.is_empty() {
        return Some(format!("{SEAL} lists no file"));
    }
    // A seal covers files directly in its folder and nothing elsewhere.
    let inside = |name: &str| Path::new(name).file_name().is_some_and(|n| n == name);
    if let Some(name) = files.keys().find(|name| !inside(name)) {
        return Some(format!("{SEAL} names `{name}`, which is no file of this folder"));
    }
    files.iter().find_map(|(name, digest)| match digest_of_file(&dir.join(name)) {
        Err(e) => Some(format!("{name}: {e}")),
        Ok(found) if found != *digest => Some(format!("{name} was changed since it was written")),
        Ok(_) => None,
    })
}

/// SHA-256 of a file, read in parts, as lower-case hex.
fn digest_of_file(path: &Path) -> std::io::Result<String> {
    let mut file = files::open(path)?;
    let mut hasher = Sha256::new();
    let mut part = vec![0; 1 << 20];
    loop {
        match file.read(&mut part)? {
            0 => return Ok(hex(&hasher.finalize())),
            n => hasher.update(&part[..n]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn a_file_of_several_parts_has_one_digest() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let long = vec![7u8; (1 << 20) + 3];
        std::fs::write(file.path(), &long).unwrap();
        assert_eq!(digest_of_file(file.path()).unwrap(), crate::digest::digest_hex(&long));
    }

    #[test]
    fn only_whole_folders_count_and_a_second_writer_replaces_the_first() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("entry");
        let fill = |text: &'static str| move |d: &Path| write_atomic(&d.join("a.txt"), text.as_bytes());
        assert!(broken(&dir).unwrap().contains("not finished"));
        write_sealed(&dir, fill("one")).unwrap();
        assert!(is_whole(&dir) && is_sealed(&dir));
        std::fs::write(dir.join("a.txt"), "two").unwrap();
        assert_eq!(broken(&dir).unwrap(), "a.txt was changed since it was written");
        write_sealed(&dir, fill("three")).unwrap();
        assert_eq!(std::fs::read(dir.join("a.txt")).unwrap(), b"three");
        for name in ["../a.txt", "/etc/passwd", "..", "", ".", "x/a.txt", "a.txt/", "a.txt/."] {
            let seal =
                toml::to_string(&IndexMap::from([(name, digest_of_file(&dir.join("a.txt")).unwrap())]));
            std::fs::write(dir.join(SEAL), seal.unwrap()).unwrap();
            let why = broken(&dir).unwrap();
            assert!(why.contains("which is no file of this folder"), "{name}: {why}");
        }
        write_sealed(&dir, fill("three")).unwrap();
        assert!(write_sealed(&dir, |_| Err(Error::failed("no"))).is_err() && is_whole(&dir));
        let left: Vec<_> = std::fs::read_dir(root.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "no temporary folder stays: {left:?}");
    }
}
