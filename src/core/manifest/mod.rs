//! The committed description of a corpus: data-manifests/NAME.toml.

mod fetch;
mod limits;

pub use fetch::{Checksum, Fetch, Unpack};

use crate::emotion::Emotion;
use crate::error::{Error, Result};
use crate::names::unicode;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a corpus is, where it comes from and what must be found in it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// Folder below the corpora root, and what specs call it.
    pub name: String,
    /// Its full name.
    pub title: String,
    /// Made by a program rather than recorded: said wherever its results appear.
    #[serde(default)]
    pub synthetic: bool,
    /// Where it is published.
    pub source: String,
    /// The licence in plain words.
    pub licence: String,
    /// How to cite it.
    pub citation: String,
    /// Steps to obtain it.
    pub obtain: Vec<String>,
    /// What `seraug corpus fetch` downloads; empty where no checksum is published.
    #[serde(default)]
    pub fetch: Vec<Fetch>,
    /// A recording of the official layout, below the corpus's folder; empty for a corpus that is made here.
    #[serde(default)]
    pub example: String,
    /// How several channels become one.
    pub channels: Channels,
    /// ISO 639-1 code of its language; empty where an utterance says its own.
    #[serde(default)]
    pub language: String,
    /// The corpus's own codes to emotions.
    pub labels: IndexMap<String, Emotion>,
    /// Codes whose utterances are dropped and counted, each with the reason.
    #[serde(default)]
    pub dropped: IndexMap<String, String>,
    /// Recordings of the official release that cannot be used, by id or by path below the corpus's folder, each with the
    /// reason. They are left out, whether they are there or not, and are not among `expected`.
    #[serde(default)]
    pub unusable: IndexMap<String, String>,
    /// Speaker to gender, as the corpus documents it.
    #[serde(default)]
    pub speakers: IndexMap<String, Gender>,
    /// Which emotions are negative and which positive in the cross-lingual task; others take no part in it.
    pub valence: Valence,
    /// Counts that a complete copy has.
    pub expected: Expected,
}

/// Emotions as two classes (paper 3.1.2; FIDELITY.md rows "valence", "ESD positives").
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Valence {
    /// Class `negative`.
    pub negative: Vec<Emotion>,
    /// Class `positive`.
    pub positive: Vec<Emotion>,
}

impl Valence {
    /// Of a corpus that does not say: every emotion is in one of the two, neutral in `positive` as in the paper.
    pub fn usual() -> Valence {
        use Emotion::*;
        Valence {
            negative: vec![Angry, Bored, Disgusted, Fearful, Frustrated, Sad],
            positive: vec![Calm, Excited, Happy, Neutral, Surprised],
        }
    }

    /// An emotion that is in both: such a map says nothing.
    pub fn both(&self) -> Option<Emotion> {
        self.negative.iter().find(|e| self.positive.contains(e)).copied()
    }

    /// `negative`, `positive`, or nothing for an emotion that is in neither.
    pub fn of(&self, emotion: Emotion) -> Option<&'static str> {
        match (self.negative.contains(&emotion), self.positive.contains(&emotion)) {
            (true, _) => Some("negative"),
            (_, true) => Some("positive"),
            _ => None,
        }
    }
}

/// Channel policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channels {
    /// Mean of the channels: for recordings of one source.
    #[default]
    Mean,
    /// The first channel: where channels are different microphones, whose mean would comb-filter.
    First,
}

/// A speaker's gender as the corpus documents it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gender {
    /// "female" in the index.
    Female,
    /// "male" in the index.
    Male,
}

impl Gender {
    /// `female` or `male`, also by its first letter and in any case.
    pub fn parse(word: &str) -> Option<Gender> {
        match word.to_ascii_lowercase().as_str() {
            "female" | "f" => Some(Gender::Female),
            "male" | "m" => Some(Gender::Male),
            _ => None,
        }
    }

    /// The word in the index.
    pub fn name(self) -> &'static str {
        match self {
            Gender::Female => "female",
            Gender::Male => "male",
        }
    }
}

/// Counts that a complete copy has.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expected {
    /// Utterances in all.
    pub utterances: usize,
    /// Utterances of each emotion; they add up to `utterances`.
    #[serde(default)]
    pub emotions: IndexMap<Emotion, usize>,
    /// Utterances of each speaker, where known.
    #[serde(default)]
    pub speakers: IndexMap<String, usize>,
    /// Session to utterances of the emotions that are known by session.
    #[serde(default)]
    pub sessions: IndexMap<String, IndexMap<Emotion, usize>>,
    /// Utterances of each language (ISO 639-1), where the corpus has several; speakers are listed in that order.
    #[serde(default)]
    pub languages: IndexMap<String, usize>,
    /// Mean length of an utterance in seconds, as its makers or the paper state it. For estimates alone.
    #[serde(default)]
    pub mean_seconds: Option<f64>,
    /// Dropped utterances of each code, not among `utterances`.
    #[serde(default)]
    pub dropped: IndexMap<String, usize>,
}

