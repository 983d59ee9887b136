//! EMO-DB: `emodb/wav/03a01Fa.wav`; speaker 03, sentence a01, emotion F, take a.

use super::folder::{self, Parse, Parsed, RecordingPath};
use crate::corpora::{Corpus, ImportSource};
use seraug_core::error::Result;

const AROUND: &[&str] = &["download", "emo-db", "emodb"];

/// Reads `corpora/emodb`: the files in its `wav` folder, and those beside it.
pub(crate) fn import(source: ImportSource) -> Result<Corpus> {
    folder::import(source, AROUND, parse)
}

pub(crate) fn parse(place: &RecordingPath) -> Parse {
    if !matches!(place.folders().as_slice(), [] | ["wav"]) {
        return Err("stray audio: recordings belong into emodb/wav".into());
    }
    let &[s1, s2, text, t1, t2, emotion, take] = place.stem.as_bytes() else {
        return Err("not a name like 03a01Fa".into());
    };
    let letters = [text, emotion, take].iter().all(u8::is_ascii_alphabetic);
    if !letters || ![s1, s2, t1, t2].iter().all(u8::is_ascii_digit) {
        return Err("not a name like 03a01Fa".into());
    }
    // Copies through old file systems come in upper case; the id does not.
    let (text, take) = (text.to_ascii_lowercase() as char, take.to_ascii_lowercase() as char);
    let code = (emotion.to_ascii_uppercase() as char).to_string();
    let emotion = place.emotion(&code)?;
    let speaker = place.speaker(&place.stem[..2])?;
    let text = format!("{text}{}", &place.stem[3..5]);
    Ok(Some(Parsed::new(format!("{speaker}{text}{code}{take}"), speaker, emotion).saying(text)))
}
