//! Runs on a machine in trouble: a full disk, a read-only folder, a worker that hangs or runs out of memory, a missing
//! device.

use seraug_test_support::ablation_grid::{GRID, findings, only_run};
use seraug_test_support::common::{seraug, stderr};
use seraug_test_support::corpora::emodb;
use seraug_test_support::requirements::MOUNTS;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A small file system, unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: PathBuf, size: &str) -> Option<Disk> {
        fs::create_dir_all(&at).unwrap();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(&at).stderr(Stdio::null());
        if command.status().is_ok_and(|s| s.success()) {
            return Some(Disk(at));
        }
        MOUNTS.skip("a small file system cannot be mounted");
        None
    }

    fn remount(&self, options: &str) {
        let status = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn arguments(results: &str) -> Vec<String> {
    let spec = seraug_test_support::common::root().join("experiments/open/ablation-emodb.toml");
    let first = ["run".to_owned(), spec.display().to_string(), "--results".into(), results.into()];
    first.into_iter().chain(GRID.map(str::to_owned)).collect()
}

fn run(folder: &Path, results: &str, more: &[&str]) -> (i32, String) {
    let arguments = arguments(results);
    let all: Vec<&str> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
    let output = seraug(folder, &all);
    (output.status.code().unwrap_or(-1), stderr(&output))
}

fn one_line(said: &str) -> &str {
    let errors: Vec<&str> = said.lines().filter(|l| l.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{said}");
    assert!(!said.contains("panicked") && !said.contains("frame #"), "{said}");
    errors[0]
}

#[test]
fn a_full_disk_stops_the_run_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let Some(disk) = Disk::mount(folder.path().join("small"), "32m") else { return };
    // The features fit on the disk, but not all cells: the disk is filled up while the first ones run.
    let taken = folder.path().join("small/taken");
    let mut child = Command::new(seraug_test_support::common::program("seraug"))
        .args(arguments("small/results"))
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ended = || walkdir::WalkDir::new(folder.path().join("small/results")).into_iter().flatten();
    let begun = Instant::now();
    while !ended().any(|e| e.file_name() == "outcome.toml") && begun.elapsed() < Duration::from_secs(90) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ =
        Command::new("dd").args(["if=/dev/zero", "bs=64k"]).arg(format!("of={}", taken.display())).output();
    let output = child.wait_with_output_of();
    let (code, said) = output;
    assert_eq!(code, 1, "{said}");
    assert!(one_line(&said).contains("No space left on device"), "{said}");
    fs::remove_file(taken).unwrap();
    disk.remount("size=64m");
    let (code, said) = run(folder.path(), "small/results", &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("resuming small/results/"), "{said}");
    assert_eq!(run(folder.path(), "quiet", &[]).0, 0);
    assert_eq!(findings(&folder.path().join("small/results")), findings(&folder.path().join("quiet")));
}

/// The exit code and the standard error of a child.
trait Ending {
    fn wait_with_output_of(&mut self) -> (i32, String);
}

impl Ending for std::process::Child {
    fn wait_with_output_of(&mut self) -> (i32, String) {
        let mut said = String::new();
        std::io::Read::read_to_string(&mut self.stderr.take().unwrap(), &mut said).unwrap();
        (self.wait().unwrap().code().unwrap_or(-1), said)
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let Some(disk) = Disk::mount(folder.path().join("fixed"), "8m") else { return };
    disk.remount("ro");
    let (code, said) = run(folder.path(), "fixed/results", &[]);
    assert_eq!(code, 1, "{said}");
    let error = one_line(&said);
    assert!(error.contains("fixed/results") && error.contains("Read-only file system"), "{error}");
}

#[test]
fn a_worker_that_hangs_is_ended_and_its_cell_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let mut child = Command::new(seraug_test_support::common::program("seraug"))
        .args(arguments("results"))
        .args(["--stall-seconds", "4"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let leases = folder.path().join("results/.store/leases");
    let begun = Instant::now();
    let holder = || {
        let lease = fs::read_dir(&leases)
            .ok()?
            .flatten()
            .find(|e| e.path().extension().is_some_and(|x| x == "json"))?;
        let text = fs::read_to_string(lease.path()).ok()?;
        let first: serde_json::Value = serde_json::from_str(text.lines().next()?).ok()?;
        first[0]["pid"].as_u64()
    };
    let pid = loop {
        if let Some(pid) = holder() {
            break pid;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "nobody trains");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(Command::new("kill").args(["-STOP", &pid.to_string()]).status().unwrap().success());
    let (code, said) = child.wait_with_output_of();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("it reported nothing for 4 s; retrying once"), "{said}");
}

#[test]
fn a_batch_that_does_not_fit_is_told_what_to_change() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let replaced = ["augmentor.batch=", "protocol."];
    let mut args: Vec<String> = Vec::new();
    for pair in arguments("results").chunks(2) {
        if !replaced.iter().any(|r| pair[1].starts_with(r)) {
            args.extend_from_slice(pair);
        }
    }
    args.extend(
        ["--set", "protocol.leave-speakers-out.only=[1]", "--set", "augmentor.batch=20000"]
            .map(str::to_owned),
    );
    // A limit on the address space of each process simulates a machine with too little memory.
    let output = Command::new("sh")
        .args([
            "-c",
            "ulimit -v 3000000 && exec \"$0\" \"$@\"",
            seraug_test_support::common::program("seraug"),
        ])
        .args(&args)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("no-aug/fold-1/seed-1: UAR"), "the others are done: {said}");
    let run = only_run(&folder.path().join("results"));
    let outcome = fs::read_to_string(run.join("cells/aug/fold-1/seed-1/outcome.toml")).unwrap();
    assert!(outcome.contains("--set augmentor.batch=10000") && outcome.contains("attempts = 2"), "{outcome}");
}

#[test]
fn a_device_that_is_not_there_is_said_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let arguments: Vec<String> =
        arguments("results").into_iter().map(|a| if a == "cpu" { "cuda:99".into() } else { a }).collect();
    let output = seraug(folder.path(), &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(matches!(output.status.code(), Some(1 | 2)));
    assert!(one_line(&stderr(&output)).starts_with("error: --device cuda:99: "));
    assert!(!folder.path().join("results").exists());
}
