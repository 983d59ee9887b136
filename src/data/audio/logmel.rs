//! Log-mel spectrograms (paper 3.1.1; FIDELITY.md row "mel filterbank").

use super::SAMPLE_RATE;
use super::mel::{Filter, filters};
use super::simd::{Instructions, LANES, Twiddle};
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use seraug_core::spec::Features;
use std::f64::consts::TAU;
use std::sync::Arc;

/// A log-mel spectrogram in decibels, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct LogMel {
    /// Number of frames, one a hop.
    pub frames: usize,
    /// Number of mel bands.
    pub mels: usize,
    /// `frames * mels` values, frame by frame. dB, clipped at the floor under the utterance's peak.
    pub db: Vec<f32>,
}

/// Computes log-mel spectrograms with one setting; shared by threads.
///
/// The same numbers as `librosa.power_to_db(librosa.feature.melspectrogram(y, sr=16000, n_fft, win_length,
/// hop_length, window="hann", center=True, pad_mode="constant", power=2, n_mels, htk, norm="slaney"),
/// top_db=floor_db)`, transposed to [frames, mels]. Computed in `f64`, so that the FFT kernels of different
/// processors agree after rounding to `f32`.
pub struct MelExtractor {
    /// FFT of half the length: samples at even indices are its real parts, those at odd indices its imaginary parts.
    fft: Arc<dyn Fft<f64>>,
    twiddles: Vec<Twiddle>,
    /// Periodic Hann window, padded by a zero where it would begin or end at an odd index of the `n_fft` samples.
    window: Vec<f64>,
    /// Index of its first value, which centres the Hann window; even.
    before: usize,
    n_fft: usize,
    hop: usize,
    filters: Vec<Filter>,
    floor_db: f64,
    instructions: Instructions,
}

/// The periodic Hann window of `features` in the middle of its `n_fft` samples, zeros around it (librosa's `pad_center`).
pub fn padded_window(features: &Features) -> Vec<f32> {
    let length = features.window_ms as usize * SAMPLE_RATE as usize / 1000;
    let before = (features.n_fft - length) / 2;
    let mut window = vec![0.0; features.n_fft];
    for (i, value) in window[before..before + length].iter_mut().enumerate() {
        *value = hann(i, length) as f32;
    }
    window
}

/// The periodic Hann window of `length` samples at `i`.
pub(super) fn hann(i: usize, length: usize) -> f64 {
    0.5 - 0.5 * (TAU * i as f64 / length as f64).cos()
}

impl MelExtractor {
    /// `features` comes from a checked spec: the FFT is even and not shorter than the window, the hop is above 0.
    pub fn new(features: &Features) -> MelExtractor {
        let in_samples = |ms: u32| ms as usize * SAMPLE_RATE as usize / 1000;
        let (length, n_fft) = (in_samples(features.window_ms), features.n_fft);
        let before = (n_fft - length) / 2;
        let mut window = vec![0.0; before % 2];
        window.extend((0..length).map(|i| hann(i, length)));
        window.resize(window.len().next_multiple_of(2), 0.0);
        MelExtractor {
            fft: FftPlanner::new().plan_fft_forward(n_fft / 2),
            twiddles: Twiddle::all(n_fft),
            window,
            before: before / 2 * 2,
            n_fft,
            hop: in_samples(features.hop_ms),
            filters: filters(features.mels, n_fft, features.mel_scale),
            floor_db: f64::from(features.floor_db),
            instructions: Instructions::available().pop().unwrap_or(Instructions::Baseline),
        }
    }

    /// The spectrogram of 16 kHz mono `samples`: `1 + samples / hop` frames, the signal zero-padded at both
    /// ends so that frame `t` is centred on sample `t * hop`.
    pub fn extract(&self, samples: &[f32]) -> LogMel {
        let (n_fft, mels, length) = (self.n_fft, self.filters.len(), self.window.len());
        let frames = 1 + samples.len() / self.hop;
        // Outside the window a frame is 0.
        let ahead = n_fft / 2 - self.before;
        // The input of a window at either end of the signal, zeros included.
        let mut padded = vec![0.0; length];

        let zero = Complex::new(0.0, 0.0);
        let (mut frame, mut half) = (vec![zero; n_fft / 2], vec![zero; n_fft / 2 * LANES]);
        let mut scratch = vec![zero; self.fft.get_outofplace_scratch_len()];
        let mut power = vec![[0.0; LANES]; n_fft / 2 + 1];
        let mut bands = vec![[0.0; LANES]; mels];
        let mut db = vec![0.0; frames * mels];
        let mut peak = f64::NEG_INFINITY;
        for (block, db) in db.chunks_mut(LANES * mels).enumerate() {
            for (lane, output) in half.chunks_exact_mut(n_fft / 2).enumerate().take(db.len() / mels) {
                let start = (block * LANES + lane) * self.hop;
                let from = start.saturating_sub(ahead);
                let mut heard = &samples[from..samples.len().min((start + length).saturating_sub(ahead))];
                if heard.len() < length {
                    padded.fill(0.0);
                    padded[ahead.saturating_sub(start)..][..heard.len()].copy_from_slice(heard);
                    heard = &padded;
                }
                let (outside, within) = frame.split_at_mut(self.before / 2);
                outside.fill(zero);
                within[length / 2..].fill(zero);
                self.instructions.windowed(heard, &self.window, within);
                self.fft.process_outofplace_with_scratch(&mut frame, output, &mut scratch);
            }
            self.instructions.powers(&self.twiddles, &half, &mut power);
            self.instructions.decibels(&self.filters, &power, &mut bands);
            for (lane, db) in db.chunks_mut(mels).enumerate() {
                db.iter_mut().zip(&bands).for_each(|(db, band)| *db = band[lane] as f32);
            }
            // Of all lanes at once, then of those that are frames.
            let mut peaks = [f64::NEG_INFINITY; LANES];
            for band in &bands {
                for (peak, db) in peaks.iter_mut().zip(band) {
                    *peak = if db > peak { *db } else { *peak };
                }
            }
            peak = peaks[..db.len() / mels].iter().copied().fold(peak, f64::max);
        }
        let floor = (peak - self.floor_db) as f32;
        db.iter_mut().for_each(|v| *v = v.max(floor));
        LogMel { frames, mels, db }
    }
}
