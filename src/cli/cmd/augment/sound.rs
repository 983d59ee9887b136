//! What is heard of log-mels.

use super::output::WrittenSamples;
use indicatif::ProgressBar;
use rayon::prelude::*;
use seraug_core::error::{Error, Result, all_or_errors};
use seraug_core::rng::Seed;
use seraug_data::audio::inversion::{MelInverter, write_wav};
use seraug_data::audio::npy::read_npy;
use std::path::{Path, PathBuf};

/// Writes `audio/NAME.wav` of each sample and `audio/NAME-original.wav` of each input's own log-mel. An inversion loses much; beside
/// that of the input's own log-mel it is heard what the generator did. Phases begin where the name says, not the order.
///
/// # Errors
/// An array that cannot be read, a file that cannot be written.
pub(super) fn write(samples: &WrittenSamples, folder: &Path, progress: &ProgressBar) -> Result<()> {
    let Some(info) = &samples.generator else { return Err(Error::failed("no generator has answered")) };
    let inverter = MelInverter::new(&info.features);
    let arrays = samples.arrays(folder);
    progress.set_length(arrays.len() as u64);
    let one = |(array, name): &(PathBuf, String)| {
        let sound = inverter.invert(&read_npy(array)?, Seed::new(0).child("phases").child(name));
        progress.inc(1);
        write_wav(&folder.join("audio").join(format!("{name}.wav")), &sound)
    };
    all_or_errors(arrays.par_iter().map(one).collect())?;
    progress.finish_and_clear();
    Ok(())
}
