//! `synthetic`: acted emotions from the speech synthesiser espeak-ng, so that a fresh machine has a
//! corpus without a download. It shows that the pipeline works; it says nothing about people, and its
//! manifest is marked `synthetic`, so that whatever is printed from it says so.
//!
//! [`speakers`] say who talks, [`sentences`] what is said (the same pool for every emotion), [`prosody`]
//! how it is said, [`espeak`] and [`shaping`] turn that into sound, [`cache`] keeps it on disk. [`pack`] stands in for the
//! synthesiser in a wheel.

pub mod cache;
mod digest_index;
pub mod espeak;
pub mod pack;
pub mod prosody;
pub mod render;
pub mod sentences;
pub mod shaping;
pub mod source;
pub mod speakers;

use super::{Corpus, CorpusFaults, Utterance};
use indicatif::ProgressBar;
use rayon::prelude::*;
use sentences::Language;
use seraug_core::digest::digest_hex;
use seraug_core::emotion::Emotion;
use seraug_core::error::{Error, Result};
use seraug_core::manifest::Manifest;
use seraug_core::rng::Seed;
use source::SpeechSource;
use speakers::SyntheticSpeaker;
use std::collections::BTreeMap;
use std::path::Path;

/// The name of the corpus.
const NAME: &str = "synthetic";

/// Utterances of one speaker in one emotion.
pub const TAKES: usize = 12;

/// One utterance to generate; these three determine everything about it.
#[derive(Debug, Clone, Copy)]
pub struct Take<'a> {
    /// Who talks.
    pub speaker: &'a SyntheticSpeaker,
    /// The emotion to express.
    pub emotion: Emotion,
    /// 0-based, below [`TAKES`].
    pub number: usize,
}

impl Take<'_> {
    /// `en-f01-angry-03`, counted from 1.
    pub fn id(&self) -> String {
        format!("{}-{}-{:02}", self.speaker.id, self.emotion, self.number + 1)
    }
}

impl Take<'_> {
    /// What is said.
    pub(super) fn text(self) -> String {
        prosody::sentence(self).join(" ")
    }
}

/// Every take of `speaker`.
pub fn takes(speaker: &SyntheticSpeaker) -> impl Iterator<Item = Take<'_>> {
    prosody::EXPRESSIONS
        .iter()
        .flat_map(move |&(emotion, _)| (0..TAKES).map(move |number| Take { speaker, emotion, number }))
}

/// The corpus in `languages` (ISO 639-1; empty for all), generated below `cache` on first use.
///
/// The manifest of the corpus returned expects what these languages hold. `progress` advances by one
/// an utterance. Fails on a language that is not there, without a [`SpeechSource`], and when `cache` cannot be written.
pub fn import(
    manifest: Manifest,
    languages: &[String],
    cache: &Path,
    progress: &ProgressBar,
) -> Result<Corpus> {
    let languages = chosen(languages)?;
    import_from(&SpeechSource::find(&languages)?, manifest, &languages, cache, progress)
}

/// As [`import`], from the given source.
///
/// # Errors
/// As [`import`].
pub fn import_from(
    source: &SpeechSource,
    mut manifest: Manifest,
    languages: &[Language],
    cache: &Path,
    progress: &ProgressBar,
) -> Result<Corpus> {
    let speakers: Vec<SyntheticSpeaker> = languages.iter().copied().flat_map(speakers::of).collect();
    progress.set_length((speakers.len() * prosody::EXPRESSIONS.len() * TAKES) as u64);
    let root = cache.join(format!("synthetic-{}", digest(source.version())));
    let made: Vec<Vec<Utterance>> =
        speakers.par_iter().map(|s| cache::speaker(source, &root, s, progress)).collect::<Result<_>>()?;
    let mut utterances: Vec<Utterance> = made.into_iter().flatten().collect();
    utterances.sort_by(|a, b| a.id.cmp(&b.id));
    manifest.expected.utterances = utterances.len();
    manifest.speakers.retain(|id, _| speakers.iter().any(|s| s.id == *id));
    for (_, count) in &mut manifest.expected.emotions {
        *count = speakers.len() * TAKES;
    }
    let (dropped, problems, faults) = (BTreeMap::new(), Vec::new(), CorpusFaults::default());
    Ok(Corpus { manifest, root, utterances, dropped, problems, faults })
}

/// Refuses an utterance of the corpus whose sound this installation does not have.
///
/// # Errors
/// One line with the emotion and what to install.
pub fn heard(utterance: &Utterance) -> Result<()> {
    if &*utterance.corpus != NAME || utterance.path.exists() {
        return Ok(());
    }
    let packed = pack::EMOTIONS.map(Emotion::name).join(", ");
    Err(Error::failed(format!(
        "corpus synthetic: without espeak-ng there is the speech of {packed} alone, not of {}; apt-get install espeak-ng",
        utterance.emotion
    )))
}

/// The languages named, in the order of [`Language::ALL`].
fn chosen(names: &[String]) -> Result<Vec<Language>> {
    if let Some(name) = names.iter().find(|n| Language::ALL.iter().all(|l| l.code() != n.as_str())) {
        let known: Vec<_> = Language::ALL.iter().map(|l| l.code()).collect();
        return Err(Error::usage(format!(
            "corpus synthetic has no language `{name}`, choose from {}",
            known.join(", ")
        )));
    }
    let wanted = |l: &Language| names.is_empty() || names.iter().any(|n| n == l.code());
    Ok(Language::ALL.iter().copied().filter(wanted).collect())
}

/// The seed of all draws. It is part of the corpus: another seed gives another corpus.
fn seed() -> Seed {
    Seed::new(1).child("synthetic")
}

/// Goes up whenever the same take sounds different: another table of cues, speakers or settings, another way of shaping or
/// resampling. The cache is named by it, so that a comment costs no cache; a test holds a digest of the sound against it.
const RENDERING_VERSION: u32 = 1;

/// 16 hex digits of everything that decides the audio: the version of the rendering, the sentences, and the synthesiser's
/// own version.
fn digest(version: &str) -> String {
    let sentences = Language::ALL.map(Language::text).join("\n");
    let inputs = format!("rendering {RENDERING_VERSION}\0{sentences}\0{version}");
    digest_hex(inputs.as_bytes())[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_core::digest::Hasher;

    /// Version and digest of everything on both sides of the synthesiser. Where this test fails because the sound was changed
    /// on purpose, raise [`RENDERING_VERSION`] and write the new digest here.
    const SOUND: &str = "1 e8fe5518d5ada1c4bed7900e0581c1b8e6b309479f378805070d3b2d221fc6b7";

    #[test]
    fn the_sound_does_not_change_without_its_version() {
        let mut sound = Hasher::new();
        // A second of a voice-like wave at the synthesiser's rate stands for what espeak-ng says, which is not ours.
        let wave = |i: usize| {
            let t = i as f32 / 22_050.0;
            0.3 * (1.0 - t) * (750.0 * t).sin() + 0.1 * (2900.0 * t).sin()
        };
        let speech: Vec<f32> = (0..22_050).map(wave).collect();
        for speaker in Language::ALL.into_iter().flat_map(speakers::of) {
            for take in takes(&speaker) {
                let delivery = prosody::deliver(take);
                sound.add(&format!("{:?}", render::request(take, &delivery).arguments()));
                sound.add(&render::request(take, &delivery).ssml);
                if take.number == 0 {
                    let samples = render::recording(&speech, 22_050, take, &delivery).unwrap();
                    sound.add(&format!("{samples:?}"));
                }
            }
        }
        assert_eq!(format!("{RENDERING_VERSION} {}", sound.hex()), SOUND);
    }
}
