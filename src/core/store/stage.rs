//! The stages of a cell whose results the store keeps.

use super::Key;
use serde::{Deserialize, Serialize};

/// A stage whose results the store keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The autoencoder that generators of codes share.
    Autoencoder,
    /// A generator that is trained, with its networks: the paper's augmentor, for one.
    Augmentor,
    /// Predictions and history of a classifier, and its weights.
    Classifier,
    /// The judge of generated samples, where a spec has one.
    Judge,
}

impl Stage {
    /// Every stage, in the order in which a cell trains them.
    pub const ALL: [Stage; 4] = [Stage::Autoencoder, Stage::Augmentor, Stage::Classifier, Stage::Judge];

    /// Its name in paths and in history.csv.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Autoencoder => "autoencoder",
            Stage::Augmentor => "augmentor",
            Stage::Classifier => "classifier",
            Stage::Judge => "judge",
        }
    }

    /// Parses `<stage>-<key>`, the name of an entry's folder, of a trajectory's folder and, without `.json`, of a lease.
    pub fn split(name: &str) -> Option<(Stage, Key)> {
        let (word, key) = name.split_once('-')?;
        let stage = Stage::ALL.into_iter().find(|s| s.name() == word)?;
        Some((stage, Key::read(key)?))
    }
}
