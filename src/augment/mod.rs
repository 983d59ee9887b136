//! Augmentations: what is added to a training set.

pub mod triplet_gan;

pub use triplet_gan::augment;
