//! The identity of a cell: experiment, condition, fold and seed.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// One (condition, fold, seed) of an experiment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CellId {
    /// The experiment: the spec's path below experiments/, without its extension.
    pub experiment: String,
    /// The condition's name.
    pub condition: String,
    /// From 1.
    pub fold: usize,
    /// An entry of the spec's `seeds`.
    pub seed: u64,
}

impl CellId {
    /// Where the cell's files are, below the run directory.
    pub fn dir(&self) -> PathBuf {
        PathBuf::from(format!("cells/{}/fold-{}/seed-{}", self.condition, self.fold, self.seed))
    }
}

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/fold-{}/seed-{}", self.experiment, self.condition, self.fold, self.seed)
    }
}
