//! `seraug man`: the manual pages, one for `seraug` and one for each of its commands.

use super::{Global, print};
use crate::Cli;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use seraug_core::error::{Error, Result};
use seraug_core::files::write_given;
use std::path::PathBuf;

/// Print the manual page of seraug, or write those of all commands to a folder
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Folder for seraug.1, seraug-run.1 and so on, such as ~/.local/share/man/man1; `man seraug-run` then finds them
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Prints or writes the pages.
///
/// # Errors
/// As [`print`] and [`write_given`].
pub fn run(args: ManArgs, global: &Global) -> Result<u8> {
    // `display_name`, which a page is called by, is `seraug-run` once the tree is built.
    let mut root = Cli::command();
    root.build();
    let Some(folder) = args.out else {
        print(&page(&root)?)?;
        return Ok(0);
    };
    let mut written = 0;
    for command in commands(&root) {
        let name = format!("{}.1", command.get_display_name().unwrap_or(command.get_name()));
        write_given(&folder.join(name), page(command)?.as_bytes())?;
        written += 1;
    }
    global.note(&format!("{written} manual pages written to {}", folder.display()));
    Ok(0)
}

/// The program, its commands and theirs, apart from hidden ones.
fn commands(root: &Command) -> Vec<&Command> {
    let below = root.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help");
    std::iter::once(root).chain(below.flat_map(commands)).collect()
}

/// A manual page in roff.
fn page(command: &Command) -> Result<String> {
    let mut roff = Vec::new();
    let rendered = Man::new(command.clone()).render(&mut roff).map(|()| String::from_utf8(roff));
    match rendered {
        Ok(Ok(page)) => Ok(page),
        _ => Err(Error::failed("a manual page is not UTF-8, a fault of seraug")),
    }
}
