//! Sources of `corpus add`: every format that tests/golden/formats has.

use super::{Check, PLAIN, Target, answer};
use crate::case::Case;
use indicatif::ProgressBar;
use seraug_data::corpora::add::{AddChoices, AddJob, add};
use seraug_data::corpora::{self, DigestPolicy};
use std::fs;
use std::path::{Path, PathBuf};

const FORMATS: [&str; 11] = [
    "audformat-csv",
    "audformat-parquet",
    "audio-folder-csv",
    "audio-folder-jsonl",
    "audio-folder-parquet",
    "cuts/audformat-parquet",
    "cuts/kaldi",
    "cuts/nkululeko",
    "emobox",
    "hf-parquet",
    "kaldi",
];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/formats")
}

/// A folder that somebody wants as a corpus.
pub(super) const ADD: Target = Target {
    name: "add",
    main: "list.csv",
    made: || FORMATS.iter().filter_map(|name| Case::read(&golden().join(name)).ok()).collect(),
    prepare: |folder| -> Check {
        let audio = golden().join("audio").canonicalize().expect("the checkout");
        let corpora = folder.join("corpora");
        let choices = AddChoices {
            audio: Some(audio.clone()),
            partial: true,
            speaker_from: Some("^([a-z]+)-".parse().expect("a sound expression")),
            ..AddChoices::default()
        };
        Box::new(move |case| {
            let progress = ProgressBar::hidden();
            let name = case.file_name().unwrap_or_default().to_string_lossy();
            let job = AddJob {
                name: "mini",
                source: case,
                corpora: &corpora,
                choices: &choices,
                progress: &progress,
            };
            let added = answer(add(&job), &[&name])?;
            let left = fs::read_dir(&corpora).into_iter().flatten().flatten().count();
            if left != usize::from(added.is_some()) {
                return Err("something is left behind".to_owned());
            }
            let Some(added) = added else { return Ok(()) };
            let corpus = corpora::import("mini", &[], &corpora, &corpora, DigestPolicy::Afresh, &progress);
            let corpus = corpus.map_err(|e| format!("what was added cannot be read: {e}"))?;
            if corpus.digest() != added.digest || !corpus.problems.is_empty() {
                return Err(format!("another corpus than was added: {:?}", corpus.problems));
            }
            let inside = |path: &Path| path.starts_with(&audio) || path.starts_with(&corpora);
            if let Some(out) =
                corpus.utterances.iter().find(|u| !u.path.canonicalize().is_ok_and(|p| inside(&p)))
            {
                return Err(format!("{} is outside", out.path.display()));
            }
            fs::remove_dir_all(corpora.join("mini")).map_err(|e| e.to_string())
        })
    },
    share: 6,
    slow: 4,
    ..PLAIN
};
