//! An archive that somebody handed on, unpacked and held against its checksums.

use super::research_object::{AUTHOR, CHECKSUMS, METADATA};
use seraug_core::digest::digest_hex;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files;
use seraug_core::run_files::{RunDir, runs_below};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Component, Path, PathBuf};
use tempfile::TempDir;
use zip::ZipArchive;

/// Most files of an archive, and most bytes of one of them: a small archive can unpack to anything.
const MOST_FILES: usize = 1_000_000;
const LARGEST: u64 = 1 << 30;

/// An unpacked archive; its files go when it does.
pub(in crate::cmd) struct OpenedArchive {
    /// Where it came from.
    path: PathBuf,
    folder: TempDir,
    run: RunDir,
    files: usize,
}

impl OpenedArchive {
    /// Unpacks the archive at `path` into a temporary folder and compares every file with its checksum.
    ///
    /// # Errors
    /// A file that is no archive of a run; [`Error::Contradiction`] for a file that was changed, added or taken out.
    pub(in crate::cmd) fn open(path: &Path) -> Result<OpenedArchive> {
        let folder = tempfile::tempdir().at(Path::new("the temporary folder"))?;
        let sums = unpack(path, folder.path())?;
        let stated = stated(path, folder.path())?;
        let changed = |what: String| Error::contradiction(format!("{}: {what}", path.display()));
        for (name, sum) in &stated {
            match sums.get(name) {
                None => return Err(changed(format!("{name} is missing"))),
                Some(found) if found != sum => {
                    let why = format!(
                        "{name} is not what {CHECKSUMS} says: SHA-256 {found}, but {sum}: it was changed"
                    );
                    return Err(changed(why));
                }
                Some(_) => {}
            }
        }
        if let Some(other) =
            sums.keys().find(|name| !stated.contains_key(*name) && name.as_str() != CHECKSUMS)
        {
            return Err(changed(format!("{other} is not in {CHECKSUMS}: it was added")));
        }
        let runs = runs_below(&folder.path().join("results"));
        let [run] = runs.as_slice() else {
            let n = runs.len();
            return Err(Error::at(path, format!("{n} runs in it; an archive of `seraug archive` has one")));
        };
        Ok(OpenedArchive { path: path.to_owned(), run: run.clone(), folder, files: stated.len() })
    }

    /// The archive's path.
    pub(in crate::cmd) fn path(&self) -> &Path {
        &self.path
    }

    /// Its run.
    pub(in crate::cmd) fn run(&self) -> &RunDir {
        &self.run
    }

    /// The folder that it is unpacked in.
    pub(in crate::cmd) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Who made the run, as the archive names them.
    pub(in crate::cmd) fn author(&self) -> Option<String> {
        let text = files::text(&self.folder.path().join(METADATA)).ok()?;
        let metadata: Value = serde_json::from_str(&text).ok()?;
        let author = metadata["@graph"].as_array()?.iter().find(|e| e["@id"] == AUTHOR)?;
        author["name"].as_str().map(str::to_owned)
    }

    /// Files that were held against their checksums.
    pub(in crate::cmd) fn files(&self) -> usize {
        self.files
    }
}

/// Unpacks every file and returns its SHA-256.
fn unpack(path: &Path, folder: &Path) -> Result<BTreeMap<String, String>> {
    let failed = |e: &dyn std::fmt::Display| {
        Error::at(path, format!("{e}; give an archive that `seraug archive` wrote"))
    };
    let file = File::open(path).map_err(|e| failed(&e))?;
    let mut zip =
        ZipArchive::new(BufReader::new(file)).map_err(|e| failed(&format!("not a zip archive: {e}")))?;
    if zip.len() > MOST_FILES {
        return Err(failed(&format!("{} files: more than {MOST_FILES}", zip.len())));
    }
    let mut sums = BTreeMap::new();
    for i in 0..zip.len() {
        let entry = zip.by_index(i).map_err(|e| failed(&e))?;
        if entry.is_dir() {
            continue;
        }
        let name = entry.name().to_owned();
        let below = Path::new(&name).components().all(|c| matches!(c, Component::Normal(_)));
        if !below || name.contains('\\') {
            return Err(failed(&format!("{name:?} leads out of the archive")));
        }
        let mut bytes = Vec::new();
        entry.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|e| failed(&format!("{name}: {e}")))?;
        if bytes.len() as u64 > LARGEST {
            return Err(failed(&format!("{name}: larger than {LARGEST} bytes")));
        }
        files::write_atomic(&folder.join(&name), &bytes)?;
        if sums.insert(name.clone(), digest_hex(&bytes)).is_some() {
            return Err(failed(&format!("{name} is in it twice")));
        }
    }
    Ok(sums)
}

/// The checksums that the archive states, by name.
fn stated(path: &Path, folder: &Path) -> Result<BTreeMap<String, String>> {
    let text = files::text(&folder.join(CHECKSUMS)).map_err(|_| {
        Error::at(path, format!("has no {CHECKSUMS}; give an archive that `seraug archive` wrote"))
    })?;
    text.lines()
        .map(|line| {
            let found = line.split_once("  ").filter(|(sum, _)| sum.len() == 64);
            found.map(|(sum, name)| (name.to_owned(), sum.to_owned()))
        })
        .collect::<Option<BTreeMap<String, String>>>()
        .ok_or_else(|| Error::at(path, format!("{CHECKSUMS} is not a list of SHA-256 and names")))
}
