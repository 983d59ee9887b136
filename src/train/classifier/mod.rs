//! The emotion classifier: its batches, training, choice of weights and predictions.

pub mod held_out;
pub mod loader;
pub mod loss;
pub mod metrics;
pub mod mixup;
pub mod predict;
mod progress;
pub mod sampler;
pub mod schedule;
pub mod segments;
mod task;
mod training;
pub mod vote;
pub mod weight_selection;

pub use task::ClassifierTask;
pub use training::train;
