//! Trained classifiers that a run keeps, and what `seraug predict` does with them.

use seraug_data::audio::npy::read_npy;
use seraug_test_support::common::{seraug, stderr, stdout};
use seraug_test_support::corpora::own_corpus;
use std::fs;
use std::path::{Path, PathBuf};

const SPEC: &str = r#"title = "Tones"
corpus = "mine"
preset = "tiny"
seeds = [1, 2]
classes = { neutral = ["neutral"], angry = ["angry"] }
protocol.leave-speakers-out.folds = 2
classifier = { min-steps = 12, epochs = 1, log-every = 5 }
[[condition]]
name = "no-aug"
[[condition]]
name = "copies"
augment.copies = { copies = 1, of = "all" }
"#;

/// A corpus of tones and a run of [`SPEC`] with these flags.
fn trained(flags: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    own_corpus(dir.path(), "mine", 200.0, str::to_owned);
    fs::write(dir.path().join("t.toml"), SPEC).unwrap();
    run(dir.path(), flags);
    dir
}

fn run(dir: &Path, flags: &[&str]) {
    let output = seraug(dir, &[&["run", "t.toml", "--device", "cpu", "--quiet"], flags].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

fn cell(condition: &str, seed: usize) -> PathBuf {
    format!("results/t/latest/cells/{condition}/fold-1/seed-{seed}").into()
}

/// Columns `predicted` and on of a table's rows.
fn said(table: &str, from: usize) -> Vec<Vec<String>> {
    table.lines().skip(1).map(|row| row.split(',').skip(from).map(str::to_owned).collect()).collect()
}

#[test]
fn a_kept_classifier_says_of_a_recording_what_the_run_said() {
    let dir = trained(&[]);
    let predict = |args: &[&str]| seraug(dir.path(), &[&["predict"], args].concat());
    let (kept, other) = (cell("copies", 2), cell("copies", 1));
    let (kept, other) = (kept.to_str().unwrap(), other.to_str().unwrap());

    // The test utterances of the cell by a list.
    let written = fs::read_to_string(dir.path().join(kept).join("predictions.csv")).unwrap();
    let utterances: Vec<&str> = written.lines().skip(1).map(|row| row.split(',').next().unwrap()).collect();
    assert!(utterances.len() > 5);
    let rows: String = utterances.iter().map(|u| format!("{u}.wav\n")).collect();
    fs::write(dir.path().join("corpora/mine/list.csv"), format!("path\n{rows}")).unwrap();
    let output = predict(&[kept, "corpora/mine/list.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let table = stdout(&output);
    assert!(table.starts_with("file,start,end,segments,predicted,p_neutral,p_angry\n"), "{table}");
    // There: utterance, speaker, truth, predicted, segments, p_...
    let [here, there] = [said(&table, 4), said(&written, 3)].map(|rows| rows.into_iter());
    for (here, there) in here.zip(there) {
        assert_eq!((&here[0], &here[1..]), (&there[0], &there[2..]));
    }

    // A run that keeps the last trains nothing again that the store has without its model.
    let bare = trained(&["--keep-models", "none"]);
    run(bare.path(), &["--new"]);
    let log = fs::read_to_string(bare.path().join(kept).join("log.txt")).unwrap();
    assert!(log.contains("from the store"), "{log}");
    let output = seraug(bare.path(), &["predict", kept, "corpora/mine"]);
    assert!(stderr(&output).contains("no model of it is in"), "{}", stderr(&output));

    // Of another seed nothing is kept, and the message says how it would be.
    let output = predict(&[other, "corpora/mine"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""));
    assert!(
        stderr(&output).contains("no model of it is in") && stderr(&output).contains("--keep-models all")
    );
    run(dir.path(), &["--new", "--keep-models", "all"]);
    let log = fs::read_to_string(dir.path().join(other).join("log.txt")).unwrap();
    assert!(log.contains("from the store"), "no other result than before: {log}");
    let one = predict(&[other, "corpora/mine"]);
    assert_eq!(one.status.code(), Some(0), "{}", stderr(&one));

    // Of a run: a condition, and all together.
    let output = predict(&["results/t/latest", "corpora/mine"]);
    assert!(
        stderr(&output).contains("name a condition with --condition: copies, no-aug"),
        "{}",
        stderr(&output)
    );
    let output = predict(&["results/t/latest", "corpora/mine", "--condition", "copies"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("4 models, such as"), "{}", stderr(&output));
    let output =
        predict(&["results/t/latest", "corpora/mine", "--condition", "copies", "--ensemble", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((json["models"].as_array().unwrap().len(), json["rows"].as_array().unwrap().len()), (4, 24));
    let each: Vec<Vec<Vec<String>>> = (1..=2)
        .flat_map(|fold| (1..=2).map(move |seed| (fold, seed)))
        .map(|(fold, seed)| {
            let cell = format!("results/t/latest/cells/copies/fold-{fold}/seed-{seed}");
            said(&stdout(&predict(&[&cell, "corpora/mine"])), 5)
        })
        .collect();
    for (i, row) in json["rows"].as_array().unwrap().iter().enumerate() {
        let mean = each.iter().map(|of| of[i][0].parse::<f64>().unwrap()).sum::<f64>() / 4.0;
        let together = row["probabilities"]["neutral"].as_f64().unwrap();
        assert!((mean - together).abs() < 1e-6, "{mean} {together}");
    }

    // Pruning takes the models and leaves the results.
    let store = |args: &[&str]| stdout(&seraug(dir.path(), &[&["store"], args].concat()));
    assert!(store(&["list"]).contains("its model"));
    assert!(store(&["prune", "--models", "--yes"]).contains("removed 8 items"));
    assert!(store(&["verify"]).contains("8 stages and 0 checkpoints are intact"));
    assert!(!store(&["list"]).contains("its model"));
    assert!(stderr(&predict(&[kept, "corpora/mine"])).contains("no model of it"));
}

#[test]
fn an_exported_folder_says_the_same_and_has_a_card() {
    let dir = trained(&["--keep-models", "all"]);
    let seraug = |args: &[&str]| seraug(dir.path(), args);
    let cell = cell("copies", 1);
    let cell = cell.to_str().unwrap();
    let refused = seraug(&["export", cell, "--to", "m"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("the corpus mine states no licence"), "{}", stderr(&refused));
    assert!(!dir.path().join("m").exists());

    let manifest = "licence = \"CC0\"\ncitation = \"nobody\"\n";
    fs::write(dir.path().join("corpora/mine/manifest.toml"), manifest).unwrap();
    run(dir.path(), &["--new", "--keep-models", "all"]);
    let output = seraug(&["export", cell, "--to", "out/m", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let files: Vec<&str> = said["files"].as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "README.md",
        "config.json",
        "labels.json",
        "model.onnx",
        "model.safetensors",
        "model.toml",
        "seal.toml",
        "seraug_model.py",
    ];
    assert_eq!(files, expected);
    let card = fs::read_to_string(dir.path().join("out/m/README.md")).unwrap();
    for part in [
        "| mine | 24 | 4 | CC0 | nobody |",
        "4 cells of the condition `copies`",
        "| UAR |",
        "expected calibration error",
    ] {
        assert!(card.contains(part), "{part}: {card}");
    }
    let [here, there] = [cell, "out/m"].map(|model| stdout(&seraug(&["predict", model, "corpora/mine"])));
    assert_eq!(here, there);
    let again = seraug(&["export", cell, "--to", "out/m"]);
    assert!(stderr(&again).contains("out/m: is there already"), "{}", stderr(&again));
    let folder = seraug(&["export", "out/m", "--to", "n"]);
    assert!(stderr(&folder).contains("not a cell of a run"), "{}", stderr(&folder));
}

#[test]
fn a_final_model_has_everything_and_the_estimate_of_the_run() {
    let dir = trained(&[]);
    let seraug = |args: &[&str]| seraug(dir.path(), args);
    let final_of =
        |args: &[&str]| seraug(&[&["train-final", "t.toml", "--device", "cpu", "--quiet"], args].concat());
    let refused = |args: &[&str], why: &str| {
        let output = final_of(args);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    };
    refused(&[], "name a condition with --condition: no-aug, copies");
    refused(
        &["--condition", "copies", "--set", "classifier.epochs=2"],
        "differs: classifier.epochs 1 → 2): `seraug run t.toml` first",
    );
    // A run that is not whole says nothing yet.
    let outcomes = dir.path().join("results/t/latest/outcomes.csv");
    let whole = fs::read_to_string(&outcomes).unwrap();
    fs::write(&outcomes, whole.lines().take(4).map(|l| l.to_owned() + "\n").collect::<String>()).unwrap();
    refused(&["--condition", "copies"], "has not all results of it): `seraug run t.toml` first");
    fs::write(&outcomes, whole).unwrap();
    refused(
        &["--condition", "copies", "--results", "other"],
        "no run of t says how good copies is: `seraug run t.toml` first",
    );

    let output = final_of(&["--condition", "copies"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stdout(&output);
    let model = said.lines().next().unwrap().strip_prefix("model: ").unwrap().to_owned();
    assert!(
        said.contains("estimate: UAR ")
            && said.contains("2 folds, each of other test speakers: 4 cells of t/"),
        "{said}"
    );
    let outcomes = fs::read_to_string(dir.path().join("results/t-final/latest/outcomes.csv")).unwrap();
    assert!(
        outcomes.lines().nth(1).unwrap().starts_with("t-final,mine,copies,1,2,done,,24,24,0,,"),
        "{outcomes}"
    );
    // What it says of its own training is no result, and nothing reports it as one.
    for command in [&["report"][..], &["compare", "results/t/latest"]] {
        let output = seraug(&[command, &["results/t-final/latest"]].concat());
        assert!(stderr(&output).contains("nothing is tested in it"), "{}", stderr(&output));
    }
    // Again: from the store, with the same answer.
    assert_eq!(stdout(&final_of(&["--condition", "copies"])), said);
    let output = final_of(&["--condition", "copies", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let first = &json["models"][0];
    assert_eq!((first["model"].as_str(), first["tests"].as_u64()), (Some(model.as_str()), Some(48)));
    // Where the store has lost it, it is trained again, in a run of its own.
    fs::remove_dir_all(dir.path().join("results/.store")).unwrap();
    let again = stdout(&final_of(&["--condition", "copies"]));
    let model = again.lines().next().unwrap().strip_prefix("model: ").unwrap().to_owned();
    assert_eq!(again.lines().nth(1), said.lines().nth(1));

    let output = seraug(&["predict", &model, "corpora/mine"]);
    assert_eq!(said_rows(&stdout(&output)), 24, "{}", stderr(&output));
    // With another recording, the run says nothing of the model.
    let manifest = "licence = \"CC0\"\ncitation = \"nobody\"\n";
    fs::write(dir.path().join("corpora/mine/manifest.toml"), manifest).unwrap();
    run(dir.path(), &["--new"]);
    assert_eq!(final_of(&["--condition", "copies"]).status.code(), Some(0));
    let exported = seraug(&["export", &model, "--to", "m"]);
    assert_eq!(exported.status.code(), Some(0), "{}", stderr(&exported));
    let card = fs::read_to_string(dir.path().join("m/README.md")).unwrap();
    for part in [
        "trained by the same recipe on a part of the data",
        "trained on all 24 utterances",
        "| tested in | t/",
    ] {
        assert!(card.contains(part), "{part}: {card}");
    }
    fs::remove_file(dir.path().join("corpora/mine/s1-angry-0.wav")).unwrap();
    own_corpus(dir.path(), "mine", 210.0, str::to_owned);
    let output = final_of(&["--condition", "copies"]);
    assert!(stderr(&output).contains("the corpus mine has changed since t/"), "{}", stderr(&output));
}

fn said_rows(table: &str) -> usize {
    table.lines().count() - 1
}

/// `just test-export` has the Python that this needs.
#[test]
#[ignore = "needs onnxruntime; run it by `just test-export`"]
fn onnxruntime_and_pytorch_say_of_an_exported_model_what_predict_says() {
    let python = std::env::var_os("SERAUG_EXPORT_PYTHON").expect("`just test-export` sets it");
    let dir = trained(&[]);
    fs::write(dir.path().join("corpora/mine/manifest.toml"), "licence = \"CC0\"\n").unwrap();
    // Beside the usual form one with everything that a network can have.
    let other = SPEC.replace(
        "classifier = {",
        "features = { mel-scale = \"htk\", window-ms = 40, hop-ms = 20 }\nclassifier = { segment-hop = 50, min-own-frames = 40, \
         network.vgg = { widths = [8, 8, 16, 16, 16], depths = [1, 1, 1, 1, 2], pooled = 3, head = 24, batch-norm = true },",
    );
    for spec in [SPEC, &other] {
        fs::write(dir.path().join("t.toml"), spec).unwrap();
        run(dir.path(), &["--new"]);
        let model = format!("model-{}", spec.len());
        let cell = cell("copies", 2);
        let output = seraug(dir.path(), &["export", cell.to_str().unwrap(), "--to", &model]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let output = seraug(dir.path(), &["predict", &model, "corpora/mine", "--out", "p.csv"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let script = seraug_test_support::common::root().join("tests/export/check.py");
        let mut check = std::process::Command::new(&python);
        // Torch brings libraries of its own.
        check
            .arg(script)
            .args([model.as_str(), "p.csv"])
            .current_dir(dir.path())
            .env_remove("LD_LIBRARY_PATH");
        let output = check.output().unwrap();
        assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
        assert!(stdout(&output).contains("onnx: 24 rows"), "{}", stdout(&output));
    }
}

#[test]
fn windows_lists_embeddings_and_what_cannot_be_read() {
    let dir = trained(&["--keep-models", "all"]);
    let predict = |args: &[&str]| seraug(dir.path(), &[&["predict"], args].concat());
    let model = cell("no-aug", 1);
    let model = model.to_str().unwrap();
    let first = fs::read_dir(dir.path().join("corpora/mine")).unwrap().flatten().map(|e| e.path());
    let mut first: Vec<PathBuf> = first.filter(|p| p.extension().is_some_and(|e| e == "wav")).collect();
    first.sort();
    let name = first[0].to_str().unwrap();
    let whole = stdout(&predict(&[model, name]));
    let seconds: f64 = whole.lines().nth(1).unwrap().split(',').nth(2).unwrap().parse().unwrap();

    let half = (seconds / 2.0).to_string();
    let windows = stdout(&predict(&[model, name, "--window", &half]));
    let bounds: Vec<&str> = windows.lines().skip(1).map(|row| row.split(',').nth(1).unwrap()).collect();
    assert_eq!(bounds, ["0.000".to_owned(), format!("{:.3}", seconds / 2.0)]);
    let list = format!("path,start,end\n{name},0,{half}\n{name},,{half}\n{name},{half},\n");
    fs::write(dir.path().join("list.csv"), list).unwrap();
    let listed = stdout(&predict(&[model, "list.csv"]));
    assert_eq!(said(&listed, 1)[0], said(&listed, 1)[1]);
    assert_eq!([0, 2].map(|i| said(&listed, 1)[i].clone()), [0, 1].map(|i| said(&windows, 1)[i].clone()));

    let output = predict(&[model, name, "list.csv", "--embeddings", "e.npy", "--out", "p.csv"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), ""), "{}", stderr(&output));
    let embedded = read_npy(&dir.path().join("e.npy")).unwrap();
    let table = fs::read_to_string(dir.path().join("p.csv")).unwrap();
    assert_eq!((embedded.frames, table.lines().count()), (4, 5));
    assert!(embedded.db.iter().any(|v| *v > 0.0) && embedded.db.iter().all(|v| *v >= 0.0), "after a ReLU");

    // One recording that cannot be read: the others are classified, and the exit code says it.
    fs::write(dir.path().join("bad.wav"), "nothing").unwrap();
    let output = predict(&[model, "bad.wav", name]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("error: bad.wav: "), "{}", stderr(&output));
    assert_eq!(said(&stdout(&output), 1), said(&whole, 1));

    for (args, error) in [
        (&["nowhere", name][..], "nowhere: "),
        (&[model, "nowhere.wav"], "nowhere.wav: no such file or folder"),
        (&[model, "results/.store/leases"], "no recording below it"),
        (&[model, "t.toml"], "t.toml"),
        (&[model, name, "--window", "0"], "expected seconds"),
        (&[model, name, "--hop", "1"], "--window"),
    ] {
        let output = predict(args);
        assert_ne!(output.status.code(), Some(0), "{args:?}");
        assert!(stderr(&output).contains(error), "{args:?}: {}", stderr(&output));
        assert_eq!(stderr(&output).matches("panicked").count(), 0);
    }
}
