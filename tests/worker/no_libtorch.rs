//! Where libtorch does not load, a run says so before it creates anything, and all other commands work.

use seraug_test_support::common::{stderr, stdout};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A committed run, all of whose cells are done.
fn reference() -> PathBuf {
    let folder = seraug_test_support::common::root().join("results/reference/quickstart");
    let mut runs: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| !p.is_symlink()).collect();
    runs.sort();
    runs.pop().expect("a committed run")
}

fn quickstart(command: &str) -> [String; 4] {
    let spec = seraug_test_support::common::root().join("experiments/quickstart.toml");
    [command.to_owned(), spec.display().to_string(), "--device".to_owned(), "cpu".to_owned()]
}

/// A folder with files named like libtorch that are no libraries: found first, they keep it from being loaded.
fn broken() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["libtorch_cpu.so", "libc10.so"] {
        fs::write(folder.path().join(name), "no library").unwrap();
    }
    folder
}

fn with_broken(seraug: &Path, folder: &Path, args: &[&str]) -> Output {
    let broken = broken();
    let mut command = Command::new(seraug);
    command.args(args).current_dir(folder).env("LD_LIBRARY_PATH", broken.path());
    command.output().unwrap()
}

/// Asserts exit code 1, no results and one line of error, which it returns.
fn refused(seraug: &Path, folder: &Path) -> String {
    let args = quickstart("run");
    let output = with_broken(seraug, folder, &args.each_ref().map(String::as_str));
    let said = stderr(&output);
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(!folder.join("results").exists());
    said.trim_end().to_owned()
}

#[test]
fn what_does_not_train_works() {
    let (seraug, run) = (Path::new(seraug_test_support::common::program("seraug")), reference());
    let run = run.display().to_string();
    let folder = tempfile::tempdir().unwrap();
    let out = |args: &[&str], holds: &str| {
        let output = with_broken(seraug, folder.path(), args);
        let said = stdout(&output);
        assert!(output.status.success() && said.contains(holds), "{args:?}: {said}{}", stderr(&output));
    };
    out(&["--help"], "report");
    out(&["status", &run], "20 of 20 cells done");
    out(&["report", &run, "--reports", "reports"], "index.html");
    out(&["corpus", "list"], "emodb");
    out(&["schema"], "properties");
}

#[test]
fn a_run_says_that_libtorch_does_not_load_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let worker = seraug_test_support::common::program("seraug-worker");
    let said = refused(Path::new(seraug_test_support::common::program("seraug")), folder.path());
    assert!(said.starts_with(&format!("error: {worker}: the worker does not load: ")), "{said}");
    assert!(said.contains("libtorch_cpu.so") || said.contains("libc10.so"), "{said}");
    assert!(said.ends_with("; ./bootstrap build installs libtorch and builds both programs"), "{said}");
}

#[test]
fn a_worker_that_is_missing_or_of_another_revision_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (seraug, worker) = (folder.path().join("seraug"), folder.path().join("seraug-worker"));
    fs::copy(seraug_test_support::common::program("seraug"), &seraug).unwrap();
    let named = |what: &str| format!("error: {}: {what}", worker.display());
    let said = refused(&seraug, folder.path());
    assert!(said.starts_with(&named("seraug-worker not found next to seraug; ")), "{said}");
    let other = r#"echo '{"version": "0.0.1", "revision": "0123456789"}'"#;
    fs::write(&worker, format!("#!/bin/sh\n{other}\n")).unwrap();
    fs::set_permissions(&worker, fs::Permissions::from_mode(0o755)).unwrap();
    let said = refused(&seraug, folder.path());
    assert!(said.starts_with(&named("the worker is 0.0.1 (0123456789), this program is ")), "{said}");
}

#[test]
fn doctor_has_it_as_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let output = with_broken(
        Path::new(seraug_test_support::common::program("seraug")),
        folder.path(),
        &["doctor", "--json"],
    );
    assert_eq!(output.status.code(), Some(1));
    let parts: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let part = |name: &str| parts.as_array().unwrap().iter().find(|p| p["part"] == name).unwrap().clone();
    let worker = part("worker");
    assert_eq!(worker["state"], "broken");
    assert!(worker["found"].as_str().unwrap().contains("does not load"), "{worker}");
    assert!(worker["next"].as_str().unwrap().starts_with("./bootstrap build"), "{worker}");
    assert_eq!(part("cpu")["state"], "ok");
}
