//! `seraug completions SHELL`: what a shell needs in order to complete commands, options and their values.

use super::{Global, print};
use crate::Cli;
use clap::CommandFactory;
use clap_complete::Shell;
use seraug_core::error::{Error, Result};

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell; for bash, for example, write the script to ~/.local/share/bash-completion/completions/seraug
    pub shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// As [`print`].
pub fn run(args: CompletionsArgs, _: &Global) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "seraug", &mut script);
    let script = String::from_utf8(script)
        .map_err(|_| Error::failed("the completion script is not UTF-8, a fault of seraug"))?;
    print(&script)?;
    Ok(0)
}
