//! Reproduces "Generative Data Augmentation Guided by Triplet Loss for Speech Emotion Recognition".
//! The floors and the one direction of data are in docs/design.md.

// 0 words
pub mod emotion;
pub mod error;
pub mod interval;
pub mod metrics;
pub mod nearest;
pub mod panic;
pub mod seed;
// 1 formats
pub mod manifest;
pub mod results;
pub mod spec;
// 2 data
pub mod audio;
pub mod audit;
pub mod corpora;
pub mod features;
pub mod split;
// 3 networks
pub mod nets;
// 4 learning
pub mod augment;
pub mod train;
// 5 experiment
pub mod cell;
pub mod plan;
pub mod progress;
pub mod run;
pub mod sizes;
pub mod warnings;
// 5' reading
pub mod report;
// 6 face
pub mod cmd;
