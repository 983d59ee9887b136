//! Finds the run that a command resumes: the newest of the same spec and the same data.

use crate::options::Resume;
use seraug_core::error::{Error, Result};
use seraug_core::files;
use seraug_core::names::folders::LATEST;
use seraug_core::run_files::{PlannedCell, RunDir, read_plan};
use std::path::{Path, PathBuf};

/// An earlier run to resume.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FoundRun {
    /// The run in this directory.
    Run(RunDir),
    /// None; the reason is given where it is not obvious.
    None(Option<String>),
}

/// The run below `results` to resume, given the resolved spec and the plan.
///
/// # Errors
/// A run that the command line names and that is of another spec or other data.
pub(super) fn find(
    resume: &Resume,
    results: &Path,
    experiment: &str,
    spec: &str,
    cells: &[PlannedCell],
) -> Result<FoundRun> {
    let same_spec = |run: &RunDir| files::text(&run.spec()).is_ok_and(|text| text == spec);
    let same_plan = |run: &RunDir| read_plan(&run.plan()).is_ok_and(|plan| plan == cells);
    match resume {
        Resume::New => Ok(FoundRun::None(None)),
        Resume::This(path) => {
            let run = RunDir::open(path)?;
            let what = match (same_spec(&run), same_plan(&run)) {
                (true, true) => return Ok(FoundRun::Run(run)),
                (false, _) => "has another spec: run its own spec.toml, or leave out --resume",
                (true, false) => {
                    "was planned with other recordings or another device: leave out --resume to start a new run"
                }
            };
            Err(Error::usage(format!("--resume {}: {what}", path.display())))
        }
        Resume::Newest => {
            let runs: Vec<RunDir> = runs(&results.join(experiment)).into_iter().filter(same_spec).collect();
            let Some(run) = runs.first() else { return Ok(FoundRun::None(None)) };
            if let Some(same) = runs.iter().find(|r| same_plan(r)) {
                return Ok(FoundRun::Run(same.clone()));
            }
            let other = "has the same spec but other recordings, another device or another version: starting a new run";
            Ok(FoundRun::None(Some(format!("{} {other}", run.path().display()))))
        }
    }
}

/// The runs of an experiment's folder, newest first.
pub fn runs(folder: &Path) -> Vec<RunDir> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut dirs: Vec<PathBuf> = entries
        .filter(|e| {
            let name = e.file_name();
            // A folder `latest` is a copy of one of the others.
            let own = !name.to_string_lossy().starts_with('.') && name != LATEST;
            own && e.file_type().is_ok_and(|t| t.is_dir())
        })
        .filter(|e| e.path().join("plan.csv").is_file())
        .map(|e| e.path())
        .collect();
    dirs.sort();
    dirs.into_iter().rev().map(RunDir::at).collect()
}
