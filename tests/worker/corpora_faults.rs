//! Corpora with recordings that cannot be used, in runs.

use crate::fixtures::FIRST_FOLD;
use seraug_test_support::common::{in_root, seraug, stderr, stdout, write_wav};
use seraug_test_support::corpora::emodb;
use std::fs;

const LFS: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:c6f94b25\nsize 72862\n";

#[test]
fn a_corpus_of_pointers_is_wrong_and_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    for i in 0..30 {
        let path = dir.path().join(format!("cremad/AudioWAV/{}_DFA_ANG_XX.wav", 1001 + i));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, LFS).unwrap();
    }
    let output = seraug(dir.path(), &["corpus", "check", "cremad", "--corpora", "."]);
    let text = stdout(&output);
    assert!(text.starts_with("wrong: 30 problems; 0 of 7441 utterances"), "{text}");
    assert!(text.contains("git lfs pull") && text.contains("and 10 more problems"), "{text}");
    let spec = &in_root("experiments/open/table2-cremad.toml");
    let output = seraug(dir.path(), &["run", spec, "--corpora", ".", "--device", "cpu"]);
    let said = stderr(&output);
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains("and 10 more: a git-lfs pointer") && said.contains("git lfs pull"), "{said}");
}

#[test]
fn recordings_without_sound_are_all_named_and_left_out_where_that_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let wav = emodb(dir.path());
    let silent = ["03a01Na.wav", "08a01Na.wav", "09a01Na.wav"];
    silent.iter().for_each(|name| write_wav(&wav.join(name), &[vec![0.0; 3200]], 16_000, Some(16)));
    let spec = &in_root("experiments/open/table2-emodb.toml");
    let run = |more: &[&str]| {
        let args: Vec<&str> =
            ["run", spec].into_iter().chain(FIRST_FOLD).chain(more.iter().copied()).collect();
        let output = seraug(dir.path(), &args);
        let answer: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap_or_default();
        let at = answer["run"].as_str().map(|r| dir.path().join(r)).unwrap_or_default();
        (output.status.code().unwrap(), at, stderr(&output))
    };
    let (code, _, said) = run(&[]);
    assert_eq!((code, said.trim_end().lines().count()), (1, 1), "{said}");
    assert!(silent.iter().all(|name| said.contains(name)) && said.contains("--partial"), "{said}");

    let (code, at, said) = run(&["--partial"]);
    assert_eq!(code, 0, "{said}");
    let info = fs::read_to_string(at.join("run.toml")).unwrap();
    assert!(info.contains("unusable recordings left out: "), "{info}");
    assert!(silent.iter().all(|name| info.contains(name)), "{info}");
    assert!(info.contains("utterances = 532"), "{info}");
    let splits = fs::read_to_string(at.join("split.csv")).unwrap();
    assert!(!splits.contains("03a01Na") && splits.contains("03a02Na"));

    // The plan is that of the run, and the run is found again.
    let args: Vec<&str> = ["plan", spec, "--partial"].into_iter().chain(FIRST_FOLD).collect();
    let output = seraug(dir.path(), &args);
    let cells: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert!(cells.as_array().unwrap().iter().all(|c| c["state"] == "done"), "{cells}");
    assert_eq!(run(&["--partial"]).1, at);
}
