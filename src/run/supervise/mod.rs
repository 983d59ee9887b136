//! From a checked spec to a finished run directory: every cell is worked on, whatever becomes of the others.

mod cluster;
mod events;
mod failure;
mod memory;
mod preparation;
mod queue;
mod resume;
mod supervisor;
mod worker_process;

pub use failure::fail;
pub use resume::runs;

use crate::inputs;
use crate::launcher::Launcher;
use crate::options::{Compute, RunOptions};
use crate::plan::{CellAction, Makers, Plan, cell_actions, listing};
use crate::progress::Display;
use crate::worker_client::protocol::ProbeQuestion;
use crate::worker_client::{self, WorkerArgs, machine};
use preparation::{create, extract, lock, provenance};
use resume::FoundRun;
use seraug_core::device::{DeviceChoice, DeviceClass, DeviceInfo};
use seraug_core::error::{Error, Result};
use seraug_core::files::{sweep, sweep_folder};
use seraug_core::interrupt;
use seraug_core::run_files::{CellRecord, CorpusInfo, OutcomeStatus, PlannedCell, RunDir, RunState, Session};
use seraug_core::spec::{Slurm, Spec};
use seraug_core::store::{Lease, Store};
use seraug_core::text::utc;
use seraug_core::version::{self, VERSION};
use std::path::PathBuf;
use std::time::Instant;
use supervisor::{Limits, RunEnding, Stopped, Supervisor};

/// A run that has ended, or that had ended before.
#[derive(Debug)]
pub struct Finished {
    /// Its directory.
    pub run: RunDir,
    /// Number of cells.
    pub cells: usize,
    /// Cells that failed.
    pub failed: usize,
    /// Cells that were not finished because the run was to stop.
    pub open: usize,
    /// Cells that a cluster has yet to work on.
    pub queued: usize,
    /// Whether the run had every cell before this command.
    pub before: bool,
}

/// What every phase of a run reads.
struct RunContext<'a> {
    experiment: &'a str,
    options: &'a RunOptions,
    display: &'a Display,
    store: Store,
    begun: Instant,
    started: jiff::Timestamp,
}

/// What computes the cells.
struct Computer {
    /// The worker's program.
    program: PathBuf,
    /// Release of the worker's libtorch.
    libtorch: String,
    /// The device that the cells are planned for.
    machine: DeviceInfo,
    /// The device that each worker is given, in turn.
    devices: Vec<DeviceChoice>,
    /// The resources that a cluster is asked for.
    slurm: Slurm,
}

/// What is to be computed.
struct PlannedRun {
    plan: Plan,
    /// The rows of plan.csv.
    cells: Vec<PlannedCell>,
    /// The text of spec.toml.
    spec: String,
    corpora: Vec<CorpusInfo>,
    /// What is incomplete, one sentence for each corpus.
    notes: Vec<String>,
    /// What is to be done for each cell.
    actions: Vec<CellAction>,
}

impl PlannedRun {
    /// The state of the run, given the records of its cells.
    fn state(&self, records: &[Option<CellRecord>]) -> RunState {
        RunState { cells: self.cells.iter().cloned().zip(records.iter().cloned()).collect() }
    }
}

/// A run that this process supervises.
struct OpenRun {
    dir: RunDir,
    /// Makes this process the run's one supervisor.
    lease: Lease,
}

/// The run of this command.
enum FoundOrCreated {
    /// Every cell was done before.
    Finished(RunDir),
    /// There are cells to work on.
    Open(OpenRun),
}

/// The cells of a run when its work has ended.
struct Worked {
    /// How the work ended; the state below counts also after an error.
    ended: Result<RunEnding>,
    state: RunState,
    /// Cells that were worked on at once.
    jobs: usize,
}

/// Runs every cell of `spec` that is not done, in the run that `options.resume` says, and keeps the run directory up to
/// date.
///
/// # Errors
/// What stops a run before its first cell: corpus, device, worker, leakage, audio, an unwritable folder. A cell that fails
/// is a row of the run, not an error. A requested stop, after everything is saved.
pub fn run(mut spec: Spec, experiment: &str, options: &RunOptions, display: &Display) -> Result<Finished> {
    let context = RunContext {
        experiment,
        options,
        display,
        store: options.places.store(),
        begun: Instant::now(),
        started: jiff::Timestamp::now(),
    };
    // The resources of a cluster belong to the command, not to the run: they may differ when it is resumed.
    let slurm = spec.slurm.take().unwrap_or_default();
    let computer = ask_worker(&context, slurm)?;
    let planned = plan(&context, &computer, spec)?;
    match find_or_create(&context, &computer, &planned)? {
        FoundOrCreated::Finished(run) => {
            Ok(Finished { cells: planned.cells.len(), failed: 0, open: 0, queued: 0, before: true, run })
        }
        FoundOrCreated::Open(run) => {
            let worked = work(&context, &computer, &planned, &run)?;
            settle(&context, &computer, &planned, run, worked)
        }
    }
}

