//! Corpora on disk: one file each, from a folder to checked utterances.

mod check;
mod emodb;
pub mod fetch;
mod folder;
mod index;
pub mod synthetic;

pub use check::Check;
pub use index::{IndexRow, index, write_index};

use crate::emotion::Emotion;
use crate::error::{Error, Result};
use crate::manifest::{Channels, Gender, Manifest};
use crate::nearest::hint;
use crate::results::digest_hex;
use indicatif::ProgressBar;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Utterance {
    /// Name of its corpus.
    pub corpus: Arc<str>,
    /// Unique in its corpus and stable across re-packagings (`03a01Fa`).
    pub id: String,
    /// The audio file.
    pub path: PathBuf,
    /// The stretch of the file that is the utterance; absent for all of it.
    pub excerpt: Option<Excerpt>,
    /// How its channels become one.
    pub channels: Channels,
    /// Speaker id, unique in its corpus.
    pub speaker: String,
    /// The speaker's gender, where the corpus documents it.
    pub gender: Option<Gender>,
    /// Recording session, where the corpus has them.
    pub session: Option<String>,
    /// The part of the corpus's own split that it belongs to (`train`, `test`, ...), where it has one.
    pub split: Option<String>,
    /// ISO 639-1 code.
    pub language: String,
    /// Its label.
    pub emotion: Emotion,
    /// SHA-256 of the file, lower-case hex; of the file's digest and the bounds for an excerpt.
    pub sha256: String,
}

/// A stretch of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Excerpt {
    /// Seconds from the beginning of the file, 0 or more.
    pub start: f64,
    /// Seconds from the beginning of the file, above `start`.
    pub end: f64,
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
    /// Labelled utterances that the manifest drops, by code.
    pub dropped: BTreeMap<String, usize>,
    /// What is wrong with it: unknown codes, stray audio; empty when nothing is.
    pub problems: Vec<String>,
}

impl Corpus {
    /// SHA-256 over id, content, speaker, session, split and emotion of every utterance. Not over paths: a moved corpus is the same.
    pub fn digest(&self) -> String {
        let mut lines: Vec<_> = self
            .utterances
            .iter()
            .map(|u| {
                let [session, split] = [&u.session, &u.split].map(|s| s.as_deref().unwrap_or_default());
                format!("{}\t{}\t{}\t{session}\t{split}\t{}\n", u.id, u.sha256, u.speaker, u.emotion)
            })
            .collect();
        lines.sort();
        digest_hex(lines.concat().as_bytes())
    }
}

/// What an importer is given.
pub struct Source<'a> {
    /// The corpus's description.
    pub manifest: Manifest,
    /// The folder of all corpora; this one's is `corpora/<manifest.name>`.
    pub corpora: &'a Path,
    /// Where an importer may keep what it makes; safe to delete.
    pub cache: &'a Path,
    /// Languages that are wanted (ISO 639-1); empty for all. An importer that reads files may ignore it.
    pub languages: &'a [String],
    /// Goes up as files are read; the importer sets its length.
    pub progress: &'a ProgressBar,
}

/// One line of the table: a corpus's manifest and what reads it.
struct Known {
    name: &'static str,
    manifest: &'static str,
    import: fn(Source) -> Result<Corpus>,
}

/// Every corpus, in alphabetical order.
const KNOWN: &[Known] = &[
    Known { name: "emodb", manifest: include_str!("../../data-manifests/emodb.toml"), import: emodb::import },
    Known {
        name: "synthetic",
        manifest: include_str!("../../data-manifests/synthetic.toml"),
        import: |s| synthetic::import(s.manifest, s.languages, s.cache, s.progress),
    },
];

/// Names of the corpora that can be imported, in alphabetical order.
pub fn names() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|k| k.name)
}

/// The manifest of corpus `name`.
///
/// # Errors
/// An unknown name (usage); the message has the nearest known one, or all.
pub fn manifest(name: &str, _corpora: &Path) -> Result<Manifest> {
    known(name)?.manifest()
}

/// Reads corpus `name` below the folder `corpora`. The result does not depend on the order of a directory.
/// Unknown codes and stray audio are in `problems`: the caller decides whether they matter.
///
/// # Errors
/// An unknown name (usage); a missing or empty folder, with the steps to obtain the corpus; an unreadable file.
pub fn import(
    name: &str,
    languages: &[String],
    corpora: &Path,
    cache: &Path,
    progress: &ProgressBar,
) -> Result<Corpus> {
    let known = known(name)?;
    (known.import)(Source { manifest: known.manifest()?, corpora, cache, languages, progress })
}

fn known(name: &str) -> Result<&'static Known> {
    let found = KNOWN.iter().find(|k| k.name == name);
    found.ok_or_else(|| Error::usage(format!("unknown corpus `{name}`{}", hint(name, names()))))
}

impl Known {
    fn manifest(&self) -> Result<Manifest> {
        Manifest::parse(self.manifest, &format!("data-manifests/{}.toml", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_manifest_parses_adds_up_and_bears_its_own_name() {
        for name in names() {
            let m = manifest(name, Path::new("corpora")).unwrap();
            assert_eq!(m.name, name);
            assert_eq!(m.expected.emotions.values().sum::<usize>(), m.expected.utterances, "{name}");
            assert!(m.labels.values().all(|e| m.expected.emotions.contains_key(e)), "{name}");
            assert!(m.synthetic || !m.obtain.is_empty(), "{name}");
        }
        assert!(names().is_sorted());
    }

    #[test]
    fn an_unknown_corpus_is_a_usage_error_that_names_the_nearest_or_all() {
        let e = manifest("nosuch", Path::new("corpora")).unwrap_err();
        assert_eq!(e.exit_code(), 2);
        assert!(e.to_string().contains("expected one of") && e.to_string().contains("emodb"), "{e}");
        assert!(
            manifest("emo-db", Path::new("corpora"))
                .unwrap_err()
                .to_string()
                .ends_with("did you mean `emodb`?")
        );
    }
}
