//! Command lines, paths and environment variables of every form are used or refused in one line.

use seraug_test_support::common::{one_line, seraug, stderr, stdout};
use seraug_test_support::corpora::mine;
use std::fs;
use std::process::Command;

#[test]
fn numbers_of_flags_that_are_none_or_too_large_are_refused_by_their_name() {
    let folder = tempfile::tempdir().unwrap();
    mine(folder.path());
    let mut wrong = Vec::new();
    let flags: [(&str, &[&str]); 9] = [
        ("--stall-seconds", &["run", "mini.toml"]),
        ("--checkpoint-seconds", &["run", "mini.toml"]),
        ("--max-failures", &["run", "mini.toml"]),
        ("--jobs", &["run", "mini.toml"]),
        ("--threads", &["run", "mini.toml"]),
        ("--seeds", &["plan", "mini.toml"]),
        ("--power", &["plan", "mini.toml"]),
        ("--tolerance", &["compare", "a", "b"]),
        ("--older-than", &["store", "prune"]),
    ];
    for (flag, command) in flags {
        for value in ["nan", "inf", "-inf", "-1", "1e300", "18446744073709551615", "99999999999999999999", ""]
        {
            let set = format!("{flag}={value}");
            let output = seraug(folder.path(), &[command, &[&set]].concat());
            let said = stderr(&output);
            if output.status.code() != Some(2) || !said.contains(flag) {
                wrong.push(format!("{set}: {:?} {said}", output.status.code()));
            }
        }
    }
    for zero in ["--stall-seconds=0", "--stall-seconds=-0", "--max-failures=0"] {
        let output = seraug(folder.path(), &["run", "mini.toml", zero]);
        assert_eq!(output.status.code(), Some(2), "{zero}");
    }
    // No experiment is needed to show that there is nothing.
    for zero in ["--power=0", "--power=-0", "--power=0.0"] {
        let output = seraug(folder.path(), &["plan", "mini.toml", zero]);
        assert_eq!(output.status.code(), Some(2), "{zero}");
        assert!(stderr(&output).contains("above 0"), "{}", stderr(&output));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(!folder.path().join("results").exists());
}

#[test]
fn the_largest_seed_is_told_and_works() {
    let folder = tempfile::tempdir().unwrap();
    mine(folder.path());
    let most = i64::MAX.to_string();
    let output = seraug(folder.path(), &["plan", "mini.toml", "--seeds", &most]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains(&format!("seed-{most}")), "{}", stdout(&output));
    let output = seraug(folder.path(), &["plan", "mini.toml", "--seeds", "9223372036854775808"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(&most), "{}", stderr(&output));
}

#[test]
fn an_empty_variable_is_as_one_that_is_not_set() {
    let folder = tempfile::tempdir().unwrap();
    mine(folder.path());
    for words in [&["plan", "mini.toml"][..], &["corpus", "check", "mine"], &["schema"], &["corpus", "list"]]
    {
        let mut command = Command::new(seraug_test_support::common::program("seraug"));
        let output =
            command.args(words).current_dir(folder.path()).env("SERAUG_CORPORA", "").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", stderr(&output));
    }
    let output = seraug(folder.path(), &["corpus", "list", "--corpora", ""]);
    assert_eq!(output.status.code(), Some(2), "an empty flag is a mistake");
}

#[test]
fn the_name_of_an_experiment_keeps_to_the_results_folder() {
    let folder = tempfile::tempdir().unwrap();
    mine(folder.path());
    let at = folder.path();
    fs::create_dir_all(at.join("x/experiments/.store")).unwrap();
    for name in
        ["..toml", ".store/a.toml", ".hidden.toml", "latest.toml", "20260102T030405Z-abc.toml", "a\nb.toml"]
    {
        fs::copy(at.join("mini.toml"), at.join("x/experiments").join(name)).unwrap();
        for command in ["plan", "run", "status"] {
            let path = format!("x/experiments/{name}");
            let output = seraug(at, &[command, &path]);
            let code = output.status.code();
            assert_eq!(code, Some(2), "{name:?}: {}", stderr(&output));
            let said = one_line(&output);
            assert!(said.contains("the experiment is named after its file"), "{said}");
        }
    }
    assert!(!at.join("results").exists());
    let output = seraug(at, &["plan", "x/experiments/../../mini.toml"]);
    assert!(stdout(&output).starts_with("mini: mini\n"), "{}", stdout(&output));
}
