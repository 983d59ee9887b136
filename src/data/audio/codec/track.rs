//! Packets of a codec, and how they become samples.

use super::trim::GaplessPart;
use super::window::ReadWindow;
use crate::audio::mix::{LONGEST, Mix, within_limits};
use crate::audio::refusal::{CONVERT, FRESH, Refusable};
use crate::audio::source::AudioSource;
use crate::audio::{Decoded, Length};
use seraug_core::manifest::Channels;
use std::io::{Read, Seek};
use symphonia::core::audio::{Channels as Layout, layouts};
use symphonia::core::codecs::audio::well_known as ids;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};

/// Most pieces of a recording: packets, or parts of them in several pages. The shortest packets have 64 samples.
const MOST_SPANS: usize = (LONGEST / 64) as usize;

/// How packets are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Mp3,
    Aac,
    Alac,
    Vorbis,
    MicrosoftAdpcm,
    ImaAdpcm,
}

impl Codec {
    /// As a message has it.
    fn name(self) -> &'static str {
        match self {
            Codec::Mp3 => "mp3",
            Codec::Aac => "AAC",
            Codec::Alac => "ALAC",
            Codec::Vorbis => "Vorbis",
            Codec::MicrosoftAdpcm | Codec::ImaAdpcm => "ADPCM",
        }
    }

    fn id(self) -> AudioCodecId {
        match self {
            Codec::Mp3 => ids::CODEC_ID_MP3,
            Codec::Aac => ids::CODEC_ID_AAC,
            Codec::Alac => ids::CODEC_ID_ALAC,
            Codec::Vorbis => ids::CODEC_ID_VORBIS,
            Codec::MicrosoftAdpcm => ids::CODEC_ID_ADPCM_MS,
            Codec::ImaAdpcm => ids::CODEC_ID_ADPCM_IMA_WAV,
        }
    }
}

/// What a decoder needs to know beside the packets.
#[derive(Debug, Clone)]
pub(super) struct CodecSetup {
    pub(super) codec: Codec,
    /// Hertz.
    pub(super) rate: u32,
    pub(super) channels: usize,
    /// Most samples of each channel in a packet; for ADPCM in every packet.
    pub(super) block: u64,
    /// The codec's own header.
    pub(super) header: Box<[u8]>,
}

impl CodecSetup {
    /// # Errors
    /// A variant of the codec that is not read.
    fn decoder(&self) -> Refusable<Box<dyn AudioDecoder>> {
        let mut parameters = AudioCodecParameters::new();
        parameters
            .for_codec(self.codec.id())
            .with_sample_rate(self.rate)
            .with_max_frames_per_packet(self.block)
            .with_frames_per_block(self.block);
        if let Some(layout) = layout(self.channels) {
            parameters.with_channels(layout);
        }
        if !self.header.is_empty() {
            parameters.with_extra_data(self.header.clone());
        }
        let options = AudioDecoderOptions::default();
        symphonia::default::get_codecs()
            .make_audio_decoder(&parameters, &options)
            .map_err(|e| format!("{} of a kind that is not read ({e}); {CONVERT}", self.codec.name()))
    }
}

/// The layout of `channels` channels, which decoders of one or two ask for; the others have it in their header.
fn layout(channels: usize) -> Option<Layout> {
    match channels {
        1 => Some(layouts::CHANNEL_LAYOUT_MONO),
        2 => Some(layouts::CHANNEL_LAYOUT_STEREO),
        _ => None,
    }
}

/// Where the packets of a recording are.
#[derive(Debug, Default)]
pub(super) struct PacketList {
    /// Offset and length of each piece.
    spans: Vec<(u64, u32)>,
    /// Number of pieces up to the end of each packet.
    ends: Vec<u32>,
    /// Bytes of all.
    bytes: u64,
}

impl PacketList {
    /// Adds a piece of the packet that is next; [`PacketList::end`] ends it.
    ///
    /// # Errors
    /// More pieces than are read.
    pub(super) fn piece(&mut self, at: u64, length: u32) -> Refusable<()> {
        if self.spans.len() >= MOST_SPANS {
            return Err(format!("has more than {MOST_SPANS} packets; cut it into several files"));
        }
        self.bytes += u64::from(length);
        self.spans.push((at, length));
        Ok(())
    }

    /// Ends a packet.
    pub(super) fn end(&mut self) {
        self.ends.push(self.spans.len() as u32);
    }

    /// Adds a packet of one piece.
    ///
    /// # Errors
    /// As [`PacketList::piece`].
    pub(super) fn push(&mut self, at: u64, length: u32) -> Refusable<()> {
        self.piece(at, length)?;
        self.end();
        Ok(())
    }

    /// Number of packets.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Takes the packets before the one numbered `first` away.
    pub(super) fn without(mut self, first: usize) -> PacketList {
        let gone = first.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
        self.ends.drain(..first.min(self.ends.len()));
        self.ends.iter_mut().for_each(|end| *end -= gone);
        let rest = self.spans.split_off(gone as usize);
        self.bytes -= self.spans.iter().map(|s| u64::from(s.1)).sum::<u64>();
        PacketList { spans: rest, ..self }
    }

