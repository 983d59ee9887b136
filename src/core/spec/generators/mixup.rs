//! Batches mixed while training.

use super::{Augment, CopySource, Generator};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// mixup (Zhang et al., ICLR 2018).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mixup {
    /// A step's share of its first batch is drawn from Beta(alpha, alpha).
    #[schemars(range(min = 0.001, max = 1000.0))]
    pub alpha: f64,
}

impl Default for Mixup {
    fn default() -> Self {
        Mixup { alpha: 0.2 }
    }
}

impl Generator for Mixup {
    /// Nothing is added.
    fn copies(&self) -> Option<(usize, CopySource)> {
        None
    }

    fn set_copies(&mut self, _: usize) {}

    fn settings(&self) -> Option<Augment> {
        Some(Augment::Mixup(self.clone()))
    }
}
