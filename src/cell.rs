//! One cell, from log-mels to predictions: its stages are trained, or taken from the store.

use crate::audio::LogMel;
use crate::error::{Error, Result};
use crate::features::Standardiser;
use crate::metrics::Confusion;
use crate::plan::{Cell, augmentor_sees};
use crate::results::{
    HistoryRow, Key, PredictionRow, Stage, Store, digest_hex, read_history, read_predictions, write_atomic,
    write_history, write_predictions,
};
use crate::spec::{GanLoss, Spec, TripletGan};
use crate::split::{Fold, Selection};
use crate::train::augmentor::{self, AugmentorTask, Networks};
use crate::train::bank::Bank;
use crate::train::classifier::{self, ClassifierTask};
use crate::train::history::Row;
use crate::train::predict::predict;
use crate::training_set::TrainingSet;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Instant;
use tch::{Device, Tensor};

/// What the cells of a run share.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The experiment.
    pub spec: &'a Spec,
    /// Its utterances.
    pub selection: &'a Selection,
    /// Their log-mels, in the same order.
    pub mels: &'a [LogMel],
    /// Finished stages.
    pub store: &'a Store,
    /// Where to train.
    pub device: Device,
}

/// The data of a fold on the device; shared by its conditions.
#[derive(Debug)]
pub struct FoldData {
    /// Log-mels of `fold.train`, in its order.
    pub train: Bank,
    /// Log-mels of `fold.test`, in its order.
    pub test: Bank,
    /// Of the log-mels of `fold.train`.
    pub standardiser: Standardiser,
}

/// What a cell came to.
#[derive(Debug)]
pub struct CellResult {
    /// Over the test utterances.
    pub confusion: Confusion,
    /// One a test utterance.
    pub predictions: Vec<PredictionRow>,
    /// Of both stages.
    pub history: Vec<HistoryRow>,
    /// Wall seconds of the augmentor's training; 0 without one.
    pub seconds_augmentor: f64,
    /// Wall seconds of the classifier's training and test.
    pub seconds_classifier: f64,
    /// Whether anything was trained just now.
    pub trained: bool,
    /// What happened, line by line.
    pub log: Vec<String>,
}

/// Called with each log interval of a stage.
pub type Watch<'a> = &'a mut dyn FnMut(Stage, &Row);

/// What a stage's entry in the store says about itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StageInfo {
    seconds: f64,
    /// SHA-256 over the trained weights: equal for equal trainings.
    weights_sha256: String,
}

impl FoldData {
    /// Standardises with the statistics of `fold.train` and puts both sides on the device.
    pub fn new(context: &Context, fold: &Fold) -> FoldData {
        let mels = |items: &[usize]| -> Vec<&LogMel> { items.iter().map(|&i| &context.mels[i]).collect() };
        let (train, test) = (mels(&fold.train), mels(&fold.test));
        let standardiser = Standardiser::fit(train.iter().copied());
        FoldData {
            train: Bank::new(&train, standardiser, context.device),
            test: Bank::new(&test, standardiser, context.device),
            standardiser,
        }
    }
}

/// Runs the stages of `cell` that the store lacks.
///
/// # Errors
/// A stage that fails: a loss that is not finite, a store that cannot be written.
pub fn run(context: &Context, cell: &Cell, data: &FoldData, watch: Watch) -> Result<CellResult> {
    let mut log = Vec::new();
    let before = context.store.find(Stage::Classifier, &cell.classifier);
    let cached = before.is_some();
    let classifier = match before {
        Some(dir) => dir,
        None => train_classifier(context, cell, data, watch, &mut log)?,
    };
    log.push(stage_line(Stage::Classifier, &cell.classifier, cached));
    let info = stage_info(&classifier)?;
    let mut history = Vec::new();
    let mut seconds_augmentor = 0.0;
    if let Some(key) = &cell.augmentor
        && let Some(dir) = context.store.find(Stage::Augmentor, key)
    {
        history = read_history(&dir.join("history.csv"))?;
        seconds_augmentor = stage_info(&dir)?.seconds;
    }
    history.extend(read_history(&classifier.join("history.csv"))?);
    let predictions = named(context, &cell.fold, &classifier.join("predictions.csv"))?;
    let pairs = predictions.iter().map(|p| (p.truth, p.predicted));
    Ok(CellResult {
        confusion: Confusion::from_pairs(context.spec.classes.len(), pairs),
        predictions,
        history,
        seconds_augmentor,
        seconds_classifier: info.seconds,
        trained: !cached,
        log,
    })
}

fn stage_line(stage: Stage, key: &Key, cached: bool) -> String {
    format!("{} {key}: {}", stage.name(), if cached { "from the store" } else { "trained" })
}

