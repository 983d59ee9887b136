//! What decides the result of a stage, and its key.

use seraug_core::digest::Hasher;
use seraug_core::spec::{
    self, Augment, Autoencoder, Condition, Convolutions, FinalWeights, Loss, Network, Precision, Sampling,
    Spec, TrainedOn, TrainingInputs, Vgg,
};
use seraug_core::store::{Key, Stage};
use seraug_data::features;
use seraug_data::split::{Fold, RemovedHalves, Selection};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;
use std::rc::Rc;

/// Raised when the classifier stage computes something else from the same inputs.
const CLASSIFIER_VERSION: u32 = 5;
/// Raised when batch norm computes something else on a CPU; in the key of the classifiers that have it there, and no others.
const BATCH_NORM_VERSION: u32 = 2;
/// Raised when the judge's training computes something else from the same inputs.
const JUDGE_VERSION: u32 = 1;

/// The content of every utterance of an experiment, as keys digest it: audio, channel policy, class.
#[derive(Debug)]
pub(super) struct UtteranceContents {
    text: String,
    /// Where each utterance's part ends.
    ends: Vec<usize>,
}

impl UtteranceContents {
    pub(super) fn new(selection: &Selection) -> UtteranceContents {
        let mut contents = UtteranceContents { text: String::new(), ends: Vec::new() };
        for (u, label) in selection.utterances.iter().zip(&selection.labels) {
            let _ = writeln!(contents.text, "{}\t{:?}\t{label}", u.sha256, u.channels);
            contents.ends.push(contents.text.len());
        }
        contents
    }

    /// Digest of a list of utterances, in its order.
    pub(super) fn digest(&self, items: &[usize]) -> String {
        let mut hasher = Hasher::new();
        for &i in items {
            let start = if i == 0 { 0 } else { self.ends[i - 1] };
            hasher.add(&self.text[start..self.ends[i]]);
        }
        hasher.hex()
    }
}

/// What the cells of a fold and share of the target have in common.
pub(super) struct FoldInputs<'a> {
    pub(super) fold: Rc<Fold>,
    pub(super) train: String,
    pub(super) test: Rc<str>,
    pub(super) seen: String,
    /// Digest of the training speakers; empty where no condition depends on them.
    pub(super) speakers: String,
    /// What was removed, where it is judged by, with the digest of the judge's half.
    pub(super) halves: Option<(Rc<RemovedHalves>, String)>,
    pub(super) seed: u64,
    pub(super) device: &'a str,
}

#[derive(Serialize)]
struct ClassifierInputs<'a> {
    features: &'a spec::Features,
    features_version: u32,
    #[serde(skip_serializing_if = "Precision::is_f32")]
    precision: Precision,
    classifier: spec::Classifier,
    loss: Loss,
    #[serde(skip_serializing_if = "Option::is_none")]
    loss_number: Option<f64>,
    sampling: Sampling,
    train: &'a str,
    test: &'a str,
    speakers: &'a str,
    sources: &'a str,
    copies: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    autoencoder: Option<&'a str>,
    augmentor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    augment: Option<Augment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_norm: Option<u32>,
    seed: u64,
    device: &'a str,
}

#[derive(Serialize)]
struct JudgeInputs<'a> {
    features: &'a spec::Features,
    features_version: u32,
    #[serde(skip_serializing_if = "Precision::is_f32")]
    precision: Precision,
    representation: &'a spec::Representation,
    frames: usize,
    classes: usize,
    judge: spec::Judge,
    train: &'a str,
    removed: &'a str,
    seed: u64,
    device: &'a str,
}

/// The key of a stage, and that of its trajectory: equal for trainings that are equal step by step, also where one
/// of them takes more steps. Checkpoints are kept by it.
pub(super) struct StageKeys {
    pub(super) key: Key,
    pub(super) trajectory: Key,
}

/// The keys of a cell's stages.
pub(super) struct CellKeys {
    pub(super) autoencoder: Option<StageKeys>,
    pub(super) augmentor: Option<StageKeys>,
    pub(super) classifier: StageKeys,
}

/// The keys of a condition's stages, made of what has the digest `sources`.
pub(super) fn of_cell(spec: &Spec, c: &Condition, shared: &FoldInputs, sources: &str) -> CellKeys {
    let autoencoder = autoencoder(spec, c, shared);
    let of = |keys: &Option<StageKeys>| keys.as_ref().map(|keys| keys.key.to_string());
    let first = of(&autoencoder);
    let augmentor = augmentor(spec, c, shared, first.as_deref());
    let second = of(&augmentor);
    let classifier = classifier(spec, c, shared, sources, [first.as_deref(), second.as_deref()]);
    CellKeys { autoencoder, augmentor, classifier }
}

impl StageKeys {
    fn of(stage: Stage, inputs: &TrainingInputs) -> StageKeys {
        let TrainingInputs { version, key, trajectory } = inputs;
        StageKeys {
            key: Key::of_json(stage.name(), *version, key),
            trajectory: Key::of_json(&format!("{} trajectory", stage.name()), *version, trajectory),
        }
    }
}

/// The keys of the autoencoder that a condition's generator needs.
fn autoencoder(spec: &Spec, c: &Condition, shared: &FoldInputs) -> Option<StageKeys> {
    let needed = c.augment.generator().is_some_and(|g| g.needs_autoencoder());
    needed.then(|| StageKeys::of(Stage::Autoencoder, &Autoencoder::training(spec, &trained_on(shared, None))))
}

/// The keys of a condition's generator, where it is trained: the stage `augmentor`.
fn augmentor(
    spec: &Spec,
    c: &Condition,
    shared: &FoldInputs,
    autoencoder: Option<&str>,
) -> Option<StageKeys> {
    let inputs = c.augment.generator()?.training(spec, &trained_on(shared, autoencoder))?;
    Some(StageKeys::of(Stage::Augmentor, &inputs))
}

