//! Generators: what a condition adds to the training set, or does to it. Each has one file here, with its fields and what its
//! keys hold, and one in `seraug_train::generators`, which makes the samples. The list below names it, the `mod` lines of both
//! folders include it, and nothing else knows of it.

mod added_noise;
mod bagan;
mod copies;
mod copy_paste;
mod latent;
mod mixup;
mod smote;
mod spec_augment;
mod stargan;
mod triplet_gan;
mod viewmaker;

pub use added_noise::AddedNoise;
pub use bagan::{Bagan, BaganTraining, RealBatch};
pub use copies::Copies;
pub use copy_paste::{CopyPaste, CopyPastePartner};
pub use latent::{Covariance, LatentCodes, LatentDiffusion, LatentGan, LatentSampler};
pub use mixup::Mixup;
pub use smote::{Smote, SmotePartner};
pub use spec_augment::SpecAugment;
pub use stargan::{Adversarial, StarGan, StarGanWeights};
pub use triplet_gan::{GanLoss, TripletGan};
pub use viewmaker::{Denominator, ViewBudget, Viewmaker};

use super::located_error::{CheckResult, FieldPath, need};
use super::{Protocol, Spec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Makes [`Augment`] and `with_generator!` of a list of generators.
macro_rules! generators {
    ($d:tt $($(#[doc = $doc:literal])* $name:literal $generator:ident($settings:ident),)*) => {
        /// The augmentation of a condition.
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
        pub enum Augment {
            /// Nothing.
            #[default]
            None,
            $($(#[doc = $doc])* #[serde(rename = $name)] $generator($settings),)*
        }

        impl Augment {
            /// What a spec calls the generator.
            pub fn name(&self) -> &'static str {
                match self {
                    Augment::None => "none",
                    $(Augment::$generator(_) => $name,)*
                }
            }
        }

        /// Evaluates an expression with the settings of an [`Augment`](crate::spec::Augment), of whatever type they are:
        /// `with_generator!(augment, g => g.copies(), none => None)`.
        #[macro_export]
        macro_rules! with_generator {
            ($d augment:expr, $d g:ident => $d value:expr, none => $d none:expr) => {
                match $d augment {
                    $crate::spec::Augment::None => $d none,
                    $($crate::spec::Augment::$generator($d g) => $d value,)*
                }
            };
        }
    };
}

generators! { $
    /// The samples themselves again (random oversampling).
    "copies" Copies(Copies),
    /// The paper's augmentor.
    "triplet-gan" TripletGan(TripletGan),
    /// Copies with stretches of bands and frames masked.
    "spec-augment" SpecAugment(SpecAugment),
    /// Copies with white noise in the waveform.
    "noise" Noise(AddedNoise),
    /// Batches mixed while training; nothing is added.
    "mixup" Mixup(Mixup),
    /// Samples between two of a class.
    "smote" Smote(Smote),
    /// Stretches of two recordings in one.
    "copy-paste" CopyPaste(CopyPaste),
    /// Views by a network that is trained without labels.
    "viewmaker" Viewmaker(Viewmaker),
    /// Utterances of one class, converted into another.
    "stargan" StarGan(StarGan),
    /// Codes of the autoencoder, drawn and decoded.
    "latent" Latent(LatentCodes),
    /// BAGAN, the starting point of [9].
    "bagan" Bagan(Bagan),
}

/// What a generator says of itself in a spec.
pub trait Generator {
    /// How many items are made of each source, and which training utterances are sources; none where nothing is added.
    fn copies(&self) -> Option<(usize, CopySource)>;

    /// Has it make so many items of each source; nothing where nothing is added.
    fn set_copies(&mut self, copies: usize);

    /// Whether what it makes depends on classes: of the sources, or of what a sample is to be.
    fn reads_classes(&self) -> bool {
        false
    }

    /// What the classifier's key holds beside sources, number of copies and the key of the trained generator: the settings, with
    /// fields that decide nothing set to one value. None where the rest says it all.
    fn settings(&self) -> Option<Augment>;

    /// Whether what is made depends on who speaks, so that the speakers of the training utterances are part of the key.
    fn reads_speakers(&self) -> bool {
        false
    }

    /// Which training utterances are converted into samples of another class, where those of [`Generator::copies`] only say
    /// how many samples of which class there are to be.
    fn converts(&self) -> Option<Conversion> {
        None
    }

    /// Whether it is made of codes of the autoencoder of its fold and seed, which is trained first.
    fn needs_autoencoder(&self) -> bool {
        false
    }

    /// Tables of sizes at the top of a spec that it reads and that are written for it alone.
    fn tables(&self) -> &'static [&'static str] {
        &[]
    }

    /// What is wrong with the settings at `key`.
    ///
    /// # Errors
    /// The first field that is wrong.
    fn check(&self, key: &FieldPath, spec: &Spec) -> CheckResult {
        let _ = (key, spec);
        Ok(())
    }

    /// What its training reads, for the key of the stage; none where nothing is trained.
    fn training(&self, spec: &Spec, on: &TrainedOn) -> Option<TrainingInputs> {
        let _ = (spec, on);
        None
    }

    /// How long its training is, for who projects its time; given exactly where [`Generator::training`] is.
    fn work(&self, spec: &Spec) -> Option<TrainingWork> {
        let _ = spec;
        None
    }

    /// Changes `spec` so that its training has so many iterations.
    fn set_iterations(&self, spec: &mut Spec, iterations: usize) {
        let _ = (spec, iterations);
    }

    /// The field with the batch of its training, and its value: what to lower where memory runs out.
    fn batch_field(&self, spec: &Spec) -> Option<(&'static str, usize)> {
        let _ = spec;
        None
    }

    /// Passes of a network that it takes to make one item as long as a source of `frames` frames; 0 where no network makes it, or one
    /// that is nothing beside a training.
    fn windows(&self, spec: &Spec, frames: usize) -> usize {
        let _ = (spec, frames);
        0
    }

    /// Names of the networks that its training trains, for provenance: those of its autoencoder first.
    fn network_names(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether a report shows some of what it makes beside the originals.
    fn has_gallery(&self) -> bool {
        false
    }
}

/// What a generator is trained on, as its key holds it.
#[derive(Debug, Clone, Copy)]
pub struct TrainedOn<'a> {
    /// Version of the mel front end.
    pub features_version: u32,
    /// Digest of the utterances that it is trained on.
    pub seen: &'a str,
    /// Digest of the fold's training part, which decides the statistics that the input is standardised with.
    pub train: &'a str,
    /// Key of the autoencoder; empty where it is not needed.
    pub autoencoder: &'a str,
    /// Seed of the run.
    pub seed: u64,
    /// Numeric device class: `cpu`, `cpu/4`, `cuda`.
    pub device: &'a str,
}

/// What a generator's training reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainingInputs {
    /// Raised when the training computes something else from the same inputs.
    pub version: u32,
    /// All that decides the trained generator, as JSON.
    pub key: String,
    /// The same but for the number of iterations, where continuing is exact: what checkpoints are kept by.
    pub trajectory: String,
}

impl TrainingInputs {
    /// The text of a key's inputs.
    pub(super) fn text(inputs: &impl Serialize) -> String {
        serde_json::to_string(inputs).expect("inputs of a key are plain data")
    }
}

/// A training, for who projects its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainingWork {
    /// What tells its iterations from those of other generators of an experiment: its losses, or its name.
    pub of: Vec<String>,
    /// Iterations in all; 0 where the generator is used as it is before its training.
    pub iterations: usize,
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

/// Which training utterances are converted into another class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Conversion {
    /// Those of the class that holds the emotion `neutral`.
    #[default]
    Neutral,
    /// Those of every other class.
    Others,
}

impl Conversion {
    /// Whether an utterance of class `from` may be converted into class `to`.
    pub fn allows(self, spec: &Spec, from: usize, to: usize) -> bool {
        from != to && (self == Conversion::Others || CopyPaste::neutral_class(spec) == Some(from))
    }
}

impl Augment {
    /// The generator; none without augmentation.
    pub fn generator(&self) -> Option<&dyn Generator> {
        with_generator!(self, g => Some(g), none => None)
    }

    /// As of [`Generator::copies`].
    pub fn copies(&self) -> Option<(usize, CopySource)> {
        self.generator()?.copies()
    }

    /// What is wrong with the augmentation at `key`.
    pub(super) fn check(&self, key: &FieldPath, spec: &Spec) -> CheckResult {
        let Some(generator) = self.generator() else { return Ok(()) };
        let here = key.field(self.name());
        generator.check(&here, spec)?;
        let Some((_, of)) = generator.copies() else { return Ok(()) };
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

fn four() -> usize {
    4
}
