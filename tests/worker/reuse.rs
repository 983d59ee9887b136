//! Reuse of trained stages from other experiments and of checkpoints of shorter trainings.

use seraug_test_support::ablation_grid::{GRID, findings};
use seraug_test_support::common::{seraug, stderr, stdout};
use seraug_test_support::corpora::emodb;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

fn open(name: &str) -> String {
    seraug_test_support::common::root().join("experiments/open").join(name).display().to_string()
}

/// Runs `spec` on the grid of the fault tests with `sets` in the place of its own; (exit code, standard error).
fn run(folder: &Path, spec: &str, results: &str, sets: &[&str]) -> (i32, String) {
    let named = |set: &str| set.split('=').next().unwrap_or_default().to_owned();
    let replaced: Vec<String> = sets.iter().map(|s| named(s)).collect();
    let mut args = vec!["run", spec, "--results", results];
    for pair in GRID.chunks(2) {
        if pair[0] != "--set" || !replaced.contains(&named(pair[1])) {
            args.extend(pair);
        }
    }
    args.extend(sets.iter().flat_map(|s| ["--set", *s]));
    let output = seraug(folder, &args);
    (output.status.code().unwrap_or(-1), stderr(&output) + &stdout(&output))
}

#[test]
fn more_steps_go_on_from_where_fewer_ended() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let spec = open("ablation-emodb.toml");
    let fold = "protocol.leave-speakers-out.only=[1]";
    let exact = [fold, "classifier.schedule=\"constant\"", "classifier.weights=\"last\""];
    let with = |results: &str, iterations: &str, steps: &str| {
        let (iterations, steps) =
            (format!("augmentor.iterations={iterations}"), format!("classifier.min-steps={steps}"));
        let sets: Vec<&str> = exact.iter().copied().chain([iterations.as_str(), &steps]).collect();
        let (code, said) = run(folder.path(), &spec, results, &sets);
        assert_eq!(code, 0, "{said}");
        said
    };
    // 10 is off the interval of the rows, which is 7.
    with("grown", "10", "20");
    let said = with("grown", "20", "20");
    assert!(said.contains("augmentor resumes at step 10 of 20"), "{said}");
    assert!(!said.contains("classifier resumes"), "another augmentor makes other training data: {said}");
    let said = with("grown", "20", "40");
    assert!(said.contains("no-aug/fold-1/seed-1: classifier resumes at step 20 of 40"), "{said}");
    assert!(!said.contains("augmentor resumes"), "{said}");
    with("direct", "20", "40");
    let newest = |results: &str| -> PathBuf {
        let runs = fs::read_dir(folder.path().join(results).join("open/ablation-emodb")).unwrap().flatten();
        let mut runs: Vec<PathBuf> =
            runs.filter(|e| e.file_type().unwrap().is_dir()).map(|e| e.path()).collect();
        runs.sort();
        runs.pop().unwrap()
    };
    for cell in ["aug", "model", "no-aug"] {
        for file in ["history.csv", "predictions.csv"] {
            let of = |results: &str| {
                fs::read_to_string(newest(results).join("cells").join(cell).join("fold-1/seed-1").join(file))
                    .unwrap()
            };
            assert_eq!(of("grown"), of("direct"), "{cell} {file}");
        }
    }
    // A cosine, or a mean over the last quarter, is another training from its first step on.
    let sets = [fold, "classifier.schedule=\"cosine\"", "classifier.min-steps=30"];
    assert_eq!(run(folder.path(), &spec, "grown", &sets).0, 0);
    let (_, said) = run(
        folder.path(),
        &spec,
        "grown",
        &[fold, "classifier.schedule=\"cosine\"", "classifier.min-steps=50"],
    );
    assert!(!said.contains("classifier resumes"), "{said}");
}

#[test]
fn the_ablation_takes_what_table_2_has_made() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let (code, said) = run(folder.path(), &open("table2-emodb.toml"), "results", &[]);
    assert_eq!(code, 0, "{said}");
    let mut args = vec!["plan".to_owned(), open("ablation-emodb.toml")];
    args.extend(GRID.iter().take_while(|a| **a != "--device").map(|a| (*a).to_owned()));
    args.extend(["--device", "cpu", "--corpora", "corpora"].map(str::to_owned));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let planned = stdout(&seraug(folder.path(), &args));
    for condition in ["no-aug", "aug", "untrained", "copies", "weighted"] {
        let line = planned.lines().find(|l| l.contains(&format!("/{condition}/fold-1/")));
        let line = line.unwrap_or_else(|| panic!("{planned}"));
        assert!(line.contains("cached (made by open/table2-emodb/") && line.contains(condition), "{line}");
    }
    assert!(planned.contains("10 cached, 4 to run"), "{planned}");
    let (code, said) = run(folder.path(), &open("ablation-emodb.toml"), "results", &[]);
    assert_eq!(code, 0, "{said}");
    let info = fs::read_to_string(folder.path().join("results/open/ablation-emodb/latest/run.toml")).unwrap();
    assert!(info.contains("cells-cached = 10\ncells-trained = 4"), "{info}");
}

#[test]
fn a_spec_that_is_edited_while_its_run_goes_on_changes_nothing_in_it() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let text = fs::read_to_string(open("ablation-emodb.toml")).unwrap();
    let spec = folder.path().join("experiments/open/ablation-emodb.toml");
    fs::create_dir_all(spec.parent().unwrap()).unwrap();
    fs::write(&spec, &text).unwrap();
    let mut child = Command::new(seraug_test_support::common::program("seraug"))
        .args(["run", "experiments/open/ablation-emodb.toml"])
        .args(GRID)
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !folder.path().join("results/.store/leases").is_dir() {
        assert!(child.try_wait().unwrap().is_none(), "ended early");
        std::thread::sleep(Duration::from_millis(10));
    }
    fs::write(&spec, text.replace("seeds = [1]", "seeds = [2, 3]")).unwrap();
    assert!(child.wait().unwrap().success());
    let edited = findings(&folder.path().join("results"));
    assert_eq!(run(folder.path(), &open("ablation-emodb.toml"), "quiet", &[]).0, 0);
    assert_eq!(edited, findings(&folder.path().join("quiet")));
}
