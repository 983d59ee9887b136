//! The cache of recording digests beside the store: `plan` trusts it, `corpus check` does not.

use seraug_core::digest::digest_hex;
use seraug_test_support::common::{seraug, stderr, stdout};
use seraug_test_support::corpora::emodb;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn plan(dir: &Path) -> String {
    let spec = &seraug_test_support::common::in_root("experiments/open/table2-emodb.toml");
    let output = seraug(dir, &["plan", spec, "--device", "cpu", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

fn cache(dir: &Path) -> PathBuf {
    let files = fs::read_dir(dir.join("results/.store/digests")).unwrap();
    let files: Vec<PathBuf> = files.map(|f| f.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.into_iter().next().unwrap()
}

#[test]
fn a_plan_takes_digests_of_unchanged_files_from_the_store_and_a_check_reads_them() {
    let dir = tempfile::tempdir().unwrap();
    let wav = emodb(dir.path());
    let young = plan(dir.path());
    // Files of the last two seconds are read every time.
    std::thread::sleep(Duration::from_millis(2_200));
    assert_eq!(plan(dir.path()), young);
    let path = cache(dir.path());
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 1 + 535);

    // Two recordings of one speaker get the digest of a third content: only who reads the cache can know it.
    let poison = digest_hex(b"poison");
    let poisoned = |line: &str| match line.contains("03a01Wa") || line.contains("03a02Wa") {
        true => format!("{poison} {}\n", line.split_once(' ').unwrap().1),
        false => format!("{line}\n"),
    };
    let body: String = text.lines().skip(1).map(poisoned).collect();
    fs::write(&path, format!("seraug digests 2 {}\n{body}", digest_hex(body.as_bytes()))).unwrap();
    assert_ne!(plan(dir.path()), young);

    let check = seraug(dir.path(), &["corpus", "check", "emodb"]);
    assert_eq!(check.status.code(), Some(0));
    assert!(!stdout(&check).contains("the same audio"), "{}", stdout(&check));
    // The check has put the cache right.
    assert_eq!(plan(dir.path()), young);

    fs::copy(wav.join("03a01Wa.wav"), wav.join("03a02Wa.wav")).unwrap();
    assert_ne!(plan(dir.path()), young, "a recording that changed is read");
}
