//! Where the packets of a track are, and how long they last.

use super::PacketList;
use super::atoms::{child, four, wide};
use crate::audio::refusal::{FRESH, Refusable};

/// How long the packets of a track last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PacketTimes {
    /// Number of packets.
    pub(super) samples: u64,
    /// Of all, in units of the track.
    pub(super) ticks: u64,
}

impl PacketTimes {
    /// Of an `stts` atom.
    pub(super) fn of(times: &[u8]) -> Option<PacketTimes> {
        let count = four(times, 4)? as usize;
        let entries = times.get(8..)?.chunks_exact(8).take(count);
        let mut all = PacketTimes { samples: 0, ticks: 0 };
        for entry in entries {
            let (samples, each) = (u64::from(four(entry, 0)?), u64::from(four(entry, 4)?));
            all.samples += samples;
            all.ticks = all.ticks.saturating_add(samples * each);
        }
        Some(all)
    }
}

/// Lengths of packets, of an `stsz` atom.
fn sizes(table: &[u8]) -> Option<impl Iterator<Item = u32>> {
    let sizes = child(table, b"stsz")?;
    let (all, count) = (four(sizes, 4)?, four(sizes, 8)? as usize);
    let each = sizes.get(12..)?;
    let listed = each.chunks_exact(4).take(if all > 0 { 0 } else { count });
    let listed = listed.map(|n| u32::from_be_bytes([n[0], n[1], n[2], n[3]]));
    Some(std::iter::repeat_n(all, if all > 0 { count } else { 0 }).chain(listed))
}

/// Offsets of the pieces of the file that packets lie in.
fn chunks(table: &[u8]) -> Option<Vec<u64>> {
    let (places, width) = match child(table, b"stco") {
        Some(places) => (places, 4),
        None => (child(table, b"co64")?, 8),
    };
    let count = four(places, 4)? as usize;
    let each = places.get(8..)?.chunks_exact(width).take(count);
    each.map(|b| if width == 4 { four(b, 0).map(u64::from) } else { wide(b, 0) }).collect()
}

/// The packets that `table` lists, all of them within the `length` bytes of the file.
///
/// # Errors
/// A table that is damaged; a packet that is not there.
pub(super) fn packets(table: &[u8], length: u64) -> Refusable<PacketList> {
    let damaged = || format!("damaged: the table of its MPEG-4; {FRESH}");
    let mut sizes = sizes(table).ok_or_else(damaged)?;
    let chunks = chunks(table).ok_or_else(damaged)?;
    let runs = child(table, b"stsc").and_then(|r| r.get(8..)).ok_or_else(damaged)?;
    // First chunk (from 1) of a run, and packets in each of its chunks.
    let mut runs = runs.chunks_exact(12).map(|r| Some((four(r, 0)?, four(r, 4)?))).peekable();
    let (mut packets, mut each) = (PacketList::default(), 0);
    for (n, start) in chunks.into_iter().enumerate() {
        while let Some(Some((first, count))) = runs.peek()
            && *first as usize <= n + 1
        {
            each = *count;
            runs.next();
        }
        let mut at = start;
        for size in sizes.by_ref().take(each as usize) {
            if at.checked_add(size.into()).is_none_or(|end| end > length) {
                return Err(format!(
                    "cut short: packet {} of its table is not there; {FRESH}",
                    packets.len() + 1
                ));
            }
            packets.push(at, size)?;
            at += u64::from(size);
        }
    }
    if sizes.next().is_some() {
        return Err(damaged());
    }
    Ok(packets)
}
