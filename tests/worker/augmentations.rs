//! The rival augmentations: their effect on a spectrogram, a waveform or a batch.

use seraug_core::emotion::Emotion;
use seraug_core::manifest::Channels;
use seraug_core::rng::Seed;
use seraug_core::spec::{self, AddedNoise, ClassifierLoss, CopySource, Features, SpecAugment};
use seraug_data::audio::{LogMel, MelExtractor};
use seraug_data::corpora::Utterance;
use seraug_data::features::Standardiser;
use seraug_test_support::common::{sine, write_wav};
use seraug_train::classifier::loss::SegmentLoss;
use seraug_train::classifier::mixup::Mixed;
use seraug_train::feature_bank::Bank;
use seraug_train::generators::added_noise::{FrontEnd, noise, noisy_copy, snr_db, with_noise};
use seraug_train::generators::spec_augment::{Masks, spec_augment};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use tch::{Device, Kind, Tensor};

const MELS: usize = 16;
const SETTINGS: SpecAugment = SpecAugment {
    copies: 3,
    of: CopySource::All,
    frequency_masks: 2,
    frequency_width: 5,
    time_masks: 2,
    time_width: 8,
};

/// Utterances of 30, 9 and 1 frames; no value is 0.
fn bank() -> Bank {
    let items: Vec<LogMel> = [30, 9, 1]
        .into_iter()
        .map(|frames| LogMel { frames, mels: MELS, db: (0..frames * MELS).map(|i| 1.0 + i as f32).collect() })
        .collect();
    let items: Vec<&LogMel> = items.iter().collect();
    Bank::new(&items, Standardiser { mean: -1.0, deviation: 2.0 }, Device::Cpu)
}

/// The rows of a bank's entry, its floor row last.
fn entry(bank: &Bank, at: usize) -> Vec<Vec<f32>> {
    let start: usize = bank.lens()[..at].iter().map(|l| l + 1).sum();
    let row = |r: usize| Vec::<f32>::try_from(bank.frames().get(r as i64)).unwrap();
    (start..=start + bank.lens()[at]).map(row).collect()
}

#[test]
fn what_the_masks_say_is_zero_and_nothing_else() {
    let (bank, seed) = (bank(), Seed::new(4));
    let made = spec_augment(&bank, &[2, 0, 1], &["c", "a", "b"], &SETTINGS, seed);
    assert_eq!(made.lens(), [1, 1, 1, 30, 30, 30, 9, 9, 9]);
    let mut hidden = 0;
    for (at, (item, name)) in [(2, "c"), (0, "a"), (1, "b")].into_iter().enumerate() {
        let (len, original) = (bank.lens()[item], entry(&bank, item));
        for copy in 0..3 {
            let masks = Masks::draw(&SETTINGS, MELS, len, name, copy, seed);
            let got = entry(&made, 3 * at + copy);
            assert_eq!(got[len], original[len], "the floor row");
            for (t, b) in (0..len).flat_map(|t| (0..MELS).map(move |b| (t, b))) {
                let masked =
                    masks.bands.iter().any(|r| r.contains(&b)) || masks.frames.iter().any(|r| r.contains(&t));
                assert_eq!(got[t][b], if masked { 0.0 } else { original[t][b] }, "{name} {copy}: {t}, {b}");
                hidden += usize::from(masked);
            }
        }
    }
    assert!(hidden > 200, "{hidden}");
    let turned = spec_augment(&bank, &[1, 2, 0], &["b", "c", "a"], &SETTINGS, seed);
    assert_eq!(entry(&made, 3), entry(&turned, 6));
    assert_ne!(entry(&made, 3), entry(&made, 4), "copies differ");
    let renamed = spec_augment(&bank, &[0], &["x"], &SETTINGS, seed);
    assert_ne!(entry(&made, 3), entry(&renamed, 0), "names decide");
    assert!(spec_augment(&bank, &[], &[], &SETTINGS, seed).lens().is_empty());
}

