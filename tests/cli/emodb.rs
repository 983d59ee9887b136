//! The EMO-DB importer, the feature cache and their commands, on a small tree and on the real corpus.

use indicatif::ProgressBar;
use seraug_core::emotion::Emotion;
use seraug_core::manifest::{Channels, Gender};
use seraug_core::spec::Features;
use seraug_data::corpora::{self, Corpus, DigestPolicy, Utterance};
use seraug_data::features::{extract_all, read_npy, write_npy};
use seraug_test_support::common::{corpora_with, seraug, sine, stderr, stdout, write_wav};
use std::path::{Path, PathBuf};

fn import(corpora: &Path) -> seraug_core::error::Result<Corpus> {
    corpora::import("emodb", &[], corpora, Path::new("unused"), DigestPolicy::Afresh, &ProgressBar::hidden())
}

fn tone(path: &Path, hz: f64) {
    write_wav(path, &[sine(hz, 16_000, 4000)], 16_000, Some(16));
}

/// Three good recordings, in two layouts and cases, and five things that are not.
fn tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let emodb = dir.path().join("emodb");
    tone(&emodb.join("wav/16b10Tb.wav"), 300.0);
    tone(&emodb.join("wav/03A01FA.WAV"), 200.0);
    tone(&emodb.join("08a02Na.wav"), 400.0);
    tone(&emodb.join("wav/03a01Xa.wav"), 500.0);
    tone(&emodb.join("wav/99a01Fa.wav"), 500.0);
    tone(&emodb.join("wav/notes.wav"), 500.0);
    tone(&emodb.join("backup/03a01Fb.wav"), 500.0);
    std::fs::write(emodb.join("wav/03a02Fa.mp3"), "x").unwrap();
    // Passed over in silence.
    std::fs::write(emodb.join("wav/._16b10Tb.wav"), "x").unwrap();
    std::fs::write(emodb.join("wav/.DS_Store"), "x").unwrap();
    std::fs::write(emodb.join("erklaerung.txt"), "x").unwrap();
    dir
}

#[test]
fn a_tree_is_imported_sorted_with_its_problems() {
    let dir = tree();
    let corpus = import(dir.path()).unwrap();
    let found: Vec<_> =
        corpus.utterances.iter().map(|u| (u.id.as_str(), u.speaker.as_str(), u.emotion)).collect();
    assert_eq!(
        found,
        [
            ("03a01Fa", "03", Emotion::HAPPY),
            ("08a02Na", "08", Emotion::NEUTRAL),
            ("16b10Tb", "16", Emotion::SAD),
        ]
    );
    assert_eq!(corpus.utterances[1].gender, Some(Gender::Female));
    assert_eq!(corpus.utterances[1].language, "de");
    let bytes = std::fs::read(&corpus.utterances[1].path).unwrap();
    assert_eq!(corpus.utterances[1].sha256, seraug_core::digest::digest_hex(&bytes));

    let expected = [
        "backup",
        "unknown emotion code `X`",
        "only as .mp3 beside others",
        "unknown speaker `99`",
        "not a name like",
    ];
    assert_eq!(corpus.problems.len(), expected.len(), "{:?}", corpus.problems);
    for (problem, part) in corpus.problems.iter().zip(expected) {
        assert!(problem.contains(part), "{problem}");
    }
}

#[test]
fn a_digest_follows_contents_and_labels_but_not_places() {
    let (one, two) = (tree(), tree());
    let digest = import(one.path()).unwrap().digest();
    std::fs::rename(two.path().join("emodb/08a02Na.wav"), two.path().join("emodb/wav/08a02Na.wav")).unwrap();
    assert_eq!(import(two.path()).unwrap().digest(), digest);
    tone(&two.path().join("emodb/wav/08a02Na.wav"), 401.0);
    assert_ne!(import(two.path()).unwrap().digest(), digest);
}

#[test]
fn a_second_file_of_one_id_is_a_problem() {
    let dir = tree();
    tone(&dir.path().join("emodb/wav/08a02Na.wav"), 410.0);
    let corpus = import(dir.path()).unwrap();
    assert_eq!(corpus.utterances.len(), 3);
    assert!(corpus.utterances[1].path.ends_with("emodb/08a02Na.wav"));
    assert!(corpus.problems.iter().any(|p| p.contains("a second 08a02Na")), "{:?}", corpus.problems);
}

