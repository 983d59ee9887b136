//! A comparison as JSON, for `seraug compare --json`.

use super::aligned_cells::{CellPair, quantities};
use super::contrast::Contrast;
use super::files::StatisticsRow;
use super::runs::{Against, Comparison};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// What `seraug compare --json` prints: percent and percentage points in full; null where there is no number.
pub fn json(comparison: &Comparison, tolerance: Option<f64>, files: &[PathBuf]) -> Value {
    let names = quantities(&comparison.first.run.spec.class_names());
    let against: Vec<Value> = comparison.against.iter().map(|a| of_run(&names, a, tolerance)).collect();
    // JSON is text: in a path that is not UTF-8, the invalid bytes are replaced.
    let files: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    json!({ "first": comparison.first.name(), "against": against, "files": files })
}

fn of_run(names: &[String], against: &Against, tolerance: Option<f64>) -> Value {
    let differs = against
        .differs
        .iter()
        .map(|d| json!({ "kind": d.kind, "field": d.field, "first": d.first, "second": d.second }));
    // The two runs are named above.
    let statistics = against.contrasts.iter().map(pair_as_json);
    let cells: Vec<Value> = against.cells.iter().map(|c| cell(names, c)).collect();
    let beyond = tolerance.map(|t| against.beyond(t).iter().map(|c| c.name()).collect::<Vec<_>>());
    json!({
        "second": against.second.name(),
        "differs": differs.collect::<Vec<_>>(),
        "statistics": statistics.collect::<Vec<_>>(),
        "cells": cells,
        "beyond_tolerance": beyond,
    })
}

/// A pair as its row of statistics.csv, without the runs.
pub(crate) fn pair_as_json(pair: &Contrast) -> Value {
    let mut row = json!(StatisticsRow::<Option<f64>>::of(pair));
    row.as_object_mut().map(|fields| ["first_run", "second_run"].map(|name| fields.remove(name)));
    row
}

fn cell(names: &[String], c: &CellPair) -> Value {
    let values: Map<String, Value> = std::iter::zip(names, &c.values)
        .enumerate()
        .map(|(i, (name, [first, second]))| {
            (name.clone(), json!({ "first": first, "second": second, "difference": c.difference(i) }))
        })
        .collect();
    json!({
        "cell": c.name(),
        "corpus": c.corpus,
        "result_in": c.state.result_in(),
        "answers_changed": c.changed,
        "values": values,
    })
}
