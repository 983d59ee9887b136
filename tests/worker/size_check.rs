//! The check of sizes, `just size-check`, on tones under the names of EMO-DB.

#[path = "../../benches/size_check/check/mod.rs"]
mod check;

use check::{Arguments, run};
use clap::Parser;
use seraug_test_support::common::in_root;
use seraug_test_support::corpora::emodb;
use std::path::Path;

/// Tiny networks and hardly a step.
const LEAST: [&str; 9] = [
    "preset=tiny",
    "protocol.leave-speakers-out.folds=5",
    "augmentor.iterations=2",
    "augmentor.batch=2",
    "augmentor.log-every=2",
    "augmentor.widths=[2,2,4]",
    "representation.widths=[2,2,2,2,4]",
    "classifier.min-steps=2",
    "classifier.epochs=1",
];

fn arguments(folder: &Path, more: &[&str]) -> Arguments {
    let place = |name: &str| folder.join(name).display().to_string();
    let mut words = vec!["size-check".to_owned(), in_root("experiments/open/table2-emodb.toml")];
    words.extend(LEAST.iter().flat_map(|set| ["--set".to_owned(), (*set).to_owned()]));
    for name in ["corpora", "results"] {
        words.extend([format!("--{name}"), place(name)]);
    }
    words.extend(["--csv".to_owned(), place("rows.csv")]);
    words.extend(more.iter().map(|word| (*word).to_owned()));
    Arguments::try_parse_from(words).unwrap()
}

/// The rows as (column, value), each.
fn rows(folder: &Path) -> Vec<Vec<(String, String)>> {
    let mut reader = csv::Reader::from_path(folder.join("rows.csv")).unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let row = |r: csv::StringRecord| header.iter().cloned().zip(r.iter().map(str::to_owned)).collect();
    reader.records().map(|r| row(r.unwrap())).collect()
}

fn value(row: &[(String, String)], name: &str) -> f64 {
    let found = row.iter().find(|(column, _)| column == name).unwrap();
    found.1.parse().unwrap_or_else(|_| panic!("{name}: {}", found.1))
}

#[test]
fn both_checks_append_their_rows_and_an_augmentor_has_every_criterion() {
    tch::set_num_threads(1);
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    emodb(folder);
    run(&arguments(folder, &["--fold", "3", "--unseen", "03"])).unwrap();
    run(&arguments(folder, &["--fold", "3", "--seed", "2", "--losses", "model,var"])).unwrap();
    let found = rows(folder);
    assert_eq!(found.len(), 2);
    for row in &found {
        assert_eq!(value(row, "criteria"), 6.0, "{row:?}");
        assert!((0.99..=1.0).contains(&value(row, "p_moved")), "{row:?}");
        for name in ["knn_seen", "knn_unseen", "knn_augmentations", "judge_originals", "judge_augmentations"]
        {
            assert!((0.0..=1.0).contains(&value(row, name)), "{name}: {row:?}");
        }
    }
    let [losses, unseen] = ["losses", "unseen"].map(|name| {
        let of =
            |row: &Vec<(String, String)>| row.iter().find(|(column, _)| column == name).unwrap().1.clone();
        found.iter().map(of).collect::<Vec<_>>()
    });
    assert_eq!(losses, ["model+var+bal", "model+var"]);
    assert_eq!(unseen[0], "03");

    // With the same seed the same augmentor, whoever judges it.
    run(&arguments(folder, &["--fold", "3", "--unseen", "03", "--no-judge"])).unwrap();
    let alone = rows(folder).remove(2);
    assert_eq!(value(&alone, "criteria"), 5.0);
    for name in ["rep", "p_moved", "two_noise_cosine", "knn_unseen", "knn_augmentations"] {
        assert_eq!(value(&alone, name), value(&found[0], name), "{name}");
    }

    // Its columns are others.
    let classifier = ["--classifier", "--splits", "1"];
    let error = run(&arguments(folder, &classifier)).unwrap_err().to_string();
    assert!(error.contains("rows.csv: its columns are `corpus,") && error.contains("--csv FILE"), "{error}");
    std::fs::remove_file(folder.join("rows.csv")).unwrap();
    run(&arguments(folder, &classifier)).unwrap();
    let found = rows(folder);
    // An epoch of one segment an utterance.
    assert_eq!((found.len(), value(&found[0], "steps")), (1, (value(&found[0], "utterances") / 16.0).ceil()));
    assert!((0.0..=1.0).contains(&value(&found[0], "uar")));
    assert!(value(&found[0], "utterances") > value(&found[0], "asked"));
}

#[test]
fn what_is_not_there_is_one_line() {
    let dir = tempfile::tempdir().unwrap();
    emodb(dir.path());
    for (more, expected) in [
        (&["--fold", "6"][..], "--fold 6: the spec has 5 folds; give the number of one"),
        (
            &["--condition", "copies"],
            "no condition `copies` has augment.triplet-gan; give another --condition",
        ),
        (&["--unseen", "99"], "--unseen 99: no such training speaker of fold 1 can be spared"),
        (&["--losses", "modle"], "modle"),
    ] {
        let error = run(&arguments(dir.path(), more)).unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains('\n'), "{error}");
    }
    assert!(!dir.path().join("rows.csv").exists());
}
