//! From a checked spec to a run directory: every cell, whatever becomes of the others.

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
pub use resume::{Resume, runs};

use crate::inputs::{self, Inputs};
use crate::launcher::Launcher;
use crate::plan::{Makers, Plan, cell_actions, listing};
use crate::progress::Display;
use crate::warnings;
use crate::worker_client::protocol::ProbeQuestion;
use crate::worker_client::{self, machine};
use preparation::{create, extract, supervise};
use resume::FoundRun;
use seraug_core::device::{self, DeviceChoice, DeviceInfo};
use seraug_core::error::{Error, Result};
use seraug_core::files::{sweep, sweep_folder};
use seraug_core::interrupt;
use seraug_core::run_files::{CellRecord, OutcomeStatus, RunDir, RunInfo, RunState, Session, Warning};
use seraug_core::spec::Spec;
use seraug_core::store::Store;
use seraug_core::version::{self, VERSION};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use supervisor::{RunEnding, Stopped, Supervisor};

/// What the command line says beside the spec.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of the corpora.
    pub corpora: PathBuf,
    /// Folder of the results.
    pub results: PathBuf,
    /// Where the workers are started.
    pub launcher: Launcher,
    /// Wait until a cluster has worked on every cell.
    pub wait: bool,
    /// Where to train: one or several, of one kind.
    pub devices: Vec<DeviceChoice>,
    /// Go on with an incomplete corpus.
    pub partial: bool,
    /// Which earlier run to take up.
    pub resume: Resume,
    /// Cells at once; 0 for as many as there are cores (CPU), or one a device.
    pub jobs: usize,
    /// Threads of a tensor operation on the CPU. Results of several are equal up to rounding only.
    pub threads: usize,
    /// Stop after so many failed cells.
    pub max_failures: Option<usize>,
    /// A worker that says nothing for so long is ended.
    pub stall: Duration,
    /// Between two checkpoints of a training.
    pub checkpoint_every: Duration,
    /// Write the histories as TensorBoard event files too.
    pub tensorboard: bool,
    /// Train the augmentor by CUDA graphs where they can be made.
    pub cuda_graphs: bool,
    /// The command line, for provenance.
    pub command: Vec<String>,
    /// The fields of the spec that it sets, for provenance.
    pub set: Vec<String>,
}

/// A run that has ended, or was found to have.
#[derive(Debug)]
pub struct Finished {
    /// Where it is.
    pub run: RunDir,
    /// Cells in all.
    pub cells: usize,
    /// Cells that failed.
    pub failed: usize,
    /// Cells that were not begun, or not finished, because the run was to stop.
    pub open: usize,
    /// Cells that a cluster has yet to work on.
    pub queued: usize,
    /// Whether it had ended before.
    pub before: bool,
}

