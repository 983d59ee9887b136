//! Experiments as a user runs them: every shipped spec, repeated runs, and bad input.

use crate::fixtures::FIRST_FOLD;
use seraug_core::run_files::{Shown, read_gallery};
use seraug_test_support::common::{seraug, stderr, stdout};
use seraug_test_support::corpora::emodb;
use std::fs;
use std::path::{Path, PathBuf};

fn spec(name: &str) -> String {
    seraug_test_support::common::root().join("experiments").join(name).display().to_string()
}

/// Runs `name` in `folder` with [`FIRST_FOLD`] and `more`; (exit code, run directory or nothing, standard error).
fn run(folder: &Path, name: &str, more: &[&str]) -> (i32, PathBuf, String) {
    let spec = spec(name);
    let args: Vec<&str> =
        ["run", spec.as_str()].into_iter().chain(FIRST_FOLD).chain(more.iter().copied()).collect();
    let output = seraug(folder, &args);
    let text = stdout(&output);
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let dir = answer["run"].as_str().map(|r| folder.join(r)).unwrap_or_default();
    (output.status.code().unwrap(), dir, stderr(&output))
}

/// outcomes.csv without the two columns of seconds.
fn outcomes(run: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(run.join("outcomes.csv")).unwrap();
    let kept: Vec<bool> = reader.headers().unwrap().iter().map(|h| !h.starts_with("seconds_")).collect();
    let row =
        |r: csv::StringRecord| r.iter().zip(&kept).filter(|(_, k)| **k).map(|(v, _)| v.to_owned()).collect();
    reader.records().map(|r| row(r.unwrap())).collect()
}

/// Digests of the trained weights in a store, by stage and key.
fn weights(results: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(results.join(".store")).unwrap().flatten();
    let mut found: Vec<(String, String)> = entries
        .filter_map(|e| {
            let text = fs::read_to_string(e.path().join("stage.toml")).ok()?;
            let digest = text.lines().find(|l| l.starts_with("weights-sha256"))?.to_owned();
            Some((e.file_name().to_string_lossy().into_owned(), digest))
        })
        .collect();
    found.sort();
    found
}

/// The conditions with an augmentor show the same utterances, each with its own augmentations, and do so too where the
/// augmentor came from the store.
fn galleries(run: &Path, again: &Path) {
    let of =
        |run: &Path, condition: &str| read_gallery(&run.join(format!("cells/{condition}/fold-1/seed-1")));
    assert_eq!(of(run, "no-aug").unwrap(), None);
    let [model, all] = ["model", "aug"].map(|c| of(run, c).unwrap().expect(c).0);
    let about = |g: &[Shown]| g.iter().map(|s| s.about.clone()).collect::<Vec<_>>();
    assert_eq!(about(&model), about(&all));
    let classes: Vec<&str> = all.iter().map(|s| s.about.class.as_str()).collect();
    assert_eq!(classes, ["neutral", "neutral", "angry", "angry", "sad", "sad", "happy", "happy"]);
    for (m, a) in model.iter().zip(&all) {
        // 0.2 s and hops of 25 ms; frames are 64.
        assert_eq!((a.about.frames, a.original.len()), (9, 9 * 128));
        assert_eq!(m.original, a.original);
        assert_ne!(m.augmentation, a.augmentation);
        let moved: f32 = a.original.iter().zip(&a.augmentation).map(|(x, y)| (x - y).abs()).sum();
        let epsilon = moved / (9.0 * 128.0);
        assert!((0.04..0.31).contains(&epsilon), "the mean of |P| is epsilon: {epsilon}");
    }
    let file = "cells/aug/fold-1/seed-1/gallery.npy";
    assert_eq!(fs::read(again.join(file)).unwrap(), fs::read(run.join(file)).unwrap());
    let test = fs::read_to_string(run.join("cells/aug/fold-1/seed-1/predictions.csv")).unwrap();
    assert!(
        all.iter().all(|s| !test.contains(&format!("{},", s.about.utterance))),
        "nothing of the test fold"
    );
}