#[test]
fn a_missing_or_empty_corpus_says_where_and_how() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let e = import(dir.path()).unwrap_err().to_string();
        assert!(
            e.contains(&dir.path().join("emodb").display().to_string()) && e.contains("bilderbar"),
            "{e}"
        );
        for part in ["  1. ", "  2. ", "emodb/wav/03a01Fa.wav", "SERAUG_CORPORA", "seraug corpus check emodb"]
        {
            assert!(e.contains(part), "no {part} in {e}");
        }
        assert!((5..=24).contains(&e.lines().count()), "one screen: {e}");
        std::fs::create_dir_all(dir.path().join("emodb")).unwrap();
    }
}

#[test]
fn the_cache_is_used_and_a_torn_or_foreign_file_in_it_is_not() {
    let dir = tree();
    let utterances = import(dir.path()).unwrap().utterances;
    let cache = dir.path().join("cache");
    let extract = |channels, features: &Features| {
        let progress = ProgressBar::hidden();
        let utterances: Vec<_> = utterances.iter().map(|u| Utterance { channels, ..u.clone() }).collect();
        let mels = extract_all(&utterances, features, &cache, &progress).unwrap();
        assert_eq!(progress.position(), 3);
        mels
    };
    let defaults = Features::default();
    let first = extract(Channels::Mean, &defaults);
    let files = |cache: &Path| -> Vec<PathBuf> {
        let entries = walkdir::WalkDir::new(cache).sort_by_file_name().into_iter().flatten();
        entries.map(|e| e.into_path()).filter(|p| p.is_file()).collect()
    };
    assert_eq!(files(&cache).len(), 3);
    // Another setting or channel policy has its own files.
    extract(Channels::First, &defaults);
    extract(Channels::Mean, &Features { floor_db: 60.0, ..defaults.clone() });
    assert_eq!(files(&cache).len(), 9);

    let id = &utterances[0];
    let cached = files(&cache).into_iter().filter(|p| p.ends_with(format!("{}.npy", id.sha256)));
    let cached = cached.into_iter().find(|p| read_npy(p).unwrap() == first[0]).unwrap();
    let whole = std::fs::read(&cached).unwrap();
    let mut shifted = first[0].clone();
    shifted.db.iter_mut().for_each(|v| *v -= 1.0);
    write_npy(&cached, &shifted).unwrap();
    let used = |c| extract(c, &defaults).contains(&shifted);
    assert!(used(Channels::Mean) || used(Channels::First), "the cache is read");

    let mut narrow = first[0].clone();
    (narrow.mels, narrow.frames) = (64, narrow.frames * 2);
    write_npy(&cached, &narrow).unwrap();
    let foreign = std::fs::read(&cached).unwrap();
    let mut unwritten = whole.clone();
    unwritten[2000..].fill(0);
    for bytes in [&whole[..whole.len() / 2], &[][..], &foreign, &unwritten] {
        std::fs::write(&cached, bytes).unwrap();
        assert!(extract(Channels::Mean, &defaults) == first && extract(Channels::First, &defaults) == first);
        assert!(std::fs::read(&cached).unwrap() == whole, "it is replaced");
    }
}

#[test]
fn all_bad_recordings_are_counted() {
    let dir = tree();
    let utterances = import(dir.path()).unwrap().utterances;
    std::fs::write(&utterances[1].path, b"").unwrap();
    std::fs::remove_file(&utterances[2].path).unwrap();
    let cache = dir.path().join("cache");
    let e = extract_all(&utterances, &Features::default(), &cache, &ProgressBar::hidden());
    let e = e.unwrap_err().to_string();
    assert!(e.contains("08a02Na.wav: empty") && e.contains("1 more"), "{e}");
}

