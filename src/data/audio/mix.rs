//! Channels to one, and what counts as sound (docs/format.md, "What counts as sound").

use super::SAMPLE_RATE;
use super::decode::{Decoded, FRESH, RATES, Refusable};
use seraug_core::manifest::Channels;

/// Samples of the longest recording, at its own rate and at 16 kHz: 4.6 hours at 16 kHz, 93 minutes at 48 kHz. In memory
/// they are a gigabyte, and two more while they are resampled.
pub(super) const LONGEST: u64 = 1 << 28;
/// Channels of the widest recording; arrays of microphones have fewer.
pub(super) const MOST_CHANNELS: usize = 64;
/// Full scale is 1. A normalised recording may be a little above it, one of unit variance 20 times; values of integers
/// that were stored as floats are hundreds.
const LOUDEST: f32 = 32.0;
/// A channel whose samples differ by less, one step of 24 bits, is silent, whatever its offset.
const QUIETEST: f32 = 1.0 / (1 << 23) as f32;
/// Channels cancel where their mean has less than this share of the energy that it would have, were they unlike.
const CANCELLED: f64 = 1e-3;

/// The range of a channel.
#[derive(Debug, Clone, Copy)]
struct Level {
    low: f32,
    high: f32,
    /// First sample that is no number, and what it is.
    flaw: Option<(usize, f32)>,
    sum: f64,
    squares: f64,
}

impl Level {
    const NONE: Level =
        Level { low: f32::INFINITY, high: f32::NEG_INFINITY, flaw: None, sum: 0.0, squares: 0.0 };

    /// Adds `samples`, the first of which is number `at` of its channel.
    fn add(&mut self, at: usize, samples: &[f32]) {
        // Eight at once: the comparisons of one do not wait for those of another.
        const LANES: usize = 8;
        let (mut low, mut high, mut poison) = ([self.low; LANES], [self.high; LANES], [0f32; LANES]);
        let (eights, rest) = samples.as_chunks::<LANES>();
        let mut one = |i: usize, s: f32| {
            low[i] = if s < low[i] { s } else { low[i] };
            high[i] = if s > high[i] { s } else { high[i] };
            // 0 of every number, NaN of what is none.
            poison[i] += s * 0.0;
        };
        for eight in eights {
            for (i, s) in eight.iter().enumerate() {
                one(i, *s);
            }
        }
        rest.iter().for_each(|s| one(0, *s));
        self.low = low.into_iter().fold(f32::INFINITY, f32::min);
        self.high = high.into_iter().fold(f32::NEG_INFINITY, f32::max);
        if self.flaw.is_none() && poison.iter().any(|p| p.is_nan()) {
            let first = samples.iter().position(|s| !s.is_finite());
            self.flaw = first.map(|i| (at + i, samples[i]));
        }
    }

    fn add_energy(&mut self, samples: &[f32]) {
        self.sum += samples.iter().map(|s| f64::from(*s)).sum::<f64>();
        self.squares += samples.iter().map(|s| f64::from(*s) * f64::from(*s)).sum::<f64>();
    }

    /// Energy of `n` samples, without their offset.
    fn energy(&self, n: usize) -> f64 {
        self.squares - self.sum * self.sum / n as f64
    }

    fn peak(&self) -> f32 {
        self.high.max(-self.low)
    }

    /// None and one sample are silent too.
    fn silent(&self) -> bool {
        self.high.partial_cmp(&self.low).is_none_or(|o| o.is_lt()) || self.high - self.low < QUIETEST
    }
}

/// Whether a file of this rate, so many channels and `frames` samples of each is read.
///
/// # Errors
/// A rate, channels or a length beyond what is taken.
pub(super) fn within_limits(rate: u32, channels: usize, frames: u64) -> Refusable<()> {
    if !RATES.contains(&rate) {
        return Err(format!(
            "states a sample rate of {rate} Hz, 1000 to 768000 are read; correct its header"
        ));
    }
    if !(1..=MOST_CHANNELS).contains(&channels) {
        return Err(format!(
            "states {channels} channels, 1 to {MOST_CHANNELS} are read; keep one of them, or correct its header"
        ));
    }
    let resampled = (u128::from(frames) * u128::from(SAMPLE_RATE)).div_ceil(rate.into());
    if u128::from(frames).max(resampled) > u128::from(LONGEST) {
        let hours = |n: u64, rate: u32| n as f64 / f64::from(rate) / 3600.0;
        return Err(format!(
            "{:.1} hours long, {:.1} hours are read at {rate} Hz; cut it into several files",
            hours(frames, rate),
            hours(LONGEST, rate.max(SAMPLE_RATE)),
        ));
    }
    Ok(())
}

/// Takes the samples of a file as they are decoded.
pub(super) struct Mix {
    policy: Channels,
    rate: u32,
    samples: Vec<f32>,
    levels: Vec<Level>,
    mean: Level,
    /// Samples of one channel.
    plane: Vec<f32>,
}

