//! Arguments and paths in all forms, in runs that train.

use seraug_test_support::common::{one_line, seraug, stderr};
use seraug_test_support::corpora::mine;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::Command;

fn bytes(text: &[u8]) -> OsString {
    OsString::from_vec(text.to_vec())
}

#[test]
fn arguments_and_paths_that_are_not_utf8_are_used_or_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    mine(folder.path());
    let odd = |name: &str| bytes(&[name.as_bytes(), b"\xff"].concat());
    fs::rename(folder.path().join("corpora"), folder.path().join(odd("corpora"))).unwrap();
    let args = |words: &[&str], more: &[OsString]| -> Vec<OsString> {
        words.iter().map(OsString::from).chain(more.iter().cloned()).collect()
    };
    let places = [OsString::from("--corpora"), odd("corpora"), "--results".into(), odd("r")];
    for words in [&["plan", "mini.toml"][..], &["plan", "mini.toml", "--json"]] {
        let output = seraug(folder.path(), &args(words, &places));
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    let quick = ["classifier.min-steps=2", "classifier.epochs=1", "augmentor.iterations=2"];
    let mut words = vec!["run", "mini.toml", "--json", "--report", "--quiet", "--device", "cpu"];
    quick.iter().for_each(|set| words.extend(["--set", set]));
    let output =
        seraug(folder.path(), &args(&words, &[&places[..], &["--reports".into(), odd("p")]].concat()));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap();
    assert!(
        folder.path().join(odd("r")).join("mini/latest/run.toml").is_file(),
        "what is only used is as it was"
    );
    let latest = folder.path().join(odd("r")).join("mini/latest").into_os_string();
    let results = [OsString::from("--results"), odd("r")];
    for command in [
        args(&["report", "--json"], &[latest.clone(), "--reports".into(), odd("p")]),
        args(&["status", "--json"], std::slice::from_ref(&latest)),
        args(&["compare", "--json"], &[latest.clone(), latest.clone(), "--out".into(), odd("c")]),
        args(&["store", "list", "--json"], &results),
        args(&["store", "verify", "--json"], &results),
        args(&["store", "prune", "--json", "--caches"], &results),
        args(&["corpus", "check", "mine", "--json"], &places[..2]),
        args(&["corpus", "list", "--json"], &places[..2]),
        args(&["corpus", "import", "mine", "--json"], &places[..2]),
        args(&["corpus", "import", "mine", "--out"], &[&[odd("i")][..], &places[..2]].concat()),
    ] {
        let output = seraug(folder.path(), &command);
        assert_eq!(output.status.code(), Some(0), "{command:?}: {}", stderr(&output));
        if command.contains(&"--json".into()) {
            serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON");
        }
    }
    // A name that would be written into files is refused.
    fs::copy(folder.path().join("mini.toml"), folder.path().join(bytes(b"m\xff.toml"))).unwrap();
    for command in ["plan", "run"] {
        let output =
            seraug(folder.path(), &[&[OsString::from(command), bytes(b"m\xff.toml")][..], &places].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(one_line(&output).contains("not UTF-8"), "{}", stderr(&output));
    }
    // A `--set` must be UTF-8, a device a known word, and a run must exist.
    for (command, code) in [
        (args(&["plan", "mini.toml", "--set"], &[bytes(b"title=\xff")]), 2),
        (args(&["plan", "mini.toml", "--device"], &[bytes(b"\xff")]), 2),
        (args(&["report"], &[bytes(b"\xff")]), 1),
        (args(&["status"], &[bytes(b"\xff")]), 1),
        (args(&["corpus", "check"], &[bytes(b"\xff")]), 2),
        (args(&["features", "--out", "o"], &[bytes(b"\xff.wav")]), 1),
    ] {
        let output = seraug(folder.path(), &command);
        assert_eq!(output.status.code(), Some(code), "{command:?}: {}", stderr(&output));
        assert!(!stderr(&output).contains("a fault of seraug"), "{}", stderr(&output));
    }
    assert_eq!(Path::new(&odd("r")).as_os_str().as_bytes(), b"r\xff");
}

#[test]
fn a_line_end_in_a_path_never_reaches_the_script_of_slurm() {
    let folder = tempfile::tempdir().unwrap();
    mine(folder.path());
    let bin = folder.path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    for (program, script) in
        [("sbatch", "echo 42"), ("squeue", "exit 0"), ("scontrol", "echo 'MaxArraySize = 1001'")]
    {
        let path = bin.join(program);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let search = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let evil = "e\ntouch pwned\n";
    fs::create_dir_all(folder.path().join(evil)).unwrap();
    fs::rename(folder.path().join("corpora"), folder.path().join(evil).join("corpora")).unwrap();
    let corpora = format!("{evil}/corpora");
    for more in [&["--results", evil, "--corpora", &corpora][..], &["--corpora", &corpora]] {
        let mut command = Command::new(seraug_test_support::common::program("seraug"));
        command.args(["run", "mini.toml", "--launcher", "slurm"]).args(more);
        let output = command.current_dir(folder.path()).env("PATH", &search).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(one_line(&output).contains("cannot be written into array.sh"), "{}", stderr(&output));
    }
    let scripts = walkdir::WalkDir::new(folder.path()).into_iter().flatten();
    assert_eq!(scripts.filter(|e| e.file_name() == "array.sh").count(), 0);
}

#[test]
fn a_worker_that_was_ended_for_stalling_is_not_said_to_have_died_for_want_of_memory() {
    let folder = tempfile::tempdir().unwrap();
    mine(folder.path());
    let args = ["run", "mini.toml", "--device", "cpu", "--stall-seconds", "0.001", "--quiet"];
    let output = seraug(folder.path(), &args);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let outcomes = fs::read_to_string(folder.path().join("results/mini/latest/outcomes.csv")).unwrap();
    assert!(!outcomes.contains("memory"), "{outcomes}");
    assert!(outcomes.contains("it reported nothing for 0.001 s"), "{outcomes}");
}
