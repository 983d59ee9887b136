//! Unusable files in the folder of a corpus are named, abort nothing, and are recorded where they were left out.

use indicatif::ProgressBar;
use seraug_data::corpora::{self, CheckVerdict, Corpus, DigestPolicy};
use seraug_test_support::common::{seraug, sine, stderr, stdout, write_wav};
use seraug_test_support::corpora::emodb;
use seraug_test_support::releases::clip;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

const LFS: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:c6f94b25\nsize 72862\n";

fn import(name: &str, corpora: &Path) -> Corpus {
    let cache = Path::new("unused");
    corpora::import(name, &[], corpora, cache, DigestPolicy::Afresh, &ProgressBar::hidden()).unwrap()
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_bad_entry_ends_nothing_and_each_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("emodb");
    let wav = root.join("wav");
    clip(&wav.join("03a01Fa.wav"));
    fs::write(wav.join("03a02Fa.wav"), LFS).unwrap();
    fs::write(wav.join("03a02Na.wav"), LFS).unwrap();
    fs::write(wav.join("03a04Fa.wav"), "").unwrap();
    fs::write(wav.join("03a05Fa.wav"), "<!DOCTYPE html><html>404").unwrap();
    symlink("/nowhere/x.wav", wav.join("03a07Fa.wav")).unwrap();
    symlink("03a01Na.wav", wav.join("03a01Na.wav")).unwrap();
    symlink(".git/annex/objects/x/y.wav", wav.join("03b01Fa.wav")).unwrap();
    pipe(&wav.join("03b02Fa.wav"));
    symlink("..", wav.join("again")).unwrap();
    symlink("/nowhere", root.join("more")).unwrap();
    fs::create_dir(wav.join("03b03Fa.wav")).unwrap();
    // None of a corpus's business.
    symlink("/nowhere/readme.txt", root.join("readme.txt")).unwrap();
    symlink("/nowhere/x.wav", root.join(".hidden.wav")).unwrap();
    symlink("/nowhere", root.join("lost+found")).unwrap();

    let corpus = import("emodb", dir.path());
    assert_eq!(corpus.utterances.len(), 1);
    assert!(corpus.problems.is_empty(), "{:?}", corpus.problems);
    let check = corpus.check();
    let expected = [
        ("wav/03a02Fa.wav", "a git-lfs pointer, not the recording; run `git lfs pull`"),
        ("wav/03a02Na.wav", "a git-lfs pointer"),
        ("wav/03a04Fa.wav", "empty, 0 bytes"),
        ("wav/03a05Fa.wav", "a web page"),
        ("wav/03a07Fa.wav", "a link to /nowhere/x.wav, which is not there"),
        ("wav/03a01Na.wav", "a link to 03a01Na.wav that cannot be followed"),
        ("wav/03b01Fa.wav", "run `git annex get`"),
        ("wav/03b02Fa.wav", "not a regular file"),
        ("wav/again", "a link back to"),
        ("more", "a link to /nowhere, which is not there"),
        ("wav/03b03Fa.wav", "a folder with the name of a recording"),
    ];
    for (place, part) in expected {
        let of_place = format!("{place}: ");
        let found = check.problems.iter().find(|p| p.starts_with(&of_place));
        assert!(found.is_some_and(|p| p.contains(part)), "{place}: {:#?}", check.problems);
    }
    assert_eq!(
        (check.problems.len(), check.verdict),
        (expected.len(), CheckVerdict::Wrong),
        "{:#?}",
        check.problems
    );
    let line = corpus.differences().join("; ");
    assert!(line.contains("wav/03a02Fa.wav, wav/03a02Na.wav: a git-lfs pointer"), "{line}");
    assert!(line.contains("03b02Fa.wav") && line.contains("03a05Fa.wav"), "{line}");

    let output = seraug(dir.path(), &["corpus", "import", "emodb", "--corpora", "."]);
    let said = stderr(&output);
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(
        said.contains("03a04Fa.wav") && said.contains("03b02Fa.wav") && said.contains("--partial"),
        "{said}"
    );
    let output = seraug(dir.path(), &["corpus", "import", "emodb", "--corpora", ".", "--partial"]);
    assert!(output.status.success() && stdout(&output).lines().count() == 2, "{}", stderr(&output));
    assert!(stderr(&output).contains("note: left out: wav/03a05Fa.wav: a web page"), "{}", stderr(&output));
}