impl Mix {
    /// For a file of `channels` channels and, where that is told, `frames` samples of each.
    ///
    /// # Errors
    /// A rate, channels or a length beyond what is taken; memory that is not there.
    pub(super) fn new(policy: Channels, rate: u32, channels: usize, frames: Option<u64>) -> Refusable<Mix> {
        within_limits(rate, channels, frames.unwrap_or(0))?;
        let (levels, mean, plane) = (vec![Level::NONE; channels], Level::NONE, Vec::new());
        let mut mix = Mix { policy, rate, samples: Vec::new(), levels, mean, plane };
        mix.grow(frames.unwrap_or(0))?;
        Ok(mix)
    }

    /// Samples of each channel so far.
    pub(super) fn len(&self) -> usize {
        self.samples.len()
    }

    /// Seconds so far.
    pub(super) fn seconds(&self) -> f64 {
        self.len() as f64 / f64::from(self.rate)
    }

    /// Room for `more` samples of each channel.
    fn grow(&mut self, more: u64) -> Refusable<()> {
        let all = more.saturating_add(self.len() as u64);
        within_limits(self.rate, self.levels.len(), all)?;
        self.samples.try_reserve(more as usize).map_err(|_| {
            format!("its {all} samples do not fit into the memory that is free; cut it into several files")
        })
    }

    /// Adds samples of all channels in turn, whole groups of them.
    ///
    /// # Errors
    /// As [`Mix::new`], for a file that does not tell its length.
    pub(super) fn add(&mut self, interleaved: &[f32]) -> Refusable<()> {
        let width = self.levels.len();
        self.grow((interleaved.len() / width) as u64)?;
        let at = self.samples.len();
        if width == 1 {
            self.levels[0].add(at, interleaved);
            self.samples.extend_from_slice(interleaved);
            return Ok(());
        }
        for (c, level) in self.levels.iter_mut().enumerate() {
            self.plane.clear();
            self.plane.extend(interleaved.chunks_exact(width).map(|f| f[c]));
            level.add(at, &self.plane);
            level.add_energy(&self.plane);
        }
        let frames = interleaved.chunks_exact(width);
        match self.policy {
            Channels::First => self.samples.extend(frames.map(|f| f[0])),
            Channels::Mean => {
                self.samples.extend(frames.map(|f| f.iter().sum::<f32>() / width as f32));
                self.mean.add_energy(&self.samples[at..]);
            }
        }
        Ok(())
    }

    /// What was decoded, if it is sound.
    ///
    /// # Errors
    /// What it is instead, and what to do.
    pub(super) fn finish(self) -> Refusable<Decoded> {
        let (n, width) = (self.samples.len(), self.levels.len());
        if n == 0 {
            return Err(format!("has no samples; {FRESH}, or leave it out"));
        }
        let used = if self.policy == Channels::First { &self.levels[..1] } else { &self.levels };
        for (c, level) in used.iter().enumerate() {
            sane(level).map_err(|e| if width > 1 { format!("channel {}: {e}", c + 1) } else { e })?;
        }
        if used.iter().all(Level::silent) {
            return Err(self.silence());
        }
        if self.policy == Channels::Mean && width > 1 {
            let apart = self.levels.iter().map(|l| l.energy(n)).sum::<f64>() / width as f64;
            if self.mean.energy(n) * width as f64 <= CANCELLED * apart {
                return Err(format!(
                    "its {width} channels cancel each other; take the first: `channels = \"first\"` in the corpus's manifest.toml, --channels first for `seraug features`"
                ));
            }
        }
        Ok(Decoded { samples: self.samples, rate: self.rate })
    }

    /// Why nothing is heard.
    fn silence(&self) -> String {
        let (n, first) = (self.samples.len(), &self.levels[0]);
        if let Some(other) = self.levels.iter().position(|l| !l.silent()) {
            return format!(
                "its first channel is silent, channel {} is not; take their mean: `channels = \"mean\"` in the corpus's manifest.toml",
                other + 1
            );
        }
        let of =
            if self.levels.len() > 1 { format!(" of {} channels", self.levels.len()) } else { String::new() };
        if first.high > first.low {
            let swing = first.high - first.low;
            return format!(
                "silent: all {n} samples{of} are within {swing:e} of each other, less than a step of 24 bits; leave it out"
            );
        }
        format!("silent: all {n} samples{of} are {}; leave it out", first.high)
    }
}

/// Whether a channel has numbers that can be sound.
fn sane(level: &Level) -> Refusable<()> {
    if let Some((at, value)) = level.flaw {
        return Err(format!("sample {at} is {value}; leave it out, or mend what wrote it"));
    }
    let peak = level.peak();
    if peak <= LOUDEST {
        return Ok(());
    }
    let scale = [15, 23, 31].into_iter().find(|bits| peak <= (1u32 << bits) as f32);
    Err(match scale {
        Some(bits) => format!(
            "peaks at {peak}, full scale of floats is 1: these are values of {} bits; divide them by {} and write it again",
            bits + 1,
            1u32 << bits
        ),
        None => format!("peaks at {peak:e}, full scale of floats is 1; mend what wrote it"),
    })
}
