//! Experiment files, checked on load: no other module can hold an unchecked one.
//!
//! Every choice that the paper leaves open is a field; its default is the interpretation in FIDELITY.md.

mod augmentor;
mod autoencoder;
mod bounds;
mod check;
mod check_limits;
mod check_protocol;
mod classifier;
mod condition;
pub mod difference;
mod features;
mod file;
mod final_model;
mod generators;
mod judge;
mod limits;
mod load;
mod located_error;
mod precision;
mod protocol;
mod schedule;
mod size;
mod slurm;
mod stargan;
mod study;
mod viewmaker;

pub use augmentor::{
    Attention, Augmentor, Discriminator, Distance, Dot, Init, Latent, LossWeights, Negatives, Noise,
    Optimisers, OutputActivation, Padding, ProjectionMean, Representation,
};
pub use autoencoder::Autoencoder;
pub use classifier::{Budget, Classifier, Convolutions, FinalWeights, Network, Schedule, Vgg};
pub use condition::{ClassifierLoss, Condition, Loss, Sampling, TargetShare};
pub use features::{Features, MelScale};
pub use file::{Collection, Count, Counts, File, load_file};
pub use generators::*;
pub use judge::Judge;
pub use limits::{MOST_CELLS, UTTERANCES};
pub use load::{load, parse};
pub use precision::Precision;
pub use protocol::{
    AugmentorSees, CrossLingual, FixedSplit, LeaveOneSessionOut, LeaveSpeakersOut, LeaveTextsOut, Protocol,
    Reduction, ReductionMode, Scored, SpeakerRule, SplitFile,
};
pub use schedule::Pace;
pub use slurm::Slurm;
pub use stargan::StarGanTraining;
pub use study::{Study, StudyPair};
pub use viewmaker::ViewmakerTraining;

use crate::emotion::Emotion;
use crate::manifest::Valence;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an experiment file says, with every default filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Spec {
    /// One line for tables and pages.
    pub title: String,
    /// What a reader should know beside the table, in sentences.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Where the sizes that the file does not state come from.
    #[serde(default)]
    pub preset: Preset,
    /// In which numbers the networks are computed.
    #[serde(default)]
    pub precision: Precision,
    /// The experiment to run meanwhile where this one's corpora are missing.
    #[serde(default)]
    pub counterpart: String,
    /// Name of a corpus; absent where the protocol names several.
    #[serde(default)]
    pub corpus: String,
    /// Languages of `corpus` to keep (ISO 639-1 codes); empty keeps all.
    #[serde(default)]
    pub languages: Vec<String>,
    /// One cell is trained for each condition, fold and seed.
    #[serde(default = "one_seed")]
    #[schemars(length(min = 1, max = limits::LIST), inner(range(max = i64::MAX)))]
    pub seeds: Vec<u64>,
    /// What is classified.
    #[serde(default)]
    pub label: Label,
    /// Class name to the emotions that belong to it; the order is that of every table.
    /// Utterances of other emotions are left out and counted. Absent with `label = "valence"`.
    #[serde(default)]
    pub classes: IndexMap<String, Vec<Emotion>>,
    /// Corpus to its emotions of negative and positive valence, in place of its manifest's. For `label = "valence"`.
    #[serde(default)]
    pub valence: IndexMap<String, Valence>,
    /// Corpus to the languages to keep of it, for experiments of several corpora.
    #[serde(default)]
    pub languages_of: IndexMap<String, Vec<String>>,
    /// How utterances become folds.
    pub protocol: Protocol,
    /// Whether the test may say what training says.
    #[serde(default, skip_serializing_if = "TextRule::is_counted")]
    pub texts: TextRule,
    /// Trains on every utterance of the folds, also on those that the protocol tests and the reduction removes, and tests on none: what
    /// `seraug train-final` sets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub train_on_all: bool,
    /// What is removed from training; absent for nothing.
    #[serde(default)]
    pub reduction: Option<Reduction>,
    /// The mel front end.
    #[serde(default)]
    pub features: Features,
    /// The augmentor and its training.
    #[serde(default)]
    pub augmentor: Augmentor,
    /// The discriminator.
    #[serde(default)]
    pub discriminator: Discriminator,
    /// The representation learner.
    #[serde(default)]
    pub representation: Representation,
    /// The networks of `augment.viewmaker` and their training, where a condition reads them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewmaker: Option<ViewmakerTraining>,
    /// The networks of `augment.stargan` and their training, where a condition reads them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stargan: Option<StarGanTraining>,
    /// The autoencoder, where a condition needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoencoder: Option<Autoencoder>,
    /// The adversarial training of BAGAN, where a condition is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bagan: Option<BaganTraining>,
    /// The GAN of codes, where a condition draws by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latent_gan: Option<LatentGan>,
    /// The diffusion model of codes, where a condition draws by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latent_diffusion: Option<LatentDiffusion>,
    /// The classifier and its training.
    #[serde(default)]
    pub classifier: Classifier,
    /// Whether augmentors are shown by embeddings of originals and augmentations (Fig. 3).
    #[serde(default)]
    pub embedding: Option<Embedding>,
    /// Whether generated samples are judged against what the reduction removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<Judge>,
    /// What a cell asks of a Slurm cluster; decides no result.
    #[serde(default)]
    pub slurm: Option<Slurm>,
    /// The columns of the experiment.
    #[schemars(length(min = 1, max = limits::CONDITIONS))]
    pub condition: Vec<Condition>,
    /// Results of others that the table shows beside ours.
    #[serde(default)]
    pub published: Vec<Published>,
}

