//! Importers on small trees: each official layout and the re-packings in circulation.

use indicatif::ProgressBar;
use seraug_core::emotion::Emotion;
use seraug_core::manifest::{Channels, Gender};
use seraug_data::corpora::{self, CheckVerdict, Corpus, DigestPolicy};
use seraug_test_support::common::{seraug, stderr, stdout};
use seraug_test_support::releases::{clip, esd_mandarin};
use std::path::Path;

fn import(name: &str, languages: &[&str], corpora: &Path) -> seraug_core::error::Result<Corpus> {
    let languages: Vec<String> = languages.iter().map(|l| (*l).to_owned()).collect();
    corpora::import(
        name,
        &languages,
        corpora,
        Path::new("unused"),
        DigestPolicy::Afresh,
        &ProgressBar::hidden(),
    )
}

fn tree(name: &str, files: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in files {
        clip(&dir.path().join(name).join(file));
    }
    // Litter of every kind that is passed over in silence.
    let litter = dir.path().join(name);
    std::fs::write(litter.join("._x.wav"), "x").unwrap();
    std::fs::write(litter.join("README.md"), "x").unwrap();
    std::fs::create_dir_all(litter.join("__MACOSX/._y")).unwrap();
    dir
}

/// What each utterance of a layout says.
fn texts(name: &str, files: &[&str]) -> Vec<Option<String>> {
    let corpus = import(name, &[], tree(name, files).path()).unwrap();
    corpus.utterances.into_iter().map(|u| u.text).collect()
}

#[test]
fn what_is_said_comes_from_names() {
    for (name, file, text) in [
        ("emodb", "wav/03a01Fa.wav", "a01"),
        ("ravdess", "Actor_01/03-01-05-01-02-01-01.wav", "02"),
        ("cremad", "AudioWAV/1001_DFA_ANG_XX.wav", "DFA"),
        ("emovo", "f1/dis-f1-b1.wav", "b1"),
        ("tess", "OAF_angry/OAF_back_angry.wav", "back"),
        ("savee", "AudioData/DC/a01.wav", "a01"),
        ("esd", "0011/Angry/0011_000352.wav", "en002"),
        ("nemo", "samples/WR0_surprised_64.wav", "64"),
    ] {
        assert_eq!(texts(name, &[file]), [Some(text.to_owned())], "{name}");
    }
    assert_eq!(texts("urdu", &["Angry/SM1_F10_A010.wav"]), [None]);
}

/// (id, speaker, emotion) of every utterance; the tree must have no problem.
fn clean(name: &str, files: &[&str]) -> Vec<(String, String, Emotion)> {
    let dir = tree(name, files);
    let corpus = import(name, &[], dir.path()).unwrap();
    assert!(corpus.problems.is_empty(), "{name}: {:?}", corpus.problems);
    corpus.utterances.into_iter().map(|u| (u.id, u.speaker, u.emotion)).collect()
}

/// Two layouts of the same recordings give the same utterances.
fn same(name: &str, layouts: &[&[&str]], expected: &[(&str, &str, Emotion)]) {
    for files in layouts {
        let found = clean(name, files);
        let found: Vec<_> = found.iter().map(|(id, s, e)| (id.as_str(), s.as_str(), *e)).collect();
        assert_eq!(found, expected, "{name}: {files:?}");
    }
}

/// Problems of a tree with one good file and `bad` ones; each names its file and has `part`.
fn problems(name: &str, good: &str, bad: &[(&str, &str)]) {
    let mut files = vec![good];
    files.extend(bad.iter().map(|b| b.0));
    let dir = tree(name, &files);
    let corpus = import(name, &[], dir.path()).unwrap();
    assert_eq!(corpus.utterances.len(), 1, "{name}");
    assert_eq!(corpus.problems.len(), bad.len(), "{name}: {:?}", corpus.problems);
    for (file, part) in bad {
        let found = corpus.problems.iter().find(|p| p.starts_with(&format!("{file}: ")));
        assert!(found.is_some_and(|p| p.contains(part)), "{name}: {file} {part}: {:?}", corpus.problems);
    }
    assert_eq!(corpus.check().verdict, CheckVerdict::Wrong, "{name}");
}

