//! Generated audio on disk: `synthetic-<digest>/<language>/<speaker>/<id>.wav` and, once a speaker is
//! complete, an `index.csv` with the SHA-256 of each file, which later runs hold the files against.

use super::espeak::Espeak;
use super::render::{self, RATE_HZ};
use super::speakers::Speaker;
use super::{Take, takes};
use crate::corpora::Utterance;
use crate::error::{Error, Result};
use indicatif::ProgressBar;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Cursor;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// The utterances of `speaker` below `root`: what is there and intact is kept, the rest is made.
pub fn speaker(
    espeak: &Espeak,
    root: &Path,
    speaker: &Speaker,
    progress: &ProgressBar,
) -> Result<Vec<Utterance>> {
    let folder = root.join(speaker.language.code()).join(&speaker.id);
    std::fs::create_dir_all(&folder).map_err(|e| cannot(&folder, &e))?;
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
        write(&index, text.as_bytes())?;
    }
    Ok(utterances)
}

fn utterance(espeak: &Espeak, folder: &Path, take: Take, known: Option<&String>) -> Result<Utterance> {
    let id = take.id();
    let path = folder.join(format!("{id}.wav"));
    let intact = known.filter(|sha| std::fs::read(&path).is_ok_and(|bytes| sha256(&bytes) == **sha));
    let sha256 = match intact {
        Some(sha) => sha.clone(),
        None => {
            let bytes = wav(&render::render(espeak, take)?)?;
            write(&path, &bytes)?;
            sha256(&bytes)
        }
    };
    Ok(Utterance {
        id,
        path,
        speaker: take.speaker.id.clone(),
        gender: Some(take.speaker.gender),
        session: None,
        language: take.speaker.language.code().to_owned(),
        emotion: take.emotion,
        sha256,
    })
}

/// Id to SHA-256; empty when there is no index yet. A torn index only means that files are made again.
fn read_index(path: &Path) -> HashMap<String, String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|l| l.split_once(',')).map(|(id, sha)| (id.to_owned(), sha.to_owned())).collect()
}

/// `bytes` at `path`, whole or not at all, also beside other writers. Without fsync: what a power cut tears
/// does not match its index and is made again.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let unique = format!("tmp-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let temporary = path.with_extension(unique);
    std::fs::write(&temporary, bytes)
        .and_then(|()| std::fs::rename(&temporary, path))
        .map_err(|e| cannot(path, &e))
}

fn cannot(path: &Path, error: &std::io::Error) -> Error {
    Error::failed(format!("{}: {error}", path.display()))
}

/// A mono 16-bit file at [`RATE_HZ`].
fn wav(samples: &[i16]) -> Result<Vec<u8>> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Vec::new();
    let fill = |bytes: &mut Vec<u8>| -> hound::Result<()> {
        let mut writer = hound::WavWriter::new(Cursor::new(bytes), spec)?;
        samples.iter().try_for_each(|&s| writer.write_sample(s))?;
        writer.finalize()
    };
    fill(&mut bytes).map_err(|e| Error::failed(format!("encoding synthetic speech: {e}")))?;
    Ok(bytes)
}

/// Lower-case hex.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, b| {
        let _ = write!(hex, "{b:02x}");
        hex
    })
}
