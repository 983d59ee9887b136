//! The commands: one file each, with its arguments and a `run`. They exchange files, never values in memory.

pub mod agreement;
pub mod archive;
pub mod audit;
pub mod augment;
pub mod compare;
pub mod completions;
pub mod corpus;
mod corpus_add;
mod describe;
mod detectable;
pub mod docs;
pub mod doctor;
pub mod explain;
pub mod export;
pub mod features;
mod given;
pub mod init;
pub mod man;
pub mod pack_speech;
pub mod plan;
mod power;
pub mod predict;
pub mod report;
pub mod reproduce;
mod reproductions;
pub mod run;
pub mod schema;
pub mod score;
pub mod self_test;
pub mod status;
pub mod store;
pub mod study;
pub mod train_final;
pub mod verify;

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
    /// Folder that holds the corpora, each in a folder of its own: its official layout, or a table.csv
    #[arg(long, global = true, value_name = "DIR", env = "SERAUG_CORPORA", default_value = CORPORA, value_parser = Corpora)]
    pub corpora: PathBuf,
    /// Print no progress and no notes; errors are still printed
    #[arg(long, global = true)]
    pub quiet: bool,
    /// Answer in JSON, where the command has an answer
    #[arg(long, global = true)]
    pub json: bool,
}

impl Global {
    /// A progress bar on standard error; none with `--quiet` or where standard error is no terminal.
    pub fn progress(&self, what: &'static str) -> ProgressBar {
        if self.quiet { ProgressBar::hidden() } else { progress::bar(what) }
    }

    /// A progress bar that counts bytes; see [`Global::progress`].
    pub fn byte_progress(&self, what: &'static str) -> ProgressBar {
        let style =
            ProgressStyle::with_template("{msg} [{bar:40}] {bytes}/{total_bytes} {bytes_per_sec} {eta}");
        self.progress(what).with_style(style.expect("a constant template"))
    }

    /// Prints a note on standard error unless `--quiet` is given.
    pub fn note(&self, line: &str) {
        if !self.quiet {
            terminal::note(line);
        }
    }

    /// The run that a person names, with a note where `latest` does not lead to one.
    ///
    /// # Errors
    /// As [`RunDir::open`].
    pub fn run(&self, path: &Path) -> Result<RunDir> {
        let (run, note) = RunDir::named(path)?;
        note.iter().for_each(|note| self.note(&format!("note: {note}")));
        Ok(run)
    }

    /// Folder for caches of corpora, which can be made again at any time.
    pub fn cache(&self) -> &Path {
        Path::new("results/.store")
    }
}
