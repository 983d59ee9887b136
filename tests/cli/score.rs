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
    let cases: [(&[&str], i32, &str); 7] = [
        (
            &["--truth", &truth, "--baseline", "bayer"],
            2,
            "--baseline: no system is called `bayer`, did you mean `bayes`?",
        ),
        (&["--truth", &truth, "--rare", "Merlot"], 2, "--rare: `Merlot` is no class"),
        (
            &["--truth", &truth, "--rare", "Barolo,Grignolino,Barbera"],
            2,
            "--rare Barolo,Grignolino,Barbera: these are all classes; name those that are rare",
        ),
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

/// Predictions of utterances `xF` and `yF` of fold F, of speakers of their own: `right` says for each row (fold, seed, x, y) whether they are.
fn table(rows: &[(usize, u64, bool, bool)]) -> String {
    let mut text = "utterance,speaker,fold,seed,truth,predicted\n".to_owned();
    for (fold, seed, x, y) in rows {
        let said = |right: bool, class: &'static str, other: &'static str| if right { class } else { other };
        text += &format!("x{fold},s{fold},{fold},{seed},x,{}\n", said(*x, "x", "y"));
        text += &format!("y{fold},s{fold},{fold},{seed},y,{}\n", said(*y, "y", "x"));
    }
    text
}

/// What `score` says of two tables: standard output and error.
fn of_two(folder: &Path, a: &str, b: &str, more: &[&str]) -> (String, String) {
    std::fs::write(folder.join("a.csv"), a).unwrap();
    std::fs::write(folder.join("b.csv"), b).unwrap();
    let out = seraug(folder, &[&["score", "a.csv", "b.csv", "--name", "two"], more].concat());
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    (stdout(&out), stderr(&out))
}

/// Three folds; UAR of A in them 100 and 50, 50 and 50, 100 and 0 with its two seeds, of B 100, 50, 100.
fn unequal_seeds(seed_of_b: u64) -> [String; 2] {
    let a = table(&[
        (1, 1, true, true),
        (1, 2, true, false),
        (2, 1, true, false),
        (2, 2, false, true),
        (3, 1, true, true),
        (3, 2, false, false),
    ]);
    let b = table(&[(1, seed_of_b, true, true), (2, seed_of_b, true, false), (3, seed_of_b, true, true)]);
    [a, b]
}

/// The number of a seed means nothing outside its system: differences are of the means of the folds, 25, 0 and 50 points. Student's t
/// of these is the root of 3, and its two-sided p at two degrees of freedom 1 - t / sqrt(t^2 + 2).
#[test]
fn systems_are_paired_by_fold_whatever_their_seeds() {
    let dir = tempfile::tempdir().unwrap();
    let mut answers = Vec::new();
    for seed in [1, 7] {
        let [a, b] = unequal_seeds(seed);
        let (said, _) = of_two(dir.path(), &a, &b, &["--json"]);
        let answer: Value = serde_json::from_str(&said).unwrap();
        let pair = &answer["pairs"][0];
        assert_eq!((&pair["units"], &pair["pairs"]), (&3.0.into(), &3.0.into()), "{pair}");
        assert_close(&pair["difference"], &25.0.into(), 1e-9, "difference");
        assert_close(&pair["p"], &(1.0 - 3f64.sqrt() / 5f64.sqrt()).into(), 1e-6, "p");
        assert_close(&answer["systems"][0]["values"]["uar"]["mean"], &(175.0 / 3.0).into(), 1e-9, "a");
        assert_close(&answer["systems"][1]["values"]["uar"]["mean"], &(250.0 / 3.0).into(), 1e-9, "b");
        answers.push((answer["systems"].clone(), answer["pairs"].clone()));
    }
    assert!(answers[0] == answers[1], "the number of a seed counts");
    let [a, b] = unequal_seeds(7);
    let (said, _) = of_two(dir.path(), &a, &b, &[]);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for wanted in [
        "each fold first averaged over its 1 to 2 seeds",
        "paired by fold, each system averaged over its own seeds of a fold",
        "Systems have different numbers of seeds (a 2, b 1)",
        "each tests other speakers",
    ] {
        assert!(said.contains(wanted), "{wanted}\n{said}");
    }
}

#[test]
fn seeds_of_one_fold_are_no_pairs() {
    let dir = tempfile::tempdir().unwrap();
    let a = table(&[(1, 1, true, true), (1, 2, true, false)]);
    let b = table(&[(1, 1, true, false), (1, 2, false, false), (1, 3, true, false)]);
    let (said, _) = of_two(dir.path(), &a, &b, &["--json"]);
    let answer: Value = serde_json::from_str(&said).unwrap();
    let pair = &answer["pairs"][0];
    assert_close(&pair["difference"], &(100.0 / 3.0 - 75.0).into(), 1e-6, "difference");
    assert!(pair["p"].is_null() && pair["low"].is_null(), "{pair}");
    assert!(answer["systems"][0]["values"]["uar"]["half"].is_f64());
    let (said, _) = of_two(dir.path(), &a, &b, &[]);
    assert!(said.contains("in the only fold, and one value has no interval"), "{said}");
}

/// What is claimed of folds is what the tables say of them.
#[test]
fn captions_say_of_speakers_what_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let [a, b] = unequal_seeds(1);
    let claim = "each tests other speakers";
    for (from, to, wanted) in [
        ("s2", "s1", "some speakers or utterances are tested in several: the intervals are too narrow"),
        ("s2", "", "whether each tests other speakers is not known"),
    ] {
        let (said, _) = of_two(dir.path(), &a.replace(from, to), &b.replace(from, to), &[]);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(wanted) && !said.contains(&format!("because {claim}")), "{said}");
        let run = dir.path().join("reports/two/latest");
        for name in ["table.md", "index.html"] {
            let text = std::fs::read_to_string(run.join(name)).unwrap();
            assert!(text.contains(wanted) && !text.contains(&format!("because {claim}")), "{name}");
        }
    }
}

