//! Corpora on disk: one file each, from a folder to checked utterances.

use crate::emotion::Emotion;
use crate::manifest::{Gender, Manifest};
use std::path::PathBuf;

/// One recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Utterance {
    /// Unique in its corpus and stable across re-packagings (`03a01Fa`).
    pub id: String,
    /// The audio file.
    pub path: PathBuf,
    /// Speaker id, unique in its corpus.
    pub speaker: String,
    /// The speaker's gender, where the corpus documents it.
    pub gender: Option<Gender>,
    /// Recording session, where the corpus has them.
    pub session: Option<String>,
    /// ISO 639-1 code.
    pub language: String,
    /// Its label.
    pub emotion: Emotion,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
}

/// A corpus as found on disk.
#[derive(Debug, Clone)]
pub struct Corpus {
    /// Its description.
    pub manifest: Manifest,
    /// Where it was found.
    pub root: PathBuf,
    /// Sorted by id.
    pub utterances: Vec<Utterance>,
    /// What is wrong with it: unknown codes, stray audio; empty when nothing is.
    pub problems: Vec<String>,
}
