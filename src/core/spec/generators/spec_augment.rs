//! Copies with stretches of bands and frames masked.

use super::{Augment, CopySource, Generator, four};
use crate::spec::Spec;
use crate::spec::located_error::{CheckResult, FieldPath, need};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// SpecAugment (Park et al., Interspeech 2019) without time warping. The widths are those of its policy LD:
/// 27 bands, and 1 s, which is 40 of our frames.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SpecAugment {
    /// Masked copies of each sample.
    #[schemars(range(min = 1, max = 1000))]
    pub copies: usize,
    /// Which samples are copied.
    pub of: CopySource,
    /// Stretches of mel bands that are masked.
    #[schemars(range(min = 0, max = 100))]
    pub frequency_masks: usize,
    /// Widest of them, bands; a width is uniform over 0 to this.
    #[schemars(range(min = 0, max = 128))]
    pub frequency_width: usize,
    /// Stretches of frames that are masked.
    #[schemars(range(min = 0, max = 100))]
    pub time_masks: usize,
    /// Widest of them, frames, and never more than half the utterance.
    #[schemars(range(min = 0, max = 10000))]
    pub time_width: usize,
}

impl Default for SpecAugment {
    fn default() -> Self {
        SpecAugment {
            copies: four(),
            of: CopySource::default(),
            frequency_masks: 2,
            frequency_width: 27,
            time_masks: 2,
            time_width: 40,
        }
    }
}

impl Generator for SpecAugment {
    fn copies(&self) -> Option<(usize, CopySource)> {
        Some((self.copies, self.of))
    }

    fn set_copies(&mut self, copies: usize) {
        self.copies = copies;
    }

    fn settings(&self) -> Option<Augment> {
        Some(Augment::SpecAugment(SpecAugment {
            of: CopySource::default(),
            frequency_width: if self.frequency_masks == 0 { 0 } else { self.frequency_width },
            time_width: if self.time_masks == 0 { 0 } else { self.time_width },
            ..self.clone()
        }))
    }

    fn check(&self, here: &FieldPath, _: &Spec) -> CheckResult {
        let masks = |count: usize, width: usize| count > 0 && width > 0;
        let frequency = masks(self.frequency_masks, self.frequency_width);
        need(frequency || masks(self.time_masks, self.time_width), here, || {
            "nothing is masked; give masks of frequency or time, and their width".into()
        })
    }
}
