//! What generated samples are worth, in numbers: measures of two sets of points, one point an utterance. Pure functions of
//! rows of f64, without libtorch, so that their goldens (tests/golden/judge) run where it is not installed. docs/judge.md says
//! what each number means. Where a measure cannot be had, its error says why, in words for the log of a cell.

mod copying;
mod coverage;
mod distances;
mod k_means;
mod logistic;
mod measured;
mod mmd;
mod ripple;
#[cfg(test)]
mod tests;
mod two_sample;

pub use copying::{copying, copying_of_training};
pub use coverage::{coverage, density};
pub use distances::{copy_spread, spread};
pub use logistic::LogisticRegression;
pub use measured::{MeasuredDiagnostic, Measurement};
pub use mmd::mmd;
pub use ripple::{pattern, ripple};
pub use two_sample::{classifier_test, neighbour_test};

/// One point: a row of a matrix, all rows of a set being as long.
pub type Point = Vec<f64>;
