//! Log-mel features of a corpus: extracted once, cached by content, standardised by training statistics.

use crate::audio::{LogMel, MelExtractor, SAMPLE_RATE, load};
use crate::corpora::{Utterance, synthetic};
use indicatif::ProgressBar;
use rayon::prelude::*;
use seraug_core::digest::digest_hex;
use seraug_core::error::{Result, all_or_errors};
use seraug_core::manifest::Channels;
use seraug_core::spec::Features;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};

pub use crate::audio::npy::{read_npy, write_npy, write_npy_cached};

/// Version of the features; raise it whenever decoding, resampling or the mel front end changes the numbers of any file.
/// 2: 48 kHz and its multiples are resampled in other blocks.
pub const VERSION: u32 = 2;

/// Version of the reader; raise it when a file that was misread is now refused or read correctly and all others give the same
/// numbers. Keys then stay, but cached features of such a file are not used.
const READER: u32 = 1;

/// The log-mels of `utterances`, in their order. `progress` advances by one for each.
///
/// An utterance's spectrogram is kept in `cache/features-<settings>/<2 hex>/<sha256>.npy`, named by the audio's
/// content, the settings, the channel policy and the versions above. A cached file that is torn or implausible for these
/// settings is recomputed. A recording whose utterances are adjacent is decoded once.
///
/// # Errors
/// Tries every file; the error names all that are refused, in the order given, joined by [`all_or_errors`].
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

/// `keep` of the log-mel of each utterance.
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
            let cached = cached(&folders, u);
            if let Some(mel) = read_npy(&cached).ok().filter(|mel| plausible(mel, features)) {
                return Ok(mel);
            }
            let mel = extractor.extract(&samples_in(u, &recording)?);
            // A folder of that name only prevents caching.
            write_npy_cached(&cached, &mel).or_else(|e| if cached.is_dir() { Ok(()) } else { Err(e) })?;
            Ok(mel)
        };
        group.iter().map(|u| (one(u).map(&keep), progress.inc(1)).0).collect()
    };
    let groups: Vec<&[Utterance]> =
        utterances.chunk_by(|a, b| a.path == b.path && a.channels == b.channels).collect();
    let made: Vec<Vec<Result<T>>> = groups.into_par_iter().map(file).collect();
    all_or_errors(made.into_iter().flatten().collect())
}

/// The indices of `utterances` that cannot be used, in order, each with the reason, which begins with the path. Decodes every
/// recording that has no features in `cache`; writes nothing. `progress` advances by one for each utterance.
pub fn unusable(
    utterances: &[Utterance],
    features: &Features,
    cache: &Path,
    progress: &ProgressBar,
) -> Vec<(usize, String)> {
    let folders = [Channels::Mean, Channels::First].map(|c| (c, cache_folder(cache, c, features)));
    let places: Vec<usize> = (0..utterances.len()).collect();
    let groups: Vec<&[usize]> = places
        .chunk_by(|a, b| {
            let [a, b] = [a, b].map(|i| &utterances[*i]);
            a.path == b.path && a.channels == b.channels
        })
        .collect();
    let of_file = |group: &[usize]| -> Vec<(usize, String)> {
        let recording = OnceCell::new();
        let refused = |&i: &usize| {
            progress.inc(1);
            let u = &utterances[i];
            if cached(&folders, u).is_file() {
                return None;
            }
            samples_in(u, &recording).err().map(|e| (i, e.to_string()))
        };
        group.iter().filter_map(refused).collect()
    };
    let found: Vec<Vec<(usize, String)>> = groups.into_par_iter().map(of_file).collect();
    found.into_iter().flatten().collect()
}

/// The cached features of an utterance, in the folder of its channel policy.
fn cached(folders: &[(Channels, PathBuf); 2], u: &Utterance) -> PathBuf {
    let folder = folders.iter().find(|f| f.0 == u.channels).map(|f| &f.1).expect("every policy");
    folder.join(&u.sha256[..2]).join(format!("{}.npy", u.sha256))
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
    synthetic::heard(u)?;
    let Some(excerpt) = u.excerpt else { return load(&u.path, u.channels) };
    let whole = match recording.get() {
        Some(whole) => whole,
        None => {
            let whole = load(&u.path, u.channels)?;
            recording.get_or_init(|| whole)
        }
    };
    let at = |seconds: f64| (seconds * f64::from(SAMPLE_RATE)).round() as usize;
    // The last bound of a transcript is often a few milliseconds past the end.
    let (start, end) = (at(excerpt.start), at(excerpt.end).min(whole.len()));
    match whole.get(start..end).filter(|s| !s.is_empty()) {
        Some(samples) => Ok(samples.to_vec()),
        None => Err(u.begins_late(whole.len() as f64 / f64::from(SAMPLE_RATE))),
    }
}

fn cache_folder(cache: &Path, channels: Channels, features: &Features) -> PathBuf {
    let settings = serde_json::to_string(features).expect("features are plain data");
    let digest = digest_hex(format!("log-mel v{VERSION}.{READER} {channels:?} {settings}").as_bytes());
    cache.join(format!("features-{}", &digest[..16]))
}

/// Whether `mel` can be a result of `features`. A block that never reached the disk reads as zeros; real audio hardly ever
/// gives exactly 0 dB, and where it does, the file is only recomputed.
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
    /// Computes the statistics; pass the training utterances of a fold and nothing else.
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