fn trained_on<'a>(shared: &'a FoldInputs, autoencoder: Option<&'a str>) -> TrainedOn<'a> {
    TrainedOn {
        features_version: features::VERSION,
        seen: &shared.seen,
        train: &shared.train,
        autoencoder: autoencoder.unwrap_or_default(),
        seed: shared.seed,
        device: shared.device,
    }
}

/// The keys of a condition's classifier; `before` are those of autoencoder and augmentor.
fn classifier(
    spec: &Spec,
    c: &Condition,
    shared: &FoldInputs,
    sources: &str,
    before: [Option<&str>; 2],
) -> StageKeys {
    let mut inputs = classifier_inputs(spec, c, shared, sources, before);
    let key = Key::of(Stage::Classifier.name(), CLASSIFIER_VERSION, &inputs);
    inputs.classifier.log_every = spec.classifier.log_every;
    if spec.classifier.continues() {
        (inputs.classifier.epochs, inputs.classifier.min_steps) = (0, 0);
    }
    let trajectory = Key::of("classifier trajectory", CLASSIFIER_VERSION, &inputs);
    StageKeys { key, trajectory }
}

fn classifier_inputs<'a>(
    spec: &'a Spec,
    c: &Condition,
    shared: &'a FoldInputs,
    sources: &'a str,
    [autoencoder, augmentor]: [Option<&'a str>; 2],
) -> ClassifierInputs<'a> {
    let held_out = spec.classifier.weights == FinalWeights::HeldOut;
    ClassifierInputs {
        features: &spec.features,
        features_version: features::VERSION,
        precision: spec.precision,
        // How often a row is logged decides nothing, unless the held-out speaker is checked then.
        classifier: spec::Classifier {
            log_every: if held_out { spec.classifier.log_every } else { 1 },
            network: network(spec, shared.device),
            ..spec.classifier.clone()
        },
        loss: c.loss,
        loss_number: c.classifier_loss().number(),
        sampling: c.sampling,
        train: &shared.train,
        test: &shared.test,
        speakers: if held_out || reads_speakers(c) { &shared.speakers } else { "" },
        sources,
        copies: c.augment.copies().map_or(0, |(copies, _)| copies),
        autoencoder,
        augmentor,
        augment: c.augment.generator().and_then(|g| g.settings()),
        batch_norm: batch_norm(spec, shared.device),
        seed: shared.seed,
        device: shared.device,
    }
}

/// The keys of the judge of a fold, where the spec has one and something was removed.
pub(super) fn judge(spec: &Spec, shared: &FoldInputs) -> Option<StageKeys> {
    let (settings, (_, removed)) = (spec.judge.as_ref()?, shared.halves.as_ref()?);
    let mut inputs = JudgeInputs {
        features: &spec.features,
        features_version: features::VERSION,
        precision: spec.precision,
        representation: &spec.representation,
        frames: spec.augmentor.frames,
        classes: spec.classes.len(),
        // How often a row is logged decides nothing.
        judge: spec::Judge { log_every: 1, ..settings.clone() },
        train: &shared.train,
        removed,
        seed: shared.seed,
        device: shared.device,
    };
    let key = Key::of(Stage::Judge.name(), JUDGE_VERSION, &inputs);
    inputs.judge = spec::Judge { iterations: 0, ..settings.clone() };
    Some(StageKeys { key, trajectory: Key::of("judge trajectory", JUDGE_VERSION, &inputs) })
}

/// Whether the samples that the condition adds depend on who speaks.
pub(super) fn reads_speakers(c: &Condition) -> bool {
    c.augment.generator().is_some_and(|g| g.reads_speakers())
}

/// The network, its convolutions `direct` where it does not compute them otherwise.
fn network(spec: &Spec, device: &str) -> Network {
    let Network::Vgg(vgg) = &spec.classifier.network;
    let convolutions = match vgg.by_winograd(!device.starts_with("cuda"), spec.precision) {
        true => Convolutions::Winograd,
        false => Convolutions::Direct,
    };
    Network::Vgg(Vgg { convolutions, ..vgg.clone() })
}

/// How batch norm is computed, where the network has it and a CPU computes it.
fn batch_norm(spec: &Spec, device: &str) -> Option<u32> {
    let Network::Vgg(vgg) = &spec.classifier.network;
    (vgg.batch_norm && !device.starts_with("cuda")).then_some(BATCH_NORM_VERSION)
}

/// What the stages of a condition read of the spec, as their keys hold it, in the order of [`Stage::ALL`]; null where it has no
/// such stage.
/// Data, seed and device are left empty.
pub(super) fn reads(spec: &Spec, c: &Condition) -> [Value; 3] {
    let nothing = FoldInputs {
        fold: Rc::default(),
        train: String::new(),
        test: "".into(),
        seen: String::new(),
        speakers: String::new(),
        halves: None,
        seed: 0,
        device: "",
    };
    let plain = "inputs of a key are plain data";
    let on = trained_on(&nothing, None);
    let generator = c.augment.generator();
    let autoencoder = generator.filter(|g| g.needs_autoencoder()).map(|_| Autoencoder::training(spec, &on));
    let augmentor = generator.and_then(|g| g.training(spec, &on));
    let before = [&autoencoder, &augmentor].map(|stage| stage.as_ref().map(|_| ""));
    let classifier = classifier_inputs(spec, c, &nothing, "", before);
    let value =
        |t: Option<TrainingInputs>| t.map_or(Value::Null, |t| serde_json::from_str(&t.key).expect(plain));
    [value(autoencoder), value(augmentor), serde_json::to_value(&classifier).expect(plain)]
}

#[cfg(test)]
mod tests;
