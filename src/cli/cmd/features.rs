//! `seraug features`: writes log-mel spectrograms of any recordings for use elsewhere.

use super::{Global, print, print_json};
use rayon::prelude::*;
use seraug_core::error::{Error, Result};
use seraug_core::manifest::Channels;
use seraug_core::spec::Features;
use seraug_core::terminal;
use seraug_data::audio::npy::write_npy;
use seraug_data::audio::{MelExtractor, load};
use serde::Serialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// How several channels become one.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum Which {
    /// Their mean
    Mean,
    /// The first: for channels that are different microphones or cancel each other
    First,
}

/// Write the log-mel spectrogram of each recording as NAME.npy, float32 [frames, mels]
#[derive(Debug, clap::Args)]
pub struct FeaturesArgs {
    /// Recordings in wav, flac, mp3, ogg, m4a, aiff or caf
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Folder to write to; created if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How several channels become one
    #[arg(long, value_enum, default_value = "mean")]
    channels: Which,
}

impl From<Which> for Channels {
    fn from(which: Which) -> Channels {
        match which {
            Which::Mean => Channels::Mean,
            Which::First => Channels::First,
        }
    }
}

#[derive(Serialize)]
struct WrittenFeatures {
    file: String,
    out: String,
    frames: usize,
    mels: usize,
}

/// Runs the command: exit code 1 if a file was refused, after the others are written.
///
/// # Errors
/// Two files that would be written to one name (usage); nothing is written then.
pub fn run(args: FeaturesArgs, global: &Global) -> Result<u8> {
    let targets = targets(&args.files, &args.out)?;
    let extractor = MelExtractor::new(&Features::default());
    let channels = Channels::from(args.channels);
    let progress = global.progress("features");
    progress.set_length(targets.len() as u64);
    let one = |(file, target): &(&PathBuf, PathBuf)| {
        let mel = load(file, channels).map(|samples| extractor.extract(&samples));
        progress.inc(1);
        let mel = mel?;
        write_npy(target, &mel)?;
        let (file, out) = (file.display().to_string(), target.display().to_string());
        Ok(WrittenFeatures { file, out, frames: mel.frames, mels: mel.mels })
    };
    let results: Vec<Result<WrittenFeatures>> = targets.par_iter().map(one).collect();
    progress.finish_and_clear();

    let (mut written, mut refused) = (Vec::new(), 0);
    for result in results {
        match result {
            Ok(w) => written.push(w),
            Err(e) => {
                refused += 1;
                terminal::error(&e);
            }
        }
    }
    if global.json {
        print_json(&written)?;
    } else if !global.quiet {
        let lines = written.iter().map(|w| format!("{} [{}, {}]\n", w.out, w.frames, w.mels));
        print(&lines.collect::<String>())?;
    }
    Ok(if refused > 0 { 1 } else { 0 })
}

/// Each file with the path of its spectrogram; refuses two files of one stem, which would overwrite each other.
fn targets<'a>(files: &'a [PathBuf], out: &Path) -> Result<Vec<(&'a PathBuf, PathBuf)>> {
    let mut seen = HashMap::new();
    let mut targets = Vec::new();
    for file in files {
        // A folder, such as `..`, is refused later, after the others are read.
        let Some(stem) = file.file_stem() else {
            targets.push((file, out.to_owned()));
            continue;
        };
        // Some file systems ignore case.
        if let Some(first) = seen.insert(stem.to_string_lossy().to_lowercase(), file) {
            let (first, second) = (first.display(), file.display());
            return Err(Error::usage(format!(
                "{first} and {second} would both be written to {}.npy; rename one, or run them into two folders",
                stem.to_string_lossy()
            )));
        }
        let mut name = stem.to_owned();
        name.push(".npy");
        targets.push((file, out.join(name)));
    }
    Ok(targets)
}
