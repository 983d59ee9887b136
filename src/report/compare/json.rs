//! A comparison as JSON.

use super::aligned_cells::{CellPair, quantities};
use super::files::columns;
use super::runs::{Against, Comparison};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Columns of a contrast that are no numbers.
const WORDS: [&str; 6] = ["corpus", "first", "second", "quantity", "unit", "sentence"];

/// What `seraug compare --json` prints: numbers not rounded, percent and percentage points; null where there is none.
pub fn json(comparison: &Comparison, tolerance: Option<f64>, files: &[PathBuf]) -> Value {
    let names = quantities(&comparison.first.reading.spec.class_names());
    let against: Vec<Value> = comparison.against.iter().map(|a| of_run(&names, a, tolerance)).collect();
    // JSON is text: of a path that is not UTF-8, what is not is replaced.
    let files: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    json!({ "first": comparison.first.name(), "against": against, "files": files })
}

fn of_run(names: &[String], against: &Against, tolerance: Option<f64>) -> Value {
    let differs = against
        .differs
        .iter()
        .map(|d| json!({ "kind": d.kind, "field": d.field, "first": d.first, "second": d.second }));
    let statistics = against.contrasts.iter().map(|c| {
        let read = |name: &str, text: String| match text.parse::<f64>() {
            _ if WORDS.contains(&name) => Value::from(text),
            Ok(number) => Value::from(number),
            Err(_) => Value::Null,
        };
        Value::Object(
            columns(c).into_iter().map(|(name, text)| (name.to_owned(), read(name, text))).collect(),
        )
    });
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
