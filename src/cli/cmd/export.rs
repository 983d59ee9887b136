//! `seraug export`: a trained classifier, or what it was trained on, as a folder that other programs read.

use super::{Global, print, print_json};
use indicatif::DecimalBytes;
use seraug_core::device::DeviceChoice;
use seraug_core::error::{Error, Result};
use seraug_core::exit;
use seraug_core::files::new_folder;
use seraug_core::text::plural;
use seraug_export::folder;
use seraug_run::arguments::{LARGEST_SEED, MOST_THREADS, whole};
use seraug_run::training_sets::{self, TrainingSetAnswer, TrainingSetRequest};
use seraug_run::worker_client::answers::ask_for;
use seraug_run::{models, training_sets::TrainingSetCounts};
use std::path::PathBuf;

/// Export a trained classifier: weights, a PyTorch loader, ONNX from waveform to probabilities, a model card; or what it was trained on
#[derive(Debug, clap::Args)]
#[command(
    about = "Export a trained classifier: weights, a PyTorch loader, ONNX from waveform to probabilities, a model card; or what it was trained on"
)]
pub struct ExportArgs {
    /// A cell, such as results/quickstart/latest/cells/aug/fold-1/seed-1; with --training-set a run
    cell: PathBuf,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// In place of the classifier what it was trained on: arrays of the real and generated training utterances of a fold, and its test
    #[arg(long, value_name = "FOLD", value_parser = whole::<usize>(1..=1_000_000))]
    training_set: Option<usize>,
    /// Of a run: the condition that is meant, where it has several
    #[arg(long, value_name = "NAME", requires = "training_set")]
    condition: Option<String>,
    /// Of a run: the seed that is meant [default: its first]
    #[arg(long, value_name = "N", requires = "training_set", value_parser = whole::<u64>(..=LARGEST_SEED))]
    seed: Option<u64>,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto", requires = "training_set")]
    device: DeviceChoice,
    /// Threads of a tensor operation on the CPU [default: the run's]
    #[arg(long, value_name = "N", requires = "training_set", value_parser = whole::<usize>(1..=MOST_THREADS))]
    threads: Option<usize>,
    /// Use an incomplete corpus as it is
    #[arg(long, requires = "training_set")]
    partial: bool,
    /// Folder of the runs and of the store that they share, if it is not above the cell
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// A cell without a model, or outside a run; a corpus without a licence, a run without a result; a folder that is there. With
/// `--training-set` a fold that the run does not have, corpora that are not there, a stage that is not in the store any more.
pub fn run(args: ExportArgs, global: &Global) -> Result<u8> {
    match args.training_set {
        Some(fold) => training_set(&args, fold, global),
        None => classifier(&args, global),
    }
}

fn classifier(args: &ExportArgs, global: &Global) -> Result<u8> {
    let found = models::find(&args.cell, None, &args.results)?;
    let [model] = &found[..] else {
        return Err(Error::usage(format!("{}: {} models; name one cell", args.cell.display(), found.len())));
    };
    let Some((run, cell)) = &model.cell else {
        return Err(Error::usage(format!(
            "{}: not a cell of a run, from whose results the model card is made",
            args.cell.display()
        )));
    };
    let files = folder::export(&model.dir, run, cell, &args.to)?;
    if global.json {
        let sizes: serde_json::Map<String, serde_json::Value> =
            files.iter().map(|f| (f.name.clone(), f.bytes.into())).collect();
        print_json(
            &serde_json::json!({ "folder": args.to.display().to_string(), "cell": cell.to_string(), "files": sizes }),
        )?;
    } else {
        let lines = files.iter().map(|f| format!("{:>10}  {}\n", DecimalBytes(f.bytes).to_string(), f.name));
        print(&(lines.collect::<String>() + &format!("exported: {}\n", args.to.display())))?;
    }
    Ok(exit::DONE)
}

fn training_set(args: &ExportArgs, fold: usize, global: &Global) -> Result<u8> {
    let (run, info, cell, results) =
        training_sets::find(&args.cell, fold, args.condition.as_deref(), args.seed, &args.results)?;
    let mut counts = TrainingSetCounts::default();
    new_folder(&args.to, |folder| {
        let request = TrainingSetRequest {
            run: run.path().to_owned(),
            cell: cell.clone(),
            results,
            corpora: global.corpora.clone(),
            partial: args.partial,
            to: std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()),
            device: args.device,
            threads: args.threads.unwrap_or(info.device.threads.max(1)),
        };
        ask_for("training-set", &request, request.threads, |answer| {
            match answer {
                TrainingSetAnswer::Note(note) => global.note(&format!("note: {note}")),
                TrainingSetAnswer::Written(written) => counts = written,
            }
            Ok(())
        })
    })?;
    if global.json {
        let folder = args.to.display().to_string();
        print_json(&serde_json::json!({ "folder": folder, "cell": cell.to_string(), "counts": counts }))?;
        return Ok(exit::DONE);
    }
    let TrainingSetCounts { originals, added, validation, left_out, test, confirmed } = counts;
    let mut text = format!("{cell}: {}, {added} added", plural(originals, "training utterance"));
    if validation > 0 {
        text.push_str(&format!(", {validation} for validation ({left_out} samples of them are left out)"));
    }
    text.push_str(&format!(", {test} for the test\n"));
    if confirmed == Some(true) {
        text.push_str("the same, bit for bit, as the cell's classifier saw\n");
    }
    print(&(text + &format!("exported: {}\n", args.to.display())))?;
    Ok(exit::DONE)
}