/// Every width and every place is drawn, widths equally often, none beyond the bounds.
#[test]
fn masks_have_the_extents_of_the_settings() {
    let seed = Seed::new(1);
    for (frames, longest) in [(100, 8), (9, 4), (1, 0)] {
        let (mut bands, mut times) = (vec![0usize; 6], vec![0usize; longest + 1]);
        let mut places = BTreeSet::new();
        for i in 0..3000 {
            let masks = Masks::draw(&SETTINGS, MELS, frames, &i.to_string(), 0, seed);
            assert_eq!((masks.bands.len(), masks.frames.len()), (2, 2));
            masks.bands.iter().for_each(|r| bands[r.len()] += 1);
            masks.frames.iter().for_each(|r| times[r.len()] += 1);
            assert!(
                masks.frames.iter().all(|r| r.end <= frames) && masks.bands.iter().all(|r| r.end <= MELS)
            );
            places.extend(masks.bands.iter().filter(|r| r.len() == 5).map(|r| r.start));
        }
        assert_eq!(places, (0..=MELS - 5).collect());
        for counts in [bands, times] {
            let equal = 6000 / counts.len();
            assert!(counts.iter().all(|c| c.abs_diff(equal) < equal / 5), "{frames} frames: {counts:?}");
        }
    }
}

/// Ten times the logarithm of the power ratio of `clean` and what was added to it, all in f64.
fn measured(clean: &[f32], noisy: &[f32]) -> f64 {
    let power = |x: &mut dyn Iterator<Item = f64>| x.map(|v| v * v).sum::<f64>();
    let signal = power(&mut clean.iter().map(|&v| f64::from(v)));
    let added = power(&mut clean.iter().zip(noisy).map(|(c, n)| f64::from(*n) - f64::from(*c)));
    10.0 * (signal / added).log10()
}

#[test]
fn added_noise_is_white_gaussian_and_has_the_drawn_ratio() {
    let (range, seed) = ([5.0, 20.0], Seed::new(2));
    let mut drawn = Vec::new();
    for i in 0..200 {
        let clean = sine(100.0 + f64::from(i), 16_000, 2000 + 7 * i as usize);
        let (name, copy) = (format!("u{i}"), i as usize % 4);
        let snr = snr_db(range, &name, copy, seed);
        let got = measured(&clean, &noisy_copy(&clean, range, &name, copy, seed));
        assert!((got - snr).abs() < 0.1, "{got} dB, drawn {snr}");
        drawn.push(snr);
    }
    drawn.sort_by(f64::total_cmp);
    assert!(drawn[0] >= 5.0 && drawn[199] < 20.0, "{} {}", drawn[0], drawn[199]);
    for (i, snr) in drawn.iter().enumerate() {
        let uniform = 5.0 + 15.0 * i as f64 / 200.0;
        assert!((snr - uniform).abs() < 2.0, "quantile {i} of 200: {snr}, not near {uniform}");
    }
    let clean = sine(440.0, 16_000, 100_000);
    for snr in [-10.0, 0.0, 30.0] {
        let noisy = with_noise(&clean, snr, seed);
        assert!((measured(&clean, &noisy) - snr).abs() < 0.1);
        let noise: Vec<f64> = clean.iter().zip(&noisy).map(|(c, n)| f64::from(*n) - f64::from(*c)).collect();
        let mean = |f: &dyn Fn(usize) -> f64| (0..99_000).map(f).sum::<f64>() / 99_000.0;
        let variance = mean(&|i| noise[i].powi(2));
        for lag in [1, 2, 36, 100] {
            let correlation = mean(&|i| noise[i] * noise[i + lag]) / variance;
            assert!(correlation.abs() < 0.02, "lag {lag}: {correlation}");
        }
        let fourth = mean(&|i| noise[i].powi(4)) / variance.powi(2);
        assert!((fourth - 3.0).abs() < 0.1, "{fourth}");
    }
    assert_eq!(with_noise(&[0.0; 500], 5.0, seed), [0.0; 500], "silence stays");
    assert!(with_noise(&[], 5.0, seed).is_empty());
}

