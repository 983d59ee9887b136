//! The bounds of numbers and lists, with their reasons, where several fields share them. A field states its bounds once, as
//! attributes of the JSON Schema; `check_limits` checks a spec against that schema.

use serde_json::{Value as Schema, json};

/// Most cells of an experiment: plan, status and report hold every one in memory, about 4 kB each.
pub const MOST_CELLS: usize = 100_000;
/// Most utterances that are counted, drawn or added: a thousand times the largest corpus of emotions.
pub const UTTERANCES: usize = 10_000_000;
/// Most folds: one for each speaker of the largest corpora.
pub(super) const FOLDS: usize = 10_000;
/// Most entries of a list that multiplies the cells.
pub(super) const LIST: usize = 10_000;
/// Most conditions, and rows of counts: each is a line of every table.
pub(super) const CONDITIONS: usize = 1000;
/// Most channels, units and frames: one weight of 8192 x 8192 x 3 x 3 takes 2.4 GB.
pub(super) const WIDTH: usize = 8192;
/// Most windows or segments of a step: the gradient of more is that of all.
pub(super) const BATCH: usize = 65_536;
/// Most steps of a training, and segments that a set is small below: months on the fastest card.
pub(super) const STEPS: usize = 100_000_000;
/// Largest learning rate: Adam moves a weight by about as much in a step, and no network of such weights gives a finite loss.
pub(super) const RATE: f64 = 1e10;
/// Largest weight, margin or norm: far from what single precision cannot hold.
pub(super) const WEIGHT: f64 = 1e6;

/// The schema of a map's values that are percentages.
pub(super) fn percent() -> Schema {
    json!({ "type": "number", "format": "double", "minimum": 0.0, "maximum": 100.0 })
}

/// The schema of numbers in [0, 1).
pub(super) fn below_one() -> Schema {
    json!({ "type": "number", "format": "double", "minimum": 0.0, "exclusiveMaximum": 1.0 })
}

/// The schema of a map's values that are whole numbers.
pub(super) fn whole(least: usize, most: usize) -> Schema {
    json!({ "type": "integer", "format": "uint", "minimum": least, "maximum": most })
}