#[test]
fn emodb_may_be_enclosed() {
    same(
        "emodb",
        &[&["wav/03a01Fa.wav"], &["download/wav/03A01FA.WAV"], &["emodb/03a01fa.wav"]],
        &[("03a01Fa", "03", Emotion::HAPPY)],
    );
}

#[test]
fn emovo() {
    same(
        "emovo",
        &[
            &["f1/dis-f1-b1.wav", "m3/gio-m3-n5.wav"],
            &["EMOVO/f1/dis-f1-b1.WAV", "EMOVO/m3/gio-m3-n5.wav"],
            &["dis-f1-b1.wav", "gio-m3-n5.wav"],
        ],
        &[("dis-f1-b1", "f1", Emotion::DISGUSTED), ("gio-m3-n5", "m3", Emotion::HAPPY)],
    );
    problems(
        "emovo",
        "f1/dis-f1-b1.wav",
        &[
            ("f2/dis-f1-b2.wav", "emovo/f1"),
            ("f1/xyz-f1-b2.wav", "unknown emotion code `xyz`"),
            ("f9/rab-f9-b2.wav", "unknown speaker `f9`"),
            ("f1/rab-f1-z9.wav", "unknown sentence"),
            ("notes.wav", "not a name like"),
        ],
    );
    let dir = tree("emovo", &["f1/dis-f1-b1.wav"]);
    let corpus = import("emovo", &[], dir.path()).unwrap();
    let u = &corpus.utterances[0];
    assert_eq!((u.channels, u.gender, u.language.as_str()), (Channels::First, Some(Gender::Female), "it"));
}

#[test]
fn ravdess_leaves_songs_alone() {
    let speech =
        [("03-01-05-01-01-01-01", "01", Emotion::ANGRY), ("03-01-08-02-02-02-24", "24", Emotion::SURPRISED)];
    same(
        "ravdess",
        &[
            &["Actor_01/03-01-05-01-01-01-01.wav", "Actor_24/03-01-08-02-02-02-24.WAV"],
            &[
                "Audio_Speech_Actors_01-24/Actor_01/03-01-05-01-01-01-01.wav",
                "Audio_Speech_Actors_01-24/Actor_24/03-01-08-02-02-02-24.wav",
                "Audio_Song_Actors_01-24/Actor_24/03-02-03-02-02-02-24.wav",
            ],
            &["03-01-05-01-01-01-01.wav", "03-01-08-02-02-02-24.wav"],
        ],
        &speech,
    );
    problems(
        "ravdess",
        "Actor_01/03-01-05-01-01-01-01.wav",
        &[
            ("Actor_02/03-01-05-01-01-02-01.wav", "ravdess/Actor_01"),
            ("Actor_01/03-01-09-01-01-01-01.wav", "unknown emotion code `09`"),
            ("Actor_25/03-01-05-01-01-01-25.wav", "unknown speaker `25`"),
            ("Actor_01/01-01-05-01-01-01-01.wav", "unknown part 01-01"),
            ("Actor_01/03-01-05-01-01-01.wav", "not a name like"),
        ],
    );
}

#[test]
fn cremad_reads_wav_and_passes_over_its_mp3_twins() {
    let expected = [("1001_DFA_ANG_XX", "1001", Emotion::ANGRY), ("1040_ITH_SAD_X", "1040", Emotion::SAD)];
    same(
        "cremad",
        &[
            &["AudioWAV/1001_DFA_ANG_XX.wav", "AudioWAV/1040_ITH_SAD_X.wav", "AudioMP3/1001_DFA_ANG_XX.mp3"],
            &["CREMA-D/AudioWAV/1001_DFA_ANG_XX.wav", "1040_ITH_SAD_X.WAV"],
        ],
        &expected,
    );
    problems(
        "cremad",
        "AudioWAV/1001_DFA_ANG_XX.wav",
        &[
            ("AudioWAV/1001_DFA_BOR_XX.wav", "unknown emotion code `BOR`"),
            ("AudioWAV/1099_DFA_ANG_XX.wav", "unknown speaker `1099`"),
            ("AudioWAV/1001_DFA_ANG.wav", "not a name like"),
            ("AudioMP3/1002_DFA_ANG_XX.mp3", "only as .mp3 beside others in wav or flac"),
            ("AudioOpus/1002_DFA_ANG_XX.opus", ".opus is not read; convert it: ffmpeg -i AudioOpus/1002"),
            ("other/1003_DFA_ANG_XX.wav", "stray"),
        ],
    );
}