/// Trains and tests the classifier into the store.
fn train_classifier(
    context: &Context,
    cell: &Cell,
    data: &FoldData,
    watch: Watch,
    log: &mut Vec<String>,
) -> Result<std::path::PathBuf> {
    let Context { spec, selection, .. } = context;
    let condition = &spec.condition[cell.condition];
    let fold = &cell.fold;
    let set =
        TrainingSet::new(context, cell, data, &mut |gan| augmentor_of(context, cell, gan, data, watch, log))?;
    let originals: Vec<usize> = (0..fold.train.len()).collect();
    let speaker = |i: usize| (&*selection.utterances[i].corpus, selection.utterances[i].speaker.as_str());
    let mut speakers: Vec<_> = (0..selection.utterances.len()).map(speaker).collect();
    speakers.sort_unstable();
    speakers.dedup();
    let speaker_of =
        |&o: &usize| speakers.binary_search(&speaker(fold.train[o])).expect("every speaker is listed");
    let task = ClassifierTask {
        spec: &spec.classifier,
        class_names: &spec.class_names(),
        bank: set.bank(),
        items: &set.items,
        labels: &set.origin.iter().map(|&o| selection.labels[fold.train[o]]).collect::<Vec<_>>(),
        speakers: &set.origin.iter().map(speaker_of).collect::<Vec<_>>(),
        originals: &originals,
        loss: condition.loss,
        sampling: condition.sampling,
        mixup: set.mixup,
        seed: cell.seed.child("classifier"),
    };
    let started = Instant::now();
    let mut history = Vec::new();
    let net = classifier::train(&task, &mut |row: Row| {
        watch(Stage::Classifier, &row);
        history.push(history_row(Stage::Classifier, row));
        Ok(())
    })?;
    let tested: Vec<usize> = (0..fold.test.len()).collect();
    let rows =
        predict(&net, &spec.classifier, &data.test, &tested).into_iter().zip(&fold.test).map(|(p, &i)| {
            let u = &selection.utterances[i];
            PredictionRow {
                utterance: u.id.clone(),
                speaker: u.speaker.clone(),
                truth: selection.labels[i],
                predicted: p.class,
                segments: p.segments,
                probabilities: p.probabilities,
            }
        });
    let rows: Vec<PredictionRow> = rows.collect();
    let info = StageInfo {
        seconds: started.elapsed().as_secs_f64(),
        weights_sha256: weights_digest(net.params().flat()),
    };
    context.store.put(Stage::Classifier, &cell.classifier, |dir| {
        write_predictions(&dir.join("predictions.csv"), &spec.class_names(), &rows)?;
        write_history(&dir.join("history.csv"), &history)?;
        write_info(dir, &info)
    })
}

/// The augmentor of a cell: from the store, or trained into it.
fn augmentor_of(
    context: &Context,
    cell: &Cell,
    gan: &TripletGan,
    data: &FoldData,
    watch: Watch,
    log: &mut Vec<String>,
) -> Result<Networks> {
    let Context { spec, selection, store, device, .. } = context;
    let key = cell.augmentor.as_ref().expect("the plan gives every triplet-gan cell its key");
    if let Some(dir) = store.find(Stage::Augmentor, key) {
        log.push(stage_line(Stage::Augmentor, key, true));
        return Networks::load_trained(&gan.losses, &dir, spec, *device);
    }
    let seen = augmentor_sees(spec, &cell.fold);
    let labels: Vec<usize> = seen.iter().map(|&i| selection.labels[i]).collect();
    let part = (seen.len() < cell.fold.train.len()).then(|| {
        let position = |i: &usize| cell.fold.train.binary_search(i).expect("it sees training utterances");
        data.train.pick(&seen.iter().map(position).collect::<Vec<_>>())
    });
    let mut losses: Vec<GanLoss> = gan.losses.clone();
    losses.sort_unstable();
    let task = AugmentorTask {
        spec,
        losses: &losses,
        bank: part.as_ref().unwrap_or(&data.train),
        labels: &labels,
        classes: spec.classes.len(),
        seed: cell.seed.child("augmentor"),
    };
    let started = Instant::now();
    let mut history = Vec::new();
    let networks = augmentor::train(task, &mut |row: Row| {
        watch(Stage::Augmentor, &row);
        history.push(history_row(Stage::Augmentor, row));
        Ok(())
    })?;
    let info = StageInfo {
        seconds: started.elapsed().as_secs_f64(),
        weights_sha256: weights_digest(networks.augmentor.params.flat()),
    };
    store.put(Stage::Augmentor, key, |dir| {
        networks.save_trained(&losses, dir)?;
        write_history(&dir.join("history.csv"), &history)?;
        write_info(dir, &info)
    })?;
    log.push(stage_line(Stage::Augmentor, key, false));
    Ok(networks)
}

fn history_row(stage: Stage, row: Row) -> HistoryRow {
    let values = row.values.into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
    HistoryRow { stage: stage.name().to_owned(), step: row.step, values }
}

fn write_info(dir: &Path, info: &StageInfo) -> Result<()> {
    let text = toml::to_string(info).expect("plain values");
    write_atomic(&dir.join("stage.toml"), text.as_bytes())
}

fn stage_info(dir: &Path) -> Result<StageInfo> {
    let path = dir.join("stage.toml");
    let bad =
        |e: String| Error::failed(format!("{}: {e}; delete {} and run again", path.display(), dir.display()));
    let text = std::fs::read_to_string(&path).map_err(|e| bad(e.to_string()))?;
    toml::from_str(&text).map_err(|e| bad(e.message().to_owned()))
}

/// Reads stored predictions; a key covers audio and labels, so ids and speakers are today's.
fn named(context: &Context, fold: &Fold, path: &Path) -> Result<Vec<PredictionRow>> {
    let (_, mut rows) = read_predictions(path)?;
    if rows.len() != fold.test.len() {
        return Err(Error::failed(format!(
            "{}: {} rows, expected {}; delete it",
            path.display(),
            rows.len(),
            fold.test.len()
        )));
    }
    for (row, &i) in rows.iter_mut().zip(&fold.test) {
        let u = &context.selection.utterances[i];
        row.utterance.clone_from(&u.id);
        row.speaker.clone_from(&u.speaker);
    }
    Ok(rows)
}

fn weights_digest(flat: &Tensor) -> String {
    let values = Vec::<f32>::try_from(flat.to_device(Device::Cpu)).unwrap_or_default();
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    digest_hex(&bytes)
}
