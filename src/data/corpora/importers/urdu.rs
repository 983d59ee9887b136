//! URDU: `urdu/Angry/SM1_F10_A010.wav`; speaker (S, M or F, number), file of the speaker, emotion letter and number.

use super::folder::{self, Parse, Parsed, RecordingPath};
use crate::corpora::{Corpus, ImportSource};
use seraug_core::error::Result;

const AROUND: &[&str] = &["urdu", "urdu-dataset", "urdu-dataset-master"];

/// Reads `corpora/urdu`: a folder for each emotion, or all files in one.
pub(crate) fn import(source: ImportSource) -> Result<Corpus> {
    folder::import(source, AROUND, parse)
}

pub(crate) fn parse(place: &RecordingPath) -> Parse {
    let id = place.stem.to_uppercase();
    let number = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let &[speaker, file, label] = id.split('_').collect::<Vec<_>>().as_slice() else {
        return Err("not a name like SM1_F10_A010".into());
    };
    if !file.strip_prefix('F').is_some_and(number) || !label.get(1..).is_some_and(number) {
        return Err("not a name like SM1_F10_A010".into());
    }
    let emotion = place.emotion(&label[..1])?;
    match place.folders().as_slice() {
        [] => {}
        [folder] if *folder == emotion.name() => {}
        _ => {
            return Err(format!("stray audio: by its letter {} it belongs into urdu/{emotion}", &label[..1]));
        }
    }
    let speaker = place.speaker(speaker)?;
    Ok(Some(Parsed::new(id, speaker, emotion)))
}
