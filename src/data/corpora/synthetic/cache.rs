//! Generated audio on disk: `synthetic-<digest>/<language>/<speaker>/<id>.wav` and, once a speaker is
//! complete, an `index.csv` with the SHA-256 of each file, against which later runs verify the files.

use super::digest_index::{read_index, write_index};
use super::pack::TakeAudio;
use super::source::SpeechSource;
use super::speakers::SyntheticSpeaker;
use super::{Take, takes};
use crate::corpora::Utterance;
use indicatif::ProgressBar;
use rayon::prelude::*;
use seraug_core::digest::digest_hex;
use seraug_core::error::Result;
use seraug_core::files::{self, write_atomic};
use seraug_core::manifest::Channels;
use std::path::Path;

/// The utterances of `speaker` below `root`: intact files are kept, the others come from `source`. One of which the source
/// has the digest alone has no file.
pub fn speaker(
    source: &SpeechSource,
    root: &Path,
    speaker: &SyntheticSpeaker,
    progress: &ProgressBar,
) -> Result<Vec<Utterance>> {
    let folder = root.join(speaker.language.code()).join(&speaker.id);
    let index = folder.join("index.csv");
    let known = read_index(&index);
    let utterances: Vec<Utterance> = takes(speaker)
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|take| {
            let made = utterance(source, &folder, take, known.get(&take.id()));
            progress.inc(1);
            made
        })
        .collect::<Result<_>>()?;
    if utterances.iter().any(|u| known.get(&u.id) != Some(&u.sha256)) {
        write_index(&index, utterances.iter().map(|u| (u.id.as_str(), u.sha256.as_str())))?;
    }
    Ok(utterances)
}

fn utterance(source: &SpeechSource, folder: &Path, take: Take, known: Option<&String>) -> Result<Utterance> {
    let id = take.id();
    let path = folder.join(format!("{id}.wav"));
    let intact =
        known.filter(|sha| files::read(&path, files::DATA).is_ok_and(|bytes| digest_hex(&bytes) == **sha));
    let sha256 = match intact {
        Some(sha) => sha.clone(),
        None => match source.audio(take)? {
            TakeAudio::Wav(bytes) => {
                write_atomic(&path, &bytes)?;
                digest_hex(&bytes)
            }
            TakeAudio::Digest(sha256) => sha256,
        },
    };
    Ok(Utterance {
        corpus: "synthetic".into(),
        id,
        path,
        excerpt: None,
        channels: Channels::Mean,
        speaker: take.speaker.id.clone(),
        gender: Some(take.speaker.gender),
        session: None,
        split: None,
        text: Some(take.text()),
        language: take.speaker.language.code().to_owned(),
        emotion: take.emotion,
        sha256,
    })
}
