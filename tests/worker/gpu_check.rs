//! The pack for a GPU machine and the script in it, run on the CPU with made-up features.

use seraug_test_support::common::stderr;
use std::process::Command;

#[test]
fn the_check_of_a_gpu_runs_from_its_pack_alone() {
    let made = tempfile::tempdir().unwrap();
    let (root, dir) = (seraug_test_support::common::root(), made.path());
    let archive = dir.join("pack.tar.gz");
    let packed = Command::new("python3")
        .arg(root.join("tests/gpu/pack.py"))
        .args(["--corpora", "nowhere", "--out"])
        .arg(&archive)
        // The bench's program is not needed without a peer, and takes minutes to build.
        .envs([
            ("SERAUG_BENCH_WORK", "/bin/true"),
            ("SERAUG_BENCH_PROGRAM", seraug_test_support::common::program("seraug")),
        ])
        .output()
        .unwrap();
    assert!(packed.status.success(), "{}", stderr(&packed));
    assert!(archive.metadata().unwrap().len() < 64 << 20);
    let untar = Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(dir).status().unwrap();
    assert!(untar.success());
    let check = || {
        Command::new("sh")
            .arg(dir.join("gpu-pack/tests/gpu/check.sh"))
            .args(["--device", "cpu", "--small", "--seconds", "400", "--out"])
            .arg(dir.join("kept"))
            // One without torch: there is no peer.
            .env("SERAUG_BENCH_PYTHON", "/bin/false")
            .output()
            .unwrap()
    };
    let checked = check();
    let kept = |name: &str| std::fs::read_to_string(dir.join("kept").join(name)).unwrap_or_default();
    assert!(checked.status.success(), "{}{}", stderr(&checked), kept("summary.md"));
    let steps = kept("steps.csv");
    for step in ["doctor", "fold", "report", "workers-1", "workers-2", "workers-4"] {
        assert!(steps.lines().any(|l| l.starts_with(&format!("{step},0,"))), "{step}: {steps}");
    }
    for step in ["cuda-checks", "graphs", "bench"] {
        assert!(steps.lines().any(|l| l.starts_with(&format!("{step},-,0,not tried: "))), "{step}: {steps}");
    }
    let summary = kept("summary.md");
    assert!(summary.contains("one worker and two 8 of 8, one and four\n8 of 8"), "{summary}");
    assert!(summary.contains("(4 augmentors)") && summary.contains("made up"), "{summary}");
    assert!(dir.join("kept/runs/fold/outcomes.csv").is_file());
    let weights = walkdir::WalkDir::new(dir.join("kept")).into_iter().flatten();
    assert_eq!(weights.filter(|e| e.path().extension().is_some_and(|x| x == "safetensors")).count(), 0);
    assert_eq!(check().status.code(), Some(2), "what is kept is not written over");
    let archive = Command::new("sh").arg(root.join("tests/gpu/check.sh")).output().unwrap();
    assert_eq!(archive.status.code(), Some(2), "a checkout is no pack");
}
