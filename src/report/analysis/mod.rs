//! What is computed from the files of a run: values of cells, predictions, learning curves, speakers, representations.

pub mod aggregate;
pub mod attributes;
pub mod cost;
pub mod design;
pub(crate) mod distinct_tests;
pub mod embedding;
pub mod estimate;
pub mod gap;
pub mod history;
pub mod loaded_run;
pub mod other_measures;
pub mod predictions;
pub mod public;
pub mod samples;
pub mod signatures;
pub mod speakers;
pub mod utterances;
