//! Reproduces "Generative Data Augmentation Guided by Triplet Loss for Speech Emotion Recognition".
//! The floors and the one direction of data are in docs/design.md.

// 0 words
pub mod emotion;
pub mod error;
pub mod interval;
pub mod metrics;
pub mod seed;
// 1 formats
pub mod manifest;
pub mod results;
pub mod spec;
// 2 data
pub mod audio;
pub mod corpora;
pub mod features;
// 4 learning
pub mod train;
// 5' reading
pub mod report;
