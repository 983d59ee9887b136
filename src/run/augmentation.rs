//! What `seraug augment` asks of the worker, and its answers; and the trained generators that a command line names.

use crate::models;
use seraug_core::device::DeviceChoice;
use seraug_core::error::{Error, Result};
use seraug_core::manifest::Channels;
use seraug_core::run_files::{AugmentorInfo, CellId, CorpusInfo, RunDir};
use seraug_core::spec::{Augment, Features, Precision};
use seraug_core::store::{Key, Making, SEAL, Stage, broken};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where a generator is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GeneratorPlace {
    /// A cell of a run, whose stages are in the store of `results`.
    Cell {
        /// The run directory.
        run: PathBuf,
        /// The cell.
        cell: CellId,
        /// Folder of the runs and of the store that they share.
        results: PathBuf,
    },
    /// An entry of the store with an augmentor.toml.
    Entry(PathBuf),
}

impl GeneratorPlace {
    /// The generator that `path` names: a cell's folder, or an entry of the store. `results` is where the store is, if it is not
    /// above `path`.
    ///
    /// # Errors
    /// Names `path`: it is neither; an entry of an earlier version, which cannot be used alone.
    pub fn find(path: &Path, results: &Path) -> Result<GeneratorPlace> {
        let path = path.canonicalize().map_err(|e| Error::usage(format!("{}: {e}", path.display())))?;
        if AugmentorInfo::is_in(&path) {
            if let Some(why) = broken(&path).filter(|_| path.join(SEAL).is_file()) {
                return Err(Error::at(
                    &path,
                    format!("{why}; delete it, and `seraug run SPEC --new` trains it again"),
                ));
            }
            return Ok(GeneratorPlace::Entry(path));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if Stage::split(&name).is_some_and(|(stage, _)| stage == Stage::Augmentor) {
            let Making { made_by, made_in, .. } = Making::read(&path);
            let cell = made_by.zip(made_in).map(|(cell, run)| format!(", as {cell} of the run {run}"));
            return Err(Error::usage(format!(
                "{}: it has no {}, because an earlier version made it; name a cell that uses it{}",
                path.display(),
                AugmentorInfo::INFO,
                cell.unwrap_or_default()
            )));
        }
        let Some((run, cell)) = models::cell_of(&path) else {
            return Err(Error::usage(format!(
                "{}: no trained generator; name a cell, such as results/quickstart/latest/cells/aug/fold-1/seed-1, or an entry \
                 results/.store/augmentor-KEY",
                path.display()
            )));
        };
        let store = models::store(&path, results);
        let results = store.root().parent().unwrap_or(results).to_owned();
        Ok(GeneratorPlace::Cell { run: run.path().to_owned(), cell, results })
    }

    /// The run that it is in.
    pub fn run(&self) -> Option<RunDir> {
        match self {
            GeneratorPlace::Cell { run, .. } => Some(RunDir::at(run.clone())),
            GeneratorPlace::Entry(_) => None,
        }
    }
}

/// Recordings that samples are to be made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AugmentRequest {
    /// The generator.
    pub generator: GeneratorPlace,
    /// Folder of the corpora, for a cell whose statistics the store does not have.
    pub corpora: PathBuf,
    /// Use an incomplete corpus as it is.
    pub partial: bool,
    /// The recordings.
    pub inputs: Vec<InputToAugment>,
    /// How several channels become one.
    pub channels: Channels,
    /// Samples of each; as many as the condition makes where none.
    pub copies: Option<usize>,
    /// Root of the draws, as a run's seed; those of the cell where none.
    pub seed: Option<u64>,
    /// Whether arrays are written standardised, as networks have them, in place of decibels.
    pub standardised: bool,
    /// An empty folder, which gets `mels/NAME-COPY.npy` and `originals/NAME.npy`.
    pub to: PathBuf,
    /// Where to compute.
    pub device: DeviceChoice,
    /// Threads of a tensor operation on the CPU.
    pub threads: usize,
}

/// A recording, or a stretch of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputToAugment {
    /// Where it is.
    pub path: PathBuf,
    /// Start and end in seconds; none for all of it.
    pub stretch: Option<[f64; 2]>,
    /// What its arrays are called: a name that is safe in a path, another for each input.
    pub name: String,
    /// A class, or a label of one; empty where nobody says.
    pub label: String,
    /// Who speaks; empty where nobody says.
    pub speaker: String,
}

/// What the worker says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AugmentAnswer {
    /// What makes the samples.
    Generator(Box<GeneratorInfo>),
    /// A remark of the generator.
    Note(String),
    /// An input that cannot be used.
    Refused {
        /// From 0.
        input: usize,
        /// Why, on one line.
        error: String,
    },
    /// An input whose own log-mel is written.
    Original {
        /// From 0.
        input: usize,
        /// SHA-256 of the recording; of its digest and the bounds for a stretch.
        sha256: String,
    },
    /// A sample that is written.
    Sample {
        /// The input that it was made of, from 0.
        input: usize,
        /// From 1.
        copy: usize,
        /// Frames.
        frames: usize,
        /// Class, or what the input was labelled; may be empty.
        label: String,
        /// What was drawn that says how far it may be from its source: epsilon of an augmentor or a viewmaker, the signal-to-noise
        /// ratio of noise in decibels; none of other generators.
        strength: Option<f64>,
    },
}

/// What makes samples, for augment.toml.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct GeneratorInfo {
    /// Title of the experiment.
    pub title: String,
    /// Name of the generator in a spec.
    pub generator: String,
    /// The condition.
    pub condition: String,
    /// The cell that was named, or that the entry was trained for.
    pub cell: String,
    /// The run of that cell.
    pub run: String,
    /// Key of the trained generator; none where nothing is trained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_augmentor: Option<Key>,
    /// Key of its autoencoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_autoencoder: Option<Key>,
    /// SHA-256 of the run's spec.toml.
    pub spec_sha256: String,
    /// In which numbers the networks compute.
    pub precision: Precision,
    /// Samples of each input.
    pub copies: usize,
    /// The seed of `--seed`, or `of the cell`.
    pub seed: String,
    /// What the draws of a sample begin with, as 16 hex digits.
    pub draws: String,
    /// Mean of the log-mels of the fold's training utterances, dB.
    pub mean: f32,
    /// Their standard deviation, dB.
    pub deviation: f32,
    /// Class names in the order of the spec.
    pub classes: Vec<String>,
    /// The mel front end.
    pub features: Features,
    /// The condition's settings.
    pub settings: Augment,
    /// The corpora of the training, with their licences.
    pub corpus: Vec<CorpusInfo>,
}
