//! `seraug report RUN`: tables, figures and page of a run.

use super::{Global, print, print_json};
use seraug_core::error::Result;
use seraug_core::run_files::{RunDir, RunState};
use seraug_core::spec;
use seraug_report::write;
use serde::Serialize;
use std::path::PathBuf;

/// Write the tables, figures and page of a run
#[derive(Debug, Clone, clap::Args)]
pub struct ReportArgs {
    /// Run directory, such as results/quickstart/latest
    pub run: PathBuf,
    /// Folder for reports; the page is DIR/<experiment>/<run-id>/index.html
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub reports: PathBuf,
    /// Also write the table and the first figure, and of a run with a judge what it says, into this Markdown file, between
    /// `<!-- seraug EXPERIMENT -->` and `<!-- /seraug -->`
    #[arg(long, value_name = "FILE", conflicts_with = "public")]
    pub splice: Option<PathBuf>,
    /// Leave out host names, user names, paths and links to the run, so that the report can be published
    #[arg(long)]
    pub public: bool,
}

/// Writes the report and returns the exit code.
///
/// # Errors
/// As [`Global::run`], [`write::report`] and [`write::report_into`].
pub fn run(args: ReportArgs, global: &Global) -> Result<u8> {
    let run = global.run(&args.run)?;
    settle(&run, global)?;
    let written = match &args.splice {
        None if args.public => write::report_public(&run, &args.reports)?,
        None => write::report(&run, &args.reports)?,
        Some(file) => write::report_into(&run, &args.reports, file)?,
    };
    written.note.iter().for_each(|note| global.note(&format!("note: {note}")));
    if global.json {
        let shown = |path: &PathBuf| path.display().to_string();
        print_json(&ReportAnswer {
            page: shown(&written.page),
            files: written.files.iter().map(shown).collect(),
        })?;
    } else {
        print(&format!("{}\npage: {}\n", written.text, written.page.display()))?;
    }
    Ok(0)
}

/// Brings outcomes.csv and run.toml up to date: on a cluster cells end without a supervisor that would do it. A directory that cannot
/// be written is a note.
///
/// # Errors
/// A spec or results that cannot be read or contradict each other.
pub fn settle(run: &RunDir, global: &Global) -> Result<()> {
    if run.plan().is_file() && run.supervisor_is().is_none_or(|holder| !holder.is_there()) {
        let spec = spec::load(&run.spec(), &[])?;
        let classes = spec.class_names();
        let ahead = RunState::ahead(run, &classes)?;
        if let Some(Err(e)) = ahead.map(|state| state.settle(run, &classes, None)) {
            global.note(&format!(
                "note: {e}; cells that have ended since it was written are not in the report"
            ));
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct ReportAnswer {
    page: String,
    files: Vec<String>,
}
