//! The messages between a supervisor and its workers: one JSON value a line. Both programs are of one build.

use seraug_core::device::{Card, DeviceChoice, DeviceInfo};
use seraug_core::run_files::NetworkInfo;
use seraug_core::spec::{Augment, Precision};
use seraug_core::store::Stage;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// An order to a worker, on its standard input. The end of the input means that the supervisor is gone: stop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkerOrder {
    /// Work on the cell of this row of plan.csv; this is its `attempt`-th try.
    Cell {
        /// Row of plan.csv, from 0.
        row: usize,
        /// Number of the try, from 1.
        attempt: usize,
    },
    /// Save a checkpoint and stop.
    Stop,
}

/// What a worker reports, on its standard output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// It has read the experiment, and waits for orders.
    Ready,
    /// A training has advanced; sent at most once a second.
    Step {
        /// The stage that is being trained.
        stage: Stage,
        /// Steps done.
        step: usize,
        /// Steps in all.
        steps: usize,
        /// The last row of the history: name and value of each quantity; empty before the first.
        values: Vec<(String, f64)>,
    },
    /// Another process trains a stage that the cell needs.
    Waiting {
        /// That process in words: cell, run, process id, host.
        by: String,
    },
    /// A remark that stops nothing.
    Note {
        /// The remark, on one line.
        text: String,
    },
    /// The cell's outcome.toml is written.
    Done,
    /// The cell failed, and nothing was written.
    Failed {
        /// Why, on one line.
        error: String,
        /// Whether a retry by another process may succeed; the worker exits after reporting it.
        retryable: bool,
    },
    /// The cell was left with a checkpoint because a stop was requested. The worker exits after reporting it.
    Stopped,
}

/// A question to `seraug-worker probe`, one line on its standard input. What is not asked for costs nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProbeQuestion {
    /// Devices to open.
    pub devices: Vec<DeviceChoice>,
    /// Threads of a tensor operation on the CPU.
    pub threads: usize,
    /// Whether to look for CUDA devices.
    pub cuda: bool,
    /// The text of a resolved spec whose networks' sizes are wanted.
    pub spec: Option<String>,
    /// Steps to time.
    pub benchmark: Option<BenchmarkRequest>,
}

/// The steps to time, on random data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchmarkRequest {
    /// The text of a resolved spec, which has the sizes of the networks.
    pub spec: String,
    /// The precision of the spec; the worker has to know it before it opens a device.
    pub precision: Precision,
    /// The device to time on.
    pub device: DeviceChoice,
    /// Generators; an iteration of the training of each is timed.
    pub generators: Vec<Augment>,
    /// Whether an iteration of the autoencoder's training is timed.
    pub autoencoder: bool,
    /// Batch sizes; a step of the classifier is timed with each.
    pub batches: Vec<usize>,
    /// Whether the augmentation of a window is timed.
    pub windows: bool,
    /// Whether an iteration of the judge is timed.
    pub judge: bool,
}

/// The timings of one kind of work, without its warm-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timed {
    /// The kind of work.
    pub work: Timing,
    /// Seconds of each repetition, in order; at least two.
    pub seconds: Vec<f64>,
    /// Seconds that the worker's threads computed meanwhile and that they waited for a processor; none where the
    /// system does not tell.
    pub processor: Option<[f64; 2]>,
}

/// A kind of work that a run consists of and whose time is measured.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timing {
    /// An iteration of a generator's training: see [`seraug_core::spec::TrainingWork::of`].
    Iteration(Vec<String>),
    /// A step of the classifier's training with a batch of this many segments.
    Step(usize),
    /// The augmentation of one window.
    Window,
    /// The classification of one segment.
    Segment,
    /// An iteration of the judge's training.
    JudgeIteration,
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Timing::Iteration(of) if of == &["autoencoder"] => f.write_str("autoencoder"),
            Timing::Iteration(of) => write!(f, "augmentor ({})", of.join(", ")),
            Timing::Window => f.write_str("augmenting"),
            Timing::Step(batch) => write!(f, "classifier, {batch} segments a step"),
            Timing::Segment => f.write_str("testing"),
            Timing::JudgeIteration => f.write_str("judge"),
        }
    }
}

/// The answer of `seraug-worker probe`, one line on its standard output.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProbeAnswer {
    /// Version of the worker.
    pub version: String,
    /// Git revision of the worker.
    pub revision: String,
    /// Release of the libtorch that it has loaded, such as `2.11.0+cu130`.
    pub libtorch: String,
    /// The folder that libtorch was loaded from, where the system tells.
    pub folder: Option<PathBuf>,
    /// The devices of the question, or the first of them that could not be opened.
    pub devices: Opened,
    /// The CUDA devices or why there is none; absent where nobody asked.
    pub cuda: Option<std::result::Result<Vec<Card>, String>>,
    /// Sizes of the networks of the spec.
    pub networks: Vec<NetworkInfo>,
    /// The timings of the benchmark.
    pub timed: Vec<Timed>,
}

/// The outcome of opening the devices of a [`ProbeQuestion`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opened {
    /// All were opened: the choice that a worker is given for each, and what it is.
    All(Vec<(DeviceChoice, DeviceInfo)>),
    /// One could not be opened.
    Not {
        /// The reason, on one line.
        error: String,
        /// Whether the command line asked for something impossible (exit code 2).
        usage: bool,
    },
}

impl Default for Opened {
    fn default() -> Opened {
        Opened::All(Vec::new())
    }
}
