//! The paper's augmentor and its losses. Sizes and training are in `[augmentor]`, `[discriminator]` and `[representation]`,
//! which the conditions share.

use super::{Augment, CopySource, Generator, TrainedOn, TrainingInputs, TrainingWork, four};
use crate::spec::located_error::{CheckResult, FieldPath, need};
use crate::spec::{
    Attention, Augmentor, Discriminator, Distance, Dot, Features, Negatives, Optimisers, Precision,
    Representation, Spec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Raised when the training computes something else from the same inputs.
const VERSION: u32 = 5;

/// The paper's augmentor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TripletGan {
    /// Loss groups; the ablation drops some.
    #[serde(default = "all_losses")]
    pub losses: Vec<GanLoss>,
    /// `false` is a control: the augmentor before its first step, with the initial weights of the trained one of the same fold
    /// and seed and with the same noise and epsilon for its copies. `losses` must then be left out, because nothing is trained
    /// with them.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    #[schemars(extend("default" = true))]
    pub trained: bool,
    /// Augmentations of each sample (the paper: 4).
    #[serde(default = "four")]
    #[schemars(range(min = 1, max = 1000))]
    pub copies: usize,
    /// Which samples are augmented.
    #[serde(default)]
    pub of: CopySource,
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

impl TripletGan {
    /// The loss groups, each once and in one order: what its training depends on.
    pub fn sorted_losses(&self) -> Vec<GanLoss> {
        let mut losses = self.losses.clone();
        losses.sort_unstable();
        losses
    }

    /// Whether the augmentor is trained beside a representation learner.
    pub fn is_guided(&self) -> bool {
        self.trained && GanLoss::guided(&self.losses)
    }
}

impl Default for TripletGan {
    fn default() -> TripletGan {
        TripletGan { losses: all_losses(), trained: true, copies: four(), of: CopySource::default() }
    }
}

impl Generator for TripletGan {
    fn copies(&self) -> Option<(usize, CopySource)> {
        Some((self.copies, self.of))
    }

    fn set_copies(&mut self, copies: usize) {
        self.copies = copies;
    }

    /// The key of the trained augmentor says the rest.
    fn settings(&self) -> Option<Augment> {
        None
    }

    fn check(&self, here: &FieldPath, spec: &Spec) -> CheckResult {
        let losses = &here.field("losses");
        if !self.trained {
            // A resolved spec states the default.
            return need(self.losses == all_losses(), losses, || {
                "trained = false trains with no losses; leave `losses` out".into()
            });
        }
        let distinct: HashSet<_> = self.losses.iter().collect();
        let alone = self.losses == [GanLoss::Gan];
        let guided = distinct.contains(&GanLoss::Model) && self.is_guided();
        need(alone || (guided && distinct.len() == self.losses.len()), losses, || {
            "either `gan` alone, or `model` with or without `var` and `bal`, each once".into()
        })?;
        need(!alone || spec.augmentor.attention == Attention::Own, losses, || {
            "`gan` trains no attention to share; set augmentor.attention = \"own\"".into()
        })
    }

    fn training(&self, spec: &Spec, on: &TrainedOn) -> Option<TrainingInputs> {
        if !self.trained {
            return Some(untrained(spec, on));
        }
        let losses = self.sorted_losses();
        let mut inputs = KeyInputs {
            features: &spec.features,
            features_version: on.features_version,
            precision: spec.precision,
            augmentor: read_by(&spec.augmentor, &losses),
            discriminator: Some(&spec.discriminator),
            representation: self.is_guided().then_some(&spec.representation),
            losses,
            seen: on.seen,
            train: on.train,
            seed: on.seed,
            device: on.device,
        };
        let key = TrainingInputs::text(&inputs);
        // The rate is constant: iteration by iteration it does not matter how many there will be.
        inputs.augmentor.iterations = 0;
        inputs.augmentor.log_every = spec.augmentor.log_every;
        Some(TrainingInputs { version: VERSION, key, trajectory: TrainingInputs::text(&inputs) })
    }

    fn work(&self, spec: &Spec) -> Option<TrainingWork> {
        if !self.trained {
            return Some(TrainingWork { of: vec!["untrained".to_owned()], iterations: 0 });
        }
        let losses = self.sorted_losses().iter().map(|l| format!("{l:?}").to_lowercase()).collect();
        Some(TrainingWork { of: losses, iterations: spec.augmentor.iterations })
    }

    fn set_iterations(&self, spec: &mut Spec, iterations: usize) {
        if self.trained {
            spec.augmentor.iterations = iterations;
        }
    }

    fn batch_field(&self, spec: &Spec) -> Option<(&'static str, usize)> {
        self.trained.then_some(("augmentor.batch", spec.augmentor.batch))
    }

    fn windows(&self, spec: &Spec, frames: usize) -> usize {
        frames.div_ceil(spec.augmentor.frames)
    }

    fn has_gallery(&self) -> bool {
        true
    }

    fn network_names(&self) -> &'static [&'static str] {
        const ALL: [&str; 3] = ["augmentor", "discriminator", "representation learner"];
        match (self.trained, self.is_guided()) {
            (false, _) => &ALL[..1],
            (true, false) => &ALL[..2],
            (true, true) => &ALL,
        }
    }
}

