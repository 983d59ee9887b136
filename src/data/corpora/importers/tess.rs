//! TESS: `tess/OAF_angry/OAF_back_angry.wav`; talker, word, emotion.

use super::folder::{self, Parse, Parsed, RecordingPath};
use crate::corpora::{Corpus, ImportSource};
use seraug_core::error::Result;

const AROUND: &[&str] = &[
    "dataverse_files",
    "tess",
    "tess toronto emotional speech set data",
    "toronto emotional speech set (tess)",
];

/// Reads `corpora/tess`: a folder for each talker and emotion, or all files in one. The name of the file decides:
/// the folders' spelling differs between talkers and re-packings.
pub(crate) fn import(source: ImportSource) -> Result<Corpus> {
    folder::import(source, AROUND, parse)
}

pub(crate) fn parse(place: &RecordingPath) -> Parse {
    let stem = place.stem.to_lowercase();
    let mut parts = stem.splitn(3, '_');
    let (Some(talker), Some(word), Some(emotion)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("not a name like OAF_back_angry".into());
    };
    // The official release has one OA_bite_neutral.
    let speaker = match talker {
        "oaf" | "oa" => "OAF",
        "yaf" | "ya" => "YAF",
        _ => return Err(format!("unknown talker `{talker}`, expected OAF or YAF")),
    };
    let own = |folder: &str| folder.starts_with(&speaker.to_lowercase());
    match place.folders().as_slice() {
        [] => {}
        [folder] if own(folder) => {}
        _ => return Err(format!("stray audio: it belongs into a folder tess/{speaker}_<emotion>")),
    }
    let label = place.emotion(emotion)?;
    let code = if emotion.starts_with("pleasant") { "ps" } else { emotion };
    let id = format!("{speaker}_{word}_{code}");
    Ok(Some(Parsed::new(id, place.speaker(speaker)?, label).saying(word)))
}
