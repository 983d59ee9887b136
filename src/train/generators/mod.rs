//! Augmentations: what is added to a training set. mixup mixes batches instead: see train/mixup.rs.

pub mod added_noise;
pub mod spec_augment;
pub mod triplet_gan;

pub use triplet_gan::augment::augment;
