//! Corpora that tests make: short tones under the names of real ones, and tables of their own.

use crate::common::{sine, write_wav};
use std::fs;
use std::path::{Path, PathBuf};

const SPEAKERS: [&str; 10] = ["03", "08", "09", "10", "11", "12", "13", "14", "15", "16"];

const TEXTS: [&str; 10] = ["a01", "a02", "a04", "a05", "a07", "b01", "b02", "b03", "b09", "b10"];

/// An EMO-DB of the right names and counts whose recordings are short tones.
pub fn emodb(folder: &Path) -> PathBuf {
    let wav = folder.join("corpora/emodb/wav");
    // Each speaker has as many recordings as in the real one, of all emotions.
    let left = [49, 58, 43, 38, 55, 35, 61, 69, 56, 71];
    let turns = (0..71).flat_map(|turn| (0..10).filter(move |&s| left[s] > turn));
    let speakers: Vec<usize> = turns.collect();
    let mut taken: std::collections::HashMap<(usize, &str), usize> = std::collections::HashMap::new();
    // Every recording is another tone: the audit refuses byte-identical ones.
    let (mut hz, mut i) = (100.0, 0);
    for (letter, n) in [("W", 127), ("L", 81), ("E", 46), ("A", 69), ("F", 71), ("T", 62), ("N", 79)] {
        for _ in 0..n {
            hz += 5.0;
            let speaker = speakers[i * 7 % speakers.len()];
            i += 1;
            let take = taken.entry((speaker, letter)).or_default();
            let version = ["a", "b", "c"][*take / 10];
            let name = format!("{}{}{letter}{version}.wav", SPEAKERS[speaker], TEXTS[*take % 10]);
            *take += 1;
            write_wav(&wav.join(name), &[sine(hz, 16_000, 3200)], 16_000, Some(16));
        }
    }
    wav
}

/// A corpus of two classes and four speakers, tones from `hz` up; `rows` changes the table.
pub fn own_corpus(dir: &Path, name: &str, mut hz: f64, rows: impl Fn(&str) -> String) {
    let folder = dir.join("corpora").join(name);
    let mut table = String::from("path,emotion,speaker\n");
    for speaker in ["s1", "s2", "s3", "s4"] {
        for emotion in ["neutral", "angry"] {
            for take in 0..3 {
                hz += 11.0;
                let name = format!("{speaker}-{emotion}-{take}.wav");
                let path = folder.join(&name);
                if !path.exists() {
                    write_wav(&path, &[sine(hz, 16_000, 3200)], 16_000, Some(16));
                }
                table += &rows(&format!("{name},{emotion},{speaker}\n"));
            }
        }
    }
    fs::write(folder.join("table.csv"), table).unwrap();
}

/// A small experiment on a corpus of its own, whose recordings are `corpora/mine/*.wav`.
pub fn mine(folder: &Path) {
    let mut table = String::from("path,emotion,speaker\n");
    for speaker in 1..=4 {
        for (class, hz) in [("neutral", 200.0), ("angry", 700.0), ("sad", 400.0)] {
            for take in 0..2 {
                let name = format!("{speaker}-{class}-{take}.wav");
                let sound = sine(hz + 10.0 * f64::from(speaker) + f64::from(take), 16_000, 8000);
                write_wav(&folder.join("corpora/mine").join(&name), &[sound], 16_000, Some(16));
                table += &format!("{name},{class},s{speaker}\n");
            }
        }
    }
    fs::write(folder.join("corpora/mine/table.csv"), table).unwrap();
    fs::write(folder.join("mini.toml"), MINI).unwrap();
}

/// Every kind of section that a spec has.
pub const MINI: &str = r#"title = "mini"
preset = "tiny"
corpus = "mine"
seeds = [1]
[classes]
neutral = ["neutral"]
angry = ["angry"]
sad = ["sad"]
[protocol.leave-speakers-out]
folds = 2
[reduction]
share = 0.5
keep = ["neutral"]
[classifier]
epochs = 2
min-steps = 20
batch = 8
log-every = 5
[augmentor]
iterations = 10
batch = 4
log-every = 5
[[condition]]
name = "no-aug"
[[condition]]
name = "copies"
augment.copies.copies = 2
[[condition]]
name = "aug"
augment.triplet-gan.copies = 2
"#;