fn recording(dir: &Path, name: &str, samples: &[f32]) -> Utterance {
    let path = dir.join(format!("{name}.wav"));
    write_wav(&path, &[samples.to_vec()], 16_000, None);
    Utterance {
        corpus: "toy".into(),
        id: name.into(),
        path,
        excerpt: None,
        channels: Channels::Mean,
        speaker: "s".into(),
        gender: None,
        session: None,
        split: None,
        text: None,
        language: "de".into(),
        emotion: Emotion::NEUTRAL,
        sha256: format!("sha-of-{name}"),
    }
}

#[test]
fn noisy_copies_are_spectrograms_of_noisy_recordings_whatever_the_order() {
    let dir = tempfile::tempdir().unwrap();
    let sounds = [sine(300.0, 16_000, 8000), sine(900.0, 16_000, 3000)];
    let (a, b) = (recording(dir.path(), "a", &sounds[0]), recording(dir.path(), "b", &sounds[1]));
    let settings = AddedNoise { copies: 2, of: CopySource::All, snr_db: [0.0, 10.0] };
    let features = Features::default();
    let standardiser = Standardiser { mean: -40.0, deviation: 20.0 };
    let front_end = FrontEnd { features: &features, standardiser, device: Device::Cpu };
    let seed = Seed::new(6);
    let made = noise(&[&a, &b], &settings, &front_end, seed).unwrap();
    assert_eq!(made.lens(), [21, 21, 8, 8]);
    let extractor = MelExtractor::new(&features);
    for (at, (name, sound)) in [("sha-of-a", &sounds[0]), ("sha-of-b", &sounds[1])].into_iter().enumerate() {
        for copy in 0..2 {
            let mel = extractor.extract(&noisy_copy(sound, settings.snr_db, name, copy, seed));
            let wanted = Bank::new(&[&mel], standardiser, Device::Cpu);
            assert_eq!(entry(&made, 2 * at + copy), entry(&wanted, 0), "{name} {copy}");
        }
    }
    let turned = noise(&[&b, &a], &settings, &front_end, seed).unwrap();
    assert_eq!((entry(&made, 1), entry(&made, 2)), (entry(&turned, 3), entry(&turned, 0)));
    assert_ne!(entry(&made, 0), entry(&made, 1), "copies differ");
    let clean = extractor.extract(&sounds[0]);
    let clean = Bank::new(&[&clean], standardiser, Device::Cpu);
    let level = |bank: &Bank| bank.frames().narrow(0, 0, 21).mean(Kind::Double).double_value(&[]);
    assert!(level(&made) > level(&clean) + 0.5, "{} {}", level(&made), level(&clean));
    std::fs::remove_file(&a.path).unwrap();
    let error = noise(&[&a, &b], &settings, &front_end, seed).unwrap_err().to_string();
    assert!(error.contains("a.wav: no such file"), "{error}");
}

#[test]
fn mixup_equals_pytorchs() {
    let path = seraug_test_support::common::root().join("tests/golden/torch/mixup.safetensors");
    let io: HashMap<String, Tensor> = Tensor::read_safetensors(path).unwrap().into_iter().collect();
    let batch = |i: usize| (io[&format!("x{i}")].copy(), io[&format!("y{i}")].copy());
    // Segments of each class for which the weights of the script are the balanced ones, up to their scale.
    let counts = [8, 4, 1];
    for (name, loss) in [("plain", ClassifierLoss::Plain), ("weighted", ClassifierLoss::Weighted)] {
        let loss = SegmentLoss::new(loss, &counts, Device::Cpu);
        let w = io["w"].copy().set_requires_grad(true);
        let mixed = Mixed::of(batch(1), batch(2), 0.3);
        let loss = mixed.loss(&mixed.x.flatten(1, -1).matmul(&w), &loss);
        let gradient = Tensor::run_backward(&[&loss], &[&w], false, false).remove(0);
        for (what, ours) in [("loss", loss), ("gradient", gradient)] {
            assert!(
                ours.allclose(&io[&format!("{name}.{what}")], 1e-5, 1e-6, false),
                "{name} {what}: {ours}"
            );
        }
    }
    assert_eq!(*Mixed::of(batch(1), batch(2), 0.3).labels(), io["y2"]);
    assert_eq!(*Mixed::of(batch(1), batch(2), 0.7).labels(), io["y1"]);
}

