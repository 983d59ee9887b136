//! The paper's augmentor: a GAN of log-mels, steered by a representation learner.

mod adams;
pub mod augment;
mod batch;
pub mod diagnostics;
mod generate;
pub mod graphed_step;
mod metrics;
mod networks;
pub mod noise;
mod phase_results;
mod prefetch;
mod task;
mod trainer;
pub mod triplets;

pub use batch::Batch;
pub use networks::Networks;
pub use phase_results::{Discriminated, Preserved, Represented};
pub use task::AugmentorTask;
pub use trainer::{Trainer, train};
