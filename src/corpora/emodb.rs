//! EMO-DB: `emodb/wav/03a01Fa.wav`; speaker 03, sentence a01, emotion F, take a.

use super::{Corpus, Source, folder, folder::Parsed};
use crate::error::Result;
use crate::manifest::Manifest;
use std::path::Path;

/// Reads `corpora/emodb`: the files in its `wav` folder, and those beside it.
pub(super) fn import(source: Source) -> Result<Corpus> {
    folder::import(source, parse)
}

fn parse(manifest: &Manifest, relative: &Path) -> std::result::Result<Parsed, String> {
    let place = relative.parent().map(|p| p.to_string_lossy().to_lowercase()).unwrap_or_default();
    if !matches!(place.as_str(), "" | "wav") {
        return Err("stray audio: recordings belong into emodb/wav".into());
    }
    let stem = relative.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let &[s1, s2, text, t1, t2, emotion, take] = stem.as_bytes() else {
        return Err("not a name like 03a01Fa".into());
    };
    let letters = [text, emotion, take].iter().all(u8::is_ascii_alphabetic);
    if !letters || ![s1, s2, t1, t2].iter().all(u8::is_ascii_digit) {
        return Err("not a name like 03a01Fa".into());
    }
    // Copies through old file systems come in upper case; the id does not.
    let (text, take) = (text.to_ascii_lowercase() as char, take.to_ascii_lowercase() as char);
    let code = (emotion.to_ascii_uppercase() as char).to_string();
    let emotion = *manifest.labels.get(&code).ok_or_else(|| {
        let known: Vec<_> = manifest.labels.keys().map(String::as_str).collect();
        format!("unknown emotion code `{code}`, expected one of {}", known.join(", "))
    })?;
    let speaker = stem[..2].to_owned();
    if !manifest.speakers.contains_key(&speaker) {
        let known: Vec<_> = manifest.speakers.keys().map(String::as_str).collect();
        return Err(format!("unknown speaker `{speaker}`, expected one of {}", known.join(", ")));
    }
    let id = format!("{speaker}{text}{}{code}{take}", &stem[3..5]);
    Ok(Parsed { id, speaker, session: None, language: "de".into(), emotion })
}
