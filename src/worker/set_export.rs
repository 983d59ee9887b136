//! What a cell's classifier saw, for other programs: the worker's part of `seraug export --training-set`.

use crate::cell::classifier_material::ClassifierMaterial;
use crate::cell::stage_entry::StageInfo;
use crate::cell::stored::MadeSamples;
use crate::cell::training_set::{EntryFingerprint, TrainingSet};
use crate::cell::{FoldData, LoadedData};
use crate::opened_run::{OpenedRun, set_up};
use seraug_core::device::DeviceInfo;
use seraug_core::digest::digest_hex;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files::{self, write_atomic};
use seraug_core::names::file_stem::file_stem;
use seraug_core::run_files::{CorpusInfo, RunDir};
use seraug_core::spec::{Condition, FinalWeights};
use seraug_core::store::{Key, Stage};
use seraug_core::version::{self, VERSION};
use seraug_data::audio::LogMel;
use seraug_data::audio::npy::write_npy_cached;
use seraug_data::corpora::Utterance;
use seraug_run::options::Places;
use seraug_run::plan::Cell;
use seraug_run::training_sets::{TrainingSetAnswer, TrainingSetCounts, TrainingSetRequest};
use seraug_run::worker_client::answers::{Answering, WorkerAnswer};
use seraug_train::classifier::held_out::HeldOut;
use seraug_train::torch::device;
use serde::Serialize;
use std::collections::HashMap;
use std::path::Path;

/// Columns of table.csv and test.csv.
const COLUMNS: [&str; 13] = [
    "row",
    "part",
    "file",
    "utterance",
    "kind",
    "source",
    "copy",
    "label",
    "corpus",
    "speaker",
    "frames",
    "floor",
    "sha256",
];

/// Writes the training set of the cell of `request` as its classifier was given it: train/, validation/ and left-out/ with an array
/// for each entry, table.csv, test/ with test.csv, config.json and training-set.toml. Nothing is trained.
///
/// # Errors
/// A run or a corpus that cannot be read, a cell that has other keys today, a stage that is not in the store any more, a folder that
/// cannot be written.
pub fn export(request: &TrainingSetRequest, send: &mut Answering<TrainingSetAnswer>) -> Result<()> {
    let device = set_up(request.device, request.threads)?;
    let machine = device::describe(device);
    send(WorkerAnswer::ready(machine.clone()))?;
    let run = RunDir::exactly(&request.run)?;
    let places = Places { corpora: request.corpora.clone(), results: request.results.clone() };
    let mut opened = OpenedRun::open(&run, &places, request.partial, device, None)?;
    let Some(planned) = opened.rows.iter().find(|row| row.cell == request.cell).cloned() else {
        return Err(Error::at(run.plan(), format!("no cell {}", request.cell)));
    };
    let cell = opened.cell(&planned)?.ok_or_else(|| opened.differs(&planned.cell))?;
    let context = opened.context();
    let mut loaded = LoadedData::default();
    let data = loaded.data(&context, &cell.fold)?;
    let made = MadeSamples::stored(&context, &cell, data)?;
    let inputs = ClassifierMaterial::new(&context, &cell, data, made);
    let set = ExportedSet { opened: &opened, cell: &cell, data, inputs: &inputs, to: &request.to };
    let mut counts = set.training()?;
    counts.test = set.test()?;
    let digest = inputs.set.digest(&inputs.class_names);
    let stated = opened.store.find(Stage::Classifier, &cell.classifier);
    let stated = stated.and_then(|dir| StageInfo::load(&dir).ok()).and_then(|info| info.training_set_sha256);
    counts.confirmed = stated.as_ref().map(|stated| *stated == digest);
    let notes = set.notes(&machine, counts.confirmed);
    set.config()?;
    set.provenance(&machine, counts, digest, stated, &notes)?;
    for note in notes {
        send(WorkerAnswer::Said(TrainingSetAnswer::Note(note)))?;
    }
    send(WorkerAnswer::Said(TrainingSetAnswer::Written(counts)))
}

/// A set that is being written.
struct ExportedSet<'a> {
    opened: &'a OpenedRun,
    cell: &'a Cell,
    data: &'a FoldData,
    inputs: &'a ClassifierMaterial<'a>,
    to: &'a Path,
}

/// A table that is being written.
struct SetTable(csv::Writer<Vec<u8>>);

impl SetTable {
    fn new(path: &Path) -> Result<SetTable> {
        let mut table = SetTable(csv::Writer::from_writer(Vec::new()));
        table.row(path, COLUMNS.map(str::to_owned))?;
        Ok(table)
    }