#[test]
fn a_folder_that_cannot_be_looked_into_is_a_note_where_nothing_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let root = emodb(dir.path()).parent().unwrap().to_owned();
    symlink(".", root.join("again")).unwrap();
    symlink("/nowhere", root.join("more")).unwrap();
    let check = import("emodb", &dir.path().join("corpora")).check();
    assert_eq!(check.summary, "complete: 535 utterances");
    assert!(check.problems.is_empty(), "{:?}", check.problems);
    assert!(check.notes.iter().any(|n| n.starts_with("again: a link back to ")), "{:?}", check.notes);
    assert!(check.notes.iter().any(|n| n.starts_with("more: a link to /nowhere")), "{:?}", check.notes);
    let output = seraug(dir.path(), &["corpus", "check", "emodb"]);
    assert!(
        output.status.success() && stdout(&output).contains("note: again: a link back"),
        "{}",
        stdout(&output)
    );
}

/// CREMA-D of the right names and counts, its one recording without sound among them.
fn cremad(folder: &Path) -> PathBuf {
    let wav = folder.join("cremad/AudioWAV");
    fs::create_dir_all(&wav).unwrap();
    let sentences = ["TIE", "IOM", "IWW", "TAI", "MTI", "IWL", "ITH", "DFA", "ITS", "TSI", "WSI"];
    for (emotion, count) in
        [("ANG", 1271), ("DIS", 1271), ("FEA", 1271), ("HAP", 1271), ("NEU", 1087), ("SAD", 1271)]
    {
        let strong = if emotion == "NEU" { &["XX"][..] } else { &["LO", "MD", "HI"] };
        let takes = (sentences.iter().map(|s| (*s, "XX"))).chain(strong.iter().map(|i| ("IEO", *i)));
        let names = takes.flat_map(|(s, i)| (1001..=1091).map(move |a| format!("{a}_{s}_{emotion}_{i}.wav")));
        names.take(count).for_each(|name| clip(&wav.join(name)));
    }
    write_wav(&wav.join("1076_MTI_SAD_XX.wav"), &[vec![0.0; 8]], 16_000, Some(16));
    wav
}