/// What the leakage audit does about texts on both sides, where a corpus says what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TextRule {
    /// Counts them.
    #[default]
    Counted,
    /// Refuses them.
    Disjoint,
}

impl TextRule {
    fn is_counted(&self) -> bool {
        *self == TextRule::Counted
    }
}

/// What is classified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// The classes that the spec lists.
    #[default]
    Emotion,
    /// `negative` and `positive`, as each corpus's manifest maps its emotions.
    Valence,
}

/// Representations of originals and of their augmentations, written to embedding.csv (Fig. 3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Embedding {
    /// Utterances of each class, drawn at random.
    #[schemars(range(min = 1, max = 10000))]
    pub per_class: usize,
    /// Augmentations of each.
    #[schemars(range(min = 1, max = 1000))]
    pub copies: usize,
    /// Which utterances.
    pub of: EmbeddingSource,
}

/// FIDELITY.md row "t-SNE".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EmbeddingSource {
    /// Those that the augmentor was trained on.
    #[default]
    Train,
    /// Those of the fold's test set.
    Test,
}

/// A row of the table with other people's numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Published {
    /// What the table calls it.
    pub title: String,
    /// Percentages: a class name or `average` to its value.
    #[schemars(extend("additionalProperties" = limits::percent()))]
    pub values: IndexMap<String, f64>,
}

/// Named sets of sizes. The values of `tiny` and `small` are in src/core/spec/tiny.toml and small.toml.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// The sizes of the paper, for a GPU.
    #[default]
    Paper,
    /// Narrower networks, at which two CPU cores show the method's mechanics.
    Small,
    /// The narrowest networks and the shortest trainings, for tests and the quickstart alone.
    Tiny,
}

impl Preset {
    /// All of them, the default first.
    pub const ALL: [Preset; 3] = [Preset::Paper, Preset::Small, Preset::Tiny];

    /// What a spec calls it.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Paper => "paper",
            Preset::Small => "small",
            Preset::Tiny => "tiny",
        }
    }
}

impl Spec {
    /// Class names in table order.
    pub fn class_names(&self) -> Vec<&str> {
        self.classes.keys().map(String::as_str).collect()
    }

    /// The class an emotion of a corpus belongs to, as an index into `class_names`. With `label = "valence"` the
    /// corpus's map must be in `valence`, which [`Spec::fill_valence`] sees to.
    pub fn class_of(&self, corpus: &str, emotion: Emotion) -> Option<usize> {
        match self.label {
            Label::Emotion => self.classes.values().position(|emotions| emotions.contains(&emotion)),
            Label::Valence => {
                let class = self.valence.get(corpus)?.of(emotion)?;
                self.classes.get_index_of(class)
            }
        }
    }

    /// Names of the corpora that the experiment reads, each once.
    pub fn corpora(&self) -> Vec<&str> {
        let named: Vec<&str> = match &self.protocol {
            Protocol::CrossLingual(p) => p.sources.iter().chain(&p.targets).map(String::as_str).collect(),
            Protocol::SplitFile(p) if !p.corpora.is_empty() => p.corpora.iter().map(String::as_str).collect(),
            _ => vec![&self.corpus],
        };
        let mut names: Vec<&str> = Vec::new();
        named.into_iter().for_each(|n| {
            if !names.contains(&n) {
                names.push(n)
            }
        });
        names
    }

    /// The autoencoder: its table, or the defaults.
    pub fn autoencoder(&self) -> Autoencoder {
        self.autoencoder.clone().unwrap_or_default()
    }

    /// The training of BAGAN: its table, or the defaults.
    pub fn bagan(&self) -> BaganTraining {
        self.bagan.clone().unwrap_or_default()
    }

    /// The GAN of codes: its table, or the defaults.
    pub fn latent_gan(&self) -> LatentGan {
        self.latent_gan.clone().unwrap_or_default()
    }

    /// The diffusion model of codes: its table, or the defaults.
    pub fn latent_diffusion(&self) -> LatentDiffusion {
        self.latent_diffusion.clone().unwrap_or_default()
    }

