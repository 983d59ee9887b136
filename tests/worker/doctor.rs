//! `seraug doctor`, for a person and as JSON.

use std::process::{Command, Output};

fn doctor(args: &[&str]) -> Output {
    let corpora = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(seraug_test_support::common::program("seraug"));
    // Nothing but the program: libtorch is found without LIBTORCH and LD_LIBRARY_PATH, espeak-ng is not on PATH.
    command
        .env_clear()
        .env("PATH", corpora.path())
        .arg("doctor")
        .args(args)
        .arg("--corpora")
        .arg(corpora.path());
    command.output().expect("the program starts")
}

#[test]
fn a_bare_machine_is_no_failure() {
    let out = doctor(&[]);
    let text = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&out.stderr));
    assert!(out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    for start in [
        "ok      seraug ",
        "ok      worker ",
        "ok      libtorch ",
        "ok      cpu ",
        "-       espeak-ng ",
        "-       emodb ",
    ] {
        assert!(text.lines().any(|line| line.starts_with(start)), "no line '{start}' in\n{text}");
    }
}

#[test]
fn its_json_has_a_next_step_for_each_missing_corpus() {
    let out = doctor(&["--json"]);
    let parts: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    let parts = parts.as_array().expect("a list");
    let emodb = parts.iter().find(|p| p["part"] == "emodb").expect("emodb");
    assert_eq!(emodb["state"], "missing");
    assert!(emodb["next"].as_str().is_some_and(|next| next.contains("http")), "{emodb}");
    assert!(parts.iter().any(|p| p["part"] == "libtorch" && p["state"] == "ok"));
}
