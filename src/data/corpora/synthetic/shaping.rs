//! Signal processing beyond the synthesiser's flags: spectral tilt, breath, tremor, level, room and background noise.

use super::prosody::Delivery;
use super::speakers::SyntheticSpeaker;
use crate::audio::SAMPLE_RATE;
use seraug_core::rng::Seed;
use std::f64::consts::TAU;

/// Level of neutral speech, dB under full scale (RMS over the utterance).
const NEUTRAL_DB: f64 = -26.0;

/// Half the width of uniform noise of variance 1.
const WHITE: f64 = 1.732_050_807_568_877_2;

/// `samples` without the silence that the synthesiser adds at both ends; keeps 20 ms of it.
pub fn trim(samples: &[f32]) -> &[f32] {
    let loud = |s: &f32| s.abs() > 0.003;
    let Some(first) = samples.iter().position(loud) else { return samples };
    let last = samples.iter().rposition(loud).unwrap_or(first);
    let margin = 441;
    &samples[first.saturating_sub(margin)..(last + margin).min(samples.len())]
}

/// Turns a trimmed voice at 16 kHz into a recording of `delivery` by `speaker`: 16-bit samples.
/// `seed` is the take's own: lead-in, breath, room and background noise come from it.
pub fn shape(voice: &[f64], speaker: &SyntheticSpeaker, delivery: &Delivery, seed: Seed) -> Vec<i16> {
    let cues = &delivery.cues;
    let mut x = tremor(voice, cues.tremor, seed.child("tremor"));
    breathe(&mut x, cues.breath, seed.child("breath"));
    tilt(&mut x, cues.tilt_db + speaker.tilt_db);
    let gain = db(NEUTRAL_DB + cues.level_db) / rms(&x).max(1e-6);
    x.iter_mut().for_each(|s| *s *= gain);
    let x = reverberate(&x, speaker.room_db, seed.child("room"));
    let mut x = pad(x, seed.child("pad"));
    background(&mut x, speaker.noise_db, seed.child("noise"));
    x.iter().map(|s| (soft_clip(*s) * 32_767.0).round() as i16).collect()
}

/// The background noise that [`shape`] adds to so many samples.
pub fn noise(samples: usize, speaker: &SyntheticSpeaker, seed: Seed) -> Vec<f64> {
    let mut x = vec![0.0; samples];
    background(&mut x, speaker.noise_db, seed.child("noise"));
    x
}

/// Slow wavering of the pitch by `depth` (fraction of F0): the signal is read from a delay that swings.
fn tremor(x: &[f64], depth: f64, seed: Seed) -> Vec<f64> {
    if depth < 0.001 {
        return x.to_vec();
    }
    let rate = f64::from(SAMPLE_RATE);
    let mut draws = seed.draws();
    let (hz, phase) = (draws.between(5.0, 8.0), draws.between(0.0, TAU));
    let swing = depth * rate / (TAU * hz);
    let at = |i: i64| x.get(usize::try_from(i).unwrap_or(usize::MAX)).copied().unwrap_or(0.0);
    let read = |n: usize| {
        let t = n as f64 + swing * (TAU * hz * n as f64 / rate + phase).sin();
        let (i, f) = (t.floor() as i64, t - t.floor());
        // Catmull-Rom through four samples: linear interpolation would dull the treble.
        let (a, b, c, d) = (at(i - 1), at(i), at(i + 1), at(i + 2));
        b + 0.5 * f * (c - a + f * (2.0 * a - 5.0 * b + 4.0 * c - d + f * (3.0 * (b - c) + d - a)))
    };
    (0..x.len()).map(read).collect()
}

/// Adds noise above 1.5 kHz that follows the voice's envelope, `amount` of its amplitude.
fn breathe(x: &mut [f64], amount: f64, seed: Seed) {
    let mut draws = seed.draws();
    let (mut envelope, mut low) = (0.0, 0.0);
    let (follow, cut) = (pole(25.0), pole(1500.0));
    for s in x {
        envelope += follow * (s.abs() - envelope);
        let white = draws.between(-WHITE, WHITE);
        low += cut * (white - low);
        *s += amount * envelope * (white - low);
    }
}

/// First-order shelf around 1 kHz: three quarters of `gain_db` or more at the top of the band.
fn tilt(x: &mut [f64], gain_db: f64) {
    let (gain, cut) = (db(gain_db), pole(1000.0));
    let mut low = 0.0;
    for s in x {
        low += cut * (*s - low);
        *s = low + gain * (*s - low);
    }
}