#[test]
fn what_is_wrong_with_an_augmentation_is_named() {
    let refused = |augment: &str, sets: &[&str]| {
        let text = format!(
            "title = \"t\"\ncorpus = \"emodb\"\nclasses = {{ neutral = [\"neutral\"], sad = [\"sad\"] }}
            protocol.leave-speakers-out.folds = 2\n[[condition]]\nname = \"x\"\n{augment}\n"
        );
        let sets: Vec<String> = sets.iter().map(|s| (*s).to_owned()).collect();
        spec::parse(&text, "x.toml", &sets).map(|_| ()).map_err(|e| e.to_string())
    };
    for (augment, words) in [
        ("augment.mixup.alpha = 0.0", "augment.mixup.alpha = 0: must be 0.001 to 1000"),
        ("augment.mixup.alpha = -1.0", "augment.mixup.alpha = -1"),
        ("augment.mixup.alpha = nan", "augment.mixup.alpha = NaN"),
        ("augment.mixup.copies = 4", "unknown field `copies`"),
        ("augment.noise = { of = \"all\", snr-db = [20.0, 5.0] }", "noise.snr-db = [20, 5]: must not fall"),
        ("augment.noise = { of = \"all\", snr-db = [5.0, inf] }", "noise.snr-db = inf: must be -100 to 100"),
        ("augment.noise = { of = \"all\", copies = 0 }", "copies = 0: must be 1 to 1000"),
        ("augment.noise = {}", "of = \"reduced\", but the spec has no [reduction]"),
        ("augment.spec-augment = { of = \"all\", frequency-masks = 0, time-masks = 0 }", "nothing is masked"),
        ("augment.spec-augment = { of = \"all\", frequency-masks = 0, time-width = 0 }", "nothing is masked"),
        ("augment.spec-augment = { of = \"all\", frequency-width = 129 }", "frequency-width = 129"),
        (
            "augment.triplet-gan = { of = \"all\", losses = [\"gan\", \"model\"] }",
            "either `gan` alone, or `model`",
        ),
        ("augment.triplet-gan = { of = \"all\", losses = [\"gan\", \"gan\"] }", "either `gan` alone"),
        ("augment.triplet-gan = { of = \"all\", losses = [\"var\"] }", "either `gan` alone, or `model`"),
        ("augment.triplet-gan = { of = \"all\", losses = [] }", "either `gan` alone"),
    ] {
        let error = refused(augment, &[]).expect_err(augment);
        assert!(error.contains(words) && error.contains("x.toml"), "{augment}: {error}");
    }
    let gan = "augment.triplet-gan = { of = \"all\", losses = [\"gan\"] }";
    assert_eq!(refused(gan, &[]), Ok(()));
    let shared = refused(gan, &["augmentor.attention=shared"]).unwrap_err();
    assert!(shared.contains("`gan` trains no attention to share"), "{shared}");
    for fine in [
        "augment.noise = { of = \"all\", snr-db = [7.0, 7.0] }",
        "augment.spec-augment = { of = \"all\", time-masks = 0 }",
        "augment.mixup = {}",
    ] {
        assert_eq!(refused(fine, &[]), Ok(()), "{fine}");
    }
}
