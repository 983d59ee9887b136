//! The paper's augmentor: a GAN of log-mels, steered by a representation learner.

pub mod augment;
pub mod graphed_step;
pub mod metrics;
pub mod networks;
pub mod noise;
pub mod phase_batch;
pub mod phases;
pub mod prefetch;
mod training;
pub mod triplets;

pub use training::{AugmentorTask, Networks, Trainer, train};
