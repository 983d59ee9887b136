//! What the program carries of its checkout: `init`, `reproduce` and `self-test`, and what a wheel is made of. Building and
//! installing one is tested by tests/wheel.sh.

use seraug::cmd::agreement::{AgreementFindings, AgreementVerdict, agreement};
use seraug::embedded::{EXPERIMENTS, EmbeddedFile, MANIFESTS, REFERENCE, REFERENCE_ID, write};
use seraug_core::device::LIBTORCH;
use seraug_core::run_files::RunDir;
use seraug_report::compare::compare;
use seraug_test_support::common::{root, seraug, stderr, stdout};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Path and text of every file below a folder.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let all = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    let below = |path: &Path| path.strip_prefix(folder).unwrap().display().to_string();
    all.filter(|e| e.file_type().is_file())
        .map(|e| (below(e.path()), fs::read_to_string(e.path()).unwrap()))
        .collect()
}

fn embedded(files: &[EmbeddedFile]) -> BTreeMap<String, String> {
    files.iter().map(|f| (f.path.to_owned(), f.text.to_owned())).collect()
}

#[test]
fn the_program_carries_every_experiment_and_manifest_as_they_are() {
    assert_eq!(embedded(EXPERIMENTS), files(&root().join("experiments")));
    assert_eq!(embedded(MANIFESTS), files(&root().join("data-manifests")));
}

#[test]
fn init_writes_them_and_overwrites_nothing_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let init = |more: &[&str]| seraug(folder.path(), &[&["init", "new"], more].concat());
    let out = init(&[]);
    assert!(out.status.success(), "{}", stderr(&out));
    assert!(stdout(&out).contains("next: seraug reproduce quickstart"), "{}", stdout(&out));
    let experiments = folder.path().join("new/experiments");
    assert_eq!(files(&experiments), embedded(EXPERIMENTS));
    assert_eq!(files(&folder.path().join("new/data-manifests")), embedded(MANIFESTS));
    assert!(init(&[]).status.success(), "the same again");
    let edited = experiments.join("open/study.toml");
    fs::write(&edited, "title = \"mine\"\n").unwrap();
    fs::remove_file(experiments.join("paper.toml")).unwrap();
    let refused = init(&[]);
    let line = "error: new/experiments/open/study.toml: differs from what init writes; --force overwrites, or name another folder\n";
    assert_eq!((refused.status.code(), stderr(&refused).as_str()), (Some(2), line));
    assert!(!experiments.join("paper.toml").exists(), "all or nothing");
    assert!(init(&["--force"]).status.success());
    assert_eq!(files(&experiments), embedded(EXPERIMENTS));
}

#[test]
fn reproduce_takes_the_experiment_of_the_folder_or_the_one_that_the_program_carries() {
    let folder = tempfile::tempdir().unwrap();
    let said = |args: &[&str]| {
        let out = seraug(folder.path(), &[&["reproduce"], args].concat());
        (out.status.code(), stderr(&out).trim_end().to_owned())
    };
    let (code, none) = said(&["quickstrat"]);
    assert_eq!(code, Some(2));
    assert!(none.starts_with("error: no experiment `quickstrat`, did you mean `quickstart`?; the"), "{none}");
    assert!(none.contains(" open/study/urdu ") && none.ends_with("table2-bagan"), "{none}");
    // A collection finds its members.
    let (code, member) = said(&["open/rivals", "--set", "nosuch=1"]);
    assert!(
        code == Some(2) && member.starts_with("error: --set nosuch=1: unknown field `nosuch`"),
        "{member}"
    );
    let carried = folder.path().join("results/.store/experiments");
    assert_eq!(files(&carried), embedded(EXPERIMENTS));
    fs::create_dir(folder.path().join("experiments")).unwrap();
    fs::write(folder.path().join("experiments/quickstart.toml"), "title = 1\n").unwrap();
    let (code, own) = said(&["quickstart"]);
    assert!(code == Some(2) && own.starts_with("error: experiments/quickstart.toml:1:9: title: "), "{own}");
    let (code, path) = said(&["experiments/quickstart.toml"]);
    assert_eq!((code, path), (Some(2), own));
}

/// The committed run as the program carries it, in `folder`.
fn reference(folder: &Path) -> RunDir {
    write(REFERENCE, folder).unwrap();
    RunDir::exactly(folder).unwrap()
}

