//! Our side of `just bench`: each line of JSON on stdin is a request for a piece of work, each line on stdout the time it
//! took. The other side is benches/peer/side.py.

mod classifier;
mod corpus;
mod fixture;
mod inference;
mod iteration;
mod mel;
mod tsne;

use seraug_core::spec::Precision;
use seraug_train::torch::precision::compute_in;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, Write};

fn main() {
    // `cargo test --benches` starts this without a request.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let mut out = std::io::stdout();
    let mut first = true;
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.expect("a line")).expect("a request is JSON");
        if std::mem::take(&mut first) {
            // As in a worker; the driver starts a process for each row, and a row has one precision.
            let precision = Precision::deserialize(&request["precision"]).unwrap_or_default();
            // SAFETY: before the first work; there is no other thread.
            unsafe { compute_in(precision) };
        }
        // A failed measurement becomes a row of the report.
        let answer = std::panic::catch_unwind(|| answer(&request)).unwrap_or_else(|panic| {
            let why = panic.downcast_ref::<String>().map_or("it panicked", String::as_str);
            json!({"error": why.lines().next()})
        });
        writeln!(out, "{answer}").and_then(|()| out.flush()).expect("stdout is open");
    }
}

fn answer(request: &Value) -> Value {
    match request["work"].as_str().unwrap_or_default() {
        "iteration" => iteration::run(request),
        "classifier" => classifier::run(request),
        "inference" => inference::run(request),
        "mel" => mel::run(request),
        "tsne" => tsne::run(request),
        "corpus" => corpus::run(request),
        other => json!({"error": format!("no work is called '{other}'")}),
    }
}