#[test]
fn tess_goes_by_file_names() {
    let expected = [
        ("OAF_back_angry", "OAF", Emotion::ANGRY),
        ("OAF_bite_neutral", "OAF", Emotion::NEUTRAL),
        ("YAF_dog_ps", "YAF", Emotion::SURPRISED),
    ];
    same(
        "tess",
        &[
            &[
                "OAF_angry/OAF_back_angry.wav",
                "OAF_neutral/OA_bite_neutral.wav",
                "YAF_pleasant_surprised/YAF_dog_ps.wav",
            ],
            &[
                "TESS Toronto emotional speech set data/OAF_angry/OAF_back_angry.wav",
                "TESS Toronto emotional speech set data/OAF_neutral/OA_bite_neutral.wav",
                "TESS Toronto emotional speech set data/YAF_pleasant_surprised/YAF_dog_ps.wav",
            ],
            &["OAF_back_angry.wav", "OA_bite_neutral.wav", "YAF_dog_pleasant_surprise.wav"],
        ],
        &expected,
    );
    problems(
        "tess",
        "OAF_angry/OAF_back_angry.wav",
        &[
            ("tess/OAF_angry/OAF_back_angry.wav", "a second OAF_back_angry, beside OAF_angry"),
            ("YAF_angry/OAF_bar_angry.wav", "tess/OAF_"),
            ("XAF_angry/XAF_bar_angry.wav", "unknown talker `xaf`"),
            ("OAF_Fear/OAF_bar_fright.wav", "unknown emotion code `fright`"),
        ],
    );
}

#[test]
fn savee() {
    let expected = [
        ("DC_a01", "DC", Emotion::ANGRY),
        ("JE_sa12", "JE", Emotion::SAD),
        ("KL_su03", "KL", Emotion::SURPRISED),
    ];
    same(
        "savee",
        &[
            &["AudioData/DC/a01.wav", "AudioData/JE/sa12.wav", "AudioData/KL/su03.wav"],
            &["DC_a01.wav", "JE_sa12.WAV", "KL_su03.wav"],
            &["ALL/DC_a01.wav", "ALL/JE_sa12.wav", "ALL/KL_su03.wav"],
        ],
        &expected,
    );
    problems(
        "savee",
        "DC_a01.wav",
        &[
            ("AudioData/XY/a01.wav", "unknown speaker `XY`"),
            ("DC_x01.wav", "unknown emotion code `x`"),
            ("DC_a1.wav", "not a name like"),
            ("a01.wav", "stray"),
        ],
    );
}

#[test]
fn urdu() {
    let expected = [("SF10_F1_S099", "SF10", Emotion::SAD), ("SM1_F10_A010", "SM1", Emotion::ANGRY)];
    same(
        "urdu",
        &[
            &["Angry/SM1_F10_A010.wav", "Sad/SF10_F1_S099.wav"],
            &["URDU-Dataset-master/Angry/SM1_F10_A010.wav", "URDU-Dataset-master/Sad/SF10_F1_S099.wav"],
            &["SM1_F10_A010.WAV", "SF10_F1_S099.wav"],
        ],
        &expected,
    );
    problems(
        "urdu",
        "Angry/SM1_F10_A010.wav",
        &[
            ("Happy/SM1_F11_A011.wav", "urdu/angry"),
            ("Angry/SM99_F1_A012.wav", "unknown speaker `SM99`"),
            ("Angry/SM1_F1_X012.wav", "unknown emotion code `X`"),
            ("Angry/SM1_1_A012.wav", "not a name like"),
        ],
    );
}