/// A copy of the committed run in which two conditions have changed places.
fn exchanged(folder: &Path, one: &str, other: &str) -> RunDir {
    write(REFERENCE, folder).unwrap();
    let cells = folder.join("cells");
    for (from, to) in [(one, "x"), (other, one), ("x", other)] {
        fs::rename(cells.join(from), cells.join(to)).unwrap();
    }
    let outcomes = folder.join("outcomes.csv");
    let text = fs::read_to_string(&outcomes).unwrap();
    let comma = |name: &str| format!(",{name},");
    let text =
        text.replace(&comma(one), ",x,").replace(&comma(other), &comma(one)).replace(",x,", &comma(other));
    fs::write(&outcomes, text).unwrap();
    RunDir::exactly(folder).unwrap()
}

#[test]
fn the_self_test_compares_with_the_newest_committed_run() {
    let runs = root().join("results/reference/quickstart");
    let ids = fs::read_dir(runs).unwrap().map(|e| e.unwrap()).filter(|e| !e.path().is_symlink());
    let newest = ids.map(|e| e.file_name().to_string_lossy().into_owned()).max().unwrap();
    assert_eq!(REFERENCE_ID, newest);
    let folder = tempfile::tempdir().unwrap();
    let findings = |run: &RunDir, tolerance| {
        let comparison = compare(&[reference(&folder.path().join("a")), run.clone()]).unwrap();
        agreement(&comparison.against[0], tolerance)
    };
    let same = findings(&reference(&folder.path().join("b")), 0.0);
    assert_eq!((same.verdict, same.cells, same.equal, same.points), (AgreementVerdict::Equal, 20, 20, 0.0));
    // Of the README: AUG and Untrained AUG have 61.7 both, NoAUG has 39.8 and Copies 59.0.
    let close = exchanged(&folder.path().join("c"), "aug", "untrained");
    let AgreementFindings { verdict, equal, points, .. } = findings(&close, 10.0);
    assert!(verdict == AgreementVerdict::Within && equal < 20 && points < 0.1, "{equal} {points}");
    assert_eq!(findings(&close, 0.0).verdict, AgreementVerdict::Differs);
    let far = findings(&exchanged(&folder.path().join("d"), "no-aug", "copies"), 10.0);
    assert_eq!(far.verdict, AgreementVerdict::Differs);
    assert!((far.points - 19.2).abs() < 0.11, "{}", far.points);
    // A cell without a result is no cell that is equal.
    let path = folder.path().join("e");
    reference(&path);
    let outcomes = fs::read_to_string(path.join("outcomes.csv")).unwrap();
    let fewer: Vec<&str> = outcomes.lines().take(20).collect();
    fs::write(path.join("outcomes.csv"), fewer.join("\n") + "\n").unwrap();
    let fewer = findings(&RunDir::exactly(&path).unwrap(), 10.0);
    assert_eq!((fewer.verdict, fewer.equal), (AgreementVerdict::Differs, 19));
}

/// What follows `before` in a file of the checkout, to the end of the line.
fn stated(file: &str, before: &str) -> String {
    let text = fs::read_to_string(root().join(file)).unwrap();
    let line =
        text.lines().find_map(|line| line.split_once(before)).unwrap_or_else(|| panic!("{file}: {before}"));
    line.1.to_owned()
}

#[test]
fn every_place_that_names_a_release_of_torch_names_the_same() {
    let release =
        |text: String| text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect::<String>();
    for (file, before) in [("bootstrap", "torch="), ("python/pyproject.toml", "torch==")] {
        assert_eq!(release(stated(file, before)), LIBTORCH, "{file}");
    }
    // The others leave it to the wheel.
    for file in ["containers/Dockerfile", "containers/seraug.def"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        assert!(text.contains("[train]\"") && !text.contains("torch=="), "{file}");
    }
    let install = fs::read_to_string(root().join("docs/install.md")).unwrap();
    assert!(install.contains(&format!("torch=={LIBTORCH}")));
    let other = install.split("torch==").skip(1).find(|rest| !rest.starts_with(LIBTORCH));
    assert_eq!(other, None, "docs/install.md");
    let needs = stated("bootstrap", "cpu_needs=").replace('"', "");
    assert!(needs.split(' ').all(|package| install.contains(package)), "{needs} in docs/install.md");
}
