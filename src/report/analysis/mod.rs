//! What the numbers of a run are: means, intervals, predictions, speakers, representations.

pub mod aggregate;
pub mod embedding;
pub mod history;
pub mod loaded_run;
pub mod predictions;
pub mod public;
pub mod speakers;
