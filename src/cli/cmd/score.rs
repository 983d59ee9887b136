//! `seraug score`: tables, intervals and tests of somebody else's predictions.

mod scored_run;

use super::{Global, print, print_json};
use seraug_core::error::{Error, Result};
use seraug_core::files::is_pipe;
use seraug_core::names::folders::check_experiment;
use seraug_core::suggest::hint;
use seraug_data::foreign::{self, ForeignFile};
use seraug_report::scores::{self, Breakdown};
use seraug_report::write;
use std::path::{Path, PathBuf};

/// Score predictions of any systems: tables, intervals over folds, corrected tests, page
///
/// A table has a row an utterance, with columns utterance, predicted (or p_CLASS for each class) and, where there are any, fold,
/// seed and system. Truth and speaker are columns of it too, or of the table that --truth names.
#[derive(Debug, Clone, clap::Args)]
pub struct ScoreArgs {
    /// Tables of predictions, each FILE or NAME=FILE (CSV, TSV, JSON lines or parquet); without a column `system` the name of the
    /// file names its system
    #[arg(required = true, value_name = "FILE")]
    pub predictions: Vec<String>,
    /// Table with the true class of each utterance and, where they are known, speaker, fold, gender, language and text
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,
    /// The system that the others are compared with; by default the first
    #[arg(long, value_name = "SYSTEM")]
    pub baseline: Option<String>,
    /// Classes in the order of every table; by default those of the truths
    #[arg(long, value_name = "CLASS,...", value_delimiter = ',')]
    pub classes: Vec<String>,
    /// Classes that are rare: systems are then compared by the mean recall of these, in place of UAR
    #[arg(long, value_name = "CLASS,...", value_delimiter = ',')]
    pub rare: Vec<String>,
    /// Also print the UAR for each value of these
    #[arg(long, value_name = "WHAT,...", value_delimiter = ',', value_parser = breakdown)]
    pub by: Vec<Breakdown>,
    /// Name of the folder of results and reports, and of the data in every table; by default that of the first file
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// One line for tables and pages
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Folder for the files of the scored run, DIR/NAME/<run-id>/, which `report` and `compare` read
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    /// Folder for reports; the page is DIR/NAME/<run-id>/index.html
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub reports: PathBuf,
}

/// Writes the scored run and its report, and returns the exit code.
///
/// # Errors
/// As [`foreign::read`] and [`write::report`]; a name that cannot be a folder, a class or system that is not there.
pub fn run(args: ScoreArgs, global: &Global) -> Result<u8> {
    let files: Vec<ForeignFile> = args.predictions.iter().map(|given| file(given)).collect();
    let name = match &args.name {
        Some(name) => name.clone(),
        None => files[0].system.clone(),
    };
    check_experiment(&name).map_err(|why| Error::usage(format!("--name: {why}")))?;
    let found = foreign::read(&files, args.truth.as_deref(), &args.classes)?;
    let run = scored_run::create(&args, &name, &found)?;
    let written = write::report(&run, &args.reports)?;
    found.notes.iter().for_each(|note| global.note(&format!("note: {note}")));
    written.note.iter().for_each(|note| global.note(&format!("note: {note}")));
    let scores = scores::Scores::of(&run)?;
    let mut tables = String::new();
    for by in &args.by {
        match scores.breakdown(*by) {
            Some(table) => tables += &format!("\n{}:\n{}", table.title, table.terminal()),
            None => {
                global.note(&format!("note: --by {}: the utterances have no two values of it", by.name()))
            }
        }
    }
    if global.json {
        print_json(&scores.json(&args.by, &run, &written.page))?;
    } else {
        let sentences = scores.sentences();
        let run = run.path().display();
        let page = written.page.display();
        print(&format!("{}\n{sentences}{tables}\nrun: {run}\npage: {page}\n", written.text))?;
    }
    Ok(0)
}

fn breakdown(word: &str) -> std::result::Result<Breakdown, String> {
    let known = || Breakdown::ALL.into_iter().map(Breakdown::name);
    let found = Breakdown::ALL.into_iter().find(|by| by.name() == word);
    found.ok_or_else(|| format!("nothing is grouped by `{word}`{}", hint(word, known())))
}

/// `NAME=FILE`, or a file whose name names its system.
fn file(given: &str) -> ForeignFile {
    let whole = Path::new(given);
    match given.split_once('=') {
        Some((name, path)) if !name.is_empty() && !whole.exists() => {
            ForeignFile { system: name.to_owned(), path: path.into() }
        }
        _ if is_pipe(whole) => ForeignFile { system: "predictions".into(), path: whole.into() },
        _ => {
            let stem = whole.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            ForeignFile { system: stem, path: whole.into() }
        }
    }
}