#[test]
fn shemo_takes_the_gender_from_the_name() {
    let expected = [
        ("F01A01", "F01", Emotion::ANGRY),
        ("M12N03", "M12", Emotion::NEUTRAL),
        ("M12W104", "M12", Emotion::SURPRISED),
    ];
    same(
        "shemo",
        &[
            &["female/F01A01.wav", "male/M12N03.wav", "male/M12W104.wav"],
            &["ShEMO/female/f01a01.WAV", "M12N03.wav", "M12W104.wav"],
        ],
        &expected,
    );
    problems(
        "shemo",
        "female/F01A01.wav",
        &[
            ("male/F01A02.wav", "shemo/female"),
            ("female/F01X02.wav", "unknown emotion code `X`"),
            ("female/F0102.wav", "not a name like"),
            ("female/X01A02.wav", "first letter"),
        ],
    );
    let dir = tree("shemo", &["M12N03.wav", "F01A01.wav"]);
    let genders: Vec<_> =
        import("shemo", &[], dir.path()).unwrap().utterances.iter().map(|u| u.gender).collect();
    assert_eq!(genders, [Some(Gender::Female), Some(Gender::Male)]);
}

#[test]
fn nemo() {
    same(
        "nemo",
        &[
            &["samples/WR0_surprised_64.wav", "samples/EB0_anger_1.wav"],
            &["nEMO-main/samples/WR0_surprised_64.WAV", "EB0_anger_1.wav"],
        ],
        &[("EB0_anger_1", "EB0", Emotion::ANGRY), ("WR0_surprised_64", "WR0", Emotion::SURPRISED)],
    );
    problems(
        "nemo",
        "samples/EB0_anger_1.wav",
        &[
            ("samples/XX0_anger_1.wav", "unknown speaker `XX0`"),
            ("samples/EB0_joy_1.wav", "unknown emotion code `joy`"),
            ("samples/EB0_anger.wav", "not a name like"),
        ],
    );
}

