//! Fast Griffin-Lim: phases that fit given magnitudes.

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

/// As librosa has them.
const ITERATIONS: usize = 32;
const MOMENTUM: f64 = 0.99;

type Spectrum = Vec<Complex<f64>>;

/// A short-time Fourier transform with frame `t` centred on sample `t * hop` and zeros around the signal, and its inverse.
pub(super) struct Framing {
    forward: Arc<dyn Fft<f64>>,
    back: Arc<dyn Fft<f64>>,
    /// As long as the FFT.
    window: Vec<f64>,
    hop: usize,
}

impl Framing {
    pub(super) fn new(window: Vec<f64>, hop: usize) -> Framing {
        let mut planner = FftPlanner::new();
        Framing {
            forward: planner.plan_fft_forward(window.len()),
            back: planner.plan_fft_inverse(window.len()),
            window,
            hop,
        }
    }

    fn bins(&self) -> usize {
        self.window.len() / 2 + 1
    }

    /// A signal whose spectrum has nearly these `magnitudes`, frame by frame, from `phases` of the same length.
    pub(super) fn griffin_lim(&self, magnitudes: &[f64], phases: &[f64]) -> Vec<f64> {
        let mut angles: Spectrum = phases.iter().map(|p| Complex::from_polar(1.0, *p)).collect();
        let mut before: Option<Spectrum> = None;
        let share = MOMENTUM / (1.0 + MOMENTUM);
        for _ in 0..ITERATIONS {
            let rebuilt = self.spectrum(&self.signal(magnitudes, &angles));
            match &before {
                None => angles.clone_from(&rebuilt),
                Some(before) => {
                    for ((angle, now), before) in angles.iter_mut().zip(&rebuilt).zip(before) {
                        *angle = now - before * share;
                    }
                }
            }
            angles.iter_mut().for_each(|angle| *angle /= angle.norm() + f64::MIN_POSITIVE);
            before = Some(rebuilt);
        }
        self.signal(magnitudes, &angles)
    }

    /// The inverse of [`Framing::spectrum`] for a spectrum of these magnitudes and angles: windowed frames are added, and divided by
    /// the sum of the squared windows where there is one.
    fn signal(&self, magnitudes: &[f64], angles: &[Complex<f64>]) -> Vec<f64> {
        let (n_fft, bins) = (self.window.len(), self.bins());
        let frames = magnitudes.len() / bins;
        let length = frames.saturating_sub(1) * self.hop;
        let (mut sum, mut squares) = (vec![0.0; length + n_fft], vec![0.0; length + n_fft]);
        let mut buffer = vec![Complex::default(); n_fft];
        let mut scratch = vec![Complex::default(); self.back.get_inplace_scratch_len()];
        for (t, (magnitudes, angles)) in magnitudes.chunks(bins).zip(angles.chunks(bins)).enumerate() {
            for (k, (magnitude, angle)) in magnitudes.iter().zip(angles).enumerate() {
                let value = angle * *magnitude;
                buffer[k] = value;
                // The spectrum of real samples: the other half is the conjugate, and both ends are real.
                match k {
                    0 => buffer[0].im = 0.0,
                    _ if 2 * k == n_fft => buffer[k].im = 0.0,
                    _ => buffer[n_fft - k] = value.conj(),
                }
            }
            self.back.process_with_scratch(&mut buffer, &mut scratch);
            let at = t * self.hop;
            for (i, (value, window)) in buffer.iter().zip(&self.window).enumerate() {
                sum[at + i] += value.re * window / n_fft as f64;
                squares[at + i] += window * window;
            }
        }
        let whole = n_fft / 2..n_fft / 2 + length;
        let divided =
            |(sum, squares): (&f64, &f64)| if *squares > f64::MIN_POSITIVE { sum / squares } else { *sum };
        sum[whole.clone()].iter().zip(&squares[whole]).map(divided).collect()
    }

    /// The spectrum of `signal`, frame by frame: `1 + samples / hop` frames.
    fn spectrum(&self, signal: &[f64]) -> Spectrum {
        let (n_fft, bins) = (self.window.len(), self.bins());
        let mut padded = vec![0.0; signal.len() + n_fft];
        padded[n_fft / 2..n_fft / 2 + signal.len()].copy_from_slice(signal);
        let mut buffer = vec![Complex::default(); n_fft];
        let mut scratch = vec![Complex::default(); self.forward.get_inplace_scratch_len()];
        let mut all = Vec::with_capacity((1 + signal.len() / self.hop) * bins);
        for t in 0..=signal.len() / self.hop {
            let heard = &padded[t * self.hop..t * self.hop + n_fft];
            for ((to, value), window) in buffer.iter_mut().zip(heard).zip(&self.window) {
                *to = Complex::new(value * window, 0.0);
            }
            self.forward.process_with_scratch(&mut buffer, &mut scratch);
            all.extend_from_slice(&buffer[..bins]);
        }
        all
    }
}
