//! What a supervisor and its workers tell each other: one JSON value a line. Both are of one build.

use seraug_core::device::{Card, DeviceInfo};
use seraug_core::run_files::NetworkInfo;
use seraug_core::spec::{Augment, Precision};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// To a worker, on its standard input. The end of the input means that the supervisor is gone: stop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkerOrder {
    /// Work on the cell of this row of plan.csv, from 0; it is tried for the `attempt`-th time.
    Cell {
        /// Row of plan.csv, from 0.
        row: usize,
        /// From 1.
        attempt: usize,
    },
    /// Save and stop.
    Stop,
}

/// From a worker, on its standard output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// It has read the experiment, and waits for orders.
    Ready,
    /// A training goes on.
    Step {
        /// `augmentor` or `classifier`.
        stage: String,
        /// Steps done.
        step: usize,
        /// Steps in all.
        steps: usize,
        /// The last row of the history: name and value of each quantity; empty before the first.
        values: Vec<(String, f64)>,
    },
    /// Another process makes a stage of the cell.
    Waiting {
        /// Who, for a person.
        by: String,
    },
    /// Something to know that stops nothing.
    Note {
        /// One line.
        text: String,
    },
    /// The cell's outcome.toml is written.
    Done,
    /// The cell failed, and nothing was written.
    Failed {
        /// Why, on one line.
        error: String,
        /// Whether another try may end otherwise; the worker ends after that.
        may_pass: bool,
    },
    /// The cell was left, its checkpoint written, because a stop was asked for. The worker ends after that.
    Stopped,
}

/// To `seraug-worker probe`, on its standard input: one line. What is not asked for costs nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProbeQuestion {
    /// Devices to open.
    pub devices: Vec<String>,
    /// Threads of a tensor operation on the CPU.
    pub threads: usize,
    /// Whether to look for CUDA devices.
    pub cuda: bool,
    /// The text of a resolved spec whose networks are to be counted.
    pub spec: Option<String>,
    /// Steps to be timed.
    pub trial: Option<BenchmarkRequest>,
}

/// What is to be timed, on made-up data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchmarkRequest {
    /// The text of a resolved spec: sizes and precision.
    pub spec: String,
    /// In which numbers it computes; the worker has to know before it opens a device.
    pub precision: Precision,
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// Generators of which an iteration of the training is timed.
    pub generators: Vec<Augment>,
    /// Batches with which a step of the classifier is timed.
    pub batches: Vec<usize>,
    /// Whether a window augmented is timed.
    pub windows: bool,
}

/// One thing that was timed, without its first time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timed {
    /// What.
    pub work: Timing,
    /// Of each time, in order; at least two.
    pub seconds: Vec<f64>,
    /// Seconds that the worker's threads computed meanwhile, and that they waited for a processor, where the system tells.
    pub processor: Option<[f64; 2]>,
}

/// A kind of work that a run consists of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timing {
    /// An iteration of a generator's training: see [`seraug_core::spec::TrainingWork::of`].
    Iteration(Vec<String>),
    /// A step of the classifier's training with so many segments.
    Step(usize),
    /// One window augmented.
    Window,
    /// One segment classified.
    Segment,
}

/// From `seraug-worker probe`, on its standard output: one line.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProbeAnswer {
    /// Of the program.
    pub version: String,
    /// Of the code.
    pub revision: String,
    /// Release of the libtorch that it has loaded, such as `2.11.0+cu130`.
    pub libtorch: String,
    /// The folder that libtorch was loaded from, where the system tells.
    pub folder: Option<PathBuf>,
    /// The devices that were to be opened, or the first that could not be.
    pub devices: Opened,
    /// CUDA devices, where they were asked for, or why there is none.
    pub cuda: Option<std::result::Result<Vec<Card>, String>>,
    /// The networks of the spec.
    pub networks: Vec<NetworkInfo>,
    /// What was timed.
    pub timed: Vec<Timed>,
}

/// What became of the devices of a [`ProbeQuestion`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opened {
    /// All were: how each is named to a worker, and what it is.
    All(Vec<(String, DeviceInfo)>),
    /// One was not, and why; `usage` where the command line asked for what cannot be.
    Not {
        /// On one line.
        error: String,
        /// Whose mistake.
        usage: bool,
    },
}

impl Default for Opened {
    fn default() -> Opened {
        Opened::All(Vec::new())
    }
}
