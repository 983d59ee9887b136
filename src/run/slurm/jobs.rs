//! RUN/slurm/jobs.toml: the submitted job arrays of a run.

use super::array_ranges;
use seraug_core::error::{Error, Result};
use seraug_core::files::{self, write_atomic};
use seraug_core::run_files::RunDir;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A job array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlurmJob {
    /// The job id.
    pub id: u64,
    /// UTC time of the submission.
    pub submitted: String,
    /// The number to add to an array index to get a row of plan.csv.
    pub base: usize,
    /// Rows of plan.csv, such as `1-3,7`.
    pub rows: String,
    /// Options of sbatch that the spec requested.
    pub options: Vec<String>,
}

impl SlurmJob {
    /// The rows with their tasks, `JOB_INDEX`.
    pub fn tasks(&self) -> impl Iterator<Item = (usize, String)> + '_ {
        let task = |row: usize| (row, format!("{}_{}", self.id, row.saturating_sub(self.base)));
        array_ranges::numbers(&self.rows).into_iter().flatten().map(task)
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Jobs {
    #[serde(default)]
    job: Vec<SlurmJob>,
}

/// The arrays in the order of their submission; none where nothing was submitted.
///
/// # Errors
/// A file that is not a jobs.toml.
pub fn read(run: &RunDir) -> Result<Vec<SlurmJob>> {
    let path = path(run);
    let bad = |e: &dyn std::fmt::Display| {
        Error::failed(format!(
            "{}: {e}; delete it; squeue lists the jobs that have not ended",
            path.display()
        ))
    };
    match files::text(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(bad(&e)),
        Ok(text) => {
            let jobs = toml::from_str::<Jobs>(&text).map_err(|e| bad(&e.message()))?.job;
            match jobs.iter().find(|job| array_ranges::numbers(&job.rows).is_none()) {
                Some(job) => {
                    Err(bad(&format!("job {}: rows = {:?} are no rows of plan.csv", job.id, job.rows)))
                }
                None => Ok(jobs),
            }
        }
    }
}

/// Adds an array to the file.
///
/// # Errors
/// A file that cannot be read or written.
pub(super) fn add(run: &RunDir, job: &SlurmJob) -> Result<()> {
    let mut job_list = read(run)?;
    job_list.push(job.clone());
    let text = toml::to_string(&Jobs { job: job_list }).expect("plain values");
    write_atomic(&path(run), text.as_bytes())
}

fn path(run: &RunDir) -> PathBuf {
    run.path().join("slurm/jobs.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_added_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let run =
            RunDir::create(dir.path(), "x", "20260102T030405Z", "abc", |run| write_atomic(&run.spec(), b""))
                .unwrap();
        assert_eq!(read(&run).unwrap(), []);
        let job = |id, base, rows: &str| SlurmJob {
            id,
            submitted: "2026-01-02T03:04:05Z".into(),
            base,
            rows: rows.into(),
            options: vec!["--partition=low".into()],
        };
        let jobs = [job(12, 0, "1-3,7"), job(13, 1000, "1001")];
        jobs.iter().for_each(|j| add(&run, j).unwrap());
        assert_eq!(read(&run).unwrap(), jobs);
        let tasks: Vec<_> = jobs.iter().flat_map(SlurmJob::tasks).collect();
        assert_eq!(tasks.len(), 5);
        assert_eq!(tasks[3..], [(7, "12_7".into()), (1001, "13_1".into())]);
        std::fs::write(run.path().join("slurm/jobs.toml"), "[[job]]\nid = 'x'\n").unwrap();
        let e = read(&run).unwrap_err().to_string();
        assert!(e.contains("slurm/jobs.toml") && e.contains("delete it"), "{e}");
        // Not the memory of all those rows, and not silently none.
        let endless =
            "[[job]]\nid = 1\nsubmitted = ''\nbase = 0\nrows = '1-18446744073709551615'\noptions = []\n";
        std::fs::write(run.path().join("slurm/jobs.toml"), endless).unwrap();
        let e = read(&run).unwrap_err().to_string();
        assert!(e.contains("job 1: rows = \"1-18446744073709551615\" are no rows of plan.csv"), "{e}");
    }
}
