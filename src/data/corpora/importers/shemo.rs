//! ShEMO: `shemo/female/F01A01.wav`; gender, speaker number, emotion letter, number.

use super::folder::{self, Parse, Parsed, RecordingPath};
use crate::corpora::{Corpus, ImportSource};
use seraug_core::error::Result;
use seraug_core::manifest::Gender;

const AROUND: &[&str] = &["shemo"];

/// Reads `corpora/shemo`: the folders `female` and `male`, or all files in one.
pub(crate) fn import(source: ImportSource) -> Result<Corpus> {
    folder::import(source, AROUND, parse)
}

pub(crate) fn parse(place: &RecordingPath) -> Parse {
    let id = place.stem.to_uppercase();
    let name = "not a name like F01A01";
    let &[sex, n1, n2, emotion, ref number @ ..] = id.as_bytes() else { return Err(name.into()) };
    let digits = [n1, n2].iter().chain(number).all(u8::is_ascii_digit);
    if !digits || number.is_empty() || !emotion.is_ascii_alphabetic() {
        return Err(name.into());
    }
    let gender = match sex {
        b'F' => Gender::Female,
        b'M' => Gender::Male,
        _ => return Err(format!("{name}: its first letter is F or M")),
    };
    match place.folders().as_slice() {
        [] => {}
        [folder] if *folder == gender.name() => {}
        _ => return Err(format!("stray audio: it belongs into shemo/{}", gender.name())),
    }
    let emotion = place.emotion(&char::from(emotion).to_string())?;
    let speaker = id[..3].to_owned();
    Ok(Some(Parsed { gender: Some(gender), ..Parsed::new(id, speaker, emotion) }))
}
