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
}