impl Manifest {
    /// Reads a manifest; `name` is what errors call the file.
    pub fn parse(text: &str, name: &str) -> Result<Manifest> {
        let manifest: Manifest = toml::from_str(text).map_err(|e| Error::usage(format!("{name}: {e}")))?;
        let manifest = manifest
            .cleaned()
            .and_then(Manifest::within_limits)
            .map_err(|why| Error::usage(format!("{name}: {why}")))?;
        for fetch in &manifest.fetch {
            fetch.check().map_err(|why| Error::usage(format!("{name}: fetch of {}: {why}", fetch.file)))?;
        }
        Ok(manifest)
    }

    /// What this calls a recording of `id`, at `path` below the corpus's folder, that it lists as unusable.
    pub fn is_unusable(&self, id: &str, path: &Path) -> Option<&str> {
        if self.unusable.is_empty() {
            return None;
        }
        let path = unicode::clean(path.to_str().unwrap_or_default());
        let known = self.unusable.get_key_value(id).or_else(|| self.unusable.get_key_value(&*path));
        known.map(|(name, _)| name.as_str())
    }

    /// Its names as [`unicode::clean`] has them, which is how those of recordings are compared with them.
    fn cleaned(mut self) -> std::result::Result<Manifest, String> {
        self.labels = cleaned(self.labels, "labels")?;
        self.dropped = cleaned(self.dropped, "dropped")?;
        self.unusable = cleaned(self.unusable, "unusable")?;
        self.speakers = cleaned(self.speakers, "speakers")?;
        let expected = &mut self.expected;
        expected.speakers = cleaned(std::mem::take(&mut expected.speakers), "expected.speakers")?;
        expected.sessions = cleaned(std::mem::take(&mut expected.sessions), "expected.sessions")?;
        expected.dropped = cleaned(std::mem::take(&mut expected.dropped), "expected.dropped")?;
        Ok(self)
    }
}

/// `map` with clean keys; keys that look the same must say the same.
fn cleaned<T: PartialEq>(
    map: IndexMap<String, T>,
    table: &str,
) -> std::result::Result<IndexMap<String, T>, String> {
    let mut clean = IndexMap::with_capacity(map.len());
    for (key, value) in map {
        let key = unicode::clean(&key).into_owned();
        if clean.get(&key).is_some_and(|other| *other != value) {
            return Err(format!(
                "{table}: `{key}` is there twice, in two spellings that look the same; remove one"
            ));
        }
        clean.insert(key, value);
    }
    Ok(clean)
}

/// manifest.toml beside a table.csv: whatever its owner wants to state, all of it optional.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Own {
    title: String,
    source: String,
    licence: String,
    citation: String,
    channels: Channels,
    language: String,
    labels: IndexMap<String, Emotion>,
    dropped: IndexMap<String, String>,
    unusable: IndexMap<String, String>,
    speakers: IndexMap<String, Gender>,
    valence: Option<Valence>,
    expected: Expected,
}

impl Manifest {
    /// The manifest of a corpus that a person brings, `name`, from the `text` of its own manifest.toml (empty where
    /// there is none); `file` is what errors call it. Without counts in it, `expected` is empty.
    ///
    /// # Errors
    /// A field that is unknown or of another kind (usage).
    pub fn own(name: &str, text: &str, file: &str) -> Result<Manifest> {
        let own: Own = toml::from_str(text).map_err(|e| Error::usage(format!("{file}: {e}")))?;
        let or = |text: String, other: &str| if text.is_empty() { other.to_owned() } else { text };
        let manifest = Manifest {
            name: name.to_owned(),
            title: or(own.title, &format!("{name} (table.csv)")),
            synthetic: false,
            source: own.source,
            licence: or(own.licence, "not stated; set `licence` in its manifest.toml"),
            citation: or(own.citation, "not stated; set `citation` in its manifest.toml"),
            obtain: Vec::new(),
            fetch: Vec::new(),
            example: String::new(),
            channels: own.channels,
            language: own.language,
            labels: own.labels,
            dropped: own.dropped,
            unusable: own.unusable,
            speakers: own.speakers,
            valence: own.valence.unwrap_or_else(Valence::usual),
            expected: own.expected,
        };
        manifest
            .cleaned()
            .and_then(Manifest::within_limits)
            .map_err(|why| Error::usage(format!("{file}: {why}")))
    }
}
