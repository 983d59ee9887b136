//! `seraug archive` and `seraug verify`: what is in an archive, and what is seen of a change.

use crate::latex;
use seraug_core::digest::digest_hex;
use seraug_test_support::common::{root, seraug, stderr, stdout};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use zip::write::FileOptions;
use zip::{ZipArchive, ZipWriter};

type Contents = BTreeMap<String, Vec<u8>>;

/// The committed run of the quickstart.
fn quickstart() -> PathBuf {
    let runs = std::fs::read_dir(root().join("results/reference/quickstart")).unwrap();
    runs.map(|e| e.unwrap().path()).filter(|p| p.join("run.toml").is_file()).max().unwrap()
}

/// An archive of the quickstart in `dir`.
fn archive(dir: &Path, more: &[&str]) -> PathBuf {
    let run = quickstart();
    let out = seraug(dir, &[&["archive", run.to_str().unwrap(), "--out", "crate.zip"], more].concat());
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    dir.join("crate.zip")
}

fn read(path: &Path) -> Contents {
    let mut zip = ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut contents = Contents::new();
    for i in 0..zip.len() {
        let mut file = zip.by_index(i).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        contents.insert(file.name().to_owned(), bytes);
    }
    contents
}

fn write(path: &Path, contents: &Contents) {
    let mut zip = ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, bytes) in contents {
        zip.start_file(name.as_str(), FileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}

/// Gives the contents the checksums that they have.
fn sign(contents: &mut Contents) {
    let listed = contents.iter().filter(|(name, _)| *name != "checksums.sha256");
    let sums: String = listed.map(|(name, bytes)| format!("{}  {name}\n", digest_hex(bytes))).collect();
    contents.insert("checksums.sha256".into(), sums.into_bytes());
}

/// Changes the first place of `from` in the file whose name ends with `name`.
fn change(contents: &mut Contents, name: &str, from: &str, to: &str) {
    let bytes = contents.iter_mut().find(|(n, _)| n.ends_with(name)).unwrap().1;
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains(from), "{name} has no {from}");
    *bytes = text.replacen(from, to, 1).into_bytes();
}

/// What `verify` says of changed contents: its exit code and message.
fn verified(dir: &Path, contents: &Contents) -> (Option<i32>, String) {
    let path = dir.join("changed.zip");
    write(&path, contents);
    let out = seraug(dir, &["verify", path.to_str().unwrap()]);
    (out.status.code(), stderr(&out) + &stdout(&out))
}

#[test]
fn an_archive_verifies_and_is_the_same_whenever_it_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let path = archive(dir.path(), &[]);
    let first = std::fs::read(&path).unwrap();
    let out = seraug(dir.path(), &["verify", "crate.zip", "--json"]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    let answer: Value = serde_json::from_str(&stdout(&out)).unwrap();
    assert_eq!((&answer["experiment"], &answer["cells"]), (&"quickstart".into(), &20.into()));
    // 20 cells of 96 test utterances.
    assert_eq!(answer["predictions"], 1920);
    assert!(answer["numbers"].as_u64().unwrap() > 1000);
    // table.md, table.tex, page, provenance, methods, references and drawings.
    assert!(answer["texts"].as_u64().unwrap() > 6);
    assert!(first == std::fs::read(archive(dir.path(), &[])).unwrap(), "two archives of one run differ");
}

#[test]
fn an_archive_has_no_audio_no_spectrogram_and_names_no_machine() {
    let dir = tempfile::tempdir().unwrap();
    let contents = read(&archive(dir.path(), &[]));
    for name in contents.keys() {
        assert!(!name.ends_with(".npy") && !name.ends_with(".wav") && !name.ends_with("log.txt"), "{name}");
    }
    let run = contents.iter().find(|(n, _)| n.ends_with("/run.toml")).unwrap().1;
    let run: toml::Table = toml::from_str(std::str::from_utf8(run).unwrap()).unwrap();
    assert_eq!(run["device"]["host"].as_str(), Some(""));
    for name in ["methods.tex", "references.bib", "ro-crate-metadata.json", "checksums.sha256"] {
        assert!(contents.contains_key(name), "{name}");
    }
}

