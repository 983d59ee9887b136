//! The command line.

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// How often tests of a difference between two conditions find what is not there, and miss what is
#[derive(Debug, Parser)]
#[command(name = "trials", about)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub task: Option<Task>,
    /// Cargo adds it
    #[arg(long, hide = true, global = true)]
    pub bench: bool,
    /// Cargo's too: only start
    #[arg(long, hide = true)]
    pub test: bool,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Render corpora of synthetic speakers, each with speakers of its own
    Render {
        /// How many
        #[arg(long, value_name = "N", default_value_t = 200)]
        corpora: usize,
        /// Folder of the corpora
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Write what the cells of finished runs got right, speaker by speaker
    Collect {
        /// The file
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Run directories
        #[arg(required = true, value_name = "RUN")]
        runs: Vec<PathBuf>,
    },
    /// Try every test on DIR/cells/*.csv and write DIR/rates.csv
    Rates {
        /// The folder
        #[arg(default_value = "reports/trials", value_name = "DIR")]
        cells: PathBuf,
        /// Trials of each kind
        #[arg(long, value_name = "N", default_value_t = 1000)]
        trials: usize,
    },
}
