//! `corpus add`: the same clips from every format are the same corpus, damaged sources are errors, nothing leads out of a source,
//! and a failure leaves nothing behind. The sources in tests/golden/formats are written by the formats' own libraries.

use indicatif::ProgressBar;
use seraug_core::error::Result;
use seraug_core::spec;
use seraug_data::corpora::add::{AddChoices, AddJob, Added, add};
use seraug_data::corpora::{self, Corpus, DigestPolicy};
use seraug_data::split::{SplitTable, select};
use seraug_test_support::common::{one_line, root, seraug, stderr, stdout};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

fn formats() -> PathBuf {
    root().join("tests/golden/formats")
}

/// The clips of every source lie in one folder, which most lists do not name.
fn with_audio() -> AddChoices {
    AddChoices { audio: Some(formats().join("audio")), ..AddChoices::default() }
}

fn from_clips(pattern: &str) -> AddChoices {
    AddChoices { speaker_from: Some(pattern.parse().unwrap()), ..with_audio() }
}

fn try_add(corpora: &Path, source: &Path, choices: &AddChoices) -> Result<Added> {
    let progress = ProgressBar::hidden();
    add(&AddJob { name: "mine", source, corpora, choices, progress: &progress })
}

fn import(corpora: &Path) -> Corpus {
    let progress = ProgressBar::hidden();
    corpora::import("mine", &[], corpora, Path::new("unused"), DigestPolicy::Afresh, &progress).unwrap()
}

/// The corpus that is added from `source`, as later commands read it.
fn added(source: &Path, choices: &AddChoices) -> Corpus {
    let dir = tempfile::tempdir().unwrap();
    let added = try_add(dir.path(), source, choices).unwrap();
    let corpus = import(dir.path());
    assert_eq!(corpus.digest(), added.digest);
    assert_eq!(corpus.check().summary, format!("complete: {} utterances", added.utterances));
    assert!(corpus.problems.is_empty(), "{:?}", corpus.problems);
    corpus
}

/// `id emotion speaker gender split` of every utterance.
fn rows(corpus: &Corpus) -> Vec<String> {
    let of = |u: &seraug_data::corpora::Utterance| {
        let gender = u.gender.map_or("-", |g| g.name());
        format!("{} {} {} {gender} {}", u.id, u.emotion, u.speaker, u.split.as_deref().unwrap_or("-"))
    };
    corpus.utterances.iter().map(of).collect()
}

/// The clips as the generator makes them.
fn expected(split: bool, suffix: impl Fn(&str) -> String) -> Vec<String> {
    let mut rows = Vec::new();
    for (speaker, gender) in [("anna", "female"), ("ben", "male")] {
        for emotion in ["angry", "happy", "irritated"] {
            for (n, part) in [(1, "train"), (2, "test")] {
                let (name, part) = (format!("{speaker}-{emotion}-{n}"), if split { part } else { "-" });
                rows.push(format!("{name}{} {emotion} {speaker} {gender} {part}", suffix(&name)));
            }
        }
    }
    rows
}

/// `clips` in a folder for each class below `corpora/source`, with links to nothing.
fn class_folders(folder: &Path) -> PathBuf {
    let source = folder.join("source");
    for name in fs::read_dir(formats().join("audio")).unwrap() {
        let from = name.unwrap().path();
        let name = from.file_name().unwrap().to_str().unwrap();
        let [_, emotion, n] = name.trim_end_matches(".wav").split('-').collect::<Vec<_>>()[..] else {
            panic!("{name}")
        };
        let place = source.join(if n == "1" { "train" } else { "test" }).join(emotion);
        fs::create_dir_all(&place).unwrap();
        fs::copy(&from, place.join(name)).unwrap();
    }
    source
}

