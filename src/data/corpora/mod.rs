//! Corpora: from a folder on disk to checked utterances.

pub mod add;
mod alike;
mod check;
mod digests;
mod each_file;
mod faults;
pub mod fetch;
pub mod importers;
mod index;
mod missing;
mod naming;
pub mod synthetic;
mod table;
pub(crate) mod walk;

pub use check::{CheckVerdict, ClassCount, CorpusCheck, Dropped, SessionCount};
pub use digests::DigestPolicy;
pub(crate) use each_file::of_each;
pub use faults::{CorpusFault, CorpusFaults, told};
pub use index::{COLUMNS, Index, counts};
pub use missing::{missing, unfetchable};
pub(crate) use naming::{CorpusNaming, path_key};

use importers::{cremad, emodb, emovo, esd, iemocap, msppodcast, nemo, ravdess, savee, shemo, tess, urdu};
use indicatif::ProgressBar;
use naming::NameRule;
use seraug_core::digest::digest_hex;
use seraug_core::emotion::Emotion;
use seraug_core::error::{Error, Result};
use seraug_core::manifest::{Channels, Gender, Manifest};
use seraug_core::suggest::{hint, nearest};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One labelled recording, or an excerpt of one.
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
    /// What is said, by whatever name tells it from other texts of the corpus: a sentence's code, or its words. `None` where
    /// nobody says.
    pub text: Option<String>,
    /// Its label.
    pub emotion: Emotion,
    /// SHA-256 of the file, lower-case hex; of the file's digest and the bounds for an excerpt.
    pub sha256: String,
}

impl Utterance {
    /// The error of an excerpt that begins after the end of its file, which has `seconds`.
    pub(crate) fn begins_late(&self, seconds: f64) -> Error {
        let (id, start) = (&self.id, self.excerpt.map_or(0.0, |e| e.start));
        let why =
            format!("utterance {id} begins at {start} s, the file has {seconds:.3} s; correct its start");
        Error::at(&self.path, why)
    }
}

/// A stretch of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Excerpt {
    /// Seconds from the beginning of the file, 0 or more.
    pub start: f64,
    /// Seconds from the beginning of the file, above `start`.
    pub end: f64,
}

impl Excerpt {
    /// What stands for the digest of the stretch, `file` being that of the whole recording.
    pub fn sha256(&self, file: &str) -> String {
        let Excerpt { start, end } = self;
        digest_hex(format!("{file} {start} {end}").as_bytes())
    }
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
    /// What is wrong with it, such as unknown codes and stray audio; empty if nothing is.
    pub problems: Vec<String>,
    /// Entries of its folder that are no utterances because they cannot be used.
    pub faults: CorpusFaults,
}

impl Corpus {
    /// SHA-256 over id, content, speaker, session, split and emotion of every utterance; not over paths, so moving a corpus does
    /// not change it.
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

/// The input of an importer.
pub struct ImportSource<'a> {
    /// The corpus's description.
    pub manifest: Manifest,
    /// The folder of all corpora; this one's is `corpora/<manifest.name>`.
    pub corpora: &'a Path,
    /// Folder in which an importer may cache; safe to delete.
    pub cache: &'a Path,
    /// Whether unchanged recordings are read again to compute their digests.
    pub reading: DigestPolicy,
    /// Languages that are wanted (ISO 639-1); empty for all. An importer that reads files may ignore it.
    pub languages: &'a [String],
    /// Advances as files are read; the importer sets its length.
    pub progress: &'a ProgressBar,
}

/// A corpus with an importer of its own.
struct Known {
    name: &'static str,
    manifest: &'static str,
    import: Import,
    names: NameRule,
}

/// The [`Known`] whose importer and manifest are called `$name`.
macro_rules! known {
    ($name:ident) => {
        known!($name, $name::import, NameRule::Each(|place| Ok($name::parse(place)?.map(Into::into))))
    };
    ($name:ident, $import:expr, $names:expr) => {
        Known {
            name: stringify!($name),
            manifest: include_str!(concat!("../../../data-manifests/", stringify!($name), ".toml")),
            import: $import,
            names: $names,
        }
    };
}

/// Every corpus with an importer of its own, in alphabetical order.
const KNOWN: &[Known] = &[
    known!(cremad),
    known!(emodb),
    known!(emovo),
    known!(esd),
    known!(iemocap, iemocap::import, NameRule::Each(iemocap::named)),
    known!(msppodcast, msppodcast::import, NameRule::Listed(msppodcast::named)),
    known!(nemo),
    known!(ravdess),
    known!(savee),
    known!(shemo),
    known!(
        synthetic,
        |s| synthetic::import(s.manifest, s.languages, s.cache, s.progress),
        NameRule::Listed(naming::synthetic)
    ),
    known!(tess),
    known!(urdu),
];

/// Names of the corpora that have an importer of their own, in alphabetical order.
pub fn known() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|k| k.name)
}

