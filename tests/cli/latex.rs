//! LaTeX compiles table.tex, and its tables fit on the page.

use seraug_report::write::report;
use seraug_test_support::fake_run::{Fake, with};
use seraug_test_support::requirements::LATEX;
use std::path::Path;
use std::process::Command;

#[test]
fn the_tables_compile() {
    if !is_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let title = "Übung_50 % & #1 {x} ~ ^ \\ <a> → β".to_owned();
    let run = with(Fake::default(), |f| (f.title, f.failed) = (title, vec![("aug", 1, 1)]))
        .write(&folder.path().join("results"));
    let written = report(&run, &folder.path().join("reports")).unwrap();
    check(&written.dir, "table");
}

/// Compiles the file NAME.tex of a folder on the width of the two columns of an Interspeech paper.
pub(crate) fn check(dir: &Path, name: &str) {
    let page = format!(
        "\\documentclass{{article}}\n\\usepackage[T1]{{fontenc}}\n\\usepackage{{booktabs}}\n\
         \\setlength{{\\textwidth}}{{17cm}}\n\\begin{{document}}\n\\input{{{name}}}\n\\end{{document}}\n"
    );
    std::fs::write(dir.join("page.tex"), page).unwrap();
    let mut latex = Command::new("pdflatex");
    let out =
        latex.args(["-halt-on-error", "-interaction=nonstopmode", "page.tex"]).current_dir(dir).output();
    let out = String::from_utf8_lossy(&out.unwrap().stdout).into_owned();
    assert!(dir.join("page.pdf").is_file(), "{out}");
    assert!(!out.contains("Overfull \\hbox"), "a table is wider than the page: {out}");
}

/// Whether LaTeX is here; if not, the test is reported as skipped.
pub(crate) fn is_here() -> bool {
    let found = Command::new("pdflatex").arg("--version").output().is_ok();
    if !found {
        LATEX.skip("pdflatex is not installed");
    }
    found
}
