//! Runs cells as tasks of Slurm job arrays: writes the script, submits it and follows the tasks, all through Slurm's commands.
//!
//! A task runs the worker on one row of plan.csv. The result of a cell is in its outcome.toml, as in a local run; Slurm is
//! asked only for tasks that have not ended, so that nothing is submitted twice.

mod array_ranges;
mod failed_jobs;
mod jobs;
mod queue;
mod script;

pub use failed_jobs::{FailedJob, failed_jobs};
pub use jobs::{SlurmJob, read as jobs};
pub use queue::{ArrayTask, TaskState, requeue_me, restarts, tasks};
pub use script::{WorkerCommand, job_name};

use seraug_core::device::DeviceChoice;
use seraug_core::error::{Error, Result};
use seraug_core::files::write_atomic;
use seraug_core::interrupt;
use seraug_core::run_files::{CellRecord, OutcomeStatus, RunDir, RunState};
use seraug_core::spec::Slurm;
use seraug_core::text::utc_now;
use std::collections::HashSet;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long to wait for a job that is ending before its cell counts as queued: Slurm itself waits 30 s between SIGTERM and
/// SIGKILL.
const SETTLE: Duration = Duration::from_secs(60);
/// Time between two looks at the queue: while something happens, and at most.
const POLL: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(30)];
/// How long the controller may be unreachable: longer than it takes to restart.
const AWAY: Duration = Duration::from_secs(600);

/// The result of a submission.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Submitted {
    /// The new job arrays.
    pub jobs: Vec<SlurmJob>,
    /// The rows of plan.csv that they contain.
    pub rows: Vec<usize>,
    /// The rows that earlier jobs of the run still contain.
    pub already: Vec<usize>,
}

/// The device that the workers use. It is derived from the resources, because the submitting machine rarely has a GPU.
pub fn device(choice: DeviceChoice, slurm: &Slurm) -> DeviceChoice {
    match choice {
        DeviceChoice::Auto if slurm.gres.contains("gpu") => DeviceChoice::Cuda(0),
        DeviceChoice::Auto => DeviceChoice::Cpu,
        other => other,
    }
}

/// Submits those of `rows` (of plan.csv, from 1, ascending) that are not done and in no job of the run, in as many arrays as the
/// cluster's MaxArraySize requires, and writes array.sh and jobs.toml into `RUN/slurm`. With a limit of cells at once the arrays
/// run one after the other.
///
/// # Errors
/// No Slurm on this machine; sbatch refuses. Arrays that were accepted before are in jobs.toml.
pub fn submit(run: &RunDir, rows: &[usize], slurm: &Slurm, worker: &WorkerCommand) -> Result<Submitted> {
    let folder = run.path().join("slurm");
    let failed = |e: std::io::Error| Error::failed(format!("{}: {e}", folder.display()));
    std::fs::create_dir_all(&folder).map_err(failed)?;
    // Two processes that submit at once would both find the queue empty. The lock ends with the process.
    let lock = std::fs::File::open(&folder).map_err(failed)?;
    lock.lock().map_err(failed)?;
    // First of all, because what cannot be written into the script must not be submitted.
    let script = script::script(run, slurm, worker)?;
    let held: HashSet<usize> = settled(run, rows)?.iter().map(|task| task.row).collect();
    let (already, mut new): (Vec<usize>, Vec<usize>) = rows.iter().partition(|row| held.contains(row));
    // Read after the queue, because a job that has left it meanwhile has written its outcome.
    let state = RunState::read(run)?;
    new.retain(|row| state.cells.get(row - 1).is_some_and(|(_, record)| !is_done(record.as_ref())));
    let mut submitted = Submitted { already, ..Submitted::default() };
    if new.is_empty() {
        return Ok(submitted);
    }
    let largest = queue::largest_index()?;
    let path = folder.join("array.sh");
    write_atomic(&path, script.as_bytes())?;
    for (base, indices) in array_ranges::arrays(&new, largest) {
        let after = submitted.jobs.last().filter(|_| slurm.array_limit > 0).map(|job| job.id);
        let job = SlurmJob {
            id: sbatch(&path, base, &indices, after, slurm)?,
            submitted: utc_now(),
            base,
            rows: array_ranges::ranges(&indices.iter().map(|i| i + base).collect::<Vec<_>>()),
            options: script::options(slurm),
        };
        jobs::add(run, &job)?;
        submitted.rows.extend(indices.iter().map(|i| i + base));
        submitted.jobs.push(job);
    }
    Ok(submitted)
}