/// Runs every cell of `spec` that is not done, in the run that [`Resume`] says, and writes the run directory as it goes.
///
/// # Errors
/// What stops a run before its first cell: corpus, device, worker, audit, audio, an unwritable folder. A cell that fails is a
/// row, not an error. A stop that was asked for, after everything is saved.
pub fn run(mut spec: Spec, experiment: &str, options: &Options, display: &Display) -> Result<Finished> {
    let started = Instant::now();
    let now = jiff::Timestamp::now();
    let mut options = options.clone();
    let store = Store::of(&options.results);
    // What a cluster is asked for is of the command, not of the run: it may be another when the run is gone on with.
    let asked = spec.slurm.take().unwrap_or_default();
    let program = worker_client::program()?;
    // Before anything is read or made: nothing can be trained without it.
    let question = match options.launcher {
        Launcher::Local => machine::question(&options.devices, options.threads),
        Launcher::Slurm => ProbeQuestion::default(),
    };
    let worker = worker_client::ask(&program, &question)?;
    let (machine, devices) = match options.launcher {
        Launcher::Local => machine::read(&options.devices, options.threads, worker.devices)?,
        Launcher::Slurm => cluster::device(&options, &asked)?,
    };
    if options.cuda_graphs && machine.class == "cpu" {
        return Err(Error::usage(
            "--cuda-graphs: the device is the CPU; leave the flag out, or name a GPU with --device cuda",
        ));
    }
    let Inputs { corpora, infos, notes } = inputs::read(&spec, &options, &store, display)?;
    let plan = Plan::new(spec, experiment.to_owned(), corpora, &device::numeric(&machine))?;
    let cells = plan.rows();
    let text = plan.spec.to_toml();
    let found = resume::find(&options.resume, &options.results, experiment, &text, &cells)?;
    sweep(store.root());
    sweep_folder(&options.results.join(experiment));
    // Before a directory of this run is among the earlier ones.
    let here = match options.launcher {
        Launcher::Local => machine.clone(),
        // What its cells will be computed on is not known here.
        Launcher::Slurm => DeviceInfo::default(),
    };
    let why = cell_actions(&plan, &here, &store, &options.results, &mut Makers::default());
    let (run, lease) = match found {
        FoundRun::Run(run) => {
            let damaged = |e: Error| match e {
                Error::Contradiction(why) => {
                    Error::contradiction(format!("{why}; --new begins another run beside it"))
                }
                e => e,
            };
            let state = RunState::read(&run).map_err(damaged)?;
            if state.is_finished() {
                RunState::gather(&run, &plan.spec.class_names()).map_err(damaged)?;
                return Ok(Finished { cells: cells.len(), failed: 0, open: 0, queued: 0, before: true, run });
            }
            let lease = supervise(&run, experiment, display)?;
            extract(&plan, &store, options.partial, display)?;
            let [done, failed, _] = state.counts();
            let again = if failed > 0 { format!(", {failed} failed are tried again") } else { String::new() };
            display.note(&format!(
                "going on with {}: {done} of {} cells done{again}",
                run.path().display(),
                cells.len()
            ));
            run.point_latest().iter().for_each(|note| display.note(&format!("note: {note}")));
            sweep(run.path());
            (run, lease)
        }
        FoundRun::None(why) => {
            why.iter().for_each(|w| display.note(w));
            let question = ProbeQuestion { spec: Some(text.clone()), ..ProbeQuestion::default() };
            let network = worker_client::ask(&program, &question)?.networks;
            let checks = plan.audit().map_err(|leak| preparation::leak(&plan, &store, leak, display))?;
            extract(&plan, &store, options.partial, display)?;
            let notes = notes.into_iter().chain(inputs::overlaps(&plan));
            let messages = warnings::of_spec(&plan.spec).into_iter().chain(notes);
            let warning = |message| Warning { cell: String::new(), message };
            let info = RunInfo {
                experiment: experiment.to_owned(),
                command: options.command.clone(),
                version: VERSION.to_owned(),
                revision: version::revision().to_owned(),
                libtorch: worker.libtorch,
                started: utc(now),
                precision: plan.spec.precision,
                device: machine.clone(),
                set: options.set.clone(),
                corpus: inputs::used(infos, &plan.selection),
                fold: inputs::folds(&plan),
                audit: checks,
                network,
                warning: messages.map(warning).collect(),
                ..RunInfo::default()
            };
            info.warning.iter().for_each(|w| display.note(&format!("warning: {}", w.message)));
            let run = create(&options, &plan, &info, &text, &cells, now)?;
            run.point_latest().iter().for_each(|note| display.note(&format!("note: {note}")));
            let lease = supervise(&run, experiment, display)?;
            (run, lease)
        }
    };

    let classes = plan.spec.class_names();
    let records = RunState::read(&run)?.cells.into_iter().map(|c| c.1).collect::<Vec<_>>();
    let to_do =
        records.iter().filter(|r| r.as_ref().is_none_or(|r| r.status == OutcomeStatus::Failed)).count();
    if options.launcher == Launcher::Local {
        options.jobs = jobs(&options, &machine, devices.len(), to_do);
    }
    let with = |records: &[Option<CellRecord>]| RunState {
        cells: cells.iter().cloned().zip(records.iter().cloned()).collect(),
    };
    let write = |records: &[Option<CellRecord>]| with(records).write(&run, &classes);
    listing(&plan, &why, false).lines().for_each(|line| display.note(line));
    display.begin(cells.len(), cells.len() - to_do);
    interrupt::heed(true);
    let ended = match options.launcher {
        Launcher::Local => {
            let work = (&cells[..], records);
            // Who asks how long the run still takes wants to know.
            lease.progress().values = vec![("workers".to_owned(), options.jobs as f64)];
            Supervisor::new((&run, &lease, &store), &options, &devices, display, &plan.spec, work, &write)
                .run()
        }
        Launcher::Slurm => cluster::run(&run, &options, &asked, &devices[0], display, &records),
    };
    interrupt::heed(false);
    display.end();
    if lease.is_lost() {
        return Err(ended.err().unwrap_or_else(|| Error::failed("the run was taken over")));
    }
    // Also after an error: what is done is done.
    let state = match &ended {
        Ok(ended) => with(&ended.records),
        Err(_) => RunState::read(&run)?,
    };
    let session = Session {
        command: options.command.clone(),
        version: VERSION.to_owned(),
        revision: version::revision().to_owned(),
        started: utc(now),
        finished: utc(jiff::Timestamp::now()),
        seconds: started.elapsed().as_secs_f64(),
        host: machine.host.clone(),
        device: machine.name.clone(),
        jobs: options.jobs,
        threads: options.threads,
    };
    state.settle(&run, &classes, Some(session))?;
    drop(lease);
    let RunEnding { stopped, queued, .. } = ended?;
    let [done, failed, open] = state.counts();
    match stopped {
        Some(Stopped::Asked) if open > 0 => Err(Error::interrupted(format!(
            "stopped: {done} of {} cells done; the same command goes on with {}",
            cells.len(),
            run.path().display()
        ))),
        _ => Ok(Finished { cells: cells.len(), failed, open: open - queued, queued, before: false, run }),
    }
}

