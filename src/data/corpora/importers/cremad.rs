//! CREMA-D: `cremad/AudioWAV/1001_DFA_ANG_XX.wav`; actor, sentence, emotion, intensity.

use super::folder::{self, Parse, Parsed, RecordingPath};
use crate::corpora::{Corpus, ImportSource};
use seraug_core::error::Result;

const AROUND: &[&str] = &["crema-d", "crema-d-master", "cremad"];

/// Reads `corpora/cremad`. Its AudioMP3 folder holds the same recordings and is passed over.
pub(crate) fn import(source: ImportSource) -> Result<Corpus> {
    folder::import(source, AROUND, parse)
}

pub(crate) fn parse(place: &RecordingPath) -> Parse {
    if !matches!(place.folders().as_slice(), [] | ["audiowav" | "audiomp3"]) {
        return Err("stray audio: recordings belong into cremad/AudioWAV".into());
    }
    let id = canonical(place.stem.to_uppercase());
    let &[actor, sentence, emotion, "XX" | "LO" | "MD" | "HI" | "X"] =
        id.split('_').collect::<Vec<_>>().as_slice()
    else {
        return Err("not a name like 1001_DFA_ANG_XX".into());
    };
    if sentence.len() != 3 {
        return Err(format!("unknown sentence `{sentence}`, expected three letters"));
    }
    let (emotion, speaker) = (place.emotion(emotion)?, place.speaker(actor)?);
    Ok(Some(Parsed::new(id.clone(), speaker, emotion).saying(sentence)))
}

/// One id for a recording under either of its names: the intensity `X` is `XX`. 1040_ITH_SAD_X alone was published so,
/// until 2022, and keeps the name by which it is drawn in folds and reductions.
fn canonical(id: String) -> String {
    match id.as_str() {
        "1040_ITH_SAD_XX" => "1040_ITH_SAD_X".to_owned(),
        "1040_ITH_SAD_X" => id,
        other if other.ends_with("_X") => id + "X",
        _ => id,
    }
}
