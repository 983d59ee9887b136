//! RAVDESS, speech: `ravdess/Actor_01/03-01-05-01-01-01-01.wav`; modality, channel, emotion, intensity, statement,
//! repetition, actor.

use super::folder::{self, Parse, Parsed, RecordingPath};
use crate::corpora::{Corpus, ImportSource};
use seraug_core::error::Result;

const AROUND: &[&str] = &["ravdess", "audio_speech_actors_01-24", "audio_song_actors_01-24"];

/// Reads `corpora/ravdess`. Songs are another part of the corpus and are passed over.
pub(crate) fn import(source: ImportSource) -> Result<Corpus> {
    folder::import(source, AROUND, parse)
}

pub(crate) fn parse(place: &RecordingPath) -> Parse {
    let parts: Vec<&str> = place.stem.split('-').collect();
    let numbers = parts.iter().all(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_digit()));
    let ([modality, channel, emotion, _, statement, _, actor], true) = (parts.as_slice(), numbers) else {
        return Err("not a name like 03-01-05-01-01-01-01".into());
    };
    match place.folders().as_slice() {
        [] => {}
        [folder] if *folder == format!("actor_{actor}") => {}
        _ => return Err(format!("stray audio: it belongs into ravdess/Actor_{actor}")),
    }
    match (*modality, *channel) {
        ("03", "01") => {}
        ("03", "02") => return Ok(None),
        _ => return Err(format!("unknown part {modality}-{channel}, expected 03-01 (speech, audio only)")),
    }
    let (emotion, speaker) = (place.emotion(emotion)?, place.speaker(actor)?);
    Ok(Some(Parsed::new(place.stem.clone(), speaker, emotion).saying(*statement)))
}
