//! One cell, from log-mels to its files in the run directory: stages are trained, or taken from the store.

pub mod classifier_material;
mod data;
mod diagnostics;
pub mod embedding;
pub mod gallery;
mod judged_set;
pub(crate) mod stage_entry;
pub mod stored;
pub mod training_session;
pub mod training_set;

pub use data::{CellContext, FoldData, JudgeData, LoadedData};

use classifier_material::ClassifierMaterial;
use seraug_core::calibration::Calibration;
use seraug_core::device::DeviceClass;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files::{self, write_atomic};
use seraug_core::metrics::Confusion;
use seraug_core::owner::Owner;
use seraug_core::rng::Seed;
use seraug_core::run_files::{
    AugmentorInfo, CellRecord, ModelInfo, OutcomeStatus, PredictionRow, RunInfo, TrainingSetSize,
    read_history, read_predictions, write_history, write_predictions,
};
use seraug_core::spec::{Augment, Autoencoder};
use seraug_core::store::{Key, Stage, StageTask};
use seraug_core::version;
use seraug_core::with_generator;
use seraug_data::split::Fold;
use seraug_run::plan::{Cell, augmentor_sees};
use seraug_run::warnings;
use seraug_train::classifier;
use seraug_train::classifier::predict::predict;
use seraug_train::classifier::vote::Prediction;
use seraug_train::generators::autoencoder;
use seraug_train::generators::{Generate, Trained, TrainingTask};
use seraug_train::nets::autoencoder::AutoencoderNet;
use seraug_train::nets::vgg::VggNet;
use stage_entry::StageInfo;
use std::path::{Path, PathBuf};
use stored::MadeSamples;
use training_session::{PendingTraining, StageObserver, StageRequest, get_or_train};

/// A cell being worked on.
struct CellJob<'a> {
    context: &'a CellContext<'a>,
    cell: &'a Cell,
    task: StageTask,
    loaded: &'a mut LoadedData,
    log: Vec<String>,
}

/// Runs the stages of `cell` that the store lacks and writes its files, outcome.toml last. Returns what that says.
///
/// # Errors
/// A stage that fails: a loss that is not finite, a store or a run directory that cannot be written; a stop that was
/// asked for. No outcome.toml is written then.
pub fn run(
    context: &CellContext,
    cell: &Cell,
    loaded: &mut LoadedData,
    attempt: usize,
    watch: &mut dyn StageObserver,
) -> Result<CellRecord> {
    let task = StageTask { run: context.run.name(&cell.id.experiment), cell: cell.id.to_string() };
    let mut work = CellJob { context, cell, task, loaded, log: vec![cell.id.to_string()] };
    let classifier = work.classifier(watch)?;
    // It may be there without its augmentor, which somebody has removed.
    work.autoencoder(watch)?;
    with_generator!(&context.spec.condition[cell.condition].augment, g => drop(work.trained(g, watch)?), none => ());
    let judge = work.diagnose(watch)?;
    let training_set = work.training_set(&classifier, watch)?;
    let record = CellRecord { training_set, ..work.record(&classifier, judge.as_deref(), attempt)? };
    work.log.extend(record.warnings.iter().map(|w| format!("warning: {w}")));
    let file = |name| context.run.cell_file(&cell.id, name);
    write_atomic(&file("log.txt"), (work.log.join("\n") + "\n").as_bytes())?;
    record.save(&file("outcome.toml"))?;
    Ok(record)
}

