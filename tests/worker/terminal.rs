//! Runs whose output nobody reads.

use seraug_test_support::common::{shell, stderr, stdout};
use seraug_test_support::corpora::emodb;

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
