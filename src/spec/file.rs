//! The three kinds of experiment file: cells to train, corpora to count, other experiments to run.

use super::{Spec, load};
use crate::error::{Error, Result};
use crate::manifest::Valence;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::{Component, Path};

/// What an experiment file asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum File {
    /// Cells to train and test.
    Experiment(Box<Spec>),
    /// A table of counts (Tab. 1).
    Counts(Counts),
    /// Other experiments, one after the other, with one store.
    Collection(Collection),
}

/// A table of corpora with the utterances of each valence. The file has `[[count]]` entries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Counts {
    /// One line for tables and pages.
    pub title: String,
    /// The rows.
    pub count: Vec<Count>,
}

/// A row of [`Counts`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Count {
    /// What the table calls it.
    pub title: String,
    /// Name of the corpus.
    pub corpus: String,
    /// The language in words.
    pub language: String,
    /// Languages to keep (ISO 639-1 codes); empty keeps all.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Utterances drawn of each class, where the row is a .SUB; 0 counts all.
    #[serde(default)]
    pub subset: usize,
    /// Emotions of each valence, in place of the manifest's.
    #[serde(default)]
    pub valence: Option<Valence>,
    /// Published counts of `negative` and `positive`.
    #[serde(default)]
    pub published: IndexMap<String, usize>,
}

/// A list of experiments. The file has an `experiments` entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Collection {
    /// One line for tables and pages.
    pub title: String,
    /// Names of experiments, relative to this file and without `.toml`, in the order in which they run.
    pub experiments: Vec<String>,
}

/// Reads and checks the file at `path`, with `sets` (each `KEY=VALUE`) laid over an experiment. A collection and a
/// table of counts have nothing to set; those of a collection go to its experiments.
///
/// # Errors
/// As [`super::load`].
pub fn load_file(path: &Path, sets: &[String]) -> Result<File> {
    let text = load::read(path)?;
    let name = path.display().to_string();
    // A file that does not parse at all is told so by the kind that most files are.
    let table: toml::Table = toml::from_str(&text).unwrap_or_default();
    let parsed = |e: toml::de::Error| load::located(&e, &text, &name);
    if table.contains_key("experiments") {
        let collection: Collection = toml::from_str(&text).map_err(parsed)?;
        let below = |e: &String| Path::new(e).components().all(|c| matches!(c, Component::Normal(_)));
        if collection.experiments.is_empty() || !collection.experiments.iter().all(below) {
            return Err(Error::usage(format!(
                "{name}: experiments: names below the file's folder, at least one"
            )));
        }
        return Ok(File::Collection(collection));
    }
    if table.contains_key("count") {
        let counts: Counts = toml::from_str(&text).map_err(parsed)?;
        let titles: HashSet<&str> = counts.count.iter().map(|c| c.title.as_str()).collect();
        if titles.len() != counts.count.len() {
            return Err(Error::usage(format!("{name}: count: two rows have one title")));
        }
        let class = |k: &&String| !["negative", "positive"].contains(&k.as_str());
        if let Some(other) = counts.count.iter().find_map(|c| c.published.keys().find(class)) {
            return Err(Error::usage(format!("{name}: published.{other}: expected negative or positive")));
        }
        return Ok(File::Counts(counts));
    }
    Ok(File::Experiment(Box::new(super::parse(&text, &name, sets)?)))
}
