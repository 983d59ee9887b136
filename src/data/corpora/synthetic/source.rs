//! Where the recordings of the corpus come from: the synthesiser, or what a wheel brings of its speech.

use super::espeak::Espeak;
use super::pack::{SpeechPack, TakeAudio};
use super::sentences::Language;
use super::{Take, render};
use seraug_core::error::{Error, Result};
use std::path::Path;

/// A source of recordings. Both give the same bytes for the same version of the synthesiser.
#[derive(Debug, Clone)]
pub enum SpeechSource {
    /// The program espeak-ng.
    Synthesiser(Espeak),
    /// The pack of a wheel.
    Pack(SpeechPack),
}

impl SpeechSource {
    /// The source of this machine for `languages`.
    ///
    /// # Errors
    /// No espeak-ng, and no pack that has the languages.
    pub fn find(languages: &[Language]) -> Result<SpeechSource> {
        SpeechSource::of(Espeak::find(Path::new("espeak-ng")), SpeechPack::installed(), languages)
    }

    /// The synthesiser where it is of the version that made the pack, or where the pack lacks a language; else the pack, so that
    /// the recordings of a wheel are the same on every machine.
    ///
    /// # Errors
    /// Neither is there, or only a pack that lacks a language.
    pub fn of(
        espeak: Result<Espeak>,
        pack: Option<SpeechPack>,
        languages: &[Language],
    ) -> Result<SpeechSource> {
        let Some(pack) = pack else { return espeak.map(SpeechSource::Synthesiser) };
        let lacking = languages.iter().find(|language| !pack.knows(**language));
        match (espeak, lacking) {
            (Ok(espeak), None) if espeak.version() != pack.version() => Ok(SpeechSource::Pack(pack)),
            (Ok(espeak), _) => Ok(SpeechSource::Synthesiser(espeak)),
            (Err(_), None) => Ok(SpeechSource::Pack(pack)),
            (Err(_), Some(language)) => Err(Error::failed(format!(
                "espeak-ng is not installed, and the wheel's own speech is not in the language `{}`; apt-get install espeak-ng",
                language.code()
            ))),
        }
    }

    /// The version of the synthesiser.
    pub fn version(&self) -> &str {
        match self {
            SpeechSource::Synthesiser(espeak) => espeak.version(),
            SpeechSource::Pack(pack) => pack.version(),
        }
    }

    /// The recording of `take`.
    ///
    /// # Errors
    /// As [`render::render`] and [`SpeechPack::audio`].
    pub fn audio(&self, take: Take) -> Result<TakeAudio> {
        match self {
            SpeechSource::Synthesiser(espeak) => {
                render::wav(&render::render(espeak, take)?).map(TakeAudio::Wav)
            }
            SpeechSource::Pack(pack) => pack.audio(take),
        }
    }
}