#[test]
fn cremad_as_it_is_published_is_complete_and_planned() {
    let dir = tempfile::tempdir().unwrap();
    let wav = cremad(dir.path());
    assert_eq!(fs::read_dir(&wav).unwrap().count(), 7442);
    // Its twin in another format is left out with it.
    let mp3 = dir.path().join("cremad/AudioMP3");
    fs::create_dir(&mp3).unwrap();
    fs::write(mp3.join("1076_MTI_SAD_XX.mp3"), "x").unwrap();
    let output = seraug(dir.path(), &["corpus", "check", "cremad", "--corpora", "."]);
    let text = stdout(&output);
    assert!(text.starts_with("complete: 7441 utterances\n"), "{text}");
    assert!(text.contains("unusable 1076_MTI_SAD_XX") && text.contains("left out"), "{text}");
    let spec = &seraug_test_support::common::in_root("experiments/open/table2-cremad.toml");
    let output = seraug(dir.path(), &["plan", spec, "--corpora", ".", "--device", "cpu"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("1076_MTI_SAD_XX is left out: published without sound"),
        "{}",
        stderr(&output)
    );

    // Copies that lack it are as complete.
    fs::remove_file(wav.join("1076_MTI_SAD_XX.wav")).unwrap();
    assert_eq!(import("cremad", dir.path()).check().summary, "complete: 7441 utterances");
}

#[test]
fn a_recording_of_cremad_has_one_id_under_either_of_its_names() {
    for names in
        [["1040_ITH_SAD_X.wav", "1040_ITH_SAD_XX.wav"], ["1001_DFA_ANG_X.wav", "1001_DFA_ANG_XX.wav"]]
    {
        let dir = tempfile::tempdir().unwrap();
        names.iter().for_each(|name| clip(&dir.path().join("cremad/AudioWAV").join(name)));
        let corpus = import("cremad", dir.path());
        assert_eq!(corpus.utterances.len(), 1, "{names:?}");
        assert!(corpus.problems[0].contains(": a second 1"), "{:?}", corpus.problems);
    }
}

#[test]
fn a_table_names_what_is_no_recording_and_what_its_manifest_leaves_out() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("mine");
    write_wav(&root.join("a.wav"), &[sine(200.0, 16_000, 16_000)], 16_000, Some(16));
    write_wav(&root.join("sub/silent.wav"), &[vec![0.0; 16_000]], 16_000, Some(16));
    fs::write(root.join("b.wav"), LFS).unwrap();
    fs::write(root.join("c.wav"), "").unwrap();
    pipe(&root.join("d.wav"));
    let csv = "path,emotion,speaker,id\na.wav,sad,x,\nb.wav,sad,x,\nc.wav,sad,x,\nd.wav,sad,x,\n\
        sub/silent.wav,sad,x,\nnone.wav,sad,x,gone\n";
    fs::write(root.join("table.csv"), csv).unwrap();
    let manifest =
        "[unusable]\n\"sub/silent.wav\" = \"no sound\"\ngone = \"withdrawn\"\nother = \"was never here\"\n";
    fs::write(root.join("manifest.toml"), manifest).unwrap();
    let corpus = import("mine", dir.path());
    let check = corpus.check();
    assert_eq!(corpus.utterances.len(), 1);
    assert_eq!(check.problems.len(), 3, "{:#?}", check.problems);
    for (i, part) in [
        "table.csv:5: path `d.wav`: not a file",
        "table.csv:3: path `b.wav`: a git-lfs pointer",
        "table.csv:4: path `c.wav`: empty, 0 bytes",
    ]
    .iter()
    .enumerate()
    {
        assert!(check.problems[i].starts_with(part), "{part}: {:#?}", check.problems);
    }
    let listed: Vec<_> = check.unusable.iter().map(|u| (u.code.as_str(), u.found)).collect();
    assert_eq!(listed, [("sub/silent.wav", 1), ("gone", 1), ("other", 0)]);
}

#[test]
fn an_excerpt_past_the_end_of_its_file_or_shorter_than_a_sample_is_a_problem() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("mine");
    write_wav(&root.join("a.wav"), &[sine(200.0, 16_000, 16_000)], 16_000, Some(16));
    write_wav(&root.join("low.wav"), &[sine(200.0, 8000, 8000)], 8000, Some(16));
    let rows = [
        ("a.wav,sad,x,0.5,1.5", "the file has 1.000 s"),
        ("a.wav,sad,x,2,3", "the file has 1.000 s"),
        ("a.wav,sad,x,0,1e300", "the file has 1.000 s"),
        ("a.wav,sad,x,0.5,0.50001", "shorter than a sample"),
        ("a.wav,sad,x,0.99999,1.01", "shorter than a sample"),
        ("low.wav,sad,x,0.5,0.5001", "shorter than a sample"),
    ];
    let bad: String = rows.iter().map(|(row, _)| format!("{row}\n")).collect();
    let csv = format!("path,emotion,speaker,start,end\n{bad}a.wav,sad,x,0.25,1.004\nlow.wav,sad,x,0,0.5\n");
    fs::write(root.join("table.csv"), csv).unwrap();
    // Also from the cache of an earlier import.
    for reading in [DigestPolicy::Afresh, DigestPolicy::Cached, DigestPolicy::Cached] {
        let bar = ProgressBar::hidden();
        let corpus =
            corpora::import("mine", &[], dir.path(), &dir.path().join("cache"), reading, &bar).unwrap();
        assert_eq!(corpus.problems.len(), rows.len(), "{:#?}", corpus.problems);
        for (problem, (row, part)) in corpus.problems.iter().zip(rows) {
            assert!(problem.contains(part), "{row}: {problem}");
        }
        assert_eq!(corpus.utterances.len(), 2);
    }
    let output = seraug(dir.path(), &["corpus", "import", "mine", "--corpora", "."]);
    let text = stdout(&output);
    let seconds: Vec<_> = text.lines().skip(1).map(|l| l.split(',').nth(8).unwrap()).collect();
    assert_eq!(seconds, ["0.75", "0.5"], "as much as the file has: {text}");
}
