//! The paper's whole protocol as a user runs it: on synthetic releases of its corpora in their full size, and on small
//! corpora of tones that are trained on.

use crate::corpora_iemocap::release;
use crate::corpora_layouts::mandarin;
use seraug_test_support::common::{seraug, sine, stderr, stdout, write_wav};
use seraug_test_support::corpora::emodb;
use std::fs;
use std::path::{Path, PathBuf};

/// Flags that make a cell a matter of a second.
const SHORT: [&str; 12] = [
    "--set",
    "preset=tiny",
    "--set",
    "augmentor.iterations=2",
    "--set",
    "classifier.min-steps=3",
    "--set",
    "classifier.epochs=1",
    "--device",
    "cpu",
    "--quiet",
    "--json",
];

fn experiments() -> PathBuf {
    seraug_test_support::common::root().join("experiments")
}

/// EMOVO, whole: 6 speakers, 7 emotions, 14 sentences, every recording another tone.
fn emovo(folder: &Path) {
    let mut hz = 3000.0;
    for speaker in ["f1", "f2", "f3", "m1", "m2", "m3"] {
        for code in ["dis", "gio", "neu", "pau", "rab", "sor", "tri"] {
            for sentence in
                ["b1", "b2", "b3", "d1", "l1", "l2", "l3", "l4", "n1", "n2", "n3", "n4", "n5", "d2"]
            {
                hz += 5.0;
                let name = format!("corpora/emovo/{speaker}/{code}-{speaker}-{sentence}.wav");
                write_wav(&folder.join(name), &[sine(hz, 16_000, 3200)], 16_000, Some(16));
            }
        }
    }
}

/// A few recordings of the corpora that only open experiments read.
fn open_corpora(folder: &Path) {
    let mut value = 0.0;
    // Each has a content of its own, because cells of equal content would be shared, and varies: a constant is no sound.
    let mut clip = |name: String| {
        value += 1e-4;
        write_wav(&folder.join("corpora").join(name), &[[value, -value].repeat(4)], 16_000, Some(16));
    };
    for actor in 1..=24 {
        for emotion in 1..=8 {
            (1..=2).for_each(|take| {
                clip(format!("ravdess/Actor_{actor:02}/03-01-{emotion:02}-01-01-{take:02}-{actor:02}.wav"));
            });
        }
    }
    for actor in 1001..=1010 {
        ["ANG", "SAD", "HAP", "NEU"]
            .iter()
            .for_each(|e| clip(format!("cremad/AudioWAV/{actor}_DFA_{e}_XX.wav")));
    }
    for (emotion, letter) in [("Angry", "A"), ("Happy", "H"), ("Neutral", "N"), ("Sad", "S")] {
        for n in 1..=30 {
            clip(format!("urdu/{emotion}/SM{}_F{n}_{letter}{n:03}.wav", n % 6 + 1));
        }
    }
}

