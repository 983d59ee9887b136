//! The container of a file, and where it begins behind tags.

use super::codec::{CodecContainer, Contents};
use super::id3::id3;
use super::refusal::Refusable;
use super::source::AudioSource;
use super::{Decoded, Length, flac, foreign, wav};
use seraug_core::manifest::Channels;
use std::io::{Read, Seek};

/// Most bytes of a flac file; the longest recording that is read, in 24 bits and two channels, is smaller.
const LONGEST_FLAC: u64 = 2 << 30;

/// A recording, positioned behind any tags.
pub(super) enum Container<R> {
    Wav(AudioSource<R>),
    Flac(AudioSource<R>),
    Codec(AudioSource<R>, CodecContainer),
}

impl<R: Read + Seek> Container<R> {
    /// Detects the container of the `length` bytes of `reader`.
    ///
    /// # Errors
    /// None that is read; a flac that is too long.
    pub(super) fn of(reader: R, length: u64) -> Refusable<Container<R>> {
        let mut source = AudioSource::new(reader, 0, length)?;
        // Some programs prepend tags.
        while let Some(tag) = id3(source.head()) {
            source = source.from(tag)?;
        }
        if let Some(junk) = foreign::before(source.head(), source.len()) {
            source = source.from(junk)?;
        }
        match source.len() {
            _ if wav::begins(source.head()) => Ok(Container::Wav(source)),
            long if source.head().starts_with(flac::MARKER) => match long > LONGEST_FLAC {
                true => Err(format!("{long} bytes long, {LONGEST_FLAC} are read; cut it into several files")),
                false => Ok(Container::Flac(source)),
            },
            long => match CodecContainer::of(source.head(), long) {
                Some(container) => Ok(Container::Codec(source, container)),
                None => Err(foreign::name(source.head())),
            },
        }
    }

    /// The samples of the file, in one channel.
    ///
    /// # Errors
    /// One line without the file: cut short, damaged, not read, too long, no sound.
    pub(super) fn read(self, channels: Channels) -> Refusable<Decoded> {
        match self {
            Container::Flac(mut source) => flac::read(&source.bytes(0, LONGEST_FLAC as usize)?, channels),
            Container::Wav(mut source) => wav::contents(&mut source)?.read(&mut source, channels),
            Container::Codec(mut source, container) => {
                container.contents(&mut source)?.read(&mut source, channels)
            }
        }
    }

    /// The length of the file by its header; `None` if that does not state it. Nothing is decoded; an mp3 and an ogg are read
    /// for their frames and pages.
    ///
    /// # Errors
    /// As [`Container::read`], as far as nothing is decoded for it.
    pub(super) fn length(self) -> Refusable<Option<Length>> {
        let stated = |contents: Contents| contents.length().map(Some);
        match self {
            Container::Flac(source) => flac::length(source.head()),
            Container::Wav(mut source) => wav::contents(&mut source).and_then(stated),
            Container::Codec(mut source, container) => container.contents(&mut source).and_then(stated),
        }
    }
}
