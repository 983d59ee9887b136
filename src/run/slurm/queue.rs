//! Runs the commands of Slurm and parses their answers.

use super::script::job_name;
use seraug_core::error::{Error, Result};
use seraug_core::run_files::RunDir;
use std::ffi::OsStr;
use std::io::Read;
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;

/// A cell of the run in Slurm's queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayTask {
    /// Row of plan.csv, from 1.
    pub row: usize,
    /// `JOB_INDEX`, as squeue, scancel and scontrol name it.
    pub job: String,
    /// Its state.
    pub state: TaskState,
}

/// The state of a task, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// Waiting to start, for the first time or after a requeue.
    Queued,
    /// Running or about to run.
    Running,
    /// Ending: a requeued task is queued afterwards, a cancelled one is gone.
    Ending,
}

/// The tasks of `run` that have not ended.
///
/// # Errors
/// squeue is missing or fails.
pub fn tasks(run: &RunDir) -> Result<Vec<ArrayTask>> {
    let name = format!("--name={}", job_name(run));
    // A path that is not UTF-8 was never submitted, so a lossy conversion will do.
    let script = run.path().join("slurm/array.sh").display().to_string();
    let answer = ask("squeue", SILENT, ["--noheader", "--array", &name, "--format=%F %K %t %o"])?;
    Ok(answer.lines().filter_map(|line| task(line, &script)).collect())
}

/// Parses `JOB INDEX STATE SCRIPT [BASE]`. The path of the script tells apart runs whose directories have the same name.
fn task(line: &str, script: &str) -> Option<ArrayTask> {
    let mut words = line.trim().splitn(4, ' ');
    let (job, index, state) = (words.next()?, words.next()?, words.next()?);
    let base = words.next()?.trim().strip_prefix(script)?.trim();
    let base: usize = if base.is_empty() { 0 } else { base.parse().ok()? };
    let state = match state {
        "PD" | "RQ" | "RF" | "RH" | "SE" | "RV" => TaskState::Queued,
        "CG" => TaskState::Ending,
        _ => TaskState::Running,
    };
    Some(ArrayTask { row: base.checked_add(index.parse().ok()?)?, job: format!("{job}_{index}"), state })
}

/// The largest index of a job array.
///
/// # Errors
/// scontrol is missing or fails; job arrays are disabled.
pub(super) fn largest_index() -> Result<usize> {
    let answer = ask("scontrol", SILENT, ["show", "config"])?;
    let line = answer.lines().find_map(|l| l.strip_prefix("MaxArraySize")?.trim().strip_prefix('='));
    let size: usize = line.and_then(|n| n.trim().parse().ok()).unwrap_or(1001);
    if size < 2 {
        return Err(Error::failed(format!(
            "this cluster has MaxArraySize = {size}: job arrays are disabled; ask its administrator, or use --launcher local"
        )));
    }
    Ok(size - 1)
}

/// How a job ended, such as `CANCELLED by 0` or `OUT_OF_MEMORY`; `None` where accounting does not say.
pub(super) fn end_of(job: &str) -> Option<String> {
    let format = ["--noheader", "--allocations", "--parsable2", "--format=State", "--jobs", job];
    let answer = ask("sacct", SILENT, format).ok()?;
    let state = answer.lines().next_back()?.trim().to_owned();
    (!state.is_empty()).then_some(state)
}

/// Requeues the job that this process runs in; Slurm then ends this process.
///
/// # Errors
/// This process is not in a job, or the cluster does not requeue it.
pub fn requeue_me() -> Result<()> {
    let variable = |name: &str| std::env::var(name).ok();
    let array = variable("SLURM_ARRAY_JOB_ID").zip(variable("SLURM_ARRAY_TASK_ID"));
    let job = array.map(|(job, index)| format!("{job}_{index}")).or_else(|| variable("SLURM_JOB_ID"));
    let job =
        job.ok_or_else(|| Error::failed("this process is not in a Slurm job and cannot be requeued"))?;
    ask("scontrol", "see scontrol show job", ["requeue", &job]).map(drop)
}

/// The next step where Slurm does not answer.
const SILENT: &str = "see `scontrol ping`, and run again";

