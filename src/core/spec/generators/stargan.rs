//! Conversion of one emotion into another. Sizes and training are in `[stargan]`, which the conditions share.

use super::{
    Augment, Conversion, CopyPaste, CopySource, Generator, TrainedOn, TrainingInputs, TrainingWork, four,
};
use crate::spec::bounds::{batch, multiple, rows, weights};
use crate::spec::located_error::{CheckResult, FieldPath, need};
use crate::spec::{Features, Precision, Spec, StarGanTraining, limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Raised when the training computes something else from the same inputs.
const VERSION: u32 = 1;

/// StarGAN conversion of log-mels (after Rizos et al., ICASSP 2020): utterances of one class, converted into another, are samples
/// of the other (FIDELITY.md, "StarGAN").
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct StarGan {
    /// Converted segments for each segment of the samples that `of` names: utterances are converted into their class until there
    /// are as many.
    #[schemars(range(min = 1, max = 1000))]
    pub copies: usize,
    /// Which samples get company; what is converted is another class.
    pub of: CopySource,
    /// What is converted.
    pub sources: Conversion,
    /// The adversarial loss.
    pub adversarial: Adversarial,
    /// Weights of the losses.
    pub weights: StarGanWeights,
    /// Steps of the critic for each of the generator; absent for 1, and 5 with `adversarial = "wgan-gp"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub critic_steps: Option<usize>,
    /// Share of the iterations, from the first, without the class term.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub warm_up: f64,
}

/// The adversarial loss of generator and critic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Adversarial {
    /// Logistic and non-saturating, as the triplet GAN's.
    #[default]
    Ns,
    /// Wasserstein, with the penalty of a gradient whose norm is not 1.
    WganGp,
}

/// Weights of the losses; that of the adversarial loss is 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct StarGanWeights {
    /// Cross-entropy of conversions under the frozen classifier.
    #[schemars(range(max = limits::WEIGHT), extend("exclusiveMinimum" = 0.0))]
    pub cls: f64,
    /// Mean absolute difference of a window and its conversion converted back.
    #[schemars(range(min = 0.0, max = limits::WEIGHT))]
    pub cycle: f64,
    /// Mean absolute difference of a window and its conversion into its own class.
    #[schemars(range(min = 0.0, max = limits::WEIGHT))]
    pub identity: f64,
    /// Penalty of the critic's gradient, with `adversarial = "wgan-gp"`.
    #[schemars(range(min = 0.0, max = limits::WEIGHT))]
    pub penalty: f64,
}

impl Default for StarGanWeights {
    fn default() -> StarGanWeights {
        StarGanWeights { cls: 1.0, cycle: 3.0, identity: 2.0, penalty: 5.0 }
    }
}

impl Default for StarGan {
    fn default() -> StarGan {
        StarGan {
            copies: four(),
            of: CopySource::default(),
            sources: Conversion::default(),
            adversarial: Adversarial::default(),
            weights: StarGanWeights::default(),
            critic_steps: None,
            warm_up: 0.67,
        }
    }
}

impl StarGan {
    /// Steps of the critic for each of the generator.
    pub fn steps_of_critic(&self) -> usize {
        self.critic_steps.unwrap_or(match self.adversarial {
            Adversarial::Ns => 1,
            Adversarial::WganGp => 5,
        })
    }

    /// Iterations without the class term, of `iterations`.
    pub fn warm_up_iterations(&self, iterations: usize) -> usize {
        (self.warm_up * iterations as f64).round() as usize
    }
}

impl Generator for StarGan {
    fn copies(&self) -> Option<(usize, CopySource)> {
        Some((self.copies, self.of))
    }

    fn set_copies(&mut self, copies: usize) {
        self.copies = copies;
    }

    fn reads_classes(&self) -> bool {
        true
    }

    /// What is converted; the key of the trained networks says the rest.
    fn settings(&self) -> Option<Augment> {
        Some(Augment::StarGan(StarGan { sources: self.sources, ..StarGan::default() }))
    }