#[test]
fn every_format_of_the_same_clips_is_the_same_corpus() {
    let reference = added(&formats().join("audio-folder-csv"), &with_audio());
    assert_eq!(rows(&reference), expected(true, |_| String::new()));
    let dir = tempfile::tempdir().unwrap();
    let folders = class_folders(dir.path());
    let by_name = AddChoices { audio: None, ..from_clips("^[^/]+/[^/]+/([a-z]+)-") };
    assert_eq!(added(&folders, &by_name).digest(), reference.digest(), "class-folders");
    let plain = AddChoices::default();
    assert_eq!(added(&formats().join("hf-parquet"), &plain).digest(), reference.digest(), "hf-parquet");
    for name in [
        "audio-folder-jsonl",
        "audio-folder-parquet",
        "audformat-csv",
        "audformat-parquet",
        "nkululeko",
        "kaldi",
    ] {
        let corpus = added(&formats().join(name), &with_audio());
        assert_eq!(corpus.digest(), reference.digest(), "{name}");
        // Genders are in no digest.
        assert_eq!(rows(&corpus), rows(&reference), "{name}");
    }
    // Its lists have neither speakers nor a split.
    let emobox = added(&formats().join("emobox"), &from_clips("([a-z]+)-[a-z]+-[12]"));
    let mut parts_apart = reference;
    parts_apart.utterances.iter_mut().for_each(|u| u.split = None);
    assert_eq!(emobox.digest(), parts_apart.digest(), "emobox");
}

#[test]
fn every_format_of_the_same_excerpts_is_the_same_corpus() {
    let reference = added(&formats().join("cuts/nkululeko"), &with_audio());
    // The last clip of each part has no end: that of the file.
    let suffix = |name: &str| match name.starts_with("ben-irritated") {
        true => "@0.025-0.1".to_owned(),
        false => "@0.025-0.075".to_owned(),
    };
    assert_eq!(rows(&reference), expected(true, suffix));
    for name in ["audformat-csv", "audformat-parquet", "kaldi"] {
        let corpus = added(&formats().join("cuts").join(name), &with_audio());
        assert_eq!(corpus.digest(), reference.digest(), "{name}");
        assert_eq!(rows(&corpus), rows(&reference), "{name}");
    }
}

#[test]
fn raters_are_counted_and_a_tie_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let choices = AddChoices { tables: vec!["emotion.votes".into()], ..with_audio() };
    let votes = try_add(dir.path(), &formats().join("audformat-csv"), &choices).unwrap();
    assert_eq!(votes.utterances, 11);
    assert_eq!(votes.left_out, [("raters do not agree: a tie".to_owned(), 1)].into());
    let expected: Vec<String> = expected(false, |_| String::new()).into_iter().take(11).collect();
    assert_eq!(rows(&import(dir.path())), expected);
}

#[test]
fn labels_are_mapped_and_a_label_that_is_not_there_is_an_error() {
    let map = |text: &str| AddChoices { map: vec![text.parse().unwrap()], ..with_audio() };
    let corpus = added(&formats().join("nkululeko"), &map("irritated=angry"));
    assert_eq!(corpus.utterances.iter().filter(|u| u.emotion.name() == "angry").count(), 8);
    let dir = tempfile::tempdir().unwrap();
    let e =
        try_add(dir.path(), &formats().join("nkululeko"), &map("iritated=angry")).unwrap_err().to_string();
    assert!(e.contains("no row has the label `iritated`, did you mean `irritated`?"), "{e}");
}

#[test]
fn the_folds_of_emobox_are_those_of_the_protocol() {
    let dir = tempfile::tempdir().unwrap();
    let choices = from_clips("([a-z]+)-[a-z]+-[12]");
    let added = try_add(dir.path(), &formats().join("emobox"), &choices).unwrap();
    assert_eq!(added.written, ["table.csv", "manifest.toml", "split.csv"]);
    let text = "title = \"x\"\npreset = \"tiny\"\ncorpus = \"mine\"\n\
        [classes]\nangry = [\"angry\", \"irritated\"]\nhappy = [\"happy\"]\n\
        [protocol.leave-speakers-out]\nfolds = 2\n[[condition]]\nname = \"no-aug\"\n";
    let spec = spec::parse(text, "x.toml", &[]).unwrap();
    let selection = select(&spec, vec![import(dir.path())]).unwrap();
    let table = SplitTable::read(&dir.path().join("mine/split.csv")).unwrap();
    for seed in [1, 5] {
        let folds = table.folds(&selection, seed).unwrap();
        let speakers = |items: &[usize]| {
            let mut speakers: Vec<&str> =
                items.iter().map(|i| selection.utterances[*i].speaker.as_str()).collect();
            speakers.dedup();
            (items.len(), speakers.join(" "))
        };
        let told: Vec<_> = folds.iter().map(|f| (speakers(&f.train), speakers(&f.test))).collect();
        let side = |name: &str| (6, name.to_owned());
        assert_eq!(told, [(side("ben"), side("anna")), (side("anna"), side("ben"))]);
    }
}

