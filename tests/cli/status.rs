//! `seraug status` of running, finished and killed runs.

use seraug_core::files::write_atomic;
use seraug_core::run_files::RunInfo;
use seraug_core::store::{LeaseProgress, Stage};
use seraug_run::status::{CellState, RunPhase, RunStatus};
use seraug_test_support::common::{seraug, stderr, stdout};
use seraug_test_support::fake_grid::{Grid, at, dead, living};
use seraug_test_support::fake_run::Fake;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const BOTH: [Stage; 2] = [Stage::Augmentor, Stage::Classifier];

fn read(grid: &Grid) -> RunStatus {
    RunStatus::read(&grid.run).unwrap()
}

/// The word for a cell's state.
fn word(status: &RunStatus, cell: &str) -> String {
    let json = status.json();
    let cells = json["cells"].as_array().unwrap();
    let found = cells.iter().find(|c| c["cell"] == format!("open/grid/{cell}/seed-1")).unwrap();
    found["state"].as_str().unwrap().to_owned()
}

/// Four folds in which every state occurs.
fn every_state(owner: impl Fn(u32) -> seraug_core::owner::Owner) -> Grid {
    let grid = Grid::new(4);
    grid.supervisor(&owner(10));
    grid.done(grid.cell("no-aug", 1), &[Stage::Classifier], [0.0, 30.0]);
    grid.done(grid.cell("aug", 1), &BOTH, [100.0, 50.0]);
    grid.done(grid.cell("var", 1), &[Stage::Classifier], [100.0, 50.0]);
    grid.failed(grid.cell("no-aug", 2), "the loss is not finite at step 7");
    let values = vec![("rep".to_owned(), 0.5), ("d_loss".to_owned(), 1.25), ("rate".to_owned(), 2e-4)];
    let progress = LeaseProgress { values, ..at(120, 400, 0.5) };
    grid.lease(&owner(11), grid.cell("aug", 2), Stage::Classifier, &LeaseProgress::default());
    grid.lease(&owner(11), grid.cell("aug", 2), Stage::Augmentor, &progress);
    let theirs = grid.cell("no-aug", 3);
    grid.lease_of(&owner(12), "open/other/1", theirs, Stage::Classifier, &at(5, 10, 1.0));
    grid.checkpoint(grid.cell("aug", 3), Stage::Augmentor, 200);
    grid.checkpoint(grid.cell("aug", 3), Stage::Augmentor, 300);
    grid
}

#[test]
fn every_state_of_a_cell_is_told_apart_while_the_run_goes_on() {
    let grid = every_state(living);
    let status = read(&grid);
    assert_eq!(status.state, RunPhase::Running);
    for (cell, expected) in [
        ("aug/fold-1", "done"),
        ("no-aug/fold-2", "failed"),
        ("aug/fold-2", "running"),
        ("var/fold-2", "waiting"),
        ("no-aug/fold-3", "running"),
        ("aug/fold-3", "interrupted"),
        ("var/fold-3", "waiting"),
        ("no-aug/fold-4", "waiting"),
    ] {
        assert_eq!(word(&status, cell), expected, "{cell}");
    }
    assert_eq!(
        status.text(),
        "open/grid/20260102T030405Z-abc: running since 2026-01-02 03:04 UTC (far pid 10)\n\
         3 of 12 cells done, 1 failed, 2 running, 1 interrupted, 5 waiting; about 11 min left\n  \
         running  aug/fold-2/seed-1     augmentor 120/400, rep 0.500, d_loss 1.250, rate 2.0e-4; far pid 11\n  \
         running  no-aug/fold-3/seed-1  classifier 5/10; far pid 12 for open/other/1\n  \
         failed   no-aug/fold-2/seed-1  2 attempts: the loss is not finite at step 7\n"
    );
    assert_eq!((status.workers, status.exit_code(), status.is_over()), (1, 0, false));
    let json = status.json();
    let cell = &json["cells"][4];
    assert_eq!(cell["cell"], "open/grid/aug/fold-2/seed-1");
    assert_eq!(
        (&cell["stage"], &cell["step"], &cell["steps"]),
        (&"augmentor".into(), &120.into(), &400.into())
    );
    assert_eq!((&cell["steps_per_second"], &cell["values"]["d_loss"]), (&2.0.into(), &1.25.into()));
    assert_eq!((&cell["worker"]["pid"], &cell["worker"]["alive"]), (&11.into(), &true.into()));
    assert_eq!(json["cells"][7]["step"], 300, "the last checkpoint");
    assert_eq!(json["counts"]["interrupted"], 1);
}

