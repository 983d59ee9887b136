//! What `seraug predict` asks of the worker, and its answers: one JSON value a line. Both programs are of one build.

use seraug_core::device::DeviceChoice;
use seraug_core::manifest::Channels;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Recordings to be classified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PredictionRequest {
    /// Folders of the models, all of the same classes, front end and segments. Several vote together.
    pub models: Vec<PathBuf>,
    /// The recordings.
    pub recordings: Vec<RecordingToPredict>,
    /// How several channels become one.
    pub channels: Channels,
    /// Seconds of each window that is classified by itself, and between the starts of two; none for a recording as a whole.
    pub windows: Option<[f64; 2]>,
    /// Whether embeddings are wanted.
    pub embeddings: bool,
    /// Where to compute.
    pub device: DeviceChoice,
    /// Threads of a tensor operation on the CPU.
    pub threads: usize,
}

/// A recording, or a stretch of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordingToPredict {
    /// Where it is.
    pub path: PathBuf,
    /// Start and end in seconds; none for all of it.
    pub stretch: Option<[f64; 2]>,
}

/// A line of the worker's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PredictionAnswer {
    /// A recording, by its place in the request.
    Done {
        /// From 0.
        recording: usize,
        /// One, or one for each window.
        predicted: Vec<PredictedStretch>,
    },
    /// A recording that cannot be used.
    Refused {
        /// From 0.
        recording: usize,
        /// Why, on one line.
        error: String,
    },
}

/// What the models say of a stretch of sound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PredictedStretch {
    /// Start in the recording, seconds.
    pub start: f64,
    /// Its end.
    pub end: f64,
    /// The class with most segments, by its place.
    pub class: usize,
    /// Mean over the segments (and models) of the softmax, one value a class.
    pub probabilities: Vec<f64>,
    /// The segments that voted.
    pub segments: Vec<PredictedSegment>,
    /// The last hidden layer, a mean over segments; empty where it was not asked for. Of several models one after the other.
    pub embedding: Vec<f32>,
}

/// A segment of a stretch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PredictedSegment {
    /// Start in the recording, seconds.
    pub start: f64,
    /// Its end; that of the stretch, where the segment is longer.
    pub end: f64,
    /// Softmax, one value a class; the mean over the models.
    pub probabilities: Vec<f64>,
}
