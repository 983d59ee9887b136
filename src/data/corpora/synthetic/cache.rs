//! Generated audio on disk: `synthetic-<digest>/<language>/<speaker>/<id>.wav` and, once a speaker is
//! complete, an `index.csv` with the SHA-256 of each file, against which later runs verify the files.

use super::espeak::Espeak;
use super::speakers::SyntheticSpeaker;
use super::{Take, render, takes};
use crate::corpora::Utterance;
use indicatif::ProgressBar;
use rayon::prelude::*;
use seraug_core::digest::digest_hex;
use seraug_core::error::Result;
use seraug_core::files::{self, write_atomic};
use seraug_core::manifest::Channels;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

/// The utterances of `speaker` below `root`: intact files are kept, the others are generated.
pub fn speaker(
    espeak: &Espeak,
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
            let made = utterance(espeak, &folder, take, known.get(&take.id()));
            progress.inc(1);
            made
        })
        .collect::<Result<_>>()?;
    if utterances.iter().any(|u| known.get(&u.id) != Some(&u.sha256)) {
        let mut text = String::from("id,sha256\n");
        for u in &utterances {
            let _ = writeln!(text, "{},{}", u.id, u.sha256);
        }
        write_atomic(&index, text.as_bytes())?;
    }
    Ok(utterances)
}

fn utterance(espeak: &Espeak, folder: &Path, take: Take, known: Option<&String>) -> Result<Utterance> {
    let id = take.id();
    let path = folder.join(format!("{id}.wav"));
    let intact =
        known.filter(|sha| files::read(&path, files::DATA).is_ok_and(|bytes| digest_hex(&bytes) == **sha));
    let sha256 = match intact {
        Some(sha) => sha.clone(),
        None => {
            let bytes = render::wav(&render::render(espeak, take)?)?;
            write_atomic(&path, &bytes)?;
            digest_hex(&bytes)
        }
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

/// Maps ids to SHA-256; empty if there is no index. A torn index only means that files are generated again.
fn read_index(path: &Path) -> HashMap<String, String> {
    let text = files::text(path).unwrap_or_default();
    text.lines().filter_map(|l| l.split_once(',')).map(|(id, sha)| (id.to_owned(), sha.to_owned())).collect()
}