    fn row(&mut self, path: &Path, cells: [String; 13]) -> Result<()> {
        self.0.write_record(cells).cannot("be written", path)
    }

    fn save(self, path: &Path) -> Result<()> {
        write_atomic(path, &self.0.into_inner().cannot("be written", path)?)
    }
}

impl ExportedSet<'_> {
    fn utterance(&self, place: usize) -> &Utterance {
        &self.opened.planner.selection.utterances[place]
    }

    /// Writes what the classifier was trained on, and table.csv.
    fn training(&self) -> Result<TrainingSetCounts> {
        let (set, fold) = (&self.inputs.set, &self.cell.fold);
        let (mels, originals) = (self.opened.planner.spec.features.mels, fold.train.len());
        let held_out = match self.opened.planner.spec.classifier.weights {
            FinalWeights::HeldOut => Some(HeldOut::choose(&self.inputs.task())?.speaker),
            FinalWeights::Last | FinalWeights::Average => None,
        };
        // Of an entry, or of a row that has it: a copy of what weights are chosen by is not trained on either.
        let part = |entry: usize, at: usize| match held_out == Some(self.inputs.speakers[entry]) {
            false => "train",
            true if at < originals => "validation",
            true => "left-out",
        };
        let file = |entry: usize| {
            let id = file_stem(&self.utterance(fold.train[set.origin[entry]]).id);
            format!("{}/{:05}-{id}.npy", part(entry, entry), entry + 1)
        };
        for (entry, (values, _)) in set.bank().entries().enumerate() {
            self.write(&file(entry), values, mels)?;
        }
        let (prints, path) = (set.fingerprints(), self.to.join("table.csv"));
        let mut table = SetTable::new(&path)?;
        let mut counts = TrainingSetCounts::default();
        let mut copies: HashMap<usize, usize> = HashMap::new();
        for (row, &entry) in set.items.iter().enumerate() {
            let u = self.utterance(fold.train[set.origin[entry]]);
            let kind = match (row < originals, entry < originals) {
                (true, _) => "original",
                (false, true) => "copy",
                (false, false) => "generated",
            };
            let copy = copies.entry(set.origin[entry]).and_modify(|n| *n += 1).or_insert(0);
            match (kind, part(entry, row)) {
                ("original", "validation") => counts.validation += 1,
                (_, "left-out") => counts.left_out += 1,
                ("original", _) => counts.originals += 1,
                _ => counts.added += 1,
            }
            let named = match kind {
                "original" => [u.id.clone(), kind.to_owned(), String::new(), String::new()],
                _ => [format!("{}-{copy}", u.id), kind.to_owned(), u.id.clone(), copy.to_string()],
            };
            let label = self.inputs.class_names[set.labels[entry]];
            let print = &prints[entry];
            table.row(
                &path,
                self.cells(
                    row,
                    part(entry, row),
                    file(entry),
                    named,
                    label,
                    u,
                    set.bank().lens()[entry],
                    print,
                ),
            )?;
        }
        table.save(&path)?;
        Ok(counts)
    }

    /// Writes the test utterances, apart, and test.csv; how many.
    fn test(&self) -> Result<usize> {
        let selection = &self.opened.planner.selection;
        let mels = self.opened.planner.spec.features.mels;
        let labels: Vec<usize> = self.cell.fold.test.iter().map(|&i| selection.labels[i]).collect();
        let set = TrainingSet::of(&self.data.test, &labels);
        let (prints, path) = (set.fingerprints(), self.to.join("test.csv"));
        let mut table = SetTable::new(&path)?;
        for (row, (values, _)) in self.data.test.entries().enumerate() {
            let u = self.utterance(self.cell.fold.test[row]);
            let file = format!("test/{:05}-{}.npy", row + 1, file_stem(&u.id));
            self.write(&file, values, mels)?;
            let named = [u.id.clone(), "original".to_owned(), String::new(), String::new()];
            let label = self.inputs.class_names[labels[row]];
            let frames = self.data.test.lens()[row];
            table.row(&path, self.cells(row, "test", file, named, label, u, frames, &prints[row]))?;
        }
        table.save(&path)?;
        Ok(labels.len())
    }

    #[expect(clippy::too_many_arguments, reason = "a row of a table")]
    fn cells(
        &self,
        row: usize,
        part: &str,
        file: String,
        [utterance, kind, source, copy]: [String; 4],
        label: &str,
        u: &Utterance,
        frames: usize,
        print: &EntryFingerprint,
    ) -> [String; 13] {
        [
            (row + 1).to_string(),
            part.to_owned(),
            file,
            utterance,
            kind,
            source,
            copy,
            label.to_owned(),
            u.corpus.to_string(),
            u.speaker.clone(),
            frames.to_string(),
            print.floor.to_string(),
            print.sha256.clone(),
        ]
    }

    fn write(&self, file: &str, values: Vec<f32>, mels: usize) -> Result<()> {
        write_npy_cached(&self.to.join(file), &LogMel { frames: values.len() / mels, mels, db: values })
    }

    fn condition(&self) -> &Condition {
        &self.opened.planner.spec.condition[self.cell.condition]
    }

    /// What a reader of the arrays must know that they do not say.
    fn notes(&self, machine: &DeviceInfo, confirmed: Option<bool>) -> Vec<String> {
        let mut notes: Vec<String> = self.inputs.set.notes.clone();
        if let Some(alpha) = self.inputs.set.mixup {
            notes.push(format!(
                "mixup is not in the arrays: batches are mixed while training, with shares of Beta({alpha}, {alpha})"
            ));
        }
        let began = &self.opened.info.device;
        if (began.class, &began.name) != (machine.class, &machine.name) {
            notes.push(format!(
                "made on {} ({}), the run began on {} ({}): equal up to rounding",
                machine.name, machine.class, began.name, began.class
            ));
        }
        match confirmed {
            Some(true) => {}
            Some(false) => notes.push(
                "the store's classifier saw other numbers: it was trained on another device or by another program".to_owned(),
            ),
            None => notes.push(
                "the store does not say what the classifier saw: it is of an earlier version, or not there any more".to_owned(),
            ),
        }
        notes
    }

    /// Writes config.json.
    fn config(&self) -> Result<()> {
        let spec = &self.opened.planner.spec;
        let c = &spec.classifier;
        let config = serde_json::json!({
            "classes": self.inputs.class_names,
            "standardised": true,
            "mean": self.data.standardiser.mean,
            "deviation": self.data.standardiser.deviation,
            "sample-rate": seraug_data::audio::SAMPLE_RATE,
            "features": spec.features,
            "segments": {
                "frames": c.segment_frames, "hop": c.segment_hop, "min-own-frames": c.min_own_frames, "padding": "floor",
            },
            "classifier": c,
            "condition": self.condition(),
        });
        let text = serde_json::to_string_pretty(&config).at(self.to)?;
        write_atomic(&self.to.join("config.json"), (text + "\n").as_bytes())
    }

    /// Writes training-set.toml.
    fn provenance(
        &self,
        machine: &DeviceInfo,
        counts: TrainingSetCounts,
        digest: String,
        stated: Option<String>,
        notes: &[String],
    ) -> Result<()> {
        let OpenedRun { run, info, planner, .. } = self.opened;
        let spec = files::text(&run.spec()).at(run.spec())?;
        let about = SetProvenance {
            format: 1,
            title: planner.spec.title.clone(),
            cell: self.cell.id.to_string(),
            run: run.name(&info.experiment),
            generator: self.condition().augment.name(),
            key_classifier: self.cell.classifier.clone(),
            key_augmentor: self.cell.augmentor.clone(),
            key_autoencoder: self.cell.autoencoder.clone(),
            spec_sha256: digest_hex(spec.as_bytes()),
            training_set_sha256: digest,
            classifier_saw_sha256: stated,
            version: VERSION,
            revision: version::revision().to_owned(),
            run_revision: info.revision.clone(),
            device: format!("{} ({})", machine.name, machine.class),
            mean: self.data.standardiser.mean,
            deviation: self.data.standardiser.deviation,
            notes: notes.to_vec(),
            counts,
            corpus: info.corpus.clone(),
        };
        let path = self.to.join("training-set.toml");
        write_atomic(&path, toml::to_string(&about).at(&path)?.as_bytes())
    }
}

/// training-set.toml.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct SetProvenance {
    format: u32,
    title: String,
    cell: String,
    run: String,
    generator: &'static str,
    key_classifier: Key,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_augmentor: Option<Key>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_autoencoder: Option<Key>,
    spec_sha256: String,
    training_set_sha256: String,
    /// What the store's classifier states.
    #[serde(skip_serializing_if = "Option::is_none")]
    classifier_saw_sha256: Option<String>,
    version: &'static str,
    revision: String,
    run_revision: String,
    device: String,
    mean: f32,
    deviation: f32,
    notes: Vec<String>,
    counts: TrainingSetCounts,
    corpus: Vec<CorpusInfo>,
}
