//! `seraug-worker`: the program that computes. `seraug run` and the jobs of a cluster start it, not people.

use clap::{Parser, Subcommand};
use seraug_core::error::{Error, Result};
use seraug_core::panic::caught;
use seraug_core::run_files::{ModelInfo, RunDir};
use seraug_core::spec::Precision;
use seraug_core::{exit, interrupt, terminal, version};
use seraug_run::arguments;
use seraug_run::augmentation::AugmentRequest;
use seraug_run::prediction::PredictionRequest;
use seraug_run::training_sets::TrainingSetRequest;
use seraug_run::worker_client::WorkerArgs;
use seraug_run::worker_client::answers::WorkerAnswer;
use seraug_run::worker_client::protocol::ProbeQuestion;
use seraug_train::torch::precision::compute_in;
use seraug_worker::probe;
use seraug_worker::serve::{self, WorkerTask};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Write;
use std::process::ExitCode;

/// Trains the cells of a run, for `seraug run` or a job of a cluster.
#[derive(Parser)]
#[command(name = "seraug-worker", version)]
struct WorkerCli {
    #[command(subcommand)]
    command: WorkerSubcommand,
}

#[derive(Subcommand)]
enum WorkerSubcommand {
    Work(WorkerArgs),
    /// Answer a question, one line of JSON on standard input, on standard output
    Probe,
    /// Classify the recordings of a request, JSON on standard input; a line of JSON for each on standard output
    Predict,
    /// Make samples of the recordings of a request, JSON on standard input
    Augment,
    /// Write the training set of the cell of a request, JSON on standard input
    TrainingSet,
}

fn main() -> ExitCode {
    version::set(env!("SERAUG_REVISION"));
    interrupt::outlive_file_limits();
    let done = caught(|| match WorkerCli::try_parse() {
        Ok(WorkerCli { command: WorkerSubcommand::Work(work) }) => self::work(work),
        Ok(WorkerCli { command: WorkerSubcommand::Probe }) => answer(),
        Ok(WorkerCli { command: WorkerSubcommand::Predict }) => predict(),
        Ok(WorkerCli { command: WorkerSubcommand::Augment }) => augment(),
        Ok(WorkerCli { command: WorkerSubcommand::TrainingSet }) => training_set(),
        Err(message) => arguments::print_message(&message),
    });
    let code = done.unwrap_or_else(|e| {
        terminal::error(&e);
        e.exit_code()
    });
    ExitCode::from(code)
}

/// Works on the cell of `--cell`, or on those that the supervisor orders.
fn work(args: WorkerArgs) -> Result<u8> {
    let task = WorkerTask { run: RunDir::exactly(&args.run)?, args };
    // SAFETY: the first thing that the process does; there is no other thread.
    unsafe { compute_in(serve::precision(&task.run)?) };
    interrupt::listen();
    match task.args.cell {
        Some(number) => serve::one(&task, number.saturating_sub(1)),
        None => serve::serve(&task),
    }
}

/// What is on standard input.
fn asked<T: DeserializeOwned>() -> Result<T> {
    let text = std::io::read_to_string(std::io::stdin())
        .map_err(|e| Error::failed(format!("standard input: {e}")))?;
    serde_json::from_str(&text)
        .map_err(|e| Error::usage(format!("standard input: not a question of seraug: {e}")))
}

/// Classifies the recordings of the request on standard input.
fn predict() -> Result<u8> {
    let request: PredictionRequest = asked()?;
    let precision = match request.models.first() {
        Some(model) => ModelInfo::load(model)?.precision,
        None => Precision::F32,
    };
    // SAFETY: as in `work`.
    unsafe { compute_in(precision) };
    seraug_worker::predict::predict(&request, &mut send)?;
    Ok(exit::DONE)
}

/// Makes samples of the recordings of the request on standard input.
fn augment() -> Result<u8> {
    let request: AugmentRequest = asked()?;
    let precision = seraug_worker::augment::precision(&request)?;
    // SAFETY: as in `work`.
    unsafe { compute_in(precision) };
    seraug_worker::augment::augment(&request, &mut send)?;
    Ok(exit::DONE)
}

/// Writes the training set of the cell of the request on standard input.
fn training_set() -> Result<u8> {
    let request: TrainingSetRequest = asked()?;
    let precision = serve::precision(&RunDir::exactly(&request.run)?)?;
    // SAFETY: as in `work`.
    unsafe { compute_in(precision) };
    seraug_worker::set_export::export(&request, &mut send)?;
    Ok(exit::DONE)
}

/// Writes an answer on standard output.
fn send<A: Serialize>(answer: WorkerAnswer<A>) -> Result<()> {
    let line = serde_json::to_string(&answer).expect("plain data");
    writeln!(std::io::stdout(), "{line}").map_err(|e| Error::failed(format!("standard output: {e}")))
}

/// Answers the question on standard input.
fn answer() -> Result<u8> {
    let question: ProbeQuestion = asked()?;
    let precision = question.benchmark.as_ref().map_or(Precision::F32, |b| b.precision);
    // SAFETY: as in `work`.
    unsafe { compute_in(precision) };
    let answer = serde_json::to_string(&probe::answer(&question)?).expect("plain data");
    let written = writeln!(std::io::stdout(), "{answer}");
    written.map(|()| exit::DONE).map_err(|e| Error::failed(format!("standard output: {e}")))
}