impl CellJob<'_> {
    /// Writes predictions, history, embedding and gallery; the record is what they come to.
    fn record(&mut self, classifier: &Path, judge: Option<&Path>, attempt: usize) -> Result<CellRecord> {
        let CellContext { spec, run, store, device, .. } = self.context;
        let classes = spec.class_names();
        let file = |name| run.cell_file(&self.cell.id, name);
        let mut history = Vec::new();
        let mut trained = Vec::new();
        let task = &self.task;
        let mut told = |log: &mut Vec<String>, stage: Stage, key: &Key, dir: &Path| -> Result<f64> {
            let info = StageInfo::load(dir)?;
            history.extend(read_history(&dir.join("history.csv"))?);
            // Also where it was interrupted between its entry in the store and this file.
            let own = info.made_in == task.run && info.made_by == task.cell;
            log.push(format!("{} {key}: {}", stage.name(), if own { "trained" } else { "from the store" }));
            trained.extend(own.then_some(stage));
            Ok(info.seconds)
        };
        let seconds_autoencoder = match &self.cell.autoencoder {
            Some(key) => told(&mut self.log, Stage::Autoencoder, key, &store.dir(Stage::Autoencoder, key))?,
            None => 0.0,
        };
        let seconds_augmentor = match &self.cell.augmentor {
            Some(key) => told(&mut self.log, Stage::Augmentor, key, &store.dir(Stage::Augmentor, key))?,
            None => 0.0,
        };
        let seconds_classifier = told(&mut self.log, Stage::Classifier, &self.cell.classifier, classifier)?;
        let seconds_judge = match (&self.cell.judge, judge) {
            (Some(key), Some(dir)) => told(&mut self.log, Stage::Judge, key, dir)?,
            _ => 0.0,
        };
        let predictions = named(self.context, &self.cell.fold, &classifier.join("predictions.csv"))?;
        write_predictions(&file("predictions.csv"), &classes, &predictions)?;
        write_history(&file("history.csv"), &history)?;
        let guided =
            matches!(&spec.condition[self.cell.condition].augment, Augment::TripletGan(a) if a.is_guided());
        if let (Some(key), Some(e), true) = (&self.cell.augmentor, &spec.embedding, guided) {
            let data = self.loaded.data(self.context, &self.cell.fold)?;
            embedding::write(self.context, self.cell, key, data, e, &file("embedding.csv"))?;
        }
        if self.context.gallery {
            let data = self.loaded.data(self.context, &self.cell.fold)?;
            gallery::write(self.context, self.cell, data, &run.path().join(self.cell.id.dir()))?;
        }
        let pairs = predictions.iter().map(|p| (p.truth, p.predicted));
        let confusion = Confusion::from_pairs(classes.len(), pairs);
        let truths: Vec<f64> = confusion
            .rows()
            .iter()
            .map(|row| row.iter().sum::<u64>() as f64 / confusion.total().max(1) as f64)
            .collect();
        Ok(CellRecord {
            status: OutcomeStatus::Done,
            error: String::new(),
            key_classifier: Some(self.cell.classifier.clone()),
            trained,
            seconds_autoencoder,
            seconds_augmentor,
            seconds_classifier,
            seconds_judge,
            device: if device.is_cuda() { DeviceClass::Cuda } else { DeviceClass::Cpu },
            host: Owner::me().host.clone(),
            revision: version::revision().to_owned(),
            attempts: attempt,
            warnings: warnings::of_cell(&history, &classes, &confusion.predicted_shares(), &truths),
            confusion: confusion.rows(),
            // Of the digits that predictions.csv has, so that whoever reads it finds the same.
            calibration: Calibration::of(predictions.iter().map(|p| (&p.probabilities, p.truth))),
            training_set: None,
        })
    }

    /// The entry of the classifier.
    fn classifier(&mut self, watch: &mut dyn StageObserver) -> Result<PathBuf> {
        let cell = self.cell;
        let task = self.task.clone();
        let wanted = StageRequest {
            store: self.context.store,
            stage: Stage::Classifier,
            key: &cell.classifier,
            trajectory: &cell.classifier_trajectory,
            task: &task,
            checkpoint_every: self.context.checkpoint_every,
            with_model: self.context.trains_for_model,
        };
        get_or_train(wanted, watch, |training| self.train_classifier(training))
    }

    /// Trains and tests the classifier into the store.
    fn train_classifier(&mut self, training: &mut PendingTraining) -> Result<PathBuf> {
        let (context, cell) = (self.context, self.cell);
        let CellContext { spec, store, .. } = context;
        let condition = &spec.condition[cell.condition];
        let made =
            with_generator!(&condition.augment, g => Some(self.made(g, training.watch)?), none => None);
        let data = self.loaded.data(context, &cell.fold)?;
        let inputs = ClassifierMaterial::new(context, cell, data, made);
        let training_set = inputs.size();
        let training_set_sha256 = inputs.set.digest(&inputs.class_names);
        let task = inputs.task();
        let continues = spec.classifier.continues();
        let mut control = training.control(task.pace().steps, continues);
        let net = classifier::train(&task, &mut control)?;
        let rows = test(context, &cell.fold, &net, data);
        let mut info = StageInfo::new(&self.task, control.seconds(), net.params().flat());
        info.training_set_sha256 = Some(training_set_sha256);
        info.training_set = Some(training_set);
        if let Some(before) = store.find(Stage::Classifier, &cell.classifier) {
            // It was trained without keeping the model: only that of the same weights belongs to its predictions.
            let known = StageInfo::load(&before)?;
            if known.weights_sha256 != info.weights_sha256 {
                control.finish();
                training.watch.note(format!(
                    "{}: no model is kept: the classifier in the store has other weights than the one trained here; remove {} \
                     to have it trained again",
                    cell.id,
                    before.display()
                ));
                return Ok(before);
            }
            info = known;
        }
        let model = context.keep_model.then(|| model_info(context, cell, &info, data));
        let dir = store.put(Stage::Classifier, &cell.classifier, |dir| {
            write_predictions(&dir.join("predictions.csv"), &spec.class_names(), &rows)?;
            write_history(&dir.join("history.csv"), control.history())?;
            if let Some(model) = &model {
                net.save(&ModelInfo::weights(dir))?;
                model.save(dir)?;
            }
            info.save(dir)
        })?;
        control.finish();
        Ok(dir)
    }

    /// How large the training set of the entry `classifier` is. One of an earlier version does not say; in a run with a judge, which needs the
    /// recordings anyway, it is put together again.
    fn training_set(
        &mut self,
        classifier: &Path,
        watch: &mut dyn StageObserver,
    ) -> Result<Option<TrainingSetSize>> {
        let (context, cell) = (self.context, self.cell);
        let stated = StageInfo::load(classifier)?.training_set;
        if stated.is_some() || context.spec.judge.is_none() {
            return Ok(stated);
        }
        let augment = &context.spec.condition[cell.condition].augment;
        let made = with_generator!(augment, g => Some(self.made(g, watch)?), none => None);
        let data = self.loaded.data(context, &cell.fold)?;
        Ok(Some(ClassifierMaterial::new(context, cell, data, made).size()))
    }

    /// What the cell's generator makes.
    fn made<G: Generate>(&mut self, generator: &G, watch: &mut dyn StageObserver) -> Result<MadeSamples> {
        let autoencoder = self.autoencoder(watch)?;
        let networks = (self.trained(generator, watch)?, autoencoder);
        let data = self.loaded.data(self.context, &self.cell.fold)?;
        let made = MadeSamples::of(generator, self.context, self.cell, data, &networks)?;
        let name = self.context.spec.condition[self.cell.condition].augment.name();
        for note in made.made.notes.iter().map(|note| format!("{name}: {note}")) {
            // Samples are made once for the classifier and once for the judge.
            if !self.log.contains(&note) {
                self.log.push(note);
            }
        }
        Ok(made)
    }

    /// The cell's generator, trained where it is one that is.
    fn trained<G: Generate>(&mut self, generator: &G, watch: &mut dyn StageObserver) -> Result<G::Trained> {
        let CellContext { spec, store, device, checkpoint_every, .. } = self.context;
        let (Some(key), Some(trajectory)) = (&self.cell.augmentor, &self.cell.augmentor_trajectory) else {
            return match generator.work(spec) {
                None => Ok(G::Trained::fresh(generator, spec, *device)),
                Some(_) => Err(Error::failed(format!("{}: the plan gave it no augmentor", self.cell.id))),
            };
        };
        let task = self.task.clone();
        let (stage, checkpoint_every) = (Stage::Augmentor, *checkpoint_every);
        let wanted =
            StageRequest { store, stage, key, trajectory, task: &task, checkpoint_every, with_model: false };
        let dir = get_or_train(wanted, watch, |training| self.train_generator(generator, training))?;
        G::Trained::load(generator, spec, &dir, *device)
    }

    /// The autoencoder of the cell's fold and seed, where its generator needs one.
    fn autoencoder(&mut self, watch: &mut dyn StageObserver) -> Result<Option<AutoencoderNet>> {
        let CellContext { spec, store, device, checkpoint_every, .. } = self.context;
        let (Some(key), Some(trajectory)) = (&self.cell.autoencoder, &self.cell.autoencoder_trajectory)
        else {
            return Ok(None);
        };
        let task = self.task.clone();
        let (stage, checkpoint_every) = (Stage::Autoencoder, *checkpoint_every);
        let wanted =
            StageRequest { store, stage, key, trajectory, task: &task, checkpoint_every, with_model: false };
        let dir = get_or_train(wanted, watch, |training| self.train_autoencoder(key, training))?;
        AutoencoderNet::load(&dir, spec, *device).map(Some)
    }

    /// Trains the autoencoder into the store.
    fn train_autoencoder(&mut self, key: &Key, training: &mut PendingTraining) -> Result<PathBuf> {
        let (context, cell) = (self.context, self.cell);
        let seed = cell.seed.child("autoencoder");
        let mut control = training.control(Autoencoder::work(context.spec).iterations, true);
        let net = self.on_seen(None, seed, |task| autoencoder::train(task, &mut control))?;
        let info = StageInfo::new(&self.task, control.seconds(), &net.weights());
        let dir = context.store.put(Stage::Autoencoder, key, |dir| {
            net.save(dir)?;
            write_history(&dir.join("history.csv"), control.history())?;
            info.save(dir)
        })?;
        control.finish();
        Ok(dir)
    }

    /// What `train` gives on the utterances that the fold's generators are trained on.
    fn on_seen<T>(
        &mut self,
        autoencoder: Option<&AutoencoderNet>,
        seed: Seed,
        train: impl FnOnce(&TrainingTask) -> Result<T>,
    ) -> Result<T> {
        let (context, cell) = (self.context, self.cell);
        let CellContext { spec, selection, .. } = context;
        let data = self.loaded.data(context, &cell.fold)?;
        let seen = augmentor_sees(spec, &cell.fold);
        let labels: Vec<usize> = seen.iter().map(|&i| selection.labels[i]).collect();
        let part = (seen.len() < cell.fold.train.len()).then(|| {
            let position = |i: &usize| cell.fold.train.binary_search(i).expect("it sees training utterances");
            data.train.pick(&seen.iter().map(position).collect::<Vec<_>>())
        });
        let bank = part.as_ref().unwrap_or(&data.train);
        train(&TrainingTask { spec, bank, labels: &labels, autoencoder, seed })
    }

    /// Trains the generator into the store.
    fn train_generator<G: Generate>(
        &mut self,
        generator: &G,
        training: &mut PendingTraining,
    ) -> Result<PathBuf> {
        let (context, cell) = (self.context, self.cell);
        let CellContext { spec, store, device, .. } = context;
        // It is there: a generator's training comes after it.
        let autoencoder = match &cell.autoencoder {
            Some(key) => Some(AutoencoderNet::load(&store.dir(Stage::Autoencoder, key), spec, *device)?),
            None => None,
        };
        let iterations = generator.work(spec).map_or(0, |work| work.iterations);
        let mut control = training.control(iterations, true);
        control.records = context.cuda_graphs;
        let seed = cell.seed.child("augmentor");
        let trained = self
            .on_seen(autoencoder.as_ref(), seed, |task| G::Trained::train(generator, task, &mut control))?;
        let info = StageInfo::new(&self.task, control.seconds(), trained.weights());
        let key = cell.augmentor.as_ref().expect("asked for by its key");
        let about = augmentor_info(context, cell, key, &info, self.loaded.data(context, &cell.fold)?)?;
        let spec_text = files::text(&context.run.spec()).at(context.run.spec())?;
        let dir = store.put(Stage::Augmentor, key, |dir| {
            trained.save(generator, dir)?;
            write_history(&dir.join("history.csv"), control.history())?;
            about.save(dir, &spec_text)?;
            info.save(dir)
        })?;
        control.finish();
        Ok(dir)
    }
}

