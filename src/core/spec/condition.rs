//! The columns of an experiment.

use super::{Augment, limits};
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
    /// The condition that tables compare it with; the first where empty.
    #[serde(default)]
    pub baseline: String,
    /// Which part of the target corpus trains, in the cross-lingual protocol.
    #[serde(default)]
    pub target: TargetShare,
    /// Trains on what the reduction removes too: how good the classifier would be if nothing were missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unreduced: bool,
    /// What is added to the training set, or done to it.
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
    #[schemars(extend("additionalProperties" = limits::percent()))]
    pub published: IndexMap<String, f64>,
}

/// A part of the target corpus (paper 3.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TargetShare {
    /// FT: `protocol.cross-lingual.full` of it.
    #[default]
    Full,
    /// LT: `protocol.cross-lingual.low` of it.
    Low,
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
