//! From recordings on disk to the utterances, features and folds of an experiment.

pub mod audio;
pub mod audit;
pub mod corpora;
pub mod describe;
pub mod features;
pub mod foreign;
pub mod judge;
pub mod leakage;
pub mod mel_table;
pub mod split;
