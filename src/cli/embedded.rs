//! What the program carries of its checkout, so that it works where there is none: the experiments, the manifests of the corpora,
//! and the newest committed run of the quickstart.

use seraug_core::error::Result;
use seraug_core::files::{self, write_atomic};
use std::path::Path;

/// A text file.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedFile {
    /// Its path below its folder, with `/`.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The names of all experiments, such as `open/study`, in alphabetical order.
pub fn experiments() -> impl Iterator<Item = &'static str> {
    EXPERIMENTS.iter().filter_map(|file| file.path.strip_suffix(".toml"))
}

/// Writes `files` to `folder`; those that are there with the same text are left alone.
///
/// # Errors
/// A file that cannot be written.
pub fn write(embedded: &[EmbeddedFile], folder: &Path) -> Result<()> {
    for file in embedded {
        let path = folder.join(file.path);
        if !is_there(file, folder) {
            write_atomic(&path, file.text.as_bytes())?;
        }
    }
    Ok(())
}

/// Whether `folder` has the file with the same text.
pub fn is_there(file: &EmbeddedFile, folder: &Path) -> bool {
    files::long_text(&folder.join(file.path)).is_ok_and(|text| text == file.text)
}
