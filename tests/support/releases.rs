//! Corpora in the layouts of their official releases, each recording only a few samples long.

use crate::common::write_wav;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Writes a few samples that depend on the path, so that no two files are identical.
pub fn clip(path: &Path) {
    let seed =
        path.to_string_lossy().bytes().fold(7u32, |h, b| h.wrapping_mul(31).wrapping_add(u32::from(b)));
    let samples = (0..8).map(|i| f32::from((seed >> (3 * i)) as u8) / 300.0 + 0.01).collect();
    write_wav(path, &[samples], 16_000, Some(16));
}

/// Label codes and their numbers of lines in sessions 1 to 5; of the last five codes only the totals are real.
pub const LINES: [(&str, [usize; 5]); 11] = [
    ("ang", [229, 137, 240, 327, 170]),
    ("hap", [135, 117, 135, 65, 143]),
    ("exc", [143, 210, 151, 238, 299]),
    ("neu", [384, 362, 320, 258, 384]),
    ("sad", [194, 197, 305, 143, 245]),
    ("fru", [280, 325, 382, 481, 381]),
    ("sur", [23, 21, 21, 21, 21]),
    ("fea", [8, 8, 8, 8, 8]),
    ("dis", [1, 1, 0, 0, 0]),
    ("xxx", [507, 500, 500, 500, 500]),
    ("oth", [1, 1, 1, 0, 0]),
];

pub const HEADER: &str = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n";

/// A release of IEMOCAP in `corpora/<place>`.
pub fn iemocap(corpora: &Path, place: &str) {
    let root = corpora.join(place);
    for session in 1..=5 {
        let place = root.join(format!("Session{session}"));
        let labels = place.join("dialog/EmoEvaluation");
        for folder in ["Categorical", "Attribute", "Self-evaluation"] {
            fs::create_dir_all(labels.join(folder)).unwrap();
            // Ratings of single evaluators, which are partly in the same format.
            let text = format!("[1.0 - 2.0]\tSes0{session}F_impro01_F000\tfoo\t[1, 1, 1]\n");
            fs::write(labels.join(folder).join("Ses01F_impro01_e2_cat.txt"), text).unwrap();
        }
        let codes: Vec<&str> =
            LINES.iter().flat_map(|(code, n)| std::iter::repeat_n(*code, n[session - 1])).collect();
        // Neighbouring lines have different codes, so that every dialog and speaker has many.
        let mut order: Vec<usize> = (0..codes.len()).collect();
        order.sort_by_key(|i| (i * 7919) % codes.len());
        let dialogs = ["F_impro01", "M_impro07", "F_script01_1", "M_script03_2"];
        for (d, dialog) in dialogs.iter().enumerate() {
            let dialog = format!("Ses0{session}{dialog}");
            let mut text = HEADER.to_owned();
            fs::create_dir_all(place.join("sentences/wav").join(&dialog)).unwrap();
            for (n, i) in order.iter().enumerate().filter(|(n, _)| n % 4 == d) {
                let talker = if n % 3 == 0 { "F" } else { "M" };
                let id = format!("{dialog}_{talker}{:03}", n / 4);
                let end = if n % 2 == 0 { "\r\n" } else { "\n" };
                write!(text, "[{n}.29 - {n}.82]\t{id}\t{}\t[2.5000, 2.5000, 2.5000]{end}", codes[*i])
                    .unwrap();
                text +=
                    "C-E2:\tNeutral;\t()\nC-F1:\tNeutral;\t(curious)\nA-E3:\tval 3; act 2; dom  2;\t()\n\n";
                clip(&place.join("sentences/wav").join(&dialog).join(format!("{id}.wav")));
            }
            fs::write(labels.join(format!("{dialog}.txt")), text).unwrap();
            fs::write(labels.join(format!("._{dialog}.txt")), [0, 5, 22, 7]).unwrap();
            fs::write(place.join("sentences/wav").join(&dialog).join(format!("._{dialog}_F000.wav")), "x")
                .unwrap();
            fs::create_dir_all(place.join("dialog/wav")).unwrap();
            clip(&place.join(format!("dialog/wav/{dialog}.wav")));
        }
    }
}

/// The complete Mandarin part of ESD, in the folder `corpora`.
pub fn esd_mandarin(corpora: &Path) {
    let split = |n: usize| ["train", "evaluation", "test"][n % 3];
    for speaker in 1..=10 {
        for (i, emotion) in ["Neutral", "Angry", "Happy", "Sad", "Surprise"].iter().enumerate() {
            let place = corpora.join(format!("esd/{speaker:04}/{emotion}"));
            for part in 0..3 {
                fs::create_dir_all(place.join(split(part))).unwrap();
            }
            for n in 0..350 {
                let name = format!("{speaker:04}_{:06}.wav", 350 * i + n + 1);
                clip(&place.join(split(n)).join(name));
            }
        }
        fs::write(corpora.join(format!("esd/{speaker:04}/{speaker:04}.txt")), [0xff, 0xfe, 0, 1]).unwrap();
    }
}
