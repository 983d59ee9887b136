//! Mel filters as in `librosa.filters.mel(norm="slaney")`.

use super::SAMPLE_RATE;
use seraug_core::spec::{Features, MelScale};

/// One triangular filter: its weights from FFT bin `first` on.
pub(super) struct Filter {
    /// First bin with a weight.
    pub(super) first: usize,
    /// Weights; empty where the triangle falls between two bins.
    pub(super) weights: Vec<f64>,
}

/// The filters of `features` as a matrix [n_fft / 2 + 1, mels], row by row, for programs that multiply by it.
pub fn mel_matrix(features: &Features) -> Vec<f32> {
    let filters = filters(features.mels, features.n_fft, features.mel_scale);
    let bins = 0..features.n_fft / 2 + 1;
    let weight = |filter: &Filter, bin: usize| {
        bin.checked_sub(filter.first).and_then(|at| filter.weights.get(at)).map_or(0.0, |w| *w as f32)
    };
    bins.flat_map(|bin| filters.iter().map(move |filter| weight(filter, bin))).collect()
}

/// `mels` filters over the `n_fft / 2 + 1` bins from 0 to half the sample rate, each of unit area.
pub(super) fn filters(mels: usize, n_fft: usize, scale: MelScale) -> Vec<Filter> {
    let rate = f64::from(SAMPLE_RATE);
    let top = to_mel(rate / 2.0, scale);
    let edges: Vec<f64> = (0..mels + 2).map(|i| to_hz(top * i as f64 / (mels + 1) as f64, scale)).collect();
    edges
        .windows(3)
        .map(|edge| {
            let (low, mid, high) = (edge[0], edge[1], edge[2]);
            let weight = |bin: usize| {
                let hz = bin as f64 * rate / n_fft as f64;
                let height = ((hz - low) / (mid - low)).min((high - hz) / (high - mid)).max(0.0);
                height * 2.0 / (high - low)
            };
            let bins = || (0..=n_fft / 2).filter(|bin| weight(*bin) > 0.0);
            let first = bins().next().unwrap_or(0);
            Filter { first, weights: bins().map(weight).collect() }
        })
        .collect()
}

// Slaney's scale: 200/3 Hz a mel up to 1 kHz, then 27 mels for each factor of 6.4.
const LINEAR: f64 = 200.0 / 3.0;
const KNEE_HZ: f64 = 1000.0;
const KNEE_MEL: f64 = KNEE_HZ / LINEAR;

fn log_step() -> f64 {
    6.4f64.ln() / 27.0
}

fn to_mel(hz: f64, scale: MelScale) -> f64 {
    match scale {
        MelScale::Htk => 2595.0 * (1.0 + hz / 700.0).log10(),
        MelScale::Slaney if hz < KNEE_HZ => hz / LINEAR,
        MelScale::Slaney => KNEE_MEL + (hz / KNEE_HZ).ln() / log_step(),
    }
}

fn to_hz(mel: f64, scale: MelScale) -> f64 {
    match scale {
        MelScale::Htk => 700.0 * (10f64.powf(mel / 2595.0) - 1.0),
        MelScale::Slaney if mel < KNEE_MEL => mel * LINEAR,
        MelScale::Slaney => KNEE_HZ * ((mel - KNEE_MEL) * log_step()).exp(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_round_trip_and_meet_at_the_knee() {
        for scale in [MelScale::Slaney, MelScale::Htk] {
            for hz in [0.0, 60.0, 999.0, 1000.0, 4000.0, 8000.0] {
                assert!((to_hz(to_mel(hz, scale), scale) - hz).abs() < 1e-9);
            }
        }
        assert!((to_mel(1000.0, MelScale::Slaney) - 15.0).abs() < 1e-12);
        assert!((to_mel(1000.0, MelScale::Htk) - 1000.0).abs() < 0.02);
    }

    #[test]
    fn at_the_default_length_slaney_has_wide_filters_and_htk_has_not() {
        let narrow = |scale| filters(128, 800, scale).iter().filter(|f| f.weights.len() < 2).count();
        assert_eq!(narrow(MelScale::Slaney), 0);
        assert!(narrow(MelScale::Htk) > 0);
    }
}
