//! `seraug run SPEC`: every cell of an experiment.

use super::{Global, print, print_json};
use seraug_core::device::DeviceChoice;
use seraug_core::error::{Error, Result};
use seraug_core::spec::{self, File};
use seraug_core::{files, interrupt, terminal};
use seraug_data::corpora;
use seraug_report::write;
use seraug_run::arguments::{
    CHECKPOINT_SECONDS, LARGEST_SEED, MOST_JOBS, MOST_THREADS, arguments, interval, patience, seconds, whole,
};
use seraug_run::counts;
use seraug_run::launcher::Launcher;
use seraug_run::plan::experiment_name;
use seraug_run::progress::Display;
use seraug_run::supervise::{self, Options, Resume};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What `plan` and `run` have in common.
#[derive(Debug, clap::Args)]
pub struct Experiment {
    /// The experiment, such as experiments/quickstart.toml
    pub spec: PathBuf,
    /// Folder that runs and their store are written below
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    /// auto, cpu, cuda or cuda:N; several as cuda:0,cuda:1
    #[arg(long, default_value = "auto", value_delimiter = ',')]
    pub device: Vec<DeviceChoice>,
    /// Threads of a tensor operation on the CPU; several give results that are equal up to rounding only
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<usize>(..=MOST_THREADS))]
    pub threads: usize,
    /// Seeds in place of the spec's, such as 1,2,3
    #[arg(long, value_delimiter = ',', value_parser = whole::<u64>(..=LARGEST_SEED))]
    pub seeds: Vec<u64>,
    /// A field of the spec, such as preset=tiny or augmentor.iterations=100; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Go on with an incomplete corpus
    #[arg(long)]
    pub partial: bool,
}

/// Run every cell of an experiment; finished stages are taken from the store
#[derive(Debug, clap::Args)]
#[command(about = "Run every cell of an experiment; finished stages are taken from the store")]
pub struct RunArgs {
    #[command(flatten)]
    experiment: Experiment,
    /// Cells at once [default: one a core, or one a CUDA device]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(..=MOST_JOBS))]
    jobs: Option<usize>,
    /// Run all cells, whatever becomes of some (the default)
    #[arg(long, conflicts_with_all = ["fail_fast", "max_failures"])]
    keep_going: bool,
    /// Stop when a cell has failed
    #[arg(long, conflicts_with = "max_failures")]
    fail_fast: bool,
    /// Stop when so many cells have failed
    #[arg(long, value_name = "N", value_parser = whole::<usize>(1..=MOST_JOBS))]
    max_failures: Option<usize>,
    /// Go on with this run
    #[arg(long, value_name = "RUN", conflicts_with = "new")]
    resume: Option<PathBuf>,
    /// Begin another run, also where one of the same spec is unfinished
    #[arg(long)]
    new: bool,
    /// Seconds between two checkpoints of a training
    #[arg(long, value_name = "SECONDS", default_value_t = CHECKPOINT_SECONDS, value_parser = interval)]
    checkpoint_seconds: f64,
    /// A worker that gives no sign of life for so many seconds is ended
    #[arg(long, value_name = "SECONDS", default_value_t = 1800.0, value_parser = patience)]
    stall_seconds: f64,
    /// Where cells are worked on: local, or slurm, as job arrays of the cluster (options in [slurm] of the spec)
    #[arg(long, default_value = "local", conflicts_with_all = ["fail_fast", "max_failures"])]
    launcher: Launcher,
    /// With --launcher slurm, wait until every cell has ended; --report does so too
    #[arg(long)]
    wait: bool,
    /// Write losses as TensorBoard event files too, while they come
    #[arg(long)]
    tensorboard: bool,
    /// Train the augmentor by CUDA graphs, which decide no result: fewer gaps between the kernels of a GPU (never run on
    /// one yet; `just cuda-graph` builds what it takes, and without that all goes on as without the flag)
    #[arg(long)]
    cuda_graphs: bool,
    /// Write the report too, as `seraug report` does
    #[arg(long)]
    report: bool,
    /// Folder of the report
    #[arg(long, value_name = "DIR", default_value = "reports")]
    reports: PathBuf,
}

/// An experiment file as the command line names it.
pub struct Named {
    /// Its name: the path below experiments/; `pipe` for one that came out of a pipe.
    pub name: String,
    /// What it asks for.
    pub file: File,
}