fn is_done(record: Option<&CellRecord>) -> bool {
    record.is_some_and(|r| r.status == OutcomeStatus::Done)
}

/// The tasks of the run, once none of `rows` is ending: such a task may be requeued or be gone.
fn settled(run: &RunDir, rows: &[usize]) -> Result<Vec<ArrayTask>> {
    let started = Instant::now();
    loop {
        let tasks = queue::tasks(run)?;
        let ending = tasks.iter().any(|t| t.state == TaskState::Ending && rows.contains(&t.row));
        if !ending || started.elapsed() > SETTLE || interrupt::stops() > 0 {
            return Ok(tasks);
        }
        rest(POLL[0]);
    }
}

/// Submits one array and returns its job id.
fn sbatch(script: &Path, base: usize, indices: &[usize], after: Option<u64>, slurm: &Slurm) -> Result<u64> {
    let limit = if slurm.array_limit > 0 { format!("%{}", slurm.array_limit) } else { String::new() };
    let mut args = vec!["--parsable".to_owned()];
    // They are in the script too, but there a variable such as SBATCH_PARTITION would override them.
    args.extend(script::options(slurm));
    args.push(format!("--array={}{limit}", array_ranges::ranges(indices)));
    args.extend(after.map(|job| format!("--dependency=afterany:{job}")));
    args.extend([script.display().to_string(), base.to_string()]);
    let next = "change [slurm] of the spec, or --set slurm.KEY=VALUE";
    let answer = queue::ask("sbatch", next, args)?;
    // JOB, or JOB;CLUSTER.
    let id = answer.trim().split(';').next().and_then(|id| id.parse().ok());
    id.ok_or_else(|| Error::failed(format!("sbatch: `{}` is not a job id; see squeue", answer.trim())))
}

/// Follows the run until Slurm has no job of it or a stop is requested. `look` is given the state of the cells and the tasks
/// each time. Slurm is asked every two seconds while something happens, and less and less often, down to twice a minute, while
/// nothing does.
///
/// # Errors
/// Slurm gives no answer for ten minutes; a result that does not read.
pub fn follow(run: &RunDir, look: &mut dyn FnMut(&RunState, &[ArrayTask])) -> Result<RunState> {
    let mut pause = POLL[0];
    let mut answered = Instant::now();
    let mut last = None;
    loop {
        // The queue is read before the results, because a job that has left it has written them.
        let tasks = match queue::tasks(run) {
            Err(e) if answered.elapsed() > AWAY => return Err(e),
            Err(_) => None,
            Ok(tasks) => Some(tasks),
        };
        if let Some(tasks) = tasks {
            answered = Instant::now();
            let state = RunState::read(run)?;
            look(&state, &tasks);
            if tasks.is_empty() || interrupt::stops() > 0 {
                return Ok(state);
            }
            let now = Some((state.counts(), tasks));
            pause = if now == last { (pause * 3 / 2).min(POLL[1]) } else { POLL[0] };
            last = now;
        }
        rest(pause);
    }
}

/// Sleeps until the time is over or a stop is requested.
fn rest(time: Duration) {
    let until = Instant::now() + time;
    while Instant::now() < until && interrupt::stops() == 0 {
        sleep(Duration::from_millis(100));
    }
}