/// Cells at once, of `cells`: as asked, else one a core or one a device.
pub fn jobs(options: &Options, machine: &DeviceInfo, devices: usize, cells: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let wanted = match (options.jobs, machine.class.as_str()) {
        (0, "cpu") => (cores / options.threads).max(1),
        (0, _) => devices,
        (jobs, _) => jobs,
    };
    wanted.min(cells).max(1)
}

fn utc(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_a_cell_and_a_device_a_cell() {
        let options = |jobs, threads| Options {
            corpora: PathBuf::new(),
            results: PathBuf::new(),
            devices: vec![DeviceChoice::Auto],
            partial: false,
            resume: Resume::New,
            launcher: Launcher::Local,
            wait: false,
            jobs,
            threads,
            max_failures: None,
            stall: Duration::MAX,
            checkpoint_every: Duration::MAX,
            tensorboard: false,
            cuda_graphs: false,
            command: Vec::new(),
            set: Vec::new(),
        };
        let machine = |class: &str| DeviceInfo { class: class.into(), ..DeviceInfo::default() };
        let cores = std::thread::available_parallelism().unwrap().get();
        assert_eq!(
            jobs(&options(0, 1), &machine("cpu"), 1, 100),
            cores.min(100),
            "also where auto found the CPU"
        );
        assert_eq!(jobs(&options(0, 2 * cores), &machine("cpu"), 1, 100), 1);
        assert_eq!(jobs(&options(0, 1), &machine("cuda"), 2, 100), 2);
        assert_eq!(jobs(&options(8, 1), &machine("cuda"), 2, 3), 3, "no more than cells");
    }
}
