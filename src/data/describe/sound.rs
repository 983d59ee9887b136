//! How recordings sound: level, clipping, silence, noise.

use crate::audio::{Decoded, SAMPLE_RATE};
use crate::corpora::Utterance;
use serde::Serialize;
use std::collections::BTreeMap;

/// Length of a frame of which the level is taken, seconds.
const FRAME: f64 = 0.02;
/// A sample from here on is at full scale, which is 1.
const FULL: f32 = 0.999;
/// So many of them one after the other are clipped; a single one is the peak of a recording that was scaled to full scale.
const CLIPPED: usize = 3;
/// A frame this far below the loudest is silent, dB.
const SILENT: f64 = 40.0;
/// Names that are listed.
const LISTED: usize = 20;

/// One utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordingSound {
    /// Length.
    pub seconds: f64,
    /// Samples a second in the file.
    pub rate: u32,
    /// Root mean square, dB below full scale.
    pub level: f64,
    /// Largest sample, dB below full scale.
    pub peak: f64,
    /// Share of the samples that are clipped, in [0, 1]: at full scale, three or more one after the other.
    pub clipped: f64,
    /// Share of the frames that are silent, in [0, 1].
    pub silent: f64,
    /// The level of the loud frames (95th percentile) over that of the quiet ones (10th), dB: an estimate of the
    /// signal-to-noise ratio that is too high where a recording has digital silence and too low where it has no pause.
    pub snr: f64,
}

impl RecordingSound {
    /// Of an utterance whose file is `decoded`.
    pub(super) fn of(u: &Utterance, decoded: &Decoded) -> RecordingSound {
        let Decoded { samples, rate } = decoded;
        let at = |seconds: f64| ((seconds * f64::from(*rate)).round() as usize).min(samples.len());
        let part = u.excerpt.map_or(&samples[..], |e| &samples[at(e.start).min(at(e.end))..at(e.end)]);
        RecordingSound::measured(if part.is_empty() { samples } else { part }, *rate)
    }

    fn measured(samples: &[f32], rate: u32) -> RecordingSound {
        let decibel = |power: f64| 10.0 * power.max(1e-12).log10();
        let power =
            |part: &[f32]| part.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / part.len() as f64;
        let peak = samples.iter().fold(0f32, |peak, s| peak.max(s.abs()));
        let frame = ((f64::from(rate) * FRAME) as usize).clamp(1, samples.len());
        let mut frames: Vec<f64> = samples.chunks_exact(frame).map(|part| decibel(power(part))).collect();
        frames.sort_by(f64::total_cmp);
        let quantile = |q: f64| frames[((frames.len() - 1) as f64 * q).round() as usize];
        let loudest = quantile(1.0);
        RecordingSound {
            seconds: samples.len() as f64 / f64::from(rate),
            rate,
            level: decibel(power(samples)),
            peak: decibel(f64::from(peak).powi(2)),
            clipped: clipped(samples) as f64 / samples.len() as f64,
            silent: frames.iter().filter(|db| **db < loudest - SILENT).count() as f64 / frames.len() as f64,
            snr: quantile(0.95) - quantile(0.1),
        }
    }
}

fn clipped(samples: &[f32]) -> usize {
    let runs = samples.chunk_by(|a, b| (a.abs() >= FULL) == (b.abs() >= FULL));
    runs.filter(|run| run[0].abs() >= FULL && run.len() >= CLIPPED).map(<[f32]>::len).sum()
}

/// Least value, quartiles, most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quartiles(pub [f64; 5]);

impl Quartiles {
    /// Of at least one value.
    fn of(values: impl Iterator<Item = f64>) -> Quartiles {
        let mut all: Vec<f64> = values.collect();
        all.sort_by(f64::total_cmp);
        let at = |q: f64| {
            all.get((all.len().saturating_sub(1) as f64 * q).round() as usize).copied().unwrap_or(0.0)
        };
        Quartiles([0.0, 0.25, 0.5, 0.75, 1.0].map(at))
    }
}

