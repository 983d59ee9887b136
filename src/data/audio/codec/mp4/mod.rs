//! Finds the packets of the first sound track of an MPEG-4 file (ISO 14496-12 and 14496-14): AAC-LC or ALAC.

mod atoms;
mod edits;
pub(super) mod sound;
mod tables;

use super::track::{CodedTrack, PacketList};
use super::trim::GaplessPart;
use crate::audio::refusal::{CONVERT, FRESH, Refusable, by_ffmpeg};
use crate::audio::source::AudioSource;
use atoms::{child, children, four, wide};
use std::io::{Read, Seek};
use tables::PacketTimes;

/// Most bytes of the header. An hour takes some hundred kilobytes, a picture a few megabytes.
const LONGEST_HEADER: u64 = 64 << 20;

/// Finds the packets.
///
/// # Errors
/// Cut short, damaged, in fragments, another codec than AAC-LC and ALAC, no sound.
pub(super) fn track<R: Read + Seek>(source: &mut AudioSource<R>) -> Refusable<CodedTrack> {
    let header = header(source)?;
    if child(&header, b"mvex").is_some() {
        return Err(format!("MPEG-4 in fragments, which is not read; {}", by_ffmpeg("mp4")));
    }
    let damaged = |what: &str| format!("damaged: {what} of its MPEG-4; {FRESH}");
    let is_sound = |media: &[u8]| child(media, b"hdlr").and_then(|h| h.get(8..12)) == Some(b"soun");
    let found = children(&header).filter(|(kind, _)| *kind == b"trak").find_map(|(_, track)| {
        let media = child(track, b"mdia")?;
        is_sound(media).then_some((track, media))
    });
    let Some((track, media)) = found else {
        return Err(format!("MPEG-4 without a sound track; {CONVERT}"));
    };
    let scale = atoms::scale(child(media, b"mdhd")).ok_or_else(|| damaged("the time scale"))?;
    let movie = atoms::scale(child(&header, b"mvhd")).ok_or_else(|| damaged("the time scale"))?;
    let table = child(media, b"minf").and_then(|m| child(m, b"stbl"));
    let table = table.ok_or_else(|| damaged("the table"))?;
    let setup = sound::setup(child(table, b"stsd").ok_or_else(|| damaged("the codec"))?, scale)?;
    let packets = tables::packets(table, source.len())?;
    let Some(PacketTimes { samples, ticks }) = PacketTimes::of(child(table, b"stts").unwrap_or_default())
    else {
        return Err(damaged("the times"));
    };
    if samples != packets.len() as u64 {
        return Err(damaged("the number of packets"));
    }
    let most = samples.saturating_mul(setup.block);
    let in_samples = |n: u64, scale: u32| {
        let n = u128::from(n) * u128::from(setup.rate) + u128::from(scale) / 2;
        u64::try_from(n / u128::from(scale)).unwrap_or(u64::MAX)
    };
    let all = GaplessPart::all(in_samples(ticks, scale).min(most));
    let part = match edits::itunes(&header) {
        Some((delay, count)) => GaplessPart::all(most).within(delay, count),
        None => match edits::only(child(track, b"edts"))? {
            None => all,
            Some(edit) => {
                let whole = all.within(in_samples(edit.start, scale), u64::MAX);
                // Lengths of edits are often in thousandths of a second: one that is a step shorter is not.
                let length = in_samples(edit.length, movie);
                let step = in_samples(1, movie) + 1;
                let shorter = edit.length > 0 && length.saturating_add(step) < whole.frames;
                if shorter || movie >= setup.rate && edit.length > 0 {
                    whole.within(0, length)
                } else {
                    whole
                }
            }
        },
    };
    CodedTrack::new(setup, packets, part, source.len())
}

/// The contents of the `moov` atom.
fn header<R: Read + Seek>(source: &mut AudioSource<R>) -> Refusable<Vec<u8>> {
    let (mut at, mut cut) = (0, false);
    while let Some(head) = source.exactly::<8>(at)? {
        let (mut start, mut size) = (at + 8, u64::from(four(&head, 0).unwrap_or(0)));
        match size {
            0 => size = source.len() - at,
            1 => {
                size = source.exactly::<8>(start)?.and_then(|b| wide(&b, 0)).unwrap_or(0);
                start += 8;
            }
            _ => (),
        }
        let end = at.saturating_add(size);
        if end < start {
            return Err(format!("damaged: a part of its MPEG-4 of {size} bytes, at byte {at}; {FRESH}"));
        }
        cut = end > source.len();
        if head[4..] == *b"moov" && !cut {
            let size = end - start;
            if size > LONGEST_HEADER {
                return Err(format!("has a header of {size} bytes, {LONGEST_HEADER} are read; {CONVERT}"));
            }
            return source.bytes(start, size as usize);
        }
        if cut {
            break;
        }
        at = end;
    }
    Err(match cut || at < source.len() {
        true => format!("cut short: its MPEG-4 header (moov) is missing; {FRESH}"),
        false => format!("MPEG-4 without a header (moov); {}", by_ffmpeg("mp4")),
    })
}
