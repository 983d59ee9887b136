//! `plan --estimate` counts what a run then does, and takes a corpus that is not on this machine from its manifest.

use seraug_test_support::common::{seraug, stderr, stdout};
use seraug_test_support::corpora::{emodb, own_corpus};
use serde_json::Value;
use std::path::Path;

const SPEC: &str = r#"title = "t"
preset = "tiny"
corpus = "mine"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 2
augmentor = { iterations = 3, batch = 4 }
classifier = { epochs = 3, min-steps = 1, small-batch = 5 }
[[condition]]
name = "no-aug"
[[condition]]
name = "aug"
augment.triplet-gan = { copies = 2, of = "all" }
[[condition]]
name = "untrained"
augment.triplet-gan = { trained = false, copies = 2, of = "all" }
"#;

fn estimate(dir: &Path, spec: &str, more: &[&str]) -> Value {
    let output = seraug(dir, &[&["plan", spec, "--estimate", "--json", "--quiet"], more].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

/// Work, cells, and how often a cell does it, of each row.
fn rows(estimate: &Value) -> Vec<(String, u64, u64, u64)> {
    let n = |row: &Value, key: &str| row[key].as_u64().unwrap();
    let row =
        |r: &Value| (r["work"].as_str().unwrap().to_owned(), n(r, "cells"), n(r, "least"), n(r, "most"));
    estimate["rows"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn what_is_counted_is_what_a_run_does() {
    let made = tempfile::tempdir().unwrap();
    let dir = made.path();
    own_corpus(dir, "mine", 200.0, str::to_owned);
    std::fs::write(dir.join("x.toml"), SPEC).unwrap();
    let args = ["--corpora", "corpora", "--device", "cpu"];
    let before = estimate(dir, "x.toml", &[&args[..], &["--jobs", "3"]].concat());
    // 24 utterances of a segment each, half of them in a fold's training set: 3 steps of up to 5 an epoch.
    let expected = [
        ("augmentor (model, var, bal)", 2, 3, 3),
        ("augmenting", 4, 24, 24),
        ("classifier, 5 segments a step", 6, 9, 9),
        ("testing", 6, 12, 12),
    ];
    assert_eq!(
        rows(&before),
        expected.map(|(work, cells, least, most)| (work.to_owned(), cells, least, most))
    );
    assert_eq!((before["jobs"].as_u64(), before["precision"][0].as_str()), (Some(3), Some("f32")));
    assert_eq!(before["from_manifest"].as_array().map(Vec::len), Some(0));
    let hours = |kind: &str, of: &str| before[kind][of].as_f64().unwrap();
    assert!(hours("hours", "low") > 0.0 && hours("hours", "low") <= hours("hours", "expected"));
    assert!(hours("hours", "expected") <= hours("hours", "high"));
    assert!(hours("hours", "expected") < hours("hours_one_worker", "expected"));

    let run = seraug(dir, &[&["run", "x.toml", "--quiet"], &args[..]].concat());
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let history = dir.join("results/x/latest/cells/aug/fold-1/seed-1/history.csv");
    let history = std::fs::read_to_string(history).unwrap();
    let last =
        |stage: &str| history.lines().rfind(|l| l.starts_with(stage)).unwrap().split(',').nth(1).unwrap();
    assert_eq!((last("augmentor"), last("classifier")), ("3", "9"), "{history}");

    let after = estimate(dir, "x.toml", &args);
    assert_eq!(rows(&after), []);
    assert_eq!((&after["kept"]["augmentor"], &after["kept"]["classifier"]), (&4.into(), &6.into()));
    let text = |more: &[&str]| {
        stdout(&seraug(dir, &[&["plan", "x.toml", "--estimate", "--quiet"], &args[..], more].concat()))
    };
    // Other classifiers of the same augmentors, with a speaker held out: 12 steps, a check of 6 of the 12 training
    // segments after each 5 and the last.
    let sets = ["classifier.epochs=4", "classifier.weights=\"held-out\"", "classifier.log-every=5"];
    let sets: Vec<&str> = sets.iter().flat_map(|s| ["--set", *s]).collect();
    let others = estimate(dir, "x.toml", &[&args[..], &sets[..]].concat());
    let expected = [
        ("augmenting", 4, 24, 24),
        ("classifier, 5 segments a step", 6, 12, 12),
        ("testing", 6, 12 + 3 * 6, 12 + 3 * 6),
    ];
    assert_eq!(
        rows(&others),
        expected.map(|(work, cells, least, most)| (work.to_owned(), cells, least, most))
    );
    assert!(others["rows"][0]["hours"].as_f64().unwrap() > 0.0, "{others}");
    let counted = "\n  included: training, augmenting, testing; not included: features, embeddings, galleries; an interrupted \
        training counts in full\n";
    let said = text(&sets[..]);
    assert!(said.contains(counted), "{said}");

    let text = text(&[]);
    assert!(text.contains("\n  nothing to train\n"), "{text}");
    assert!(text.contains("shared with another cell: 4 augmentors, 6 classifiers"), "{text}");
}

#[test]
fn a_partial_corpus_is_refused_or_told() {
    let made = tempfile::tempdir().unwrap();
    let dir = made.path();
    emodb(dir);
    let spec = seraug_test_support::common::root().join("experiments/open/table2-emodb.toml");
    let lost = std::fs::read_dir(dir.join("corpora/emodb/wav")).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(lost).unwrap();
    let sets = ["--corpora", "corpora", "--device", "cpu", "--set", "preset=tiny"];
    let plan = |more: &[&str]| {
        seraug(dir, &[&["plan", spec.to_str().unwrap(), "--quiet"], &sets[..], more].concat())
    };
    let refused = plan(&["--estimate"]);
    assert_eq!((refused.status.code(), stdout(&refused)), (Some(1), String::new()));
    assert_eq!(stderr(&refused), stderr(&plan(&[])), "as a plan refuses it");
    let told = plan(&["--estimate", "--partial"]);
    assert_eq!(told.status.code(), Some(0), "{}", stderr(&told));
    let text = stdout(&told);
    assert!(text.contains("\n  the corpus emodb is partial: "), "{text}");
}

#[test]
fn a_corpus_that_is_not_here_is_taken_from_its_manifest() {
    let made = tempfile::tempdir().unwrap();
    let (root, empty) = (seraug_test_support::common::root(), made.path().to_str().unwrap());
    let spec = root.join("experiments/paper.toml");
    let small = ["preset=tiny", "augmentor.iterations=7", "seeds=[1,2]"];
    let sets: Vec<&str> = small.iter().flat_map(|s| ["--set", *s]).collect();
    let args = [&["--corpora", empty, "--results", empty, "--device", "cpu"], &sets[..]].concat();
    let output =
        seraug(root, &[&["plan", spec.to_str().unwrap(), "--estimate", "--quiet"], &args[..]].concat());
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for name in ["iemocap", "esd", "emodb", "emovo"] {
        assert!(text.contains(&format!("  {name}: corpus missing, counted from its manifest\n")), "{text}");
    }
    for (name, assumed) in [("iemocap", false), ("esd", false), ("emodb", true), ("emovo", true)] {
        assert_eq!(text.contains(&format!("\n  {name}: 3 s an utterance assumed\n")), assumed, "{text}");
    }
    // Five folds and two seeds; ablation trains what table2-aug does not, figure3 nothing; two of figure4's four conditions
    // have an augmentor, for six pairs.
    let cells = |start: &str, work: &str| -> Vec<usize> {
        let of = text.lines().filter(|l| l.trim_start().starts_with(start) && l.contains(work));
        let number = |l: &str| {
            let after = l.split(work).nth(1).unwrap().trim_start();
            let after = after.trim_start_matches(|c: char| !c.is_ascii_digit());
            after.split_whitespace().next().unwrap().parse().unwrap()
        };
        of.map(number).collect()
    };
    assert_eq!(cells("table2-aug", "augmentor (model, var, bal)"), [10], "{text}");
    assert_eq!(cells("ablation", "augmentor (model, var, bal)"), [0usize; 0], "{text}");
    assert_eq!(cells("ablation", "augmentor (model)"), [10], "{text}");
    assert_eq!(cells("ablation", "augmentor (model, var)"), [10], "{text}");
    assert_eq!(cells("figure4", "augmentor (model, var, bal)"), [24], "{text}");
    assert!(!text.contains("\n  figure3"), "{text}");
    assert_eq!(cells("figure4", "segments a step").iter().sum::<usize>(), 48, "{text}");
}
