//! `seraug audit` and `seraug explain`: what they answer, how they end, and that docs/audit.md says the same.

use seraug_data::audit::AuditCode;
use seraug_test_support::common::{
    corpora_with, emobox_lists, one_line, root, seraug, stderr, stdout, write_wav,
};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;

/// Runs `seraug audit` in a folder.
fn audit(folder: &Path, args: &[&str]) -> Output {
    seraug(folder, &[&["audit"], args].concat())
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).unwrap_or_else(|e| panic!("{e}: {}", stderr(output)))
}

/// A folder with lists.
fn lists(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, text)| fs::write(dir.path().join(name), text).unwrap());
    dir
}

/// Two folds: one speaker on both sides of the first, texts on both sides of both, a class that the second does not test.
const LEAKY: &str = "utterance,speaker,text,emotion,fold,part\n\
    a1,anna,t1,sad,1,train\na2,anna,t2,angry,1,test\nb1,ben,t1,angry,1,train\nc1,cleo,t1,sad,1,test\n\
    a1,anna,t1,sad,2,train\na2,anna,t2,angry,2,train\nb1,ben,t1,angry,2,train\nc1,cleo,t1,sad,2,test\n";

/// Fold by fold `[count, of]` of a code in an answer; zeros and the sum of all folds where nothing was found.
fn counts(answer: &Value, code: &str, folds: usize) -> Vec<[u64; 2]> {
    let of = |list: &str| answer[list].as_array().unwrap().iter().find(|f| f["code"] == code).cloned();
    match of("findings") {
        Some(found) => {
            let folds = found["folds"].as_array().unwrap().iter();
            folds.map(|f| [&f["count"], &f["of"]].map(|n| n.as_u64().unwrap())).collect()
        }
        None => {
            let all = of("clear").unwrap()["of"].as_u64().unwrap();
            vec![[0, all / folds as u64]; folds]
        }
    }
}

#[test]
fn the_lists_of_emobox_share_what_a_script_counts_in_them() {
    let Some(emobox) = emobox_lists() else { return };
    let text = fs::read_to_string(root().join("tests/golden/audit/emobox.json")).unwrap();
    let golden: Value = serde_json::from_str(&text).unwrap();
    for (corpus, leaks) in [("emodb", true), ("ravdess", false)] {
        let folder = emobox.join(corpus).display().to_string();
        let output = audit(root(), &["--split", &folder, "--corpus", corpus, "--json"]);
        assert_eq!(output.status.code(), Some(if leaks { 4 } else { 0 }), "{}", stderr(&output));
        let answer = json(&output);
        let folds = golden[corpus].as_array().unwrap();
        let sizes: Vec<Value> = folds
            .iter()
            .map(|f| serde_json::json!({ "fold": f["fold"], "train": f["train"], "validation": 0, "test": f["test"] }))
            .collect();
        assert_eq!(answer["folds"], Value::from(sizes), "{corpus}");
        for (code, what) in
            [("SPEAKER_OVERLAP", "speakers"), ("TEXT_OVERLAP", "texts"), ("UTTERANCE_OVERLAP", "utterances")]
        {
            let expected: Vec<[u64; 2]> =
                folds.iter().map(|f| serde_json::from_value(f[what].clone()).unwrap()).collect();
            assert_eq!(counts(&answer, code, folds.len()), expected, "{corpus}: {code}");
        }
        // The lists say which corpus they are of.
        let unasked = json(&audit(root(), &["--split", &folder, "--json"]));
        assert_eq!(unasked["findings"], answer["findings"], "{corpus}");
    }
}

#[test]
fn a_split_that_leaks_is_told_with_names_from_both_sides_and_ends_with_4() {
    let dir = lists(&[("split.csv", LEAKY)]);
    let output = audit(dir.path(), &["--split", "split.csv", "--out", "audit.md"]);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(4), ""));
    insta::assert_snapshot!("terminal", stdout(&output));
    insta::assert_snapshot!("audit.md", fs::read_to_string(dir.path().join("audit.md")).unwrap());
    let answer = json(&audit(dir.path(), &["--split", "split.csv", "--json"]));
    assert_eq!(answer["leaks"], serde_json::json!(["SPEAKER_OVERLAP"]));
    let speaker = &answer["findings"][0];
    assert_eq!(
        speaker["examples"][0],
        serde_json::json!({
            "fold": "1",
            "what": "anna",
            "one": { "part": "training", "utterance": "a1" },
            "other": { "part": "test", "utterance": "a2" },
            "note": "",
        })
    );
}

