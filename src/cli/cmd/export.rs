//! `seraug export`: a trained classifier as a folder that other programs read.

use super::{Global, print, print_json};
use indicatif::DecimalBytes;
use seraug_core::error::{Error, Result};
use seraug_core::exit;
use seraug_export::folder;
use seraug_run::models;
use std::path::PathBuf;

/// Export a trained classifier: weights, a PyTorch loader, ONNX from waveform to probabilities, a model card
#[derive(Debug, clap::Args)]
#[command(
    about = "Export a trained classifier: weights, a PyTorch loader, ONNX from waveform to probabilities, a model card"
)]
pub struct ExportArgs {
    /// A cell, such as results/quickstart/latest/cells/aug/fold-1/seed-1
    cell: PathBuf,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Folder of the runs and of the store that they share, if it is not above the cell
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// A cell without a model, or outside a run; a corpus without a licence, a run without a result; a folder that is there.
pub fn run(args: ExportArgs, global: &Global) -> Result<u8> {
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
