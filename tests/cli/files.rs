//! A user's own files, links, pipes and devices are never replaced, removed or waited for.

use seraug_core::run_files::{RunDir, RunInfo, RunState};
use seraug_core::store::Stage;
use seraug_report::write::{report, report_into};
use seraug_test_support::common::{seraug, shell, stderr, stdout};
use seraug_test_support::corpora::mine;
use seraug_test_support::fake_grid::{Grid, dead};
use seraug_test_support::fake_run::{Fake, with};
use seraug_test_support::requirements::MOUNTS;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// Inode, time and size of every file below `root`.
fn state(root: &Path) -> BTreeMap<PathBuf, (u64, i64, i64, u64)> {
    let entries = walkdir::WalkDir::new(root).into_iter().map(Result::unwrap);
    let of = |e: walkdir::DirEntry| {
        let about = e.metadata().unwrap();
        (e.into_path(), (about.ino(), about.mtime(), about.mtime_nsec(), about.len()))
    };
    entries.map(of).collect()
}

#[test]
fn a_report_of_a_finished_run_changes_nothing_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    let run = Fake::default().write(&results);
    let before = state(&results);
    for _ in 0..2 {
        let output = seraug(folder.path(), &["report", "results/open/fake/latest"]);
        assert!(output.status.success() && stderr(&output).is_empty(), "{}", stderr(&output));
    }
    assert!(
        seraug(folder.path(), &["compare", run.path().to_str().unwrap(), "results/open/fake/latest"])
            .status
            .success()
    );
    assert_eq!(state(&results), before);
    // On a file system that cannot be written at all; a container may not allow to mount one.
    let mount = "unshare -rm bash -c 'mount --bind results results && mount -o remount,ro,bind results && ";
    if !shell(folder.path(), &format!("{mount} ! touch results/x'")).status.success() {
        return MOUNTS.skip("a read-only file system cannot be mounted");
    }
    let output = shell(folder.path(), &format!("{mount} $S report results/open/fake/latest'"));
    assert!(output.status.success() && stderr(&output).is_empty(), "{}", stderr(&output));
}

#[test]
fn what_outcomes_says_in_fewer_digits_is_not_behind() {
    let grid = Grid::new(1);
    for cell in &grid.cells {
        grid.done(cell, &[Stage::Classifier], [1.0 / 3.0, 2.0 / 3.0]);
    }
    let classes = ["neutral", "angry"];
    let ahead = || RunState::ahead(&grid.run, &classes).unwrap();
    RunState { cells: Vec::new() }.write(&grid.run, &classes).unwrap();
    assert!(ahead().is_some(), "cells have ended since");
    RunState::gather(&grid.run, &classes).unwrap();
    assert!(!RunInfo::load(&grid.run.info()).unwrap().finished.is_empty());
    assert_eq!(ahead(), None);
}

#[test]
fn latest_in_any_form_stops_neither_report_nor_status() {
    let folder = tempfile::tempdir().unwrap();
    let (results, reports) = (folder.path().join("results"), folder.path().join("reports"));
    let old = with(Fake::default(), |f| f.stamp = "20260101T000000Z").write(&results);
    let new = Fake::default().write(&results);
    let latest = results.join("open/fake/latest");
    let is = |name: &str| {
        let output = seraug(folder.path(), &["report", "results/open/fake/latest"]);
        assert!(output.status.success(), "{}", stderr(&output));
        let page = stdout(&output).lines().last().unwrap().to_owned();
        assert_eq!(page, format!("page: reports/open/fake/{name}/index.html"));
        for named in ["results/open/fake/latest", "open/fake", "results/open/fake"] {
            let output = seraug(folder.path(), &["status", named]);
            assert!(stdout(&output).starts_with("open/fake"), "{named}: {}", stderr(&output));
        }
        stderr(&output)
    };
    assert_eq!(is(&new.id()), "");
    fs::remove_file(&latest).unwrap();
    assert!(
        is(&new.id())
            .starts_with("note: results/open/fake/latest is not there; the newest run beside it is taken: ")
    );
    symlink("gone", &latest).unwrap();
    assert!(is(&new.id()).contains("latest leads to no run; "));
    fs::remove_file(&latest).unwrap();
    fs::write(&latest, new.id()).unwrap();
    assert!(is(&new.id()).contains("latest is a file and not a link; "));
    // A copy, as `cp -rL` and `scp -r` make one: of the old run it is not the newest.
    fs::remove_file(&latest).unwrap();
    let copy = |from: &RunDir| {
        assert!(Command::new("cp").arg("-r").args([from.path(), &latest]).status().unwrap().success())
    };
    copy(&old);
    assert!(is(&new.id()).contains("latest is a folder and not a link; "));
    // The reports' own `latest` may be a folder too; a copy of a run has its report under the name of the run.
    fs::remove_dir_all(new.path()).unwrap();
    fs::remove_dir_all(old.path()).unwrap();
    fs::remove_file(reports.join("open/fake/latest")).unwrap();
    fs::create_dir(reports.join("open/fake/latest")).unwrap();
    let info = RunInfo::load(&latest.join("run.toml")).unwrap();
    let name = format!("{}-{}", info.started.replace(['-', ':'], ""), info.revision);
    assert!(is(&name).contains(
        "reports/open/fake/latest: is a folder and not a link, so it stays as it is; the newest is "
    ));
    assert_eq!(fs::read_dir(reports.join("open/fake/latest")).unwrap().count(), 0);
}

