//! `seraug store`: what it lists, what it reports as broken, and what it must not remove.

use seraug_core::files::write_atomic;
use seraug_core::store::{Key, Stage};
use seraug_test_support::common::{seraug, stderr, stdout};
use seraug_test_support::fake_grid::{Grid, at, dead, living};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

fn json(grid: &Grid, args: &[&str]) -> Value {
    let output = seraug(grid.folder(), &[&["store", "--json", "--quiet"], args].concat());
    serde_json::from_str(&stdout(&output)).unwrap_or_else(|e| panic!("{e}: {}", stderr(&output)))
}

/// The folders that `prune` with `args` calls unneeded, by name, with the reasons.
fn unneeded(grid: &Grid, args: &[&str]) -> Vec<(String, String)> {
    let answer = json(grid, &[&["prune"], args].concat());
    let item = |r: &Value| {
        let path = Path::new(r["path"].as_str().unwrap());
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, r["reason"].as_str().unwrap().to_owned())
    };
    let mut items: Vec<_> = answer["unneeded"].as_array().unwrap().iter().map(item).collect();
    items.sort();
    items
}

fn age(path: &Path, days: u64) {
    let then = SystemTime::now() - Duration::from_secs(days * 24 * 3600 + 60);
    for entry in walkdir::WalkDir::new(path).into_iter().flatten() {
        fs::File::open(entry.path()).unwrap().set_modified(then).unwrap();
    }
}

/// A grid with two cells done, one stage that no run names, one cache, and what a killed process left.
fn store() -> (Grid, PathBuf, PathBuf) {
    let grid = Grid::new(2);
    grid.done(grid.cell("no-aug", 1), &[], [0.0; 2]);
    grid.done(grid.cell("aug", 1), &[], [0.0; 2]);
    let stranger =
        grid.entry(Stage::Augmentor, &Key::of("augmentor", 1, &"of a deleted run"), "x/aug/fold-1/seed-1");
    write_atomic(&grid.store().root().join("features-0123/a.npy"), &[0; 300]).unwrap();
    let left = grid.store().root().join(format!(".tmp-{}-Ab1", dead(7).tag()));
    fs::create_dir(&left).unwrap();
    fs::write(left.join("half"), "x").unwrap();
    (grid, stranger, left)
}

#[test]
fn the_list_says_what_is_there_and_who_needs_it() {
    let (grid, ..) = store();
    grid.checkpoint(grid.cell("aug", 2), Stage::Augmentor, 100);
    grid.checkpoint(grid.cell("aug", 2), Stage::Augmentor, 200);
    fs::write(grid.store().root().join("notes.txt"), "mine").unwrap();
    let output = seraug(grid.folder(), &["store", "list"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    let line =
        |part: &str| text.lines().find(|l| l.contains(part)).unwrap_or_else(|| panic!("{part}: {text}"));
    let aug = grid.cell("aug", 1);
    assert!(
        line(aug.key_augmentor.as_ref().unwrap().as_str())
            .ends_with("1 run, made for open/grid/aug/fold-1/seed-1"),
        "{text}"
    );
    assert!(line("no run").contains("  augmentor  "), "{text}");
    assert!(line("checkpoint  augmentor-").ends_with("at 100, 200"), "{text}");
    assert!(line("cache       features-0123").contains("300 B"), "{text}");
    assert!(line("not ours").ends_with("notes.txt"), "{text}");
    let last = text.lines().last().unwrap();
    assert!(
        last.starts_with("results/.store: 4 stages (") && last.contains("2 checkpoints, 1 cache; "),
        "{text}"
    );
    let answer = json(&grid, &["list"]);
    let stages = answer["stages"].as_array().unwrap();
    let stage = stages.iter().find(|s| s["key"] == aug.key_classifier.as_str()).unwrap();
    assert_eq!((&stage["made_in"], &stage["runs"]), (&grid.name.as_str().into(), &1.into()));
    assert_eq!(stage["seconds"], 1.5);
}

#[test]
fn verify_names_what_is_broken_and_the_next_step() {
    let (grid, ..) = store();
    let check = || seraug(grid.folder(), &["store", "verify"]);
    let output = check();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output), "4 stages and 0 checkpoints are intact\n");
    let cell = grid.cell("aug", 1);
    let dir = grid.store().dir(Stage::Classifier, cell.key(Stage::Classifier).unwrap());
    fs::write(dir.join("weights.safetensors"), [8; 1000]).unwrap();
    let checkpoints = grid.checkpoint(grid.cell("aug", 2), Stage::Augmentor, 100);
    fs::remove_file(checkpoints.join("000000100/state")).unwrap();
    let output = check();
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with(&format!("results/.store/classifier-{}: ", cell.key_classifier)), "{text}");
    assert!(lines[0].ends_with(
        "weights.safetensors was changed since it was written; it is trained again when a run needs it; `seraug store \
         prune --yes` removes it"
    ));
    assert!(
        lines[1].contains("000000100: state: ") && lines[1].contains("the one before it is used"),
        "{text}"
    );
    assert_eq!(lines[2], "2 of 4 stages and 1 checkpoint broken");
    assert_eq!(json(&grid, &["verify"])["broken"].as_array().unwrap().len(), 2);
}

