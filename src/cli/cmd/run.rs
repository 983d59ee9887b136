//! `seraug run SPEC`: runs every cell of an experiment.

use super::{Global, print, print_json, study};
use crate::experiments::{LoadedExperiments, Named, load_experiments};
use seraug_core::device::DeviceChoice;
use seraug_core::error::{Error, Result};
use seraug_core::spec::File;
use seraug_core::{exit, interrupt, terminal};
use seraug_report::study::StudyPlan;
use seraug_report::write;
use seraug_run::arguments::{
    CHECKPOINT_SECONDS, LARGEST_SEED, MOST_JOBS, MOST_THREADS, arguments, interval, patience, seconds, whole,
};
use seraug_run::counts::{self, Counted};
use seraug_run::keep_models::KeepModels;
use seraug_run::launcher::Launcher;
use seraug_run::options::{Compute, Places, Provenance, Resume, RunOptions, TrainingOptions};
use seraug_run::progress::Display;
use seraug_run::supervise::{self, Finished};
use std::path::{Path, PathBuf};

/// Seconds after which a worker that reports nothing is killed.
const STALL_SECONDS: f64 = 1800.0;

/// What `plan` and `train-final` read.
#[derive(Debug, clap::Args)]
pub struct Experiment {
    /// The experiment, such as experiments/quickstart.toml
    pub spec: PathBuf,
    /// How it is read and computed.
    #[command(flatten)]
    pub flags: ExperimentFlags,
}

/// The options that `plan`, `run`, `reproduce` and `train-final` have in common.
#[derive(Debug, clap::Args)]
pub struct ExperimentFlags {
    /// Folder for the runs and for the store that they share
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    /// auto, cpu, cuda or cuda:N; several as cuda:0,cuda:1
    #[arg(long, default_value = "auto", value_delimiter = ',')]
    pub device: Vec<DeviceChoice>,
    /// Threads of a tensor operation on the CPU; results of several threads are equal up to rounding only
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<usize>(..=MOST_THREADS))]
    pub threads: usize,
    /// Seeds in place of those of the spec, such as 1,2,3
    #[arg(long, value_delimiter = ',', value_parser = whole::<u64>(..=LARGEST_SEED))]
    pub seeds: Vec<u64>,
    /// Set a field of the spec, such as preset=small or augmentor.iterations=100; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Use an incomplete corpus as it is
    #[arg(long)]
    pub partial: bool,
}

/// Run every cell of an experiment; finished stages are taken from the store
#[derive(Debug, clap::Args)]
#[command(about = "Run every cell of an experiment; finished stages are taken from the store")]
pub struct RunArgs {
    /// The experiment, such as experiments/quickstart.toml
    pub spec: PathBuf,
    /// How it is run.
    #[command(flatten)]
    pub flags: RunFlags,
    /// Also write the report, as `seraug report` does; of a collection with a [study] also its page, as `seraug study` does
    #[arg(long)]
    pub report: bool,
}

