//! The samples themselves again.

use super::{Augment, CopySource, Generator, four};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many copies of which samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Copies {
    /// Copies of each sample (the paper: 4).
    #[serde(default = "four")]
    #[schemars(range(min = 1, max = 1000))]
    pub copies: usize,
    /// Which samples are copied.
    #[serde(default)]
    pub of: CopySource,
}

impl Generator for Copies {
    fn copies(&self) -> Option<(usize, CopySource)> {
        Some((self.copies, self.of))
    }

    fn set_copies(&mut self, copies: usize) {
        self.copies = copies;
    }

    /// How many of which says it all.
    fn settings(&self) -> Option<Augment> {
        None
    }
}
