//! Every protocol, from the recordings to the report.

use crate::fixtures::SHORT;
use seraug_test_support::common::{root, seraug, sine, stderr, stdout, write_wav};
use seraug_test_support::corpora::{emodb, emovo};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn without_its_corpus_an_experiment_is_one_screen_and_exit_code_2() {
    let dir = tempfile::tempdir().unwrap();
    for (name, words) in [
        ("table2", &["50 cells", "Session1", "open/table2-emodb"][..]),
        ("figure4", &["120 cells", "iemocap", "esd", "emovo", "open/figure4"]),
    ] {
        let spec = root().join("experiments").join(format!("{name}.toml")).display().to_string();
        let run = seraug(dir.path(), &["run", &spec, "--report"]);
        assert_eq!(run.status.code(), Some(2), "{}", stderr(&run));
        let plan = seraug(dir.path(), &["plan", &spec]);
        assert_eq!(plan.status.code(), Some(2));
        for word in &words[1..] {
            assert!(stderr(&run).contains(word) && stderr(&plan).contains(word), "{word}: {}", stderr(&run));
        }
        assert!(stdout(&plan).contains(words[0]), "{}", stdout(&plan));
        assert!(stderr(&run).lines().count() <= 48, "{}", stderr(&run));
    }
    // The other experiments of a collection still run, and the exit code reports the missing ones.
    let spec = root().join("experiments").join("paper.toml").display().to_string();
    emodb(dir.path());
    let run = seraug(dir.path(), &["run", &spec, "--report"]);
    assert_eq!(run.status.code(), Some(2));
    assert!(stdout(&run).contains("1 of the 1 data sets that are here"), "{}", stdout(&run));
}

/// Writes a spec below `folder` and runs it; (exit code, run directory, standard error).
fn run_text(folder: &Path, name: &str, text: &str) -> (i32, PathBuf, String) {
    let path = folder.join(format!("{name}.toml"));
    fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    let run = seraug(folder, &[&["run", &path], &SHORT[..]].concat());
    let answer: serde_json::Value = serde_json::from_str(&stdout(&run)).unwrap_or_default();
    let dir = answer["run"].as_str().map(|r| folder.join(r)).unwrap_or_default();
    (run.status.code().unwrap(), dir, stderr(&run))
}

/// One column of a CSV file, by the name of the column.
fn column(path: &Path, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let at = reader.headers().unwrap().iter().position(|h| h == name).unwrap();
    reader.records().map(|r| r.unwrap()[at].to_owned()).collect()
}

const GRID: &str = r#"
[[condition]]
name = "lt"
target = "low"
[[condition]]
name = "lt-aug"
target = "low"
baseline = "lt"
augment.triplet-gan = { copies = 2, of = "target" }
[[condition]]
name = "ft"
baseline = "ft"
[[condition]]
name = "ft-aug"
baseline = "ft"
augment.triplet-gan = { copies = 2, of = "target" }
"#;

#[test]
fn a_cross_lingual_grid_runs_reports_and_repeats_from_its_split_csv() {
    let dir = tempfile::tempdir().unwrap();
    emodb(dir.path());
    emovo(dir.path());
    let text = format!(
        "title = \"grid\"\nlabel = \"valence\"\n[protocol.cross-lingual]\nsources = [\"emodb\", \"emovo\"]\n\
         targets = [\"emovo\", \"emodb\"]\nsubset = {{ emodb = 60 }}\n{GRID}"
    );
    let (code, run, err) = run_text(dir.path(), "grid", &text);
    assert_eq!(code, 0, "{err}");
    let outcomes = run.join("outcomes.csv");
    let pairs = column(&outcomes, "corpus");
    assert_eq!((pairs.len(), pairs[0].as_str(), pairs[7].as_str()), (8, "emodb>emovo", "emovo>emodb.sub"));
    assert_eq!(column(&outcomes, "n_train")[4..6], ["600", "600"], "588 and 10 % of 120");
    let parts = column(&run.join("split.csv"), "seed-1/fold-2/emovo>emodb.sub");
    let count = |part: &str| parts.iter().filter(|p| *p == part).count();
    // The test speakers have 15 to 35 % of the 120, and FT what is left of it, at most 75 %.
    let full = count("low") + count("full");
    assert!((18..=42).contains(&count("test")), "{}", count("test"));
    assert_eq!((count("train"), count("low"), full), (588, 12, (120 - count("test")).min(90)));
    assert_eq!(column(&outcomes, "n_augmented")[4..8], ["0", "24", "0", &(2 * full).to_string()]);
    assert_eq!(column(&outcomes, "n_test")[4], count("test").to_string());

    let report = stdout(&seraug(dir.path(), &["report", &run.display().to_string()]));
    for word in ["emodb → emovo", "emovo → emodb.sub", "lt-aug − lt", "ft-aug − ft"] {
        assert!(report.contains(word), "{word}: {report}");
    }
    let page = fs::read_to_string(dir.path().join("reports/grid/latest/index.html")).unwrap();
    assert!(page.contains("source: emovo") && page.contains("Results: emovo → emodb.sub"));

    // The same folds from the file give the same keys: nothing is trained again.
    let way = run.strip_prefix(dir.path()).unwrap().join("split.csv");
    let text = |corpora: &str| {
        format!(
            "title = \"again\"\n{corpora}label = \"valence\"\n[protocol.split-file]\npath = {:?}\n{}{GRID}",
            way.display().to_string(),
            if corpora.is_empty() { "corpora = [\"emodb\", \"emovo\"]\n" } else { "" }
        )
    };
    let (code, again, err) = run_text(dir.path(), "again", &text(""));
    assert_eq!(code, 0, "{err}");
    let info = fs::read_to_string(again.join("run.toml")).unwrap();
    assert!(info.contains("cells-trained = 0"), "{info}");
    assert_eq!(column(&again.join("outcomes.csv"), "uar"), column(&outcomes, "uar"));
    let (code, _, err) = run_text(dir.path(), "one", &text("corpus = \"emodb\"\n"));
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("is not among those of this experiment"), "{err}");
}

