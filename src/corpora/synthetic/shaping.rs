//! What a synthesiser's flags cannot do: spectral tilt, breath, tremor, level, room and background.

use super::prosody::Delivery;
use super::speakers::Speaker;
use crate::audio::SAMPLE_RATE;
use crate::seed::Seed;
use std::f64::consts::TAU;

/// Level of neutral speech, dB under full scale (RMS over the utterance).
const NEUTRAL_DB: f64 = -26.0;

/// Half the width of uniform noise of variance 1.
const WHITE: f64 = 1.732_050_807_568_877_2;

/// `samples` without the silence at both ends that the synthesiser adds, 20 ms of it kept.
pub fn trim(samples: &[f32]) -> &[f32] {
    let loud = |s: &f32| s.abs() > 0.003;
    let Some(first) = samples.iter().position(loud) else { return samples };
    let last = samples.iter().rposition(loud).unwrap_or(first);
    let margin = 441;
    &samples[first.saturating_sub(margin)..(last + margin).min(samples.len())]
}

/// Turns a trimmed voice at 16 kHz into a recording of `delivery` by `speaker`: 16-bit samples.
/// `seed` is the take's own: lead-in, breath, room and background noise come from it.
pub fn shape(voice: &[f64], speaker: &Speaker, delivery: &Delivery, seed: Seed) -> Vec<i16> {
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

/// First-order shelf: `gain_db` above 1 kHz.
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
