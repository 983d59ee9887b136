//! `seraug score`: predictions of scikit-learn's classifiers against scikit-learn, scipy and statsmodels
//! (tests/golden/score/generate.py), and what is made of them.

use seraug_test_support::common::{in_root, seraug, stderr, stdout};
use serde_json::Value;
use std::path::Path;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/score/golden.json")).unwrap()
}

/// Scores the golden predictions in `folder` and returns the JSON answer.
fn scored(folder: &Path, more: &[&str]) -> Value {
    let (file, truth) =
        (in_root("tests/golden/score/predictions.csv"), in_root("tests/golden/score/truth.csv"));
    let out =
        seraug(folder, &[&["score", &file, "--truth", &truth, "--name", "wine", "--json"], more].concat());
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    serde_json::from_str(&stdout(&out)).unwrap()
}

fn assert_close(found: &Value, wanted: &Value, tolerance: f64, what: &str) {
    let (found, wanted) = (found.as_f64().unwrap_or(f64::NAN), wanted.as_f64().unwrap());
    assert!((found - wanted).abs() <= tolerance, "{what}: {found}, but {wanted}");
}

#[test]
fn measures_are_those_of_scikit_learn() {
    let dir = tempfile::tempdir().unwrap();
    let answer = scored(dir.path(), &[]);
    let systems = answer["systems"].as_array().unwrap();
    assert_eq!(systems.len(), 3);
    for system in systems {
        let name = system["system"].as_str().unwrap();
        assert_eq!(system["cells"], 6);
        for measure in ["uar", "macro_f1", "weighted_f1", "accuracy"] {
            for part in ["mean", "half"] {
                let wanted = &golden()["systems"][name][measure][part];
                assert_close(
                    &system["values"][measure][part],
                    wanted,
                    1e-6,
                    &format!("{name} {measure} {part}"),
                );
            }
        }
    }
    // Without probabilities there is no calibration.
    assert!(
        systems[0]["values"]["brier"]["mean"].is_f64() && systems[2]["values"]["brier"]["mean"].is_null()
    );
}

#[test]
fn pairs_are_those_of_scipy_and_statsmodels() {
    let dir = tempfile::tempdir().unwrap();
    let answer = scored(dir.path(), &[]);
    let pairs = answer["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 3);
    for pair in pairs {
        let (first, second) = (pair["first"].as_str().unwrap(), pair["second"].as_str().unwrap());
        let (wanted, turned) = match &golden()["pairs"][format!("{first} {second}")] {
            Value::Null => (golden()["pairs"][format!("{second} {first}")].clone(), true),
            found => (found.clone(), false),
        };
        let name = format!("{second} - {first}");
        assert_close(&pair["p"], &wanted["p"], 1e-6, &name);
        assert_close(&pair["p_mcnemar"], &wanted["p_mcnemar"], 1e-6, &name);
        let mut bounds =
            ["speakers_difference", "speakers_low", "speakers_high"].map(|k| wanted[k].as_f64().unwrap());
        if turned {
            bounds = [-bounds[0], -bounds[2], -bounds[1]];
        }
        assert_close(&pair["speakers_difference"], &bounds[0].into(), 1e-6, &name);
        // Both bootstraps draw a few thousand times: their ends vary by a few percent of the interval between seeds.
        let vary = 0.06 * (bounds[2] - bounds[1]);
        assert_close(&pair["speakers_low"], &bounds[1].into(), vary, &name);
        assert_close(&pair["speakers_high"], &bounds[2].into(), vary, &name);
    }
}

#[test]
fn recalls_are_given_for_each_value_that_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let answer = scored(dir.path(), &["--by", "gender,speaker,text"]);
    let gender = answer["by"]["gender"].as_array().unwrap();
    assert_eq!(gender.len(), 2 * 3);
    for row in gender {
        let (value, system) = (row["value"].as_str().unwrap(), row["system"].as_str().unwrap());
        assert_close(&row["uar"], &golden()["gender"][system][value], 1e-6, system);
        assert!(row["low"].as_f64() < row["high"].as_f64());
    }
    assert_eq!(answer["by"]["speaker"].as_array().unwrap().len(), 12 * 3);
    assert_eq!(answer["by"]["text"], Value::Array(vec![]));
}

#[test]
fn a_scored_run_is_a_run_for_report_and_compare() {
    let dir = tempfile::tempdir().unwrap();
    let answer =
        scored(dir.path(), &["--rare", "Barbera", "--baseline", "bayes", "--title", "Wine, not speech"]);
    let run = answer["run"].as_str().unwrap();
    let page = std::fs::read_to_string(dir.path().join(answer["page"].as_str().unwrap())).unwrap();
    for text in [
        "Wine, not speech",
        "Files that were scored",
        "vs bayes",
        "mean recall of the rare classes",
        "seraug audit --split",
    ] {
        assert!(page.contains(text), "{text} is not in the page");
    }
    for text in ["libtorch", "augmentor", "FLOPs", "SpecAugment"] {
        assert!(!page.contains(text), "{text} is in the page");
    }
    let out = seraug(dir.path(), &["report", run, "--public"]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    let out = seraug(dir.path(), &["compare", run, run, "--tolerance", "0"]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    // Nothing of it can be trained.
    let spec = Path::new(run).join("spec.toml");
    let out = seraug(dir.path(), &["plan", spec.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(2));
    assert!(!stderr(&out).contains("panicked"), "{}", stderr(&out));
}

#[test]
fn a_changed_prediction_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let answer = scored(dir.path(), &[]);
    let run = dir.path().join(answer["run"].as_str().unwrap());
    let file = run.join("cells/bayes/fold-1/seed-1/predictions.csv");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen(",barbera,barbera,", ",barbera,barolo,", 1)).unwrap();
    let out = seraug(dir.path(), &["report", run.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(4), "{}", stderr(&out));
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let (file, truth) =
        (in_root("tests/golden/score/predictions.csv"), in_root("tests/golden/score/truth.csv"));
    let cases: [(&[&str], i32, &str); 6] = [
        (
            &["--truth", &truth, "--baseline", "bayer"],
            2,
            "--baseline: no system is called `bayer`, did you mean `bayes`?",
        ),
        (&["--truth", &truth, "--rare", "Merlot"], 2, "--rare: `Merlot` is no class"),
        (&["--truth", &truth, "--name", ".x"], 2, "--name: `.x` names no experiment"),
        (&["--truth", &truth, "--by", "mood"], 2, "nothing is grouped by `mood`"),
        (&["--truth", "nowhere.csv"], 1, "nowhere.csv: "),
        (&[], 1, "no column for the true class; --truth FILE gives it in a table of its own"),
    ];
    for (args, code, wanted) in cases {
        let out = seraug(dir.path(), &[&["score", &file], args].concat());
        assert_eq!(out.status.code(), Some(code), "{}", stderr(&out));
        assert!(stderr(&out).contains(wanted), "{}", stderr(&out));
    }
    assert!(!dir.path().join("results").exists());
}
