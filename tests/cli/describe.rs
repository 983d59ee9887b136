//! `seraug corpus describe`: what it says of a corpus whose speakers give the label away, and of one that has nothing of the kind.

use seraug_test_support::common::{seraug, sine, stderr, stdout, write_wav};
use std::fs;
use std::path::Path;

/// Corpus `mine`: a row for each (speaker, label, text), a tone of its own each.
fn mine(rows: &[(&str, &str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut table = String::from("path,emotion,speaker,text\n");
    for (i, (speaker, label, text)) in rows.iter().enumerate() {
        let name = format!("{i}.wav");
        let tone = sine(200.0 + 10.0 * i as f64, 16_000, 8000 + 100 * i);
        write_wav(&dir.path().join("mine").join(&name), &[tone], 16_000, Some(16));
        table += &format!("{name},{label},{speaker},{text}\n");
    }
    fs::write(dir.path().join("mine/table.csv"), table).unwrap();
    dir
}

fn described(dir: &Path, more: &[&str]) -> std::process::Output {
    seraug(dir, &[&["corpus", "describe", "mine", "--corpora", "."], more].concat())
}

#[test]
fn a_corpus_whose_speakers_have_one_label_each_is_called_that() {
    let rows = [
        ("anna", "calm", "a"),
        ("anna", "calm", "b"),
        ("ben", "stressed", "c"),
        ("ben", "stressed", "d"),
        ("cleo", "calm", "a"),
    ];
    let dir = mine(&rows);
    let output = described(dir.path(), &["--out", "page.html"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    for part in [
        "mine (mine (table.csv)): 5 utterances, 3 speakers",
        "calm                      3         2",
        "3 of 3 speakers have one label only: a classifier that knows the voice knows the label.",
        "100 % of `stressed` are of the speaker ben",
        "What is said goes along with the label (Cramér's V 1.00)",
        "- protocol.leave-speakers-out: at most 3 folds; 0 of 3 have every label",
        "- protocol.leave-one-session-out: none; nobody says the session of an utterance",
        "with its 3 speakers, a fold each, and 5 seeds: a difference of",
        "for a difference of 8 points:",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let page = fs::read_to_string(dir.path().join("page.html")).unwrap();
    assert!(
        page.starts_with("<!DOCTYPE html>") && page.contains("3 of 3 speakers have one label only"),
        "{page}"
    );
    let json: serde_json::Value = serde_json::from_str(&stdout(&described(dir.path(), &["--json"]))).unwrap();
    assert_eq!(json["confounding"]["speaker_and_label"], 1.0);
    assert_eq!(json["labels"][0]["utterances"], 3);
    assert_eq!(json["sound"]["rates"]["16000"], 5);
    assert_eq!(json["designs"].as_array().unwrap().len(), 4);
}

#[test]
fn a_balanced_corpus_has_nothing_that_stands_out_and_a_bad_recording_is_counted() {
    let mut rows = Vec::new();
    for speaker in ["anna", "ben", "cleo"] {
        for label in ["calm", "stressed"] {
            for text in ["a", "b"] {
                rows.push((speaker, label, text));
            }
        }
    }
    let dir = mine(&rows);
    let text = stdout(&described(dir.path(), &[]));
    assert!(text.contains("- Nothing stands out."), "{text}");
    assert!(
        text.contains("- protocol.leave-texts-out: at most 2 folds; each text has every label"),
        "{text}"
    );
    write_wav(&dir.path().join("mine/0.wav"), &[vec![0.0; 8000]], 16_000, Some(16));
    let output = described(dir.path(), &[]);
    assert!(
        stdout(&output).contains("11 utterances") && stdout(&output).contains("1 recording cannot be used"),
        "{}",
        stdout(&output)
    );
}
