//! The Slurm launcher, on a real cluster of one node: `just test-slurm` starts it and runs these, tests/slurm.sh says how.

use seraug::launch::slurm::{Lost, Task, TaskState, WorkerCommand, follow, lost, submit, tasks};
use seraug::results::{CellId, CellRecord, PlannedCell, RunDir, Status, write_plan};
use seraug::spec::Slurm;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A stand-in for the worker: notes its row, waits at row 2 until it is told not to, leaves an outcome.
const STAND_IN: &str = r#"#!/bin/sh
[ "$1 $3" = "worker --cell" ] || exit 2
run=$2 row=$4
echo "$row" >>"$run/seen"
if [ "$row" = 2 ] && [ ! -e "$run/again" ]; then
    echo "working on it"
    sleep 60
fi
sleep 1
mkdir -p "$run/cells/c/fold-$row/seed-1"
cp "$5" "$run/cells/c/fold-$row/seed-1/outcome.toml"
"#;

/// Waits until `holds`, at most half a minute.
fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn slurm(program: &str, args: &[&str]) {
    let status = Command::new(program).args(args).status().unwrap();
    assert!(status.success(), "{program} {args:?}");
}

/// A run of six cells of one condition with nothing done, and its worker.
fn run_of_six(folder: &Path) -> (RunDir, WorkerCommand) {
    let run = RunDir::create(&folder.join("a b"), "x", "20260102T030405Z", "abc").unwrap();
    let cell = |fold| PlannedCell {
        cell: CellId { experiment: "x".into(), condition: "c".into(), fold, seed: 1 },
        corpus: "emodb".into(),
        n_train: 10,
        n_augmented: 0,
        n_test: 4,
        reduced: Vec::new(),
        key_augmentor: String::new(),
        key_classifier: "k".into(),
    };
    write_plan(&run.plan(), &(1..=6).map(cell).collect::<Vec<_>>()).unwrap();
    let outcome = folder.join("it's an outcome.toml");
    let record = CellRecord {
        status: Status::Done,
        key_classifier: "k".into(),
        confusion: vec![vec![1]],
        ..CellRecord::default()
    };
    record.save(&outcome).unwrap();
    let exe = folder.join("worker.sh");
    fs::write(&exe, STAND_IN).unwrap();
    fs::set_permissions(&exe, fs::Permissions::from_mode(0o755)).unwrap();
    (run, WorkerCommand { exe, args: vec![outcome.into()], env: Vec::new() })
}

#[test]
#[ignore = "needs a cluster: just test-slurm"]
fn every_row_has_one_job_until_it_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let (run, worker) = run_of_six(dir.path());
    let options = Slurm { partition: "low".into(), array_limit: 2, ..Slurm::default() };
    let rows: Vec<usize> = (1..=6).collect();
    let seen = || {
        let text = fs::read_to_string(run.path().join("seen")).unwrap_or_default();
        let mut seen: Vec<usize> = text.lines().map(|l| l.parse().unwrap()).collect();
        seen.sort_unstable();
        seen
    };

    let first = submit(&run, &rows, &options, &worker).unwrap();
    assert_eq!((first.jobs.len(), &first.rows, first.already.len()), (2, &rows, 0), "four tasks to an array");
    assert_eq!((first.jobs[0].rows.as_str(), first.jobs[1].rows.as_str()), ("1-4", "5-6"));
    let again = submit(&run, &rows, &options, &worker).unwrap();
    assert_eq!((again.jobs.len(), again.already), (0, rows.clone()), "all of them are in the queue");
    wait_for("row 2 runs", || seen().contains(&2));
    let held = tasks(&run).unwrap();
    let second = format!("{}_2", first.jobs[0].id);
    assert!(held.contains(&Task { row: 2, job: second.clone(), state: TaskState::Running }), "{held:?}");
    let last = Task { row: 6, job: format!("{}_2", first.jobs[1].id), state: TaskState::Queued };
    assert!(held.contains(&last), "the second array waits for the first: {held:?}");

    slurm("scancel", &[&second]);
    let mut looks = 0;
    let state = follow(&run, &mut |_, _| {
        looks += 1;
        true
    })
    .unwrap();
    assert!(looks > 1);
    assert_eq!(state.counts(), [5, 0, 1]);
    assert_eq!(seen(), rows);
    let gone = lost(&run).unwrap();
    let [Lost { cell, job, reason }] = &gone[..] else { panic!("{gone:?}") };
    assert_eq!((cell.fold, job), (2, &second));
    assert!(reason.contains("CANCELLED"), "{reason}");

    fs::write(run.path().join("again"), "").unwrap();
    let third = submit(&run, &[2], &options, &worker).unwrap();
    assert_eq!(third.rows, [2]);
    assert_eq!(follow(&run, &mut |_, _| true).unwrap().counts(), [6, 0, 0]);
    assert_eq!(lost(&run).unwrap(), []);
    let jobs = fs::read_to_string(run.path().join("slurm/jobs.toml")).unwrap();
    assert_eq!(jobs.matches("--partition=low").count(), 3, "{jobs}");
}

#[test]
#[ignore = "needs a cluster: just test-slurm"]
fn what_sbatch_refuses_is_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let (run, worker) = run_of_six(dir.path());
    let options = Slurm { partition: "nowhere".into(), ..Slurm::default() };
    let refused = submit(&run, &[1], &options, &worker).unwrap_err().to_string();
    assert!(
        refused.starts_with("sbatch: invalid partition specified: nowhere; ") && refused.contains("[slurm]"),
        "{refused}"
    );
    assert_eq!(tasks(&run).unwrap(), []);
}