#[test]
fn splicing_again_gives_the_same_whatever_a_run_is_called() {
    for title in ["x <!-- /seraug --> y", "<!-- seraug open/fake -->", "a](b) | * ` <details> \u{1b}[2J"] {
        let folder = tempfile::tempdir().unwrap();
        let run = with(Fake::default(), |f| f.title = title.to_owned()).write(&folder.path().join("results"));
        let (file, link) = (folder.path().join("file.md"), folder.path().join("README.md"));
        fs::write(&file, "a\n<!-- seraug open/fake -->\n<!-- /seraug -->\nb\n").unwrap();
        symlink("file.md", &link).unwrap();
        let spliced = || {
            report_into(&run, &folder.path().join("reports"), &link).unwrap();
            (fs::read_to_string(&file).unwrap(), fs::metadata(&file).unwrap().ino())
        };
        let once = spliced();
        assert_eq!(spliced(), once, "{title}");
        assert!(
            link.is_symlink()
                && once.0.matches("<!--").count() == 2
                && once.0.ends_with("<!-- /seraug -->\nb\n")
        );
    }
}

#[test]
fn prune_and_run_leave_what_is_not_theirs() {
    let grid = Grid::new(1);
    let (folder, store) = (grid.folder(), grid.store());
    let elsewhere = folder.join("disk");
    grid.done(grid.cell("no-aug", 1), &[], [0.0; 2]);
    grid.checkpoint(grid.cell("no-aug", 1), Stage::Classifier, 100);
    // Checkpoints that were moved to another disk, and a folder behind a name of ours.
    fs::rename(store.root().join("checkpoints"), &elsewhere).unwrap();
    symlink(&elsewhere, store.root().join("checkpoints")).unwrap();
    fs::create_dir(folder.join("audio")).unwrap();
    fs::write(folder.join("audio/a.wav"), "x").unwrap();
    symlink(folder.join("audio"), store.root().join("features-0123456789abcdef")).unwrap();
    let unnamed = "augmentor-0123456789abcdef0123456789abcdef";
    symlink(folder.join("audio"), store.root().join(unnamed)).unwrap();
    let mine = [
        "results/notes/.tmp-mine",
        "results/open/grid/.tmp-mine",
        "results/.tmp-1-2-x",
        "results/.store/.tmp-mine",
    ];
    let old = SystemTime::now() - Duration::from_secs(5 * 24 * 3600);
    for path in mine {
        fs::create_dir_all(folder.join(path)).unwrap();
        fs::write(folder.join(path).join("thesis"), "x").unwrap();
        fs::File::open(folder.join(path)).unwrap().set_modified(old).unwrap();
    }
    fs::create_dir_all(store.root().join("features-of-mine")).unwrap();
    let left = store.root().join(format!(".tmp-{}-Ab1", dead(7).tag()));
    symlink(folder.join("audio"), &left).unwrap();
    let kept = |root: &Path| state(root).into_keys().filter(|p| *p != left).collect::<Vec<_>>();
    let before = kept(folder);
    let output = seraug(folder, &["store", "prune", "--yes", "--caches"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(kept(folder), before, "{}", stdout(&output));
    assert!(!left.is_symlink(), "the link that bears our name goes");
    let list = stdout(&seraug(folder, &["store", "list"]));
    for name in ["checkpoints", "features-0123456789abcdef", unnamed, ".tmp-mine", "features-of-mine"] {
        assert!(list.lines().any(|l| l.contains("not ours") && l.contains(name)), "{name}: {list}");
    }
}

#[test]
fn nothing_is_waited_for_that_may_never_end() {
    let folder = tempfile::tempdir().unwrap();
    let run = Fake::default().write(&folder.path().join("results"));
    mine(folder.path());
    for (line, code) in [
        ("$S plan /dev/zero", 2),
        ("$S plan .", 2),
        ("mkfifo p; $S plan p", 2),
        ("$S plan <(cat /dev/zero)", 2),
        // What a person gives through a pipe is read, once.
        ("$S plan <(cat mini.toml) --device cpu 2>&1 | grep '^pipe: mini'", 0),
        ("mkfifo q; $S report results/open/fake/latest --splice q", 1),
        ("$S report results/open/fake/latest --splice /dev/null", 1),
        ("truncate -s 1T big.toml; $S plan big.toml", 2),
    ] {
        let output = shell(folder.path(), line);
        assert_eq!(output.status.code(), Some(code), "{line}: {}", stderr(&output));
        assert!(code == 0 || stderr(&output).lines().count() == 1, "{line}: {}", stderr(&output));
    }
    // A run with a pipe or an endless device in the place of each of its files.
    for name in ["run.toml", "spec.toml", "outcomes.csv", "split.csv", "plan.csv"] {
        for special in ["rm -f $F; mkfifo $F", "ln -sf /dev/zero $F"] {
            let make = special.replace("$F", &format!("copy/{name}"));
            let line = format!(
                "rm -rf copy; cp -r results/open/fake/latest/ copy; {make}; $S report copy; $S status copy; $S compare copy copy; true"
            );
            let output = shell(folder.path(), &line);
            assert!(output.status.success(), "{name}, {special}: {}", stderr(&output));
            assert!(!stderr(&output).contains("a fault of"), "{}", stderr(&output));
        }
    }
    assert!(report(&run, &folder.path().join("reports")).is_ok());
}
