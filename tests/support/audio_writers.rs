//! Writers of WAV and FLAC files in which any field can be given a wrong value.

use md5::{Digest, Md5};

/// The fields of a WAV file's `fmt ` chunk.
#[derive(Clone, Copy)]
pub struct Fmt {
    pub tag: u16,
    pub channels: u16,
    pub rate: u32,
    pub align: u16,
    pub bits: u16,
}

impl Fmt {
    /// Integer PCM at 16 kHz.
    pub fn pcm(channels: u16, bits: u16) -> Fmt {
        Fmt { tag: 1, channels, rate: 16_000, align: channels * bits.div_ceil(8), bits }
    }

    pub fn bytes(self) -> Vec<u8> {
        let per_second = self.rate.wrapping_mul(self.align.into());
        [
            [self.tag, self.channels].map(u16::to_le_bytes).concat(),
            [self.rate, per_second].map(u32::to_le_bytes).concat(),
            [self.align, self.bits].map(u16::to_le_bytes).concat(),
        ]
        .concat()
    }

    /// The same in the extensible form, with `valid` bits a sample.
    pub fn extensible(self, valid: u16) -> Vec<u8> {
        let mut bytes = Fmt { tag: 0xfffe, ..self }.bytes();
        bytes.extend([22, valid, 3, 0, self.tag, 0].map(u16::to_le_bytes).concat());
        bytes.extend([0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
        bytes
    }
}

/// A chunk whose header states `size`, whatever its length is; padded where `size` is odd.
pub fn chunk_of(id: &[u8; 4], size: u32, body: &[u8]) -> Vec<u8> {
    let pad: &[u8] = if size % 2 == 1 { &[0] } else { &[] };
    [id, size.to_le_bytes().as_slice(), body, pad].concat()
}

/// A correct chunk.
pub fn chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    chunk_of(id, body.len() as u32, body)
}

/// A wav of these chunks, with the right size in its header.
pub fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    [b"RIFF", (body.len() as u32 + 4).to_le_bytes().as_slice(), b"WAVE", &body].concat()
}

/// A 16-bit wav of one channel.
pub fn wav16(samples: &[i16]) -> Vec<u8> {
    riff(&[chunk(b"fmt ", &Fmt::pcm(1, 16).bytes()), chunk(b"data", &pcm16(samples))])
}

/// Samples as the bytes of 16-bit PCM.
pub fn pcm16(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|s| s.to_le_bytes()).collect()
}

/// How a FLAC file is written.
#[derive(Clone)]
pub struct Flac {
    pub bits: u32,
    pub rate: u32,
    pub block: usize,
    /// Channel assignment as in a frame's header, 0 to 10; 8, 9 and 10 store a difference of channels.
    pub layout: u8,
    pub kind: Subframe,
    pub by_sample: bool,
    /// Whether the header states the number of samples; `summed`, whether it has their MD5.
    pub told: bool,
    pub summed: bool,
    pub smallest_block: u16,
}

/// How the samples of a block are stored.
#[derive(Clone, Copy, PartialEq)]
pub enum Subframe {
    Verbatim,
    /// With a fixed predictor of this order and Rice codes, or raw residuals of 20 bits.
    Fixed {
        order: usize,
        raw: bool,
    },
    /// The last sample of the block for all.
    Constant,
}

impl Flac {
    /// One channel of 16 bits, with the number of samples and the MD5 in the header.
    pub const PLAIN: Flac = Flac {
        bits: 16,
        rate: 16_000,
        block: 256,
        layout: 0,
        kind: Subframe::Fixed { order: 2, raw: false },
        by_sample: false,
        told: true,
        summed: true,
        smallest_block: 256,
    };

    /// As an encoder writes it into a pipe: without the number of samples and the MD5.
    pub fn piped(self) -> Flac {
        Flac { told: false, summed: false, ..self }
    }

    /// The signature and the STREAMINFO block.
    pub fn header(&self, channels: &[Vec<i64>]) -> Vec<u8> {
        let n = channels[0].len();
        let mut sum = [0; 16];
        if self.summed {
            let width = self.bits.div_ceil(8) as usize;
            let bytes = (0..n).flat_map(|i| channels.iter().map(move |c| c[i].to_le_bytes()));
            let stored: Vec<u8> = bytes.flat_map(|b| b[..width].to_vec()).collect();
            sum.copy_from_slice(&Md5::digest(stored));
        }
        let told = if self.told { n as u64 } else { 0 };
        let (wide, deep) = (channels.len() as u64 - 1, u64::from(self.bits) - 1);
        let packed = u64::from(self.rate) << 44 | wide << 41 | deep << 36 | told;
        let blocks = [self.smallest_block, self.block as u16].map(u16::to_be_bytes).concat();
        [b"fLaC\x80\0\0\x22", blocks.as_slice(), &[0; 6], &packed.to_be_bytes(), &sum].concat()
    }

