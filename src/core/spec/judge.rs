//! The judge of generated samples (docs/judge.md).

use super::limits;
use super::located_error::{CheckResult, at, need};
use super::{Protocol, Spec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The training of the judge: a classifier with the representation learner's sizes and the augmentor's windows, trained once a fold and
/// seed on the kept utterances and half of the removed ones. No condition uses it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Judge {
    /// Training iterations.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub iterations: usize,
    /// Windows an iteration.
    #[schemars(range(min = 1, max = limits::BATCH))]
    pub batch: usize,
    /// Adam's learning rate.
    #[schemars(range(max = limits::RATE), extend("exclusiveMinimum" = 0.0))]
    pub learning_rate: f64,
    /// Iterations between two rows of history.csv.
    #[schemars(range(min = 1, max = limits::STEPS))]
    pub log_every: usize,
}

impl Default for Judge {
    fn default() -> Judge {
        Judge { iterations: 400, batch: 16, learning_rate: 1e-3, log_every: 100 }
    }
}

impl Spec {
    /// Without a reduction nothing is removed that samples could be held against.
    pub(super) fn check_judge(&self) -> CheckResult {
        if self.judge.is_none() {
            return Ok(());
        }
        let removes = self.reduction.as_ref().is_some_and(|r| r.share > 0.0);
        need(removes || matches!(self.protocol, Protocol::SplitFile(_)), at("judge"), || {
            "is for an experiment with a [reduction] that removes something, which is the reference; leave it out".into()
        })
    }
}