#[test]
fn commands_say_what_is_there() {
    let dir = tree();
    let corpora = dir.path().to_str().unwrap();
    let list = seraug(dir.path(), &["--corpora", corpora, "corpus", "list"]);
    assert!(
        stdout(&list).lines().any(|l| l.starts_with("emodb") && l.contains("found") && l.contains("535"))
    );
    let check = seraug(dir.path(), &["corpus", "check", "emodb", "--corpora", corpora]);
    assert_eq!(check.status.code(), Some(1));
    let text = stdout(&check);
    let first = "wrong: 5 problems; 3 of 535 utterances (0 %); nothing of speakers 09 to 15";
    assert_eq!(text.lines().next(), Some(first), "{text}");
    assert!(text.contains("happy") && text.contains("1 of 71  70 missing"), "{text}");
    assert!(text.contains("speaker 09") && text.contains("problem: wav/03a01Xa.wav"), "{text}");

    let out = dir.path().join("index.csv");
    let args = ["corpus", "import", "emodb", "--quiet", "--corpora", corpora, "--out", out.to_str().unwrap()];
    let import = seraug(dir.path(), &args);
    assert_eq!((import.status.code(), stderr(&import)), (Some(0), String::new()));
    let csv = std::fs::read_to_string(out).unwrap();
    let mut lines = csv.lines();
    assert_eq!(
        lines.next(),
        Some("id,path,speaker,gender,session,language,emotion,valence,seconds,sha256,text")
    );
    assert!(lines.next().unwrap().contains(",03,male,,de,happy,positive,0.25,"), "{csv}");
    assert!(lines.nth(1).unwrap().contains(",16,female,,de,sad,negative,0.25,"), "{csv}");

    let missing = seraug(dir.path(), &["corpus", "check", "emodb"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        stderr(&missing).starts_with("error: corpus emodb: no folder corpora/emodb\n"),
        "{}",
        stderr(&missing)
    );
    assert_eq!(seraug(dir.path(), &["corpus", "check", "nosuch"]).status.code(), Some(2));
    assert_eq!(seraug(dir.path(), &["corpus", "chekc"]).status.code(), Some(2));
}

#[test]
fn features_writes_the_good_and_names_the_bad() {
    let dir = tree();
    std::fs::write(dir.path().join("bad.wav"), "").unwrap();
    std::fs::write(dir.path().join("worse.flac"), "fLaC and then nothing of use").unwrap();
    let args =
        ["features", "emodb/wav/16b10Tb.wav", "bad.wav", "emodb/08a02Na.wav", "worse.flac", "--out", "made"];
    let run = seraug(dir.path(), &args);
    assert_eq!(run.status.code(), Some(1));
    let errors = stderr(&run);
    assert_eq!(errors.lines().count(), 2, "{errors}");
    assert!(errors.contains("error: bad.wav: ") && errors.contains("error: worse.flac: "), "{errors}");
    assert_eq!(stdout(&run), "made/16b10Tb.npy [11, 128]\nmade/08a02Na.npy [11, 128]\n");
    assert_eq!(read_npy(&dir.path().join("made/16b10Tb.npy")).unwrap().db.len(), 11 * 128);

    let same = seraug(dir.path(), &["features", "emodb/08a02Na.wav", "x/08A02Na.flac", "--out", "other"]);
    assert_eq!(same.status.code(), Some(2));
    assert!(!dir.path().join("other").exists());
}

#[test]
fn the_real_corpus_is_complete_and_every_file_gives_features() {
    let Some(corpora) = corpora_with("emodb") else { return };
    let corpus = import(&corpora).unwrap();
    let check = corpus.check();
    assert!(check.complete(), "{check:?}");
    let count = |e| corpus.utterances.iter().filter(|u| u.emotion == e).count();
    type E = Emotion;
    let counts = [E::ANGRY, E::BORED, E::DISGUSTED, E::FEARFUL, E::HAPPY, E::SAD, E::NEUTRAL].map(count);
    assert_eq!((counts, corpus.utterances.len()), ([127, 81, 46, 69, 71, 62, 79], 535));
    let speakers = |g| check.speakers.iter().filter(|c| corpus.manifest.speakers[&c.name] == g).count();
    assert_eq!((speakers(Gender::Female), speakers(Gender::Male)), (5, 5));

    let texts: std::collections::BTreeSet<_> = corpus.utterances.iter().map(|u| u.text.as_deref()).collect();
    let sentences = ["a01", "a02", "a04", "a05", "a07", "b01", "b02", "b03", "b09", "b10"].map(Some);
    assert!(texts.into_iter().eq(sentences));

    let cache = tempfile::tempdir().unwrap();
    let features = Features::default();
    let extract = || extract_all(&corpus.utterances, &features, cache.path(), &ProgressBar::hidden());
    let cold = extract().unwrap();
    let mut lengths: Vec<_> = cold.iter().map(|m| m.frames).collect();
    lengths.sort();
    // 1.2 to 9.0 s at 25 ms a frame.
    assert_eq!((lengths[0], lengths[534]), (50, 360));
    assert!(extract().unwrap() == cold, "from the cache");
}
