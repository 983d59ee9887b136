//! The container of a file, wav or flac, and where it begins behind tags.

use super::id3::id3;
use super::refusal::Refusable;
use super::source::AudioSource;
use super::{flac, foreign, wav};
use std::io::{Read, Seek};

/// Most bytes of a flac file; the longest recording that is read, in 24 bits and two channels, is smaller.
pub(super) const LONGEST_FLAC: u64 = 2 << 30;

/// A recording, positioned behind any tags.
pub(super) enum Container<R> {
    Wav(AudioSource<R>),
    Flac(AudioSource<R>),
}

impl<R: Read + Seek> Container<R> {
    /// Detects the container of the `length` bytes of `reader`.
    ///
    /// # Errors
    /// Neither wav nor flac; a flac that is too long.
    pub(super) fn of(reader: R, length: u64) -> Refusable<Container<R>> {
        let mut source = AudioSource::new(reader, 0, length)?;
        // Some programs prepend tags.
        while let Some(tag) = id3(source.head()) {
            source = source.from(tag)?;
        }
        if let Some(junk) = foreign::before(source.head()) {
            source = source.from(junk)?;
        }
        match source.len() {
            _ if wav::begins(source.head()) => Ok(Container::Wav(source)),
            _ if !source.head().starts_with(flac::MARKER) => Err(foreign::name(source.head())),
            long if long > LONGEST_FLAC => {
                Err(format!("{long} bytes long, {LONGEST_FLAC} are read; cut it into several files"))
            }
            _ => Ok(Container::Flac(source)),
        }
    }
}
