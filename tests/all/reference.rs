//! The committed runs read with today's code, and give the reports that are committed beside them.

use seraug::report::report;
use seraug::results::RunDir;
use std::path::Path;

#[test]
fn committed_runs_give_their_committed_tables() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = tempfile::tempdir().unwrap();
    let files = walkdir::WalkDir::new(root.join("results/reference")).into_iter().flatten();
    let mut seen = 0;
    for info in files.filter(|e| e.file_name() == "run.toml") {
        let run = RunDir::open(info.path().parent().unwrap()).unwrap();
        let written = report(&run, made.path()).unwrap();
        let below = written.dir.strip_prefix(made.path()).unwrap();
        let committed = root.join("reports/reference").join(below).join("table.csv");
        let text = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(text(&written.dir.join("table.csv")), text(&committed), "{}", committed.display());
        seen += 1;
    }
    assert!(seen >= 1, "no run below results/reference");
}
