//! Output to a terminal: a reader that has gone away aborts nothing, and control characters are escaped.

use seraug_test_support::common::{seraug, shell, stderr, stdout};
use seraug_test_support::fake_grid::{Grid, living};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

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
