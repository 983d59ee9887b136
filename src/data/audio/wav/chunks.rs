//! Finds the chunks of a wav: its format, and the offset and length of its samples.

use super::format::{self, WavFormat};
use crate::audio::refusal::{CONVERT, FRESH, Refusable};
use crate::audio::source::AudioSource;
use std::io::{Read, Seek};

/// Ids of chunks that recordings have. A chunk of another id is accepted if its size fits into the file.
const KNOWN: &[&[u8; 4]] = &[
    b"fmt ", b"data", b"fact", b"LIST", b"JUNK", b"junk", b"PAD ", b"FLLR", b"bext", b"iXML", b"axml",
    b"chna", b"ds64", b"cue ", b"plst", b"smpl", b"inst", b"id3 ", b"ID3 ", b"PEAK", b"DISP", b"_PMX",
    b"aXML", b"SAUR",
];
/// Bytes that are searched for the next chunk if it is not where the previous one ends.
const SEARCHED: usize = 1 << 20;
/// Most chunks that are read; editors write a few dozen.
const MOST: usize = 10_000;
/// Largest `fmt ` chunk that a search accepts, and most bytes that are read of one in its regular place.
const LONGEST_FMT: u64 = 4096;

/// Format and location of the samples of a wav.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WavLayout {
    pub(super) format: WavFormat,
    /// Offset of the first sample.
    pub(super) start: u64,
    /// Length of the samples in bytes.
    pub(super) bytes: u64,
    /// Samples of each channel, where a `fact` chunk before them states it.
    pub(super) fact: Option<u64>,
}

/// The id and size of a chunk.
struct Chunk {
    id: [u8; 4],
    size: u64,
}

/// Finds the format and the samples.
///
/// # Errors
/// No `fmt ` or `data` chunk, fewer samples than the header states, several chunks of them; as [`format::parse`].
pub(super) fn layout<R: Read + Seek>(source: &mut AudioSource<R>) -> Refusable<WavLayout> {
    let outer = source.exactly::<12>(0)?.unwrap_or_default();
    let riff = u64::from(u32::from_le_bytes([outer[4], outer[5], outer[6], outer[7]]));
    let (mut format, mut data, mut long, mut fact) = (None, None, None, None);
    let (mut at, mut passed) = (Some(12), 0);
    while let Some(place) = at {
        let Some(chunk) = chunk(source, place)? else { break };
        passed += 1;
        if passed > MOST {
            return Err(format!("has more than {MOST} chunks; {CONVERT}"));
        }
        match &chunk.id {
            b"fact" => fact = source.exactly(place + 8)?.map(|n| u64::from(u32::from_le_bytes(n))),
            b"ds64" => long = source.exactly::<16>(place + 8)?,
            b"fmt " if data.is_none() || format.is_none() => {
                let read = read_format(source, place, &chunk)?;
                if format.replace(read).is_some_and(|before| before != read) {
                    return Err(format!("has two fmt chunks that contradict each other; {CONVERT}"));
                }
            }
            b"data" if data.is_none() => data = Some((place, chunk.size)),
            b"LIST" if source.exactly(place + 8)? == Some(*b"wavl") => {
                return Err(format!(
                    "holds its samples in several pieces (wavl), which is not read; {CONVERT}"
                ));
            }
            _ => (),
        }
        if format.is_some() && data.is_some() {
            break;
        }
        at = following(source, place, chunk.size)?;
    }
    // After a chunk with a wrong size, search for the next one.
    if format.is_none() {
        format = match search(source, 12, b"fmt ")? {
            Some(found) => Some(read_format(source, found.0, &Chunk { id: *b"fmt ", size: found.1 })?),
            None => None,
        };
    }
    if data.is_none() && format.is_some() {
        data = search(source, 12, b"data")?;
    }
    let (Some(format), Some((place, size))) = (format, data) else {
        let missing = if format.is_none() { "fmt" } else { "data" };
        return Err(match riff + 8 > source.len() && !unwritten(riff) {
            true => format!("cut short within its header; {FRESH}"),
            false => format!("a wav without a {missing} chunk; {CONVERT}"),
        });
    };
    let start = place + 8;
    let size = match long {
        Some(long) if size == u64::from(u32::MAX) => u64::from_le_bytes(std::array::from_fn(|i| long[8 + i])),
        _ => size,
    };
    let (bytes, stated) = extent(source, start, size, riff)?;
    if is_followed_by_samples(source, place, bytes)? {
        return Err(format!("holds its samples in several data chunks, which is not read; {CONVERT}"));
    }
    let (piece, samples) = (format.piece(), format.samples());
    if bytes / piece < stated / piece {
        let (frames, stated) = (bytes / piece * samples, stated / piece * samples);
        return Err(format!("cut short: {frames} of the {stated} samples that its header states; {FRESH}"));
    }
    Ok(WavLayout { format, start, bytes, fact })
}

