//! The Slurm launcher, on a real cluster of one node: `just test-slurm` starts it and runs these, tests/slurm.sh says how.

use crate::common::{stderr, stdout};
use crate::experiment::emodb;
use crate::faults::{GRID, findings, only_run};
use seraug::launch::slurm::{Lost, Task, TaskState, WorkerCommand, follow, lost, submit, tasks};
use seraug::results::{CellId, CellRecord, PlannedCell, RunDir, Status, write_atomic, write_plan};
use seraug::spec::Slurm;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
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
    let run =
        RunDir::create(&folder.join("a b"), "x", "20260102T030405Z", "abc", |r| write_atomic(&r.spec(), b""))
            .unwrap();
    let cell = |fold| PlannedCell {
        cell: CellId { experiment: "x".into(), condition: "c".into(), fold, seed: 1 },
        corpus: "emodb".into(),
        n_train: 10,
        n_augmented: 0,
        n_test: 4,
        reduced: Vec::new(),
        key_augmentor: String::new(),
        key_classifier: "k".into(),
        trajectory_augmentor: String::new(),
        trajectory_classifier: String::new(),
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
    let state = follow(&run, &mut |_, _| looks += 1).unwrap();
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
    assert_eq!(follow(&run, &mut |_, _| ()).unwrap().counts(), [6, 0, 0]);
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

/// The command of a run of the ablation on the grid of the fault tests, with `more` after it.
fn seraug_run(folder: &Path, results: &str, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seraug"));
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/open/ablation-emodb.toml");
    command.arg("run").arg(spec).args(["--results", results]).args(GRID).args(more).current_dir(folder);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Exit code and everything that was said.
fn ended(output: &Output) -> (i32, String) {
    (output.status.code().unwrap_or(-1), stderr(output) + &stdout(output))
}

#[test]
#[ignore = "needs a cluster: just test-slurm"]
fn a_run_with_a_cancelled_job_is_completed_by_the_next_and_equals_a_local_one() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let cluster =
        |more: &[&str]| seraug_run(folder.path(), "cluster", &[&["--launcher", "slurm"], more].concat());
    let output = cluster(&["--json"]).output().unwrap();
    let (code, said) = ended(&output);
    assert_eq!(code, 0, "{said}");
    let answer: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&answer["queued"], &answer["failed"]), (&12.into(), &0.into()), "{said}");

    let run = RunDir::open(&only_run(&folder.path().join("cluster"))).unwrap();
    let waits = cluster(&["--wait"]).spawn().unwrap();
    let mut victim = None;
    wait_for("a cell runs", || {
        victim = tasks(&run).unwrap().into_iter().find(|t| t.state == TaskState::Running);
        victim.is_some()
    });
    let victim = victim.unwrap();
    slurm("scancel", &[&victim.job]);
    let (code, said) = ended(&waits.wait_with_output().unwrap());
    assert!(said.contains("nothing new to submit; 12 are with Slurm already"), "{said}");
    let lost = format!("job {} ended without a result: ", victim.job);
    assert!(code == 3 && said.contains(&lost) && said.contains("1 of 12 cells failed"), "{code}: {said}");

    let (code, said) = ended(&cluster(&["--wait"]).output().unwrap());
    assert!(code == 0 && said.contains("1 cell submitted to Slurm as job "), "{code}: {said}");
    let (code, said) = ended(&cluster(&[]).output().unwrap());
    assert!(code == 0 && said.contains("nothing to do: "), "{code}: {said}");
    let (code, said) = ended(&seraug_run(folder.path(), "local", &[]).output().unwrap());
    assert_eq!(code, 0, "{said}");
    assert_eq!(findings(&folder.path().join("cluster")), findings(&folder.path().join("local")));
}

/// The lease of a training that has made a step, if there is one: its text.
fn training(results: &Path) -> bool {
    let leases = fs::read_dir(results.join(".store/leases")).into_iter().flatten().flatten();
    let texts = leases.filter_map(|l| fs::read_to_string(l.path()).ok());
    texts.into_iter().any(|text| text.contains("\"step\":") && !text.contains("\"step\":0,"))
}

#[test]
#[ignore = "needs a cluster: just test-slurm"]
fn preempted_and_near_their_limit_cells_go_on_from_their_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let longer = [
        "--set",
        "augmentor.iterations=300",
        "--set",
        "classifier.min-steps=400",
        "--set",
        "protocol.leave-speakers-out.only=[1]",
        "--checkpoint-seconds",
        "1000",
    ];
    let flags = [&longer[..], &["--launcher", "slurm", "--wait", "--set", "slurm.partition=low"]].concat();
    let waits = seraug_run(folder.path(), "cluster", &flags).spawn().unwrap();
    let results = folder.path().join("cluster");
    wait_for("a cell trains", || training(&results));
    let run = RunDir::open(&only_run(&results)).unwrap();
    let running = || -> Vec<String> {
        let tasks = tasks(&run).unwrap();
        tasks.into_iter().filter(|t| t.state == TaskState::Running).map(|t| t.job).collect()
    };
    let said_by =
        |job: &str| fs::read_to_string(run.path().join(format!("slurm/{job}.out"))).unwrap_or_default();

    // Near the time limit Slurm sends this signal; here it does at once.
    let limited = running();
    slurm("scancel", &["--batch", "--signal=USR1", &limited[0]]);
    wait_for("it goes back into the queue", || !running().contains(&limited[0]));
    assert!(said_by(&limited[0]).contains("the time limit is near"), "{}", said_by(&limited[0]));

    wait_for("a cell trains", || training(&results) && !running().is_empty());
    let preempted = running();
    slurm("sbatch", &["--partition=high", "--exclusive", "--output=/dev/null", "--wrap=sleep 1"]);
    wait_for("the jobs give way", || !running().contains(&preempted[0]));

    let (code, said) = ended(&waits.wait_with_output().unwrap());
    let outputs: Vec<String> = [&limited[..1], &preempted].concat().iter().map(|job| said_by(job)).collect();
    assert_eq!(code, 0, "{said}\n{outputs:#?}");
    for output in &outputs {
        assert!(output.contains("restart 1") && output.contains("goes on at step"), "{outputs:#?}");
    }
    let (code, said) = ended(&seraug_run(folder.path(), "local", &longer).output().unwrap());
    assert_eq!(code, 0, "{said}");
    assert_eq!(findings(&results), findings(&folder.path().join("local")));
}