/// Echoes over a tenth of a second, together `level_db` against the direct sound.
fn reverberate(x: &[f64], level_db: f64, seed: Seed) -> Vec<f64> {
    let mut draws = seed.draws();
    let taps: Vec<(usize, f64)> = (0..24)
        .map(|_| {
            let seconds = draws.between(0.004, 0.1);
            ((seconds * f64::from(SAMPLE_RATE)) as usize, f64::from(draws.normal()) * (-seconds / 0.03).exp())
        })
        .collect();
    let gain = db(level_db) / taps.iter().map(|(_, g)| g * g).sum::<f64>().sqrt();
    let longest = taps.iter().map(|(d, _)| *d).max().unwrap_or(0);
    let mut y = x.to_vec();
    y.resize(x.len() + longest, 0.0);
    for (delay, g) in taps {
        y[delay..].iter_mut().zip(x).for_each(|(out, s)| *out += gain * g * s);
    }
    y
}

/// Silence before and after, 0.1 to 0.3 s each.
fn pad(x: Vec<f64>, seed: Seed) -> Vec<f64> {
    let mut draws = seed.draws();
    let mut silence = || vec![0.0; (draws.between(0.1, 0.3) * f64::from(SAMPLE_RATE)) as usize];
    [silence(), x, silence()].concat()
}

/// Noise that falls with frequency like a quiet room's, `level_db` against neutral speech, give or take.
fn background(x: &mut [f64], level_db: f64, seed: Seed) {
    let mut draws = seed.draws();
    let level = db(NEUTRAL_DB + level_db + draws.between(-3.0, 3.0));
    let cut = pole(500.0);
    // The variance of one-pole low-passed white noise is cut / (2 - cut).
    let scale = ((2.0 - cut) / cut).sqrt();
    let mut low = 0.0;
    for s in x {
        let white = draws.between(-WHITE, WHITE);
        low += cut * (white - low);
        *s += level * (0.9 * scale * low + 0.4 * white);
    }
}

/// Straight up to 0.8, then bent so that nothing passes 1.
fn soft_clip(s: f64) -> f64 {
    if s.abs() <= 0.8 { s } else { s.signum() * (0.8 + 0.2 * ((s.abs() - 0.8) / 0.2).tanh()) }
}

/// The coefficient of a one-pole low-pass at `hz`.
fn pole(hz: f64) -> f64 {
    1.0 - (-TAU * hz / f64::from(SAMPLE_RATE)).exp()
}

fn db(level: f64) -> f64 {
    10f64.powf(level / 20.0)
}

fn rms(x: &[f64]) -> f64 {
    (x.iter().map(|s| s * s).sum::<f64>() / x.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpora::synthetic::prosody::{Cues, Terminal};
    use crate::corpora::synthetic::sentences::Language;
    use crate::corpora::synthetic::speakers;

    fn tone(hz: f64) -> Vec<f64> {
        (0..16_000).map(|n| (TAU * hz * f64::from(n) / 16_000.0).sin()).collect()
    }

    #[test]
    fn tilt_moves_treble_and_leaves_bass() {
        let gain_db = |hz: f64| {
            let mut x = tone(hz);
            tilt(&mut x, -6.0);
            20.0 * (rms(&x) / rms(&tone(hz))).log10()
        };
        assert!(gain_db(100.0) > -0.3, "{}", gain_db(100.0));
        assert!((-6.0..-4.0).contains(&gain_db(6000.0)), "{}", gain_db(6000.0));
    }

    #[test]
    fn a_tremor_keeps_the_level_and_breath_adds_to_it() {
        let x = tone(200.0);
        let trembling = tremor(&x, 0.03, Seed::new(1));
        assert_ne!(trembling, x);
        assert!((rms(&trembling) / rms(&x) - 1.0).abs() < 0.02);
        let mut breathy = x.clone();
        breathe(&mut breathy, 0.5, Seed::new(1));
        assert!(rms(&breathy) > 1.02 * rms(&x));
    }

    #[test]
    fn a_recording_has_the_level_asked_for_and_never_clips() {
        let speaker = &speakers::of(Language::En)[0];
        let peak_and_level = |level_db: f64| {
            let cues = Cues {
                pitch_st: 0.0,
                range: 1.0,
                contour_st: 0.0,
                rate: 1.0,
                pause_ms: 0.0,
                level_db,
                tilt_db: 0.0,
                breath: 0.0,
                tremor: 0.0,
                exclaim: 0.0,
                question: 0.0,
            };
            let delivery = Delivery { cues, terminal: Terminal::Statement };
            let y = shape(&tone(300.0), speaker, &delivery, Seed::new(2));
            let middle: Vec<f64> = y[6000..14_000].iter().map(|s| f64::from(*s) / 32_768.0).collect();
            (y.iter().map(|s| s.unsigned_abs()).max().unwrap(), 20.0 * rms(&middle).log10())
        };
        let (_, level) = peak_and_level(0.0);
        assert!((level - NEUTRAL_DB).abs() < 2.0, "{level}");
        assert!(peak_and_level(60.0).0 <= 32_767);
    }

    #[test]
    fn silence_at_the_ends_is_cut() {
        let mut samples = vec![0.0f32; 5000];
        samples[2000..3000].fill(0.5);
        assert_eq!(trim(&samples).len(), 1000 + 2 * 441 - 1);
        assert_eq!(trim(&samples[..100]).len(), 100);
    }
}
