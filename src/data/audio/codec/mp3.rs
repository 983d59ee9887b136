//! Finds the frames of an mp3 and what its first says of them: the header of Xing, with LAME's delay and padding, or VBRI.

use super::track::{Codec, CodecSetup, CodedTrack, PacketList};
use super::trim::GaplessPart;
use super::window::ReadWindow;
use crate::audio::refusal::{CONVERT, FRESH, Refusable};
use crate::audio::source::AudioSource;
use crate::audio::trailer::trailer;
use std::io::{Read, Seek};

/// Samples that a decoder is late by. LAME's delay and padding are without them.
const DECODER: u64 = 529;
/// Frames that must follow each other at the start, so that other bytes are not taken for an mp3.
const CHAIN: usize = 3;
/// Most bytes that are skipped in front of the first frame.
const JUNK: usize = 4096;
/// Most bytes of tags behind the last frame.
const TAGS: u64 = 64 << 20;

/// Bits a second in thousands, by the code in a header, of MPEG 1 and of MPEG 2 and 2.5.
const BITRATES: [[u16; 15]; 2] = [
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

/// A frame of layer III by its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mp3Frame {
    /// Whether it is of MPEG 1, which has frames of two halves.
    first: bool,
    rate: u32,
    channels: usize,
    /// Bytes with the header.
    bytes: usize,
}

impl Mp3Frame {
    /// The frame whose header is `head`; `None` of another layer, of a bit rate that is not stated, and where it is no header.
    fn of(head: [u8; 4]) -> Option<Mp3Frame> {
        let [0xff, kind, codes, mode] = head else { return None };
        let version = kind >> 3 & 3;
        let (code, rate) = (usize::from(codes >> 4), usize::from(codes >> 2 & 3));
        if kind & 0xe6 != 0xe2 || version == 1 || mode & 3 == 2 {
            return None;
        }
        let (first, shift) = (version == 3, [2, 0, 1, 0][usize::from(version)]);
        let rate = *[44_100u32, 48_000, 32_000].get(rate)? >> shift;
        let thousands = *BITRATES[usize::from(!first)].get(code).filter(|n| **n > 0)?;
        let halves = if first { 144 } else { 72 };
        let bytes = halves * usize::from(thousands) * 1000 / rate as usize + usize::from(codes >> 1 & 1);
        Some(Mp3Frame { first, rate, channels: if mode >> 6 == 3 { 1 } else { 2 }, bytes })
    }

    /// Samples of each channel.
    fn samples(&self) -> u64 {
        if self.first { 1152 } else { 576 }
    }

    /// Whether `other` can be of the same recording.
    fn like(&self, other: &Mp3Frame) -> bool {
        (self.first, self.rate, self.channels) == (other.first, other.rate, other.channels)
    }

    /// Bytes of the header and of what a decoder needs beside the sound.
    fn side(&self) -> usize {
        4 + match (self.first, self.channels) {
            (true, 1) | (false, 2) => 17,
            (true, _) => 32,
            (false, _) => 9,
        }
    }
}

/// How many of the first [`CHAIN`] frames of `head` follow each other, and where the next should begin.
fn chain(head: &[u8]) -> (usize, usize) {
    let header = |at: usize| head.get(at..).and_then(|b| b.first_chunk().copied()).and_then(Mp3Frame::of);
    let Some(first) = header(0) else { return (0, 0) };
    let mut at = 0;
    for n in 0..CHAIN {
        match header(at).filter(|f| f.like(&first)) {
            Some(frame) => at += frame.bytes,
            None => return (n, at),
        }
    }
    (CHAIN, at)
}

/// Whether `head`, of a file of `length` bytes, begins as an mp3: frames that follow each other, up to the end of a short file.
pub(super) fn begins(head: &[u8], length: u64) -> bool {
    match chain(head) {
        (0, _) => false,
        (CHAIN, _) => true,
        // What is wrong with a short file is said later.
        (_, at) => at + 4 > head.len() || at as u64 + 128 >= length,
    }
}

/// Number of bytes in front of an mp3 that begins within the first bytes, but not at the first.
pub(super) fn junk(head: &[u8]) -> Option<u64> {
    let sync = |w: &[u8]| w[0] == 0xff && w[1] & 0xe6 == 0xe2;
    let mut places = head.windows(2).enumerate().skip(1).take(JUNK).filter(|(_, w)| sync(w));
    places.find(|(at, _)| chain(&head[*at..]).0 == CHAIN).map(|(at, _)| at as u64)
}

/// What the first frame says of the others, where it holds no sound.
#[derive(Debug, Default, PartialEq, Eq)]
struct Mp3Tag {
    /// Frames that follow.
    frames: Option<u64>,
    /// Samples that the encoder put in front and behind.
    gap: Option<(u64, u64)>,
}

impl Mp3Tag {
    /// The tag in `bytes`, the whole of `frame`.
    fn of(bytes: &[u8], frame: &Mp3Frame) -> Option<Mp3Tag> {
        let four = |at: usize| Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
        // Fraunhofer's tag has a fixed place.
        if bytes.get(36..40) == Some(b"VBRI") {
            return Some(Mp3Tag { frames: four(50).map(u64::from), gap: None });
        }
        // Behind a checksum, where there is one and the writer thought of it.
        let at = [frame.side(), frame.side() + 2]
            .into_iter()
            .find(|at| matches!(bytes.get(*at..at + 4), Some(b"Xing" | b"Info")))?;
        let flags = four(at + 4)?;
        let frames = if flags & 1 != 0 { Some(u64::from(four(at + 8)?)) } else { None };
        let fields = [(1, 4), (2, 4), (4, 100), (8, 4)];
        let lame = at + 8 + fields.iter().filter(|(bit, _)| flags & bit != 0).map(|f| f.1).sum::<usize>();
        let known = matches!(bytes.get(lame..lame + 4), Some(b"LAME" | b"Lavf" | b"Lavc"));
        let gap =
            four(lame + 20).filter(|_| known).map(|n| (u64::from(n >> 12 & 0xfff), u64::from(n & 0xfff)));
        Some(Mp3Tag { frames, gap })
    }
}

