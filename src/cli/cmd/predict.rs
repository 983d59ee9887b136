//! `seraug predict`: trained classifiers on any recordings.

mod output;

use super::{Global, given};
use seraug_core::device::DeviceChoice;
use seraug_core::error::{Error, Result};
use seraug_core::exit;
use seraug_core::manifest::Channels;
use seraug_core::terminal;
use seraug_run::arguments::{MOST_THREADS, whole};
use seraug_run::models::{self, FoundModel};
use seraug_run::prediction::{PredictionAnswer, PredictionRequest, RecordingToPredict};
use seraug_run::worker_client::answers::ask_for;
use std::path::PathBuf;

/// Classify recordings with a classifier that a run has trained
#[derive(Debug, clap::Args)]
#[command(about = "Classify recordings with a classifier that a run has trained")]
pub struct PredictArgs {
    /// A cell, such as results/quickstart/latest/cells/aug/fold-1/seed-1; a run; a folder that `seraug export` made
    model: PathBuf,
    /// Recordings, folders of them, or lists: a .csv with a column path, and start and end in seconds if only a part is meant
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Of a run: the condition whose models are meant, where it has several
    #[arg(long, value_name = "NAME")]
    condition: Option<String>,
    /// Of a run: let the models of all folds and seeds that were kept vote together
    #[arg(long)]
    ensemble: bool,
    /// Classify each stretch of this many seconds by itself
    #[arg(long, value_name = "SECONDS", value_parser = stretch)]
    window: Option<f64>,
    /// Seconds between the starts of two windows [default: the window]
    #[arg(long, value_name = "SECONDS", value_parser = stretch, requires = "window")]
    hop: Option<f64>,
    /// A row for each segment that voted, in place of one for each recording or window
    #[arg(long)]
    segments: bool,
    /// Also write what the last hidden layer says: float32 [rows, units] as .npy, in the order of the rows
    #[arg(long, value_name = "FILE", conflicts_with = "segments")]
    embeddings: Option<PathBuf>,
    /// Write the table here in place of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How several channels become one
    #[arg(long, value_enum, default_value = "mean")]
    channels: super::features::Which,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// Threads of a tensor operation on the CPU
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<usize>(..=MOST_THREADS))]
    threads: usize,
    /// Folder of the runs and of the store that they share, if it is not above the model
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
}

fn stretch(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.01..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("expected seconds, from 0.01 to 86400".to_owned()),
    }
}

/// Runs the command: exit code 1 if a recording was refused, after the others are written.
///
/// # Errors
/// A model that is not there; several models without `--ensemble`; no recording; an output that cannot be written.
pub fn run(args: PredictArgs, global: &Global) -> Result<u8> {
    let found = models::find(&args.model, args.condition.as_deref(), &args.results)?;
    if found.len() > 1 && !args.ensemble {
        let cells: Vec<&str> = found.iter().take(3).map(|m| m.info.cell.as_str()).collect();
        return Err(Error::usage(format!(
            "{}: {} models, such as {}: name one cell, or let them vote with --ensemble",
            args.model.display(),
            found.len(),
            cells.join(", ")
        )));
    }
    let recordings = given::recordings(&args.inputs)?.into_iter();
    let recordings = recordings.map(|r| RecordingToPredict { path: r.path, stretch: r.stretch }).collect();
    let request = PredictionRequest {
        models: found.iter().map(|m| m.dir.clone()).collect(),
        channels: Channels::from(args.channels),
        windows: args.window.map(|window| [window, args.hop.unwrap_or(window)]),
        embeddings: args.embeddings.is_some(),
        device: args.device,
        threads: args.threads,
        recordings,
    };
    let progress = global.progress("recordings");
    progress.set_length(request.recordings.len() as u64);
    let mut table = output::Predictions::new(&found[0].info, args.segments);
    let mut refused = 0;
    let device = ask_for("predict", &request, request.threads, |answer| {
        match answer {
            PredictionAnswer::Done { recording, predicted } => {
                table.add(&request.recordings[recording], predicted);
            }
            PredictionAnswer::Refused { error, .. } => {
                refused += 1;
                terminal::error(&Error::failed(error));
            }
        }
        progress.inc(1);
        Ok(())
    })?;
    progress.finish_and_clear();
    if let Some(path) = &args.embeddings {
        table.write_embeddings(path)?;
    }
    let text = if global.json { table.json(&found, &device)? } else { table.csv()? };
    match &args.out {
        Some(path) => seraug_core::files::write_atomic(path, text.as_bytes())?,
        None => super::print(&text)?,
    }
    note_models(&found, global);
    Ok(if refused > 0 { exit::FAILED } else { exit::DONE })
}

/// Says which models have spoken, because a table does not.
fn note_models(found: &[FoundModel], global: &Global) {
    if global.quiet || global.json {
        return;
    }
    let of = match found {
        [one] => format!("{} ({})", one.info.cell, one.info.title),
        all => format!("{} models of {}", all.len(), all[0].info.title),
    };
    terminal::note(&format!("by {of}; `seraug report` of its run says how often it is right"));
}
