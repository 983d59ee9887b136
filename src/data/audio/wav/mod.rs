//! Finds the samples of a wav. Sizes in the header are checked against the file, because writers that cannot seek back leave them
//! empty and other tools get them wrong by a few bytes.

mod chunks;
mod format;

use super::codec::{Contents, adpcm};
use super::pcm::{PcmOrder, PcmPlace};
use super::refusal::Refusable;
use super::source::AudioSource;
use chunks::WavLayout;
use format::WavFormat;
use std::io::{Read, Seek};

/// Whether `head` begins as a wav does.
pub(super) fn begins(head: &[u8]) -> bool {
    let form = head.get(..4).unwrap_or_default();
    matches!(form, b"RIFF" | b"RF64" | b"BW64") && head.get(8..12) == Some(b"WAVE")
}

/// Finds the samples of a wav.
///
/// # Errors
/// One line without the file: cut short, damaged, a codec or layout that is not read.
pub(super) fn contents<R: Read + Seek>(source: &mut AudioSource<R>) -> Refusable<Contents> {
    let WavLayout { format, start, bytes, fact } = chunks::layout(source)?;
    match format {
        WavFormat::Pcm(format) => {
            let frames = bytes / format.frame() as u64;
            Ok(Contents::Pcm(PcmPlace { format, order: PcmOrder::Wav, start, frames }))
        }
        WavFormat::Adpcm(format) => adpcm::track(&format, start, bytes, fact).map(Contents::Coded),
    }
}