#[test]
fn prune_removes_what_nothing_needs_and_only_when_told_to() {
    let (grid, stranger, left) = store();
    let output = seraug(grid.folder(), &["store", "prune"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(
        text.contains("no run refers to it\n") && text.contains("left by a process that was killed\n"),
        "{text}"
    );
    assert!(text.lines().last().unwrap().starts_with("2 items, 1."), "{text}");
    assert!(text.ends_with("; --yes removes them\n"), "{text}");
    assert!(stranger.is_dir() && left.is_dir(), "nothing is removed without --yes");
    let output = seraug(grid.folder(), &["store", "prune", "--yes"]);
    assert!(stdout(&output).contains("removed 2 items, 1."), "{}", stdout(&output));
    assert!(!stranger.exists() && !left.exists());
    let [done, augmented] = [grid.cell("no-aug", 1), grid.cell("aug", 1)];
    for (cell, stage) in
        [(done, Stage::Classifier), (augmented, Stage::Classifier), (augmented, Stage::Augmentor)]
    {
        assert!(grid.store().find(stage, cell.key(stage).unwrap()).is_some());
    }
    assert!(grid.store().root().join("features-0123/a.npy").is_file(), "caches stay without --caches");
    let mut names: Vec<_> =
        fs::read_dir(grid.store().root()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.retain(|n| n.to_string_lossy().starts_with('.'));
    assert!(names.is_empty(), "removing leaves nothing behind: {names:?}");
    let output = seraug(grid.folder(), &["store", "prune", "--yes"]);
    assert!(stdout(&output).starts_with("nothing to remove: all of the "), "{}", stdout(&output));
    let kept = seraug(grid.folder(), &["store", "prune", "--yes", "--caches"]);
    assert!(stdout(&kept).contains("a cache\n"), "{}", stdout(&kept));
    assert!(!grid.store().root().join("features-0123").exists());
}

#[test]
fn a_broken_stage_goes_also_where_a_run_names_it() {
    let (grid, ..) = store();
    let key = grid.cell("aug", 1).key(Stage::Classifier).unwrap();
    let dir = grid.store().dir(Stage::Classifier, key);
    fs::remove_file(dir.join("seal.toml")).unwrap();
    let found = unneeded(&grid, &["--yes"]);
    let reason = "broken: has no seal.toml: it was not finished".to_owned();
    assert!(found.contains(&(format!("classifier-{key}"), reason)), "{found:?}");
    assert!(!dir.exists());
}

#[test]
fn checkpoints_stay_as_long_as_a_stage_can_use_them() {
    let (grid, stranger, left) = store();
    fs::remove_dir_all(stranger).unwrap();
    fs::remove_dir_all(left).unwrap();
    let finished = grid.checkpoint(grid.cell("aug", 1), Stage::Augmentor, 100);
    let unfinished = grid.checkpoint(grid.cell("aug", 2), Stage::Augmentor, 100);
    let stranger =
        grid.store().checkpoints(Stage::Classifier, &Key::of("classifier", 1, &"of a deleted run"));
    stranger.put(5, |dir| write_atomic(&dir.join("state"), b"x")).unwrap();
    let name = |dir: &Path| dir.file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(
        unneeded(&grid, &[]),
        [
            (name(&finished), "their stage is finished".to_owned()),
            (name(stranger.dir()), "no run refers to them".into())
        ]
    );
    assert_eq!(unneeded(&grid, &["--keep-checkpoints"]), []);
    fs::write(unfinished.join("000000100/state"), "y").unwrap();
    assert_eq!(
        unneeded(&grid, &["--keep-checkpoints", "--yes"]),
        [("000000100".to_owned(), "broken: state was changed since it was written".to_owned())]
    );
    unneeded(&grid, &["--yes"]);
    assert!(!finished.exists() && !stranger.dir().exists());
}

#[test]
fn nothing_that_a_living_process_makes_is_touched() {
    let (grid, stranger, _) = store();
    let (aug, no_aug) = (grid.cell("aug", 1), grid.cell("no-aug", 1));
    // Both are being made again: one is broken, of the other a longer training goes on from its checkpoint.
    fs::remove_file(
        grid.store().dir(Stage::Classifier, no_aug.key(Stage::Classifier).unwrap()).join("seal.toml"),
    )
    .unwrap();
    grid.checkpoint(aug, Stage::Augmentor, 100);
    grid.lease(&living(11), no_aug, Stage::Classifier, &at(1, 9, 1.0));
    grid.lease(&living(12), aug, Stage::Augmentor, &at(1, 9, 1.0));
    grid.lease(&dead(13), grid.cell("aug", 2), Stage::Augmentor, &at(1, 9, 1.0));
    let names: Vec<String> = unneeded(&grid, &["--caches", "--yes"]).into_iter().map(|u| u.0).collect();
    assert_eq!(names.len(), 3, "the stranger, what was left, the dead lease; no cache: {names:?}");
    assert!(names.contains(&stranger.file_name().unwrap().to_string_lossy().into_owned()));
    assert_eq!(fs::read_dir(grid.store().leases()).unwrap().count(), 2, "the dead one's is gone");
    // A training whose run was deleted: nobody can say which checkpoints are its own.
    fs::remove_file(
        grid.store().leases().join(format!("augmentor-{}.json", aug.key_augmentor.as_ref().unwrap())),
    )
    .unwrap();
    let mut gone = aug.clone();
    gone.key_augmentor = Some(Key::of("augmentor", 1, &"of a deleted run"));
    assert_eq!(unneeded(&grid, &[]).len(), 1, "the finished stage's checkpoints");
    grid.lease_of(&living(14), "open/deleted/1", &gone, Stage::Augmentor, &at(1, 9, 1.0));
    assert_eq!(unneeded(&grid, &[]), []);
}

#[test]
fn a_run_that_goes_on_keeps_the_caches_and_age_is_a_limit() {
    let (grid, stranger, left) = store();
    grid.supervisor(&living(10));
    fs::remove_dir_all(left).unwrap();
    assert_eq!(unneeded(&grid, &["--caches"]).len(), 1, "the stranger alone");
    fs::remove_file(grid.run.supervisor()).unwrap();
    assert_eq!(unneeded(&grid, &["--caches"]).len(), 2);
    assert_eq!(unneeded(&grid, &["--caches", "--older-than", "3"]), []);
    age(&stranger, 3);
    let names: Vec<String> =
        unneeded(&grid, &["--older-than", "3", "--yes"]).into_iter().map(|u| u.0).collect();
    assert_eq!(names, [stranger.file_name().unwrap().to_string_lossy()]);
}

#[test]
fn a_plan_that_does_not_read_stops_a_removal() {
    let (grid, stranger, _) = store();
    fs::write(grid.run.plan(), "something else\n").unwrap();
    let output = seraug(grid.folder(), &["store", "prune", "--yes"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("plan.csv:1: not the columns of a plan.csv"), "{}", stderr(&output));
    assert!(stranger.is_dir());
    let output = seraug(grid.folder(), &["store", "list", "--results", "nowhere"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        "error: nowhere: no such folder; give the folder of the runs with --results DIR\n"
    );
    fs::create_dir(grid.folder().join("empty")).unwrap();
    let output = seraug(grid.folder(), &["store", "list", "--results", "empty"]);
    assert_eq!(stdout(&output), "empty/.store: 0 stages (0 B), 0 checkpoints, 0 caches; 0 B in all\n");
}
