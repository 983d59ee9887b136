//! Generated corpora: short tones under the file names of real corpora, and corpora with a table.csv.

use crate::common::{sine, write_wav};
use std::fs;
use std::path::{Path, PathBuf};

const SPEAKERS: [&str; 10] = ["03", "08", "09", "10", "11", "12", "13", "14", "15", "16"];

const TEXTS: [&str; 10] = ["a01", "a02", "a04", "a05", "a07", "b01", "b02", "b03", "b09", "b10"];

/// EMO-DB with the real file names, its recordings replaced by short tones.
pub fn emodb(folder: &Path) -> PathBuf {
    let wav = folder.join("corpora/emodb/wav");
    // Each speaker has as many recordings as in the real corpus, of all emotions.
    let left = [49, 58, 43, 38, 55, 35, 61, 69, 56, 71];
    let turns = (0..71).flat_map(|turn| (0..10).filter(move |&s| left[s] > turn));
    let speakers: Vec<usize> = turns.collect();
    let mut taken: std::collections::HashMap<(usize, &str), usize> = std::collections::HashMap::new();
    // Every recording is a different tone: the leakage audit refuses identical ones.
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

/// A corpus of two classes and four speakers, of tones from `hz` upwards; `rows` edits each row of the table.
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

/// A small experiment, mini.toml, on a corpus of tones in `corpora/mine`.
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

/// A spec with every kind of section.
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

/// The complete EMOVO, 6 speakers, 7 emotions and 14 sentences, every recording a different tone.
pub fn emovo(folder: &Path) {
    let mut hz = 3000.0;
    for speaker in ["f1", "f2", "f3", "m1", "m2", "m3"] {
        for code in ["dis", "gio", "neu", "pau", "rab", "sor", "tri"] {
            for sentence in
                ["b1", "b2", "b3", "d1", "l1", "l2", "l3", "l4", "n1", "n2", "n3", "n4", "n5", "d2"]
            {
                hz += 5.0;
                let name = format!("corpora/emovo/{speaker}/{code}-{speaker}-{sentence}.wav");
                write_wav(&folder.join(name), &[sine(hz, 16_000, 3200)], 16_000, Some(16));
            }
        }
    }
}

/// The corpus `mine` of `n` tones, 0.wav, 1.wav and so on, with `csv` as its table.
pub fn table_of_tones(n: usize, csv: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for i in 0..n {
        let tone = sine(200.0 + 20.0 * i as f64, 16_000, 3200);
        write_wav(&dir.path().join(format!("mine/{i}.wav")), &[tone], 16_000, Some(16));
    }
    fs::write(dir.path().join("mine/table.csv"), csv).unwrap();
    dir
}

/// An experiment on a corpus of four speakers, two of which are spellings of one name.
pub fn two_spellings(spelt: [&str; 2], protocol: &str) -> tempfile::TempDir {
    let speakers = [spelt[0], spelt[1], "ben", "carl"];
    let row = |i: usize| {
        let emotion = ["angry", "sad"][i % 2];
        format!("{i}.wav,{emotion},{}\n", speakers[i / 2 % 4])
    };
    let rows: String = (0..16).map(row).collect();
    let dir = table_of_tones(16, &format!("path,emotion,speaker\n{rows}"));
    let spec = format!(
        "title = \"t\"\ncorpus = \"mine\"\npreset = \"tiny\"\nseeds = [1]\n\
         classes = {{ angry = [\"angry\"], sad = [\"sad\"] }}\n{protocol}\n\
         condition = [{{ name = \"no-aug\" }}]\n"
    );
    fs::write(dir.path().join("x.toml"), spec).unwrap();
    dir
}
