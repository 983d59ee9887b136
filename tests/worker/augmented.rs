//! Trained generators on recordings of anybody's (`seraug augment`), and training sets for other programs (`seraug export --training-set`).

use seraug_core::digest::digest_hex;
use seraug_data::audio::npy::read_npy;
use seraug_test_support::common::{one_line, seraug, stderr, stdout};
use seraug_test_support::corpora::own_corpus;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

const SPEC: &str = r#"title = "Tones"
corpus = "mine"
preset = "tiny"
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 2
classifier = { min-steps = 6, epochs = 1, log-every = 5 }
augmentor = { iterations = 2, batch = 4, log-every = 1 }
stargan = { iterations = 2, batch = 4, log-every = 1 }
autoencoder = { iterations = 2, batch = 4, log-every = 1 }
"#;

/// A corpus of tones and a run of [`SPEC`] with these conditions.
fn trained(more: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    own_corpus(dir.path(), "mine", 200.0, str::to_owned);
    fs::write(dir.path().join("t.toml"), format!("{SPEC}{more}")).unwrap();
    let output = seraug(dir.path(), &["run", "t.toml", "--device", "cpu", "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    dir
}

const AUG: &str = "[[condition]]\nname = \"aug\"\naugment.triplet-gan = { copies = 2, of = \"all\" }\n";
const CELL: &str = "results/t/latest/cells/aug/fold-1/seed-1";

/// The rows of a table, by column.
fn rows(path: &Path) -> Vec<HashMap<String, String>> {
    let text = fs::read_to_string(path).unwrap();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let mut lines = text.lines();
    let header = cells(lines.next().unwrap());
    lines.map(|line| header.iter().cloned().zip(cells(line)).collect()).collect()
}

/// Runs the program, which succeeds, on one thread of the CPU.
fn done(dir: &Path, args: &[&str]) -> String {
    let output = seraug(dir, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
    stdout(&output)
}

#[test]
fn samples_and_training_sets_are_what_the_cell_used_bit_for_bit() {
    let dir = trained(AUG);
    let said =
        done(dir.path(), &["export", "results/t/latest", "--training-set", "1", "--to", "set", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    // The digest was written when the classifier was trained.
    assert_eq!(said["counts"]["confirmed"], true, "{said}");
    let set = dir.path().join("set");
    let table = rows(&set.join("table.csv"));
    let (originals, made): (Vec<_>, Vec<_>) = table.iter().partition(|row| row["kind"] == "original");
    assert_eq!((originals.len(), made.len()), (12, 24));
    let mut lines = String::new();
    for row in &table {
        let array = read_npy(&set.join(&row["file"])).unwrap();
        let bytes: Vec<u8> = array.db.iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(
            (digest_hex(&bytes), array.frames.to_string()),
            (row["sha256"].clone(), row["frames"].clone())
        );
        lines += &format!("{}\t{}\t{}\n", row["label"], row["floor"], row["sha256"]);
    }
    let about = fs::read_to_string(set.join("training-set.toml")).unwrap();
    assert!(
        about.contains(&format!("classifier-saw-sha256 = \"{}\"", digest_hex(lines.as_bytes()))),
        "{about}"
    );
    let test = rows(&set.join("test.csv"));
    assert!(test.len() == 12 && test.iter().all(|row| row["file"].starts_with("test/")));
    assert!(test.iter().all(|row| table.iter().all(|other| other["utterance"] != row["utterance"])));

    // The same utterances by the command, in the cell's order.
    let list: String =
        originals.iter().map(|row| format!("corpora/mine/{}.wav\n", row["utterance"])).collect();
    fs::write(dir.path().join("list.csv"), format!("path\n{list}")).unwrap();
    done(dir.path(), &["augment", CELL, "list.csv", "--out", "db"]);
    // By the entry of the store alone: neither the run nor its corpora are there.
    let plan = rows(&dir.path().join("results/t/latest/plan.csv"));
    let key = &plan.iter().find(|row| row["fold"] == "1").unwrap()["key_augmentor"];
    let entry = format!("augmentor-{key}");
    fs::create_dir_all(dir.path().join("moved").join(&entry)).unwrap();
    for file in fs::read_dir(dir.path().join("results/.store").join(&entry)).unwrap().flatten() {
        fs::copy(file.path(), dir.path().join("moved").join(&entry).join(file.file_name())).unwrap();
    }
    let moved = format!("moved/{entry}");
    done(dir.path(), &["augment", &moved, "list.csv", "--standardised", "--out", "s", "--corpora", "none"]);
    fs::write(dir.path().join(&moved).join("history.csv"), "stage,step\n").unwrap();
    let changed = seraug(dir.path(), &["augment", &moved, "list.csv", "--out", "t"]);
    assert!(one_line(&changed).contains("history.csv was changed since it was written; delete it"));
    let config: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(set.join("config.json")).unwrap()).unwrap();
    let [mean, deviation] = ["mean", "deviation"].map(|of| config[of].as_f64().unwrap() as f32);
    for row in &made {
        let name = format!("mels/corpora_mine_{}-{}.npy", row["source"], row["copy"]);
        let used = read_npy(&set.join(&row["file"])).unwrap();
        let decibels = read_npy(&dir.path().join("db").join(&name)).unwrap();
        let restored: Vec<f32> = used.db.iter().map(|v| v * deviation + mean).collect();
        assert!(decibels.db == restored, "{name}");
        let by_entry = read_npy(&dir.path().join("s").join(&name)).unwrap();
        assert!(by_entry.db == used.db, "{name}");
    }
    let samples = rows(&dir.path().join("db/samples.csv"));
    assert_eq!(samples.len(), made.len());
    let range =
        |row: &HashMap<String, String>| (0.05..0.3).contains(&row["strength"].parse::<f64>().unwrap());
    assert!(samples.iter().all(|row| row["generator"] == "triplet-gan" && range(row)));
}

#[test]
fn a_draw_depends_on_seed_content_and_copy_not_on_names_and_order() {
    let dir = trained(AUG);
    let mut wavs: Vec<PathBuf> =
        fs::read_dir(dir.path().join("corpora/mine")).unwrap().flatten().map(|e| e.path()).collect();
    wavs.retain(|p| p.extension().is_some_and(|e| e == "wav"));
    wavs.sort();
    fs::create_dir_all(dir.path().join("in/a b")).unwrap();
    fs::copy(&wavs[0], dir.path().join("in/a b/x.wav")).unwrap();
    fs::copy(&wavs[1], dir.path().join("in/y.wav")).unwrap();
    fs::write(dir.path().join("in/broken.wav"), "nothing").unwrap();
    fs::write(
        dir.path().join("in/list.csv"),
        "path,start,end\n../in/y.wav,,\ny.wav,0.1,0.4\n../../etc/x.wav,,\n",
    )
    .unwrap();
    let augment = |args: &[&str]| seraug(dir.path(), &[&["augment", CELL], args].concat());
    let output = augment(&["in", "--out", "o", "--copies", "3", "--audio", "--json"]);
    // The others are made, and the exit code says that one was refused.
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("broken.wav: "), "{}", stderr(&output));
    let said: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((said["refused"].as_u64(), said["samples"].as_array().unwrap().len()), (Some(1), 6));
    let array = |of: &str| fs::read(dir.path().join(of)).unwrap();
    for name in ["a_b_x", "y"] {
        assert!((1..=3).all(|k| dir.path().join(format!("o/audio/{name}-{k}.wav")).is_file()));
        assert!(dir.path().join(format!("o/audio/{name}-original.wav")).is_file());
    }
    assert!(
        array("o/mels/y-1.npy") != array("o/mels/y-2.npy")
            && array("o/mels/y-1.npy") != array("o/originals/y.npy")
    );

    // A list that names a file twice, a stretch of it, and one that is not there: every name stays in the folder.
    let output = augment(&["in/list.csv", "in/y.wav", "--out", "p", "--copies", "1", "--quiet"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let names: Vec<String> =
        rows(&dir.path().join("p/samples.csv")).into_iter().map(|r| r["sample"].clone()).collect();
    assert_eq!(names, ["_._in_y-1", "y-1", "y.2-1"]);
    assert_eq!(array("p/mels/_._in_y-1.npy"), array("o/mels/y-1.npy"));
    assert_eq!(array("p/mels/y.2-1.npy"), array("o/mels/y-1.npy"));
    let found: Vec<_> = fs::read_dir(dir.path()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(!found.iter().any(|name| name.to_string_lossy().starts_with(".tmp")), "{found:?}");

    done(dir.path(), &["augment", CELL, "in/y.wav", "--out", "q", "--copies", "1", "--seed", "7"]);
    assert!(
        array("q/mels/y-1.npy") != array("o/mels/y-1.npy")
            && array("q/originals/y.npy") == array("o/originals/y.npy")
    );
    let again = augment(&["in/y.wav", "--out", "q"]);
    assert_eq!((again.status.code(), stderr(&again).contains("q: is there already")), (Some(2), true));
    let none = augment(&["in/broken.wav", "--out", "r"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(stderr(&none).contains("nothing is written") && !dir.path().join("r").exists());

    // What is not in the store: one line that says what makes it again.
    for row in rows(&dir.path().join("results/t/latest/plan.csv")) {
        fs::remove_dir_all(dir.path().join(format!("results/.store/augmentor-{}", row["key_augmentor"])))
            .unwrap();
    }
    for args in [
        &["augment", CELL, "in/y.wav", "--out", "z"][..],
        &["export", "results/t/latest", "--training-set", "1", "--to", "z"],
    ] {
        let output = seraug(dir.path(), args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(
            one_line(&output).contains(
                "not in the store (removed, or of a run from elsewhere); `seraug run SPEC --results "
            ),
            "{args:?}"
        );
        assert!(!dir.path().join("z").exists());
    }
}

#[test]
fn classes_are_asked_for_where_they_decide_and_what_makes_nothing_says_so() {
    let dir = trained(
        "[[condition]]\nname = \"no-aug\"\n[[condition]]\nname = \"mixup\"\naugment.mixup = { }\n\
         [[condition]]\nname = \"star\"\naugment.stargan = { copies = 2, of = \"all\" }\n\
         [[condition]]\nname = \"gauss\"\naugment.latent = { sampler = \"gaussian\", copies = 2, of = \"all\" }\n\
         [[condition]]\nname = \"noise\"\naugment.noise = { copies = 2, of = \"all\" }\n",
    );
    let cell = |condition: &str| format!("results/t/latest/cells/{condition}/fold-1/seed-1");
    let augment = |condition: &str, args: &[&str]| {
        seraug(dir.path(), &[&["augment", &cell(condition), "corpora/mine", "--quiet"], args].concat())
    };
    for (condition, args, error) in [
        ("no-aug", &["--out", "o"][..], "its condition has no generator"),
        ("mixup", &["--out", "o"], "mixup makes no samples"),
        (
            "star",
            &["--out", "o"],
            "stargan makes samples of a class; name it by --label or in a column `label`: neutral, angry",
        ),
        ("gauss", &["--out", "o", "--label", "bored"], "label `bored`: expected one of neutral, angry"),
        ("star", &["--out", "o", "--label", "angry", "--copies", "2"], "say --copies 1"),
    ] {
        let output = augment(condition, args);
        assert_eq!(output.status.code(), Some(2), "{condition}: {}", stderr(&output));
        assert!(stderr(&output).contains(error), "{condition}: {}", stderr(&output));
        assert!(!dir.path().join("o").exists());
    }
    let converted = augment("star", &["--out", "star", "--label", "angry"]);
    assert_eq!(converted.status.code(), Some(0), "{}", stderr(&converted));
    let samples = rows(&dir.path().join("star/samples.csv"));
    assert!(
        samples.len() == 24
            && samples.iter().all(|row| row["label"] == "angry" && row["strength"].is_empty())
    );
    assert_eq!(
        augment("gauss", &["--out", "gauss", "--label", "angry", "--copies", "1"]).status.code(),
        Some(0)
    );
    // Not trained: what it is standardised by comes from the recordings of the run, which have to be there.
    assert_eq!(augment("noise", &["--out", "noise"]).status.code(), Some(0));
    let strength = rows(&dir.path().join("noise/samples.csv"))[0]["strength"].parse::<f64>().unwrap();
    assert!((0.0..60.0).contains(&strength), "{strength}");
    let without = augment("noise", &["--out", "o", "--corpora", "none"]);
    assert_eq!(without.status.code(), Some(2), "{}", stderr(&without));

    // Mixing is not in the arrays.
    let mixed = seraug(
        dir.path(),
        &["export", "results/t/latest", "--training-set", "2", "--condition", "mixup", "--to", "mixed"],
    );
    assert!(
        mixed.status.success() && stderr(&mixed).contains("mixup is not in the arrays"),
        "{}",
        stderr(&mixed)
    );
    for (args, error) in [
        (&["--training-set", "3", "--condition", "noise"][..], "the run has folds 1 to 2"),
        (&["--training-set", "1"], "name a condition with --condition: gauss, mixup, no-aug, noise, star"),
        (&["--training-set", "1", "--condition", "noise", "--seed", "4"], "--seed 4: the run has 1"),
    ] {
        let output = seraug(dir.path(), &[&["export", "results/t/latest", "--to", "o"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(one_line(&output).contains(error), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn the_speaker_that_chooses_the_weights_is_a_part_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    own_corpus(dir.path(), "mine", 200.0, str::to_owned);
    let spec = SPEC.replace("min-steps", "weights = \"held-out\", min-steps");
    let copies = "[[condition]]\nname = \"aug\"\naugment.triplet-gan = { copies = 1, of = \"all\" }\n[[condition]]\nname = \"copies\"\n\
                  augment.copies = { copies = 1, of = \"all\" }\n";
    fs::write(dir.path().join("t.toml"), format!("{spec}{copies}")).unwrap();
    done(dir.path(), &["run", "t.toml", "--device", "cpu", "--quiet"]);
    for condition in ["aug", "copies"] {
        let export = [
            "export",
            "results/t/latest",
            "--training-set",
            "1",
            "--condition",
            condition,
            "--to",
            condition,
        ];
        let said = done(dir.path(), &export);
        assert!(
            said.contains("6 training utterances, 6 added, 6 for validation (6 samples of them are left out), 12 for the test"),
            "{said}"
        );
        assert!(said.contains("bit for bit"), "{said}");
        let table = rows(&dir.path().join(condition).join("table.csv"));
        let of = |part: &str| table.iter().filter(|row| row["part"] == part).collect::<Vec<_>>();
        assert_eq!([of("train").len(), of("validation").len(), of("left-out").len()], [12, 6, 6]);
        let speaker = &of("validation")[0]["speaker"];
        assert!(of("train").iter().all(|row| row["speaker"] != *speaker));
        assert!([of("validation"), of("left-out")].concat().iter().all(|row| row["speaker"] == *speaker));
        assert!(of("validation").iter().all(|row| row["kind"] == "original"));
    }
}
