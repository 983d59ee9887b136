//! Log-mels back to sound, against librosa (tests/golden/inversion/generate.py).

use seraug_core::rng::Seed;
use seraug_core::spec::Features;
use seraug_data::audio::inversion::MelInverter;
use seraug_data::audio::npy::read_npy;
use seraug_data::audio::{LogMel, MelExtractor, mel_matrix};

fn golden(name: &str) -> LogMel {
    read_npy(&seraug_test_support::common::root().join(format!("tests/golden/inversion/{name}.npy"))).unwrap()
}

/// A number of librosa's own inversion.
fn quality(of: &str) -> f64 {
    let path = seraug_test_support::common::root().join("tests/golden/inversion/quality.json");
    let all: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    all[of].as_f64().unwrap()
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|v| v * v).sum::<f64>().sqrt()
}

#[test]
fn from_librosas_magnitudes_and_phases_of_zero_comes_librosas_signal() {
    let magnitudes: Vec<f64> = golden("magnitudes").db.iter().map(|v| f64::from(*v)).collect();
    let wanted = golden("zero-phase").db;
    let signal = MelInverter::new(&Features::default()).signal(&magnitudes, &vec![0.0; magnitudes.len()]);
    assert_eq!(signal.len(), wanted.len());
    let off = signal.iter().zip(&wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let loudest = wanted.iter().fold(0.0, |most: f32, v| most.max(v.abs()));
    assert!(loudest > 0.1 && off < 1e-4 * loudest, "off by {off} of {loudest}");
}

#[test]
fn linear_power_is_heard_by_the_filters_as_well_as_librosas() {
    let mel = golden("speech-like");
    let features = Features::default();
    let bins = features.n_fft / 2 + 1;
    let magnitudes = MelInverter::new(&features).magnitudes(&mel);
    assert!(magnitudes.iter().all(|m| m.is_finite() && *m >= 0.0));
    let matrix = mel_matrix(&features);
    let (mut off, mut all) = (Vec::new(), Vec::new());
    for (frame, db) in magnitudes.chunks(bins).zip(mel.db.chunks(mel.mels)) {
        for (band, db) in db.iter().enumerate() {
            let heard: f64 = frame
                .iter()
                .enumerate()
                .map(|(bin, m)| f64::from(matrix[bin * mel.mels + band]) * m * m)
                .sum();
            let power = 10f64.powf(f64::from(*db) / 10.0);
            off.push(heard - power);
            all.push(power);
        }
    }
    let residual = norm(off.into_iter()) / norm(all.into_iter());
    assert!(
        residual <= 1.05 * quality("mel-residual"),
        "{residual} where librosa has {}",
        quality("mel-residual")
    );
}

#[test]
fn the_sound_has_the_log_mel_as_well_as_librosas() {
    let wanted = golden("speech-like");
    let inverter = MelInverter::new(&Features::default());
    let extractor = MelExtractor::new(&Features::default());
    let peak = wanted.db.iter().copied().fold(f32::MIN, f32::max);
    let magnitude = |db: f32| 10f64.powf(f64::from(db) / 20.0);
    let (mut decibels, mut convergence) = (0.0, 0.0);
    for seed in 0..8 {
        let sound = inverter.invert(&wanted, Seed::new(seed));
        assert_eq!(sound, inverter.invert(&wanted, Seed::new(seed)));
        let found = extractor.extract(&sound);
        assert_eq!((found.frames, found.mels), (wanted.frames, wanted.mels));
        let pairs = || found.db.iter().copied().zip(wanted.db.iter().copied());
        let loud: Vec<f64> =
            pairs().filter(|(_, w)| *w > peak - 40.0).map(|(f, w)| f64::from((f - w).abs())).collect();
        decibels += loud.iter().sum::<f64>() / loud.len() as f64 / 8.0;
        let off = norm(pairs().map(|(f, w)| magnitude(f) - magnitude(w)));
        convergence += off / norm(pairs().map(|(_, w)| magnitude(w))) / 8.0;
    }
    for (ours, of) in [(decibels, "decibels"), (convergence, "convergence")] {
        assert!(ours <= 1.05 * quality(of), "{of}: {ours} where librosa has {}", quality(of));
    }
}