/// How often the job of this process was started before.
pub fn restarts() -> usize {
    std::env::var("SLURM_RESTART_COUNT").ok().and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// Largest answer in bytes: a hundred for each of a million tasks.
const ANSWER: u64 = 100 << 20;

/// The output of `command`; a command that writes without end is killed.
fn bounded(mut command: Command) -> std::io::Result<Output> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (stdout, stderr) = (child.stdout.take().map(some_of), child.stderr.take().map(some_of));
    let join = |reader: Option<JoinHandle<_>>| reader.and_then(|r| r.join().ok()).unwrap_or(Ok(Vec::new()));
    let (stdout, stderr) = (join(stdout)?, join(stderr)?);
    if stdout.len() as u64 == ANSWER || stderr.len() as u64 == ANSWER {
        let _ = child.kill();
    }
    Ok(Output { status: child.wait()?, stdout, stderr })
}

/// Reads at most [`ANSWER`] bytes of a pipe in a thread of its own.
fn some_of(pipe: impl Read + Send + 'static) -> JoinHandle<std::io::Result<Vec<u8>>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.take(ANSWER).read_to_end(&mut bytes).map(|_| bytes)
    })
}

/// Runs a command of Slurm and returns its output. `next` is the next step where it fails.
///
/// # Errors
/// The command is missing, or it fails; one line with its own reason.
pub(super) fn ask<S: AsRef<OsStr>>(
    program: &str,
    next: &str,
    args: impl IntoIterator<Item = S>,
) -> Result<String> {
    let mut command = Command::new(program);
    command.args(args);
    // A user's own filters for squeue would hide jobs.
    for (name, _) in std::env::vars_os().filter(|(n, _)| n.to_string_lossy().starts_with("SQUEUE_")) {
        command.env_remove(name);
    }
    let output = bounded(command).map_err(|e| {
        Error::failed(match e.kind() {
            std::io::ErrorKind::NotFound => {
                format!(
                    "{program}: not found; run on a machine of the Slurm cluster, or with --launcher local"
                )
            }
            _ => format!("{program}: {e}"),
        })
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(Error::failed(format!("{program}: {}; {next}", reason(program, &stderr))))
}

/// The reason in the output of a command of Slurm: its last line says what failed, the one before it why.
fn reason(program: &str, stderr: &str) -> String {
    let prefix = format!("{program}: ");
    let message = |line: &str| {
        let line = line.trim();
        let line = line.strip_prefix(&prefix).unwrap_or(line);
        line.strip_prefix("error: ").or(line.strip_prefix("fatal: ")).unwrap_or(line).to_owned()
    };
    let lines: Vec<String> = stderr.lines().map(message).filter(|l| !l.is_empty()).collect();
    match &lines[..] {
        [] => "no answer".to_owned(),
        lines => lines[lines.len().saturating_sub(2)..].join("; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_squeue_is_a_row_of_this_run() {
        let read = |line: &str| task(line, "/a b/run/slurm/array.sh");
        let is = |row, job: &str, state| Some(ArrayTask { row, job: job.into(), state });
        assert_eq!(read("12 3 PD /a b/run/slurm/array.sh"), is(3, "12_3", TaskState::Queued));
        assert_eq!(read("12 3 R /a b/run/slurm/array.sh 2000"), is(2003, "12_3", TaskState::Running));
        assert_eq!(read("12 1 CG /a b/run/slurm/array.sh 0"), is(1, "12_1", TaskState::Ending));
        assert_eq!(read("12 3 R /a b/run2/slurm/array.sh 0"), None, "another run");
        assert_eq!(read("12 18446744073709551615 R /a b/run/slurm/array.sh 1"), None, "no row");
        assert_eq!(read("12 N/A R /a b/run/slurm/array.sh 0"), None, "no array");
        assert_eq!(read(""), None);
    }

    #[test]
    fn the_reason_is_one_line_without_the_programs_name() {
        let said = "sbatch: error: invalid partition specified: nope\n\
                    sbatch: error: Batch job submission failed: Invalid partition name specified\n";
        assert_eq!(
            reason("sbatch", said),
            "invalid partition specified: nope; Batch job submission failed: Invalid partition name specified"
        );
        assert_eq!(reason("squeue", "\n"), "no answer");
    }

    #[test]
    fn a_missing_cluster_is_reported_in_one_line() {
        let e = ask("no-such-sbatch", "", ["--version"]).unwrap_err().to_string();
        assert!(e.contains("no-such-sbatch: not found; run on a machine of the Slurm cluster"), "{e}");
        let e = ask("sh", "go on", ["-c", "echo 'sh: error: no' >&2; exit 3"]).unwrap_err();
        assert_eq!(e.to_string(), "sh: no; go on");
    }
}
