//! CopyPaste: stretches of two recordings in one.

use super::{Augment, CopySource, Generator, four};
use crate::emotion::Emotion;
use crate::spec::Spec;
use crate::spec::located_error::{CheckResult, FieldPath, need};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// CopyPaste (Pappagari et al., ICASSP 2021) by segment: a stretch of an utterance joined to one of a partner's, labelled as the
/// utterance (FIDELITY.md row "CopyPaste").
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CopyPaste {
    /// Joins from each sample.
    #[schemars(range(min = 1, max = 1000))]
    pub copies: usize,
    /// Which samples are joined.
    pub of: CopySource,
    /// What they are joined to: an utterance of the same speaker where there is one.
    pub partner: CopyPastePartner,
    /// Share of each segment that is the sample's own.
    #[schemars(range(min = 0.05, max = 0.95))]
    pub share: f64,
}

/// What an utterance is joined to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CopyPastePartner {
    /// An utterance of the class that holds the emotion `neutral`.
    #[default]
    Neutral,
    /// Another utterance of its own class.
    Same,
    /// One or the other, with equal chances.
    Either,
}

impl CopyPaste {
    /// The class that neutral partners are of; none where no class holds `neutral`.
    pub fn neutral_class(spec: &Spec) -> Option<usize> {
        spec.classes.values().position(|emotions| emotions.contains(&Emotion::NEUTRAL))
    }
}

impl Default for CopyPaste {
    fn default() -> CopyPaste {
        CopyPaste {
            copies: four(),
            of: CopySource::default(),
            partner: CopyPastePartner::default(),
            share: 0.5,
        }
    }
}

impl Generator for CopyPaste {
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
        Some(Augment::CopyPaste(CopyPaste { of: CopySource::default(), ..self.clone() }))
    }

    fn reads_speakers(&self) -> bool {
        true
    }

    fn check(&self, here: &FieldPath, spec: &Spec) -> CheckResult {
        let neutral = self.partner == CopyPastePartner::Same || CopyPaste::neutral_class(spec).is_some();
        need(neutral, here.field("partner"), || {
            "no class holds the emotion `neutral`; say partner = \"same\"".into()
        })
    }
}
