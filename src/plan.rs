//! Every cell of an experiment with the keys of its stages: `plan` shows it, `run` works it off.

use crate::audit::Lineage;
use crate::corpora::Corpus;
use crate::error::Result;
use crate::manifest::Channels;
use crate::results::{CellId, Key, Stage, Store, digest_hex};
use crate::seed::Seed;
use crate::spec::{self, Augment, CopySource, FinalWeights, GanLoss, Loss, Sampling, Spec};
use crate::split::{self, Fold, Selection};
use serde::Serialize;
use std::path::Path;
use std::rc::Rc;

/// Raised when a stage computes something else from the same inputs.
const AUGMENTOR_VERSION: u32 = 1;
const CLASSIFIER_VERSION: u32 = 1;

/// A planned experiment.
#[derive(Debug)]
pub struct Plan {
    /// What was asked for.
    pub spec: Spec,
    /// Its name.
    pub experiment: String,
    /// The utterances it is about.
    pub selection: Selection,
    /// Seed by seed, fold by fold, condition by condition: cells that share data follow each other.
    pub cells: Vec<Cell>,
}

/// One (condition, fold, seed).
#[derive(Debug, Clone)]
pub struct Cell {
    /// Its name.
    pub id: CellId,
    /// Index into the spec's conditions.
    pub condition: usize,
    /// Its split; shared by the conditions.
    pub fold: Rc<Fold>,
    /// Root of the cell's draws. Conditions of a fold share it: their comparison is paired.
    pub seed: Seed,
    /// Training utterances that are copied or augmented, ascending; empty without augmentation.
    pub sources: Vec<usize>,
    /// Utterances that the condition adds to the training set.
    pub added: usize,
    /// Key of the augmentor stage, where there is one.
    pub augmentor: Option<Key>,
    /// Key of the classifier stage.
    pub classifier: Key,
}

impl Cell {
    /// Where everything in the cell comes from, for the audit. What is trained is trained on
    /// `fold.train`, so that is what the audit sees.
    pub fn lineage(&self) -> Lineage<'_> {
        let train = &self.fold.train;
        Lineage {
            test: &self.fold.test,
            train,
            augmented_from: &self.sources,
            augmentor_trained_on: if self.augmentor.is_some() { train } else { &[] },
            statistics_from: train,
        }
    }
}

impl Plan {
    /// Plans `spec` on `corpus` for a device of class `device` (`cpu` or `cuda`).
    ///
    /// # Errors
    /// What the corpus cannot serve: see [`split::select`] and [`split::folds`].
    pub fn new(spec: Spec, experiment: String, corpus: &Corpus, device: &str) -> Result<Plan> {
        let selection = split::select(&spec, corpus)?;
        let channels = corpus.manifest.channels;
        let mut cells = Vec::new();
        for &seed in &spec.seeds {
            for fold in split::folds(&spec, &selection, seed)? {
                let fold = Rc::new(fold);
                for condition in 0..spec.condition.len() {
                    cells.push(cell(
                        &spec,
                        &experiment,
                        &selection,
                        channels,
                        device,
                        condition,
                        &fold,
                        seed,
                    ));
                }
            }
        }
        Ok(Plan { spec, experiment, selection, cells })
    }

    /// What is to be done for a cell, and why, on one line.
    pub fn state(cell: &Cell, store: &Store) -> &'static str {
        if store.has(Stage::Classifier, &cell.classifier) {
            return "cached";
        }
        match &cell.augmentor {
            Some(key) if store.has(Stage::Augmentor, key) => "to run: classifier (augmentor cached)",
            Some(_) => "to run: augmentor, classifier",
            None => "to run: classifier",
        }
    }
}

/// The experiment's name: the spec's path below experiments/, or its file name elsewhere.
pub fn experiment_name(path: &Path) -> String {
    let stem = path.with_extension("");
    let parts: Vec<String> =
        stem.components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
    match parts.iter().rposition(|p| p == "experiments") {
        Some(at) if at + 1 < parts.len() => parts[at + 1..].join("/"),
        _ => parts.last().cloned().unwrap_or_default(),
    }
}

#[derive(Serialize)]
struct AugmentorInputs<'a> {
    features: &'a spec::Features,
    channels: Channels,
    augmentor: spec::Augmentor,
    discriminator: &'a spec::Discriminator,
    representation: Option<&'a spec::Representation>,
    losses: Vec<GanLoss>,
    train: &'a [(&'a str, usize)],
    seed: u64,
    device: &'a str,
}

