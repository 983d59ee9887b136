//! What `seraug augment` and `seraug export --training-set` say before a worker is asked.

use seraug_test_support::common::{one_line, seraug, stderr};
use std::fs;

#[test]
fn what_is_no_generator_and_what_is_no_new_folder_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let key = "0123456789abcdef0123456789abcdef";
    let entry = format!("results/.store/augmentor-{key}");
    fs::create_dir_all(dir.path().join(&entry)).unwrap();
    let made = "seconds = 1.0\nweights-sha256 = \"\"\nmade-by = \"t/aug/fold-1/seed-1\"\nmade-in = \"t/x\"\n";
    fs::write(dir.path().join(&entry).join("stage.toml"), made).unwrap();
    let sound = dir.path().join("own/augmentor");
    fs::create_dir_all(&sound).unwrap();
    fs::write(sound.join("augmentor.toml"), "format = 1\n").unwrap();
    fs::write(sound.join("spec.toml"), "").unwrap();
    fs::create_dir_all(dir.path().join("full/x")).unwrap();
    for (args, error) in [
        (&["nowhere", "x.wav", "--out", "o"][..], "nowhere: "),
        (
            &["own", "x.wav", "--out", "o"],
            "own: no trained generator; name a cell, such as results/quickstart/latest/cells/",
        ),
        (
            &[&entry, "x.wav", "--out", "o"],
            "it has no augmentor.toml, because an earlier version made it; name a cell that uses it, as t/aug/fold-1/seed-1 of the run t/x",
        ),
        (&["own/augmentor", "x.wav", "--out", "o"], "x.wav: no such file or folder"),
        (&["own/augmentor", "full", "--out", "o"], "full: no recording below it"),
    ] {
        let output = seraug(dir.path(), &[&["augment"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert!(one_line(&output).contains(error), "{args:?}: {}", stderr(&output));
        assert!(!dir.path().join("o").exists());
    }
    fs::write(dir.path().join("x.wav"), "").unwrap();
    let full = seraug(dir.path(), &["augment", "own/augmentor", "x.wav", "--out", "full"]);
    assert_eq!((full.status.code(), one_line(&full).contains("full: is there already")), (Some(2), true));
    for args in [
        &["augment", "own/augmentor", "x.wav", "--out", "o", "--copies", "0"][..],
        &["augment", "own/augmentor", "x.wav", "--out", "o", "--standardised", "--audio"],
        &["augment", "own/augmentor", "x.wav"],
        &["export", "results", "--to", "o", "--condition", "aug"],
        &["export", "results", "--to", "o", "--training-set", "0"],
        &["export", "results", "--to", "o", "--training-set", "1"],
    ] {
        let output = seraug(dir.path(), args);
        let code = if args.ends_with(&["--training-set", "1"]) { 1 } else { 2 };
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(!dir.path().join("o").exists());
    }
}
