//! Files for publication contain no name of a person or a machine.

use seraug_core::run_files::{CellRecord, OutcomeStatus, RunDir, RunInfo, Session, Warning};
use seraug_test_support::common::{stderr, stdout};
use seraug_test_support::fake_run::{Fake, with};
use std::path::Path;
use std::process::{Command, Output};

const HOSTS: [&str; 3] = ["login3.cluster.example.org", "node17", "node18"];
const USERS: [&str; 2] = ["annalena", "bertholdt"];

/// A run of two people on three machines, with all of them wherever a run can have them.
fn run(results: &Path) -> RunDir {
    let mut fake = with(Fake::default(), |f| f.title = "A study of annalena on node17".into());
    fake.failed = vec![("aug", 2, 1)];
    let run = fake.write(results);
    let corpora = "/home/annalena/my corpora/emodb";
    let mut info = RunInfo::load(&run.info()).unwrap();
    info.device.host = HOSTS[0].into();
    info.command = [
        "/home/annalena/seraug/target/release/seraug",
        "run",
        "/home/annalena/seraug/experiments/open/fake.toml",
        "--corpora",
        "/home/annalena/my corpora",
        "--results=../../bertholdt/results",
        "--set",
        "slurm.account=chair-bertholdt",
        "--set",
        "preset=tiny",
    ]
    .map(str::to_owned)
    .to_vec();
    info.set = vec!["slurm.account=chair-bertholdt".into(), "preset=tiny".into()];
    info.session = vec![Session {
        command: vec!["/Users/bertholdt/bin/seraug".into(), "run".into()],
        host: HOSTS[1].into(),
        ..Session::default()
    }];
    info.warning.push(Warning { cell: String::new(), message: format!("{corpora}: 3 of 4 utterances") });
    info.save(&run.info()).unwrap();
    let text = std::fs::read_to_string(run.outcomes()).unwrap();
    let told = format!("{corpora}/a.wav: gone; process 7 on node99 of bertholdt had it ({})", HOSTS[2]);
    std::fs::write(run.outcomes(), text.replace("loss is not finite at step 7 <of> 9", &told)).unwrap();
    for (fold, host) in [(1, HOSTS[1]), (2, HOSTS[2])] {
        let path = run.path().join(format!("cells/no-aug/fold-{fold}/seed-1/outcome.toml"));
        let record = CellRecord { status: OutcomeStatus::Failed, host: host.into(), ..CellRecord::default() };
        record.save(&path).unwrap();
    }
    run
}

fn seraug(folder: &Path, args: &[&str]) -> Output {
    let output = Command::new(seraug_test_support::common::program("seraug"))
        .args(args)
        .current_dir(folder)
        .env("HOME", "/home/annalena")
        .env("USER", USERS[0])
        .env("SERAUG_CORPORA", "/home/annalena/my corpora")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    output
}

/// Everything that is found in the bytes of a file below `dir` and must not be.
fn named(dir: &Path, folder: &Path) -> Vec<String> {
    let here = folder.display().to_string();
    let own = seraug_core::device::host();
    let mut private: Vec<&str> = [&HOSTS[..], &USERS].concat();
    private.extend(["/home/", "/Users/", "my corpora", "node99", "../", here.as_str()]);
    if own.len() > 3 {
        private.push(&own);
    }
    let files = walkdir::WalkDir::new(dir).into_iter().flatten().filter(|e| e.file_type().is_file());
    let mut found = Vec::new();
    for file in files {
        let bytes = std::fs::read(file.path()).unwrap();
        let has = |text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
        found.extend(private.iter().filter(|p| has(p)).map(|p| format!("{p} in {}", file.path().display())));
    }
    found
}

#[test]
fn no_byte_of_a_public_report_names_a_host_a_user_or_a_path() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(&folder.path().join("results"));
    let path = run.path().display().to_string();
    seraug(folder.path(), &["report", &path, "--reports", "private"]);
    assert!(!named(&folder.path().join("private"), folder.path()).is_empty(), "the run names somebody");
    let said = seraug(folder.path(), &["report", &path, "--reports", "public", "--public"]);
    assert_eq!(named(&folder.path().join("public"), folder.path()), Vec::<String>::new());
    let page = stdout(&said).lines().find_map(|l| l.strip_prefix("page: ").map(str::to_owned)).unwrap();
    let html = std::fs::read_to_string(folder.path().join(&page)).unwrap();
    // What decides a number is still there.
    for kept in ["seraug run experiments/open/fake.toml --set preset=tiny", "Some Processor 3.0", "2.11.0"] {
        assert!(html.contains(kept), "{kept}");
    }
    let provenance = folder.path().join(page).with_file_name("provenance.toml");
    let info = RunInfo::load(&provenance).unwrap();
    assert_eq!((info.set, info.device.host), (vec!["preset=tiny".to_owned()], String::new()));
    assert!(info.warning.iter().any(|w| w.message == "…: 3 of 4 utterances"), "{:?}", info.warning);
}

#[test]
fn nor_does_a_public_comparison() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["a", "b"].map(|r| run(&folder.path().join(r)).path().display().to_string());
    let compare = |out: &str, more: &[&str]| {
        let args = [&["compare", first.as_str(), second.as_str(), "--out", out], more].concat();
        seraug(folder.path(), &args);
        named(&folder.path().join(out), folder.path())
    };
    assert!(!compare("private", &[]).is_empty(), "two runs of one name are told apart by their folders");
    assert_eq!(compare("public", &["--public"]), Vec::<String>::new());
}