/// The error of adding a list of nkululeko with `csv`, beside the folder of the clips.
fn refused(csv: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("list.csv"), csv).unwrap();
    fs::create_dir(dir.path().join("corpora")).unwrap();
    let e = try_add(&dir.path().join("corpora"), &dir.path().join("list.csv"), &with_audio()).unwrap_err();
    assert_eq!(fs::read_dir(dir.path().join("corpora")).unwrap().count(), 0, "{e}: something is left behind");
    e.to_string()
}

#[test]
fn a_bad_row_is_named_and_nothing_is_left_behind() {
    for (csv, why) in [
        ("file,emotion,speaker\nanna-angry-1.wav,angry\n", "list.csv:2: 2 cells, the header has 3"),
        (
            "file,emotion,speaker\n../audio/anna-angry-1.wav,angry,a\n",
            "list.csv:2: path `../audio/anna-angry-1.wav`: not below",
        ),
        ("file,emotion,speaker\n/etc/passwd,angry,a\n", "list.csv:2: path `/etc/passwd`: not below"),
        ("file,emotion,speaker\nnone.wav,angry,a\n", "no recording of it is in"),
        (
            "file,emotion,speaker\nanna-angry-1.wav,angry,a\nnone.wav,angry,a\n",
            "list.csv:3: path `none.wav`: no such file",
        ),
        (
            "file,emotion,speaker\nanna-angry-1.wav,angry,\nanna-angry-2.wav,angry,a\n",
            "list.csv:2: no speaker of `anna-angry-1.wav`",
        ),
        (
            "file,emotion\nanna-angry-1.wav,angry\n",
            "no row has a speaker: say who speaks with --speaker with one of file, emotion, or --speaker-from REGEX",
        ),
        ("file,mood,speaker\nanna-angry-1.wav,angry,a\n", "say which is with --emotion: file, mood, speaker"),
        ("name,emotion,speaker\nanna-angry-1.wav,angry,a\n", "no column of paths"),
        (
            "file,emotion,speaker,start,end\nanna-angry-1.wav,angry,a,soon,1\n",
            "list.csv:2: start `soon`: expected seconds",
        ),
        ("file,emotion,speaker,start,end\nanna-angry-1.wav,angry,a,2,1\n", "from 2 to 1 s"),
        ("file,emotion,speaker,start,end\nanna-angry-1.wav,angry,a,0.5,\n", "expected 0 <= start < end"),
        ("file,emotion,speaker\nanna-angry-1.wav,,a\n", "no utterance in it"),
        ("", "no column of paths"),
    ] {
        let e = refused(csv);
        assert!(e.contains(why), "{csv}: {e}");
        assert!(!e.contains('\n') && e.contains("list.csv"), "{e}");
    }
}

#[test]
fn with_partial_bad_rows_are_left_out_of_the_table() {
    let dir = tempfile::tempdir().unwrap();
    let csv = "file,emotion,speaker\nanna-angry-1.wav,angry,a\nnone.wav,angry,a\n/etc/passwd,sad,a\nben-happy-1.wav,happy,b\n\
        ben-happy-1.wav,happy,b\n";
    fs::write(dir.path().join("list.csv"), csv).unwrap();
    let choices = AddChoices { partial: true, ..with_audio() };
    let added = try_add(dir.path(), &dir.path().join("list.csv"), &choices).unwrap();
    assert_eq!((added.utterances, added.problems.len()), (2, 3), "{:?}", added.problems);
    let corpus = import(dir.path());
    assert!(corpus.problems.is_empty(), "{:?}", corpus.problems);
    assert_eq!(corpus.digest(), added.digest);
}