#[derive(Serialize)]
struct ClassifierInputs<'a> {
    features: &'a spec::Features,
    channels: Channels,
    classifier: spec::Classifier,
    loss: Loss,
    sampling: Sampling,
    train: &'a [(&'a str, usize)],
    test: &'a [(&'a str, usize)],
    /// Speakers decide who is held out.
    speakers: Vec<&'a str>,
    sources: Vec<&'a str>,
    copies: usize,
    augmentor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    augment: Option<Augment>,
    seed: u64,
    device: &'a str,
}

#[expect(clippy::too_many_arguments, reason = "the one place where everything that decides a cell meets")]
fn cell(
    spec: &Spec,
    experiment: &str,
    selection: &Selection,
    channels: Channels,
    device: &str,
    condition: usize,
    fold: &Rc<Fold>,
    seed: u64,
) -> Cell {
    let c = &spec.condition[condition];
    let content = |items: &[usize]| -> Vec<(&str, usize)> {
        items.iter().map(|&i| (selection.utterances[i].sha256.as_str(), selection.labels[i])).collect()
    };
    let (train, test) = (content(&fold.train), content(&fold.test));
    let (sources, copies) = match c.augment.copies() {
        None => (Vec::new(), 0),
        Some((copies, of)) => (sources(of, selection, fold), copies),
    };
    let augmentor = match &c.augment {
        Augment::TripletGan(a) => {
            let mut losses = a.losses.clone();
            losses.sort_unstable();
            let inputs = AugmentorInputs {
                features: &spec.features,
                channels,
                augmentor: read_by(&spec.augmentor, &losses),
                discriminator: &spec.discriminator,
                representation: GanLoss::guided(&losses).then_some(&spec.representation),
                losses,
                train: &train,
                seed,
                device,
            };
            Some(Key::of(Stage::Augmentor.name(), AUGMENTOR_VERSION, &inputs))
        }
        _ => None,
    };
    let held_out = spec.classifier.weights == FinalWeights::HeldOut;
    let speaker = |i: &usize| selection.utterances[*i].speaker.as_str();
    let inputs = ClassifierInputs {
        features: &spec.features,
        channels,
        // How often a row is logged decides nothing, unless the held-out speaker is checked then.
        classifier: spec::Classifier {
            log_every: if held_out { spec.classifier.log_every } else { 1 },
            ..spec.classifier.clone()
        },
        loss: c.loss,
        sampling: c.sampling,
        train: &train,
        test: &test,
        speakers: if held_out { fold.train.iter().map(speaker).collect() } else { Vec::new() },
        sources: sources.iter().map(|&i| selection.utterances[i].sha256.as_str()).collect(),
        copies,
        augmentor: augmentor.as_ref().map(Key::as_str),
        augment: c.augment.settings(),
        seed,
        device,
    };
    let digest = digest_hex(serde_json::to_string(&train).expect("plain data").as_bytes());
    Cell {
        id: CellId { experiment: experiment.to_owned(), condition: c.name.clone(), fold: fold.number, seed },
        condition,
        fold: Rc::clone(fold),
        seed: Seed::new(seed).child(&digest),
        classifier: Key::of(Stage::Classifier.name(), CLASSIFIER_VERSION, &inputs),
        added: sources.len() * copies,
        sources,
        augmentor,
    }
}

/// The augmentor's fields with those that these losses do not read set to one value, so that a change
/// of w_b does not retrain a model without L_BAL.
fn read_by(augmentor: &spec::Augmentor, losses: &[GanLoss]) -> spec::Augmentor {
    let mut a = augmentor.clone();
    a.log_every = 1;
    if !losses.contains(&GanLoss::Var) {
        a.weights.var = 0.0;
        a.dot = spec::Dot::Raw;
        a.optimisers = spec::Optimisers::Shared;
    }
    if !losses.contains(&GanLoss::Bal) {
        a.weights.bal = 0.0;
    }
    if !GanLoss::guided(losses) {
        (a.weights.rep, a.weights.emo, a.margin) = (0.0, 0.0, 0.0);
        a.distance = spec::Distance::Sum;
        a.negatives = spec::Negatives::Uniform;
    }
    a
}

fn sources(of: CopySource, selection: &Selection, fold: &Fold) -> Vec<usize> {
    let wanted = |i: &usize| match of {
        CopySource::All => true,
        CopySource::Reduced => fold.reduced.contains(&selection.labels[*i]),
    };
    fold.train.iter().copied().filter(wanted).collect()
}
