//! `seraug docs NAME`: a document that is generated from the code, for `just docs`.

use super::{Global, print};
use crate::documents::{command_line, spec_fields};
use clap::ValueEnum;
use seraug_core::error::Result;

/// The generated documents below docs/.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Document {
    /// docs/cli.md.
    Cli,
    /// docs/spec.md.
    Spec,
}

/// Print a generated document of docs/ as Markdown
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct DocsArgs {
    /// Which document
    pub document: Document,
}

/// Prints the document.
///
/// # Errors
/// As [`print`].
pub fn run(args: DocsArgs, _: &Global) -> Result<u8> {
    print(&match args.document {
        Document::Cli => command_line::markdown(),
        Document::Spec => spec_fields::markdown(),
    })?;
    Ok(0)
}
