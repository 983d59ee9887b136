//! The experiment file, checked on load. Nothing below this module can hold an unchecked one.
//!
//! Every choice that the paper leaves open is a field; its default is the reading of FIDELITY.md.

mod check;
mod classifier;
mod condition;
mod fault;
mod features;
mod gan;
mod load;
mod protocol;

pub use classifier::{Budget, Classifier, FinalWeights, Network, Schedule, Vgg};
pub use condition::{Augment, Condition, Copies, CopySource, GanLoss, Loss, Sampling, TripletGan};
pub use features::{Features, MelScale};
pub use gan::{
    Attention, Augmentor, Discriminator, Distance, Dot, Init, Latent, LossWeights, Negatives, Noise,
    Optimisers, OutputActivation, Padding, ProjectionMean, Representation,
};
pub use load::{fault, load, parse};
pub use protocol::{LeaveSpeakersOut, Protocol, Reduction, ReductionMode};

use crate::emotion::Emotion;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an experiment file says, with every default filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Spec {
    /// One line for tables and pages.
    pub title: String,
    /// Where the sizes that the file does not state come from.
    #[serde(default)]
    pub preset: Preset,
    /// Name of a manifest in data-manifests/.
    pub corpus: String,
    /// Languages to keep (ISO 639-1 codes); empty keeps all.
    #[serde(default)]
    pub languages: Vec<String>,
    /// One cell is trained for each condition, fold and seed.
    #[serde(default = "one_seed")]
    pub seeds: Vec<u64>,
    /// Class name to the emotions that belong to it; the order is that of every table.
    /// Utterances of other emotions are left out and counted.
    pub classes: IndexMap<String, Vec<Emotion>>,
    /// How utterances become folds.
    pub protocol: Protocol,
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
    /// The classifier and its training.
    #[serde(default)]
    pub classifier: Classifier,
    /// The columns of the experiment.
    pub condition: Vec<Condition>,
}

/// Named sets of sizes. `tiny` fits two CPU cores; its values are in src/spec/tiny.toml.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// The sizes of the paper.
    #[default]
    Paper,
    /// Narrow networks and short trainings.
    Tiny,
}

impl Spec {
    /// Class names in table order.
    pub fn class_names(&self) -> Vec<&str> {
        self.classes.keys().map(String::as_str).collect()
    }

    /// The class an emotion belongs to, as an index into `class_names`.
    pub fn class_of(&self, emotion: Emotion) -> Option<usize> {
        self.classes.values().position(|emotions| emotions.contains(&emotion))
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

    /// The resolved spec as TOML: what a run writes down.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a spec is always valid TOML")
    }
}

fn one_seed() -> Vec<u64> {
    vec![1]
}
