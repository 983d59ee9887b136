//! Our side of the bench: a line of JSON in, a line of JSON out. The other side is benches/peer/side.py.

mod corpus;
mod fixture;
mod mel;
mod tsne;

use serde_json::{Value, json};
use std::io::{BufRead, Write};

fn main() {
    // `cargo test --benches` starts this without questions.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    for line in std::io::stdin().lock().lines() {
        let answer = match line.map(|l| serde_json::from_str::<Value>(&l)) {
            Ok(Ok(request)) => match request["work"].as_str() {
                Some("mel") => mel::run(&request),
                Some("tsne") => tsne::run(&request),
                Some("corpus") => corpus::run(&request),
                other => json!({ "error": format!("work {other:?} is not known") }),
            },
            Ok(Err(e)) => json!({ "error": e.to_string() }),
            Err(_) => break,
        };
        println!("{answer}");
        let _ = std::io::stdout().flush();
    }
}
