//! The commands: one file each with its `Args` and a `run`. They meet through files, never in memory.

pub mod arguments;
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

use crate::error::{Error, Result};
use crate::progress;
use arguments::{CORPORA, Corpora};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;
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

    /// Where what can be made again is kept. The store of runs is beside it.
    pub fn cache(&self) -> &Path {
        Path::new("results/.store")
    }
}

/// Prints to standard output. A reader that has gone away (`| head`) is no error.
///
/// # Errors
/// Standard output cannot be written, a full disk for example.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::failed(format!("standard output: cannot be written: {e}")))
        }
        _ => Ok(()),
    }
}

/// Prints a value as indented JSON.
///
/// # Errors
/// As [`print`].
pub fn print_json(value: &impl serde::Serialize) -> Result<()> {
    let json = serde_json::to_string_pretty(value).expect("an answer is plain data");
    print(&(json + "\n"))
}