/// The options that `run` and `reproduce` have in common.
#[derive(Debug, clap::Args)]
pub struct RunFlags {
    /// How the experiment is read and computed.
    #[command(flatten)]
    pub experiment: ExperimentFlags,
    /// Cells to work on at once [default: one on each core, or one on each CUDA device]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(..=MOST_JOBS))]
    jobs: Option<usize>,
    /// Run all cells even if some fail (the default)
    #[arg(long, conflicts_with_all = ["fail_fast", "max_failures"])]
    keep_going: bool,
    /// Stop after the first failed cell
    #[arg(long, conflicts_with = "max_failures")]
    fail_fast: bool,
    /// Stop after this many failed cells
    #[arg(long, value_name = "N", value_parser = whole::<usize>(1..=MOST_JOBS))]
    max_failures: Option<usize>,
    /// Resume this run
    #[arg(long, value_name = "RUN", conflicts_with = "new")]
    resume: Option<PathBuf>,
    /// Start a new run even if one of the same spec is unfinished
    #[arg(long)]
    new: bool,
    /// Seconds between two checkpoints of a training
    #[arg(long, value_name = "SECONDS", default_value_t = CHECKPOINT_SECONDS, value_parser = interval)]
    checkpoint_seconds: f64,
    /// Kill a worker that reports nothing for this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = STALL_SECONDS, value_parser = patience)]
    stall_seconds: f64,
    /// Where to run the cells: local, or slurm for job arrays on a cluster (options in [slurm] of the spec)
    #[arg(long, default_value = "local", conflicts_with_all = ["fail_fast", "max_failures"])]
    launcher: Launcher,
    /// With --launcher slurm, wait until every cell has ended; implied by --report
    #[arg(long)]
    wait: bool,
    /// Also write losses as TensorBoard event files while training
    #[arg(long)]
    tensorboard: bool,
    /// Train the augmentor by CUDA graphs, which leave fewer gaps between the kernels of a GPU and change no result (not yet
    /// tested on a GPU; `just cuda-graph` builds the library that it needs, without which the flag has no effect)
    #[arg(long)]
    cuda_graphs: bool,
    /// Which cells keep their trained classifier in the store, for `seraug predict` and `seraug export`: none, last (those of the last
    /// seed) or all, which also trains again what the store has without one
    #[arg(long, value_name = "WHICH", default_value_t = KeepModels::Last)]
    keep_models: KeepModels,
    /// Folder for the report
    #[arg(long, value_name = "DIR", default_value = "reports")]
    reports: PathBuf,
}

impl Experiment {
    /// Loads the file with `--set` and `--seeds` applied.
    ///
    /// # Errors
    /// As [`load_experiments`].
    pub fn load(&self, corpora: &Path) -> Result<LoadedExperiments> {
        self.flags.load(&self.spec, corpora)
    }
}

impl ExperimentFlags {
    /// Loads the file at `spec` with `--set` and `--seeds` applied.
    ///
    /// # Errors
    /// As [`load_experiments`].
    pub fn load(&self, spec: &Path, corpora: &Path) -> Result<LoadedExperiments> {
        load_experiments(spec, &self.set, &self.seeds, corpora)
    }

    /// The folders of the command.
    pub fn places(&self, global: &Global) -> Places {
        Places { corpora: global.corpora.clone(), results: self.results.clone() }
    }

    /// What computes. No jobs, or 0 of them, mean as many as by default.
    pub fn compute(&self, jobs: Option<usize>) -> Compute {
        let jobs = jobs.filter(|jobs| *jobs > 0);
        Compute { devices: self.device.clone(), threads: self.threads.max(1), jobs }
    }

    /// How it is run where a command says no more: on this machine, the newest unfinished run first, to the end.
    pub fn options(&self, jobs: Option<usize>, global: &Global) -> RunOptions {
        RunOptions {
            places: self.places(global),
            partial: self.partial,
            compute: self.compute(jobs),
            training: TrainingOptions {
                checkpoint_every: seconds(CHECKPOINT_SECONDS),
                tensorboard: false,
                cuda_graphs: false,
                keep_models: KeepModels::Last,
            },
            launcher: Launcher::Local,
            wait: true,
            resume: Resume::Newest,
            max_failures: None,
            stall: seconds(STALL_SECONDS),
            provenance: Provenance { command: arguments(), set: self.set.clone() },
        }
    }
}

/// Runs the experiments; the exit code says whether cells failed. Those of a collection run even if others fail; the first
/// error decides the exit code.
///
/// # Errors
/// See [`supervise::run`].
pub fn run(args: RunArgs, global: &Global) -> Result<u8> {
    interrupt::listen();
    let LoadedExperiments { experiments, study } = args.flags.experiment.load(&args.spec, &global.corpora)?;
    let mut code = exit::DONE;
    let mut answers = Vec::new();
    let several = experiments.len() > 1;
    for experiment in experiments {
        let name = experiment.name.clone();
        match one(&args, global, experiment) {
            Ok((answer, failed)) => {
                answers.push(answer);
                code = if code == exit::DONE && failed { exit::CELLS_FAILED } else { code };
            }
            Err(e) if several && !matches!(e, Error::Interrupted(_)) => {
                code = if [exit::DONE, exit::CELLS_FAILED].contains(&code) { e.exit_code() } else { code };
                terminal::error(&e.within(&name));
            }
            Err(e) => return Err(e),
        }
    }
    if global.json {
        match (several, answers.pop()) {
            (false, Some(answer)) => print_json(&answer)?,
            (_, last) => print_json(&answers.into_iter().chain(last).collect::<Vec<_>>())?,
        }
    }
    if let Some(plan) = study.filter(|_| args.report) {
        let undecided = [exit::DONE, exit::CELLS_FAILED].contains(&code);
        match pooled(&args, &plan, global) {
            Ok(after) => code = if code == exit::DONE { after } else { code },
            Err(e) => {
                code = if undecided { e.exit_code() } else { code };
                terminal::error(&e);
            }
        }
    }
    Ok(code)
}

