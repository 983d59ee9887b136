//! The WAV decoder, on generated seeds.

use super::{Check, PLAIN, Target, answer};
use crate::case::Case;
use seraug_core::manifest::Channels;
use seraug_data::audio::probe::probe;
use seraug_data::audio::{decode, load};
use std::f64::consts::TAU;
use std::path::Path;

/// How the samples of a wav are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    /// 1 PCM, 3 float, 6 A-law, 7 mu-law.
    pub tag: u16,
    /// Channels.
    pub channels: u16,
    /// Hertz.
    pub rate: u32,
    /// Of a sample.
    pub bits: u16,
    /// Whether the format is WAVE_FORMAT_EXTENSIBLE.
    pub extensible: bool,
}

impl Default for Format {
    fn default() -> Format {
        Format { tag: 1, channels: 1, rate: 16_000, bits: 16, extensible: false }
    }
}

/// `n` samples of a sine with a little of another, below full scale.
pub(super) fn tone(n: usize) -> Vec<f64> {
    (0..n).map(|i| 0.4 * (TAU * i as f64 / 37.0).sin() + 0.1 * (TAU * i as f64 / 5.3).sin()).collect()
}

/// A wav file of `samples`, the same in each channel, with a LIST chunk.
pub(super) fn wav(format: &Format, samples: &[f64]) -> Vec<u8> {
    let Format { tag, channels, rate, bits, extensible } = *format;
    let block = channels * bits.div_ceil(8);
    let mut data = Vec::new();
    for s in samples {
        for _ in 0..channels {
            match (tag, bits) {
                (3, 64) => data.extend(s.to_le_bytes()),
                (3, _) => data.extend((*s as f32).to_le_bytes()),
                (1, 8) => data.push((s * 127.0 + 128.0) as u8),
                (1, _) => {
                    let value = (s * (f64::from(1u32 << (bits - 1)) - 1.0)) as i32;
                    data.extend(&value.to_le_bytes()[..usize::from(bits.div_ceil(8))]);
                }
                _ => data.push((s * 100.0) as i8 as u8),
            }
        }
    }
    let mut fmt = Vec::new();
    fmt.extend((if extensible { 0xfffe } else { tag }).to_le_bytes());
    fmt.extend(channels.to_le_bytes());
    fmt.extend(rate.to_le_bytes());
    fmt.extend((rate * u32::from(block)).to_le_bytes());
    fmt.extend(block.to_le_bytes());
    fmt.extend(bits.to_le_bytes());
    if extensible {
        fmt.extend(22u16.to_le_bytes());
        fmt.extend(bits.to_le_bytes());
        fmt.extend(((1u32 << channels) - 1).to_le_bytes());
        fmt.extend(tag.to_le_bytes());
        fmt.extend(*b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71");
    }
    let chunk = |id: &[u8; 4], body: &[u8]| -> Vec<u8> {
        let padding = vec![0; body.len() % 2];
        [id, &(body.len() as u32).to_le_bytes()[..], body, &padding].concat()
    };
    let list = [b"INFO".to_vec(), chunk(b"ISFT", b"fuzz")].concat();
    let body =
        [b"WAVE".to_vec(), chunk(b"fmt ", &fmt), chunk(b"LIST", &list), chunk(b"data", &data)].concat();
    chunk(b"RIFF", &body)
}

/// A recording as it is read for training.
pub(super) fn loaded(path: &Path, name: &str) -> Result<(), String> {
    for channels in [Channels::Mean, Channels::First] {
        if let Some(samples) = answer(load(path, channels), &[name])?
            && (samples.is_empty() || samples.iter().any(|s| !s.is_finite()))
        {
            return Err("samples that are none".to_owned());
        }
    }
    // What an import sees of it, against what it is.
    match (probe(path), answer(decode(path, Channels::First), &[name])?) {
        (Err(why), Some(_)) => Err(format!("refused by an import alone: {why}")),
        (Ok(Some(length)), Some(heard)) if length.frames != heard.samples.len() as u64 => {
            Err(format!("{} samples for an import, {} decoded", length.frames, heard.samples.len()))
        }
        _ => Ok(()),
    }
}

/// wav of every sample format.
pub(super) const WAV: Target = Target {
    name: "wav",
    main: "a.wav",
    made: || {
        let plain = Format::default();
        let formats = [
            plain,
            Format { bits: 8, ..plain },
            Format { bits: 24, channels: 2, ..plain },
            Format { bits: 32, rate: 48_000, ..plain },
            Format { tag: 3, bits: 32, ..plain },
            Format { tag: 3, bits: 64, rate: 44_100, channels: 2, ..plain },
            Format { tag: 6, bits: 8, rate: 8000, ..plain },
            Format { tag: 7, bits: 8, rate: 8000, ..plain },
            Format { bits: 24, channels: 6, extensible: true, ..plain },
            Format { tag: 3, bits: 32, extensible: true, ..plain },
        ];
        formats.iter().map(|f| Case::of("a.wav", wav(f, &tone(200)))).collect()
    },
    prepare: |_| -> Check { Box::new(|case| loaded(&case.join("a.wav"), "a.wav")) },
    share: 10,
    slow: 2,
    ..PLAIN
};