#[test]
fn esd_labels_come_from_folders_or_numbers() {
    let expected = [("0001_000351", "0001", Emotion::ANGRY), ("0011_001401", "0011", Emotion::SURPRISED)];
    same(
        "esd",
        &[
            &["0001/Angry/0001_000351.wav", "0011/Surprise/0011_001401.wav"],
            &["0001/Angry/train/0001_000351.wav", "0011/Surprise/test/0011_001401.wav"],
            &["Emotion Speech Dataset/0001/Angry/0001_000351.WAV", "0011/0011_001401.wav"],
            &["0001_000351.wav", "0011_001401.wav"],
        ],
        &expected,
    );
    problems(
        "esd",
        "0001/Angry/0001_000351.wav",
        &[
            ("0002/Angry/0001_000352.wav", "speaker 0001 in the folder of 0002"),
            ("0021/Angry/0021_000351.wav", "unknown speaker `0021`"),
            ("0001/Bored/0001_000353.wav", "unknown emotion code `bored`"),
            ("0001/Angry/0001_001751.wav", "number `001751`"),
            ("0001/Angry/dev/0001_000354.wav", "stray"),
        ],
    );
    // The numbers run through the emotions in this order, 350 each.
    let ends = [
        (1, Emotion::NEUTRAL),
        (350, Emotion::NEUTRAL),
        (351, Emotion::ANGRY),
        (701, Emotion::HAPPY),
        (1051, Emotion::SAD),
        (1400, Emotion::SAD),
        (1401, Emotion::SURPRISED),
        (1750, Emotion::SURPRISED),
    ];
    let files: Vec<String> = ends.iter().map(|(n, _)| format!("0005_{n:06}.wav")).collect();
    let found = clean("esd", &files.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(found.iter().map(|f| f.2).eq(ends.iter().map(|e| e.1)), "{found:?}");
}

/// Without and with the English part asked for.
#[test]
fn the_mandarin_part_of_esd_is_complete_for_zh() {
    let dir = tempfile::tempdir().unwrap();
    esd_mandarin(dir.path());
    let corpus = import("esd", &["zh"], dir.path()).unwrap();
    let check = corpus.check();
    assert_eq!(check.summary, "complete: 17500 utterances");
    assert_eq!((corpus.manifest.expected.utterances, check.speakers.len()), (17_500, 10));
    let counts = corpus.counts(&["language", "valence"]).unwrap();
    let expected = [("", 3500), ("negative", 7000), ("positive", 7000)];
    assert!(counts.iter().map(|(k, n)| (k[1].as_str(), *n)).eq(expected), "{counts:?}");
    assert!(corpus.utterances.iter().all(|u| u.split.is_some()));

    let both = import("esd", &[], dir.path()).unwrap().check();
    assert_eq!(both.summary, "partial: 17500 of 35000 utterances (50 %); nothing of speakers 0011 to 0020");
    let none = import("esd", &["en"], dir.path()).unwrap_err();
    assert_eq!(none.exit_code(), 2);
    assert!(none.to_string().contains("no recording in language en"), "{none}");
}

#[test]
fn counts_are_sorted_and_name_a_wrong_column() {
    let dir = tree("savee", &["JE_a01.wav", "DC_a01.wav", "DC_a02.wav", "DC_n01.wav"]);
    let corpus = import("savee", &[], dir.path()).unwrap();
    let counts = corpus.counts(&["speaker", "emotion"]).unwrap();
    let rows: Vec<_> = counts.iter().map(|(k, n)| (k[0].as_str(), k[1].as_str(), *n)).collect();
    assert_eq!(rows, [("DC", "angry", 2), ("DC", "neutral", 1), ("JE", "angry", 1)]);
    for wrong in ["seconds", "nosuch"] {
        assert!(corpus.counts(&[wrong]).unwrap_err().to_string().contains(wrong));
    }
}

#[test]
fn too_many_and_the_same_audio_are_said() {
    let dir = tree("savee", &["DC_a01.wav"]);
    for n in 2..=16 {
        std::fs::copy(dir.path().join("savee/DC_a01.wav"), dir.path().join(format!("savee/DC_a{n:02}.wav")))
            .unwrap();
    }
    let check = import("savee", &[], dir.path()).unwrap().check();
    assert_eq!(check.duplicates.iter().map(Vec::len).collect::<Vec<_>>(), [16]);
    assert_eq!(check.verdict, CheckVerdict::Partial, "duplicates alone are no problem: {}", check.summary);
    for n in 17..=61 {
        clip(&dir.path().join(format!("savee/DC_a{n:02}.wav")));
    }
    clip(&dir.path().join("savee/KL_x01.wav"));
    let output = seraug(dir.path(), &["corpus", "check", "savee", "--corpora", "."]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let first = "wrong: 1 problem; more than a complete copy has; 61 of 480 utterances (12 %); nothing of speakers JE to KL";
    assert_eq!(text.lines().next(), Some(first));
    assert!(
        text.contains("1 too many") && text.contains("note: the same audio byte for byte: DC_a01, DC_a02"),
        "{text}"
    );
}

#[test]
fn long_lists_of_problems_are_cut_but_not_in_json() {
    let names: Vec<String> = (10..40).map(|n| format!("DC_q{n}.wav")).collect();
    let mut files: Vec<&str> = names.iter().map(String::as_str).collect();
    files.push("DC_a01.wav");
    let dir = tree("savee", &files);
    let check =
        |more: &[&str]| seraug(dir.path(), &[&["corpus", "check", "savee", "--corpora", "."], more].concat());
    let text = stdout(&check(&[]));
    assert_eq!(text.matches("problem: ").count(), 20, "{text}");
    assert!(text.contains("and 10 more problems"), "{text}");
    let json: serde_json::Value = serde_json::from_slice(&check(&["--json"]).stdout).unwrap();
    assert_eq!((json["problems"].as_array().unwrap().len(), &json["verdict"]), (30, &"wrong".into()));
    let import = seraug(dir.path(), &["corpus", "import", "savee", "--corpora", "."]);
    assert_eq!(stderr(&import).lines().count(), 21, "{}", stderr(&import));
}

#[test]
fn a_missing_corpus_is_one_screen_and_exit_code_1_of_check() {
    let dir = tempfile::tempdir().unwrap();
    for name in corpora::known().filter(|n| *n != "synthetic") {
        let e = import(name, &[], dir.path()).unwrap_err();
        let text = e.to_string();
        assert_eq!(e.exit_code(), 2, "{name}");
        assert!(text.lines().count() <= 24, "{text}");
        let check = format!("seraug corpus check {name}");
        for part in
            ["no folder", "  1. ", "Put it where this file exists", "--corpora DIR", "SERAUG_CORPORA", &check]
        {
            assert!(text.contains(part), "{name}: no {part} in {text}");
        }
        assert!(!text.contains("CORPORA/"), "the folder's own name is in the steps: {text}");
    }
    let output = seraug(dir.path(), &["corpus", "check", "iemocap"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("corpora/iemocap/Session1/sentences/wav/"), "{}", stderr(&output));
}

#[test]
fn msp_podcast_has_its_labels_speakers_and_partitions_in_one_file() {
    let turns = ["0001_0008", "0001_0019", "0002_0001", "0003_0001", "0003_0002", "0004_0001"];
    let files: Vec<String> = turns.iter().map(|t| format!("Audios/MSP-PODCAST_{t}.wav")).collect();
    let dir = tree("msppodcast", &files.iter().map(String::as_str).collect::<Vec<_>>());
    let labels = dir.path().join("msppodcast/Labels");
    std::fs::create_dir(&labels).unwrap();
    let write = |rows: &str| {
        let header = "FileName,EmoClass,EmoAct,EmoVal,EmoDom,SpkrID,Gender,Split_Set\n";
        std::fs::write(labels.join("labels_consensus.csv"), format!("{header}{rows}")).unwrap();
    };
    let row = |turn: &str, rest: &str| format!("MSP-PODCAST_{turn}.wav,{rest}\n");
    // The last recording has no row, as those of Test3.
    let good = [
        row("0001_0008", "N,2.2,4.0,2.6,127,Male,Test1"),
        row("0001_0019", "C,4.4,2.8,4.0,127,Male,Test1"),
        row("0002_0001", "X,4.4,2.8,4.0,14,Female,Development"),
        row("0003_0001", "O,4.4,2.8,4.0,Unknown,Unknown,Train"),
        row("0003_0002", "U,4.4,2.8,4.0,Unknown,Unknown,Train"),
    ]
    .concat();
    write(&good);
    let corpus = import("msppodcast", &[], dir.path()).unwrap();
    let told: Vec<_> = corpus
        .utterances
        .iter()
        .map(|u| (u.id.as_str(), u.emotion.name(), u.speaker.as_str(), u.gender, u.split.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("MSP-PODCAST_0001_0008", "neutral", "127", Some(Gender::Male), Some("Test1")),
            ("MSP-PODCAST_0001_0019", "contempt", "127", Some(Gender::Male), Some("Test1")),
            ("MSP-PODCAST_0003_0002", "surprised", "Unknown", None, Some("Train")),
        ]
    );
    let dropped = [("O", 1), ("X", 1), ("unlabelled", 1)].map(|(code, n)| (code.to_owned(), n));
    assert_eq!(corpus.dropped, dropped.into());
    assert_eq!(corpus.check().summary, "complete: 3 utterances");
    write(&(good + &row("0009_0001", "H,1,1,1,3,Male,Train") + &row("0001_0008", "Q,1,1,1,3,Male,Train")));
    let problems = import("msppodcast", &[], dir.path()).unwrap().problems;
    let csv = "Labels/labels_consensus.csv";
    assert_eq!(
        problems,
        [
            format!("{csv}:7: MSP-PODCAST_0009_0001: no recording of it in Audios"),
            format!("{csv}:8: a second row of MSP-PODCAST_0001_0008, after line 2"),
        ]
    );
    std::fs::write(labels.join("labels_consensus.csv"), "FileName,EmoClass\n").unwrap();
    let e = import("msppodcast", &[], dir.path()).unwrap_err().to_string();
    assert!(e.contains("no column SpkrID; it has FileName, EmoClass"), "{e}");
}
