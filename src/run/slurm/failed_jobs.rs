//! Jobs that ended without a result: killed, out of memory, cancelled or never started.

use super::{jobs, queue};
use seraug_core::error::Result;
use seraug_core::files;
use seraug_core::run_files::{CellId, RunDir, RunState};
use std::collections::{HashMap, HashSet};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// A cell without an outcome whose job has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedJob {
    /// The cell.
    pub cell: CellId,
    /// Its last job, `JOB_INDEX`.
    pub job: String,
    /// How the job ended according to accounting, and the last line of its output; on one line.
    pub reason: String,
}

/// The submitted cells of the run that have no outcome and are in no job.
///
/// # Errors
/// Slurm does not answer; an unreadable file of the run.
pub fn failed_jobs(run: &RunDir) -> Result<Vec<FailedJob>> {
    // For a row that was submitted again, its last job counts.
    let submitted: HashMap<usize, String> = jobs::read(run)?.iter().flat_map(jobs::SlurmJob::tasks).collect();
    if submitted.is_empty() {
        return Ok(Vec::new());
    }
    let held: HashSet<usize> = queue::tasks(run)?.iter().map(|task| task.row).collect();
    let state = RunState::read(run)?;
    let open =
        state.cells.iter().zip(1..).filter(|((_, record), row)| record.is_none() && !held.contains(row));
    let mut failed = Vec::new();
    for ((planned, _), row) in open {
        let Some(job) = submitted.get(&row).cloned() else { continue };
        let output = run.path().join(format!("slurm/{job}.out"));
        let output = last_line(&output).map(|line| format!("slurm/{job}.out ends with: {line}"));
        let parts = [queue::end_of(&job), output.or_else(|| Some(format!("slurm/{job}.out is missing")))];
        let reason = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
        failed.push(FailedJob { cell: planned.cell.clone(), job, reason });
    }
    Ok(failed)
}

/// The last line that is not blank; only the end of a long file is read.
fn last_line(path: &Path) -> Option<String> {
    let mut file = files::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(4096))).ok()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    text.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_an_output_is_its_last_line_with_text() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1_1.out");
        assert_eq!(last_line(&path), None);
        std::fs::write(
            &path,
            format!("{}\nslurmstepd: error: *** JOB 1 CANCELLED ***\n\n", "x".repeat(9999)),
        )
        .unwrap();
        assert_eq!(last_line(&path).unwrap(), "slurmstepd: error: *** JOB 1 CANCELLED ***");
    }
}
