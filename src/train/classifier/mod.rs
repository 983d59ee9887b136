//! The emotion classifier: its batches, training, choice of weights and predictions.

pub mod held_out;
pub mod loader;
pub mod loss;
pub mod metrics;
pub mod mixup;
pub mod predict;
pub mod sampler;
pub mod schedule;
pub mod segments;
mod training;
pub mod vote;
pub mod weight_selection;

pub use training::{ClassifierTask, train};
