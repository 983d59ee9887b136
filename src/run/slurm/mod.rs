//! Cells as tasks of Slurm job arrays: written, submitted, looked after. Slurm is asked through its commands alone.
//!
//! A task runs the worker on one row of plan.csv. What became of a cell is in its outcome.toml, as ever; Slurm is
//! asked only what is still to come, so that nothing is submitted twice.

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
use std::collections::HashSet;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a job that is ending is waited for before its cell is taken for queued: Slurm's own patience between
/// SIGTERM and SIGKILL is 30 s.
const SETTLE: Duration = Duration::from_secs(60);
/// Between two questions at the queue: while something happens, and at most.
const POLL: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(30)];
/// A controller that restarts is away for less.
const AWAY: Duration = Duration::from_secs(600);

/// What a submission came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Submitted {
    /// The new arrays.
    pub jobs: Vec<SlurmJob>,
    /// Rows that they have.
    pub rows: Vec<usize>,
    /// Rows that earlier jobs of the run still have.
    pub already: Vec<usize>,
}

/// The device that the workers are told to use. The machine that submits mostly has none, so it is not asked.
pub fn device(choice: DeviceChoice, slurm: &Slurm) -> DeviceChoice {
    match choice {
        DeviceChoice::Auto if slurm.gres.contains("gpu") => DeviceChoice::Cuda(0),
        DeviceChoice::Auto => DeviceChoice::Cpu,
        other => other,
    }
}

/// Submits those of `rows` (of plan.csv, from 1, ascending) that no job of the run has and that are not done, in as many arrays
/// as the cluster's MaxArraySize asks for, and writes array.sh and jobs.toml into `RUN/slurm`. With a limit of cells at once the
/// arrays run one after the other.
///
/// # Errors
/// No Slurm here; what sbatch refuses. Arrays that were accepted before are in jobs.toml.
pub fn submit(run: &RunDir, rows: &[usize], slurm: &Slurm, worker: &WorkerCommand) -> Result<Submitted> {
    let folder = run.path().join("slurm");
    let failed = |e: std::io::Error| Error::failed(format!("{}: {e}", folder.display()));
    std::fs::create_dir_all(&folder).map_err(failed)?;
    // Two that submit at once would both find the queue empty. Given back when the process ends, however it does.
    let lock = std::fs::File::open(&folder).map_err(failed)?;
    lock.lock().map_err(failed)?;
    // Before Slurm is asked anything: what cannot be written down is not submitted.
    let script = script::script(run, slurm, worker)?;
    let held: HashSet<usize> = settled(run, rows)?.iter().map(|task| task.row).collect();
    let (already, mut new): (Vec<usize>, Vec<usize>) = rows.iter().partition(|row| held.contains(row));
    // After the queue: a job that has left it meanwhile has written its outcome.
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
            submitted: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
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

/// The jobs of the run, once none that has one of `rows` is ending: it may come back or be gone.
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

/// Submits one array; its number.
fn sbatch(script: &Path, base: usize, indices: &[usize], after: Option<u64>, slurm: &Slurm) -> Result<u64> {
    let limit = if slurm.array_limit > 0 { format!("%{}", slurm.array_limit) } else { String::new() };
    let mut args = vec!["--parsable".to_owned()];
    // In the script too; but there a variable such as SBATCH_PARTITION would win.
    args.extend(script::options(slurm));
    args.push(format!("--array={}{limit}", array_ranges::ranges(indices)));
    args.extend(after.map(|job| format!("--dependency=afterany:{job}")));
    args.extend([script.display().to_string(), base.to_string()]);
    let next = "change [slurm] of the spec, or --set slurm.KEY=VALUE";
    let answer = queue::ask("sbatch", next, args)?;
    // JOB, or JOB;CLUSTER.
    let id = answer.trim().split(';').next().and_then(|id| id.parse().ok());
    id.ok_or_else(|| Error::failed(format!("sbatch: `{}` is no job number; see squeue", answer.trim())))
}

/// Looks on until Slurm has no job of the run, or a stop is asked for. `look` is given the state of the cells and the jobs
/// each time. Slurm is asked every two seconds while something happens, and
/// ever less often, down to twice a minute, while nothing does.
///
/// # Errors
/// Slurm gives no answer for ten minutes; a result that does not read.
pub fn follow(run: &RunDir, look: &mut dyn FnMut(&RunState, &[ArrayTask])) -> Result<RunState> {
    let mut pause = POLL[0];
    let mut answered = Instant::now();
    let mut last = None;
    loop {
        // The queue before the results: a job that has left it has written what it was going to write.
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

/// Sleeps, unless a stop is asked for.
fn rest(time: Duration) {
    let until = Instant::now() + time;
    while Instant::now() < until && interrupt::stops() == 0 {
        sleep(Duration::from_millis(100));
    }
}