/// Bytes of samples from `start` that exist and that should exist, if the `data` chunk states `size` and the file's header
/// states `riff`.
fn extent<R: Read + Seek>(
    source: &mut AudioSource<R>,
    start: u64,
    size: u64,
    riff: u64,
) -> Refusable<(u64, u64)> {
    let there = source.len() - start.min(source.len());
    if size == 0 {
        // Either there are no samples and another chunk may follow, or the writer left the size empty.
        let none =
            chunk(source, start)?.is_some_and(|c| KNOWN.contains(&&c.id) && fits(source, start, c.size));
        return Ok(if none { (0, 0) } else { (there, there) });
    }
    if size <= there {
        return Ok((size, size));
    }
    // A file as long as its header states is complete, so the size of this chunk is wrong.
    let whole = unwritten(size) || size >= 1 << 62 || riff + 8 == source.len();
    Ok((there, if whole { there } else { size }))
}

/// Whether another `data` chunk follows the one at `at`, which has `bytes` of samples.
fn is_followed_by_samples<R: Read + Seek>(
    source: &mut AudioSource<R>,
    at: u64,
    bytes: u64,
) -> Refusable<bool> {
    let mut next = following(source, at, bytes)?;
    for _ in 0..MOST {
        let Some(place) = next else { break };
        match chunk(source, place)? {
            Some(more) if !fits(source, place, more.size) => return Ok(false),
            Some(more) if more.id == *b"data" && more.size > 0 => return Ok(true),
            Some(more) => next = following(source, place, more.size)?,
            None => return Ok(false),
        }
    }
    Ok(false)
}

/// Whether a size is a placeholder of a writer that could not seek back to its header: near 2^31, as sox and
/// espeak-ng (0x7ffff000), arecord (0x80000000) and oboe (0x7fffffff) have it, less a header, in whole samples; or near 2^32.
fn unwritten(size: u64) -> bool {
    const NEAR: u64 = 1 << 17;
    [1 << 31, 1 << 32].iter().any(|end: &u64| end.abs_diff(size) <= NEAR)
}

/// The chunk header at `at`, if the file has room for one.
fn chunk<R: Read + Seek>(source: &mut AudioSource<R>, at: u64) -> Refusable<Option<Chunk>> {
    let Some([a, b, c, d, size @ ..]) = source.exactly::<8>(at)? else { return Ok(None) };
    Ok(Some(Chunk { id: [a, b, c, d], size: u32::from_le_bytes(size).into() }))
}

/// Whether a chunk of `size` bytes at `at` ends within the file.
fn fits<R: Read + Seek>(source: &AudioSource<R>, at: u64, size: u64) -> bool {
    at + 8 + size <= source.len()
}

fn read_format<R: Read + Seek>(source: &mut AudioSource<R>, at: u64, chunk: &Chunk) -> Refusable<WavFormat> {
    let body = source.bytes(at + 8, chunk.size.min(LONGEST_FMT) as usize)?;
    if (body.len() as u64) < chunk.size.min(16) {
        return Err(format!("cut short within its header; {FRESH}"));
    }
    format::parse(&body)
}

/// Offset of the chunk after one at `at` with `size` bytes. Chunks begin at even offsets, which not all writers respect.
fn following<R: Read + Seek>(source: &mut AudioSource<R>, at: u64, size: u64) -> Refusable<Option<u64>> {
    let end = at + 8 + size;
    let places = [end + size % 2, end];
    for known in [true, false] {
        for place in places {
            let Some(chunk) = chunk(source, place)? else { continue };
            let named = if known {
                KNOWN.contains(&&chunk.id)
            } else {
                chunk.id.iter().all(|b| (b' '..=b'~').contains(b)) && fits(source, place, chunk.size)
            };
            if named {
                return Ok(Some(place));
            }
        }
    }
    Ok(None)
}

