//! `seraug archive RUN`: a run as a research object that anybody can check without the audio.

mod contents;
mod methods;
mod opened;
mod research_object;

pub(super) use opened::OpenedArchive;

use super::{Global, print, print_json};
use contents::{ArchiveFiles, zipped};
use research_object::Publication;
use seraug_core::error::{Error, Result};
use seraug_core::files::write_given;
use seraug_core::run_files::RunInfo;
use seraug_core::text::plural;
use seraug_report::analysis::loaded_run::LoadedRun;
use serde_json::json;
use std::path::PathBuf;

/// Write a run as an RO-Crate: spec, split, predictions, histories, tables, figures, methods, checksums; no audio
#[derive(Debug, Clone, clap::Args)]
pub struct ArchiveArgs {
    /// Run directory, such as results/quickstart/latest
    pub run: PathBuf,
    /// The archive to write, a .zip
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Who made the run, as the archive names them; by default nobody is named
    #[arg(long, value_name = "NAME")]
    pub author: Option<String>,
    /// Licence of the archive, a URL or words; by default it says that none is stated
    #[arg(long, value_name = "LICENCE")]
    pub licence: Option<String>,
}

/// Writes the archive and returns the exit code.
///
/// # Errors
/// A run that cannot be read, is not finished, or contradicts itself; a file that cannot be written.
pub fn run(args: ArchiveArgs, global: &Global) -> Result<u8> {
    let out = args.out.display();
    if args.out.extension().is_none_or(|e| e != "zip") {
        return Err(Error::usage(format!("--out {out}: an archive is a .zip")));
    }
    let run = global.run(&args.run)?;
    super::report::settle(&run, global)?;
    let info = RunInfo::load(&run.info())?;
    if run.counts().is_file() {
        return Err(Error::usage(format!(
            "{}: a table of counts has no predictions to archive",
            run.path().display()
        )));
    }
    if info.finished.is_empty() || !LoadedRun::of(&run)?.missing().is_empty() {
        let next = "run it to its end first";
        return Err(Error::usage(format!("{}: some cells have no result; {next}", run.path().display())));
    }
    let files = ArchiveFiles::of(
        &run,
        Publication { author: args.author.as_deref(), licence: args.licence.as_deref() },
    )?;
    let bytes = zipped(&files)?;
    write_given(&args.out, &bytes)?;
    let (number, size) = (files.len(), bytes.len() as f64 / 1e6);
    if global.json {
        print_json(&json!({ "archive": out.to_string(), "files": number, "bytes": bytes.len() }))?;
    } else {
        let next = format!("check it anywhere: seraug verify {out}");
        print(&format!("{out}: {}, {size:.1} MB, no audio\n{next}\n", plural(number, "file")))?;
    }
    Ok(0)
}
