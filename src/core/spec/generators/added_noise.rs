//! Copies with white noise in the waveform.

use super::{Augment, CopySource, Generator, four};
use crate::spec::Spec;
use crate::spec::located_error::{CheckResult, FieldPath, need};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// White Gaussian noise added to the waveform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AddedNoise {
    /// Noisy copies of each sample.
    #[schemars(range(min = 1, max = 1000))]
    pub copies: usize,
    /// Which samples are copied.
    pub of: CopySource,
    /// Range of the signal-to-noise ratio, decibels, drawn uniformly for each copy.
    #[schemars(inner(range(min = -100.0, max = 100.0)))]
    pub snr_db: [f64; 2],
}

impl Default for AddedNoise {
    fn default() -> Self {
        AddedNoise { copies: four(), of: CopySource::default(), snr_db: [5.0, 20.0] }
    }
}

impl Generator for AddedNoise {
    fn copies(&self) -> Option<(usize, CopySource)> {
        Some((self.copies, self.of))
    }

    fn set_copies(&mut self, copies: usize) {
        self.copies = copies;
    }

    fn settings(&self) -> Option<Augment> {
        Some(Augment::Noise(AddedNoise { of: CopySource::default(), ..self.clone() }))
    }

    fn check(&self, here: &FieldPath, _: &Spec) -> CheckResult {
        let [low, high] = self.snr_db;
        need(low <= high, here.field("snr-db"), || {
            format!("= [{low}, {high}]: must not fall, and be in -100 to 100")
        })
    }
}
