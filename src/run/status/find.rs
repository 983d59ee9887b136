//! Finds the run that a command line names.

use crate::plan::experiment_name;
use seraug_core::error::{Error, Result};
use seraug_core::names::folders::LATEST;
use seraug_core::run_files::RunDir;
use std::path::Path;

/// The run that `named` refers to: a run directory, `latest`, a folder with a `latest`, or an experiment, by its name or its
/// file, whose newest run below `results` is taken.
///
/// # Errors
/// There is no such run.
pub fn find(named: &Path, results: &Path) -> Result<RunDir> {
    let experiment = if named.extension().is_some_and(|e| e == "toml") {
        results.join(experiment_name(named)?)
    } else {
        results.join(named)
    };
    for place in [named, &experiment] {
        for run in [place, &place.join(LATEST)] {
            // The directory itself, or what `latest` stands for: the target of a link, or the newest run.
            if run.join("run.toml").is_file() || run.file_name().is_some_and(|n| n == LATEST) {
                match RunDir::open(run) {
                    Ok(run) => return Ok(run),
                    Err(_) => continue,
                }
            }
        }
    }
    Err(Error::failed(format!(
        "{}: no run found there or below {}; give a run directory such as results/quickstart/latest, or --results DIR",
        named.display(),
        experiment.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::files::write_atomic;

    #[test]
    fn a_run_is_found_by_path_folder_name_and_file() {
        let dir = tempfile::tempdir().unwrap();
        let results = dir.path().join("results");
        for experiment in ["open/x", "quick"] {
            let fill = |run: &RunDir| write_atomic(&run.info(), b"");
            RunDir::create(&results, experiment, "a", "1", fill).unwrap();
        }
        let found =
            |named: &Path| find(named, &results).map(|r| r.path().strip_prefix(&results).unwrap().to_owned());
        for named in [results.join("open/x/a-1"), results.join("open/x/latest"), results.join("open/x")] {
            assert_eq!(found(&named).unwrap(), Path::new("open/x/a-1"));
        }
        for named in ["open/x", "open/x/a-1", "experiments/open/x.toml"] {
            assert_eq!(found(Path::new(named)).unwrap(), Path::new("open/x/a-1"), "{named}");
        }
        assert_eq!(found(Path::new("quick")).unwrap(), Path::new("quick/a-1"));
        let e = found(Path::new("open")).unwrap_err().to_string();
        assert!(e.contains("open: no run found there") && e.contains("--results DIR"), "{e}");
    }
}
