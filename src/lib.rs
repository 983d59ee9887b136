//! Reproduces "Generative Data Augmentation Guided by Triplet Loss for Speech Emotion Recognition".
//! Here is what computes with tensors, and what it is built on ([`seraug_face`]) under the same names.
//! The floors and the one direction of data are in docs/design.md.

pub use seraug_face::*;

// 3 networks
pub mod nets;
// 4 learning
pub mod augment;
pub mod train;
// 5 experiment
pub mod cell;
pub mod embedding;
pub mod gallery;
pub mod probe;
pub mod sizes;
pub mod stage;
pub mod training_set;
pub mod trial;
pub mod work;
