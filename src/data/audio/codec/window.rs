//! Small reads that follow each other, from one block of the file.

use crate::audio::refusal::Refusable;
use crate::audio::source::AudioSource;
use std::io::{Read, Seek};

/// Bytes that are read at once.
const BLOCK: usize = 1 << 15;

/// A view of a source that keeps the block it read last.
pub(super) struct ReadWindow<'a, R> {
    source: &'a mut AudioSource<R>,
    start: u64,
    block: Vec<u8>,
}

impl<'a, R: Read + Seek> ReadWindow<'a, R> {
    pub(super) fn new(source: &'a mut AudioSource<R>) -> ReadWindow<'a, R> {
        ReadWindow { source, start: 0, block: Vec::new() }
    }

    /// Length of the source in bytes.
    pub(super) fn len(&self) -> u64 {
        self.source.len()
    }

    /// Up to `most` bytes from `at`: fewer at the end.
    pub(super) fn bytes(&mut self, at: u64, most: usize) -> Refusable<&[u8]> {
        let most = self.len().saturating_sub(at).min(most as u64) as usize;
        let kept = |w: &ReadWindow<'_, R>| {
            let from = usize::try_from(at.checked_sub(w.start)?).ok()?;
            (w.block.len() >= from.checked_add(most)?).then_some(from)
        };
        let from = match kept(self) {
            Some(from) => from,
            None => {
                (self.start, self.block) = (at, self.source.bytes(at, most.max(BLOCK))?);
                0
            }
        };
        let end = self.block.len().min(from + most);
        Ok(&self.block[from..end])
    }

    /// The next `N` bytes from `at`; `None` if the file ends before.
    pub(super) fn exactly<const N: usize>(&mut self, at: u64) -> Refusable<Option<[u8; N]>> {
        Ok(self.bytes(at, N)?.first_chunk().copied())
    }
}
