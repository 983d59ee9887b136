//! The run directory results/<experiment>/<run-id>/: created once, never overwritten.

use super::CellId;
use super::latest::{LATEST, latest_run, point_latest};
use crate::error::{AtPath, Error, Result};
use crate::files::atomic::temporary_folder;
use crate::store::Store;
use crate::store::lease::{self, Claim, Holder, LeaseObserver, StageTask};
use std::path::{Path, PathBuf};

/// The directory of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir(PathBuf);

impl RunDir {
    /// Creates `results/<experiment>/<run-id>` atomically with what `fill` writes into it, and points `latest` at it. The id is
    /// the UTC time and the code revision; a second run in the same second gets a number.
    ///
    /// # Errors
    /// The errors of `fill`; a folder that cannot be written.
    pub fn create(
        results: &Path,
        experiment: &str,
        stamp: &str,
        revision: &str,
        fill: impl FnOnce(&RunDir) -> Result<()>,
    ) -> Result<RunDir> {
        let parent = results.join(experiment);
        let temporary = temporary_folder(&parent)?;
        #[cfg(unix)]
        std::fs::set_permissions(temporary.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .cannot("be made", &parent)?;
        fill(&RunDir(temporary.path().to_owned()))?;
        let revision = revision.trim_end_matches("+dirty");
        for attempt in 1.. {
            let id = match attempt {
                1 => format!("{stamp}-{revision}"),
                n => format!("{stamp}-{revision}-{n}"),
            };
            let path = parent.join(&id);
            // A rename never replaces a folder that has files.
            match std::fs::rename(temporary.path(), &path) {
                Ok(()) => {
                    let _ = temporary.keep();
                    // A link that cannot be made is reported by a later `point_latest`.
                    let _ = point_latest(&parent, &id);
                    return Ok(RunDir(path));
                }
                Err(_) if path.exists() => {}
                failed => failed.cannot("be made", &path)?,
            }
        }
        unreachable!("some number is free")
    }

    /// The run directory at `path`, without checking that it exists.
    pub fn at(path: PathBuf) -> RunDir {
        RunDir(path)
    }

    /// An existing run by the path that a person gave; `latest` is the run that it points at, or else the newest run beside it.
    ///
    /// # Errors
    /// No run is there.
    pub fn open(path: &Path) -> Result<RunDir> {
        RunDir::named(path).map(|named| named.0)
    }

    /// As [`RunDir::open`], with a line for the user if `latest` was named but is no link to a run.
    ///
    /// # Errors
    /// As [`RunDir::open`].
    pub fn named(path: &Path) -> Result<(RunDir, Option<String>)> {
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match latest_run(parent).filter(|_| path.file_name().is_some_and(|n| n == LATEST)) {
            Some((run, note)) => Ok((RunDir::exactly(&run)?, note)),
            None => Ok((RunDir::exactly(path)?, None)),
        }
    }

    /// The run in exactly this folder, also if it is called `latest`; resolves links.
    ///
    /// # Errors
    /// No run is there.
    pub fn exactly(path: &Path) -> Result<RunDir> {
        let no_run = |why: &dyn std::fmt::Display| {
            Error::at(path, format!("{why}; give a run directory such as results/quickstart/latest"))
        };
        let real = std::fs::canonicalize(path).map_err(|e| no_run(&e))?;
        if !real.join("run.toml").is_file() {
            return Err(no_run(&"has no run.toml"));
        }
        Ok(RunDir(real))
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Its last component.
    pub fn id(&self) -> String {
        self.0.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// spec.toml, fully resolved.
    pub fn spec(&self) -> PathBuf {
        self.0.join("spec.toml")
    }

    /// run.toml.
    pub fn info(&self) -> PathBuf {
        self.0.join("run.toml")
    }

    /// outcomes.csv.
    pub fn outcomes(&self) -> PathBuf {
        self.0.join("outcomes.csv")
    }

    /// plan.csv: every cell.
    pub fn plan(&self) -> PathBuf {
        self.0.join("plan.csv")
    }

    /// split.csv: every fold.
    pub fn splits(&self) -> PathBuf {
        self.0.join("split.csv")
    }

    /// attributes.csv: gender, language and text of every utterance; runs of earlier versions have none.
    pub fn attributes(&self) -> PathBuf {
        self.0.join("attributes.csv")
    }

    /// counts.csv, of a table of counts.
    pub fn counts(&self) -> PathBuf {
        self.0.join("counts.csv")
    }

    /// Points `latest` at this run; returns a line that says why if it could not.
    #[must_use]
    pub fn point_latest(&self) -> Option<String> {
        point_latest(self.0.parent().unwrap_or(Path::new(".")), &self.id())
    }

    /// `EXPERIMENT/RUN-ID`, as leases name the run.
    pub fn name(&self, experiment: &str) -> String {
        format!("{experiment}/{}", self.id())
    }

    /// Claims the right to be the only process that supervises this run.
    ///
    /// # Errors
    /// A directory that cannot be written.
    pub fn claim(&self, task: &StageTask, observer: &mut LeaseObserver) -> Result<Claim> {
        lease::claim(&self.supervisor(), task, observer)
    }

    /// The current supervisor.
    pub fn supervisor_is(&self) -> Option<Holder> {
        lease::holder(&self.supervisor())
    }

    /// supervisor.json: the lease of the supervisor.
    pub fn supervisor(&self) -> PathBuf {
        self.0.join("supervisor.json")
    }

    /// The results folder of the run: `results` in `results/<experiment>/<run-id>`. For a directory that was moved elsewhere, the
    /// nearest folder above it that has a store, or its parent.
    pub fn results(&self, experiment: &str) -> PathBuf {
        let place = self.0.parent().unwrap_or(&self.0);
        let depth = Path::new(experiment).components().count();
        if place.ends_with(experiment)
            && let Some(results) = place.ancestors().nth(depth)
        {
            return results.to_owned();
        }
        let with_store = place.ancestors().find(|p| Store::of(p).root().is_dir());
        with_store.unwrap_or(place).to_owned()
    }

    /// A file of a cell.
    pub fn cell_file(&self, cell: &CellId, name: &str) -> PathBuf {
        self.0.join(cell.dir()).join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let fill = |run: &RunDir| crate::files::write_atomic(&run.spec(), b"");
        let make = || RunDir::create(dir.path(), "open/x", "20260102T030405Z", "abc+dirty", fill).unwrap();
        let (a, b) = (make(), make());
        assert_eq!((a.id().as_str(), b.id().as_str()), ("20260102T030405Z-abc", "20260102T030405Z-abc-2"));
        let latest = dir.path().join("open/x/latest");
        assert!(RunDir::open(&latest).unwrap_err().to_string().contains("has no run.toml"));
        std::fs::write(b.info(), "").unwrap();
        assert_eq!(RunDir::open(&latest).unwrap().id(), b.id());
    }

    #[test]
    fn a_run_knows_its_results_also_where_it_was_moved() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(RunDir(dir.path().join("open/x/a")).results("open/x"), dir.path());
        let moved = RunDir(dir.path().join("mail/a"));
        assert_eq!(moved.results("open/x"), dir.path().join("mail"));
        std::fs::create_dir_all(dir.path().join(".store")).unwrap();
        assert_eq!(moved.results("open/x"), dir.path());
    }
}
