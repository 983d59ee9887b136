//! Mixes channels down to one and refuses what is no sound (docs/corpora.md, "What counts as sound").

use super::refusal::{FRESH, Refusable};
use super::{Decoded, SAMPLE_RATE};
use seraug_core::manifest::Channels;

/// Accepted sample rates in hertz; beyond them a header is damaged rather than unusual.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;
/// Most samples of a recording, at its own rate and at 16 kHz: 4.6 hours at 16 kHz, 93 minutes at 48 kHz. They take one
/// gigabyte of memory, and two more during resampling.
pub(super) const LONGEST: u64 = 1 << 28;
/// Most channels of a recording; microphone arrays have fewer.
pub(super) const MOST_CHANNELS: usize = 64;
/// Largest peak, where full scale is 1. Normalised recordings may exceed full scale a little and recordings of unit variance
/// 20 times; integers stored as floats exceed it by hundreds.
const LOUDEST: f32 = 32.0;
/// A channel whose samples differ by less than this, one step of 24 bits, is silent, whatever its offset.
const QUIETEST: f32 = 1.0 / (1 << 23) as f32;
/// Channels cancel if the energy of their mean is less than this share of what uncorrelated channels would give.
const CANCELLED: f64 = 1e-3;

/// Range and energy of a channel.
#[derive(Debug, Clone, Copy)]
struct Level {
    low: f32,
    high: f32,
    /// Index and value of the first sample that is not finite.
    flaw: Option<(usize, f32)>,
    sum: f64,
    squares: f64,
}

impl Level {
    const NONE: Level =
        Level { low: f32::INFINITY, high: f32::NEG_INFINITY, flaw: None, sum: 0.0, squares: 0.0 };

    /// Adds `samples`, the first of which has index `at` in its channel.
    fn add(&mut self, at: usize, samples: &[f32]) {
        // Eight independent lanes, so that comparisons do not wait for each other.
        const LANES: usize = 8;
        let (mut low, mut high, mut poison) = ([self.low; LANES], [self.high; LANES], [0f32; LANES]);
        let (eights, rest) = samples.as_chunks::<LANES>();
        let mut one = |i: usize, s: f32| {
            low[i] = if s < low[i] { s } else { low[i] };
            high[i] = if s > high[i] { s } else { high[i] };
            // 0 for finite samples, NaN for all others.
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

    /// Energy of `n` samples after subtracting their mean.
    fn energy(&self, n: usize) -> f64 {
        self.squares - self.sum * self.sum / n as f64
    }

    fn peak(&self) -> f32 {
        self.high.max(-self.low)
    }

    /// Whether the channel is silent, as one of fewer than two samples is.
    fn silent(&self) -> bool {
        self.high.partial_cmp(&self.low).is_none_or(|o| o.is_lt()) || self.high - self.low < QUIETEST
    }
}

/// Checks the rate, the number of channels and the samples of each channel against the limits.
///
/// # Errors
/// A value beyond its limit.
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

/// Collects the samples of a file while it is decoded.
pub(super) struct Mix {
    policy: Channels,
    rate: u32,
    samples: Vec<f32>,
    levels: Vec<Level>,
    mean: Level,
    /// Scratch space: samples of one channel.
    plane: Vec<f32>,
}

impl Mix {
    /// For a file of `channels` channels and, if the header states it, `frames` samples of each.
    ///
    /// # Errors
    /// A value beyond its limit; too little memory.
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

    /// Reserves room for `more` samples of each channel.
    fn grow(&mut self, more: u64) -> Refusable<()> {
        let all = more.saturating_add(self.len() as u64);
        within_limits(self.rate, self.levels.len(), all)?;
        self.samples.try_reserve(more as usize).map_err(|_| {
            format!("its {all} samples do not fit into the memory that is free; cut it into several files")
        })
    }

    /// Adds interleaved samples of all channels.
    ///
    /// # Errors
    /// As [`Mix::new`], for a file that does not state its length.
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

    /// The decoded samples, if they are sound.
    ///
    /// # Errors
    /// What is wrong with them, and the next step.
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

    /// Why the recording is silent.
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

/// Checks that the samples of a channel are finite and not far above full scale.
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
