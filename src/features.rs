//! Features of a corpus: extracted once, cached by content, standardised with training statistics.

use crate::audio::{LogMel, MelExtractor, SAMPLE_RATE, load};
use crate::corpora::Utterance;
use crate::error::{Error, Result};
use crate::manifest::Channels;
use crate::results::digest_hex;
use crate::spec::Features;
use indicatif::ProgressBar;
use rayon::prelude::*;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};

pub use crate::audio::npy::{read_npy, write_npy, write_npy_cached};

/// Goes up whenever decoding, resampling or the mel front end gives other numbers for the same file.
/// 2: 48 kHz and its multiples are resampled in other blocks.
pub const VERSION: u32 = 2;

/// The log-mels of `utterances`, in their order. `progress` goes up by one for each.
///
/// An utterance's spectrogram is kept in `cache/features-<settings>/<2 hex>/<sha256>.npy`, named by the audio's
/// content, the settings, the channel policy and the version above. A cached file that is torn, or that cannot
/// be what these settings give, is computed anew. A recording whose utterances are neighbours here is decoded once.
///
/// # Errors
/// Every file is tried; the one line names the first (in the order given) that is refused and how many more are.
pub fn extract_all(
    utterances: &[Utterance],
    features: &Features,
    cache: &Path,
    progress: &ProgressBar,
) -> Result<Vec<LogMel>> {
    each(utterances, features, cache, progress, |mel| mel)
}

/// As [`extract_all`], but only fills the cache.
///
/// # Errors
/// As [`extract_all`].
pub fn cache_all(
    utterances: &[Utterance],
    features: &Features,
    cache: &Path,
    progress: &ProgressBar,
) -> Result<()> {
    each(utterances, features, cache, progress, drop).map(drop)
}

/// What `keep` makes of the log-mel of each.
fn each<T: Send>(
    utterances: &[Utterance],
    features: &Features,
    cache: &Path,
    progress: &ProgressBar,
    keep: impl Fn(LogMel) -> T + Sync,
) -> Result<Vec<T>> {
    let folder = |channels| cache_folder(cache, channels, features);
    let folders = [Channels::Mean, Channels::First].map(|c| (c, folder(c)));
    let extractor = MelExtractor::new(features);
    let file = |group: &[Utterance]| -> Vec<Result<T>> {
        let recording = OnceCell::new();
        let one = |u: &Utterance| -> Result<LogMel> {
            let folder = folders.iter().find(|f| f.0 == u.channels).map(|f| &f.1).expect("every policy");
            let cached = folder.join(&u.sha256[..2]).join(format!("{}.npy", u.sha256));
            if let Some(mel) = read_npy(&cached).ok().filter(|mel| plausible(mel, features)) {
                return Ok(mel);
            }
            let mel = extractor.extract(&samples_in(u, &recording)?);
            // A folder of that name is in the way of a cache, not of the work.
            write_npy_cached(&cached, &mel).or_else(|e| if cached.is_dir() { Ok(()) } else { Err(e) })?;
            Ok(mel)
        };
        group.iter().map(|u| (one(u).map(&keep), progress.inc(1)).0).collect()
    };
    let groups: Vec<&[Utterance]> =
        utterances.chunk_by(|a, b| a.path == b.path && a.channels == b.channels).collect();
    let made: Vec<Vec<Result<T>>> = groups.into_par_iter().map(file).collect();
    all_or_first_error(made.into_iter().flatten().collect())
}

/// The samples of an utterance: mono, 16 kHz, full scale 1.
///
/// # Errors
/// As [`load`]; an excerpt that begins after the end of its file.
pub fn samples(u: &Utterance) -> Result<Vec<f32>> {
    samples_in(u, &OnceCell::new())
}

/// As [`samples`], from `recording` where the file was decoded before.
fn samples_in(u: &Utterance, recording: &OnceCell<Vec<f32>>) -> Result<Vec<f32>> {
    let Some(excerpt) = u.excerpt else { return load(&u.path, u.channels) };
    let whole = match recording.get() {
        Some(whole) => whole,
        None => {
            let whole = load(&u.path, u.channels)?;
            recording.get_or_init(|| whole)
        }
    };
    let at = |seconds: f64| (seconds * f64::from(SAMPLE_RATE)).round() as usize;
    // A transcript's last bound is often a few milliseconds past the end.
    let (start, end) = (at(excerpt.start), at(excerpt.end).min(whole.len()));
    match whole.get(start..end).filter(|s| !s.is_empty()) {
        Some(samples) => Ok(samples.to_vec()),
        None => Err(Error::failed(format!(
            "{}: utterance {} begins at {} s, the file has {:.3} s; correct its start",
            u.path.display(),
            u.id,
            excerpt.start,
            whole.len() as f64 / f64::from(SAMPLE_RATE)
        ))),
    }
}

/// All values, or the first error with the number of the others.
pub fn all_or_first_error<T>(results: Vec<Result<T>>) -> Result<Vec<T>> {
    let bad = results.iter().filter(|r| r.is_err()).count();
    results.into_iter().collect::<Result<Vec<T>>>().map_err(|first| match bad {
        1 => first,
        _ => Error::failed(format!("{first} (and {} more files are refused)", bad - 1)),
    })
}

fn cache_folder(cache: &Path, channels: Channels, features: &Features) -> PathBuf {
    let settings = serde_json::to_string(features).expect("features are plain data");
    let digest = digest_hex(format!("log-mel v{VERSION} {channels:?} {settings}").as_bytes());
    cache.join(format!("features-{}", &digest[..16]))
}

/// Whether `mel` can be a result of `features`. A block of a file that never reached the disk reads as zeros;
/// exactly 0 dB hardly ever comes out of audio, and where it does, one file is computed again.
fn plausible(mel: &LogMel, features: &Features) -> bool {
    let peak = mel.db.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let least = peak - features.floor_db - 1e-3;
    mel.mels == features.mels && mel.db.iter().all(|v| v.is_finite() && *v != 0.0 && *v >= least)
}

/// Mean and deviation of the log-mel values of a training set, over all frames and bands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standardiser {
    /// Mean, dB.
    pub mean: f32,
    /// Standard deviation, dB; above 0.
    pub deviation: f32,
}

impl Standardiser {
    /// Fits to the training utterances of a fold, and to nothing else.
    pub fn fit<'a>(training: impl IntoIterator<Item = &'a LogMel>) -> Standardiser {
        let (mut n, mut sum, mut squares) = (0u64, 0f64, 0f64);
        for v in training.into_iter().flat_map(|m| &m.db) {
            n += 1;
            sum += f64::from(*v);
            squares += f64::from(*v) * f64::from(*v);
        }
        let mean = sum / n.max(1) as f64;
        let variance = (squares / n.max(1) as f64 - mean * mean).max(1e-12);
        Standardiser { mean: mean as f32, deviation: variance.sqrt() as f32 }
    }
}