/// Searches the first [`SEARCHED`] bytes from `from` for a chunk `id` of plausible size; returns its offset and size.
fn search<R: Read + Seek>(
    source: &mut AudioSource<R>,
    from: u64,
    id: &[u8; 4],
) -> Refusable<Option<(u64, u64)>> {
    let bytes = source.bytes(from, SEARCHED)?;
    let found = bytes.windows(8).enumerate().find_map(|(i, w)| {
        let (at, size) = (from + i as u64, u64::from(u32::from_le_bytes([w[4], w[5], w[6], w[7]])));
        let possible = match id {
            b"fmt " => (16..=LONGEST_FMT).contains(&size),
            _ => size > 0 && (fits(source, at, size) || unwritten(size)),
        };
        (w[..4] == id[..] && possible).then_some((at, size))
    });
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn sizes_that_writers_leave_unwritten_are_told_from_others() {
        for size in [
            0x7fff_f000,
            0x7fff_efdc,
            0x7fff_ffff,
            0x7fff_ffdb,
            0x8000_0000,
            0x8000_0024,
            0x7fff_fffc,
            0xffff_ffff,
            0xffff_ffdb,
            0xffff_ff00,
            0xffff_f000,
        ] {
            assert!(unwritten(size), "{size:#x}");
        }
        for size in [1, 16_000, 0x7000_0000, 0x1234_5678, 0x9000_0000, 0xf000_0000, 0x7ff0_0000, 1 << 40] {
            assert!(!unwritten(size), "{size:#x}");
        }
    }

    #[test]
    fn chunks_that_contradict_each_other_are_refused() {
        let chunk = |id: &[u8; 4], body: &[u8]| [id, &(body.len() as u32).to_le_bytes()[..], body].concat();
        let fmt = |channels: u8| {
            let mono = [1, 0, channels, 0, 0x80, 0x3e, 0, 0, 0, 0x7d, 0, 0, 2 * channels, 0, 16, 0];
            chunk(b"fmt ", &mono)
        };
        let data = chunk(b"data", &[1, 2, 3, 4]);
        let read = |chunks: &[&[u8]]| {
            let wav = [b"RIFF\0\0\0\0WAVE".as_slice(), &chunks.concat()].concat();
            layout(&mut AudioSource::new(Cursor::new(&wav), 0, wav.len() as u64).unwrap()).map(|l| l.bytes)
        };
        assert_eq!(read(&[&fmt(1), &fmt(1), &data, &chunk(b"LIST", b"INFO")]), Ok(4));
        assert_eq!(read(&[&fmt(1), &data, &chunk(b"data", &[])]), Ok(4));
        assert!(read(&[&fmt(1), &fmt(2), &data]).unwrap_err().contains("two fmt chunks"));
        let later = [&fmt(1)[..], &data, &chunk(b"cue ", &[0; 4]), &data];
        assert!(read(&later).unwrap_err().contains("several data chunks"));
    }

    #[test]
    fn text_that_names_a_chunk_is_not_taken_for_one() {
        let fmt = [b"fmt \x10\0\0\0".as_slice(), &[1, 0, 1, 0, 0x80, 0x3e, 0, 0, 0, 0x7d, 0, 0, 2, 0, 16, 0]]
            .concat();
        // The size of the LIST is too large; a word of its text is an id.
        let list = b"LIST\xff\x00\0\0INFOICMT\x14\0\0\0some data here, odd\0".as_slice();
        let wav =
            [b"RIFF\0\0\0\0WAVE".as_slice(), &fmt, list, b"data\x06\0\0\0", &[1, 2, 3, 4, 5, 6]].concat();
        let mut source = AudioSource::new(Cursor::new(&wav), 0, wav.len() as u64).unwrap();
        let layout = layout(&mut source).unwrap();
        assert_eq!((layout.start, layout.bytes), (wav.len() as u64 - 6, 6));
    }
}