/// Names of the corpora that can be imported: the known ones, and each folder below `corpora` that has a table.csv;
/// in alphabetical order.
pub fn names(corpora: &Path) -> Vec<String> {
    let mut names: Vec<String> = known().map(str::to_owned).chain(table::folders(corpora)).collect();
    names.sort();
    names.dedup();
    names
}

/// The manifest of corpus `name`; of a corpus that a table.csv below `corpora` describes, its own manifest.toml and
/// defaults.
///
/// # Errors
/// An unknown name (usage); the message has the nearest known one, or all.
pub fn manifest(name: &str, corpora: &Path) -> Result<Manifest> {
    Ok(find(name, corpora)?.0)
}

/// What the names of the recordings of corpus `name` say; its recordings need not be below `corpora`.
///
/// # Errors
/// An unknown name (usage); names that say nothing, where the labels are not there either (usage).
pub(crate) fn naming(name: &str, corpora: &Path) -> Result<CorpusNaming> {
    let (manifest, _) = find(name, corpora)?;
    match KNOWN.iter().find(|k| k.name == name) {
        Some(known) => CorpusNaming::known(manifest, &known.names, &corpora.join(name)),
        None => CorpusNaming::of_table(manifest, &table::folder_of(name, corpora)),
    }
}

/// Reads corpus `name` below the folder `corpora`. The result does not depend on the order of a directory.
/// Unknown codes and stray audio are in `problems`: the caller decides whether they matter. With [`DigestPolicy::Cached`]
/// digests of unchanged files are taken from `cache`; who wants to know what is on the disk reads it
/// [`DigestPolicy::Afresh`].
///
/// # Errors
/// An unknown name (usage); a missing or empty folder, as [`missing`] says it (usage); a table that cannot be read. Files and
/// folders that cannot be read are [`CorpusFaults`], which end nothing.
pub fn import(
    name: &str,
    languages: &[String],
    corpora: &Path,
    cache: &Path,
    reading: DigestPolicy,
    progress: &ProgressBar,
) -> Result<Corpus> {
    let (manifest, import) = find(name, corpora)?;
    import(ImportSource { manifest, corpora, cache, reading, languages, progress })
}

type Import = fn(ImportSource) -> Result<Corpus>;

fn find(name: &str, corpora: &Path) -> Result<(Manifest, Import)> {
    if let Some(known) = KNOWN.iter().find(|k| k.name == name) {
        return Ok((known.manifest()?, known.import));
    }
    if let Some(manifest) = table::manifest(name, corpora)? {
        return Ok((manifest, table::import));
    }
    let known = names(corpora);
    let known: Vec<&str> = known.iter().map(String::as_str).filter(|n| *n != name).collect();
    let table = match nearest(name, known.iter().copied()) {
        Some(_) => String::new(),
        None => format!("; a corpus of your own needs {}", corpora.join(name).join(table::FILE).display()),
    };
    Err(Error::usage(format!("unknown corpus `{name}`{}{table}", hint(name, known))))
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
        for name in known() {
            let m = manifest(name, Path::new("none")).unwrap();
            let e = &m.expected;
            assert_eq!(m.name, name);
            assert_eq!(e.emotions.values().sum::<usize>(), e.utterances, "{name}");
            // Releases of MSP-Podcast differ, and none has a published count of labels.
            let counted = name != "msppodcast";
            assert_eq!(e.utterances > 0, counted, "{name}");
            assert!(!counted || m.labels.values().all(|l| e.emotions.contains_key(l)), "{name}");
            assert!(m.synthetic || !(m.obtain.is_empty() || m.example.is_empty()), "{name}");
            let words = [&m.title, &m.source, &m.licence, &m.citation];
            assert!(words.iter().all(|w| !w.is_empty()), "{name}");
            if !e.speakers.is_empty() {
                assert_eq!(e.speakers.values().sum::<usize>(), e.utterances, "{name}");
                assert!(e.speakers.keys().eq(m.speakers.keys()), "{name}");
            }
            for (emotion, total) in &e.emotions {
                let by_session: Vec<_> = e.sessions.values().filter_map(|s| s.get(emotion)).collect();
                assert!(by_session.is_empty() || by_session.into_iter().sum::<usize>() == *total, "{name}");
                let both = m.valence.negative.contains(emotion) && m.valence.positive.contains(emotion);
                assert!(!both, "{name}: {emotion}");
            }
            assert!(e.dropped.keys().all(|code| m.dropped.contains_key(code)), "{name}");
        }
        assert!(known().is_sorted());
    }

    /// Table 1 of the paper; ESD is its Mandarin half.
    #[test]
    fn valence_gives_the_counts_of_table_1() {
        let of = |name: &str, class: &str| -> usize {
            let m = manifest(name, Path::new("none")).unwrap();
            m.expected.emotions.iter().filter(|(e, _)| m.valence.of(**e) == Some(class)).map(|(_, n)| n).sum()
        };
        for (name, negative, positive) in
            [("iemocap", 2187, 3344), ("esd", 14000, 14000), ("emodb", 385, 150), ("emovo", 336, 252)]
        {
            assert_eq!((of(name, "negative"), of(name, "positive")), (negative, positive), "{name}");
        }
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