    /// The networks of viewmaker: their table, or the defaults.
    pub fn viewmaker(&self) -> ViewmakerTraining {
        self.viewmaker.clone().unwrap_or_default()
    }

    /// The networks of stargan: their table, or the defaults.
    pub fn stargan(&self) -> StarGanTraining {
        self.stargan.clone().unwrap_or_default()
    }

    /// Writes out the tables of generators that its conditions read, and leaves out those that a preset has for others.
    fn settle_tables(&mut self, stated: impl Fn(&str) -> bool) {
        fn settle<T: Default>(table: &mut Option<T>, (read, stated): (bool, bool)) {
            match (read, stated) {
                (true, _) => drop(table.get_or_insert_with(T::default)),
                (false, false) => *table = None,
                (false, true) => {}
            }
        }
        let generators = self.condition.iter().filter_map(|c| c.augment.generator());
        let read: Vec<&'static str> = generators.flat_map(|g| g.tables()).copied().collect();
        let is = |name: &str| (read.contains(&name), stated(name));
        settle(&mut self.autoencoder, is("autoencoder"));
        settle(&mut self.bagan, is("bagan"));
        settle(&mut self.latent_gan, is("latent-gan"));
        settle(&mut self.latent_diffusion, is("latent-diffusion"));
        settle(&mut self.viewmaker, is("viewmaker"));
        settle(&mut self.stargan, is("stargan"));
    }

    /// The languages to keep of a corpus; empty for all.
    pub fn languages_of(&self, corpus: &str) -> &[String] {
        self.languages_of.get(corpus).unwrap_or(&self.languages)
    }

    /// Writes out the valence map of a corpus where the experiment is about valence and the spec states none.
    pub fn fill_valence(&mut self, corpus: &str, map: &Valence) {
        if self.label == Label::Valence && !self.valence.contains_key(corpus) {
            self.valence.insert(corpus.to_owned(), map.clone());
        }
    }

    /// Folds that the spec has, given the sessions and speakers of its corpus; 0 where that cannot be told.
    pub fn folds(&self, sessions: impl Fn() -> usize, speakers: impl Fn() -> usize) -> usize {
        let all = match &self.protocol {
            Protocol::LeaveOneSessionOut(_) => sessions(),
            Protocol::LeaveSpeakersOut(p) if !p.groups.is_empty() => p.groups.len(),
            Protocol::LeaveSpeakersOut(p) if p.folds > 0 => p.folds,
            Protocol::LeaveSpeakersOut(p) => {
                speakers().saturating_sub(p.without.len()).div_ceil(p.speakers.max(1))
            }
            Protocol::FixedSplit(_) => 1,
            Protocol::LeaveTextsOut(p) => p.folds,
            Protocol::SplitFile(_) => 0,
            Protocol::Scored(p) => p.folds.len(),
            Protocol::CrossLingual(p) => p.pairs().len(),
        };
        let run = match self.protocol.only().len() {
            0 => all,
            only => only.min(all),
        };
        let per_class = self.reduction.as_ref().is_some_and(|r| r.mode == ReductionMode::PerClass);
        run * if per_class { self.reduced_classes().len() } else { 1 }
    }

    /// Whether its conditions are systems of which the predictions alone are known.
    pub fn is_scored(&self) -> bool {
        matches!(self.protocol, Protocol::Scored(_))
    }

    /// The condition that `condition` is compared with, as an index: its `baseline`, or the first.
    pub fn baseline_of(&self, condition: usize) -> usize {
        let name = &self.condition[condition].baseline;
        if name.is_empty() { 0 } else { self.condition.iter().position(|c| c.name == *name).unwrap_or(0) }
    }

    /// Indices of the classes that the reduction thins; empty without one.
    pub fn reduced_classes(&self) -> Vec<usize> {
        match &self.reduction {
            None => Vec::new(),
            Some(r) => {
                let kept = |name: &String| r.keep.contains(name);
                self.classes.keys().enumerate().filter(|(_, n)| !kept(n)).map(|(i, _)| i).collect()
            }
        }
    }

    /// What differences are to: the condition that all others are compared with, or `baseline` where there are several.
    pub fn baseline_label(&self) -> &str {
        let bases: Vec<usize> = (0..self.condition.len()).map(|c| self.baseline_of(c)).collect();
        if bases.iter().all(|&b| b == bases[0]) { self.condition[bases[0]].label() } else { "baseline" }
    }

    /// The resolved spec as TOML: what a run writes down.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a spec is always valid TOML")
    }
}

impl Default for Embedding {
    fn default() -> Embedding {
        Embedding { per_class: 30, copies: 3, of: EmbeddingSource::Train }
    }
}

fn one_seed() -> Vec<u64> {
    vec![1]
}
