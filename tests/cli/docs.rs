//! The documents: generated ones are what the code says, links lead somewhere, and blocks that a reader would run do run.
//! Those that train are run by tests/worker/docs.rs.

use seraug::documents::{command_line, spec_fields};
use seraug_test_support::common::{root, seraug, stderr, stdout};
use seraug_test_support::documents::{Block, blocks, run};
use std::path::{Path, PathBuf};

/// README and all that is below docs/.
fn documents() -> Vec<PathBuf> {
    let below =
        walkdir::WalkDir::new(root().join("docs")).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = below.map(walkdir::DirEntry::into_path).filter(|p| p.extension().is_some_and(|e| e == "md"));
    let top = ["README.md", "CONTRIBUTING.md", "FIDELITY.md"].map(|name| root().join(name));
    files.chain(top).collect()
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |c: &char| c.is_alphanumeric() || "-_ ".contains(*c);
    headings.map(|h| h.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

/// Targets of the links of a document: files beside it, or anchors.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://") && !target.contains(' ')).collect()
}

#[test]
fn generated_documents_are_what_the_code_says() {
    for (name, text) in [("cli.md", command_line::markdown()), ("spec.md", spec_fields::markdown())] {
        let committed = std::fs::read_to_string(root().join("docs").join(name)).unwrap();
        assert!(committed == text, "docs/{name} is stale: run `just docs`");
    }
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    let mut broken = Vec::new();
    for path in documents() {
        let text = std::fs::read_to_string(&path).unwrap();
        for link in links(&text) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            let found = target.exists()
                && (anchor.is_empty()
                    || anchors(&std::fs::read_to_string(&target).unwrap()).contains(&anchor.to_owned()));
            if !found {
                broken.push(format!("{}: {link}", path.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Paths such as src/run/plan/keys/mod.rs that documents name in their text. `NAME` and `…` stand for any file.
#[test]
fn every_source_file_that_a_document_names_exists() {
    let mut missing = Vec::new();
    for path in documents().iter().filter(|p| !p.ends_with("dev/performance.md")) {
        let text = std::fs::read_to_string(path).unwrap();
        let word = |c: char| !(c.is_alphanumeric() || "/_.-".contains(c));
        let named = text
            .split(word)
            .map(|w| w.trim_end_matches('.'))
            .filter(|w| w.starts_with("src/") && !w.contains("NAME"));
        missing
            .extend(named.filter(|w| !root().join(w).exists()).map(|w| format!("{}: {w}", path.display())));
    }
    // CONTRIBUTING and docs/architecture.md say where generators go before the folder is there.
    missing.retain(|m| !m.contains("src/core/spec/generators/"));
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn experiments_in_documents_load() {
    let mut loaded = 0;
    for path in documents() {
        let text = std::fs::read_to_string(&path).unwrap();
        for block in blocks(&text).iter().filter(|block| block.language == "toml") {
            let name = path.display().to_string();
            seraug_core::spec::parse(&block.text, &name, &[]).unwrap_or_else(|e| panic!("{e}"));
            loaded += 1;
        }
    }
    assert!(loaded >= 2, "{loaded} experiments");
}

#[test]
fn the_blocks_of_the_tutorial_that_do_not_train_run() {
    if !Path::new("/usr/bin/espeak-ng").exists() {
        println!("SKIPPED: espeak-ng is not installed");
        return;
    }
    let text = std::fs::read_to_string(root().join("docs/tutorial.md")).unwrap();
    let quick: Vec<Block> = blocks(&text).into_iter().filter(|block| block.argument != "training").collect();
    let answers = run(&quick);
    assert!(answers[0].contains("300"), "{answers:?}");
    assert!(answers[1].contains("labels       calm 192, stressed 72, irritated 36"), "{answers:?}");
    assert!(
        answers[2].contains("- with its 12 speakers, a fold each, and 5 seeds: a difference of 4.8 points"),
        "{answers:?}"
    );
    // What the tutorial shows of the plan is what the program answers.
    let shown = blocks(&text)
        .into_iter()
        .find(|b| b.language == "text" && b.text.contains("cells: 12 to run"))
        .unwrap();
    assert_eq!(answers[3], shown.text);
}

#[test]
fn completions_and_manual_pages_name_every_command() {
    let commands = [
        "doctor",
        "corpus",
        "features",
        "plan",
        "run",
        "report",
        "compare",
        "status",
        "store",
        "schema",
        "train-final",
    ];
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(&seraug(folder.path(), &["completions", shell]));
        commands.iter().for_each(|c| assert!(script.contains(c), "{shell} does not know {c}"));
    }
    let out = seraug(folder.path(), &["man", "--out", "."]);
    assert!(out.status.success(), "{}", stderr(&out));
    for command in commands {
        let page = std::fs::read_to_string(folder.path().join(format!("seraug-{command}.1"))).unwrap();
        assert!(
            page.contains(".SH OPTIONS")
                && page.contains(&format!("seraug\\-{}", command.replace('-', "\\-"))),
            "{page}"
        );
    }
    assert!(!folder.path().join("seraug-docs.1").exists(), "a hidden command has a page");
}
