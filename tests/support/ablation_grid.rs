//! A small run of the ablation experiment, and everything in its results that must not depend on how it was run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Flags for fourteen cells of a few seconds in all, whose logged rows and checkpoints fall on different steps.
pub const GRID: [&str; 30] = [
    "--set",
    "preset=tiny",
    "--set",
    "augmentor.iterations=40",
    "--set",
    "augmentor.frames=32",
    "--set",
    "augmentor.batch=4",
    "--set",
    "augmentor.log-every=7",
    "--set",
    "classifier.min-steps=60",
    "--set",
    "classifier.epochs=1",
    "--set",
    "classifier.log-every=9",
    "--set",
    "classifier.weights=\"average\"",
    "--set",
    "seeds=[1]",
    "--set",
    "protocol.leave-speakers-out.folds=5",
    "--set",
    "protocol.leave-speakers-out.only=[1,2]",
    "--device",
    "cpu",
    "--jobs",
    "2",
    "--corpora",
    "corpora",
];

/// The only run below `results`.
pub fn only_run(results: &Path) -> PathBuf {
    let folder = results.join("open/ablation-emodb");
    let runs: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .filter(|e| e.file_type().unwrap().is_dir())
        .map(|e| e.path())
        .collect();
    assert_eq!(runs.len(), 1, "one run, however often it was taken up: {runs:?}");
    runs[0].clone()
}

/// The findings of a run by file: outcomes without seconds, predictions and histories of the cells, and the digests of
/// all trained weights in the store.
pub fn findings(results: &Path) -> BTreeMap<String, String> {
    let run = only_run(results);
    let mut found = BTreeMap::new();
    let outcomes = fs::read_to_string(run.join("outcomes.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(outcomes.as_bytes());
    let seconds: Vec<bool> = reader.headers().unwrap().iter().map(|h| h.starts_with("seconds_")).collect();
    let rows: Vec<String> = reader
        .records()
        .map(|r| {
            r.unwrap().iter().zip(&seconds).filter(|(_, s)| !**s).map(|(v, _)| v.to_owned() + ",").collect()
        })
        .collect();
    found.insert("outcomes.csv".into(), rows.join("\n"));
    for entry in WalkDir::new(run.join("cells")).into_iter().flatten() {
        let name = entry.path().strip_prefix(&run).unwrap().display().to_string();
        if ["predictions.csv", "history.csv", "diagnostics.csv"].iter().any(|file| name.ends_with(file)) {
            found.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
    for entry in fs::read_dir(results.join(".store")).unwrap().flatten() {
        if let Ok(text) = fs::read_to_string(entry.path().join("stage.toml")) {
            let digest = text.lines().find(|l| l.starts_with("weights-sha256")).unwrap().to_owned();
            found.insert(entry.file_name().to_string_lossy().into_owned(), digest);
        }
    }
    found
}