impl Experiment {
    /// What the file asks for, with `--set` and `--seeds` laid over it: itself, or the experiments of a collection.
    pub fn load(&self, corpora: &Path) -> Result<Vec<Named>> {
        let mut sets = self.set.clone();
        if !self.seeds.is_empty() {
            sets.push(format!("seeds={:?}", self.seeds));
        }
        // Read once: out of a pipe it comes once.
        let collection = match spec::load_file(&self.spec, &sets)? {
            File::Collection(collection) => collection,
            file => {
                let named = self.named(&self.spec, file, &sets, corpora)?;
                if matches!(named.file, File::Counts(_)) && !sets.is_empty() {
                    let flag = format!("{}: a table of counts has nothing to set", self.spec.display());
                    return Err(Error::usage(flag));
                }
                return Ok(vec![named]);
            }
        };
        let folder = self.spec.parent().unwrap_or(Path::new(""));
        let members = collection.experiments.iter().map(|name| {
            let path = folder.join(format!("{name}.toml"));
            let named = self.named(&path, spec::load_file(&path, &sets)?, &sets, corpora)?;
            match named.file {
                File::Collection(_) => {
                    Err(Error::usage(format!("{}: {name} is a collection itself", self.spec.display())))
                }
                _ => Ok(named),
            }
        });
        members.collect()
    }

    fn named(&self, path: &Path, file: File, sets: &[String], corpora: &Path) -> Result<Named> {
        let name = if files::is_pipe(path) { "pipe".to_owned() } else { experiment_name(path)? };
        file.check_corpora(path, sets, |name| corpora::manifest(name, corpora).map(drop))?;
        Ok(Named { name, file })
    }

    /// The rest of the command line.
    pub fn options(&self, global: &Global) -> Options {
        Options {
            corpora: global.corpora.clone(),
            results: self.results.clone(),
            devices: self.device.clone(),
            launcher: Launcher::Local,
            wait: false,
            partial: self.partial,
            resume: Resume::Newest,
            jobs: 0,
            threads: self.threads.max(1),
            max_failures: None,
            stall: Duration::MAX,
            checkpoint_every: seconds(CHECKPOINT_SECONDS),
            tensorboard: false,
            cuda_graphs: false,
            command: arguments(),
            set: self.set.clone(),
        }
    }
}

/// Exit code 0 when every cell is done, 3 when some failed. The experiments of a collection run whatever becomes of
/// the others; the first error decides the exit code.
///
/// # Errors
/// See [`supervise::run`].
pub fn run(args: RunArgs, global: &Global) -> Result<u8> {
    interrupt::listen();
    let experiments = args.experiment.load(&global.corpora)?;
    let mut code = 0;
    let mut answers = Vec::new();
    let several = experiments.len() > 1;
    for experiment in experiments {
        let name = experiment.name.clone();
        match one(&args, global, experiment) {
            Ok((answer, failed)) => {
                answers.push(answer);
                code = if code == 0 && failed { 3 } else { code };
            }
            Err(e) if several && !matches!(e, Error::Interrupted(_)) => {
                code = if code == 0 || code == 3 { e.exit_code() } else { code };
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
    Ok(code)
}

/// Runs one experiment; its answer, and whether cells failed.
fn one(args: &RunArgs, global: &Global, experiment: Named) -> Result<(serde_json::Value, bool)> {
    let options = Options {
        resume: match (&args.resume, args.new) {
            (Some(run), _) => Resume::This(run.clone()),
            (None, true) => Resume::New,
            (None, false) => Resume::Newest,
        },
        launcher: args.launcher,
        wait: args.wait || args.report,
        jobs: args.jobs.unwrap_or(0),
        max_failures: if args.fail_fast { Some(1) } else { args.max_failures },
        stall: seconds(args.stall_seconds),
        checkpoint_every: seconds(args.checkpoint_seconds),
        tensorboard: args.tensorboard,
        cuda_graphs: args.cuda_graphs,
        ..args.experiment.options(global)
    };
    let display = Display::new(global.quiet);
    let (finished, what) = match experiment.file {
        File::Experiment(spec) => {
            (supervise::run(*spec, &experiment.name, &options, &display)?, "cells failed")
        }
        File::Counts(counts) => {
            (counts::run(&counts, &experiment.name, &options, &display)?, "corpora are missing")
        }
        File::Collection(_) => unreachable!("a collection was resolved"),
    };
    let path = finished.run.path().display().to_string();
    if finished.before {
        display.note(&format!("nothing to do: {path} has every cell; --new begins another run"));
    }
    let mut answer = String::new();
    if args.report {
        let written = write::report(&finished.run, &args.reports)?;
        written.note.iter().for_each(|note| display.note(&format!("note: {note}")));
        answer = format!("{}\npage: {}\n", written.text, written.page.display());
    }
    answer += &format!("run: {path}\n");
    // Where the answer cannot be written, what has become of the cells is said all the same.
    let said = if global.json { Ok(()) } else { print(&answer) };
    if finished.failed > 0 {
        let failed = format!("{} of {} {what}; see {path}", finished.failed, finished.cells);
        terminal::note(&format!("error: {}: {failed}", experiment.name));
    }
    let answer = serde_json::json!({ "run": path, "cells": finished.cells, "failed": finished.failed, "queued": finished.queued });
    if finished.open > 0 {
        let open = match finished.open {
            1 => "1 cell was".to_owned(),
            n => format!("{n} cells were"),
        };
        terminal::note(&format!("error: {}: {open} not finished; the same command goes on", experiment.name));
    }
    said.map(|()| (answer, finished.failed + finished.open > 0))
}
