//! Random access to the bytes of an audio file, with its beginning in memory.

use super::refusal::Refusable;
use std::io::{ErrorKind, Read, Seek, SeekFrom};

/// Bytes that are kept in memory from the start; most headers fit.
const KEPT: usize = 8192;

/// A file, positioned where its contents begin.
pub(super) struct AudioSource<R> {
    reader: R,
    start: u64,
    length: u64,
    /// The first bytes.
    head: Vec<u8>,
}

impl<R: Read + Seek> AudioSource<R> {
    /// `reader` has `length` bytes, of which the first `start` are skipped.
    pub(super) fn new(reader: R, start: u64, length: u64) -> Refusable<AudioSource<R>> {
        let mut source =
            AudioSource { reader, start, length: length.saturating_sub(start), head: Vec::new() };
        source.head = source.bytes(0, KEPT)?;
        Ok(source)
    }

    /// The same file, beginning `further` bytes later.
    pub(super) fn from(self, further: u64) -> Refusable<AudioSource<R>> {
        let start = self.start.saturating_add(further);
        AudioSource::new(self.reader, start, self.start + self.length)
    }

    /// Length in bytes.
    pub(super) fn len(&self) -> u64 {
        self.length
    }

    /// The first bytes, a few thousand.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Up to `most` bytes from `at`: fewer at the end.
    pub(super) fn bytes(&mut self, at: u64, most: usize) -> Refusable<Vec<u8>> {
        let there = self.length.saturating_sub(at).min(most as u64) as usize;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(there).map_err(|_| {
            format!("its {there} bytes do not fit into the memory that is free; cut it into several files")
        })?;
        bytes.resize(there, 0);
        let found = self.read(at, &mut bytes)?;
        bytes.truncate(found);
        Ok(bytes)
    }

    /// The next `N` bytes from `at`; `None` if the file ends before.
    pub(super) fn exactly<const N: usize>(&mut self, at: u64) -> Refusable<Option<[u8; N]>> {
        let mut bytes = [0; N];
        Ok((self.read(at, &mut bytes)? == N).then_some(bytes))
    }

    /// Fills `buffer` from `at`; returns the number of bytes read, which is smaller only at the end.
    pub(super) fn read(&mut self, at: u64, buffer: &mut [u8]) -> Refusable<usize> {
        let kept = usize::try_from(at).ok().and_then(|at| self.head.get(at..)?.get(..buffer.len()));
        if let Some(kept) = kept {
            buffer.copy_from_slice(kept);
            return Ok(buffer.len());
        }
        let failed = |e: std::io::Error| format!("cannot be read: {e}");
        if at >= self.length {
            return Ok(0);
        }
        self.reader.seek(SeekFrom::Start(self.start + at)).map_err(failed)?;
        let mut found = 0;
        while found < buffer.len() {
            match self.reader.read(&mut buffer[found..]) {
                Ok(0) => break,
                Ok(n) => found += n,
                Err(e) if e.kind() == ErrorKind::Interrupted => (),
                Err(e) => return Err(failed(e)),
            }
        }
        Ok(found)
    }
}