    fn converts(&self) -> Option<Conversion> {
        Some(self.sources)
    }

    fn tables(&self) -> &'static [&'static str] {
        &["stargan"]
    }

    fn check(&self, here: &FieldPath, spec: &Spec) -> CheckResult {
        let neutral = self.sources == Conversion::Others || CopyPaste::neutral_class(spec).is_some();
        need(neutral, here.field("sources"), || {
            "no class holds the emotion `neutral`; say sources = \"others\"".into()
        })?;
        let plain = StarGanWeights::default().penalty;
        let used =
            self.adversarial == Adversarial::WganGp || self.weights.penalty.to_bits() == plain.to_bits();
        need(used, here.field("weights").field("penalty"), || "is for adversarial = \"wgan-gp\"".into())?;
        let (s, classes) = (&spec.stargan(), spec.classes.len());
        multiple("stargan.frames", s.frames)?;
        weights("stargan.widths", s.generator_weights(classes))?;
        weights("stargan.critic-widths", s.critic_weights(classes))?;
        weights("stargan.classifier-widths", s.classifier_weights(classes))?;
        batch("stargan.batch", s.batch, s.frames)?;
        rows("stargan.log-every", s.log_every, s.steps())
    }

    /// The share of warm-up hangs on the number of iterations, so no training continues another's.
    fn training(&self, spec: &Spec, on: &TrainedOn) -> Option<TrainingInputs> {
        let gan = StarGan {
            copies: 1,
            of: CopySource::default(),
            sources: Conversion::default(),
            critic_steps: Some(self.steps_of_critic()),
            weights: StarGanWeights {
                penalty: if self.adversarial == Adversarial::WganGp { self.weights.penalty } else { 0.0 },
                ..self.weights.clone()
            },
            // As many iterations, whatever the share that comes to them.
            warm_up: self.warm_up_iterations(spec.stargan().iterations) as f64,
            ..self.clone()
        };
        let inputs = |log_every: usize| {
            TrainingInputs::text(&StarGanKey {
                features: &spec.features,
                features_version: on.features_version,
                precision: spec.precision,
                stargan: StarGanTraining { log_every, ..spec.stargan() },
                augment: Augment::StarGan(gan.clone()),
                seen: on.seen,
                train: on.train,
                seed: on.seed,
                device: on.device,
            })
        };
        Some(TrainingInputs {
            version: VERSION,
            key: inputs(1),
            trajectory: inputs(spec.stargan().log_every),
        })
    }

    fn work(&self, spec: &Spec) -> Option<TrainingWork> {
        let mut of = vec!["stargan".to_owned()];
        if self.adversarial == Adversarial::WganGp {
            of.push("wgan-gp".to_owned());
        }
        if self.critic_steps.is_some() {
            of.push(format!("{} critic steps", self.steps_of_critic()));
        }
        Some(TrainingWork { of, iterations: spec.stargan().steps() })
    }

    /// All of critic and generator: what is timed is their iteration, which takes longer than a step of the classifier.
    fn set_iterations(&self, spec: &mut Spec, iterations: usize) {
        spec.stargan = Some(StarGanTraining { classifier_iterations: 0, iterations, ..spec.stargan() });
    }

    fn batch_field(&self, spec: &Spec) -> Option<(&'static str, usize)> {
        Some(("stargan.batch", spec.stargan().batch))
    }

    fn network_names(&self) -> &'static [&'static str] {
        &["StarGAN generator", "StarGAN critic", "StarGAN classifier"]
    }
}

/// What the training reads, in the order in which its key holds it.
#[derive(Serialize)]
struct StarGanKey<'a> {
    features: &'a Features,
    features_version: u32,
    #[serde(skip_serializing_if = "Precision::is_f32")]
    precision: Precision,
    stargan: StarGanTraining,
    augment: Augment,
    /// Digest of what they are trained on.
    seen: &'a str,
    /// Decides the statistics that the input is standardised with.
    train: &'a str,
    seed: u64,
    device: &'a str,
}
