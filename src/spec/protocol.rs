//! How utterances become folds (paper 3.1.2).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who is tested on whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Protocol {
    /// Each fold tests on a group of speakers and trains on the others.
    LeaveSpeakersOut(LeaveSpeakersOut),
}

/// Groups of speakers, dealt by gender in turn so that each fold has both where the corpus can.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LeaveSpeakersOut {
    /// Number of folds, at least 2 and at most the number of speakers.
    pub folds: usize,
    /// Folds to run (numbers from 1); empty runs all.
    #[serde(default)]
    pub only: Vec<usize>,
}

/// Random removal of training utterances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reduction {
    /// Share removed of each reduced class, in [0, 1). The paper: 0.8.
    pub share: f64,
    /// Classes that are left whole. The paper: neutral.
    pub keep: Vec<String>,
    /// Whether the classes are reduced together or one at a time.
    #[serde(default)]
    pub mode: ReductionMode,
}

/// FIDELITY.md row "Are the three classes reduced together?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReductionMode {
    /// One data set with every class but the kept ones reduced.
    #[default]
    Joint,
    /// One data set for each reduced class, the others whole: folds are numbered on through them.
    PerClass,
}
