//! Names that look alike, in runs.

use seraug_test_support::common::{seraug, stderr, stdout};
use seraug_test_support::corpora::two_spellings;
use std::fs;

#[test]
fn names_that_look_alike_are_on_record_and_in_the_leakage_audit() {
    let dir = two_spellings(["Anna", "anna"], "protocol.leave-speakers-out.folds = 4");
    let short =
        ["--set", "classifier.epochs=1", "--set", "classifier.min-steps=2", "--device", "cpu", "--json"];
    let args: Vec<&str> = ["run", "x.toml", "--corpora", "."].into_iter().chain(short).collect();
    let output = seraug(dir.path(), &args);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("warning: the corpus mine: speakers `Anna`, `anna` look alike"));
    let answer: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let info = fs::read_to_string(dir.path().join(answer["run"].as_str().unwrap()).join("run.toml")).unwrap();
    assert!(info.contains("speakers `Anna`, `anna` look alike"), "{info}");
    let audit = info.split("[[audit]]").find(|a| a.contains("look like one on the other side")).expect(&info);
    assert!(audit.contains("hits = 8"), "the eight recordings of two folds: {audit}");
}
