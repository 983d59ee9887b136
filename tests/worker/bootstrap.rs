//! ./bootstrap on a simulated machine; the test itself is the shell script tests/bootstrap.sh.

use std::process::Command;

#[test]
fn bootstrap_installs_what_is_missing_and_fails_in_one_line() {
    let script = seraug_test_support::common::root().join("tests/bootstrap.sh");
    let run = Command::new("sh").arg(script).output().expect("sh runs");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.trim().ends_with(" passed, 0 failed"), "{said}");
}