/// How the frames ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mp3End {
    /// The file ends within a frame.
    Within,
    /// No frame begins where one could.
    NoFrame,
}

/// Finds the frames of an mp3.
///
/// # Errors
/// Cut short, damaged; fewer or more frames than stated.
pub(super) fn track<R: Read + Seek>(source: &mut AudioSource<R>) -> Refusable<CodedTrack> {
    let mut window = ReadWindow::new(source);
    let length = window.len();
    let none = || format!("damaged: no frame of an mp3; {FRESH}");
    let first = window.exactly(0)?.and_then(Mp3Frame::of).ok_or_else(none)?;
    if first.bytes as u64 > length {
        return Err(format!("cut short within its first frame; {FRESH}"));
    }
    let tag = Mp3Tag::of(window.bytes(0, first.bytes)?, &first);
    let mut packets = PacketList::default();
    let mut at = if tag.is_some() { first.bytes as u64 } else { 0 };
    let end = loop {
        let next = window.exactly(at)?.and_then(Mp3Frame::of).filter(|f| f.like(&first));
        let Some(frame) = next else { break Mp3End::NoFrame };
        if at + frame.bytes as u64 > length {
            break Mp3End::Within;
        }
        packets.push(at, frame.bytes as u32)?;
        at += frame.bytes as u64;
    };
    let (tag, found) = (tag.unwrap_or_default(), packets.len() as u64);
    let seconds = (found * first.samples()) as f64 / f64::from(first.rate);
    // Some encoders count the frame of the tag too; LAME does not.
    let whole = |told: u64| told == found || told == found + 1 && tag.gap.is_none();
    match (tag.frames, end) {
        (Some(told), _) if whole(told) => (),
        (Some(told), Mp3End::NoFrame) if told < found => {
            return Err(format!("holds {found} frames, its header states {told}; {CONVERT}"));
        }
        (_, Mp3End::Within) => {
            return Err(format!("cut short within a frame, after {seconds:.3} s; {FRESH}"));
        }
        (told, Mp3End::NoFrame) => {
            if length - at > TAGS || !trailer(&source.bytes(at, TAGS as usize)?) {
                return Err(format!(
                    "damaged after {seconds:.3} s (no frame where one should begin); {FRESH}"
                ));
            }
            if let Some(told) = told {
                return Err(format!(
                    "cut short: {found} of the {told} frames that its header states; {FRESH}"
                ));
            }
        }
    }
    let all = GaplessPart::all(found * first.samples());
    let part = match tag.gap {
        Some((delay, padding)) => {
            let skip = delay + DECODER;
            all.within(skip, all.frames.saturating_sub(delay + padding.max(DECODER)))
        }
        None => all,
    };
    let Mp3Frame { rate, channels, .. } = first;
    let setup =
        CodecSetup { codec: Codec::Mp3, rate, channels, block: first.samples(), header: Box::default() };
    CodedTrack::new(setup, packets, part, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_the_sizes_of_the_standard() {
        // ISO 11172-3 and 13818-3: 144 (72) times bits a second over the rate, and a byte of padding.
        let of = |head: [u8; 4]| Mp3Frame::of(head).map(|f| (f.first, f.rate, f.channels, f.bytes));
        assert_eq!(of([0xff, 0xfb, 0x90, 0x00]), Some((true, 44_100, 2, 417)));
        assert_eq!(of([0xff, 0xfb, 0x92, 0xc0]), Some((true, 44_100, 1, 418)));
        assert_eq!(of([0xff, 0xfa, 0x14, 0xc0]), Some((true, 48_000, 1, 96)));
        assert_eq!(of([0xff, 0xf3, 0x88, 0xc0]), Some((false, 16_000, 1, 288)));
        assert_eq!(of([0xff, 0xe3, 0x18, 0xc0]), Some((false, 8000, 1, 72)));
        // Layer II, no bit rate, no rate, MPEG 1.5, an emphasis that is reserved.
        for head in [
            [0xff, 0xfd, 0x90, 0],
            [0xff, 0xfb, 0, 0],
            [0xff, 0xfb, 0x9c, 0],
            [0xff, 0xeb, 0x90, 0],
            [0xff, 0xfb, 0x90, 2],
        ] {
            assert_eq!(of(head), None, "{head:x?}");
        }
    }

    #[test]
    fn a_tag_says_what_encoders_put_into_it() {
        let frame = Mp3Frame::of([0xff, 0xfb, 0x90, 0xc0]).unwrap();
        let mut bytes = vec![0; frame.bytes];
        let mut put = |at: usize, what: &[u8]| bytes[at..at + what.len()].copy_from_slice(what);
        put(21, b"Info\0\0\0\x0f\0\0\0\x2a");
        put(21 + 8 + 112, b"LAME3.100");
        put(21 + 8 + 112 + 21, &[0x24, 0x06, 0x00]);
        assert_eq!(Mp3Tag::of(&bytes, &frame), Some(Mp3Tag { frames: Some(42), gap: Some((576, 1536)) }));
        bytes[21 + 8 + 112..][..4].copy_from_slice(b"Xyzz");
        assert_eq!(Mp3Tag::of(&bytes, &frame), Some(Mp3Tag { frames: Some(42), gap: None }));
        bytes[21..25].copy_from_slice(b"Oggs");
        assert_eq!(Mp3Tag::of(&bytes, &frame), None);
    }
}
