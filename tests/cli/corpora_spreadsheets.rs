//! Tables as spreadsheet programs write them: encodings, separators, blank rows, paths of other systems.

use indicatif::ProgressBar;
use seraug_core::error::Result;
use seraug_data::corpora::{self, Corpus, DigestPolicy, Excerpt};
use seraug_test_support::common::{seraug, sine, stderr, stdout, write_wav};
use std::fs;
use std::path::Path;

fn import(name: &str, corpora: &Path) -> Result<Corpus> {
    corpora::import(name, &[], corpora, Path::new("unused"), DigestPolicy::Afresh, &ProgressBar::hidden())
}

/// Corpus `mine` of a tone in each of `files`, with this table.
fn mine(files: &[&str], csv: &[u8]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (i, name) in files.iter().enumerate() {
        let tone = sine(200.0 + 50.0 * i as f64, 16_000, 16_000);
        write_wav(&dir.path().join("mine").join(name), &[tone], 16_000, Some(16));
    }
    fs::write(dir.path().join("mine/table.csv"), csv).unwrap();
    dir
}

const FILES: [&str; 2] = ["a.wav", "b.wav"];

/// (id, speaker) of every utterance; the table must have no problem.
fn clean(csv: &[u8]) -> Vec<(String, String)> {
    let corpus = import("mine", mine(&FILES, csv).path()).unwrap();
    let shown = String::from_utf8_lossy(csv);
    assert!(corpus.problems.is_empty(), "{shown:?}: {:?}", corpus.problems);
    corpus.utterances.into_iter().map(|u| (u.id, u.speaker)).collect()
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|u| if little { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
}

#[test]
fn every_encoding_and_separator_gives_the_same_rows() {
    let expected = [("a".to_owned(), "Jürgen".to_owned()), ("b".to_owned(), "x".to_owned())];
    let plain = "path,emotion,speaker\na.wav,sad,Jürgen\nb.wav,sad,x\n";
    let tabs = plain.replace(',', "\t");
    let tables = [
        plain.into(),
        format!("\u{feff}{plain}").into(),
        utf16(&format!("\u{feff}{plain}"), true),
        utf16(&format!("\u{feff}{plain}"), false),
        utf16(plain, true),
        utf16(plain, false),
        utf16(&format!("\u{feff}{}", tabs.replace('\n', "\r\n")), true),
        tabs.clone().into(),
        format!("sep=;\r\n{}", plain.replace(',', ";")).into(),
        format!("\u{feff}\"sep=;\"\n{}", plain.replace(',', ";")).into(),
        format!("SEP=\t\n{tabs}").into(),
        format!("sep=,\n{plain}").into(),
        format!("sep=|\r{}", plain.replace(',', "|").replace('\n', "\r")).into(),
        plain.replace('\n', "\r").into(),
        plain.replace('\n', "\r\n").into(),
        format!(",,\n\n{plain},,\n,, \n\u{a0},,\n").into(),
        plain.replace("b.wav,sad,x", "b.wav,sad,x,,").into(),
        plain.replace("path,emotion,speaker", "\" Path \",\"EMOTION\",\"\u{a0}Speaker\u{200b}\"").into(),
        plain.trim_end().into(),
    ];
    for (i, table) in tables.iter().enumerate() {
        assert_eq!(clean(table), expected, "table {i}");
    }
}

#[test]
fn a_line_is_the_one_that_an_editor_shows() {
    for (csv, line) in [
        ("sep=;\npath;emotion;speaker\na.wav;sad;x\nb.wav;;x\n", 4),
        ("path,emotion,speaker\ra.wav,sad,x\rb.wav,,x\r", 3),
        ("path,emotion,speaker\n,,\na.wav,sad,x\nb.wav,,x\n", 4),
    ] {
        let corpus = import("mine", mine(&FILES, csv.as_bytes()).path()).unwrap();
        assert!(
            corpus.problems[0].starts_with(&format!("table.csv:{line}: emotion is empty")),
            "{:?}",
            corpus.problems
        );
    }
}

#[test]
fn what_is_no_table_of_text_is_named() {
    let cut = [&b"\xff\xfe"[..], &utf16("path,emotion,speaker\n", true), b"x"].concat();
    for (table, part) in [
        (&cut[..], "UTF-16 that is damaged or cut short; save the table as UTF-8"),
        (b"\xff\xfe\x00\xd8a\0", "UTF-16 that is damaged"),
        (b"\xff\xfe\0\0p\0\0\0", "UTF-32; save the table as UTF-8"),
        (b"PK\x03\x04\x14\0", "a spreadsheet, not a table of text; save it as CSV"),
        (
            b"path;emotion;speaker\na.wav;sad;x\n",
            "columns are separated by commas, or a first line says `sep=;`",
        ),
    ] {
        let dir = mine(&FILES, table);
        let e = import("mine", dir.path()).unwrap_err();
        assert!(e.exit_code() == 2 && e.to_string().contains(part), "{part}: {e}");
        let said = stderr(&seraug(dir.path(), &["corpus", "check", "mine", "--corpora", "."]));
        assert!(said.lines().count() == 1 && !said.contains('\0'), "{said:?}");
    }
}

#[test]
fn seconds_may_have_a_decimal_comma_where_commas_separate_nothing() {
    let csv = "sep=;\npath;emotion;speaker;start;end\na.wav;sad;x;0,25;0,75\n";
    let corpus = import("mine", mine(&FILES, csv.as_bytes()).path()).unwrap();
    assert_eq!(corpus.utterances[0].excerpt, Some(Excerpt { start: 0.25, end: 0.75 }));
    assert_eq!(corpus.utterances[0].id, "a@0.25-0.75");
    let csv = "path,emotion,speaker,start,end\na.wav,sad,x,\"0,25\",\"0,75\"\nb.wav,sad,x,,\n";
    let corpus = import("mine", mine(&FILES, csv.as_bytes()).path()).unwrap();
    assert!(corpus.problems[0].contains("start `0,25`: expected seconds, as 1.25"), "{:?}", corpus.problems);
}

#[test]
fn paths_are_those_of_the_disk_in_whatever_form_they_are_written() {
    let (nfc, nfd) = ("m\u{fc}ller", "mu\u{308}ller");
    for (disk, table) in [
        (format!("{nfd}/{nfd}.wav"), format!("{nfc}/{nfc}.wav")),
        (format!("{nfc}/{nfc}.wav"), format!("{nfd}/{nfd}.wav")),
        (format!("{nfc}/{nfd}.wav"), format!("{nfc}/{nfc}.wav")),
        ("sub/b.wav".into(), r"sub\b.wav".into()),
        (format!("{nfd}/x/b.wav"), format!(r"{nfc}\x\b.wav")),
        ("a b+c%20/100 %.wav".into(), "a b+c%20/100 %.wav".into()),
        ("a b/c.wav".into(), "a\u{a0}b/c.wav".into()),
        (r"back\slash.wav".into(), r"back\slash.wav".into()),
    ] {
        let dir = mine(&[&disk], format!("path,emotion,speaker\n{table},sad,x\n").as_bytes());
        let corpus = import("mine", dir.path()).unwrap();
        assert!(corpus.problems.is_empty(), "{disk} {table}: {:?}", corpus.problems);
        assert_eq!(corpus.utterances[0].path, dir.path().join("mine").join(&disk));
    }
    let ids = |table: &str| {
        let dir = mine(&[&format!("{nfd}.wav"), "sub/b.wav"], table.as_bytes());
        import("mine", dir.path()).unwrap().utterances.into_iter().map(|u| u.id).collect::<Vec<_>>()
    };
    let written = format!("path,emotion,speaker\n{nfd}.wav,sad,x\nsub\\b.wav,sad,x\n");
    assert_eq!(ids(&written), [nfc, "sub/b"], "an id is of no system");
    for again in ["./sub/b.wav", "sub//b.wav", "sub/./b.wav"] {
        let dir = mine(
            &["sub/b.wav"],
            format!("path,emotion,speaker\nsub/b.wav,sad,x\n{again},sad,y\n").as_bytes(),
        );
        let problems = import("mine", dir.path()).unwrap().problems;
        assert!(problems[0].contains("id `sub/b`: the same as in line 2"), "{again}: {problems:?}");
    }
}

#[test]
fn a_path_that_leads_nowhere_is_told_with_the_next_step() {
    let dir = mine(&["a.wav", "Sub/b.wav"], b"");
    let root = dir.path().join("mine");
    fs::copy(root.join("a.wav"), root.join("m\u{fc}.wav")).unwrap();
    fs::copy(root.join("a.wav"), root.join("m\u{200b}\u{fc}.wav")).unwrap();
    let absolute = root.canonicalize().unwrap().join("a.wav").display().to_string();
    let rows = [
        (r"C:\Users\me\a.wav", "an absolute path of Windows; expected a path below the folder of table.csv"),
        ("d:/data/a.wav", "an absolute path of Windows"),
        (r"\\server\share\a.wav", "an absolute path of Windows"),
        ("A.WAV", "no such file; `a.wav` is there"),
        ("sub/B.wav", "no such file; `Sub` is there"),
        ("c.wav", "no such file; correct the path"),
        ("a.wav/c.wav", "no such file"),
        ("mu\u{308}.wav", "several files whose names look the same"),
        (absolute.as_str(), "write `a.wav`"),
        (r"..\a.wav", "without `..`"),
    ];
    let csv: String = rows.iter().map(|(path, _)| format!("{path},sad,x\n")).collect();
    fs::write(root.join("table.csv"), format!("path,emotion,speaker\na.wav,sad,x\n{csv}")).unwrap();
    let corpus = import("mine", dir.path()).unwrap();
    assert_eq!(corpus.problems.len(), rows.len(), "{:#?}", corpus.problems);
    for (problem, (path, part)) in corpus.problems.iter().zip(rows) {
        assert!(problem.contains(part), "{path}: {problem}");
    }
}

#[test]
fn one_file_in_two_spellings_is_one_recording() {
    let dir =
        mine(&["m\u{fc}.wav"], "path,emotion,speaker\nm\u{fc}.wav,sad,x\nmu\u{308}.wav,sad,y\n".as_bytes());
    let corpus = import("mine", dir.path()).unwrap();
    assert_eq!(corpus.problems, ["table.csv:3: id `m\u{fc}`: the same as in line 2; give each row its own"]);
    let named = "path,emotion,speaker,id\nm\u{fc}.wav,sad,x,p\nmu\u{308}.wav,sad,y,q\n";
    fs::write(dir.path().join("mine/table.csv"), named).unwrap();
    assert_eq!(import("mine", dir.path()).unwrap().check().duplicates, [["p", "q"]]);
}

#[test]
fn the_folder_of_a_corpus_may_have_any_name() {
    let dir = mine(&["a.wav"], b"path,emotion,speaker\na.wav,sad,x\n");
    let names = ["my corpus", "a+b", "100 %", "Mu\u{308}ller", "it's"];
    for name in names {
        fs::rename(dir.path().join("mine"), dir.path().join(name)).unwrap();
        let output = seraug(dir.path(), &["corpus", "check", name, "--corpora", "."]);
        assert!(output.status.success(), "{name}: {}", stderr(&output));
        let list = stdout(&seraug(dir.path(), &["corpus", "list", "--corpora", "."]));
        assert!(list.lines().any(|l| l.starts_with(name)), "{list}");
        fs::rename(dir.path().join(name), dir.path().join("mine")).unwrap();
    }
    fs::rename(dir.path().join("mine"), dir.path().join("Mu\u{308}ller")).unwrap();
    assert_eq!(import("M\u{fc}ller", dir.path()).unwrap().utterances.len(), 1, "spelt otherwise on the disk");
    for name in ["a/b", "a>b", "..", "a\nb"] {
        assert!(import(name, dir.path()).unwrap_err().to_string().contains("unknown corpus"), "{name}");
    }
}
