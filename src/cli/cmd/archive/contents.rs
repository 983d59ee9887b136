//! The files of an archive.

use super::methods;
use super::research_object::{self, CHECKSUMS, METADATA, Publication};
use seraug_core::digest::digest_hex;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files;
use seraug_core::run_files::{RunDir, RunInfo};
use seraug_report::analysis::loaded_run::LoadedRun;
use seraug_report::analysis::public::Private;
use seraug_report::write;
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::Path;
use walkdir::WalkDir;
use zip::write::FileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Name in the archive to contents, sorted by name.
pub(super) struct ArchiveFiles(BTreeMap<String, Vec<u8>>);

/// Files of a run that are archived, beside those of its cells.
const OF_RUN: [&str; 5] = ["spec.toml", "outcomes.csv", "plan.csv", "split.csv", "attributes.csv"];
/// Files of a cell that are archived. Log-mels of recordings (gallery.npy) and logs stay behind.
const OF_CELL: [&str; 5] =
    ["predictions.csv", "history.csv", "outcome.toml", "diagnostics.csv", "embedding.csv"];

impl ArchiveFiles {
    /// All files of the archive of `run`.
    pub(super) fn of(run: &RunDir, publication: Publication) -> Result<ArchiveFiles> {
        let mut files = ArchiveFiles(BTreeMap::new());
        let staged = tempfile::tempdir().at(Path::new("the temporary folder"))?;
        let info = RunInfo::load(&run.info())?;
        let private = Private::of(run, &info);
        let place = format!("results/{}/{}", info.experiment, run.id());
        for name in OF_RUN {
            let path = run.path().join(name);
            if path.is_file() {
                files.put(&format!("{place}/{name}"), files::read(&path, files::DATA).at(&path)?);
            }
        }
        let public = toml::to_string(&private.info(&info)).map_err(|e| Error::at(run.info(), e))?;
        files.put(&format!("{place}/run.toml"), public.into_bytes());
        for entry in WalkDir::new(run.path().join("cells")).sort_by_file_name() {
            let entry = entry.map_err(|e| Error::at(run.path(), e))?;
            let wanted = entry.file_name().to_str().is_some_and(|name| OF_CELL.contains(&name));
            if !wanted || !entry.file_type().is_file() {
                continue;
            }
            let bytes = files::read(entry.path(), files::DATA).at(entry.path())?;
            let bytes = match entry.file_name() == "outcome.toml" {
                true => private.out_of(&String::from_utf8_lossy(&bytes)).into_bytes(),
                false => bytes,
            };
            let below = entry.path().strip_prefix(run.path()).unwrap_or(entry.path());
            files.put(&format!("{place}/{}", below.display()), bytes);
        }
        files.unpack(staged.path())?;
        files.report(staged.path(), &place)?;
        let loaded = LoadedRun::of(&RunDir::exactly(&staged.path().join(&place))?)?;
        files.put("methods.tex", methods::text(&loaded).into_bytes());
        files.put("references.bib", methods::bibliography(&loaded).into_bytes());
        let metadata = research_object::metadata(&loaded, &place, &files.listed(), publication);
        let metadata = serde_json::to_string_pretty(&metadata).map_err(Error::failed)?;
        files.put(METADATA, (metadata + "\n").into_bytes());
        let sums: String =
            files.0.iter().map(|(name, bytes)| format!("{}  {name}\n", digest_hex(bytes))).collect();
        files.put(CHECKSUMS, sums.into_bytes());
        Ok(files)
    }

    /// The report that is made from the run as it is archived.
    fn report(&mut self, staged: &Path, place: &str) -> Result<()> {
        let reports = staged.join("reports");
        let written = write::report_public(&RunDir::exactly(&staged.join(place))?, &reports)?;
        for path in &written.files {
            let below = path.strip_prefix(staged).unwrap_or(path).display().to_string();
            self.put(&below, files::read(path, files::DATA).at(path)?);
        }
        Ok(())
    }

    fn put(&mut self, name: &str, bytes: Vec<u8>) {
        self.0.insert(name.to_owned(), bytes);
    }

    /// Writes the files below `folder`.
    fn unpack(&self, folder: &Path) -> Result<()> {
        self.0.iter().try_for_each(|(name, bytes)| files::write_atomic(&folder.join(name), bytes))
    }

    /// Names, sizes in bytes and SHA-256.
    fn listed(&self) -> Vec<(String, usize, String)> {
        self.0.iter().map(|(name, bytes)| (name.clone(), bytes.len(), digest_hex(bytes))).collect()
    }

    /// Number of files.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The archive's bytes: the same for the same files, because no time is kept.
pub(super) fn zipped(files: &ArchiveFiles) -> Result<Vec<u8>> {
    let failed = |e: &dyn std::fmt::Display| Error::failed(format!("the archive: {e}"));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = FileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for (name, bytes) in &files.0 {
        zip.start_file(name.as_str(), options).map_err(|e| failed(&e))?;
        zip.write_all(bytes).map_err(|e| failed(&e))?;
    }
    Ok(zip.finish().map_err(|e| failed(&e))?.into_inner())
}
