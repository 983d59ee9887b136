//! An archive that somebody handed on, unpacked and held against its checksums.

use super::methods;
use super::research_object::{AUTHOR, CHECKSUMS, METADATA, WRITER, this_program};
use seraug_core::digest::digest_hex;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files;
use seraug_core::run_files::{RunDir, runs_below};
use seraug_report::analysis::loaded_run::LoadedRun;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Component, Path, PathBuf};
use tempfile::TempDir;
use zip::ZipArchive;

/// Most files of an archive, and most bytes of one of them: a small archive can unpack to anything.
const MOST_FILES: usize = 1_000_000;
const LARGEST: u64 = 1 << 30;
/// What a zip archive with something in it begins with.
const ZIP: &[u8] = b"PK\x03\x04";

/// An unpacked archive; its files go when it does.
pub(in crate::cmd) struct OpenedArchive {
    /// Where it came from.
    path: PathBuf,
    folder: TempDir,
    run: RunDir,
    /// SHA-256 of every file by its name.
    sums: BTreeMap<String, String>,
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
            return Err(changed(format!("{n} runs in it; an archive of `seraug archive` has one")));
        };
        Ok(OpenedArchive { path: path.to_owned(), run: run.clone(), folder, files: stated.len(), sums })
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
        self.entity(AUTHOR, "name")
    }

    /// The program that wrote the archive, where it says so: `seraug 0.2.0 (revision 0a1b2c3)`.
    pub(in crate::cmd) fn writer(&self) -> Option<String> {
        self.entity(WRITER, "softwareVersion").map(|version| format!("seraug {version}"))
    }

    /// Whether this very program wrote it, so that every text must be what it writes.
    pub(in crate::cmd) fn is_of_this_program(&self) -> bool {
        self.entity(WRITER, "softwareVersion").is_some_and(|version| version == this_program())
    }

    /// A text of an entity of its description.
    fn entity(&self, id: &str, field: &str) -> Option<String> {
        let metadata = self.metadata().ok()?;
        let entity = metadata["@graph"].as_array()?.iter().find(|e| e["@id"] == id)?;
        entity[field].as_str().map(str::to_owned)
    }

    fn metadata(&self) -> Result<Value> {
        let broken = |e: &dyn std::fmt::Display| Error::contradiction(format!("{METADATA}: {e}"));
        let text = files::text(&self.folder.path().join(METADATA)).map_err(|e| broken(&e))?;
        serde_json::from_str(&text).map_err(|e| broken(&e))
    }

    /// Holds the files against those that the description of the archive lists, and their digests there.
    ///
    /// # Errors
    /// [`Error::Contradiction`] for a file that is not listed, or is not there, or is another.
    pub(in crate::cmd) fn check_metadata(&self) -> Result<()> {
        let wrong = |what: String| Error::contradiction(format!("{METADATA}: {what}"));
        let metadata = self.metadata()?;
        let graph = metadata["@graph"].as_array().map_or(&[][..], Vec::as_slice);
        let of = |id: &str| graph.iter().find(|e| e["@id"] == id);
        let parts = of("./").and_then(|root| root["hasPart"].as_array()).map_or(&[][..], Vec::as_slice);
        let listed: BTreeSet<&str> = parts.iter().filter_map(|part| part["@id"].as_str()).collect();
        if let Some(name) = listed.iter().find(|name| !self.sums.contains_key(**name)) {
            return Err(wrong(format!("lists {name}, which is missing")));
        }
        for (name, sum) in self.sums.iter().filter(|(name, _)| *name != METADATA) {
            if !listed.contains(name.as_str()) {
                return Err(wrong(format!("does not list {name}: it was added")));
            }
            let stated = of(name).and_then(|file| file["sha256"].as_str());
            if name != CHECKSUMS && stated != Some(sum.as_str()) {
                return Err(wrong(format!("states another SHA-256 of {name}: it was changed")));
            }
        }
        Ok(())
    }

    /// methods.tex and references.bib, made from the run.
    pub(in crate::cmd) fn prose(&self, run: &LoadedRun) -> [(&'static str, String); 2] {
        [("methods.tex", methods::text(run)), ("references.bib", methods::bibliography(run))]
    }

    /// An error about its files as what it is for a reader: the archive contradicts itself. It names no temporary folder.
    pub(in crate::cmd) fn contradicts(&self, error: &Error) -> Error {
        if let Error::Interrupted(_) = error {
            return error.clone();
        }
        let folder = format!("{}/", self.folder.path().display());
        Error::contradiction(format!("{}: {}", self.path.display(), error.to_string().replace(&folder, "")))
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
    let broken = |what: &dyn std::fmt::Display| {
        Error::contradiction(format!("{}: {what}: it was cut or changed", path.display()))
    };
    let mut file = File::open(path).map_err(|e| failed(&e))?;
    let mut begin = [0; 4];
    let is_zip = file.read_exact(&mut begin).is_ok() && begin.starts_with(ZIP);
    file.rewind().map_err(|e| failed(&e))?;
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|e| match is_zip {
        true => broken(&e),
        false => failed(&format!("not a zip archive: {e}")),
    })?;
    if zip.len() > MOST_FILES {
        return Err(failed(&format!("{} files: more than {MOST_FILES}", zip.len())));
    }
    let mut sums = BTreeMap::new();
    for i in 0..zip.len() {
        let entry = zip.by_index(i).map_err(|e| broken(&e))?;
        if entry.is_dir() {
            continue;
        }
        let name = entry.name().to_owned();
        let below = Path::new(&name).components().all(|c| matches!(c, Component::Normal(_)));
        if !below || name.contains('\\') {
            return Err(failed(&format!("{name:?} leads out of the archive")));
        }
        let mut bytes = Vec::new();
        entry.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|e| broken(&format!("{name}: {e}")))?;
        if bytes.len() as u64 > LARGEST {
            return Err(failed(&format!("{name}: larger than {LARGEST} bytes")));
        }
        files::write_atomic(&folder.join(&name), &bytes).map_err(|e| {
            failed(&format!("{name}: {}", e.to_string().replace(&format!("{}/", folder.display()), "")))
        })?;
        if sums.insert(name.clone(), digest_hex(&bytes)).is_some() {
            return Err(broken(&format!("{name} is in it twice")));
        }
    }
    Ok(sums)
}

/// The checksums that the archive states, by name.
fn stated(path: &Path, folder: &Path) -> Result<BTreeMap<String, String>> {
    let text = files::text(&folder.join(CHECKSUMS)).map_err(|_| match folder.join(METADATA).is_file() {
        true => Error::contradiction(format!("{}: {CHECKSUMS} is missing", path.display())),
        false => Error::at(path, format!("has no {CHECKSUMS}; give an archive that `seraug archive` wrote")),
    })?;
    text.lines()
        .map(|line| {
            let found = line.split_once("  ").filter(|(sum, _)| sum.len() == 64);
            found.map(|(sum, name)| (name.to_owned(), sum.to_owned()))
        })
        .collect::<Option<BTreeMap<String, String>>>()
        .ok_or_else(|| {
            let what = "is not a list of SHA-256 and names: it was changed";
            Error::contradiction(format!("{}: {CHECKSUMS} {what}", path.display()))
        })
}
