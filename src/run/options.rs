//! What the command line decides beside the experiment file, in the parts that its readers need.

use crate::keep_models::KeepModels;
use crate::launcher::Launcher;
use seraug_core::device::DeviceChoice;
use seraug_core::store::Store;
use std::path::PathBuf;
use std::time::Duration;

/// Where recordings are read from and results are written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The folder with one folder for each corpus.
    pub corpora: PathBuf,
    /// The folder of the runs and of the store that they share.
    pub results: PathBuf,
}

impl Places {
    /// The store of the results folder.
    pub fn store(&self) -> Store {
        Store::of(&self.results)
    }
}

/// What computes, and how much of it at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compute {
    /// Where to train: one device or several of one kind.
    pub devices: Vec<DeviceChoice>,
    /// Threads of a tensor operation on the CPU. Results of several are equal up to rounding only.
    pub threads: usize,
    /// Cells at once; none for one on each core, or one on each CUDA device.
    pub jobs: Option<usize>,
}

/// How a worker trains. None of it decides a result.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingOptions {
    /// Time between two checkpoints of a training.
    pub checkpoint_every: Duration,
    /// Also write the histories as TensorBoard event files.
    pub tensorboard: bool,
    /// Train the augmentor by CUDA graphs where they can be recorded.
    pub cuda_graphs: bool,
    /// Which cells keep their classifier.
    pub keep_models: KeepModels,
}

/// The command line, as a run records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// All of its words.
    pub command: Vec<String>,
    /// The fields of the spec that it sets, each `KEY=VALUE`.
    pub set: Vec<String>,
}

/// Which earlier run a command resumes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Resume {
    /// The newest run of the same spec and data, if there is one.
    #[default]
    Newest,
    /// The run in this folder.
    This(PathBuf),
    /// None: a new run starts.
    New,
}

/// Everything that `seraug run` is told beside the experiment.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Where recordings are and results go.
    pub places: Places,
    /// Use an incomplete corpus as it is.
    pub partial: bool,
    /// What computes.
    pub compute: Compute,
    /// How the workers train.
    pub training: TrainingOptions,
    /// Where the workers are started.
    pub launcher: Launcher,
    /// Wait until a cluster has worked on every cell.
    pub wait: bool,
    /// Which earlier run to resume.
    pub resume: Resume,
    /// Stop after this many failed cells.
    pub max_failures: Option<usize>,
    /// Kill a worker that reports nothing for this long.
    pub stall: Duration,
    /// The command line, for run.toml.
    pub provenance: Provenance,
}
