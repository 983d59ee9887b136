//! Finds the packets of an ogg (RFC 3533): pages are compared with their checksums and numbers.

use super::track::{CodedTrack, PacketList};
use super::vorbis::{self, PageEnd};
use super::window::ReadWindow;
use crate::audio::refusal::{CONVERT, FRESH, Refusable, by_ffmpeg};
use crate::audio::source::AudioSource;
use crc::{Algorithm, Crc, Table};
use std::io::{Read, Seek};

/// The checksum of a page, whose own field counts as 0.
const PAGE: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&Algorithm {
    width: 32,
    poly: 0x04c1_1db7,
    init: 0,
    refin: false,
    refout: false,
    xorout: 0,
    check: 0x89a1_897f,
    residue: 0,
});
/// Bytes of a page before its lengths of segments.
const HEADER: usize = 27;
/// Most bytes of a page.
const LONGEST: usize = HEADER + 255 + 255 * 255;

/// A page of an ogg.
struct OggPage {
    continued: bool,
    first: bool,
    last: bool,
    /// Position of the end of the last packet that ends on it, in samples; -1 where none does.
    position: i64,
    serial: u32,
    number: u32,
    /// Lengths of segments.
    lengths: Vec<u8>,
    /// Offset of the first segment.
    body: u64,
    /// Offset of what follows.
    end: u64,
}

impl OggPage {
    /// The page at `at`; `None` where there is none.
    ///
    /// # Errors
    /// Cut short, or not what its checksum is of.
    fn at<R: Read + Seek>(window: &mut ReadWindow<'_, R>, at: u64) -> Refusable<Option<OggPage>> {
        let bytes = window.bytes(at, LONGEST)?;
        let Some(head) = bytes.first_chunk::<HEADER>() else { return Ok(None) };
        if !head.starts_with(b"OggS\0") {
            return Ok(None);
        }
        let cut = || format!("cut short within a page of its ogg; {FRESH}");
        let segments = usize::from(head[26]);
        let lengths = bytes.get(HEADER..HEADER + segments).ok_or_else(cut)?.to_vec();
        let body = HEADER + segments;
        let end = body + lengths.iter().map(|n| usize::from(*n)).sum::<usize>();
        let page = bytes.get(..end).ok_or_else(cut)?;
        let mut sum = PAGE.digest();
        sum.update(&page[..22]);
        sum.update(&[0; 4]);
        sum.update(&page[26..]);
        let four = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        if sum.finalize() != four(22) {
            return Err(format!(
                "damaged: page {} of its ogg does not match its checksum; {FRESH}",
                four(18)
            ));
        }
        let position = u64::from(four(6)) | u64::from(four(10)) << 32;
        Ok(Some(OggPage {
            continued: head[5] & 1 != 0,
            first: head[5] & 2 != 0,
            last: head[5] & 4 != 0,
            position: position as i64,
            serial: four(14),
            number: four(18),
            lengths,
            body: at + body as u64,
            end: at + end as u64,
        }))
    }
}

/// Finds the packets of an ogg.
///
/// # Errors
/// Cut short, damaged, another codec than Vorbis, several recordings.
pub(super) fn track<R: Read + Seek>(source: &mut AudioSource<R>) -> Refusable<CodedTrack> {
    let mut window = ReadWindow::new(source);
    let (mut at, mut stream, mut foreign) = (0, None, None);
    let (mut packets, mut ends) = (PacketList::default(), Vec::<PageEnd>::new());
    // Number of the next page, and whether a packet goes on there.
    let (mut number, mut open, mut over) = (0, false, false);
    while let Some(page) = OggPage::at(&mut window, at)? {
        at = page.end;
        if page.first {
            let head = window.bytes(page.body, 64)?;
            if over {
                return Err(format!("holds several recordings one after the other; {CONVERT}"));
            }
            if stream.is_none() && vorbis::begins(head) {
                (stream, number) = (Some(page.serial), page.number);
            } else {
                foreign = foreign.or_else(|| codec(head));
            }
        }
        if stream != Some(page.serial) {
            continue;
        }
        if page.number != number || page.continued != open {
            return Err(format!(
                "damaged: a page is missing before page {} of its ogg; {FRESH}",
                page.number
            ));
        }
        number = number.wrapping_add(1);
        open = pieces(&page, &mut packets)?;
        if let Ok(position) = u64::try_from(page.position) {
            ends.push(PageEnd { packets: packets.len(), position, last: page.last });
        }
        over |= page.last;
    }
    let length = window.len();
    match stream {
        None => Err(foreign.unwrap_or_else(|| format!("an ogg without a codec that is known; {CONVERT}"))),
        Some(_) if !over && at < length => {
            Err(format!("damaged: no page of its ogg where one should begin, at byte {at}; {FRESH}"))
        }
        Some(_) if !over || open => Err(format!("cut short: its last page is missing; {FRESH}")),
        Some(_) => vorbis::track(source, packets, &ends),
    }
}

/// Adds the pieces of packets that `page` has; whether the last goes on after it.
fn pieces(page: &OggPage, packets: &mut PacketList) -> Refusable<bool> {
    let (mut at, mut piece) = (page.body, 0);
    let mut open = page.continued;
    for length in &page.lengths {
        piece += u32::from(*length);
        open = *length == 255;
        if !open {
            packets.piece(at, piece)?;
            packets.end();
            (at, piece) = (at + u64::from(piece), 0);
        }
    }
    if piece > 0 {
        packets.piece(at, piece)?;
    }
    Ok(open)
}

/// Why the codec whose first packet is `head` is not read.
fn codec(head: &[u8]) -> Option<String> {
    let kinds: [(&[u8], &str, &str); 5] = [
        (b"OpusHead", "Opus", "opus"),
        (b"\x7fFLAC", "flac in ogg", "oga"),
        (b"Speex   ", "Speex", "spx"),
        (b"\x80theora", "a video", "ogv"),
        (b"PCM     ", "PCM in ogg", "oga"),
    ];
    let (_, name, extension) = kinds.into_iter().find(|(first, ..)| head.starts_with(first))?;
    Some(format!("{name}, which is not read; {}", by_ffmpeg(extension)))
}
