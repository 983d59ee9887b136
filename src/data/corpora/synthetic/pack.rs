//! The speech of the quickstart as a wheel brings it along, for machines without the synthesiser: recordings that espeak-ng and
//! the code here made when the wheel was built, bit for bit.
//!
//! A pack is a folder: `version`, what the synthesiser calls itself; `index.csv`, the SHA-256 of the wav file of every take of the
//! languages that it knows; `LANGUAGE/SPEAKER/ID.flac`, the takes that it holds. A flac lacks the background noise of its
//! recording, which the take's own draws add again: noise cannot be compressed.

use super::digest_index::{read_index, write_index};
use super::espeak::Espeak;
use super::sentences::Language;
use super::{Take, render, speakers, takes};
use crate::audio;
use indicatif::ProgressBar;
use rayon::prelude::*;
use seraug_core::digest::digest_hex;
use seraug_core::emotion::Emotion;
use seraug_core::error::{Error, Result};
use seraug_core::files::{self, write_atomic};
use seraug_core::installation;
use seraug_core::manifest::Channels;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The language of the quickstart.
pub const LANGUAGE: Language = Language::En;
/// Its emotions, those that a pack has the sound of; of the others it has the digests.
pub const EMOTIONS: [Emotion; 4] = [Emotion::NEUTRAL, Emotion::ANGRY, Emotion::SAD, Emotion::HAPPY];

/// A pack on disk.
#[derive(Debug, Clone)]
pub struct SpeechPack {
    folder: PathBuf,
    version: String,
    /// SHA-256 by id.
    index: HashMap<String, String>,
}

/// What is known of a take's recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakeAudio {
    /// The wav file.
    Wav(Vec<u8>),
    /// The digest of the wav file alone.
    Digest(String),
}

impl SpeechPack {
    /// The pack of this installation, which a wheel has.
    pub fn installed() -> Option<SpeechPack> {
        SpeechPack::open(&installation::package()?.join("speech"))
    }

    /// The pack in `folder`; `None` where there is none.
    pub fn open(folder: &Path) -> Option<SpeechPack> {
        let version = files::text(&folder.join("version")).ok()?.trim().to_owned();
        let index = read_index(&folder.join("index.csv"));
        Some(SpeechPack { folder: folder.to_owned(), version, index })
    }

    /// The version of the synthesiser that spoke.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether every take of `language` is in the index.
    pub fn knows(&self, language: Language) -> bool {
        let all = speakers::of(language);
        all.iter().all(|speaker| takes(speaker).all(|take| self.index.contains_key(&take.id())))
    }

    /// The recording of `take`, compared with its digest.
    ///
    /// # Errors
    /// A damaged or incomplete pack.
    pub fn audio(&self, take: Take) -> Result<TakeAudio> {
        let id = take.id();
        let again = "install the wheel again";
        let Some(sha256) = self.index.get(&id) else {
            let index = self.folder.join("index.csv");
            return Err(Error::at(index, format!("has no {id}; {again}")));
        };
        if take.speaker.language != LANGUAGE || !EMOTIONS.contains(&take.emotion) {
            return Ok(TakeAudio::Digest(sha256.clone()));
        }
        let path = place(&self.folder, take).with_extension("flac");
        let voice: Vec<i16> = audio::decode(&path, Channels::Mean)?
            .samples
            .iter()
            .map(|s| (f64::from(*s) * 32_768.0).round() as i16)
            .collect();
        let bytes = render::wav(&with_noise(&voice, take))?;
        match digest_hex(&bytes) == *sha256 {
            true => Ok(TakeAudio::Wav(bytes)),
            false => Err(Error::at(path, format!("does not give the recording of index.csv; {again}"))),
        }
    }
}

/// Where the recording of a take is, without its extension.
fn place(folder: &Path, take: Take) -> PathBuf {
    folder.join(take.speaker.language.code()).join(&take.speaker.id).join(take.id())
}

/// The samples of a take without its background noise, as a pack has them. Both this and its inverse wrap, so that each undoes the
/// other.
pub fn without_noise(samples: &[i16], take: Take) -> Vec<i16> {
    let noise = render::background(take, samples.len());
    samples.iter().zip(noise).map(|(s, n)| s.wrapping_sub(n)).collect()
}

fn with_noise(voice: &[i16], take: Take) -> Vec<i16> {
    let noise = render::background(take, voice.len());
    voice.iter().zip(noise).map(|(s, n)| s.wrapping_add(n)).collect()
}

/// Writes a pack to `folder`, with wav files in place of flac: whoever builds a wheel encodes them. `progress` advances by one a take.
///
/// # Errors
/// The synthesiser fails; a file cannot be written.
pub fn write(espeak: &Espeak, folder: &Path, progress: &ProgressBar) -> Result<()> {
    let speakers = speakers::of(LANGUAGE);
    let all: Vec<Take> = speakers.iter().flat_map(takes).collect();
    progress.set_length(all.len() as u64);
    let rows: Vec<(String, String)> = all
        .into_par_iter()
        .map(|take| {
            let samples = render::render(espeak, take)?;
            let sha256 = digest_hex(&render::wav(&samples)?);
            if EMOTIONS.contains(&take.emotion) {
                let voice = render::wav(&without_noise(&samples, take))?;
                write_atomic(&place(folder, take).with_extension("wav"), &voice)?;
            }
            progress.inc(1);
            Ok((take.id(), sha256))
        })
        .collect::<Result<_>>()?;
    write_index(&folder.join("index.csv"), rows.iter().map(|(id, sha256)| (id.as_str(), sha256.as_str())))?;
    write_atomic(&folder.join("version"), format!("{}\n", espeak.version()).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_removed_and_added_without_a_trace() {
        let speaker = &speakers::of(LANGUAGE)[0];
        let take = Take { speaker, emotion: Emotion::SAD, number: 2 };
        let samples: Vec<i16> = (0..20_000).map(|n| [i16::MAX, i16::MIN, 0, 1234][n % 4]).collect();
        let voice = without_noise(&samples, take);
        assert_ne!(voice, samples);
        assert_eq!(with_noise(&voice, take), samples);
        // It is what hides in the silence before the first word.
        let quiet = with_noise(&[0; 20_000], take);
        let power = quiet.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / 20_000.0;
        assert!((1.0..400.0).contains(&power.sqrt()), "{power}");
    }
}
