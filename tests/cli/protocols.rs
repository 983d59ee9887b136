//! The paper's experiments, planned on synthetic releases of its corpora in their full size.

use seraug_test_support::common::{seraug, stderr, stdout, write_wav};
use seraug_test_support::corpora::{emodb, emovo};
use seraug_test_support::releases::{esd_mandarin, iemocap};
use std::fs;
use std::path::{Path, PathBuf};

fn experiments() -> PathBuf {
    seraug_test_support::common::root().join("experiments")
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
    // Who speaks in which emotion, as in the release.
    let urdu = [
        ("Angry", "SM1 SM2 SM3 SM4"),
        ("Happy", "SF1 SF2 SF3 SF4 SF5 SF6 SF7 SF8 SM3 SM5 SM6 SM7 SM17 SM18 SM19"),
        ("Neutral", "SF9 SM3 SM5 SM20 SM21 SM22"),
        ("Sad", "SF10 SF11 SM6 SM23 SM24 SM25 SM26 SM27"),
    ];
    for (emotion, speakers) in urdu {
        for (speaker, take) in speakers.split(' ').flat_map(|s| (1..=3).map(move |take| (s, take))) {
            clip(format!("urdu/{emotion}/{speaker}_F{take}_{}{take:03}.wav", &emotion[..1]));
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
    iemocap(&dir.path().join("corpora"), "iemocap");
    esd_mandarin(&dir.path().join("corpora"));
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
    let sizes = ["table2-aug/", "table2-bagan/", "ablation/", "figure3/", "figure4/"]
        .map(|name| (of(name).len(), shared(name)));
    assert_eq!(sizes, [(50, 0), (225, 0), (150, 50), (2, 2), (120, 0)]);
    let number = |c: &serde_json::Value, key: &str| c[key].as_u64().unwrap() as usize;

    // Sessions: the test fold is a session of four classes, 80 % of three classes are gone from the others.
    let tested: Vec<usize> = of("table2-aug/no-aug/").iter().take(5).map(|c| number(c, "n_test")).collect();
    assert_eq!(tested, [1085, 1023, 1151, 1031, 1241]);
    let first = of("table2-aug/aug/fold-1/seed-1")[0];
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
        if spec.path().parent().is_some_and(|p| p.ancestors().any(|p| p.ends_with("open"))) {
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
    assert!(planned >= 11, "{planned} open experiments");
}
