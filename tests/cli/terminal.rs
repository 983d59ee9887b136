//! What is written for a person ends no work, whoever reads it, and does nothing to a terminal.

use seraug_test_support::common::{seraug, stderr, stdout};
use seraug_test_support::corpora::emodb;
use seraug_test_support::fake_grid::{Grid, living};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Runs a line of shell in which `$S` is the program.
fn shell(folder: &Path, line: &str) -> Output {
    Command::new("bash")
        .args(["-c", line])
        .env("S", seraug_test_support::common::program("seraug"))
        .env_remove("SERAUG_CORPORA")
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn exit_codes_are_the_same_whoever_reads_and_a_full_disk_is_an_error_of_answers_alone() {
    let dir = tempfile::tempdir().unwrap();
    for (line, code) in [
        ("$S plan nothing.toml 2>/dev/full", 2),
        ("$S plan nothing.toml 2>&-", 2),
        ("$S plan nothing.toml >&- 2>&-", 2),
        ("$S plan nothing.toml 2> >(true)", 2),
        ("$S nonsense 2>/dev/full", 2),
        ("ulimit -f 0; $S nonsense 2>log", 2),
        ("ulimit -f 0; $S corpus list > out 2>/dev/null", 1),
        ("$S corpus list --json > /dev/null", 0),
        ("$S corpus list >&-", 0),
        ("$S corpus list > /dev/full", 1),
        ("$S --help > /dev/full", 1),
        ("$S corpus list > /dev/full 2>&1", 1),
        (
            "rm -f code; (sleep 0.2; $S corpus list; echo $? > code) | true; until [ -s code ]; do sleep 0.1; done; exit $(cat code)",
            0,
        ),
        (
            "rm -f code; (sleep 0.2; $S --help; echo $? > code) | true; until [ -s code ]; do sleep 0.1; done; exit $(cat code)",
            0,
        ),
        (
            "rm -f code; (sleep 0.2; $S corpus list --json; echo $? > code) | true; until [ -s code ]; do sleep 0.1; done; exit $(cat code)",
            0,
        ),
    ] {
        let output = shell(dir.path(), line);
        assert_eq!(output.status.code(), Some(code), "{line}: {}", stderr(&output));
        let full = code == 1 && !line.contains("2>");
        let said = if full {
            "error: standard output: cannot be written: No space left on device (os error 28)\n"
        } else {
            ""
        };
        assert_eq!(stderr(&output), said, "{line}");
    }
}

#[test]
fn a_run_whose_reader_has_gone_goes_on_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    emodb(folder.path());
    let spec = "title = 'one cell'\npreset = 'tiny'\ncorpus = 'emodb'\nseeds = [1]\n\
        classes = { neutral = ['neutral'], angry = ['angry'] }\n\
        protocol.leave-speakers-out = { folds = 5, only = [1] }\n\
        classifier = { epochs = 1, min-steps = 20 }\ncondition = [{ name = 'no-aug' }]\n";
    std::fs::write(folder.path().join("one.toml"), spec).unwrap();
    let run = "$S run one.toml --device cpu";
    let line = format!(
        "(sleep 0.2; {run} 2>&1; echo $? > code) | true; until [ -s code ]; do sleep 0.2; done; exit $(cat code)"
    );
    let output = shell(folder.path(), &line);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    // Nor does a reader that is there and does not read.
    let stuck = format!("mkfifo p; sleep 600 <> p & {run} --new 2> p; code=$?; kill $!; exit $code");
    assert_eq!(shell(folder.path(), &stuck).status.code(), Some(0));
    let full = shell(folder.path(), &format!("{run} --new 2> /dev/full"));
    assert!(full.status.success() && stdout(&full).starts_with("run: results/"), "{}", stdout(&full));
}

#[test]
fn a_watcher_ends_with_its_reader() {
    let grid = Grid::new(1);
    grid.supervisor(&living(10));
    let mut child = Command::new(seraug_test_support::common::program("seraug"))
        .args(["status", "open/grid", "--watch"])
        .current_dir(grid.folder())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains(": running since "));
    drop(lines);
    // Nothing changes in the run, so nothing more would be printed.
    let begun = Instant::now();
    let code = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status.code(),
            None if begun.elapsed() < Duration::from_secs(10) => {
                std::thread::sleep(Duration::from_millis(50))
            }
            None => break child.kill().map(|()| None).unwrap(),
        }
    };
    assert_eq!(code, Some(0));
}

#[test]
fn control_characters_of_titles_arguments_and_results_are_shown() {
    let grid = Grid::new(1);
    let steers = |text: &str| text.chars().any(|c| c.is_control() && c != '\n' || c == '\u{202e}');
    grid.failed(grid.cell("no-aug", 1), "a\u{1b}]0;owned\u{7}\u{9b}2J\r\u{202e}b\nerror: c");
    for args in [
        &["status", "open/grid"][..],
        &["status", "open/grid", "--json"],
        &["plan", "a\u{1b}[2Jb\u{9b}.toml"],
    ] {
        let output = seraug(grid.folder(), args);
        let said = stdout(&output) + &stderr(&output);
        assert!(!steers(&said) && said.contains("1b"), "{args:?}: {said:?}");
    }
    let text = stdout(&seraug(grid.folder(), &["status", "open/grid"]));
    assert!(!text.lines().any(|l| l.starts_with("error")), "{text}");
    let said = stderr(&seraug(grid.folder(), &["no\u{1b}[2Jthing"]));
    assert!(said.contains("no\\u{1b}[2Jthing") && !steers(&said), "{said:?}");
}
