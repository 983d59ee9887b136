//! `seraug docs NAME`: a document that is generated from the code, for `just docs`.

use super::{Global, print, reproductions};
use crate::documents::{command_line, spec_fields};
use clap::ValueEnum;
use seraug_core::error::Result;
use std::path::PathBuf;

/// The generated documents below docs/.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Document {
    /// docs/cli.md.
    Cli,
    /// docs/spec.md.
    Spec,
    /// docs/reproductions.md, from archives.
    Reproductions,
}

/// Print a generated document of docs/ as Markdown
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct DocsArgs {
    /// Which document
    pub document: Document,
    /// Of reproductions, the archives
    pub archives: Vec<PathBuf>,
}

/// Prints the document.
///
/// # Errors
/// As [`print`].
pub fn run(args: DocsArgs, _: &Global) -> Result<u8> {
    print(&match args.document {
        Document::Cli => command_line::markdown(),
        Document::Spec => spec_fields::markdown(),
        Document::Reproductions => reproductions::markdown(&args.archives)?,
    })?;
    Ok(0)
}
