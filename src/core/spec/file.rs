//! The three kinds of experiment file: cells to train, corpora to count, other experiments to run.

use super::located_error::{FieldPath, LocatedError, at, place};
use super::{Protocol, Spec, Study, limits, load};
use crate::error::{Error, Result};
use crate::files;
use crate::manifest::Valence;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

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
    #[schemars(length(min = 1, max = limits::CONDITIONS))]
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
    #[schemars(range(max = limits::UTTERANCES))]
    pub subset: usize,
    /// Emotions of each valence, in place of the manifest's.
    #[serde(default)]
    pub valence: Option<Valence>,
    /// Published counts of `negative` and `positive`.
    #[serde(default)]
    #[schemars(extend("additionalProperties" = limits::whole(0, limits::UTTERANCES)))]
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
    /// What is pooled over the experiments; absent for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study: Option<Study>,
}

impl Collection {
    /// Each experiment with its file, given that of the collection.
    pub fn members(&self, path: &Path) -> Vec<(&str, PathBuf)> {
        let folder = path.parent().unwrap_or(Path::new(""));
        self.experiments.iter().map(|name| (name.as_str(), folder.join(format!("{name}.toml")))).collect()
    }
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
    let told = |fault: LocatedError| {
        let place = place(&name, &text, fault.key.offset(&text));
        Error::usage(format!("{place}: {fault}"))
    };
    let wrong = |key: FieldPath, message: &str| told(LocatedError { key, message: message.to_owned() });
    if table.contains_key("experiments") {
        let collection: Collection = load::typed(&text, &name)?;
        let below = |e: &String| Path::new(e).components().all(|c| matches!(c, Component::Normal(_)));
        if collection.experiments.is_empty() || !collection.experiments.iter().all(below) {
            return Err(wrong(at("experiments"), "names below the file's folder, at least one"));
        }
        if let Some(study) = &collection.study {
            collection.check_limits().map_err(told)?;
            study.check(&collection.members(path), told)?;
        }
        return Ok(File::Collection(collection));
    }
    if table.contains_key("count") {
        let counts: Counts = load::typed(&text, &name)?;
        counts.check_limits().map_err(told)?;
        let titles: HashSet<&str> = counts.count.iter().map(|c| c.title.as_str()).collect();
        if titles.len() != counts.count.len() {
            return Err(wrong(at("count"), "two rows have one title"));
        }
        for (i, count) in counts.count.iter().enumerate() {
            let other = count.published.keys().find(|k| !["negative", "positive"].contains(&k.as_str()));
            let both = count.valence.as_ref().and_then(Valence::both);
            if let Some(emotion) = both {
                let key = at("count").element(i, "").field("valence");
                return Err(wrong(key, &format!("`{emotion}` is negative and positive")));
            }
            if let Some(other) = other {
                let key = at("count").element(i, "").field("published").field(other);
                return Err(wrong(key, "expected negative or positive"));
            }
        }
        return Ok(File::Counts(counts));
    }
    Ok(File::Experiment(Box::new(super::parse(&text, &name, sets)?)))
}

impl File {
    /// Asks `known` about each corpus that the file names: this module does not know which there are. `path` and
    /// `sets` are what the file was read from.
    ///
    /// # Errors
    /// The first usage error of `known`, with the place in the file or the flag that names the corpus.
    pub fn check_corpora(
        &self,
        path: &Path,
        sets: &[String],
        known: impl Fn(&str) -> Result<()>,
    ) -> Result<()> {
        for (key, corpus) in self.corpora() {
            let Err(Error::Usage(message)) = known(corpus) else { continue };
            let text = files::text(path).unwrap_or_default();
            let in_file = || place(&path.display().to_string(), &text, key.offset(&text));
            let place = load::flag(sets, &key).unwrap_or_else(in_file);
            return Err(Error::usage(format!("{place}: {}", LocatedError { key, message })));
        }
        Ok(())
    }

