//! Spellings of a speaker that look identical are one speaker; spellings that a reader can tell apart cause a warning.

use indicatif::ProgressBar;
use seraug_data::corpora::{self, Corpus, DigestPolicy};
use seraug_test_support::common::{seraug, stderr, stdout};
use seraug_test_support::corpora::{table_of_tones, two_spellings};
use std::fs;
use std::path::Path;

fn import(corpora: &Path) -> Corpus {
    let cache = Path::new("unused");
    corpora::import("mine", &[], corpora, cache, DigestPolicy::Afresh, &ProgressBar::hidden()).unwrap()
}

fn two(a: &str, b: &str) -> tempfile::TempDir {
    table_of_tones(2, &format!("path,emotion,speaker\n0.wav,sad,{a}\n1.wav,sad,{b}\n"))
}

#[test]
fn speakers_that_nobody_can_tell_apart_are_one() {
    for (a, b) in [
        ("Jürgen", "Ju\u{308}rgen"),
        ("Anna", "Anna\u{a0}"),
        ("Anna", "\u{200b}Anna"),
        ("Anna", "An\u{ad}na"),
        ("Anna", "\u{2067}Anna\u{2069}"),
        ("Anna B", "Anna\u{2009} B"),
    ] {
        let check = import(two(a, b).path()).check();
        let speakers: Vec<_> = check.speakers.iter().map(|s| (s.name.as_str(), s.found)).collect();
        assert_eq!(speakers, [(a, 2)], "{a:?} {b:?}");
        assert!(check.notes.is_empty() && check.complete(), "{:?}", check.notes);
    }
}

#[test]
fn speakers_that_one_person_could_be_are_told_and_are_two() {
    for (a, b) in [
        ("Anna", "anna"),
        ("1", "01"),
        ("spk_1", "spk-1"),
        ("Anna", "Ａｎｎａ"),
        ("Anna", "Аnna"),
        ("1", "1.0"),
    ] {
        let dir = two(a, b);
        let check = import(dir.path()).check();
        assert!(check.complete() && check.speakers.len() == 2, "{a} {b}");
        assert_eq!(check.notes.len(), 1, "{a} {b}: {:?}", check.notes);
        let note = &check.notes[0];
        assert!(
            note.starts_with("speakers `") && [a, b].iter().all(|s| note.contains(&format!("`{s}`"))),
            "{note}"
        );
        let output = seraug(dir.path(), &["corpus", "check", "mine", "--corpora", "."]);
        assert!(
            output.status.success() && stdout(&output).contains("note: speakers `"),
            "{}",
            stdout(&output)
        );
        let output = seraug(dir.path(), &["corpus", "import", "mine", "--corpora", "."]);
        assert!(
            output.status.success() && stderr(&output).contains("note: speakers `"),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn sessions_parts_languages_and_ids_are_names_too() {
    let dir = table_of_tones(
        4,
        "path,emotion,speaker,session,split,language,id\n\
         0.wav,sad,a,Se\u{301}ance,Train,de,x1\n\
         1.wav,sad,a,S\u{e9}ance\u{a0},Train\u{200b},de,x2\n\
         2.wav,sad,a,1,train,DE,X1\n\
         3.wav,sad,a,01,test,en,x\u{200b}2\n",
    );
    let corpus = import(dir.path());
    assert_eq!(corpus.problems, ["table.csv:5: id `x2`: the same as in line 3; give each row its own"]);
    let of: Vec<_> =
        corpus.utterances.iter().map(|u| (u.session.as_deref().unwrap(), u.split.as_deref())).collect();
    assert_eq!(of, [("1", Some("train")), ("Séance", Some("Train")), ("Séance", Some("Train"))]);
    let notes = corpus.check().notes;
    for part in ["parts of its split `Train`, `train`", "languages `DE`, `de`", "ids `X1`, `x1`"] {
        assert!(notes.iter().any(|n| n.starts_with(part)), "{part}: {notes:?}");
    }
}

#[test]
fn a_manifest_may_spell_its_names_otherwise() {
    let dir = table_of_tones(2, "path,emotion,speaker\n0.wav,fröhlich,Ju\u{308}rgen\n1.wav,sad,anna\n");
    let manifest =
        "[labels]\n\"fro\u{308}hlich\" = \"happy\"\n[speakers]\nJ\u{fc}rgen = \"male\"\nAnna = \"female\"\n";
    let manifest = manifest.replace("J\u{fc}rgen", "\"J\u{fc}rgen\"");
    fs::write(dir.path().join("mine/manifest.toml"), manifest).unwrap();
    let corpus = import(dir.path());
    assert!(corpus.problems.is_empty(), "{:?}", corpus.problems);
    let check = corpus.check();
    assert_eq!(corpus.utterances[0].gender.map(|g| g.name()), Some("male"));
    assert!(check.notes[0].starts_with("speakers `Anna`, `anna` look alike"), "{:?}", check.notes);

    let twice = "[speakers]\n\"J\u{fc}rgen\" = \"male\"\n\"Ju\u{308}rgen\" = \"female\"\n";
    fs::write(dir.path().join("mine/manifest.toml"), twice).unwrap();
    let bar = ProgressBar::hidden();
    let e = corpora::import("mine", &[], dir.path(), Path::new("unused"), DigestPolicy::Afresh, &bar)
        .unwrap_err();
    assert!(e.exit_code() == 2 && e.to_string().contains("`J\u{fc}rgen` is there twice"), "{e}");
}

#[test]
fn one_person_under_two_spellings_is_never_on_both_sides() {
    let spelt = ["Jürgen", "Ju\u{308}rgen"];
    let dir = two_spellings(spelt, "protocol.leave-speakers-out.folds = 3");
    let output = seraug(dir.path(), &["plan", "x.toml", "--corpora", ".", "--device", "cpu", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let cells: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let tests: Vec<u64> = cells.as_array().unwrap().iter().map(|c| c["n_test"].as_u64().unwrap()).collect();
    assert_eq!(tests.iter().max(), Some(&8), "all eight recordings of one person in one fold: {tests:?}");

    let groups = "protocol.leave-speakers-out.groups = [[\"Ju\u{308}rgen\"], [\"ben\"]]";
    let output =
        seraug(two_spellings(spelt, groups).path(), &["plan", "x.toml", "--corpora", ".", "--device", "cpu"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let groups = "protocol.leave-speakers-out.groups = [[\"Ju\u{308}rgen\"], [\"J\u{fc}rgen\"]]";
    let output =
        seraug(two_spellings(spelt, groups).path(), &["plan", "x.toml", "--corpora", ".", "--device", "cpu"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("is in two groups"), "{}", stderr(&output));
}