/// Repetitions of cross-validation, whose folds hold other utterances each time.
#[test]
fn repeated_folds_are_pooled_and_the_unit_is_the_repetition() {
    let dir = tempfile::tempdir().unwrap();
    let rows = "utterance,speaker,fold,seed,truth,predicted\n\
                a,s1,1,1,x,x\nb,s2,1,1,y,y\nc,s3,2,1,x,y\nd,s4,2,1,y,y\n\
                a,s1,1,2,x,x\nd,s4,1,2,y,x\nb,s2,2,2,y,y\nc,s3,2,2,x,y\n";
    let (said, notes) = of_two(dir.path(), rows, rows, &[]);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(notes.contains("note: Repeated folds: "), "{notes}");
    assert!(said.contains("Student t over the 2 repetitions (seeds)"), "{said}");
    let (said, _) = of_two(dir.path(), rows, rows, &["--json"]);
    let answer: Value = serde_json::from_str(&said).unwrap();
    // Recalls of x and y: 1/2 and 2/2 in the first, 1/2 and 1/2 in the second.
    assert_close(&answer["systems"][0]["values"]["uar"]["mean"], &62.5.into(), 1e-9, "mean");
    assert_eq!(answer["systems"][0]["cells"], 2);
}

#[test]
fn a_system_without_a_fold_is_told_archived_and_verified() {
    let dir = tempfile::tempdir().unwrap();
    let a = table(&[(1, 1, true, true), (2, 1, true, false), (3, 1, true, true)]);
    let b = table(&[(1, 4, true, true), (2, 4, true, true)]);
    let (said, _) = of_two(dir.path(), &a, &b, &[]);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("b: no predictions of fold 3; its means are over the other folds."), "{said}");
    assert!(said.contains("b vs a: only the 2 folds that both have."), "{said}");
    let out = seraug(dir.path(), &["archive", "results/two/latest", "--out", "two.zip"]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    let out = seraug(dir.path(), &["verify", "two.zip"]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    assert!(stdout(&out).contains(", scored from predictions\n"), "{}", stdout(&out));
    // Nothing of it can be trained, under whichever name.
    let why = "was scored from predictions: there is nothing to train";
    for args in [
        ["reproduce", "two.zip"],
        ["reproduce", "two"],
        ["reproduce", "results/two/latest"],
        ["reproduce", "results/two/latest/spec.toml"],
        ["plan", "results/two/latest/spec.toml"],
        ["plan", "results/two/latest"],
        ["run", "results/two/latest/spec.toml"],
    ] {
        let out = seraug(dir.path(), &args);
        assert_eq!(out.status.code(), Some(2), "{args:?}: {}", stderr(&out));
        assert!(stderr(&out).contains(why), "{args:?}: {}", stderr(&out));
    }
    let out = seraug(dir.path(), &["docs", "reproductions", "two.zip"]);
    assert_eq!(out.status.code(), Some(2), "{}", stderr(&out));
    assert!(stderr(&out).contains("two.zip was scored from predictions, which no command makes again"));
}