#[test]
fn links_and_commands_that_lead_out_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir_all(at("k/in")).unwrap();
    fs::copy(formats().join("audio/anna-angry-1.wav"), at("secret.wav")).unwrap();
    fs::copy(formats().join("audio/anna-angry-1.wav"), at("k/in/ok.wav")).unwrap();
    symlink(at("secret.wav"), at("k/in/link.wav")).unwrap();
    symlink(dir.path(), at("k/out")).unwrap();
    fs::write(at("k/utt2spk"), "u a\n").unwrap();
    fs::write(at("k/utt2emo"), "u sad\n").unwrap();
    let mark = at("ran").display().to_string();
    for (path, why) in [
        ("in/link.wav".to_owned(), "a link that leads out of"),
        ("out/secret.wav".to_owned(), "a link that leads out of"),
        ("../secret.wav".to_owned(), "not below"),
        (at("secret.wav").display().to_string(), "not below"),
        (format!("touch {mark} |"), "is a command, and none is run"),
        (format!("| touch {mark}"), "is a command, and none is run"),
    ] {
        fs::write(at("k/wav.scp"), format!("u {path}\n")).unwrap();
        for copy in [false, true] {
            let choices = AddChoices { copy, ..AddChoices::default() };
            let e = try_add(&at("corpora"), &at("k"), &choices).unwrap_err().to_string();
            assert!(e.contains(why) && e.contains("wav.scp:1"), "{path}: {e}");
        }
    }
    assert!(!at("ran").exists());
    // Absolute paths below the source are what Kaldi writes.
    fs::write(at("k/wav.scp"), format!("u {}\n", at("k/in/ok.wav").display())).unwrap();
    assert_eq!(try_add(&at("corpora"), &at("k"), &AddChoices::default()).unwrap().utterances, 1);
}

#[test]
fn what_is_damaged_or_could_be_several_things_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let failed = |source: &Path| try_add(&at("corpora"), source, &with_audio()).unwrap_err().to_string();
    let parquet = fs::read(formats().join("hf-parquet/data/train-00000-of-00001.parquet")).unwrap();
    fs::create_dir(at("hf")).unwrap();
    for n in [0, 3, 100, parquet.len() / 2, parquet.len() - 1] {
        fs::write(at("hf/train.parquet"), &parquet[..n]).unwrap();
        let e = failed(&at("hf"));
        assert!(e.contains("train.parquet: ") && e.contains("not a parquet file, or damaged"), "{n}: {e}");
    }
    fs::write(at("hf/list.csv"), "file,emotion\n").unwrap();
    assert!(failed(&at("hf")).contains("could be hf-parquet, nkululeko; say which with --format"));
    fs::create_dir(at("empty")).unwrap();
    assert!(failed(&at("empty")).contains("of no format that is known"));
    fs::create_dir(at("db")).unwrap();
    for (yaml, why) in [
        ("tables: [", "db.yaml: not a header of audformat"),
        ("tables: {t: {columns: {emotion: {}}}}", "db.t.csv: no such file"),
        ("tables: {../t: {columns: {emotion: {}}}}", "`../t` cannot be a name of a table"),
        ("tables: {t: {columns: {mood: {}}}}", "say which with --table and --emotion: t (mood)"),
        (
            "tables: {a: {columns: {emotion: {}}}, b: {columns: {emotion: {}}}}",
            "several tables have labels: a, b; say which with --table",
        ),
    ] {
        fs::write(at("db/db.yaml"), yaml).unwrap();
        let e = failed(&at("db"));
        assert!(e.contains(why) && !e.contains('\n'), "{yaml}: {e}");
    }
    fs::write(at("db/db.yaml"), "tables: {t: {columns: {emotion: {}}}}").unwrap();
    fs::write(at("db/db.t.pkl"), "x").unwrap();
    assert!(failed(&at("db")).contains("pickles are programs and are not read"));
    fs::write(at("lines.jsonl"), "{\"wav\": \"a.wav\", \"emo\": \"sad\"}\n[1]\n").unwrap();
    assert!(failed(&at("lines.jsonl")).contains("lines.jsonl:2: not an object of JSON"));
    assert!(!at("corpora").exists() || fs::read_dir(at("corpora")).unwrap().count() == 0);
}

#[test]
fn a_corpus_that_is_there_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let list = formats().join("nkululeko/tones.csv");
    try_add(dir.path(), &list, &with_audio()).unwrap();
    let before = fs::read(dir.path().join("mine/table.csv")).unwrap();
    let e = try_add(dir.path(), &list, &with_audio()).unwrap_err().to_string();
    assert!(e.contains("mine/table.csv is there already; choose another name"), "{e}");
    assert_eq!(fs::read(dir.path().join("mine/table.csv")).unwrap(), before);
    fs::create_dir_all(dir.path().join("other/sub")).unwrap();
    for (name, why) in [
        ("other", "is there and not empty"),
        ("emodb", "read in its official layout"),
        ("a/b", "this cannot be its name"),
        ("..", "this cannot be its name"),
        (".tmp", "this cannot be its name"),
        ("a>b", "this cannot be its name"),
    ] {
        let progress = ProgressBar::hidden();
        let choices = with_audio();
        let job = AddJob { name, source: &list, corpora: dir.path(), choices: &choices, progress: &progress };
        let e = add(&job).unwrap_err().to_string();
        assert!(e.contains(why), "{name}: {e}");
    }
}

