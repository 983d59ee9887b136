//! The columns of an experiment.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One way of training the classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Condition {
    /// Lower-case letters, digits and hyphens: part of a cell's path.
    pub name: String,
    /// What tables call it; the name where empty.
    #[serde(default)]
    pub title: String,
    /// What is added to the training set.
    #[serde(default)]
    pub augment: Augment,
    /// The classifier's loss.
    #[serde(default)]
    pub loss: Loss,
    /// How training segments are drawn.
    #[serde(default)]
    pub sampling: Sampling,
    /// Published percentages: a class name or `average` to its value.
    #[serde(default)]
    pub published: IndexMap<String, f64>,
}

/// What is added to the training set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Augment {
    /// Nothing.
    #[default]
    None,
    /// The samples themselves again (random oversampling).
    Copies(Copies),
    /// The paper's augmentor.
    TripletGan(TripletGan),
}

/// How many copies of which samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Copies {
    /// Copies of each sample (the paper: 4).
    #[serde(default = "four")]
    pub copies: usize,
    /// Which samples are copied.
    #[serde(default)]
    pub of: CopySource,
}

/// The paper's augmentor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TripletGan {
    /// Loss groups; the ablation drops some.
    #[serde(default = "all_losses")]
    pub losses: Vec<GanLoss>,
    /// Augmentations of each sample (the paper: 4).
    #[serde(default = "four")]
    pub copies: usize,
    /// Which samples are augmented.
    #[serde(default)]
    pub of: CopySource,
}

/// FIDELITY.md row "Which samples are augmented x4?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CopySource {
    /// Those of the reduced classes.
    #[default]
    Reduced,
    /// All.
    All,
}

/// A group of losses of the augmentor (Eq. 4 and 7, Tab. 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GanLoss {
    /// L_Model: L_GAN, L_REP and L_EMO. Always there.
    Model,
    /// L_VAR.
    Var,
    /// L_BAL.
    Bal,
}

/// FIDELITY.md row "class weights, sampling".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Cross-entropy.
    #[default]
    Plain,
    /// Cross-entropy weighted by the inverse of each class's share of the training segments.
    Weighted,
}

/// FIDELITY.md row "class weights, sampling".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Every segment once a pass.
    #[default]
    Uniform,
    /// Classes equally often.
    Balanced,
}

impl Condition {
    /// What tables call it.
    pub fn label(&self) -> &str {
        if self.title.is_empty() { &self.name } else { &self.title }
    }
}

fn four() -> usize {
    4
}

fn all_losses() -> Vec<GanLoss> {
    vec![GanLoss::Model, GanLoss::Var, GanLoss::Bal]
}