    /// Every mention of a corpus.
    fn corpora(&self) -> Vec<(FieldPath, &str)> {
        match self {
            File::Collection(_) => Vec::new(),
            File::Counts(c) => {
                let rows = c.count.iter().enumerate();
                rows.map(|(i, c)| (at("count").element(i, "").field("corpus"), c.corpus.as_str())).collect()
            }
            File::Experiment(spec) => match &spec.protocol {
                Protocol::CrossLingual(p) => {
                    let here = at("protocol.cross-lingual");
                    let mut all = Vec::new();
                    for (field, names) in [("sources", &p.sources), ("targets", &p.targets)] {
                        let named = names.iter().enumerate();
                        all.extend(named.map(|(i, n)| (here.field(field).element(i, ""), n.as_str())));
                    }
                    all
                }
                Protocol::SplitFile(p) if !p.corpora.is_empty() => {
                    let here = at("protocol.split-file.corpora");
                    p.corpora.iter().enumerate().map(|(i, n)| (here.element(i, ""), n.as_str())).collect()
                }
                _ => vec![(at("corpus"), spec.corpus.as_str())],
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suggest::hint;

    /// What is said about `text` when emodb and esd are the corpora that there are.
    fn refused(text: &str, sets: &[&str]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        std::fs::write(&path, text).unwrap();
        let sets: Vec<String> = sets.iter().map(|s| (*s).to_owned()).collect();
        let known = |name: &str| match name {
            "emodb" | "esd" => Ok(()),
            _ => Err(Error::usage(format!("unknown corpus `{name}`{}", hint(name, ["emodb", "esd"])))),
        };
        let error =
            load_file(&path, &sets).and_then(|file| file.check_corpora(&path, &sets, known)).unwrap_err();
        error.to_string().replace(&format!("{}/", folder.path().display()), "")
    }

    #[test]
    fn a_wrong_row_of_counts_is_pointed_at() {
        let row = "[[count]]\ntitle = \"a\"\ncorpus = \"emodb\"\nlanguage = \"German\"\n";
        let rows = format!("title = \"t\"\n{row}{}", row.replace("\"a\"", "\"b\""));
        let second = |from: &str, to: &str| {
            let at = rows.rfind(from).unwrap();
            format!("{}{to}{}", &rows[..at], &rows[at + from.len()..])
        };
        assert_eq!(
            refused(&second("emodb", "emo-db"), &[]),
            "x.toml:8:1: count.corpus: unknown corpus `emo-db`, did you mean `emodb`?"
        );
        assert_eq!(
            refused(&second("language", "langauge"), &[]),
            "x.toml:9:1: unknown field `langauge`, did you mean `language`?"
        );
        assert_eq!(
            refused(&format!("{rows}published = {{ negativ = 3 }}"), &[]),
            "x.toml:10:15: count.published.negativ: expected negative or positive"
        );
        assert_eq!(refused(&second("\"b\"", "\"a\""), &[]), "x.toml:2:3: count: two rows have one title");
    }

    #[test]
    fn a_corpus_of_a_cross_lingual_experiment_is_pointed_at_wherever_it_is_named() {
        let text = "title = \"t\"\nlabel = \"valence\"\n[protocol.cross-lingual]\nsources = [\"emodb\"]\n\
                    targets = [\"emodb\", \"esd\"]\nsubset = { esd = 250 }\n[[condition]]\nname = \"lt\"\n\
                    [[condition]]\nname = \"lt-aug\"\nbaseline = \"lt\"\n";
        assert_eq!(
            refused(&text.replace("[\"emodb\", \"esd\"]", "[\"esd\", \"emodd\"]"), &[]),
            "x.toml:5:19: protocol.cross-lingual.targets: unknown corpus `emodd`, did you mean `emodb`?"
        );
        let set = "protocol.cross-lingual.sources=[\"emodd\"]";
        assert!(
            refused(text, &[set])
                .starts_with(&format!("--set {set}: protocol.cross-lingual.sources: unknown"))
        );
        assert_eq!(
            refused(&text.replace("{ esd", "{ essd"), &[]),
            "x.toml:6:12: protocol.cross-lingual.subset.essd: `essd` is no target, did you mean `esd`?"
        );
        assert_eq!(
            refused(&text.replace("baseline = \"lt\"", "baseline = \"ltt\""), &[]),
            "x.toml:11:1: condition.lt-aug.baseline: no condition is named `ltt`, did you mean `lt`?"
        );
    }

    #[test]
    fn a_collection_that_leaves_its_folder_is_pointed_at() {
        assert!(
            refused("title = \"t\"\nexperiments = [\"../x\"]", &[])
                .starts_with("x.toml:2:1: experiments: names below")
        );
    }
}