/// Asks the worker before anything is read or written, because nothing can be trained without it. Decided afterwards:
/// which program computes, on which devices, and the device that keys are made for.
fn ask_worker(context: &RunContext, slurm: Slurm) -> Result<Computer> {
    let RunOptions { compute, training, launcher, .. } = context.options;
    let program = worker_client::program()?;
    let question = match launcher {
        Launcher::Local => machine::question(&compute.devices, compute.threads),
        Launcher::Slurm => ProbeQuestion::default(),
    };
    let worker = worker_client::ask(&program, &question)?;
    let (machine, devices) = match launcher {
        Launcher::Local => machine::read(&compute.devices, compute.threads, worker.devices)?,
        Launcher::Slurm => cluster::device(compute, &slurm)?,
    };
    if training.cuda_graphs && machine.class == DeviceClass::Cpu {
        return Err(Error::usage(
            "--cuda-graphs: the device is the CPU; leave the flag out, or name a GPU with --device cuda",
        ));
    }
    Ok(Computer { program, libtorch: worker.libtorch, machine, devices, slurm })
}

/// Reads the corpora and plans every cell. Decided afterwards: the cells with their keys, and what is to be done for each,
/// given the store and the earlier runs.
fn plan(context: &RunContext, computer: &Computer, spec: Spec) -> Result<PlannedRun> {
    let RunContext { experiment, options, store, display, .. } = context;
    let inputs = inputs::read(&spec, &options.places, options.partial, display)?;
    let plan = Plan::new(spec, (*experiment).to_owned(), inputs.corpora, computer.machine.numeric())?;
    sweep(store.root());
    sweep_folder(&options.places.results.join(experiment));
    // The cells of a cluster run on a machine that is not known here.
    let here = match options.launcher {
        Launcher::Local => computer.machine.clone(),
        Launcher::Slurm => DeviceInfo::default(),
    };
    // Before this run's own directory is among the earlier ones.
    let actions = cell_actions(&plan, &here, store, &options.places.results, &mut Makers::default());
    let (cells, spec) = (plan.rows(), plan.spec.to_toml());
    Ok(PlannedRun { plan, cells, spec, corpora: inputs.infos, notes: inputs.notes, actions })
}

/// Finds the run to resume or creates one. Decided afterwards: the run directory. Unless every cell of it is done, its
/// features are in the cache and this process is its one supervisor.
fn find_or_create(context: &RunContext, computer: &Computer, planned: &PlannedRun) -> Result<FoundOrCreated> {
    let RunContext { experiment, options, .. } = context;
    let results = &options.places.results;
    match resume::find(&options.resume, results, experiment, &planned.spec, &planned.cells)? {
        FoundRun::Run(run) => resume_run(context, planned, run),
        FoundRun::None(reason) => {
            reason.iter().for_each(|reason| context.display.note(reason));
            create_run(context, computer, planned)
        }
    }
}

/// Takes over a run that was found.
fn resume_run(context: &RunContext, planned: &PlannedRun, run: RunDir) -> Result<FoundOrCreated> {
    let RunContext { experiment, options, store, display, .. } = context;
    let damaged = |e: Error| match e {
        Error::Contradiction(why) => {
            Error::contradiction(format!("{why}; --new starts another run beside it"))
        }
        e => e,
    };
    let state = RunState::read(&run).map_err(damaged)?;
    if state.is_finished() {
        RunState::gather(&run, &planned.plan.spec.class_names()).map_err(damaged)?;
        return Ok(FoundOrCreated::Finished(run));
    }
    let lease = lock(&run, experiment, display)?;
    extract(planned, store, options.partial, display)?;
    let [done, failed, _] = state.counts();
    let retried = if failed > 0 { format!(", retrying {failed} that failed") } else { String::new() };
    display.note(&format!(
        "resuming {}: {done} of {} cells done{retried}",
        run.path().display(),
        planned.cells.len()
    ));
    run.point_latest().iter().for_each(|note| display.note(&format!("note: {note}")));
    sweep(run.path());
    Ok(FoundOrCreated::Open(OpenRun { dir: run, lease }))
}

/// Checks the plan for leaks, extracts features and creates the run directory.
fn create_run(context: &RunContext, computer: &Computer, planned: &PlannedRun) -> Result<FoundOrCreated> {
    let RunContext { experiment, options, store, display, started, .. } = context;
    let question = ProbeQuestion { spec: Some(planned.spec.clone()), ..ProbeQuestion::default() };
    let networks = worker_client::ask(&computer.program, &question)?.networks;
    let plan = &planned.plan;
    let audit = plan.audit().map_err(|leak| preparation::leak(plan, store, leak, display))?;
    extract(planned, store, options.partial, display)?;
    let info = provenance(context, computer, planned, audit, networks);
    info.warning.iter().for_each(|w| display.note(&format!("warning: {}", w.message)));
    let run = create(&options.places.results, planned, &info, *started)?;
    run.point_latest().iter().for_each(|note| display.note(&format!("note: {note}")));
    let lease = lock(&run, experiment, display)?;
    Ok(FoundOrCreated::Open(OpenRun { dir: run, lease }))
}

