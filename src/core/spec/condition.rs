//! The columns of an experiment.

use super::located_error::{CheckResult, FieldPath, need};
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
    /// With `loss = "focal"`: how much less a segment counts that is classified well.
    // Not written where it is the default, so that specs of runs say what they said before there was a choice.
    #[serde(default = "two", skip_serializing_if = "is_two")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub gamma: f64,
    /// With `loss = "logit-adjusted"`: the share of the log prior that is added to the logits.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub tau: f64,
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
    /// Focal loss (Lin et al., ICCV 2017): cross-entropy times (1 - p)^gamma, p of the segment's own class.
    Focal,
    /// Cross-entropy of the logits plus tau times the logarithm of each class's share of the training segments (Menon et al.,
    /// ICLR 2021); the test is by the logits alone.
    LogitAdjusted,
}

/// A [`Loss`] with the number that it takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClassifierLoss {
    /// [`Loss::Plain`].
    Plain,
    /// [`Loss::Weighted`].
    Weighted,
    /// [`Loss::Focal`].
    Focal {
        /// Of (1 - p)^gamma.
        gamma: f64,
    },
    /// [`Loss::LogitAdjusted`].
    LogitAdjusted {
        /// Share of the log prior.
        tau: f64,
    },
}

impl ClassifierLoss {
    /// The number that it takes, where it takes one.
    pub fn number(self) -> Option<f64> {
        match self {
            ClassifierLoss::Plain | ClassifierLoss::Weighted => None,
            ClassifierLoss::Focal { gamma: number } | ClassifierLoss::LogitAdjusted { tau: number } => {
                Some(number)
            }
        }
    }
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

    /// The loss with its number.
    pub fn classifier_loss(&self) -> ClassifierLoss {
        match self.loss {
            Loss::Plain => ClassifierLoss::Plain,
            Loss::Weighted => ClassifierLoss::Weighted,
            Loss::Focal => ClassifierLoss::Focal { gamma: self.gamma },
            Loss::LogitAdjusted => ClassifierLoss::LogitAdjusted { tau: self.tau },
        }
    }

    /// `gamma` and `tau` belong to one loss each.
    pub(super) fn check_loss(&self, here: &FieldPath) -> CheckResult {
        need(self.loss == Loss::Focal || is_two(&self.gamma), here.field("gamma"), || {
            "is for loss = \"focal\"".into()
        })?;
        need(self.loss == Loss::LogitAdjusted || is_one(&self.tau), here.field("tau"), || {
            "is for loss = \"logit-adjusted\"".into()
        })
    }
}

fn two() -> f64 {
    2.0
}

fn one() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_two(number: &f64) -> bool {
    number.to_bits() == two().to_bits()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_one(number: &f64) -> bool {
    number.to_bits() == one().to_bits()
}
