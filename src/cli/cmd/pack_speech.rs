//! `seraug pack-speech DIR`: the speech that a wheel brings along, for `just wheel`.

use super::Global;
use seraug_core::error::Result;
use seraug_core::exit;
use seraug_data::corpora::synthetic::espeak::Espeak;
use seraug_data::corpora::synthetic::pack;
use std::path::{Path, PathBuf};

/// Write the synthetic speech of the quickstart to a folder, for a wheel
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct PackSpeechArgs {
    /// The folder
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Writes the pack.
///
/// # Errors
/// Without espeak-ng; as [`pack::write`].
pub fn run(args: PackSpeechArgs, global: &Global) -> Result<u8> {
    let progress = global.progress("speaking");
    let written = pack::write(&Espeak::find(Path::new("espeak-ng"))?, &args.folder, &progress);
    progress.finish_and_clear();
    written.map(|()| exit::DONE)
}
