//! EMOVO: `emovo/f1/dis-f1-b1.wav`; emotion, speaker, sentence.

use super::folder::{self, Parse, Parsed, RecordingPath};
use crate::corpora::{Corpus, ImportSource};
use seraug_core::error::Result;

const AROUND: &[&str] = &["emovo"];

/// Reads `corpora/emovo`: a folder for each speaker, or all files in one.
pub(crate) fn import(source: ImportSource) -> Result<Corpus> {
    folder::import(source, AROUND, parse)
}

pub(crate) fn parse(place: &RecordingPath) -> Parse {
    let stem = place.stem.to_lowercase();
    let &[emotion, speaker, sentence] = stem.split('-').collect::<Vec<_>>().as_slice() else {
        return Err("not a name like dis-f1-b1".into());
    };
    match sentence.as_bytes() {
        [b'b' | b'd' | b'l' | b'n', b'1'..=b'5'] => {}
        _ => return Err(format!("unknown sentence `{sentence}`, expected b1 to n5")),
    }
    match place.folders().as_slice() {
        [] => {}
        [folder] if *folder == speaker => {}
        _ => return Err(format!("stray audio: it belongs into emovo/{speaker}")),
    }
    let (emotion, speaker) = (place.emotion(emotion)?, place.speaker(speaker)?);
    Ok(Some(Parsed::new(stem.clone(), speaker, emotion).saying(sentence)))
}