    /// The pieces of each packet.
    fn packets(&self) -> impl Iterator<Item = &[(u64, u32)]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(from, to)| &self.spans[from as usize..*to as usize])
    }

    /// The first byte of each packet; `None` of an empty one.
    pub(super) fn firsts<R: Read + Seek>(
        &self,
        source: &mut AudioSource<R>,
    ) -> impl Iterator<Item = Refusable<Option<u8>>> {
        let mut window = ReadWindow::new(source);
        self.packets().map(move |pieces| match pieces.iter().find(|(_, length)| *length > 0) {
            Some((at, _)) => Ok(window.exactly::<1>(*at)?.map(|[first]| first)),
            None => Ok(None),
        })
    }

    /// Replaces the content of `out` by that of packet `n`.
    ///
    /// # Errors
    /// A file that cannot be read, or ends before.
    pub(super) fn read<R: Read + Seek>(
        &self,
        source: &mut AudioSource<R>,
        n: usize,
        out: &mut Vec<u8>,
    ) -> Refusable<()> {
        match self.packets().nth(n) {
            Some(pieces) => fetch(source, pieces, out),
            None => Err(format!("cut short within its header; {FRESH}")),
        }
    }
}

/// Replaces the content of `out` by the bytes of `pieces`.
fn fetch<R: Read + Seek>(
    source: &mut AudioSource<R>,
    pieces: &[(u64, u32)],
    out: &mut Vec<u8>,
) -> Refusable<()> {
    out.clear();
    for (at, length) in pieces {
        let from = out.len();
        out.resize(from + *length as usize, 0);
        if source.read(*at, &mut out[from..])? < *length as usize {
            return Err(format!("became shorter while it was read; {FRESH}"));
        }
    }
    Ok(())
}

/// The packets of a recording, and what of them is the recording.
#[derive(Debug)]
pub(in crate::audio) struct CodedTrack {
    setup: CodecSetup,
    packets: PacketList,
    part: GaplessPart,
}

impl CodedTrack {
    /// # Errors
    /// More samples than the packets can hold, packets longer than the file of `length` bytes, a part of no samples.
    pub(super) fn new(
        setup: CodecSetup,
        packets: PacketList,
        part: GaplessPart,
        length: u64,
    ) -> Refusable<CodedTrack> {
        let most = (packets.len() as u64).saturating_mul(setup.block);
        let all = part.skip.saturating_add(part.frames);
        if all > most {
            return Err(format!("states {all} samples, its packets hold at most {most}; {FRESH}"));
        }
        if packets.bytes > length {
            return Err(format!("damaged: its packets overlap; {FRESH}"));
        }
        if part.frames == 0 {
            return Err(format!("has no samples; {FRESH}, or leave it out"));
        }
        Ok(CodedTrack { setup, packets, part })
    }

    /// How long the recording is.
    ///
    /// # Errors
    /// A rate, a length or a number of channels that is not read.
    pub(in crate::audio) fn length(&self) -> Refusable<Length> {
        let (frames, setup) = (self.part.frames, &self.setup);
        within_limits(setup.rate, setup.channels, frames)?;
        Ok(Length { frames, rate: setup.rate })
    }

    /// The samples, in one channel.
    ///
    /// # Errors
    /// One line without the file: damaged, fewer samples than stated, too long, no sound.
    pub(in crate::audio) fn read<R: Read + Seek>(
        &self,
        source: &mut AudioSource<R>,
        policy: Channels,
    ) -> Refusable<Decoded> {
        let CodecSetup { codec, rate, channels, block, .. } = self.setup;
        let GaplessPart { mut skip, frames } = self.part;
        let mut mix = Mix::new(policy, rate, channels, Some(frames))?;
        let mut decoder = self.setup.decoder()?;
        let (mut bytes, mut samples) = (Vec::new(), Vec::new());
        for pieces in self.packets.packets() {
            let left = frames - mix.len() as u64;
            if left == 0 {
                break;
            }
            fetch(source, pieces, &mut bytes)?;
            if bytes.is_empty() {
                continue;
            }
            let packet = PacketRef::new(0, Timestamp::ZERO, Duration::new(block), &bytes);
            let damaged = |why: &dyn std::fmt::Display| {
                format!("damaged after {:.3} s ({why}); {FRESH}", mix.seconds())
            };
            let decoded = decoder.decode_ref(&packet).map_err(|e| damaged(&e))?;
            if decoded.frames() > 0 {
                let spec = decoded.spec();
                if (spec.rate(), spec.channels().count()) != (rate, channels) {
                    return Err(damaged(&format!("{} that is not as its header states", codec.name())));
                }
            }
            decoded.copy_to_vec_interleaved::<f32>(&mut samples);
            let from = skip.min((samples.len() / channels) as u64);
            skip -= from;
            let rest = &samples[from as usize * channels..];
            let take = (left as usize).saturating_mul(channels).min(rest.len());
            mix.add(&rest[..take])?;
        }
        let found = mix.len() as u64;
        if found < frames {
            return Err(format!(
                "cut short: {found} of the {frames} samples that its header states; {FRESH}"
            ));
        }
        mix.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn packets_are_put_together_from_their_pieces() {
        let mut list = PacketList::default();
        list.push(2, 3).unwrap();
        list.piece(0, 1).unwrap();
        list.piece(9, 1).unwrap();
        list.end();
        list.push(5, 1).unwrap();
        let mut source = AudioSource::new(Cursor::new(b"abcdefghij"), 0, 10).unwrap();
        let mut read = |list: &PacketList| {
            let mut out = Vec::new();
            (0..list.len())
                .map(|n| {
                    list.read(&mut source, n, &mut out).map(|()| String::from_utf8(out.clone()).unwrap())
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(read(&list), ["cde", "aj", "f"].map(|s| Ok(s.to_owned())));
        assert_eq!(list.bytes, 6);
        let rest = list.without(1);
        assert_eq!((read(&rest), rest.bytes), (vec![Ok("aj".to_owned()), Ok("f".to_owned())], 3));
    }
}