/// All utterances.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SoundSummary {
    /// Utterances by sample rate of their file, hertz.
    pub rates: BTreeMap<u32, usize>,
    /// Seconds.
    pub seconds: Quartiles,
    /// dB below full scale.
    pub level: Quartiles,
    /// dB.
    pub snr: Quartiles,
    /// Share of silent frames.
    pub silent: Quartiles,
    /// Utterances with clipped samples.
    pub clipped: usize,
    /// Utterances below 16 kHz: what they lack above half their rate, others have.
    pub narrow: usize,
    /// Ids of utterances with the same bytes, group by group; the first twenty groups.
    pub equal: Vec<Vec<String>>,
    /// The findings in words; empty where there are none.
    pub sentences: Vec<String>,
}

impl SoundSummary {
    pub(super) fn of(kept: &[&Utterance], sounds: &[RecordingSound]) -> SoundSummary {
        let mut rates: BTreeMap<u32, usize> = BTreeMap::new();
        sounds.iter().for_each(|s| *rates.entry(s.rate).or_default() += 1);
        let mut by_content: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        kept.iter().for_each(|u| by_content.entry(&u.sha256).or_default().push(u.id.clone()));
        let equal: Vec<Vec<String>> =
            by_content.into_values().filter(|ids| ids.len() > 1).take(LISTED).collect();
        let of = |value: fn(&RecordingSound) -> f64| Quartiles::of(sounds.iter().map(value));
        let mut summary = SoundSummary {
            seconds: of(|s| s.seconds),
            level: of(|s| s.level),
            snr: of(|s| s.snr),
            silent: of(|s| s.silent),
            clipped: sounds.iter().filter(|s| s.clipped > 0.0).count(),
            narrow: sounds.iter().filter(|s| s.rate < SAMPLE_RATE).count(),
            rates,
            equal,
            sentences: Vec::new(),
        };
        summary.sentences = summary.in_words(sounds.len());
        summary
    }

    fn in_words(&self, all: usize) -> Vec<String> {
        let mut said = Vec::new();
        if self.narrow > 0 && self.narrow < all {
            said.push(format!(
                "{} of {all} recordings have less than 16 kHz: where they are of one label or speaker, a classifier can tell that from the missing high bands.",
                self.narrow
            ));
        }
        if self.clipped * 10 > all {
            said.push(format!("{} of {all} recordings are clipped.", self.clipped));
        }
        if !self.equal.is_empty() {
            let groups: Vec<String> = self.equal.iter().take(3).map(|ids| ids.join(" = ")).collect();
            said.push(format!(
                "Recordings with the same bytes: {}{}. A split that parts them is refused as a leak.",
                groups.join("; "),
                if self.equal.len() > 3 { ", ..." } else { "" }
            ));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_with_pauses_has_the_level_and_the_ratio_that_it_was_made_with() {
        let rate = 16_000;
        // A second of full-scale tone over noise 60 dB below, a second of the noise alone.
        let noise = |i: usize| 0.001 * std::f32::consts::SQRT_2 * (i as f32 * 1.234).sin();
        let tone = |i: usize| (i as f32 * 0.3).sin();
        let samples: Vec<f32> =
            (0..2 * rate).map(|i| noise(i) + if i < rate { tone(i) } else { 0.0 }).collect();
        let sound = RecordingSound::measured(&samples, rate as u32);
        assert!((sound.seconds - 2.0).abs() < 1e-9 && (sound.level + 6.02).abs() < 0.1, "{sound:?}");
        assert!((sound.snr - 57.0).abs() < 1.0 && (sound.silent - 0.5).abs() < 0.02, "{sound:?}");
        assert!(sound.clipped < 1e-9 && sound.peak.abs() < 0.1, "peaks alone: {sound:?}");
        assert_eq!(clipped(&[1.0, 1.0, 0.0, -1.0, -1.0, -1.0, 0.5, 1.0]), 3);
        assert_eq!(Quartiles::of([3.0, 1.0, 2.0].into_iter()).0, [1.0, 2.0, 2.0, 3.0, 3.0]);
    }
}
