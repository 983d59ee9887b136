//! `seraug init DIR`: writes the experiments and manifests that the program carries, to start from.

use super::{Global, print, print_json};
use crate::embedded::{self, EXPERIMENTS, EmbeddedFile, MANIFESTS};
use seraug_core::error::{Error, Result};
use seraug_core::exit;
use std::path::{Path, PathBuf};

/// Write all experiments and the manifests of the corpora to a folder, to start from
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// The folder, which gets experiments/ and data-manifests/
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// Overwrite files that differ
    #[arg(long)]
    pub force: bool,
}

/// Writes the files; nothing is written where one is there and differs.
///
/// # Errors
/// A file that differs, without `--force`; one that cannot be written.
pub fn run(args: InitArgs, global: &Global) -> Result<u8> {
    let parts = [("experiments", EXPERIMENTS), ("data-manifests", MANIFESTS)];
    let folders = parts.map(|(name, files)| (args.folder.join(name), files));
    let differing: Vec<PathBuf> =
        folders.iter().flat_map(|(folder, files)| differing(folder, files)).collect();
    if let Some(first) = differing.first().filter(|_| !args.force) {
        let others = match differing.len() - 1 {
            0 => String::new(),
            n => format!(", and {n} more"),
        };
        return Err(Error::usage(format!(
            "{}: differs from what init writes{others}; --force overwrites, or name another folder",
            first.display()
        )));
    }
    for (folder, files) in &folders {
        embedded::write(files, folder)?;
    }
    let count = embedded::experiments().count();
    if global.json {
        let folder = args.folder.display().to_string();
        print_json(
            &serde_json::json!({ "folder": folder, "experiments": count, "manifests": MANIFESTS.len() }),
        )?;
        return Ok(exit::DONE);
    }
    let [experiments, manifests] = folders.each_ref().map(|(folder, _)| folder.display().to_string());
    print(&format!(
        "{count} experiments in {experiments}, {} manifests in {manifests}\n\
         next: seraug reproduce quickstart, in {}; the header of each experiment says what it is and what it needs\n",
        MANIFESTS.len(),
        args.folder.display()
    ))?;
    Ok(exit::DONE)
}

/// The files of which `folder` has another text.
fn differing(folder: &Path, files: &[EmbeddedFile]) -> Vec<PathBuf> {
    let there = |file: &&EmbeddedFile| {
        folder.join(file.path).symlink_metadata().is_ok() && !embedded::is_there(file, folder)
    };
    files.iter().filter(there).map(|file| folder.join(file.path)).collect()
}