#[test]
fn the_metadata_describe_every_file_and_the_run_that_made_them() {
    let dir = tempfile::tempdir().unwrap();
    let contents =
        read(&archive(dir.path(), &["--author", "A. Person", "--licence", "https://example.org/licence"]));
    let metadata: Value = serde_json::from_slice(&contents["ro-crate-metadata.json"]).unwrap();
    let graph = metadata["@graph"].as_array().unwrap();
    let entity =
        |id: &str| graph.iter().find(|e| e["@id"] == id).unwrap_or_else(|| panic!("{id} is not described"));
    assert_eq!(entity("ro-crate-metadata.json")["conformsTo"]["@id"], "https://w3id.org/ro/crate/1.1");
    let root = entity("./");
    assert_eq!(root["conformsTo"]["@id"], "https://w3id.org/ro/wfrun/process/0.5");
    assert_eq!(
        (&root["license"]["@id"], &root["author"]["@id"]),
        (&"https://example.org/licence".into(), &"#author".into())
    );
    let parts: Vec<&str> =
        root["hasPart"].as_array().unwrap().iter().map(|p| p["@id"].as_str().unwrap()).collect();
    for name in contents.keys().filter(|name| *name != "ro-crate-metadata.json") {
        assert!(parts.contains(&name.as_str()), "{name} is no part");
        let file = entity(name);
        if name != "checksums.sha256" {
            assert_eq!(file["sha256"], digest_hex(&contents[name]));
            assert_eq!(file["contentSize"], contents[name].len().to_string());
        }
    }
    assert_eq!(parts.len(), contents.len() - 1);
    let action = entity("#run");
    assert_eq!((&action["@type"], &action["instrument"]["@id"]), (&"CreateAction".into(), &"#seraug".into()));
    for list in ["object", "result"] {
        for item in action[list].as_array().unwrap() {
            entity(item["@id"].as_str().unwrap());
        }
    }
}

#[test]
fn a_changed_digit_fails_by_its_checksum() {
    let dir = tempfile::tempdir().unwrap();
    let mut contents = read(&archive(dir.path(), &[]));
    change(&mut contents, "table.csv", "1", "2");
    let (code, said) = verified(dir.path(), &contents);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("table.csv is not what checksums.sha256 says"), "{said}");
}

/// Somebody who changes a number can write new checksums; what follows from what cannot be rewritten by halves.
#[test]
fn a_changed_number_with_new_checksums_fails_by_what_it_follows_from() {
    let dir = tempfile::tempdir().unwrap();
    let whole = read(&archive(dir.path(), &[]));
    let outcomes = whole.iter().find(|(n, _)| n.ends_with("outcomes.csv")).unwrap().1;
    let mut reader = csv::Reader::from_reader(outcomes.as_slice());
    let at = reader.headers().unwrap().iter().position(|h| h == "uar").unwrap();
    let uar = reader.records().next().unwrap().unwrap()[at].to_owned();
    let table = whole.iter().find(|(n, _)| n.ends_with("table.csv")).unwrap().1;
    let row = std::str::from_utf8(table).unwrap().lines().nth(1).unwrap().to_owned();
    let number = row.split(',').find(|cell| cell.contains('.')).unwrap();
    let higher = format!("{:.6}", number.parse::<f64>().unwrap() + 1.0);
    let cases: [(&str, &str, &str, &str); 4] = [
        ("outcomes.csv", &uar, "0.999999", "the confusion gives"),
        ("/aug/fold-1/seed-1/predictions.csv", ",neutral,neutral,", ",neutral,angry,", "a file was changed"),
        ("table.csv", number, &higher, "but the predictions give"),
        ("speakers.csv", "en-f01", "en-f09", "but the predictions give"),
    ];
    for (name, from, to, wanted) in cases {
        let mut contents = whole.clone();
        change(&mut contents, name, from, to);
        sign(&mut contents);
        let (code, said) = verified(dir.path(), &contents);
        assert_eq!(code, Some(4), "{name}: {said}");
        assert!(said.contains(wanted), "{name}: {said}");
    }
}

#[test]
fn files_that_were_added_or_taken_out_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let whole = read(&archive(dir.path(), &[]));
    let mut contents = whole.clone();
    contents.insert("more.csv".into(), b"a\n1\n".to_vec());
    let (code, said) = verified(dir.path(), &contents);
    assert!(code == Some(4) && said.contains("more.csv is not in checksums.sha256"), "{said}");
    let mut contents = whole.clone();
    contents.remove("methods.tex");
    let (code, said) = verified(dir.path(), &contents);
    assert!(code == Some(4) && said.contains("methods.tex is missing"), "{said}");
    let mut contents = whole.clone();
    contents.retain(|name, _| !name.ends_with("/aug/fold-1/seed-1/predictions.csv"));
    sign(&mut contents);
    let (code, said) = verified(dir.path(), &contents);
    assert!(code == Some(4) && said.contains("has a result, but no predictions.csv"), "{said}");
}

/// Texts of a report are what its predictions give, not only its CSV tables.
#[test]
fn a_changed_text_with_new_checksums_fails_by_what_it_is_made_from() {
    let dir = tempfile::tempdir().unwrap();
    let whole = read(&archive(dir.path(), &[]));
    let cases: [(&str, &str, &str); 4] = [
        ("table.md", "± ", "± 1"),
        ("table.tex", "condition", "conditions"),
        ("index.html", "<h1>", "<h1>Better "),
        ("methods.tex", "We use", "We used"),
    ];
    for (name, from, to) in cases {
        let mut contents = whole.clone();
        change(&mut contents, name, from, to);
        sign(&mut contents);
        let (code, said) = verified(dir.path(), &contents);
        assert_eq!(code, Some(4), "{name}: {said}");
        assert!(
            said.contains(&format!("{name}: line ")) && said.contains("it was changed"),
            "{name}: {said}"
        );
    }
}