#[test]
fn killed_with_everything_that_worked_for_it_nothing_runs() {
    let grid = every_state(dead);
    let status = read(&grid);
    assert_eq!(status.state, RunPhase::Dead);
    assert!(status.cells.iter().all(|c| c.work().is_none()));
    assert_eq!(
        (word(&status, "aug/fold-2"), word(&status, "aug/fold-3")),
        ("waiting".into(), "interrupted".into())
    );
    let text = status.text();
    assert!(
        text.contains(" was killed, last seen 20") && text.contains("; run it again to resume\n"),
        "{text}"
    );
    assert!(text.contains("3 of 12 cells done, 1 failed, 1 interrupted, 7 waiting\n"), "{text}");
    assert_eq!((status.eta, status.exit_code()), (None, 3));
    // A worker that outlives its supervisor is still at work, until it notices.
    grid.lease(&living(11), grid.cell("aug", 2), Stage::Augmentor, &at(1, 400, 0.5));
    let status = read(&grid);
    assert_eq!((status.state, word(&status, "aug/fold-2").as_str()), (RunPhase::Dead, "running"));
    assert_eq!((status.exit_code(), status.is_over()), (0, false));
}

#[test]
fn a_process_is_at_one_cell_and_cells_that_need_its_stage_wait() {
    let grid = Grid::new(2);
    grid.supervisor(&living(10));
    // `var` was taken up first and trains the augmentor that `aug` needs too.
    grid.lease(&living(11), grid.cell("var", 1), Stage::Classifier, &LeaseProgress::default());
    grid.lease(&living(11), grid.cell("var", 1), Stage::Augmentor, &at(3, 9, 1.0));
    // A worker of ours waits for another run's augmentor.
    grid.lease(&living(12), grid.cell("aug", 2), Stage::Classifier, &LeaseProgress::default());
    grid.lease_of(&living(13), "open/other/1", grid.cell("var", 2), Stage::Augmentor, &at(4, 9, 1.0));
    let status = read(&grid);
    let words = ["no-aug/fold-1", "aug/fold-1", "var/fold-1", "no-aug/fold-2", "aug/fold-2", "var/fold-2"]
        .map(|cell| word(&status, cell));
    assert_eq!(words, ["waiting", "waiting", "running", "waiting", "running", "waiting"]);
    let text = status.text();
    assert!(text.contains("var/fold-1/seed-1  augmentor 3/9; far pid 11\n"), "{text}");
    assert!(text.contains("aug/fold-2/seed-1  classifier waiting for its augmentor; far pid 12\n"), "{text}");
    assert_eq!(status.workers, 2);
    // A failed cell is tried again.
    grid.failed(grid.cell("no-aug", 2), "killed");
    grid.lease(&living(14), grid.cell("no-aug", 2), Stage::Classifier, &at(1, 9, 1.0));
    assert_eq!(word(&read(&grid), "no-aug/fold-2"), "running");
}

#[test]
fn the_time_left_follows_from_what_was_measured() {
    let grid = Grid::new(3);
    grid.supervisor(&living(10));
    let seconds = |grid: &Grid| read(grid).eta.map(|l| l.as_secs_f64());
    assert_eq!(seconds(&grid), None, "nobody is at work");
    grid.lease(&living(11), grid.cell("no-aug", 1), Stage::Classifier, &at(10, 50, 1.0));
    assert_eq!(seconds(&grid), None, "augmentors were never measured");
    // What augmentors of the store took once is better than nothing; of classifiers one is going on, 50 s in all.
    grid.done(grid.cell("var", 1), &[], [900.0, 7.0]);
    assert_eq!(seconds(&grid), Some(40.0 + 2.0 * 50.0 + 2.0 * 950.0 + 3.0 * 50.0));
    // The augmentor of the store says nothing about this run's: 40 s for each classifier, 100 s for each augmentor.
    grid.done(grid.cell("aug", 1), &BOTH, [100.0, 40.0]);
    grid.done(grid.cell("var", 1), &[Stage::Classifier], [900.0, 40.0]);
    // Left: 40 s of no-aug/1; no-aug 2 and 3 of 50 s each by the speed of no-aug/1; aug 2 and 3 of 100 + 40 s, var 2
    // and 3 of 40 s, whose augmentors aug makes. One worker does them one after the other.
    assert_eq!(seconds(&grid), Some(40.0 + 2.0 * 50.0 + 2.0 * 140.0 + 2.0 * 40.0));
    // A second worker, 40 steps of a quarter second before the end of aug/2's augmentor.
    grid.lease(&living(12), grid.cell("aug", 2), Stage::Augmentor, &at(60, 100, 0.25));
    // Worker 1: no-aug/1 until 40, no-aug/2 until 90, no-aug/3 until 140, var/3 until 180. Worker 2: aug/2 until
    // 10 + 40 = 50, var/2 until 90, aug/3 until 230. Whoever is free first takes the next of the plan.
    assert_eq!(seconds(&grid), Some(230.0));
    // What the store has is not trained.
    grid.entry(Stage::Augmentor, grid.cell("aug", 3).key(Stage::Augmentor).unwrap(), "x");
    assert_eq!(seconds(&grid), Some(170.0), "aug/3 until 130, var/3 after it");
}