/// Writes the page of the study after its experiments have run; the exit code that follows from it.
fn pooled(args: &RunArgs, plan: &StudyPlan, global: &Global) -> Result<u8> {
    let written = study::write(plan, &[], &args.flags.experiment.results, &args.flags.reports, None, global)?;
    if !global.json {
        print(&format!("{}\npage: {}\n", written.report.text, written.report.page.display()))?;
    }
    Ok(study::code(plan, &written.missing))
}

impl RunArgs {
    fn options(&self, global: &Global) -> RunOptions {
        let flags = &self.flags;
        RunOptions {
            training: TrainingOptions {
                checkpoint_every: seconds(flags.checkpoint_seconds),
                tensorboard: flags.tensorboard,
                cuda_graphs: flags.cuda_graphs,
                keep_models: flags.keep_models,
            },
            launcher: flags.launcher,
            wait: flags.wait || self.report,
            resume: match (&flags.resume, flags.new) {
                (Some(run), _) => Resume::This(run.clone()),
                (None, true) => Resume::New,
                (None, false) => Resume::Newest,
            },
            max_failures: if flags.fail_fast { Some(1) } else { flags.max_failures },
            stall: seconds(flags.stall_seconds),
            ..flags.experiment.options(flags.jobs, global)
        }
    }
}

/// Runs one experiment; its answer, and whether cells failed.
fn one(args: &RunArgs, global: &Global, experiment: Named) -> Result<(serde_json::Value, bool)> {
    let options = args.options(global);
    let display = Display::new(global.quiet);
    let (finished, what) = match experiment.file {
        File::Experiment(spec) => {
            (supervise::run(*spec, &experiment.name, &options, &display)?, "cells failed")
        }
        File::Counts(counts) => {
            let RunOptions { places, provenance, .. } = &options;
            let Counted { run, corpora, missing } =
                counts::run(&counts, &experiment.name, places, provenance, &display)?;
            let counted =
                Finished { run, cells: corpora, failed: missing, open: 0, queued: 0, before: false };
            (counted, "corpora are missing")
        }
        File::Collection(_) => unreachable!("a collection was resolved"),
    };
    let path = finished.run.path().display().to_string();
    if finished.before {
        display.note(&format!("nothing to do: every cell of {path} is done; --new starts a new run"));
    }
    let mut answer = String::new();
    if args.report {
        let written = write::report(&finished.run, &args.flags.reports)?;
        written.note.iter().for_each(|note| display.note(&format!("note: {note}")));
        answer = format!("{}\npage: {}\n", written.text, written.page.display());
    }
    answer += &format!("run: {path}\n");
    // Failures are reported even if the answer cannot be written.
    let printed = if global.json { Ok(()) } else { print(&answer) };
    if finished.failed > 0 {
        let failed = format!("{} of {} {what}; see {path}", finished.failed, finished.cells);
        terminal::note(&format!("error: {}: {failed}", experiment.name));
    }
    let answer = serde_json::json!({ "run": path, "cells": finished.cells, "failed": finished.failed, "queued": finished.queued });
    if finished.open > 0 {
        let open = match finished.open {
            1 => "1 cell is".to_owned(),
            n => format!("{n} cells are"),
        };
        terminal::note(&format!(
            "error: {}: {open} not finished; run the same command again to resume",
            experiment.name
        ));
    }
    printed.map(|()| (answer, finished.failed + finished.open > 0))
}
