//! From log-mels back to sound: what the loss of phase and of fine structure leaves of it.

mod griffin_lim;
mod mel_to_linear;

use super::logmel::hann;
use super::mel::filters;
use super::{LogMel, SAMPLE_RATE};
use griffin_lim::Framing;
use hound::{SampleFormat, WavSpec, WavWriter};
use mel_to_linear::FilterBank;
use seraug_core::error::{AtPath, Result};
use seraug_core::files::write_atomic;
use seraug_core::rng::Seed;
use seraug_core::spec::Features;
use std::f64::consts::TAU;
use std::io::Cursor;
use std::path::Path;

/// Inverts log-mels of one setting; shared by threads.
///
/// Mel power becomes linear power by non-negative least squares, as in `librosa.feature.inverse.mel_to_stft`; phases are found as
/// in `librosa.griffinlim(n_iter=32, momentum=0.99, pad_mode="constant")` (Perraudin et al., WASPAA 2013). What is lost is lost: a
/// log-mel inverted sounds worse than its recording, and only two inversions can be compared.
pub struct MelInverter {
    filters: FilterBank,
    framing: Framing,
}

impl MelInverter {
    /// `features` comes from a checked spec, as those of [`super::MelExtractor::new`].
    pub fn new(features: &Features) -> MelInverter {
        let in_samples = |ms: u32| ms as usize * SAMPLE_RATE as usize / 1000;
        let (length, n_fft) = (in_samples(features.window_ms), features.n_fft);
        let mut window = vec![0.0; n_fft];
        let before = (n_fft - length) / 2;
        window[before..before + length].iter_mut().enumerate().for_each(|(i, w)| *w = hann(i, length));
        MelInverter {
            filters: FilterBank::new(filters(features.mels, n_fft, features.mel_scale), n_fft / 2 + 1),
            framing: Framing::new(window, in_samples(features.hop_ms)),
        }
    }

    /// Magnitudes of the linear spectrum, frame by frame: `n_fft / 2 + 1` values each, 0 or more.
    pub fn magnitudes(&self, mel: &LogMel) -> Vec<f64> {
        let frame = |db: &[f32]| {
            let power: Vec<f64> = db.iter().map(|v| 10f64.powf(f64::from(*v) / 10.0)).collect();
            self.filters.solve(&power).into_iter().map(f64::sqrt)
        };
        mel.db.chunks(mel.mels).flat_map(frame).collect()
    }

    /// A signal whose spectrum has nearly these magnitudes, from phases to begin with, one of each (radians):
    /// `(frames - 1) * hop` samples at 16 kHz.
    pub fn signal(&self, magnitudes: &[f64], phases: &[f64]) -> Vec<f32> {
        self.framing.griffin_lim(magnitudes, phases).into_iter().map(|v| v as f32).collect()
    }

    /// The sound of `mel`: 16 kHz, full scale 1, which it may pass. Phases begin where `seed` draws them.
    pub fn invert(&self, mel: &LogMel, seed: Seed) -> Vec<f32> {
        let magnitudes = self.magnitudes(mel);
        let mut draws = seed.draws();
        let phases: Vec<f64> = magnitudes.iter().map(|_| TAU * draws.uniform()).collect();
        self.signal(&magnitudes, &phases)
    }
}

/// Writes `samples` as a wav of 16 bits at 16 kHz; what passes full scale is clipped.
///
/// # Errors
/// Names the path that cannot be written.
pub fn write_wav(path: &Path, samples: &[f32]) -> Result<()> {
    let spec = WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut wav = WavWriter::new(&mut bytes, spec).cannot("be written", path)?;
    for sample in samples {
        let value = (sample * 32768.0).round().clamp(-32768.0, 32767.0) as i16;
        wav.write_sample(value).cannot("be written", path)?;
    }
    wav.finalize().cannot("be written", path)?;
    write_atomic(path, bytes.get_ref())
}
