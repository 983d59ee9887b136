//! The Slurm launcher on a real one-node cluster, which `just test-slurm` starts by tests/slurm.sh.

use seraug_core::files::write_atomic;
use seraug_core::run_files::{CellId, CellRecord, OutcomeStatus, PlannedCell, RunDir, read_plan, write_plan};
use seraug_core::spec::Slurm;
use seraug_core::store::{Key, Stage, Store};
use seraug_run::slurm::{ArrayTask, FailedJob, TaskState, WorkerCommand, failed_jobs, follow, submit, tasks};
use seraug_test_support::ablation_grid::{GRID, findings, only_run};
use seraug_test_support::common::{stderr, stdout};
use seraug_test_support::corpora::emodb;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A stand-in for the worker: it records its row, blocks at row 2 until the file `again` exists, and writes an outcome.
const STAND_IN: &str = r#"#!/bin/sh
[ "$1 $3" = "work --cell" ] || exit 2
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

/// Waits until `holds` is true, at most two minutes.
fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(120), "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn slurm(program: &str, args: &[&str]) {
    let status = Command::new(program).args(args).status().unwrap();
    assert!(status.success(), "{program} {args:?}");
}

/// A run of six cells, none of them done, and the command of its worker.
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
        key_autoencoder: None,
        key_augmentor: None,
        key_classifier: Key::of("classifier", 1, &"k"),
        trajectory_autoencoder: None,
        trajectory_augmentor: None,
        trajectory_classifier: None,
        key_judge: None,
        trajectory_judge: None,
    };
    write_plan(&run.plan(), &(1..=6).map(cell).collect::<Vec<_>>()).unwrap();
    let outcome = folder.join("it's an outcome.toml");
    let record = CellRecord {
        status: OutcomeStatus::Done,
        key_classifier: Some(Key::of("classifier", 1, &"k")),
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
    assert!(held.contains(&ArrayTask { row: 2, job: second.clone(), state: TaskState::Running }), "{held:?}");
    let last = ArrayTask { row: 6, job: format!("{}_2", first.jobs[1].id), state: TaskState::Queued };
    assert!(held.contains(&last), "the second array waits for the first: {held:?}");

    slurm("scancel", &[&second]);
    let mut looks = 0;
    let state = follow(&run, &mut |_, _| looks += 1).unwrap();
    assert!(looks > 1);
    assert_eq!(state.counts(), [5, 0, 1]);
    assert_eq!(seen(), rows);
    let gone = failed_jobs(&run).unwrap();
    let [FailedJob { cell, job, reason }] = &gone[..] else { panic!("{gone:?}") };
    assert_eq!((cell.fold, job), (2, &second));
    assert!(reason.contains("CANCELLED"), "{reason}");

    fs::write(run.path().join("again"), "").unwrap();
    let third = submit(&run, &[2], &options, &worker).unwrap();
    assert_eq!(third.rows, [2]);
    assert_eq!(follow(&run, &mut |_, _| ()).unwrap().counts(), [6, 0, 0]);
    assert_eq!(failed_jobs(&run).unwrap(), []);
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

/// The command that runs one fold, seven cells, of [`GRID`], with the flags `more`.
fn seraug_run(folder: &Path, results: &str, more: &[&str]) -> Command {
    let mut command = Command::new(seraug_test_support::common::program("seraug"));
    let spec = seraug_test_support::common::root().join("experiments/open/ablation-emodb.toml");
    command.arg("run").arg(spec).args(["--results", results]).args(GRID);
    command.args(["--set", "protocol.leave-speakers-out.only=[1]"]).args(more).current_dir(folder);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Exit code and all output.
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
    assert_eq!((&answer["queued"], &answer["failed"]), (&7.into(), &0.into()), "{said}");

    let run = RunDir::open(&only_run(&folder.path().join("cluster"))).unwrap();
    let mut waits = cluster(&["--wait"]).spawn().unwrap();
    let mut errors = BufReader::new(waits.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("already") {
        assert!(errors.read_line(&mut said).unwrap() > 0, "{said}");
    }
    assert!(said.contains("nothing new to submit; ") && said.contains(" already in Slurm's queue"), "{said}");
    // One that has just begun, lest it is done before the signal comes.
    let (mut before, mut victim) = (tasks(&run).unwrap(), None);
    wait_for("another cell begins", || {
        let now = tasks(&run).unwrap();
        let waited =
            |t: &&ArrayTask| before.contains(&ArrayTask { state: TaskState::Queued, ..(*t).clone() });
        victim = now.iter().find(|t| t.state == TaskState::Running && waited(t)).cloned();
        before = now;
        victim.is_some()
    });
    let victim = victim.unwrap();
    slurm("scancel", &[&victim.job]);
    errors.read_to_string(&mut said).unwrap();
    let code = waits.wait().unwrap().code().unwrap_or(-1);
    let lost = format!("job {} ended without a result: ", victim.job);
    assert!(code == 3 && said.contains(&lost) && said.contains("1 cell is not finished"), "{code}: {said}");

    let (code, said) = ended(&cluster(&["--wait"]).output().unwrap());
    assert!(code == 0 && said.contains("1 cell submitted to Slurm as job "), "{code}: {said}");
    let (code, said) = ended(&cluster(&[]).output().unwrap());
    assert!(code == 0 && said.contains("nothing to do: "), "{code}: {said}");
    let (code, said) = ended(&seraug_run(folder.path(), "local", &[]).output().unwrap());
    assert_eq!(code, 0, "{said}");
    assert_eq!(findings(&folder.path().join("cluster")), findings(&folder.path().join("local")));
}

/// A job that trains an augmentor and is in the first half of it.
fn at_work(run: &RunDir, store: &Store) -> Option<String> {
    let cells = read_plan(&run.plan()).unwrap();
    let running = tasks(run).unwrap().into_iter().filter(|t| t.state == TaskState::Running);
    let trains = |task: &ArrayTask| {
        let planned = &cells[task.row - 1];
        let holder = store.holder(Stage::Augmentor, planned.key(Stage::Augmentor)?)?;
        let progress = &holder.progress;
        // Before the first step too: a stop takes effect after one.
        let early = progress.step * 2 <= progress.steps;
        (early && holder.task.cell == planned.cell.to_string()).then_some(())
    };
    running.into_iter().find(|task| trains(task).is_some()).map(|task| task.job)
}

#[test]
#[ignore = "needs a cluster: just test-slurm"]
fn preempted_and_near_their_limit_cells_go_on_from_their_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let longer = ["--set", "augmentor.iterations=1600", "--checkpoint-seconds", "1000"];
    let flags = [&longer[..], &["--launcher", "slurm", "--wait", "--set", "slurm.partition=low"]].concat();
    let waits = seraug_run(folder.path(), "cluster", &flags).spawn().unwrap();
    let results = folder.path().join("cluster");
    wait_for("the run is there", || results.join("open/ablation-emodb/latest").exists());
    let (run, store) = (RunDir::open(&only_run(&results)).unwrap(), Store::of(&results));
    let running =
        |job: &str| tasks(&run).unwrap().iter().any(|t| t.job == job && t.state == TaskState::Running);
    let said_by =
        |job: &str| fs::read_to_string(run.path().join(format!("slurm/{job}.out"))).unwrap_or_default();
    let next = || {
        let mut job = None;
        wait_for("an augmentor is trained", || {
            job = at_work(&run, &store);
            job.is_some()
        });
        job.unwrap()
    };

    // Slurm sends this signal near the time limit; the test sends it at once.
    let limited = next();
    slurm("scancel", &["--batch", "--signal=USR1", &limited]);
    wait_for("it goes back into the queue", || !running(&limited));
    assert!(said_by(&limited).contains("the time limit is near"), "{}", said_by(&limited));
    let preempted = next();
    slurm("sbatch", &["--partition=high", "--exclusive", "--output=/dev/null", "--wrap=sleep 1"]);
    wait_for("it gives way", || !running(&preempted));

    let (code, said) = ended(&waits.wait_with_output().unwrap());
    let outputs: Vec<String> = [&limited, &preempted].map(|job| said_by(job)).to_vec();
    assert_eq!(code, 0, "{said}\n{outputs:#?}");
    for output in &outputs {
        assert!(output.contains("restart 1") && output.contains("resumes at step"), "{outputs:#?}");
    }
    let (code, said) = ended(&seraug_run(folder.path(), "local", &longer).output().unwrap());
    assert_eq!(code, 0, "{said}");
    assert_eq!(findings(&results), findings(&folder.path().join("local")));
}