#[test]
fn an_embedding_has_originals_and_augmentations_of_every_class() {
    let dir = tempfile::tempdir().unwrap();
    emodb(dir.path());
    let spec = root().join("experiments").join("open/figure3-emodb.toml").display().to_string();
    let run = seraug(dir.path(), &[&["run", &spec, "--set", "embedding.per-class=5"], &SHORT[..]].concat());
    assert!(run.status.success(), "{}", stderr(&run));
    let answer: serde_json::Value = serde_json::from_str(&stdout(&run)).unwrap();
    let run = dir.path().join(answer["run"].as_str().unwrap());
    let [without, with] =
        ["model-var", "aug"].map(|c| run.join(format!("cells/{c}/fold-1/seed-1/embedding.csv")));
    let kinds = column(&with, "kind");
    let count = |kind: &str| kinds.iter().filter(|k| *k == kind).count();
    assert_eq!((kinds.len(), count("original"), count("augmentation")), (80, 20, 60));
    assert_eq!(column(&with, "utterance"), column(&without, "utterance"), "the same utterances in both");
    let r0: Vec<f64> = column(&with, "r0").iter().map(|v| v.parse().unwrap()).collect();
    assert!(r0.iter().all(|v| v.abs() < 1.0) && r0[20] != r0[21], "two augmentations differ");
    let test: Vec<String> = column(&run.join("cells/aug/fold-1/seed-1/predictions.csv"), "utterance");
    assert!(column(&with, "utterance").iter().all(|u| !test.contains(u)), "nothing of the test fold");
}

/// A corpus with a table.csv: six speakers in three sessions, two emotions, and a column `split`.
fn own(folder: &Path) {
    let mut csv = String::from("path,emotion,speaker,session,split\n");
    for speaker in 0..6 {
        for (e, emotion) in ["angry", "neutral"].iter().enumerate() {
            for take in 0..4 {
                let name = format!("s{speaker}-{emotion}-{take}.wav");
                let hz = 200.0 + 400.0 * e as f64 + 10.0 * f64::from(speaker) + f64::from(take);
                write_wav(
                    &folder.join("corpora/mine").join(&name),
                    &[sine(hz, 16_000, 3200)],
                    16_000,
                    Some(16),
                );
                let split = if speaker < 4 { "train" } else { "eval" };
                csv += &format!("{name},{emotion},s{speaker},{},{split}\n", speaker / 2 + 1);
            }
        }
    }
    fs::write(folder.join("corpora/mine/table.csv"), csv).unwrap();
}

#[test]
fn a_corpus_of_ones_own_runs_through_every_protocol_and_its_split_csv_gives_it_again() {
    let dir = tempfile::tempdir().unwrap();
    own(dir.path());
    let spec = |protocol: &str| {
        format!(
            "title = \"own\"\ncorpus = \"mine\"\nclasses = {{ neutral = [\"neutral\"], angry = [\"angry\"] }}\n\
             protocol.{protocol}\n[[condition]]\nname = \"no-aug\"\n\
             [[condition]]\nname = \"copies\"\naugment.copies = {{ copies = 2, of = \"all\" }}\n"
        )
    };
    for (name, protocol, tests) in [
        ("sessions", "leave-one-session-out = {}", &["16", "16", "16"][..]),
        ("speakers", "leave-speakers-out = { folds = 2 }", &["24", "24"]),
        ("split", "fixed-split = { test = [\"eval\"] }", &["16"]),
    ] {
        let (code, run, err) = run_text(dir.path(), name, &spec(protocol));
        assert_eq!(code, 0, "{name}: {err}");
        let found = column(&run.join("outcomes.csv"), "n_test");
        let every_second: Vec<&String> = found.iter().step_by(2).collect();
        assert_eq!(every_second, tests, "{name}");
        // The folds of its split.csv have the same keys, so that nothing is trained again.
        let path = run.strip_prefix(dir.path()).unwrap().join("split.csv");
        let again = spec(&format!("split-file = {{ path = {:?} }}", path.display().to_string()));
        let (code, second, err) = run_text(dir.path(), &format!("{name}-again"), &again);
        assert_eq!(code, 0, "{name}: {err}");
        let info = fs::read_to_string(second.join("run.toml")).unwrap();
        assert!(info.contains("cells-trained = 0"), "{name}: {info}");
        assert_eq!(column(&second.join("outcomes.csv"), "uar"), column(&run.join("outcomes.csv"), "uar"));
        assert_eq!(fs::read(second.join("split.csv")).unwrap(), fs::read(run.join("split.csv")).unwrap());
    }
}
