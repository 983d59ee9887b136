//! SMOTE: samples between two of one class.

use super::{Augment, CopySource, Generator, four};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// SMOTE (Chawla et al., JAIR 2002) on log-mels: x + u (x' - x), where x' is another utterance of the class of x and u is
/// uniform in [0, 1) (FIDELITY.md row "SMOTE").
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Smote {
    /// Interpolations from each sample.
    #[schemars(range(min = 1, max = 1000))]
    pub copies: usize,
    /// Which samples are interpolated from.
    pub of: CopySource,
    /// Which utterance of the class is the other one.
    pub partner: SmotePartner,
    /// With `partner = "near"`: how many of the nearest it is drawn from; all of the class where it has fewer.
    #[schemars(range(min = 1, max = 1000))]
    pub neighbours: usize,
}

/// The other utterance of an interpolation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SmotePartner {
    /// One of the nearest, by the Euclidean distance of log-mels averaged over time.
    #[default]
    Near,
    /// Any of the class: mixup inside a class.
    Any,
}

impl Default for Smote {
    fn default() -> Smote {
        Smote { copies: four(), of: CopySource::default(), partner: SmotePartner::Near, neighbours: 5 }
    }
}

impl Generator for Smote {
    fn copies(&self) -> Option<(usize, CopySource)> {
        Some((self.copies, self.of))
    }

    fn set_copies(&mut self, copies: usize) {
        self.copies = copies;
    }

    fn reads_classes(&self) -> bool {
        true
    }

    fn settings(&self) -> Option<Augment> {
        let neighbours = if self.partner == SmotePartner::Any { 0 } else { self.neighbours };
        Some(Augment::Smote(Smote { of: CopySource::default(), neighbours, ..self.clone() }))
    }
}
