//! SAVEE: `savee/AudioData/DC/a01.wav`, or `DC_a01.wav` in one folder; speaker, emotion, sentence.

use super::folder::{self, Parse, Parsed, RecordingPath};
use crate::corpora::{Corpus, ImportSource};
use seraug_core::error::Result;

const AROUND: &[&str] = &["all", "audiodata", "savee"];

/// Reads `corpora/savee`.
pub(crate) fn import(source: ImportSource) -> Result<Corpus> {
    folder::import(source, AROUND, parse)
}

pub(crate) fn parse(place: &RecordingPath) -> Parse {
    let stem = place.stem.to_lowercase();
    let folders = place.folders();
    let (speaker, name) = match (stem.split_once('_'), folders.as_slice()) {
        (None, [speaker]) => (*speaker, stem.as_str()),
        (Some((speaker, name)), []) => (speaker, name),
        (Some((speaker, name)), [folder]) if *folder == speaker => (speaker, name),
        _ => return Err("stray audio: expected savee/AudioData/DC/a01 or DC_a01".into()),
    };
    let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    if digits != 2 {
        return Err("not a name like a01 or DC_a01".into());
    }
    let (code, sentence) = name.split_at(name.len() - digits);
    let (emotion, speaker) = (place.emotion(code)?, place.speaker(&speaker.to_uppercase())?);
    // The three sentences that all emotions share have a number in each, and nothing says which.
    let text = format!("{code}{sentence}");
    Ok(Some(Parsed::new(format!("{speaker}_{text}"), speaker, emotion).saying(text)))
}
