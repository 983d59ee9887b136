//! `seraug worker RUN`: a process that `run` and the tasks of a cluster start; not for people.

use super::Global;
use crate::error::Result;
use crate::launch::Launcher;
use crate::results::RunDir;
use crate::run::{Options, Resume};
use crate::signals;
use crate::train::device::DeviceChoice;
use crate::worker::{self, Task};
use std::path::PathBuf;
use std::time::Duration;

/// Work on cells of a run
#[derive(Debug, clap::Args)]
#[command(about = "Work on cells of a run, as a supervisor or a cluster says", hide = true)]
pub struct Args {
    /// The run directory
    run: PathBuf,
    #[arg(long, value_name = "DIR")]
    results: PathBuf,
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    #[arg(long)]
    partial: bool,
    #[arg(long, value_name = "SECONDS", default_value_t = super::run::CHECKPOINT_SECONDS)]
    checkpoint_seconds: f64,
    #[arg(long)]
    tensorboard: bool,
    /// Row of plan.csv, from 1; without it, orders come over standard input
    #[arg(long, value_name = "N")]
    cell: Option<usize>,
}

/// Exit codes: 0 done, 3 the one cell failed, 130 stopped.
///
/// # Errors
/// See [`worker::serve`].
pub fn run(args: Args, global: &Global) -> Result<u8> {
    signals::listen();
    let options = Options {
        corpora: global.corpora.clone(),
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
        checkpoint_every: super::run::seconds(args.checkpoint_seconds),
        tensorboard: args.tensorboard,
        command: std::env::args().collect(),
        set: Vec::new(),
    };
    let task = Task { run: RunDir::open(&args.run)?, options };
    match args.cell {
        Some(number) => worker::one(&task, number.saturating_sub(1)),
        None => worker::serve(&task),
    }
}
