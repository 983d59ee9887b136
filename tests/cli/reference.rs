//! The committed runs can still be read and give exactly the committed reports.

use seraug_core::run_files::{RunDir, read_outcomes};
use seraug_report::write::{report, report_into};
use seraug_test_support::common::{seraug, stderr, stdout};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

fn root() -> &'static Path {
    seraug_test_support::common::root()
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

/// A report never writes over a number: what contradicts its cell is named, what is lost is made again from the cells.
#[test]
fn a_changed_count_is_named_and_a_lost_file_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = runs().into_iter().find(|r| r.path().to_str().unwrap().contains("figure3-emodb"));
    let copy = folder.path().join("results/open/figure3-emodb/x");
    copy_folder(run.unwrap().path(), &copy);
    let report = || seraug(folder.path(), &["report", copy.to_str().unwrap()]);
    let outcomes = copy.join("outcomes.csv");
    let text = std::fs::read_to_string(&outcomes).unwrap();
    let before = read_outcomes(&outcomes).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let line = text.lines().nth(1).unwrap();
    let mut fields: Vec<String> = line.split(',').map(str::to_owned).collect();
    // Between two wrong answers, so that no recall sees it.
    for (column, by) in [("confusion_happy_neutral", 1), ("confusion_happy_angry", -1)] {
        let field = &mut fields[header.iter().position(|h| *h == column).unwrap()];
        *field = (field.parse::<i64>().unwrap() + by).to_string();
    }
    let changed = text.replacen(line, &fields.join(","), 1);
    std::fs::write(&outcomes, &changed).unwrap();
    let found = report();
    assert_eq!(found.status.code(), Some(4), "{}", stdout(&found));
    assert!(stderr(&found).contains("outcomes.csv: cell open/figure3-emodb/"), "{}", stderr(&found));
    assert_eq!(std::fs::read_to_string(&outcomes).unwrap(), changed, "nothing is written over it");
    std::fs::write(&outcomes, "").unwrap();
    let found = report();
    assert_eq!(found.status.code(), Some(0), "{}", stderr(&found));
    // With the columns of this version: the committed file may be of an earlier one.
    assert_eq!(read_outcomes(&outcomes).unwrap(), before);
    // Without its predictions, a cell is still in the table; the page says what is without it.
    let page =
        |dir: &Path| std::fs::read_to_string(dir.join("reports/open/figure3-emodb/x/index.html")).unwrap();
    assert!(!page(folder.path()).contains("have no predictions.csv"));
    std::fs::remove_file(copy.join("cells/aug/fold-1/seed-1/predictions.csv")).unwrap();
    std::fs::write(copy.join("cells/aug/fold-1/seed-1/history.csv"), "stage,step,loss\nclassifier,50\n")
        .unwrap();
    let found = report();
    assert_eq!(found.status.code(), Some(0), "{}", stderr(&found));
    let page = page(folder.path());
    assert!(page.contains(
        "1 of the cells with a result have no predictions.csv (open/figure3-emodb/aug/fold-1/seed-1)"
    ));
    assert!(page.contains("The learning curves leave out a cell: "));
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in WalkDir::new(from).into_iter().flatten() {
        let place = to.join(entry.path().strip_prefix(from).unwrap());
        match entry.file_type().is_dir() {
            true => std::fs::create_dir_all(&place).unwrap(),
            false => drop(std::fs::copy(entry.path(), &place).unwrap()),
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