/// Whoever takes out or adds a file can write new checksums; the report that is made again has the files that it has.
#[test]
fn the_set_of_files_is_that_of_the_report() {
    let dir = tempfile::tempdir().unwrap();
    let whole = read(&archive(dir.path(), &[]));
    for name in ["table.md", "index.html", "methods.tex", "figures/recall.png", "spec.toml", "run.toml"] {
        let mut contents = whole.clone();
        let found = contents.keys().find(|n| n.ends_with(name)).cloned().unwrap();
        contents.remove(&found);
        sign(&mut contents);
        let (code, said) = verified(dir.path(), &contents);
        assert_eq!(code, Some(4), "{name}: {said}");
        // The archive's own path aside, no message names a temporary folder.
        let said = said.replace(&dir.path().display().to_string(), "");
        assert!(!said.contains(&std::env::temp_dir().display().to_string()), "{name}: {said}");
    }
    for added in ["reports/quickstart/more.md", "results/more.csv", "more.txt"] {
        let mut contents = whole.clone();
        contents.insert(added.into(), b"more\n".to_vec());
        sign(&mut contents);
        let (code, said) = verified(dir.path(), &contents);
        assert!(code == Some(4) && said.contains("it was added"), "{added}: {said}");
    }
}

#[test]
fn a_cut_archive_is_a_changed_one() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(archive(dir.path(), &[])).unwrap();
    for kept in [bytes.len() / 2, bytes.len() - 30] {
        std::fs::write(dir.path().join("cut.zip"), &bytes[..kept]).unwrap();
        let out = seraug(dir.path(), &["verify", "cut.zip"]);
        assert_eq!(out.status.code(), Some(4), "{kept}: {}", stderr(&out));
        assert!(stderr(&out).contains("it was cut or changed"), "{}", stderr(&out));
    }
    let mut contents = read(&dir.path().join("crate.zip"));
    contents.remove("checksums.sha256");
    let (code, said) = verified(dir.path(), &contents);
    assert!(code == Some(4) && said.contains("checksums.sha256 is missing"), "{said}");
}

#[test]
fn the_log_of_reproductions_is_what_its_archives_say() {
    let folder = root().join("reports/reproductions");
    let mut archives: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path().display().to_string()).collect();
    archives.sort();
    let words: Vec<&str> =
        ["docs", "reproductions"].into_iter().chain(archives.iter().map(String::as_str)).collect();
    let out = seraug(root(), &words);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    let committed = std::fs::read_to_string(root().join("docs/reproductions.md")).unwrap();
    assert!(committed == stdout(&out), "docs/reproductions.md is stale: run `just reproductions`");
}

#[test]
fn what_is_no_archive_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.zip"), "no zip").unwrap();
    let out = seraug(dir.path(), &["verify", "a.zip"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(stderr(&out).contains("a.zip: not a zip archive"), "{}", stderr(&out));
    let outside = Contents::from([("../outside.csv".to_owned(), b"x".to_vec())]);
    let (code, said) = verified(dir.path(), &outside);
    assert!(code == Some(1) && said.contains("leads out of the archive"), "{said}");
    assert!(!dir.path().parent().unwrap().join("outside.csv").exists());
    let empty = Contents::from([("readme".to_owned(), b"x".to_vec())]);
    let (code, said) = verified(dir.path(), &empty);
    assert!(code == Some(1) && said.contains("has no checksums.sha256"), "{said}");
    let run = quickstart();
    let out = seraug(dir.path(), &["archive", run.to_str().unwrap(), "--out", "crate.tar"]);
    assert_eq!(out.status.code(), Some(2), "{}", stderr(&out));
}

/// On the column of a paper, with every reference found by BibTeX.
#[test]
fn the_methods_compile() {
    if !latex::is_here() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let contents = read(&archive(dir.path(), &[]));
    for name in ["methods.tex", "references.bib"] {
        std::fs::write(dir.path().join(name), &contents[name]).unwrap();
    }
    let text = std::str::from_utf8(&contents["methods.tex"]).unwrap();
    let cited = text.split("\\cite{").skip(1).map(|rest| rest.split('}').next().unwrap());
    let references = std::str::from_utf8(&contents["references.bib"]).unwrap();
    for key in cited {
        assert!(references.contains(&format!("{{{key},")), "{key} is in no reference");
    }
    let page = "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\begin{document}\n\\input{methods}\n\
                \\bibliographystyle{plain}\n\\bibliography{references}\n\\end{document}\n";
    std::fs::write(dir.path().join("page.tex"), page).unwrap();
    let run = |program: &str, args: &[&str]| {
        let out = std::process::Command::new(program).args(args).current_dir(dir.path()).output().unwrap();
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    let pages = ["-halt-on-error", "-interaction=nonstopmode", "page.tex"];
    run("pdflatex", &pages);
    let said = run("bibtex", &["page"]);
    assert!(!said.contains("error message") && !said.contains("Warning--I didn't find"), "{said}");
    run("pdflatex", &pages);
    let said = run("pdflatex", &pages);
    assert!(dir.path().join("page.pdf").is_file() && !said.contains("undefined references"), "{said}");
}