#[test]
fn two_runs_are_equal_and_a_third_trains_nothing() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let run_in = |dir: &Path| {
        let (code, run, err) = run(dir, "open/ablation-emodb.toml", &["--new"]);
        assert_eq!(code, 0, "{err}");
        run
    };
    emodb(one.path());
    emodb(two.path());
    let (a, b) = (run_in(one.path()), run_in(two.path()));
    assert_eq!(outcomes(&a).len(), 7);
    assert_eq!(outcomes(&a), outcomes(&b));
    let trained = weights(&one.path().join("results"));
    assert_eq!(trained.len(), 11, "seven classifiers and four augmentors");
    assert_eq!(trained, weights(&two.path().join("results")));
    let again = run_in(one.path());
    assert_ne!(again, a, "a run is never overwritten");
    assert_eq!(fs::read(again.join("outcomes.csv")).unwrap(), fs::read(a.join("outcomes.csv")).unwrap());
    let info = fs::read_to_string(again.join("run.toml")).unwrap();
    assert!(info.contains("cells-cached = 7\ncells-trained = 0"), "{info}");
    assert_eq!(info.matches("hits = 0").count(), 7, "the audit is in every run");
    for file in
        ["spec.toml", "cells/aug/fold-1/seed-1/predictions.csv", "cells/aug/fold-1/seed-1/history.csv"]
    {
        assert_eq!(fs::read(again.join(file)).unwrap(), fs::read(a.join(file)).unwrap(), "{file}");
    }
    galleries(&a, &again);
    let page = seraug(one.path(), &["report", "results/open/ablation-emodb/latest"]);
    assert!(page.status.success() && stdout(&page).contains("index.html"), "{}", stderr(&page));
}

/// At a rate that no number feels, AUG ends where it begins: its stage and its cell are those of the untrained augmentor.
#[test]
fn an_untrained_augmentor_is_the_trained_one_before_its_first_step() {
    let dir = tempfile::tempdir().unwrap();
    emodb(dir.path());
    let (code, run, err) =
        run(dir.path(), "open/table2-emodb.toml", &["--set", "augmentor.learning-rate=1e-300"]);
    assert_eq!(code, 0, "{err}");
    let file = |condition: &str, name: &str| {
        fs::read_to_string(run.join(format!("cells/{condition}/fold-1/seed-1")).join(name)).unwrap()
    };
    assert_eq!(file("aug", "predictions.csv"), file("untrained", "predictions.csv"));
    assert_ne!(file("copies", "predictions.csv"), file("untrained", "predictions.csv"));
    let stages = weights(&dir.path().join("results"));
    let augmentors: Vec<_> = stages.iter().filter(|(name, _)| name.starts_with("augmentor-")).collect();
    let [one, other] = augmentors[..] else { panic!("{stages:?}") };
    assert!(one.0 != other.0 && one.1 == other.1, "two keys, the same weights: {stages:?}");
    // Nothing was trained, so there is no row, and nothing is kept of the other two networks.
    let history = |condition: &str| file(condition, "history.csv");
    assert!(history("aug").contains("\naugmentor,2,") && !history("untrained").contains("augmentor"));
    assert!(history("untrained").starts_with("stage,step,loss,"), "{}", history("untrained"));
    let store = dir.path().join("results/.store");
    let kept =
        |name: &str| augmentors.iter().filter(|(stage, _)| store.join(stage).join(name).exists()).count();
    assert_eq!((kept("augmentor.safetensors"), kept("representation.safetensors")), (2, 1));
    assert!(file("untrained", "log.txt").contains("augmentor"), "{}", file("untrained", "log.txt"));
    let gallery =
        |condition: &str| fs::read(run.join(format!("cells/{condition}/fold-1/seed-1/gallery.npy")));
    assert_eq!(gallery("aug").unwrap(), gallery("untrained").unwrap());

    let seraug = |args: &[&str]| {
        let output = seraug(dir.path(), args);
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        stdout(&output)
    };
    let latest = "results/open/table2-emodb/latest";
    assert!(seraug(&["status", latest]).contains("5 of 5 cells done"));
    assert!(seraug(&["report", latest]).contains("index.html"));
    let page = format!("reports/open/table2-emodb/{}/index.html", run.file_name().unwrap().to_str().unwrap());
    let page = fs::read_to_string(dir.path().join(page)).unwrap();
    assert!(page.contains("points over Untrained AUG"), "the verdict compares AUG with it");
    seraug(&["store", "verify"]);
}

