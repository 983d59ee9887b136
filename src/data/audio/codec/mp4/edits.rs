//! Which part of a track is the recording: iTunes' comment, or an edit list.

use super::atoms::{child, children, four, wide};
use crate::audio::refusal::{Refusable, by_ffmpeg};

/// The stretch of a track that is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edit {
    /// In units of the track.
    pub(super) start: u64,
    /// In units of the movie; 0 for the rest.
    pub(super) length: u64,
}

/// The edit of a track; `None` where it is played as it is.
///
/// # Errors
/// Several edits.
pub(super) fn only(edits: Option<&[u8]>) -> Refusable<Option<Edit>> {
    let Some(list) = edits.and_then(|e| child(e, b"elst")) else { return Ok(None) };
    let long = list.first() == Some(&1);
    let size = if long { 20 } else { 12 };
    let count = four(list, 4).unwrap_or(0) as usize;
    let all = list.get(8..).unwrap_or_default().chunks_exact(size).take(count);
    let mut edits = all.filter_map(|entry| {
        let (length, start) = match long {
            true => (wide(entry, 0)?, wide(entry, 8)? as i64),
            false => (four(entry, 0)?.into(), (four(entry, 4)? as i32).into()),
        };
        // A negative start is a pause before the sound.
        u64::try_from(start).ok().map(|start| Edit { start, length })
    });
    let first = edits.next();
    match edits.next() {
        None => Ok(first),
        Some(_) => Err(format!("MPEG-4 that is cut into pieces by edits; {}", by_ffmpeg("m4a"))),
    }
}

/// Samples before the recording and in it, by the comment `iTunSMPB` that iTunes and others write.
pub(super) fn itunes(header: &[u8]) -> Option<(u64, u64)> {
    let user = child(header, b"udta")?;
    // The atom has a version before its children.
    let items = child(child(user, b"meta")?.get(4..)?, b"ilst")?;
    let comment = children(items).filter(|(name, _)| *name == b"----").find_map(|(_, item)| {
        let name = child(item, b"name")?.get(4..)?;
        if name == b"iTunSMPB" { child(item, b"data")?.get(8..) } else { None }
    })?;
    let text = std::str::from_utf8(comment).ok()?;
    let mut fields = text.split_ascii_whitespace().skip(1).map(|f| u64::from_str_radix(f, 16).ok());
    let (delay, _, count) = (fields.next()??, fields.next()??, fields.next()??);
    (count > 0).then_some((delay, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes()[..], name, body].concat()
    }

    #[test]
    fn an_edit_is_the_one_that_is_no_pause() {
        let list = |entries: &[[i32; 3]]| {
            let all: Vec<u8> = entries.as_flattened().iter().flat_map(|n| n.to_be_bytes()).collect();
            atom(b"elst", &[&[0; 4], &(entries.len() as u32).to_be_bytes()[..], &all].concat())
        };
        let read = |entries: &[[i32; 3]]| only(Some(&list(entries)));
        let edit = Some(Edit { start: 1024, length: 500 });
        assert_eq!(read(&[[500, 1024, 1 << 16]]), Ok(edit));
        assert_eq!(read(&[[20, -1, 1 << 16], [500, 1024, 1 << 16]]), Ok(edit));
        assert!(read(&[[500, 1024, 1 << 16], [500, 9024, 1 << 16]]).is_err());
        assert_eq!(only(None), Ok(None));
    }

    #[test]
    fn a_comment_of_itunes_is_read() {
        let comment = |text: &str| {
            let name = atom(b"name", &[b"\0\0\0\0", b"iTunSMPB".as_slice()].concat());
            let data = atom(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0], text.as_bytes()].concat());
            let item = atom(b"----", &[atom(b"mean", b"\0\0\0\0com.apple.iTunes"), name, data].concat());
            atom(b"udta", &atom(b"meta", &[&[0; 4][..], &atom(b"ilst", &item)].concat()))
        };
        let text = " 00000000 00000840 000001CA 00000000000030F6 00000000 00000000";
        assert_eq!(itunes(&comment(text)), Some((0x840, 0x30f6)));
        assert_eq!(itunes(&comment(" 00000000 00000840")), None);
        assert_eq!(itunes(&comment(" 0 0 0 0")), None);
    }
}
