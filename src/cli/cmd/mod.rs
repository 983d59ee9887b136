//! The commands: one file each with its `Args` and a `run`. They meet through files, never in memory.

pub mod compare;
pub mod corpus;
pub mod doctor;
pub mod features;
pub mod plan;
pub mod report;
pub mod run;
pub mod schema;
pub mod status;
pub mod store;

use indicatif::{ProgressBar, ProgressStyle};
use seraug_core::error::Result;
use seraug_core::run_files::RunDir;
use seraug_core::terminal;
pub use seraug_core::terminal::{print, print_json};
use seraug_run::arguments::{CORPORA, Corpora};
use seraug_run::progress;
use std::path::{Path, PathBuf};

/// Options of every command, before or after its name.
#[derive(Debug, Clone, clap::Args)]
pub struct Global {
    /// Folder with one folder for each corpus, in the corpus's official layout
    #[arg(long, global = true, value_name = "DIR", env = "SERAUG_CORPORA", default_value = CORPORA, value_parser = Corpora)]
    pub corpora: PathBuf,
    /// No progress and no notes; errors are still printed
    #[arg(long, global = true)]
    pub quiet: bool,
    /// Answer in JSON where there is something to parse
    #[arg(long, global = true)]
    pub json: bool,
}

impl Global {
    /// A bar on standard error; nothing where that is no terminal, or with `--quiet`.
    pub fn progress(&self, what: &'static str) -> ProgressBar {
        if self.quiet { ProgressBar::hidden() } else { progress::bar(what) }
    }

    /// As [`Global::progress`], counting bytes.
    pub fn byte_progress(&self, what: &'static str) -> ProgressBar {
        let style =
            ProgressStyle::with_template("{msg} [{bar:40}] {bytes}/{total_bytes} {bytes_per_sec} {eta}");
        self.progress(what).with_style(style.expect("a constant template"))
    }

    /// A note on standard error; not with `--quiet`.
    pub fn note(&self, said: &str) {
        if !self.quiet {
            terminal::note(said);
        }
    }

    /// The run that a person names. Where `latest` is not what it should be, that is said.
    ///
    /// # Errors
    /// As [`RunDir::open`].
    pub fn run(&self, path: &Path) -> Result<RunDir> {
        let (run, note) = RunDir::named(path)?;
        note.iter().for_each(|note| self.note(&format!("note: {note}")));
        Ok(run)
    }

    /// Where what can be made again is kept. The store of runs is beside it.
    pub fn cache(&self) -> &Path {
        Path::new("results/.store")
    }
}
