//! Log-mels against librosa (tests/golden/mel/generate.py), and properties that every log-mel has.

use seraug_core::manifest::Channels;
use seraug_core::spec::{Features, MelScale};
use seraug_data::audio::npy::{read_npy, write_npy};
use seraug_data::audio::{LogMel, MelExtractor, load};
use seraug_test_support::common::{corpora_with, sine};
use std::path::PathBuf;

/// Decibels.
const TOLERANCE: f32 = 1e-4;

fn golden(name: &str) -> LogMel {
    read_npy(&seraug_test_support::common::root().join(format!("tests/golden/mel/{name}.npy"))).unwrap()
}

/// The same formula as in the generator.
fn decaying_noise(n: usize) -> Vec<f32> {
    let mut x = 1u64;
    let sample = |i| {
        x = (1_103_515_245 * x + 12_345) % (1 << 31);
        let d = 1.0 - i as f64 / n as f64;
        let d2 = d * d;
        ((x as f64 / f64::from(1 << 30) - 1.0) * (d2 * d2)) as f32
    };
    (0..n).map(sample).collect()
}

fn check(name: &str, ours: &LogMel) {
    let librosa = golden(name);
    assert_eq!((ours.frames, ours.mels), (librosa.frames, librosa.mels), "{name}");
    let off = ours.db.iter().zip(&librosa.db).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < TOLERANCE, "{name}: off by {off} dB");
}

#[test]
fn formulas_match_librosa() {
    let defaults = Features::default;
    check("default", &MelExtractor::new(&defaults()).extract(&decaying_noise(16_000)));
    check("shorter-than-a-window", &MelExtractor::new(&defaults()).extract(&decaying_noise(100)));
    let htk = Features { mel_scale: MelScale::Htk, n_fft: 800, ..defaults() };
    check("htk-800", &MelExtractor::new(&htk).extract(&decaying_noise(8000)));
    let odd = Features { n_fft: 802, ..defaults() };
    check("one-sample-beside-the-window", &MelExtractor::new(&odd).extract(&decaying_noise(4000)));
    let speech = Features { window_ms: 25, hop_ms: 10, n_fft: 2048, mels: 40, floor_db: 60.0, ..defaults() };
    check("speech-25ms", &MelExtractor::new(&speech).extract(&decaying_noise(6000)));
}

/// Sound that is loud at its very start or end, alone and between zeros: the same frames.
#[test]
fn at_both_ends_a_window_hears_zeros() {
    let defaults = Features { floor_db: 400.0, ..Features::default() };
    let sparse = Features { hop_ms: 80, ..defaults.clone() };
    let odd_half = Features { n_fft: 802, ..defaults.clone() };
    for features in [defaults, sparse, odd_half] {
        let (extractor, hop) = (MelExtractor::new(&features), features.hop_ms as usize * 16);
        for length in [0, 1, 399, 400, 401, 799, 800, 2800, 3199, 3200, 12_000] {
            let begins = decaying_noise(length);
            let ends = begins.iter().rev().copied().collect();
            for sound in [begins, ends] {
                let alone = extractor.extract(&sound);
                let (before, after) = (vec![0.0; 11 * hop], vec![0.0; 3 * hop]);
                let between = extractor.extract(&[before, sound, after].concat());
                let same = &between.db[11 * 128..][..alone.db.len()];
                assert!(alone.db == same, "{length} samples, hop {hop}, {} of the FFT", features.n_fft);
            }
        }
    }
}

#[test]
fn emodb_matches_librosa() {
    let Some(corpora) = corpora_with("emodb") else { return };
    for name in ["03a01Fa", "08a02Ab", "16b10Wb"] {
        let file = |extension| corpora.join(format!("emodb/wav/{name}.{extension}"));
        let path: PathBuf = [file("wav"), file("flac")].into_iter().find(|p| p.exists()).unwrap();
        let mel = MelExtractor::new(&Features::default()).extract(&load(&path, Channels::Mean).unwrap());
        let db: Vec<f32> = mel.db.chunks(mel.mels).step_by(4).flatten().copied().collect();
        check(&format!("emodb-{name}"), &LogMel { frames: db.len() / mel.mels, mels: mel.mels, db });
    }
}

#[test]
fn the_floor_is_80_db_under_the_peak_and_frames_follow_the_hop() {
    let mel = MelExtractor::new(&Features::default()).extract(&sine(1000.0, 16_000, 16_000));
    assert_eq!((mel.frames, mel.mels, mel.db.len()), (41, 128, 41 * 128));
    let peak = mel.db.iter().copied().fold(f32::MIN, f32::max);
    let least = mel.db.iter().copied().fold(f32::MAX, f32::min);
    assert!((peak - least - 80.0).abs() < 1e-4, "{least} to {peak}");
}

#[test]
fn npy_round_trips_and_torn_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/er/a.npy");
    let mel = LogMel { frames: 3, mels: 2, db: vec![-80.0, 0.5, f32::MIN_POSITIVE, 1e9, -0.0, 7.0] };
    write_npy(&path, &mel).unwrap();
    assert_eq!(read_npy(&path).unwrap(), mel);

    let bytes = std::fs::read(&path).unwrap();
    for keep in 0..bytes.len() {
        std::fs::write(&path, &bytes[..keep]).unwrap();
        assert!(read_npy(&path).unwrap_err().to_string().contains("a.npy"), "{keep} bytes");
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    for (from, to) in
        [("3, 2", "0, 2"), ("3, 2", "4, 2"), ("3, 2", " 6  "), ("<f4", "<f8"), ("False", "True ")]
    {
        let at = text.find(from).unwrap_or_else(|| panic!("{from} is not in the header"));
        let mut other = bytes.clone();
        other[at..at + from.len()].copy_from_slice(&to.as_bytes()[..from.len()]);
        std::fs::write(&path, other).unwrap();
        assert!(read_npy(&path).is_err(), "{to}");
    }
}