    /// The encoded frames.
    pub fn frames(&self, channels: &[Vec<i64>]) -> Vec<Vec<u8>> {
        let starts = (0..channels[0].len()).step_by(self.block);
        starts.enumerate().map(|(i, at)| self.frame(channels, i, at)).collect()
    }

    /// The whole file.
    pub fn bytes(&self, channels: &[Vec<i64>]) -> Vec<u8> {
        [self.header(channels), self.frames(channels).concat()].concat()
    }

    fn frame(&self, channels: &[Vec<i64>], index: usize, at: usize) -> Vec<u8> {
        let end = (at + self.block).min(channels[0].len());
        let mut planes: Vec<Vec<i64>> = channels.iter().map(|c| c[at..end].to_vec()).collect();
        if self.layout >= 8 {
            let side: Vec<i64> = planes[0].iter().zip(&planes[1]).map(|(l, r)| l - r).collect();
            let mid = planes[0].iter().zip(&planes[1]).map(|(l, r)| (l + r) >> 1).collect();
            match self.layout {
                8 => planes[1] = side,
                9 => planes[0] = side,
                _ => (planes[0], planes[1]) = (mid, side),
            }
        }
        let layout = if self.layout >= 8 { self.layout } else { channels.len() as u8 - 1 };
        let mut bits = Bits::default();
        bits.put(if self.by_sample { 0xfff9 } else { 0xfff8 }, 16);
        // The length of the block in two bytes, rate and sample size as the stream's.
        bits.put(0x70, 8);
        bits.put(u64::from(layout) << 4, 8);
        for byte in coded(if self.by_sample { at } else { index } as u64) {
            bits.put(u64::from(byte), 8);
        }
        bits.put((end - at - 1) as u64, 16);
        let sum = crc(&bits.bytes, 8, 0x07);
        bits.put(sum, 8);
        for (i, plane) in planes.iter().enumerate() {
            let side = matches!((layout, i), (8 | 10, 1) | (9, 0));
            self.subframe(&mut bits, self.bits + u32::from(side), plane);
        }
        bits.align();
        let sum = crc(&bits.bytes, 16, 0x8005);
        bits.put(sum, 16);
        bits.bytes
    }

    fn subframe(&self, bits: &mut Bits, width: u32, plane: &[i64]) {
        match self.kind {
            Subframe::Constant => {
                bits.put(0, 8);
                bits.put(plane[plane.len() - 1] as u64, width);
            }
            Subframe::Fixed { order, raw } if plane.len() > order => {
                bits.put(((8 + order) as u64) << 1, 8);
                let mut left = plane.to_vec();
                for _ in 0..order {
                    for i in (1..left.len()).rev() {
                        left[i] -= left[i - 1];
                    }
                }
                plane[..order].iter().for_each(|s| bits.put(*s as u64, width));
                // One partition, of five-bit parameters.
                bits.put(0b01, 2);
                bits.put(0, 4);
                if raw {
                    bits.put(31, 5);
                    bits.put(20, 5);
                    left[order..].iter().for_each(|s| bits.put(*s as u64, 20));
                    return;
                }
                let k = self.bits.saturating_sub(8).min(30);
                bits.put(u64::from(k), 5);
                for s in &left[order..] {
                    let folded = ((s << 1) ^ (s >> 63)) as u64;
                    (0..folded >> k).for_each(|_| bits.put(0, 1));
                    bits.put(1, 1);
                    bits.put(folded, k);
                }
            }
            _ => {
                bits.put(1 << 1, 8);
                plane.iter().for_each(|s| bits.put(*s as u64, width));
            }
        }
    }
}

/// A frame or sample number in the extended UTF-8 coding of a frame's header.
fn coded(n: u64) -> Vec<u8> {
    if n < 0x80 {
        return vec![n as u8];
    }
    let more = (1..7).find(|more| n < 1 << (6 - more + 6 * more)).unwrap_or(6);
    let first = (0xff00u64 >> (more + 1)) as u8 | (n >> (6 * more)) as u8;
    let rest = (0..more).rev().map(|i| 0x80 | (n >> (6 * i)) as u8 & 0x3f);
    std::iter::once(first).chain(rest).collect()
}

/// A checksum of `width` bits, bit by bit.
fn crc(bytes: &[u8], width: u32, polynomial: u64) -> u64 {
    let mut sum = 0;
    for byte in bytes {
        sum ^= u64::from(*byte) << (width - 8);
        for _ in 0..8 {
            sum = if sum >> (width - 1) & 1 == 1 { sum << 1 ^ polynomial } else { sum << 1 };
            sum &= (1 << width) - 1;
        }
    }
    sum
}

/// A writer of bits, most significant first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    /// Appends the lowest `n` bits of `value`.
    fn put(&mut self, value: u64, n: u32) {
        for i in (0..n).rev() {
            if self.used == 0 {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().unwrap();
            *last |= ((value >> i & 1) as u8) << (7 - self.used);
            self.used = (self.used + 1) % 8;
        }
    }

    fn align(&mut self) {
        self.used = 0;
    }
}
