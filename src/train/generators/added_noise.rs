//! Copies of recordings with white Gaussian noise in the waveform.

use super::{Generate, Made, Samples, Sources, Untrained};
use crate::feature_bank::Bank;
use rayon::prelude::*;
use seraug_core::error::{Result, all_or_errors};
use seraug_core::rng::Seed;
use seraug_core::spec::{AddedNoise, Features, Spec};
use seraug_data::audio::{LogMel, MelExtractor};
use seraug_data::corpora::Utterance;
use seraug_data::features::{Standardiser, samples};
use tch::Device;

impl Generate for AddedNoise {
    type Trained = Untrained;

    fn make(&self, from: &Sources, _: &Untrained) -> Result<Made> {
        let utterances: Vec<&Utterance> = from.items.iter().map(|&i| from.utterances[i]).collect();
        let (standardiser, device) = (from.standardiser, from.bank.device());
        let front_end = FrontEnd { features: &from.spec.features, standardiser, device };
        let made = noise(&utterances, self, &front_end, from.seed)?;
        Ok(Samples::Added(from.bank.join(&made)).into())
    }

    fn strength(&self, _: &Spec, name: &str, copy: usize, seed: Seed) -> Option<f64> {
        Some(snr_db(self.snr_db, name, copy, seed))
    }
}

/// From noisy samples to a bank: the mel front end, and the fold's standardisation.
#[derive(Debug, Clone, Copy)]
pub struct FrontEnd<'a> {
    /// The mel front end.
    pub features: &'a Features,
    /// Of the fold's training set, without augmentations.
    pub standardiser: Standardiser,
    /// Where the copies go.
    pub device: Device,
}

/// `settings.copies` noisy copies of each of `utterances`: all of the first, then all of the second, and so
/// on. A copy depends on `seed`, its number and the utterance's SHA-256, not on the order.
///
/// # Errors
/// A file that cannot be read; see [`samples`].
pub fn noise(
    utterances: &[&Utterance],
    settings: &AddedNoise,
    front_end: &FrontEnd,
    seed: Seed,
) -> Result<Bank> {
    let extractor = MelExtractor::new(front_end.features);
    let copies_of = |u: &&Utterance| -> Result<Vec<LogMel>> {
        let clean = samples(u)?;
        let copy = |c| extractor.extract(&noisy_copy(&clean, settings.snr_db, &u.sha256, c, seed));
        Ok((0..settings.copies).map(copy).collect())
    };
    let copies = all_or_errors(utterances.par_iter().map(copies_of).collect())?;
    let copies: Vec<&LogMel> = copies.iter().flatten().collect();
    Ok(Bank::new(&copies, front_end.standardiser, front_end.device))
}

/// Copy `copy` of the utterance `name`: `samples` with noise at the ratio of [`snr_db`].
pub fn noisy_copy(samples: &[f32], range: [f64; 2], name: &str, copy: usize, seed: Seed) -> Vec<f32> {
    with_noise(samples, snr_db(range, name, copy, seed), stream("white", name, copy, seed))
}

/// The signal-to-noise ratio of copy `copy` of the utterance `name`: uniform in `range`, decibels.
pub fn snr_db(range: [f64; 2], name: &str, copy: usize, seed: Seed) -> f64 {
    stream("snr", name, copy, seed).draws().between(range[0], range[1])
}

/// `samples` with white Gaussian noise of `seed`, whose mean square is `snr_db` decibels under theirs: the
/// noise that was drawn is scaled to it, as in `torchaudio.functional.add_noise`. Nothing is clipped.
/// Samples that are all 0 have no ratio to any noise, and stay.
pub fn with_noise(samples: &[f32], snr_db: f64, seed: Seed) -> Vec<f32> {
    let power = |x: &[f32]| x.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>();
    let mut noise = vec![0f32; samples.len()];
    seed.draws().fill_normal(&mut noise);
    let drawn = power(&noise);
    if drawn == 0.0 {
        return samples.to_vec();
    }
    let scale = (power(samples) / drawn / 10f64.powf(snr_db / 10.0)).sqrt();
    samples.iter().zip(&noise).map(|(s, n)| (f64::from(*s) + scale * f64::from(*n)) as f32).collect()
}

fn stream(purpose: &str, name: &str, copy: usize, seed: Seed) -> Seed {
    seed.child(purpose).child(name).at(copy as u64)
}
