//! The FLAC decoder. Generated seeds have constant, verbatim, fixed and linear-prediction subframes, one or two channels,
//! with and without a length and an MD5 in the header.

use super::sound::{loaded, tone};
use super::{Check, PLAIN, Target};
use crate::case::Case;
use rand::Rng;
use rand::rngs::SmallRng;

/// A writer of bits, most significant first.
#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    fn put(&mut self, value: u64, width: usize) {
        for bit in (0..width).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.len() - 1;
            self.bytes[last] |= ((value >> bit & 1) as u8) << (7 - self.used % 8);
            self.used += 1;
        }
    }

    fn align(&mut self) {
        self.used = self.bytes.len() * 8;
    }
}

/// How a subframe is written.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Constant,
    Verbatim,
    Fixed,
    Linear,
}

/// A checksum of `width` bits over `bytes`.
fn crc(bytes: &[u8], width: u32, polynomial: u32) -> u32 {
    let mask = (1u32 << width) - 1;
    bytes.iter().fold(0, |crc, byte| {
        let crc = crc ^ u32::from(*byte) << (width - 8);
        (0..8).fold(
            crc,
            |c, _| if c >> (width - 1) & 1 == 1 { (c << 1 ^ polynomial) & mask } else { c << 1 & mask },
        )
    })
}

/// Samples of a frame.
const BLOCK: usize = 192;

fn residual(bits: &mut Bits, order: usize, values: &[i64]) {
    // Rice codes, one partition.
    let parameter = 6;
    bits.put(0, 2);
    bits.put(0, 4);
    bits.put(parameter, 4);
    for value in &values[order..] {
        let folded = ((value << 1) ^ (value >> 63)) as u64;
        (0..folded >> parameter).for_each(|_| bits.put(0, 1));
        bits.put(1, 1);
        bits.put(folded & ((1 << parameter) - 1), parameter as usize);
    }
}

fn subframe(bits: &mut Bits, kind: Kind, samples: &[i64]) {
    let raw = |bits: &mut Bits, s: i64| bits.put(s as u64 & 0xffff, 16);
    bits.put(
        match kind {
            Kind::Constant => 0,
            Kind::Verbatim => 1,
            Kind::Fixed => 0b00_1001,
            Kind::Linear => 0b10_0000,
        } << 1,
        8,
    );
    match kind {
        Kind::Constant => raw(bits, samples[0]),
        Kind::Verbatim => samples.iter().for_each(|s| raw(bits, *s)),
        Kind::Fixed | Kind::Linear => {
            raw(bits, samples[0]);
            if matches!(kind, Kind::Linear) {
                // Precision 4 bits, no shift, one coefficient of 1: the same as the fixed predictor of order 1.
                bits.put(3, 4);
                bits.put(0, 5);
                bits.put(1, 4);
            }
            let differences: Vec<i64> =
                (0..samples.len()).map(|i| if i == 0 { 0 } else { samples[i] - samples[i - 1] }).collect();
            residual(bits, 1, &differences);
        }
    }
}

fn frame(number: u8, kind: Kind, channels: u64, samples: &[i64]) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0b11_1111_1111_1110, 14);
    bits.put(0, 2);
    // Block of 192, 16 kHz; independent channels of 16 bits.
    bits.put(0b0001_0101, 8);
    bits.put(channels - 1, 4);
    bits.put(0b1000, 4);
    bits.put(number.into(), 8);
    let check = crc(&bits.bytes, 8, 0x07);
    bits.put(check.into(), 8);
    (0..channels).for_each(|_| subframe(&mut bits, kind, samples));
    bits.align();
    let check = crc(&bits.bytes, 16, 0x8005);
    bits.put(check.into(), 16);
    bits.bytes
}

fn flac(kinds: &[Kind], channels: u64, told: bool) -> Vec<u8> {
    let samples: Vec<i64> = tone(BLOCK * kinds.len()).iter().map(|s| (s * 2000.0) as i64).collect();
    let mut info = Bits::default();
    info.put(BLOCK as u64, 16);
    info.put(BLOCK as u64, 16);
    info.put(0, 48);
    info.put(16_000, 20);
    info.put(channels - 1, 3);
    info.put(15, 5);
    info.put(if told { samples.len() as u64 } else { 0 }, 36);
    // No MD5: then nobody checks it.
    info.put(0, 64);
    info.put(0, 64);
    let mut bytes = b"fLaC\x80\0\0\x22".to_vec();
    bytes.extend(info.bytes);
    for (n, kind) in kinds.iter().enumerate() {
        let mut part = samples[n * BLOCK..][..BLOCK].to_vec();
        if matches!(kind, Kind::Constant) {
            let first = part[0];
            part.fill(first);
        }
        bytes.extend(frame(n as u8, *kind, channels, &part));
    }
    bytes
}

/// Corrects the checksums of the frames that can still be found by their first bytes.
fn mend(case: &mut Case, random: &mut SmallRng) {
    let Some(bytes) = case.0.get("a.flac") else { return };
    if random.gen_ratio(1, 4) {
        return;
    }
    let mut bytes = bytes.to_vec();
    let starts: Vec<usize> =
        bytes.windows(2).enumerate().filter(|(_, w)| *w == [0xff, 0xf8]).map(|(i, _)| i).collect();
    for (i, &start) in starts.iter().enumerate() {
        let end = starts.get(i + 1).copied().unwrap_or(bytes.len());
        if end - start < 9 {
            continue;
        }
        bytes[start + 5] = crc(&bytes[start..start + 5], 8, 0x07) as u8;
        let check = crc(&bytes[start..end - 2], 16, 0x8005) as u16;
        bytes[end - 2..end].copy_from_slice(&check.to_be_bytes());
    }
    *case = std::mem::take(case).with("a.flac", bytes);
}

/// A FLAC file.
pub(super) const FLAC: Target = Target {
    name: "flac",
    main: "a.flac",
    made: || {
        use Kind::{Constant, Fixed, Linear, Verbatim};
        let all = [
            flac(&[Fixed, Linear, Verbatim], 1, true),
            flac(&[Linear, Constant, Fixed, Fixed], 2, true),
            flac(&[Fixed, Verbatim], 1, false),
            flac(&[Linear], 2, false),
        ];
        all.into_iter().map(|bytes| Case::of("a.flac", bytes)).collect()
    },
    mend,
    prepare: |_| -> Check { Box::new(|case| loaded(&case.join("a.flac"), "a.flac")) },
    share: 10,
    ..PLAIN
};