#[test]
fn ended_runs_say_how() {
    let grid = Grid::new(1);
    let status = read(&grid);
    assert_eq!((status.state, status.exit_code()), (RunPhase::Stopped, 0));
    assert!(
        status.text().contains(": stopped 20") && status.text().contains("0 of 3 cells done, 3 waiting\n")
    );
    grid.cells.iter().for_each(|c| grid.done(c, &[], [0.0; 2]));
    let mut info = RunInfo::load(&grid.run.info()).unwrap();
    info.finished = "2026-01-02T04:05:06Z".into();
    info.save(&grid.run.info()).unwrap();
    let status = read(&grid);
    assert_eq!((status.state, status.exit_code()), (RunPhase::Finished, 0));
    assert_eq!(
        status.text(),
        "open/grid/20260102T030405Z-abc: finished 2026-01-02 04:05 UTC\n3 of 3 cells done\n"
    );
    grid.failed(grid.cell("aug", 1), "x");
    assert_eq!(read(&grid).exit_code(), 3);
}

#[test]
fn of_a_run_on_a_cluster_the_queue_is_asked() {
    let grid = Grid::new(1);
    let job = "submitted = \"2026-01-02T03:04:05Z\"\nbase = 0\nrows = \"1-3\"\noptions = []\n";
    write_atomic(&grid.run.path().join("slurm/jobs.toml"), format!("[[job]]\nid = 812\n{job}").as_bytes())
        .unwrap();
    // A squeue of our own: it prints what the file beside it has, and fails without one.
    let bin = grid.folder().join("bin");
    write_atomic(&bin.join("squeue"), b"#!/bin/sh\nexec cat \"$(dirname \"$0\")/queue\"\n").unwrap();
    std::fs::set_permissions(bin.join("squeue"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let script = grid.run.path().canonicalize().unwrap().join("slurm/array.sh");
    let ask = |queue: &[&str], json: bool| {
        let lines: String = queue.iter().map(|q| format!("812 {q} {}\n", script.display())).collect();
        std::fs::write(bin.join("queue"), lines).unwrap();
        let mut command = Command::new(seraug_test_support::common::program("seraug"));
        command.args(["status", "open/grid"]).args(json.then_some("--json")).env("PATH", &path);
        stdout(&command.current_dir(grid.folder()).output().unwrap())
    };
    let header =
        |queue: &[&str]| ask(queue, false).lines().next().unwrap().split_once(": ").unwrap().1.to_owned();
    assert_eq!(header(&["1 PD", "2 PD"]), "submitted 2026-01-02 03:04 UTC, jobs 812: 2 queued");
    assert_eq!(header(&["1 R", "2 PD"]), "running since 2026-01-02 03:04 UTC");
    let json: serde_json::Value = serde_json::from_str(&ask(&["1 R", "2 PD"], true)).unwrap();
    assert_eq!(json["cells"][1]["job"], serde_json::json!({ "id": "812_2", "state": "queued" }));
    assert!(json["cells"][2].get("job").is_none() && json["jobs"][0] == 812, "{json}");
    assert!(
        header(&[]).starts_with("stopped 20") && header(&[]).contains(", its jobs are gone;"),
        "{}",
        header(&[])
    );
    // The command that waited for them was killed; they go on.
    grid.supervisor(&dead(10));
    assert!(header(&["1 PD"]).starts_with("submitted "), "{}", header(&["1 PD"]));
    assert!(header(&[]).starts_with("dead: "), "{}", header(&[]));
    std::fs::remove_file(bin.join("squeue")).unwrap();
    std::fs::write(bin.join("squeue"), "#!/bin/sh\nexit 1\n").unwrap();
    std::fs::set_permissions(bin.join("squeue"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    assert!(header(&[]).ends_with("jobs 812; squeue does not answer here"), "{}", header(&[]));
    grid.lease(&living(11), grid.cell("aug", 1), Stage::Augmentor, &at(1, 9, 1.0));
    assert!(header(&[]).starts_with("running since "), "a task of the cluster is at work");
}

#[test]
fn a_run_without_a_plan_is_what_its_outcomes_say() {
    let folder = tempfile::tempdir().unwrap();
    let run = Fake { failed: vec![("aug", 2, 1)], ..Fake::default() }.write(folder.path());
    let status = RunStatus::read(&run).unwrap();
    assert_eq!((status.state, status.exit_code()), (RunPhase::Finished, 3));
    let counts = status.counts();
    assert_eq!((counts.done, counts.failed, status.cells.len()), (59, 1, 60));
    assert!(status.text().contains("  failed   aug/fold-2/seed-1  loss is not finite at step 7 <of> 9\n"));
}

#[test]
fn only_the_first_lines_of_many_are_shown() {
    let grid = Grid::new(10);
    grid.cells.iter().for_each(|c| grid.failed(c, "x"));
    let text = read(&grid).text();
    assert_eq!(text.lines().filter(|l| l.starts_with("  failed ")).count(), 20);
    assert!(text.ends_with("  and 10 more failed; all with --json\n"), "{text}");
}

/// `just bench-grids` measures how long that takes.
#[test]
fn ten_thousand_cells_are_read() {
    let grid = Grid::of_ten_thousand();
    let status = read(&grid);
    assert_eq!((status.counts().done, status.counts().running), (9000, 1));
    assert!(matches!(status.cells[9000].state, CellState::Running(_)));
}

#[test]
fn the_command_takes_names_and_its_exit_code_says_whether_cells_failed() {
    let grid = every_state(dead);
    for run in ["open/grid", "results/open/grid", "results/open/grid/latest", "experiments/open/grid.toml"] {
        let output = seraug(grid.folder(), &["status", run]);
        assert_eq!(output.status.code(), Some(3), "{run}: {}", stderr(&output));
        let text = stdout(&output);
        assert!(text.starts_with("open/grid/20260102T030405Z-abc: dead: "), "{text}");
        assert!(stderr(&output).is_empty());
    }
    let output = seraug(grid.folder(), &["status", "open/grid", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&json["state"], &json["counts"]["cells"]), (&"dead".into(), &12.into()));
    assert_eq!(json["supervisor"]["alive"], false);
    assert_eq!(seraug(every_state(living).folder(), &["status", "open/grid"]).status.code(), Some(0));
    let output = seraug(grid.folder(), &["status", "quick"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).starts_with("error: quick: no run found there or below results/quick;"),
        "{}",
        stderr(&output)
    );
    std::fs::write(grid.run.cell_file(&grid.cell("aug", 1).cell, "outcome.toml"), "status = 3").unwrap();
    let output = seraug(grid.folder(), &["status", "open/grid"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains("fold-1/seed-1/outcome.toml: ") && said.ends_with("delete it and run again\n"),
        "{said}"
    );
}

#[test]
fn watch_goes_on_until_the_run_ends() {
    let grid = Grid::new(1);
    grid.supervisor(&living(10));
    let mut child = Command::new(seraug_test_support::common::program("seraug"))
        .args(["status", "open/grid", "--watch"])
        .current_dir(grid.folder())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().contains(": running since "));
    assert_eq!(lines.next().unwrap(), "0 of 3 cells done, 3 waiting");
    grid.failed(grid.cell("no-aug", 1), "x");
    assert!(lines.next().unwrap().contains(": running since "), "it differs, so it is said again");
    assert_eq!(lines.next().unwrap(), "0 of 3 cells done, 1 failed, 2 waiting");
    assert_eq!(lines.next().unwrap(), "  failed   no-aug/fold-1/seed-1  2 attempts: x");
    std::fs::remove_file(grid.run.supervisor()).unwrap();
    assert!(lines.next().unwrap().contains(": stopped 20"));
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert_eq!(lines.count(), 2);
}
