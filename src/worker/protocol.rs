//! What a supervisor and its workers tell each other: one JSON value a line.

use serde::{Deserialize, Serialize};

/// To a worker, on its standard input. The end of the input means that the supervisor is gone: stop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Work on the cell of this row of plan.csv, from 0; it is tried for the `attempt`-th time.
    Cell {
        /// Row of plan.csv, from 0.
        row: usize,
        /// From 1.
        attempt: usize,
    },
    /// Save and stop.
    Stop,
}

/// From a worker, on its standard output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// It has read the experiment, and waits for orders.
    Ready,
    /// A training goes on.
    Step {
        /// `augmentor` or `classifier`.
        stage: String,
        /// Steps done.
        step: usize,
        /// Steps in all.
        steps: usize,
        /// The last row of the history: name and value of each quantity; empty before the first.
        values: Vec<(String, f64)>,
    },
    /// Another process makes a stage of the cell.
    Waiting {
        /// Who, for a person.
        by: String,
    },
    /// Something to know that stops nothing.
    Note {
        /// One line.
        text: String,
    },
    /// The cell's outcome.toml is written.
    Done,
    /// The cell failed, and nothing was written.
    Failed {
        /// Why, on one line.
        error: String,
        /// Whether another try may end otherwise; the worker ends after that.
        may_pass: bool,
    },
    /// The cell was left, its checkpoint written, because a stop was asked for. The worker ends after that.
    Stopped,
}