/// What is kept beside the weights of a trained classifier.
fn model_info(context: &CellContext, cell: &Cell, info: &StageInfo, data: &FoldData) -> ModelInfo {
    let spec = context.spec;
    ModelInfo {
        format: ModelInfo::FORMAT,
        title: spec.title.clone(),
        cell: info.made_by.clone(),
        run: info.made_in.clone(),
        key: cell.classifier.clone(),
        version: version::VERSION.to_owned(),
        revision: version::revision().to_owned(),
        weights_sha256: info.weights_sha256.clone(),
        corpora: spec.corpora().into_iter().map(str::to_owned).collect(),
        n_train: cell.fold.train.len(),
        mean: data.standardiser.mean,
        deviation: data.standardiser.deviation,
        precision: spec.precision,
        classes: spec.classes.clone(),
        features: spec.features.clone(),
        classifier: spec.classifier.clone(),
    }
}

/// What is kept beside the weights of a trained generator.
fn augmentor_info(
    context: &CellContext,
    cell: &Cell,
    key: &Key,
    info: &StageInfo,
    data: &FoldData,
) -> Result<AugmentorInfo> {
    Ok(AugmentorInfo {
        format: AugmentorInfo::FORMAT,
        condition: context.spec.condition[cell.condition].name.clone(),
        cell: info.made_by.clone(),
        run: info.made_in.clone(),
        key: key.clone(),
        autoencoder: cell.autoencoder.clone(),
        version: version::VERSION.to_owned(),
        revision: version::revision().to_owned(),
        weights_sha256: info.weights_sha256.clone(),
        n_train: augmentor_sees(context.spec, &cell.fold).len(),
        mean: data.standardiser.mean,
        deviation: data.standardiser.deviation,
        seed: cell.seed.hex(),
        corpus: RunInfo::load(&context.run.info())?.corpus,
    })
}

/// What `net` says of the test utterances.
fn test(context: &CellContext, fold: &Fold, net: &VggNet, data: &FoldData) -> Vec<PredictionRow> {
    let CellContext { spec, selection, .. } = context;
    let all: Vec<usize> = (0..fold.test.len()).collect();
    let row = |(p, &i): (Prediction, &usize)| {
        let u = &selection.utterances[i];
        PredictionRow {
            utterance: u.id.clone(),
            speaker: u.speaker.clone(),
            truth: selection.labels[i],
            predicted: p.class,
            segments: p.segments,
            probabilities: p.probabilities,
        }
    };
    predict(net, &spec.classifier, &data.test, &all).into_iter().zip(&fold.test).map(row).collect()
}

/// Reads stored predictions; a key covers audio and labels, so ids and speakers are today's.
fn named(context: &CellContext, fold: &Fold, path: &Path) -> Result<Vec<PredictionRow>> {
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
