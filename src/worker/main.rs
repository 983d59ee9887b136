//! `seraug-worker`: the process that computes. `seraug run` and the tasks of a cluster start it; it is not for people.

use clap::{Parser, Subcommand};
use seraug_core::device::DeviceChoice;
use seraug_core::error::{Error, Result};
use seraug_core::panic::caught;
use seraug_core::run_files::RunDir;
use seraug_core::spec::Precision;
use seraug_core::{interrupt, terminal, version};
use seraug_run::arguments::{self, CHECKPOINT_SECONDS, arguments, interval, seconds};
use seraug_run::launcher::Launcher;
use seraug_run::supervise::{Options, Resume};
use seraug_run::worker_client::protocol::ProbeQuestion;
use seraug_train::torch::precision::compute_in;
use seraug_worker::probe;
use seraug_worker::serve::{self, WorkerTask};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Works on cells of a run, as `seraug run` or a cluster says.
#[derive(Parser)]
#[command(name = "seraug-worker", version)]
struct WorkerCli {
    #[command(subcommand)]
    command: WorkerSubcommand,
}

#[derive(Subcommand)]
enum WorkerSubcommand {
    Work(WorkArgs),
    /// Answer a question, one line of JSON on standard input, on standard output
    Probe,
}

/// Work on cells of a run
#[derive(clap::Args)]
struct WorkArgs {
    /// The run directory
    run: PathBuf,
    #[arg(long, value_name = "DIR")]
    results: PathBuf,
    #[arg(long, value_name = "DIR")]
    corpora: PathBuf,
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    #[arg(long)]
    partial: bool,
    #[arg(long, value_name = "SECONDS", default_value_t = CHECKPOINT_SECONDS, value_parser = interval)]
    checkpoint_seconds: f64,
    #[arg(long)]
    tensorboard: bool,
    #[arg(long)]
    cuda_graphs: bool,
    /// Row of plan.csv, from 1; without it, orders come over standard input
    #[arg(long, value_name = "N")]
    cell: Option<usize>,
}

fn main() -> ExitCode {
    version::set(env!("SERAUG_REVISION"));
    interrupt::outlive_file_limits();
    let done = caught(|| match WorkerCli::try_parse() {
        Ok(WorkerCli { command: WorkerSubcommand::Work(work) }) => self::work(work),
        Ok(WorkerCli { command: WorkerSubcommand::Probe }) => answer(),
        Err(told) => arguments::told(&told),
    });
    match done {
        Ok(code) => ExitCode::from(code),
        Err(e) => {
            terminal::error(&e);
            ExitCode::from(e.exit_code())
        }
    }
}

/// Exit codes: 0 done, 3 the one cell failed, 130 stopped.
fn work(args: WorkArgs) -> Result<u8> {
    let run = RunDir::exactly(&args.run)?;
    // SAFETY: the first thing that the process does; there is no other thread.
    unsafe { compute_in(serve::precision(&run)?) };
    interrupt::listen();
    let options = Options {
        corpora: args.corpora,
        results: args.results,
        launcher: Launcher::Local,
        wait: false,
        devices: vec![args.device],
        partial: args.partial,
        resume: Resume::New,
        jobs: 1,
        threads: args.threads.max(1),
        max_failures: None,
        stall: Duration::MAX,
        checkpoint_every: seconds(args.checkpoint_seconds),
        tensorboard: args.tensorboard,
        cuda_graphs: args.cuda_graphs,
        command: arguments(),
        set: Vec::new(),
    };
    let task = WorkerTask { run, options };
    match args.cell {
        Some(number) => serve::one(&task, number.saturating_sub(1)),
        None => serve::serve(&task),
    }
}

fn answer() -> Result<u8> {
    let question = std::io::read_to_string(std::io::stdin())
        .map_err(|e| Error::failed(format!("standard input: {e}")))?;
    let question: ProbeQuestion = serde_json::from_str(&question)
        .map_err(|e| Error::usage(format!("standard input: no question of seraug: {e}")))?;
    let precision = question.trial.as_ref().map_or(Precision::F32, |t| t.precision);
    // SAFETY: as in `work`.
    unsafe { compute_in(precision) };
    let answer = serde_json::to_string(&probe::answer(&question)?).expect("plain data");
    let said = writeln!(std::io::stdout(), "{answer}");
    said.map(|()| 0).map_err(|e| Error::failed(format!("standard output: {e}")))
}
