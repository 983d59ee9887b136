//! nEMO: `nemo/samples/WR0_surprised_64.wav`; speaker, emotion, sentence.

use super::folder::{self, Parse, Parsed, RecordingPath};
use crate::corpora::{Corpus, ImportSource};
use seraug_core::error::Result;

const AROUND: &[&str] = &["nemo", "nemo-main"];

/// Reads `corpora/nemo`.
pub(crate) fn import(source: ImportSource) -> Result<Corpus> {
    folder::import(source, AROUND, parse)
}

pub(crate) fn parse(place: &RecordingPath) -> Parse {
    if !matches!(place.folders().as_slice(), [] | ["samples"]) {
        return Err("stray audio: recordings belong into nemo/samples".into());
    }
    let &[speaker, emotion, sentence] = place.stem.split('_').collect::<Vec<_>>().as_slice() else {
        return Err("not a name like WR0_surprised_64".into());
    };
    let sentence: u32 = sentence.parse().map_err(|_| "not a name like WR0_surprised_64")?;
    let (speaker, code) = (place.speaker(&speaker.to_uppercase())?, emotion.to_lowercase());
    let emotion = place.emotion(&code)?;
    Ok(Some(
        Parsed::new(format!("{speaker}_{code}_{sentence}"), speaker, emotion).saying(sentence.to_string()),
    ))
}
