//! From an audio file to log-mel frames.

pub mod logmel;

pub use logmel::LogMel;