#[test]
fn an_allowed_leak_is_told_and_does_not_count() {
    let dir = lists(&[("split.csv", LEAKY)]);
    let output = audit(dir.path(), &["--split", "split.csv", "--allow", "speaker-overlap"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stdout(&output);
    assert!(
        said.contains("leak     SPEAKER_OVERLAP (allowed)\n  1 of 3 test speakers in training too"),
        "{said}"
    );
    assert!(said.ends_with("no leak found, 1 allowed; 3 other findings\n"), "{said}");
    let wrong = audit(dir.path(), &["--split", "split.csv", "--allow", "SPEAKER"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(one_line(&wrong).contains("did you mean `SPEAKER_"), "{}", one_line(&wrong));
}

#[test]
fn lists_of_parts_in_json_are_read_and_a_pickle_never() {
    let dir = lists(&[
        (
            "train.json",
            r#"{"u1": {"wav": "wav/03a01Wa.wav", "emo": "anger"}, "u2": {"wav": "wav/08a02Na.wav", "emo": "neutral"}}"#,
        ),
        ("test.json", r#"["/data/emodb/wav/03a05Fa.wav"]"#),
        ("split.pkl", "\u{80}"),
    ]);
    let both =
        audit(dir.path(), &["--train", "train.json", "--test", "test.json", "--corpus", "emodb", "--json"]);
    assert_eq!(both.status.code(), Some(4));
    assert_eq!(counts(&json(&both), "SPEAKER_OVERLAP", 1), [[1, 1]]);
    let by_name =
        audit(dir.path(), &["--split", "train.json", "--split", "test.json", "--corpus", "emodb", "--json"]);
    assert_eq!(json(&by_name)["findings"], json(&both)["findings"]);
    let pickle = audit(dir.path(), &["--split", "split.pkl"]);
    assert_eq!(pickle.status.code(), Some(2));
    let said = one_line(&pickle);
    assert!(
        said.contains("split.pkl: a pickle of Python, never read: opening it runs the code in it"),
        "{said}"
    );
    assert!(said.contains("json.dump(pandas.read_pickle('split.pkl'), open('split.json', 'w')"), "{said}");
}

#[test]
fn no_leak_is_no_evidence_where_speakers_are_not_known() {
    let rows = |speakers: [&str; 3]| {
        let [a, b, c] = speakers;
        format!("utterance,speaker,part\na,{a},train\nb,{b},train\nc,{c},test\n")
    };
    for (speakers, last) in [
        (["anna", "ben", "cleo"], "no leak found; 0 other findings"),
        (
            ["anna", "", "cleo"],
            "no leak found, but speakers of 1 of 3 utterances were not compared: they are not known; 1 other finding",
        ),
        (["", "", ""], "no leak found, but speakers were not compared: none is known; 1 other finding"),
    ] {
        let dir = lists(&[("split.csv", &rows(speakers))]);
        let output = audit(dir.path(), &["--split", "split.csv", "--out", "audit.md"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(stdout(&output).lines().last(), Some(last));
        assert!(fs::read_to_string(dir.path().join("audit.md")).unwrap().contains(&format!("**{last}.**")));
    }
}

#[test]
fn a_list_that_cannot_be_understood_ends_with_2() {
    for (name, text, said) in [
        ("a.json", "{", "a.json: not JSON"),
        ("a.jsonl", "[1]\n", "a.jsonl:1: not an object of JSON"),
        ("a.csv", "utterance,part\na\n", "a.csv:2: 1 cells, the header has 2"),
        ("a.csv", "utterance,part\n", "a.csv: no row in it"),
        ("a.parquet", "x", "a.parquet"),
    ] {
        let dir = lists(&[(name, text)]);
        let output = audit(dir.path(), &["--split", name]);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", stderr(&output));
        assert!(one_line(&output).contains(said), "{}", one_line(&output));
    }
}

#[test]
fn the_lists_of_every_format_of_tests_are_read() {
    let formats = root().join("tests/golden/formats");
    let emobox = audit(&formats, &["--split", "emobox", "--speaker-from", "([a-z]+)-[a-z]+-[12]", "--json"]);
    assert_eq!(emobox.status.code(), Some(0), "{}", stderr(&emobox));
    assert_eq!(counts(&json(&emobox), "SPEAKER_OVERLAP", 2), [[0, 1], [0, 1]]);
    let kaldi = audit(&formats, &["--split", "kaldi", "--json"]);
    assert_eq!(kaldi.status.code(), Some(4), "{}", stderr(&kaldi));
    assert_eq!(counts(&json(&kaldi), "SPEAKER_OVERLAP", 1), [[2, 2]]);
}

/// Two seconds that change as speech does, drawn from `seed`.
fn voice(seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut draw = move |most: f64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        most * (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut samples = vec![0.0f32; 32_000];
    for _ in 0..100 {
        let (start, length) = (draw(28_000.0) as usize, 1500 + draw(2400.0) as usize);
        let (hz, level) = (250.0 + draw(3000.0), 0.01 + draw(0.09));
        for i in 0..length {
            let t = i as f64 / 16_000.0;
            let rise = (std::f64::consts::PI * i as f64 / length as f64).sin();
            samples[start + i] += (level * rise * (std::f64::consts::TAU * hz * t).sin()) as f32;
        }
    }
    samples
}

#[test]
fn recordings_are_compared_by_bytes_by_samples_and_by_sound() {
    let dir = tempfile::tempdir().unwrap();
    let wav = |name: &str, samples: &[f32], bits| {
        write_wav(&dir.path().join("audio").join(name), &[samples.to_vec()], 16_000, Some(bits));
    };
    let whole = |samples: Vec<f32>| -> Vec<f32> {
        samples.iter().map(|s| (s * 32_768.0).round() / 32_768.0).collect()
    };
    let (one, two, three) = (whole(voice(1)), voice(2), voice(3));
    wav("a.wav", &one, 16);
    wav("b.wav", &two, 16);
    wav("same-bytes.wav", &one, 16);
    wav("same-samples.wav", &one, 24);
    wav("quieter-and-cut.wav", &two.iter().skip(850).map(|s| 0.4 * s).collect::<Vec<_>>(), 16);
    wav("other.wav", &three, 16);
    fs::write(dir.path().join("train.txt"), "x/a\nx/b\n").unwrap();
    fs::write(
        dir.path().join("test.txt"),
        "x/same-bytes\nx/same-samples\nx/quieter-and-cut\nx/other\nx/gone\n",
    )
    .unwrap();
    let output =
        audit(dir.path(), &["--split", "train.txt", "--split", "test.txt", "--audio", "audio", "--json"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let answer = json(&output);
    let pairs = |code: &str| -> Vec<String> {
        let found = answer["findings"].as_array().unwrap().iter().find(|f| f["code"] == code).unwrap();
        let name = |side: &Value| side["utterance"].as_str().unwrap_or_default().to_owned();
        let examples = found["examples"].as_array().unwrap().iter();
        examples.map(|e| format!("{} {}", name(&e["one"]), name(&e["other"]))).collect()
    };
    assert_eq!(pairs("DUPLICATE_AUDIO"), ["x/a x/same-bytes", "x/a x/same-samples"]);
    assert_eq!(pairs("NEAR_DUPLICATE_AUDIO"), ["x/b x/quieter-and-cut"]);
    let missing =
        answer["findings"].as_array().unwrap().iter().find(|f| f["code"] == "AUDIO_MISSING").unwrap();
    assert_eq!((&missing["count"], &missing["of"]), (&1.into(), &7.into()));
    assert_eq!(missing["examples"][0]["note"], "no recording called `gone`");
    assert_eq!(answer["audio"], serde_json::json!({ "folder": "audio", "utterances": 6, "fingerprints": 6 }));
    let none = audit(dir.path(), &["--split", "train.txt", "--split", "test.txt", "--audio", "nowhere"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(one_line(&none).contains("--audio: nowhere: no such folder"), "{}", one_line(&none));
}

/// A split of all recordings of a corpus that has each pair of them on both sides of some fold: fold `n` tests those whose number has
/// the bit `n`.
fn every_pair(folder: &Path) -> String {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(|e| e.unwrap().into_path());
    let sound = |p: &std::path::PathBuf| p.extension().is_some_and(|e| e == "wav" || e == "flac");
    let files: Vec<String> =
        files.filter(sound).map(|p| p.strip_prefix(folder).unwrap().display().to_string()).collect();
    let bits = usize::BITS - files.len().leading_zeros();
    let row = |(i, name): (usize, &String)| {
        let parts = (0..bits).map(|bit| if i >> bit & 1 == 1 { ",test" } else { ",train" });
        format!("{name}{}\n", parts.collect::<String>())
    };
    let header: String = (0..bits).map(|bit| format!(",bit-{bit}")).collect();
    format!("utterance{header}\n") + &files.iter().enumerate().map(row).collect::<String>()
}

/// What is one recording in the corpora as they are published, and nothing else: two takes of a sentence are two.
#[test]
fn no_two_takes_of_real_corpora_are_taken_for_one_recording() {
    for (corpus, code, expected) in [
        ("emodb", "", &[][..]),
        ("ravdess", "DUPLICATE_AUDIO", &["03-01-03-01-02-01-07 03-01-03-01-02-02-07"]),
        ("emovo", "NEAR_DUPLICATE_AUDIO", &["tri-f3-n1 tri-f3-n2"]),
        (
            "urdu",
            "NEAR_DUPLICATE_AUDIO",
            &[
                "SF1_F4_H04 SF4_F3_H019",
                "SF6_F10_H034 SF6_F5_H029",
                "SM24_F14_S026 SM24_F15_S027",
                "SM25_F8_S058 SM25_F9_S059",
            ],
        ),
    ] {
        let Some(corpora) = corpora_with(corpus) else { continue };
        let folder = corpora.join(corpus);
        let split = every_pair(&folder);
        // A part of a corpus may be here.
        let here = |pair: &&&str| pair.split(' ').all(|name| split.contains(&format!("{name}.")));
        let expected: Vec<&str> = expected.iter().filter(here).copied().collect();
        let dir = lists(&[("split.csv", &split)]);
        let audio = folder.display().to_string();
        let answer = json(&audit(dir.path(), &["--split", "split.csv", "--audio", &audio, "--json"]));
        let mut found: Vec<String> = Vec::new();
        for finding in answer["findings"].as_array().unwrap() {
            if ["DUPLICATE_AUDIO", "NEAR_DUPLICATE_AUDIO"].contains(&finding["code"].as_str().unwrap()) {
                assert_eq!(finding["code"], code, "{corpus}: {finding}");
                for example in finding["examples"].as_array().unwrap() {
                    let name = |side: &str| {
                        let path = example[side]["utterance"].as_str().unwrap();
                        Path::new(path).file_stem().unwrap().to_str().unwrap().to_owned()
                    };
                    let mut pair = [name("one"), name("other")];
                    pair.sort_unstable();
                    found.push(pair.join(" "));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        // An answer has five examples of a code.
        assert!(found.iter().all(|pair| expected.contains(&pair.as_str())), "{corpus}: {found:?}");
        assert_eq!(found.is_empty(), expected.is_empty(), "{corpus}");
    }
}

#[test]
fn the_folds_of_every_committed_run_are_audited_without_a_leak() {
    let mut runs = 0;
    for entry in walkdir::WalkDir::new(root().join("results/reference")).into_iter().flatten() {
        if entry.file_name() != "split.csv" {
            continue;
        }
        let path = entry.path().display().to_string();
        let output = audit(root(), &["--split", &path, "--json"]);
        assert_eq!(output.status.code(), Some(0), "{path}: {}{}", stderr(&output), stdout(&output));
        assert!(json(&output)["known"][0]["utterances"].as_u64() > Some(0), "{path}");
        runs += 1;
    }
    assert!(runs > 3, "{runs} runs");
}

#[test]
fn a_code_is_explained_on_a_screen_and_an_unknown_one_names_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let explain = |args: &[&str]| seraug(dir.path(), &[&["explain"], args].concat());
    let all = stdout(&explain(&[]));
    for code in AuditCode::ALL {
        assert!(all.contains(&format!(" {} ", code.name())), "{all}");
        let output = explain(&[code.name()]);
        let screen = stdout(&output);
        assert!(output.status.success() && screen.contains("\n\nWhy it matters\n"), "{screen}");
        let long = screen.lines().map(|line| line.chars().count()).max();
        assert!(screen.lines().count() <= 30 && long <= Some(100), "{}: one screen", code.name());
    }
    assert!(
        stdout(&explain(&["speaker-overlap"]))
            .starts_with("SPEAKER_OVERLAP (leak): test speakers in training too\n")
    );
    let answer = json(&explain(&["TEXT_OVERLAP", "--json"]));
    assert_eq!((&answer["code"], &answer["severity"]), (&"TEXT_OVERLAP".into(), &"warning".into()));
    let unknown = explain(&["SPEAKERS_OVERLAP"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert_eq!(one_line(&unknown), "error: unknown code `SPEAKERS_OVERLAP`, did you mean `SPEAKER_OVERLAP`?");
}

#[test]
fn the_document_has_every_code_and_every_field_of_an_answer() {
    let document = fs::read_to_string(root().join("docs/audit.md")).unwrap();
    let rows: Vec<&str> =
        document.lines().filter(|line| line.starts_with("| `") && line.contains("_")).collect();
    let expected: Vec<String> = AuditCode::ALL
        .iter()
        .map(|code| {
            let text = code.text();
            format!("| `{}` | {} | {} {} |", code.name(), text.severity.name(), text.unit.1, text.said)
        })
        .collect();
    assert_eq!(rows, expected, "the table of codes in docs/audit.md");
    let dir = lists(&[("split.csv", LEAKY)]);
    let answer = json(&audit(dir.path(), &["--split", "split.csv", "--json"]));
    let mut fields = Vec::new();
    names(&answer, &mut fields);
    fields.sort_unstable();
    fields.dedup();
    let missing: Vec<&String> = fields.iter().filter(|f| !document.contains(&format!("`{f}`"))).collect();
    assert!(missing.is_empty() && fields.len() > 20, "{missing:?}");
}

/// The names of all fields.
fn names(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            found.push(name.clone());
            names(value, found);
        }),
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        _ => {}
    }
}
