//! `seraug features`: log-mel spectrograms of any recordings, for use elsewhere.

use super::{Global, print, print_json};
use crate::audio::{MelExtractor, load, npy::write_npy};
use crate::error::{Error, Result};
use crate::manifest::Channels;
use crate::spec::Features;
use crate::terminal;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Write the log-mel spectrogram of each recording as NAME.npy, float32 [frames, mels]
#[derive(Debug, clap::Args)]
pub struct Args {
    /// wav or flac files; several channels are averaged
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Folder to write to; made where it is missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Serialize)]
struct Written {
    file: String,
    out: String,
    frames: usize,
    mels: usize,
}

/// Runs it; exit code 1 when a file was refused, after the others are written.
///
/// # Errors
/// Two files that would be written to one name (usage); nothing is written then.
pub fn run(args: Args, global: &Global) -> Result<u8> {
    let targets = targets(&args.files, &args.out)?;
    let extractor = MelExtractor::new(&Features::default());
    let progress = global.progress("features");
    progress.set_length(targets.len() as u64);
    let one = |(file, target): &(&PathBuf, PathBuf)| {
        let mel = extractor.extract(&load(file, Channels::Mean)?);
        write_npy(target, &mel)?;
        progress.inc(1);
        let (file, out) = (file.display().to_string(), target.display().to_string());
        Ok(Written { file, out, frames: mel.frames, mels: mel.mels })
    };
    let results: Vec<Result<Written>> = targets.par_iter().map(one).collect();
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

/// Each file with where its spectrogram goes; two files of one stem would overwrite each other.
fn targets<'a>(files: &'a [PathBuf], out: &Path) -> Result<Vec<(&'a PathBuf, PathBuf)>> {
    let mut seen = HashMap::new();
    let mut targets = Vec::new();
    for file in files {
        let stem =
            file.file_stem().ok_or_else(|| Error::usage(format!("{}: not a file name", file.display())))?;
        // Not every file system tells case apart.
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