/// `seraug` in `folder`, which must succeed; its standard output.
fn output(folder: &Path, args: &[&str]) -> String {
    let output = seraug(folder, args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    stdout(&output)
}

fn cells(folder: &Path, spec: &Path) -> Vec<serde_json::Value> {
    let spec = spec.display().to_string();
    serde_json::from_str(&output(
        folder,
        &["plan", &spec, "--device", "cpu", "--partial", "--quiet", "--json"],
    ))
    .unwrap()
}

#[test]
fn the_papers_experiments_on_releases_of_their_full_size() {
    let dir = tempfile::tempdir().unwrap();
    release(&dir.path().join("corpora"), "iemocap");
    mandarin(&dir.path().join("corpora"));
    emodb(dir.path());
    emovo(dir.path());

    // Tab. 1, every row as the paper prints it.
    let spec = experiments().join("table1.toml").display().to_string();
    let text = output(dir.path(), &["run", &spec, "--report", "--quiet"]);
    assert!(text.contains("6 of the 6 data sets that are here have the published counts."), "{text}");
    let counts = fs::read_to_string(dir.path().join("results/table1/latest/counts.csv")).unwrap();
    assert!(counts.contains("IEMOCAP,iemocap,English,complete,2187,3344,2187,3344"), "{counts}");
    assert!(counts.contains("ESD,esd,Chinese,complete,7000,7000,7000,7000"), "{counts}");

    let all = cells(dir.path(), &experiments().join("paper.toml"));
    let of = |name: &str| -> Vec<&serde_json::Value> {
        all.iter().filter(|c| c["cell"].as_str().unwrap().starts_with(name)).collect()
    };
    let shared =
        |name: &str| of(name).iter().filter(|c| c["state"].as_str().unwrap().contains("shared")).count();
    let sizes = ["table2/", "ablation/", "figure3/", "figure4/"].map(|name| (of(name).len(), shared(name)));
    assert_eq!(sizes, [(50, 0), (150, 50), (2, 2), (120, 0)]);
    let number = |c: &serde_json::Value, key: &str| c[key].as_u64().unwrap() as usize;

    // Sessions: the test fold is a session of four classes, 80 % of three classes are gone from the others.
    let tested: Vec<usize> = of("table2/no-aug/").iter().take(5).map(|c| number(c, "n_test")).collect();
    assert_eq!(tested, [1085, 1023, 1151, 1031, 1241]);
    let first = of("table2/aug/fold-1/seed-1")[0];
    let kept = |class: usize| (class as f64 * 0.2).round() as usize;
    let (angry, sad, happy, neutral) = (1103 - 229, 1084 - 194, 1636 - 278, 1708 - 384);
    let reduced = kept(angry) + kept(sad) + kept(happy);
    assert_eq!((number(first, "n_train"), number(first, "n_augmented")), (neutral + reduced, 4 * reduced));

    // Pairs, and the sizes that 3.1.2 and Tab. 1 give.
    let lt: Vec<_> =
        of("figure4/lt/").into_iter().filter(|c| c["cell"].as_str().unwrap().ends_with("seed-1")).collect();
    let pairs: Vec<&str> = lt.iter().map(|c| c["corpus"].as_str().unwrap()).collect();
    let expected =
        ["iemocap>emodb", "iemocap>emovo", "iemocap>esd.sub", "esd>emodb", "esd>emovo", "esd>iemocap.sub"];
    assert_eq!(pairs, expected);
    // 10 % of 535, 588 and 500 beside all of the source.
    let trained: Vec<usize> = lt.iter().map(|c| number(c, "n_train")).collect();
    assert_eq!(trained, [5585, 5590, 5581, 14_054, 14_059, 14_050]);
    let added: Vec<usize> = of("figure4/lt-aug/").iter().take(3).map(|c| number(c, "n_augmented")).collect();
    assert_eq!(added, [54 * 20, 59 * 20, 50 * 20]);
    for pair in 1..=6 {
        let of_pair = |c: &str| number(of(&format!("figure4/{c}/fold-{pair}/seed-1"))[0], "n_test");
        assert!(
            ["lt-aug", "ft", "ft-aug"].iter().all(|c| of_pair(c) == of_pair("lt")),
            "one test set for all"
        );
    }
}

#[test]
fn every_shipped_spec_says_what_it_is_and_plans() {
    let dir = tempfile::tempdir().unwrap();
    emodb(dir.path());
    emovo(dir.path());
    open_corpora(dir.path());
    let specs = walkdir::WalkDir::new(experiments()).into_iter().flatten();
    let mut planned = 0;
    for spec in specs.filter(|e| e.path().extension().is_some_and(|e| e == "toml")) {
        let text = fs::read_to_string(spec.path()).unwrap();
        for word in ["# command:", "# expect :"] {
            assert!(text.contains(word), "{}: its header has no `{word}`", spec.path().display());
        }
        if spec.path().parent().is_some_and(|p| p.ends_with("open")) {
            let cells = cells(dir.path(), spec.path());
            let to_run = |c: &serde_json::Value| c["state"].as_str().unwrap().starts_with("to run");
            assert!(!cells.is_empty() && cells.iter().all(to_run), "{}", spec.path().display());
            planned += 1;
        } else if !text.contains("corpus = \"synthetic\"") {
            let plan = seraug(dir.path(), &["plan", &spec.path().display().to_string(), "--device", "cpu"]);
            assert!(matches!(plan.status.code(), Some(0 | 2)), "{}", stderr(&plan));
            assert!(
                stdout(&plan).contains(" = ") || stdout(&plan).contains("data sets"),
                "{}",
                stderr(&plan)
            );
        }
    }
    assert!(planned >= 7, "{planned} open experiments");
}

#[test]
fn without_its_corpus_an_experiment_is_one_screen_and_exit_code_2() {
    let dir = tempfile::tempdir().unwrap();
    for (name, words) in [
        ("table2", &["50 cells", "Session1", "open/table2-emodb"][..]),
        ("figure4", &["120 cells", "iemocap", "esd", "emovo", "open/figure4"]),
    ] {
        let spec = experiments().join(format!("{name}.toml")).display().to_string();
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
    // Of a collection the rest goes on, and the exit code tells.
    let spec = experiments().join("paper.toml").display().to_string();
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
    assert_eq!(column(&outcomes, "n_augmented")[4..8], ["0", "24", "0", "180"]);
    let parts = column(&run.join("split.csv"), "seed-1/fold-2/emovo>emodb.sub");
    let count = |part: &str| parts.iter().filter(|p| *p == part).count();
    assert_eq!((count("train"), count("low"), count("low") + count("full")), (588, 12, 90));
    assert_eq!(column(&outcomes, "n_test")[4], count("test").to_string());

    let report = output(dir.path(), &["report", &run.display().to_string()]);
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
    let spec = experiments().join("open/figure3-emodb.toml").display().to_string();
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

/// A corpus of one's own: six speakers in three sessions, two emotions, with a split of its own.
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