/// What the training reads, in the order in which its key holds it.
#[derive(Serialize)]
struct KeyInputs<'a> {
    features: &'a Features,
    features_version: u32,
    /// Absent for f32, so that a key says what it said before there was a choice.
    #[serde(skip_serializing_if = "Precision::is_f32")]
    precision: Precision,
    augmentor: Augmentor,
    /// Absent where nothing is trained.
    discriminator: Option<&'a Discriminator>,
    /// Absent where it is not trained.
    representation: Option<&'a Representation>,
    losses: Vec<GanLoss>,
    /// Digest of what it is trained on.
    seen: &'a str,
    /// Decides the statistics that the input is standardised with.
    train: &'a str,
    seed: u64,
    device: &'a str,
}

/// The inputs of an augmentor before its first step: what makes its weights and its copies, and nothing that only a training
/// reads. The data is kept, although it decides nothing: every fold has an entry of its own, as of a trained augmentor, and
/// what a key differs by is told alike. No training continues it, so the trajectory is the key.
fn untrained(spec: &Spec, on: &TrainedOn) -> TrainingInputs {
    let TrainedOn { features_version, seen, train, seed, device, .. } = *on;
    let key = TrainingInputs::text(&KeyInputs {
        features: &spec.features,
        features_version,
        precision: spec.precision,
        augmentor: read_untrained(&spec.augmentor),
        discriminator: None,
        representation: None,
        losses: Vec::new(),
        seen,
        train,
        seed,
        device,
    });
    TrainingInputs { version: VERSION, trajectory: key.clone(), key }
}

/// The augmentor's fields with those that only a training reads set to one value; no training has 0 iterations.
fn read_untrained(augmentor: &Augmentor) -> Augmentor {
    let Augmentor { frames, padding, widths, latent, noise, decoder_width, init, .. } = *augmentor;
    let Augmentor { output, projection_mean, epsilon, .. } = *augmentor;
    Augmentor {
        frames,
        padding,
        widths,
        latent,
        noise,
        decoder_width,
        init,
        output,
        projection_mean,
        epsilon,
        iterations: 0,
        ..Augmentor::default()
    }
}

/// The augmentor's fields with those that these losses do not read set to one value, so that a change
/// of w_b does not retrain a model without L_BAL.
fn read_by(augmentor: &Augmentor, losses: &[GanLoss]) -> Augmentor {
    let mut a = augmentor.clone();
    a.log_every = 1;
    if !losses.contains(&GanLoss::Var) {
        a.weights.var = 0.0;
        a.dot = Dot::Raw;
        a.optimisers = Optimisers::Shared;
    }
    if !losses.contains(&GanLoss::Bal) {
        a.weights.bal = 0.0;
    }
    if !GanLoss::guided(losses) {
        (a.weights.rep, a.weights.emo, a.margin) = (0.0, 0.0, 0.0);
        a.distance = Distance::Sum;
        a.negatives = Negatives::Uniform;
    }
    a
}

fn all_losses() -> Vec<GanLoss> {
    vec![GanLoss::Model, GanLoss::Var, GanLoss::Bal]
}

fn yes() -> bool {
    true
}

fn is_yes(trained: &bool) -> bool {
    *trained
}