/// Works on the cells that are not done, here or on a cluster. Decided afterwards: what became of each cell.
fn work(context: &RunContext, computer: &Computer, planned: &PlannedRun, run: &OpenRun) -> Result<Worked> {
    let RunContext { options, display, .. } = context;
    let OpenRun { dir, lease } = run;
    let RunOptions { places, compute, training, .. } = options;
    let cells = &planned.cells;
    let records = RunState::read(dir)?.cells.into_iter().map(|c| c.1).collect::<Vec<_>>();
    let to_do =
        records.iter().filter(|r| r.as_ref().is_none_or(|r| r.status == OutcomeStatus::Failed)).count();
    listing(&planned.plan, &planned.actions, false).lines().for_each(|line| display.note(line));
    display.begin(cells.len(), cells.len() - to_do);
    let worker = WorkerArgs {
        run: dir.path().to_owned(),
        results: places.results.clone(),
        corpora: places.corpora.clone(),
        device: computer.devices[0],
        threads: compute.threads,
        partial: options.partial,
        checkpoint_seconds: training.checkpoint_every.as_secs_f64(),
        tensorboard: training.tensorboard,
        cuda_graphs: training.cuda_graphs,
        keep_models: training.keep_models,
        cell: None,
    };
    interrupt::heed(true);
    let (jobs, ended) = match options.launcher {
        Launcher::Local => {
            let jobs = jobs(compute, computer.machine.class, computer.devices.len(), to_do);
            // `seraug status` derives the remaining time from it.
            lease.progress().values = vec![("workers".to_owned(), jobs as f64)];
            let limits = Limits { jobs, max_failures: options.max_failures, stall: options.stall };
            let supervisor = Supervisor::new(context, computer, planned, run, worker, limits, records);
            (jobs, supervisor.run())
        }
        Launcher::Slurm => {
            (compute.jobs.unwrap_or(0), cluster::run(context, computer, dir, worker, &records))
        }
    };
    interrupt::heed(false);
    display.end();
    if lease.is_lost() {
        return Err(ended.err().unwrap_or_else(|| Error::failed("another process took the run over")));
    }
    // Also after an error: what is done is done.
    let state = match &ended {
        Ok(ended) => planned.state(&ended.records),
        Err(_) => RunState::read(dir)?,
    };
    Ok(Worked { ended, state, jobs })
}

/// Writes outcomes.csv and run.toml for the last time and gives the lease back. Decided afterwards: whether the run is
/// finished, and the exit code.
fn settle(
    context: &RunContext,
    computer: &Computer,
    planned: &PlannedRun,
    OpenRun { dir: run, lease }: OpenRun,
    worked: Worked,
) -> Result<Finished> {
    let RunContext { options, begun, started, .. } = context;
    let Worked { ended, state, jobs } = worked;
    let session = Session {
        command: options.provenance.command.clone(),
        version: VERSION.to_owned(),
        revision: version::revision().to_owned(),
        started: utc(*started),
        finished: utc(jiff::Timestamp::now()),
        seconds: begun.elapsed().as_secs_f64(),
        host: computer.machine.host.clone(),
        device: computer.machine.name.clone(),
        jobs,
        threads: options.compute.threads,
    };
    state.settle(&run, &planned.plan.spec.class_names(), Some(session))?;
    drop(lease);
    let RunEnding { stopped, queued, .. } = ended?;
    let [done, failed, open] = state.counts();
    let cells = planned.cells.len();
    match stopped {
        Some(Stopped::Asked) if open > 0 => Err(Error::interrupted(format!(
            "stopped: {done} of {cells} cells done; run the same command again to resume {}",
            run.path().display()
        ))),
        _ => Ok(Finished { cells, failed, open: open - queued, queued, before: false, run }),
    }
}

/// How many of `cells` to work on at once: as asked for, else one on each core or one on each device.
pub fn jobs(compute: &Compute, class: DeviceClass, devices: usize, cells: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let wanted = match (compute.jobs, class) {
        (Some(jobs), _) => jobs,
        (None, DeviceClass::Cuda) => devices,
        (None, DeviceClass::Cpu | DeviceClass::Unknown) => (cores / compute.threads).max(1),
    };
    wanted.min(cells).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_a_cell_and_a_device_a_cell() {
        let of = |jobs, threads| Compute { devices: vec![DeviceChoice::Auto], threads, jobs };
        let cores = std::thread::available_parallelism().unwrap().get();
        assert_eq!(
            jobs(&of(None, 1), DeviceClass::Cpu, 1, 100),
            cores.min(100),
            "also where auto found the CPU"
        );
        assert_eq!(jobs(&of(None, 2 * cores), DeviceClass::Cpu, 1, 100), 1);
        assert_eq!(jobs(&of(None, 1), DeviceClass::Cuda, 2, 100), 2);
        assert_eq!(jobs(&of(Some(8), 1), DeviceClass::Cuda, 2, 3), 3, "no more than cells");
    }
}
