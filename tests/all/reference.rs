//! The committed runs read with today's code, and give the reports that are committed beside them, file by file.

use seraug::report::{report, report_into};
use seraug::results::RunDir;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn runs() -> Vec<RunDir> {
    let files = WalkDir::new(root().join("results/reference")).sort_by_file_name().into_iter().flatten();
    let infos = files.filter(|e| e.file_name() == "run.toml");
    infos.map(|e| RunDir::open(e.path().parent().unwrap()).unwrap()).collect()
}

/// Every file below `dir` with what it holds; of the page, without its links to the run, which lead elsewhere.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let all = WalkDir::new(dir).into_iter().flatten().filter(|e| e.file_type().is_file());
    let read = |e: walkdir::DirEntry| {
        let bytes = std::fs::read(e.path()).unwrap();
        let bytes = match e.file_name() == "index.html" {
            true => {
                let text = String::from_utf8(bytes).unwrap();
                text.lines().filter(|l| !l.contains("href=\"../")).collect::<Vec<_>>().join("\n").into_bytes()
            }
            false => bytes,
        };
        (e.path().strip_prefix(dir).unwrap().to_owned(), bytes)
    };
    all.map(read).collect()
}

#[test]
fn committed_runs_give_their_committed_reports() {
    let made = tempfile::tempdir().unwrap();
    let runs = runs();
    assert!(runs.len() >= 4, "{} runs below results/reference", runs.len());
    for run in runs {
        let written = report(&run, made.path()).unwrap();
        let committed = root().join("reports/reference").join(written.dir.strip_prefix(made.path()).unwrap());
        let (found, expected) = (files(&written.dir), files(&committed));
        let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(
            names(&found),
            names(&expected),
            "{}; `just reference` writes it anew",
            committed.display()
        );
        // t-SNE amplifies the last digit of an exponential, which differs between processors.
        let mapped = found.contains_key(Path::new("embedding.csv"));
        let varies = [
            "embedding.csv",
            "measures.csv",
            "figures/embedding.svg",
            "figures/embedding.png",
            "index.html",
            "table.md",
        ];
        for (name, bytes) in
            found.iter().filter(|(n, _)| !(mapped && varies.iter().any(|v| n == &Path::new(v))))
        {
            assert!(
                *bytes == expected[name],
                "{}/{} differs; `just reference`",
                committed.display(),
                name.display()
            );
        }
    }
}

/// What the README shows is what the reports hold.
#[test]
fn the_readme_shows_the_committed_runs() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("README.md");
    std::fs::write(&copy, &readme).unwrap();
    let mut shown = 0;
    for run in runs() {
        let experiment = run.path().parent().unwrap().strip_prefix(root().join("results/reference")).unwrap();
        if readme.contains(&format!("<!-- seraug {} -->", experiment.display())) {
            report_into(&run, &folder.path().join("reports/reference"), &copy).unwrap();
            shown += 1;
        }
    }
    assert!(shown >= 2, "{shown} runs in README.md");
    // From the copy, the runs are elsewhere.
    let near =
        |link: &str| link.find("results/reference").map_or(link.to_owned(), |at| link[at..].to_owned());
    let mut parts = std::fs::read_to_string(&copy).unwrap();
    parts = parts.split("](").map(near_or_text(&near)).collect::<Vec<_>>().join("](");
    assert_eq!(parts, readme, "`just reference` writes it anew");
}

/// Of a part that begins with a link to a run, the link from the README itself.
fn near_or_text(near: &dyn Fn(&str) -> String) -> impl Fn(&str) -> String {
    move |part: &str| match part.split_once(')') {
        Some((link, rest)) if link.starts_with("../") => format!("{})", near(link)) + rest,
        _ => part.to_owned(),
    }
}
