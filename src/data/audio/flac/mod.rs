//! Decodes flac (RFC 9639). Every frame is decoded completely and verified against its checksum, so the end of the frames is
//! known: tags or padding may follow them, but no partial frame.

mod bits;
mod frame;
mod predict;

use super::mix::{Mix, within_limits};
use super::refusal::{CONVERT, FRESH, Refusable};
use super::trailer::trailer;
use super::{Decoded, Length};
use bits::FrameError;
use frame::Stream;
use md5::{Digest, Md5};
use seraug_core::manifest::Channels;

/// The marker of a stream.
pub(super) const MARKER: &[u8; 4] = b"fLaC";

/// Most samples of a channel for each byte of the file. Digital silence in blocks of 4608, the longest of the format's subset,
/// reaches 330; denser files are made to exhaust memory.
const DENSEST: u64 = 512;
/// Samples that are accepted from any file, however small.
const ALWAYS: u64 = 1 << 20;

/// The metadata before the frames.
struct Preface {
    stream: Stream,
    /// Samples of each channel, if stated.
    told: Option<u64>,
    md5: Option<[u8; 16]>,
    /// Offset of the first frame.
    frames: usize,
}

/// How the frames ended.
enum End {
    /// No frame begins where one could.
    NoFrame,
    /// A frame is damaged, or numbered as if one before it were missing.
    Damaged(&'static str),
    /// The bytes end within a frame.
    Within,
    /// There are more samples than the header states.
    More,
}

/// The decoded frames.
struct Decoding {
    mix: Mix,
    /// MD5 of the samples, if the stream states one to compare it with.
    sum: Option<Md5>,
    /// Offset of the end of the last frame.
    at: usize,
    end: End,
    /// The frame numbers are not consecutive.
    gap: bool,
}

/// The samples of the flac `bytes`, which begin with [`MARKER`].
///
/// # Errors
/// One line without the file: cut short, damaged, too long, no sound.
pub(super) fn read(bytes: &[u8], policy: Channels) -> Refusable<Decoded> {
    let preface = preface(bytes)?;
    let most = (bytes.len() as u64).saturating_mul(DENSEST).max(ALWAYS);
    if let Some(told) = preface.told.filter(|told| *told > most) {
        let size = bytes.len();
        return Err(format!("states {told} samples in {size} bytes, at most {most} are read; {CONVERT}"));
    }
    let decoding = frames(bytes, &preface, most, policy)?;
    whole(&decoding, &preface, &bytes[decoding.at..])?;
    let same = decoding.sum.zip(preface.md5).map(|(sum, stated)| sum.finalize()[..] == stated);
    match same {
        Some(false) => Err(format!("damaged: its samples do not match its own checksum; {FRESH}")),
        None if decoding.gap => {
            Err(format!("damaged: a frame is missing among its {:.3} s; {FRESH}", decoding.mix.seconds()))
        }
        _ => decoding.mix.finish(),
    }
}

/// Decodes all frames.
///
/// # Errors
/// A stream beyond the limits, or of more than `most` samples.
fn frames(bytes: &[u8], preface: &Preface, most: u64, policy: Channels) -> Refusable<Decoding> {
    let stream = &preface.stream;
    let mut mix = Mix::new(policy, stream.rate, stream.channels, preface.told)?;
    let mut sum = preface.md5.map(|_| Md5::new());
    let (mut at, mut gap) = (preface.frames, false);
    let (mut planes, mut stored, mut interleaved) =
        (vec![Vec::new(); stream.channels], Vec::new(), Vec::new());
    let scale = 1.0 / (1u64 << (stream.bits - 1)) as f64;
    // Number of the next frame, and whether it counts samples.
    let mut next: Option<(u64, bool)> = None;
    let end = loop {
        let rest = &bytes[at..];
        let header = match frame::header(rest, stream) {
            Ok(header) => header,
            Err(FrameError::Short) if !rest.is_empty() => break End::Within,
            Err(_) => break End::NoFrame,
        };
        let length = match frame::decode(rest, &header, stream, &mut planes) {
            Ok(length) => length,
            Err(FrameError::Short) => break End::Within,
            Err(FrameError::Bad(why)) => break End::Damaged(why),
        };
        let all = (mix.len() + header.block) as u64;
        if preface.told.is_some_and(|told| all > told) {
            break End::More;
        }
        if all > most {
            return Err(format!("more than {most} samples in {} bytes; {CONVERT}", bytes.len()));
        }
        gap |= next.is_some_and(|n| n != (header.number, header.by_sample));
        let step = if header.by_sample { header.block as u64 } else { 1 };
        next = Some((header.number + step, header.by_sample));
        as_floats(&planes, scale, &mut interleaved);
        if let Some(sum) = &mut sum {
            as_stored(&planes, stream.bits, &mut stored);
            sum.update(&stored);
        }
        mix.add(&interleaved)?;
        at += length;
    };
    Ok(Decoding { mix, sum, at, end, gap })
}

/// Checks that the frames ended where they should; `rest` is what follows them.
///
/// # Errors
/// A truncated or damaged stream.
fn whole(decoding: &Decoding, preface: &Preface, rest: &[u8]) -> Refusable<()> {
    let (found, seconds) = (decoding.mix.len() as u64, decoding.mix.seconds());
    let damaged = |why: &str| Err(format!("damaged after {seconds:.3} s ({why}); {FRESH}"));
    let later = || frames_in(rest.get(1..).unwrap_or_default(), &preface.stream);
    match (&decoding.end, preface.told) {
        (End::More, Some(told)) => {
            Err(format!("holds more than the {told} samples that its header states; {CONVERT}"))
        }
        (_, Some(told)) if told == found => Ok(()),
        (End::Damaged(why), _) => damaged(why),
        (_, Some(told)) if !later() => {
            Err(format!("cut short: {found} of the {told} samples that its header states; {FRESH}"))
        }
        (End::Within | End::More, None) if !later() => {
            Err(format!("cut short within a frame, after {seconds:.3} s; {FRESH}"))
        }
        // A checksum of all samples is better evidence than what follows them.
        (End::NoFrame, None) if decoding.sum.is_some() || trailer(rest) => Ok(()),
        (End::NoFrame, None) if !later() => {
            Err(format!("{} bytes that are no flac follow after {seconds:.3} s; {CONVERT}", rest.len()))
        }
        _ => damaged("no frame where one should begin"),
    }
}

/// The samples as the stream's MD5 covers them: interleaved, little-endian, in whole bytes.
fn as_stored(planes: &[Vec<i64>], bits: u32, out: &mut Vec<u8>) {
    match bits.div_ceil(8) {
        1 => packed::<1>(planes, out),
        2 => packed::<2>(planes, out),
        3 => packed::<3>(planes, out),
        _ => packed::<4>(planes, out),
    }
}

/// The lowest `N` bytes of each sample.
fn packed<const N: usize>(planes: &[Vec<i64>], out: &mut Vec<u8>) {
    out.resize(planes.iter().map(Vec::len).sum::<usize>() * N, 0);
    for (c, plane) in planes.iter().enumerate() {
        let places = out.as_chunks_mut::<N>().0.iter_mut().skip(c).step_by(planes.len());
        for (place, sample) in places.zip(plane) {
            place.copy_from_slice(&sample.to_le_bytes()[..N]);
        }
    }
}

/// The samples as interleaved floats; `scale` is 1 over full scale.
fn as_floats(planes: &[Vec<i64>], scale: f64, out: &mut Vec<f32>) {
    out.resize(planes.iter().map(Vec::len).sum(), 0.0);
    for (c, plane) in planes.iter().enumerate() {
        for (place, sample) in out.iter_mut().skip(c).step_by(planes.len()).zip(plane) {
            *place = (*sample as f64 * scale) as f32;
        }
    }
}

/// Reads the metadata, of which only STREAMINFO is used.
fn preface(bytes: &[u8]) -> Refusable<Preface> {
    let cut = || format!("cut short within its header; {FRESH}");
    let (mut at, mut info) = (MARKER.len(), None);
    loop {
        let head: [u8; 4] = bytes.get(at..).and_then(|b| b.first_chunk().copied()).ok_or_else(cut)?;
        let length = u32::from_be_bytes([0, head[1], head[2], head[3]]) as usize;
        let body = bytes.get(at + 4..).unwrap_or_default();
        if head[0] & 0x7f == 0 && info.is_none() {
            info = Some(*body.first_chunk::<34>().ok_or_else(cut)?);
        }
        at += 4 + length;
        if head[0] & 0x80 != 0 {
            break;
        }
    }
    let info = info.ok_or(format!("damaged: a flac without STREAMINFO; {FRESH}"))?;
    let (stream, told) = stream_of(&info)?;
    let mut md5 = [0; 16];
    md5.copy_from_slice(&info[18..]);
    let md5 = Some(md5).filter(|m| *m != [0; 16]);
    if bytes.len() < at {
        return Err(cut());
    }
    // A picture that is longer than its block can state shifts the frames further back.
    if frame::header(&bytes[at..], &stream).is_err() {
        at += first_frame(&bytes[at..], &stream).unwrap_or(0);
    }
    Ok(Preface { stream, told, md5, frames: at })
}

/// The sample format in STREAMINFO, and the number of samples of each channel, if stated.
fn stream_of(info: &[u8; 34]) -> Refusable<(Stream, Option<u64>)> {
    // After sizes of blocks and frames: 20 bits of rate, 3 of channels, 5 of sample size, 36 of samples.
    let packed = info[10..18].iter().fold(0, |n, b| n << 8 | u64::from(*b));
    let stream = Stream {
        rate: (packed >> 44) as u32,
        channels: (packed >> 41 & 7) as usize + 1,
        bits: (packed >> 36 & 31) as u32 + 1,
    };
    if stream.bits < 4 {
        return Err(format!("damaged: states samples of {} bits; {FRESH}", stream.bits));
    }
    Ok((stream, Some(packed & ((1 << 36) - 1)).filter(|n| *n > 0)))
}

/// The length of the flac that begins with `head`, by its STREAMINFO; `None` if that does not state it, or is not the first
/// block as it should be.
///
/// # Errors
/// Truncated within STREAMINFO; samples of fewer than four bits.
pub(super) fn length(head: &[u8]) -> Refusable<Option<Length>> {
    let body = head.get(MARKER.len()..).unwrap_or_default();
    if body.first().is_some_and(|kind| kind & 0x7f != 0) {
        return Ok(None);
    }
    let info = body.get(4..).and_then(|b| b.first_chunk::<34>());
    let (stream, told) = stream_of(info.ok_or_else(|| format!("cut short within its header; {FRESH}"))?)?;
    within_limits(stream.rate, stream.channels, told.unwrap_or(0))?;
    Ok(told.map(|frames| Length { frames, rate: stream.rate }))
}

/// Offset of the frame numbered 0.
fn first_frame(bytes: &[u8], stream: &Stream) -> Option<usize> {
    places(bytes).find(|i| frame::header(&bytes[*i..], stream).is_ok_and(|h| h.number == 0))
}

/// Whether a frame begins anywhere in `bytes`.
fn frames_in(bytes: &[u8], stream: &Stream) -> bool {
    places(bytes).any(|i| frame::header(&bytes[i..], stream).is_ok())
}

/// Offsets at which a frame may begin.
fn places(bytes: &[u8]) -> impl Iterator<Item = usize> {
    bytes.windows(2).enumerate().filter(|(_, w)| w[0] == 0xff && w[1] & 0xfe == 0xf8).map(|(i, _)| i)
}
