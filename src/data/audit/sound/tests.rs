//! One recording under several guises is found, and two recordings are not taken for one.

use super::near::{NearPair, near_pairs};
use super::print::{SHORTEST, SoundPrint, agreement, extractor};
use crate::audio::SAMPLE_RATE;
use crate::audio::resample::resample;
use seraug_core::rng::Seed;
use std::f32::consts::TAU;

/// Two seconds like speech: a hundred syllables' worth of partials that come, glide and go, as `seed` draws them.
fn voice(seed: u64) -> Vec<f32> {
    let n = 2 * SAMPLE_RATE as usize;
    let mut draws = Seed::new(seed).child("voice").draws();
    let mut samples = vec![0.0f32; n];
    for _ in 0..100 {
        let (start, length) = (draws.below(n - 4000), 1500 + draws.below(2500));
        let (hz, glide) = (draws.between(250.0, 3300.0) as f32, draws.between(-0.2, 0.2) as f32);
        let level = draws.between(0.01, 0.1) as f32;
        for i in 0..length {
            let t = i as f32 / SAMPLE_RATE as f32;
            let rise = (TAU * 0.5 * i as f32 / length as f32).sin();
            samples[start + i] += level * rise * (TAU * hz * (1.0 + glide * t) * t).sin();
        }
    }
    samples
}

fn print(samples: &[f32]) -> SoundPrint {
    SoundPrint::of(samples, &extractor())
}

fn pairs(all: &[Vec<f32>]) -> Vec<NearPair> {
    let prints: Vec<SoundPrint> = all.iter().map(|samples| print(samples)).collect();
    near_pairs(&prints)
}

#[test]
fn a_copy_at_another_level_rate_or_beginning_and_with_noise_is_found() {
    let original = voice(1);
    let quieter: Vec<f32> = original.iter().map(|s| s * 0.5).collect();
    // A frame and a third, so that no two frames hear the same samples.
    let trimmed = original[850..].to_vec();
    let telephone = resample(&resample(&original, 32_000).unwrap(), 8_000).unwrap();
    let mut draws = Seed::new(9).child("noise").draws();
    let noisy: Vec<f32> = original.iter().map(|s| s + draws.between(-0.003, 0.003) as f32).collect();
    let within = [voice(3), original.clone(), voice(4)].concat();
    let guises = [
        ("level", quieter),
        ("beginning", trimmed),
        ("rate", telephone),
        ("noise", noisy),
        ("within", within),
    ];
    for (name, guise) in guises {
        let found = pairs(&[original.clone(), voice(2), guise]);
        assert!(
            matches!(found.as_slice(), [NearPair { a: 0, b: 2, share }] if *share > 0.9),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn other_sounds_are_not_alike_and_what_has_no_change_is_not_compared() {
    let others: Vec<Vec<f32>> = (0..12).map(voice).collect();
    assert_eq!(pairs(&others), []);
    let tone = |hz: f32| -> Vec<f32> {
        (0..32_000).map(|i| 0.5 * (TAU * hz * i as f32 / SAMPLE_RATE as f32).sin()).collect()
    };
    assert_eq!(pairs(&[tone(400.0), tone(400.0), tone(700.0)]), [], "a tone agrees with every other");
    assert!(print(&tone(400.0)).clear() < 300);
    let short = print(&voice(1)[..4000]);
    assert!(short.frames.len() < SHORTEST && agreement(&short, &short, 0).is_none());
}

#[test]
fn fingerprints_are_compared_where_enough_of_the_shorter_overlaps() {
    let whole = print(&voice(1));
    let all = agreement(&whole, &whole, 0).unwrap();
    assert!((all.share - 1.0).abs() < 1e-12 && all.compared > 1000, "{all:?}");
    let n = whole.frames.len() as i64;
    assert!(agreement(&whole, &whole, n / 10).is_some());
    assert!(agreement(&whole, &whole, n / 4).is_none() && agreement(&whole, &whole, -n / 4).is_none());
    assert!(agreement(&whole, &whole, 10 * n).is_none());
}
