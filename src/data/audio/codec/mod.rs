//! Recordings of a codec that symphonia decodes. Containers are read here: which bytes are a packet, how many samples there are
//! and which of them an encoder added are known before anything is decoded, so that a header says what decoding gives, memory
//! is bounded, and what is missing is noticed. symphonia's own readers skip what they cannot read.

pub(super) mod adpcm;
mod aiff;
mod caf;
mod extended;
mod mp3;
mod mp4;
mod ogg;
mod track;
mod trim;
mod vorbis;
mod window;

use super::pcm::PcmPlace;
use super::refusal::Refusable;
use super::source::AudioSource;
use super::{Decoded, Length};
pub(super) use adpcm::{AdpcmCodec, AdpcmFormat};
use seraug_core::manifest::Channels;
use std::io::{Read, Seek};
pub(super) use track::CodedTrack;

/// The samples of a recording, found but not read.
pub(super) enum Contents {
    /// Stored one by one.
    Pcm(PcmPlace),
    /// Packets of a codec.
    Coded(CodedTrack),
}

impl Contents {
    /// How long the recording is.
    ///
    /// # Errors
    /// A rate, a length or a number of channels that is not read.
    pub(super) fn length(&self) -> Refusable<Length> {
        match self {
            Contents::Pcm(place) => place.length(),
            Contents::Coded(track) => track.length(),
        }
    }

    /// The samples, in one channel.
    ///
    /// # Errors
    /// One line without the file: damaged, too long, no sound.
    pub(super) fn read<R: Read + Seek>(
        &self,
        source: &mut AudioSource<R>,
        policy: Channels,
    ) -> Refusable<Decoded> {
        match self {
            Contents::Pcm(place) => place.read(source, policy),
            Contents::Coded(track) => track.read(source, policy),
        }
    }
}

/// A container other than wav and flac.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CodecContainer {
    Mp3,
    Ogg,
    Mp4,
    Aiff,
    Caf,
}

impl CodecContainer {
    /// The container of a file that begins with `head` and has `length` bytes.
    pub(super) fn of(head: &[u8], length: u64) -> Option<CodecContainer> {
        match head {
            [b'O', b'g', b'g', b'S', ..] => Some(CodecContainer::Ogg),
            [b'c', b'a', b'f', b'f', ..] => Some(CodecContainer::Caf),
            [b'F', b'O', b'R', b'M', _, _, _, _, b'A', b'I', b'F', b'F' | b'C', ..] => {
                Some(CodecContainer::Aiff)
            }
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(CodecContainer::Mp4),
            _ if mp3::begins(head, length) => Some(CodecContainer::Mp3),
            _ => None,
        }
    }

    /// Number of bytes in front of an mp3 that does not begin at the first.
    pub(super) fn junk(head: &[u8]) -> Option<u64> {
        mp3::junk(head)
    }

    /// Finds the samples.
    ///
    /// # Errors
    /// One line without the file: cut short, damaged, a codec or layout that is not read.
    pub(super) fn contents<R: Read + Seek>(self, source: &mut AudioSource<R>) -> Refusable<Contents> {
        match self {
            CodecContainer::Mp3 => mp3::track(source).map(Contents::Coded),
            CodecContainer::Ogg => ogg::track(source).map(Contents::Coded),
            CodecContainer::Mp4 => mp4::track(source).map(Contents::Coded),
            CodecContainer::Aiff => aiff::contents(source),
            CodecContainer::Caf => caf::contents(source),
        }
    }
}
