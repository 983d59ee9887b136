//! Log-mel spectrograms (paper 3.1.1; CLOSE_READING row "mel filterbank").

use super::SAMPLE_RATE;
use super::mel::{Filter, filters};
use crate::spec::Features;
use realfft::{RealFftPlanner, RealToComplex};
use std::f64::consts::TAU;
use std::sync::Arc;

/// A log-mel spectrogram in decibels, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct LogMel {
    /// Rows, one a hop.
    pub frames: usize,
    /// Columns.
    pub mels: usize,
    /// `frames * mels` values, frame by frame. dB, clipped at the floor under the utterance's peak.
    pub db: Vec<f32>,
}

/// Power under which a band reads as this much, as librosa's `amin`.
const LEAST_POWER: f64 = 1e-10;

/// Computes log-mel spectrograms with one setting; shared by threads.
///
/// The same numbers as `librosa.power_to_db(librosa.feature.melspectrogram(y, sr=16000, n_fft, win_length,
/// hop_length, window="hann", center=True, pad_mode="constant", power=2, n_mels, htk, norm="slaney"),
/// top_db=floor_db)`, transposed to [frames, mels]. Computed in `f64`, so that the FFT kernels of different
/// processors agree after rounding to `f32`.
pub struct MelExtractor {
    fft: Arc<dyn RealToComplex<f64>>,
    /// Periodic Hann, centred in `n_fft` samples.
    window: Vec<f64>,
    hop: usize,
    filters: Vec<Filter>,
    floor_db: f64,
}

impl MelExtractor {
    /// `features` comes from a checked spec: the window is not longer than the FFT and the hop is above 0.
    pub fn new(features: &Features) -> MelExtractor {
        let in_samples = |ms: u32| ms as usize * SAMPLE_RATE as usize / 1000;
        let (length, n_fft) = (in_samples(features.window_ms), features.n_fft);
        let mut window = vec![0.0; n_fft];
        let before = (n_fft - length) / 2;
        for (i, w) in window[before..before + length].iter_mut().enumerate() {
            *w = 0.5 - 0.5 * (TAU * i as f64 / length as f64).cos();
        }
        MelExtractor {
            fft: RealFftPlanner::new().plan_fft_forward(n_fft),
            window,
            hop: in_samples(features.hop_ms),
            filters: filters(features.mels, n_fft, features.mel_scale),
            floor_db: f64::from(features.floor_db),
        }
    }

    /// The spectrogram of 16 kHz mono `samples`: `1 + samples / hop` frames, the signal zero-padded at both
    /// ends so that frame `t` is centred on sample `t * hop`.
    pub fn extract(&self, samples: &[f32]) -> LogMel {
        let (n_fft, mels) = (self.window.len(), self.filters.len());
        let frames = 1 + samples.len() / self.hop;
        let mut input = self.fft.make_input_vec();
        let mut spectrum = self.fft.make_output_vec();
        let mut scratch = self.fft.make_scratch_vec();
        let mut db = Vec::with_capacity(frames * mels);
        for t in 0..frames {
            let start = (t * self.hop) as isize - (n_fft / 2) as isize;
            for (i, (x, w)) in input.iter_mut().zip(&self.window).enumerate() {
                let at = usize::try_from(start + i as isize).ok();
                *x = at.and_then(|at| samples.get(at)).map_or(0.0, |s| f64::from(*s) * w);
            }
            self.fft
                .process_with_scratch(&mut input, &mut spectrum, &mut scratch)
                .expect("the buffers are the plan's own");
            db.extend(self.filters.iter().map(|filter| {
                let bins = &spectrum[filter.first..];
                let power: f64 = filter.weights.iter().zip(bins).map(|(w, c)| w * c.norm_sqr()).sum();
                10.0 * power.max(LEAST_POWER).log10()
            }));
        }
        let floor = db.iter().copied().fold(f64::NEG_INFINITY, f64::max) - self.floor_db;
        LogMel { frames, mels, db: db.into_iter().map(|v| v.max(floor) as f32).collect() }
    }
}