#[test]
fn recordings_stay_where_they_are_or_are_copied() {
    let dir = tempfile::tempdir().unwrap();
    let source = class_folders(dir.path());
    let before = listing(&source);
    let choices = AddChoices { audio: None, ..from_clips("^[^/]+/[^/]+/([a-z]+)-") };
    let corpora = dir.path().join("corpora");
    let there = try_add(&corpora, &source, &choices).unwrap();
    assert_eq!(listing(&corpora.join("mine")), ["manifest.toml", "table.csv"]);
    fs::rename(corpora.join("mine"), corpora.join("old")).unwrap();
    let copied = try_add(&corpora, &source, &AddChoices { copy: true, ..choices }).unwrap();
    assert_eq!(listing(&corpora.join("mine")).len(), 14);
    assert_eq!(copied.digest, there.digest);
    assert_eq!(listing(&source), before);
    fs::remove_dir_all(&source).unwrap();
    assert_eq!(import(&corpora).digest(), copied.digest);
    let output = seraug(dir.path(), &["corpus", "check", "old"]);
    assert!(one_line(&output).contains("manifest.toml: audio = `"), "{}", stderr(&output));
}

/// Files below `folder`.
fn listing(folder: &Path) -> Vec<String> {
    let walk = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(|e| e.unwrap());
    let files = walk.filter(|e| e.file_type().is_file());
    files.map(|e| e.path().strip_prefix(folder).unwrap().display().to_string()).collect()
}

#[test]
fn a_source_beside_the_corpora_is_named_from_there() {
    let dir = tempfile::tempdir().unwrap();
    let corpora = dir.path().join("corpora");
    fs::create_dir(&corpora).unwrap();
    class_folders(&corpora);
    let choices = AddChoices { audio: None, ..from_clips("^[^/]+/[^/]+/([a-z]+)-") };
    let added = try_add(&corpora, &corpora.join("source"), &choices).unwrap();
    let manifest = fs::read_to_string(corpora.join("mine/manifest.toml")).unwrap();
    assert!(manifest.ends_with("audio = \"../source\"\n"), "{manifest}");
    fs::rename(&corpora, dir.path().join("moved")).unwrap();
    assert_eq!(import(&dir.path().join("moved")).digest(), added.digest);
}

#[test]
fn the_command_says_what_it_took_and_guessed() {
    let dir = tempfile::tempdir().unwrap();
    let audio = formats().join("audio").display().to_string();
    let source = formats().join("audformat-parquet").display().to_string();
    let output = seraug(
        dir.path(),
        &["corpus", "add", "tones", &source, "--audio", &audio, "--map", "irritated=angry"],
    );
    assert_eq!(stderr(&output), "");
    let text = stdout(&output).replace(&root().canonicalize().unwrap().display().to_string(), "ROOT");
    insta::assert_snapshot!(text);
    let manifest = fs::read_to_string(dir.path().join("corpora/tones/manifest.toml")).unwrap();
    insta::assert_snapshot!(manifest.replace(&root().canonicalize().unwrap().display().to_string(), "ROOT"));
    let source = formats().join("hf-parquet").display().to_string();
    let output = seraug(dir.path(), &["--json", "corpus", "add", "hf", &source]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["format"], "hf-parquet");
    assert_eq!((json["utterances"].as_u64(), json["speakers"].as_u64()), (Some(12), Some(2)));
    let checked = stdout(&seraug(dir.path(), &["corpus", "check", "hf"]));
    assert!(checked.starts_with("complete: 12 utterances\n"), "{checked}");
    let wrong = seraug(dir.path(), &["corpus", "add", "x", &source, "--format", "audformt"]);
    assert!(one_line(&wrong).contains("did you mean `audformat`?"), "{}", stderr(&wrong));
}