#[test]
fn baselines_take_equal_steps_and_repeat() {
    let run_in = |dir: &Path| {
        emodb(dir);
        let (code, run, err) = run(dir, "open/baselines-emodb.toml", &[]);
        assert_eq!(code, 0, "{err}");
        run
    };
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (a, b) = (run_in(one.path()), run_in(two.path()));
    assert_eq!(outcomes(&a), outcomes(&b));
    let trained = weights(&one.path().join("results"));
    assert_eq!(trained, weights(&two.path().join("results")));
    let digests: std::collections::HashSet<&String> = trained.iter().map(|(_, digest)| digest).collect();
    assert_eq!(
        (trained.len(), digests.len()),
        (14, 14),
        "eleven classifiers and three augmentors, all different"
    );

    let mut header = csv::Reader::from_path(a.join("outcomes.csv")).unwrap();
    let added = header.headers().unwrap().iter().position(|h| h == "n_augmented").unwrap();
    let sizes: Vec<(String, usize)> =
        header.records().map(|r| r.map(|r| (r[2].to_owned(), r[added].parse().unwrap())).unwrap()).collect();
    let full = sizes.iter().find(|s| s.0 == "aug").unwrap().1;
    assert!(full > 100);
    for (condition, added) in &sizes {
        let none = ["no-aug", "weighted", "mixup"].contains(&condition.as_str());
        assert_eq!(*added, if none { 0 } else { full }, "{condition}");
        let history =
            fs::read_to_string(a.join(format!("cells/{condition}/fold-1/seed-1/history.csv"))).unwrap();
        let last = history.lines().rfind(|l| l.starts_with("classifier,")).unwrap();
        let steps = last.split(',').nth(1).unwrap();
        let first = fs::read_to_string(a.join("cells/no-aug/fold-1/seed-1/history.csv")).unwrap();
        assert!(
            first.lines().last().unwrap().starts_with(&format!("classifier,{steps},")),
            "{condition}: {last}"
        );
    }
}

