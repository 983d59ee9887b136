//! What a condition adds to the training set, or does to it.

use super::check::{CheckResult, need};
use super::located_error::FieldPath;
use super::{Attention, Protocol, Spec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// The augmentation of a condition.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Augment {
    /// Nothing.
    #[default]
    None,
    /// The samples themselves again (random oversampling).
    Copies(Copies),
    /// The paper's augmentor.
    TripletGan(TripletGan),
    /// Copies with stretches of bands and frames masked.
    SpecAugment(SpecAugment),
    /// Copies with white noise in the waveform.
    Noise(AddedNoise),
    /// Batches mixed while training; nothing is added.
    Mixup(Mixup),
}

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

/// The paper's augmentor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TripletGan {
    /// Loss groups; the ablation drops some.
    #[serde(default = "all_losses")]
    pub losses: Vec<GanLoss>,
    /// Augmentations of each sample (the paper: 4).
    #[serde(default = "four")]
    #[schemars(range(min = 1, max = 1000))]
    pub copies: usize,
    /// Which samples are augmented.
    #[serde(default)]
    pub of: CopySource,
}

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

/// mixup (Zhang et al., ICLR 2018).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mixup {
    /// A step's share of its first batch is drawn from Beta(alpha, alpha).
    #[schemars(range(min = 0.001, max = 1000.0))]
    pub alpha: f64,
}

/// FIDELITY.md row "Which samples are augmented x4?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CopySource {
    /// Those of the reduced classes.
    #[default]
    Reduced,
    /// All.
    All,
    /// Those of the target corpus, in the cross-lingual protocol.
    Target,
}

/// A group of losses of the augmentor (Eq. 4 and 7, Tab. 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GanLoss {
    /// L_GAN alone, without the representation learner; excludes the others.
    Gan,
    /// L_Model: L_GAN, L_REP and L_EMO.
    Model,
    /// L_VAR.
    Var,
    /// L_BAL.
    Bal,
}

impl GanLoss {
    /// Whether a training with `losses` has a representation learner.
    pub fn guided(losses: &[GanLoss]) -> bool {
        !losses.contains(&GanLoss::Gan)
    }
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

impl Default for AddedNoise {
    fn default() -> Self {
        AddedNoise { copies: four(), of: CopySource::default(), snr_db: [5.0, 20.0] }
    }
}

impl Default for Mixup {
    fn default() -> Self {
        Mixup { alpha: 0.2 }
    }
}

impl Augment {
    /// How many copies of each sample are added, and of which samples; none where nothing is added.
    pub fn copies(&self) -> Option<(usize, CopySource)> {
        match self {
            Augment::None | Augment::Mixup(_) => None,
            Augment::Copies(a) => Some((a.copies, a.of)),
            Augment::TripletGan(a) => Some((a.copies, a.of)),
            Augment::SpecAugment(a) => Some((a.copies, a.of)),
            Augment::Noise(a) => Some((a.copies, a.of)),
        }
    }

    /// Whether its augmentor is trained beside a representation learner.
    pub fn guided(&self) -> bool {
        matches!(self, Augment::TripletGan(a) if GanLoss::guided(&a.losses))
    }

    /// What the classifier's key holds of the augmentation beside sources, copies and the augmentor's key,
    /// with fields that decide nothing set to one value; none where those say it all.
    pub fn settings(&self) -> Option<Augment> {
        let of = CopySource::default();
        match self {
            Augment::None | Augment::Copies(_) | Augment::TripletGan(_) => None,
            Augment::SpecAugment(a) => Some(Augment::SpecAugment(SpecAugment {
                of,
                frequency_width: if a.frequency_masks == 0 { 0 } else { a.frequency_width },
                time_width: if a.time_masks == 0 { 0 } else { a.time_width },
                ..a.clone()
            })),
            Augment::Noise(a) => Some(Augment::Noise(AddedNoise { of, ..a.clone() })),
            Augment::Mixup(a) => Some(Augment::Mixup(a.clone())),
        }
    }

    /// What is wrong with the augmentation at `key`.
    pub(super) fn check(&self, key: &FieldPath, spec: &Spec) -> CheckResult {
        let here = match self {
            Augment::None | Augment::Mixup(_) => return Ok(()),
            Augment::Copies(_) => key.field("copies"),
            Augment::TripletGan(a) => {
                let here = key.field("triplet-gan");
                a.check(&here.field("losses"), spec)?;
                here
            }
            Augment::SpecAugment(a) => {
                let here = key.field("spec-augment");
                a.check(&here)?;
                here
            }
            Augment::Noise(a) => {
                let [low, high] = a.snr_db;
                let here = key.field("noise");
                need(low <= high, here.field("snr-db"), || {
                    format!("= [{low}, {high}]: must not fall, and be in -100 to 100")
                })?;
                here
            }
        };
        let Some((_, of)) = self.copies() else { return Ok(()) };
        let cross_lingual = matches!(spec.protocol, Protocol::CrossLingual(_));
        let listed = matches!(spec.protocol, Protocol::SplitFile(_));
        need(spec.reduction.is_some() || listed || of != CopySource::Reduced, here.field("of"), || {
            let other = if cross_lingual { "target" } else { "all" };
            format!("= \"reduced\", but the spec has no [reduction]; say of = \"{other}\"")
        })?;
        need(cross_lingual || listed || of != CopySource::Target, here.field("of"), || {
            "= \"target\": is for protocol.cross-lingual".into()
        })
    }
}

impl TripletGan {
    fn check(&self, losses: &FieldPath, spec: &Spec) -> CheckResult {
        let distinct: HashSet<_> = self.losses.iter().collect();
        let alone = self.losses == [GanLoss::Gan];
        let guided = distinct.contains(&GanLoss::Model) && GanLoss::guided(&self.losses);
        need(alone || (guided && distinct.len() == self.losses.len()), losses, || {
            "either `gan` alone, or `model` with or without `var` and `bal`, each once".into()
        })?;
        need(!alone || spec.augmentor.attention == Attention::Own, losses, || {
            "`gan` trains no attention to share; set augmentor.attention = \"own\"".into()
        })
    }
}

impl SpecAugment {
    fn check(&self, key: &FieldPath) -> CheckResult {
        let masks = |count: usize, width: usize| count > 0 && width > 0;
        let frequency = masks(self.frequency_masks, self.frequency_width);
        need(frequency || masks(self.time_masks, self.time_width), key, || {
            "nothing is masked; give masks of frequency or time, and their width".into()
        })
    }
}

fn four() -> usize {
    4
}

fn all_losses() -> Vec<GanLoss> {
    vec![GanLoss::Model, GanLoss::Var, GanLoss::Bal]
}