/// Which conditions' keys (of either stage) `set` changes.
fn changed_by(dir: &Path, set: &str) -> Vec<String> {
    let spec = spec("open/baselines-emodb.toml");
    let plan = |more: &[&str]| -> Vec<serde_json::Value> {
        let output = seraug(dir, &[&["plan", &spec, "--device", "cpu", "--json"], more].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_str(&stdout(&output)).unwrap()
    };
    let only = ["--set", "protocol.leave-speakers-out.only=[1]", "--set", "seeds=[1]"];
    let (before, after) = (plan(&only), plan(&[&only[..], &["--set", set]].concat()));
    let keys = |c: &serde_json::Value| [c["key_augmentor"].clone(), c["key_classifier"].clone()];
    let name = |c: &serde_json::Value| c["cell"].as_str().unwrap().split('/').nth(2).unwrap().to_owned();
    before.iter().zip(&after).filter(|(a, b)| keys(a) != keys(b)).map(|(a, _)| name(a)).collect()
}

#[test]
fn a_key_holds_what_its_condition_reads() {
    let dir = tempfile::tempdir().unwrap();
    emodb(dir.path());
    for (set, changed) in [
        ("augmentor.margin=3.0", &["aug"][..]),
        ("augmentor.distance=mean", &["aug"]),
        ("augmentor.negatives=semi-hard", &["aug"]),
        ("augmentor.weights.emo=3.0", &["aug"]),
        ("representation.lstm=64", &["aug"]),
        ("augmentor.weights.gan=3.0", &["gan", "aug"]),
        ("discriminator.lstm=64", &["gan", "aug"]),
        ("condition.spec-augment.augment.spec-augment.time-width=41", &["spec-augment"]),
        ("condition.noise.augment.noise.snr-db=[5.0, 21.0]", &["noise"]),
        ("condition.mixup.augment.mixup.alpha=0.3", &["mixup"]),
        ("condition.noise.title=N", &[]),
        ("slurm.partition=gpu", &[]),
    ] {
        assert_eq!(changed_by(dir.path(), set), changed, "{set}");
    }
    // A width that is not drawn from decides nothing.
    let unused = "condition.spec-augment.augment.spec-augment={ frequency-masks = 0, frequency-width = 5 }";
    let other = "condition.spec-augment.augment.spec-augment={ frequency-masks = 0, frequency-width = 6 }";
    let plan = |set: &str| {
        let spec = spec("open/baselines-emodb.toml");
        let output = seraug(dir.path(), &["plan", &spec, "--device", "cpu", "--json", "--set", set]);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    assert_eq!(plan(unused), plan(other));
}

#[test]
fn bad_input_is_one_line_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let wav = emodb(dir.path());
    let (code, first, err) = run(dir.path(), "open/ablation-emodb.toml", &[]);
    assert_eq!(code, 0, "{err}");
    let before = fs::read(first.join("outcomes.csv")).unwrap();
    let refused = |expected: i32, words: &[&str], more: &[&str]| {
        let (code, _, err) = run(dir.path(), "open/ablation-emodb.toml", more);
        assert_eq!(code, expected, "{err}");
        assert_eq!(err.trim_end().lines().count(), 1, "{err}");
        for word in words {
            assert!(err.contains(word), "`{word}` in: {err}");
        }
    };
    let victim = wav.join("03a01Na.wav");
    let bytes = fs::read(&victim).unwrap();

    fs::remove_file(&victim).unwrap();
    refused(1, &["emodb", "78 of 79 neutral", "--partial"], &[]);
    let (code, partial, err) = run(dir.path(), "open/ablation-emodb.toml", &["--partial"]);
    assert_eq!(code, 0, "{err}");
    assert!(fs::read_to_string(partial.join("run.toml")).unwrap().contains("is partial: 78 of 79 neutral"));

    fs::write(&victim, &bytes[..bytes.len() / 2]).unwrap();
    refused(1, &["03a01Na.wav"], &[]);

    fs::remove_file(&victim).unwrap();
    fs::write(wav.join("03a01Xa.wav"), &bytes).unwrap();
    refused(1, &["03a01Xa", "X"], &[]);

    fs::remove_file(wav.join("03a01Xa.wav")).unwrap();
    fs::write(&victim, fs::read(wav.join("08a01Na.wav")).unwrap()).unwrap();
    refused(
        1,
        &["leakage: byte-identical audio on both sides", "03a01Na", "08a01Na"],
        &["--set", "protocol.leave-speakers-out.folds=10"],
    );

    fs::write(&victim, &bytes).unwrap();
    refused(2, &["augmentor", "iteratons"], &["--set", "augmentor.iteratons=3"]);
    refused(2, &["reduction.share = 1"], &["--set", "reduction.share=1.0"]);
    let spec = dir.path().join("x.toml");
    fs::write(&spec, "title = \"x\"\nclases = {}\n").unwrap();
    let output = seraug(dir.path(), &["run", "x.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("error: x.toml:2:1: unknown field `clases`"), "{}", stderr(&output));
    let quickstart = &seraug_test_support::common::in_root("experiments/quickstart.toml");
    let text = fs::read_to_string(quickstart).unwrap();
    let line = text.lines().position(|l| l.starts_with("corpus = ")).unwrap() + 1;
    fs::write(&spec, text.replace("\"synthetic\"", "\"sinthetic\"")).unwrap();
    for (flags, place) in [
        (vec![], format!("x.toml:{line}:1")),
        (vec!["--set", "corpus=sinthetic"], "--set corpus=sinthetic".into()),
    ] {
        let output = seraug(dir.path(), &[vec!["plan", "x.toml"], flags].concat());
        let said = format!("error: {place}: corpus: unknown corpus `sinthetic`, did you mean `synthetic`?\n");
        assert_eq!((output.status.code(), stderr(&output)), (Some(2), said));
    }

    assert_eq!(fs::read(first.join("outcomes.csv")).unwrap(), before);
    let (code, last, err) = run(dir.path(), "open/ablation-emodb.toml", &[]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(fs::read(last.join("outcomes.csv")).unwrap(), before);
}

#[test]
fn a_failed_cell_is_a_row_and_the_others_go_on() {
    let dir = tempfile::tempdir().unwrap();
    emodb(dir.path());
    // A rate at which the augmentor leaves the finite numbers; conditions without one are untouched.
    let (code, run, err) = run(
        dir.path(),
        "open/ablation-emodb.toml",
        &["--set", "augmentor.learning-rate=1e10", "--set", "augmentor.iterations=6"],
    );
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("3 of 7 cells failed"), "{err}");
    let rows = outcomes(&run);
    let status: Vec<(&str, &str)> = rows.iter().map(|r| (r[2].as_str(), r[5].as_str())).collect();
    assert_eq!(status.iter().filter(|(_, s)| *s == "failed").count(), 3, "{status:?}");
    assert!(rows.iter().filter(|r| r[5] == "failed").all(|r| r[6].contains("learning-rate")), "{rows:?}");
}
