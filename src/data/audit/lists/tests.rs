//! Every form of a split gives the folds that it means.

use super::words::ListPart;
use super::{ListChoices, ListSources, ListedSplit, read};
use std::path::{Path, PathBuf};

/// Files by name in a folder of their own.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

fn splits(paths: Vec<PathBuf>) -> ListSources {
    ListSources { split: paths, ..ListSources::default() }
}

/// `fold: training | validation | test` of every fold, by the names of rows.
fn folds(split: &ListedSplit) -> Vec<String> {
    let names = |rows: &[u32]| {
        let names: Vec<&str> = rows.iter().map(|r| split.rows[*r as usize].name.as_str()).collect();
        names.join(" ")
    };
    let of = |fold: &super::ListFold| {
        let parts = [ListPart::Train, ListPart::Validation, ListPart::Test].map(|p| names(fold.part(p)));
        format!("{}: {}", fold.name, parts.join(" | "))
    };
    split.folds.iter().map(of).collect()
}

fn of_files(files: &[(&str, &str)], choices: &ListChoices) -> Result<Vec<String>, String> {
    let dir = folder(files);
    let paths = files.iter().map(|(name, _)| dir.path().join(name)).collect();
    let hide = |e: String| e.replace(&format!("{}/", dir.path().display()), "");
    read(&splits(paths), choices).map(|s| folds(&s)).map_err(|e| hide(e.to_string()))
}

fn of_csv(text: &str) -> Vec<String> {
    of_files(&[("x.csv", text)], &ListChoices::default()).unwrap()
}

fn notes(text: &str) -> Vec<String> {
    let dir = folder(&[("x.csv", text)]);
    read(&splits(vec![dir.path().join("x.csv")]), &ListChoices::default()).unwrap().notes
}

#[test]
fn a_column_of_parts_is_one_split() {
    let expected = ["split: a | b | c"];
    assert_eq!(of_csv("utterance,speaker,part\na,1,train\nb,2,dev\nc,3,test\n"), expected);
    assert_eq!(of_csv("path,emotion,Split_Set\na,x,Train\nb,x,Development\nc,x,Test1\n"), expected);
    // A column that is called otherwise, and rows in no part.
    assert_eq!(of_csv("file,usage_of_it\na,training\nb,valid\nc,test\nd,-\n"), expected);
    assert_eq!(of_csv("file,set\na,train\nb,val\nc,test\nd,unlabelled\n"), expected);
}

#[test]
fn eval_is_the_test_unless_there_is_one() {
    assert_eq!(of_csv("file,split\na,train\nb,eval\n"), ["split: a |  | b"]);
    assert_eq!(of_csv("file,split\na,train\nb,eval\nc,test\n"), ["split: a | b | c"]);
}

#[test]
fn a_column_of_folds_says_where_an_utterance_is_tested() {
    assert_eq!(of_csv("utterance,fold\na,2\nb,1\nc,2\nd,-1\ne,\n"), ["1: a c d |  | b", "2: b d |  | a c"]);
    // With gaps, pandas writes decimals; a column `split` of numbers is one of folds.
    assert_eq!(of_csv("utterance,split\na,0.0\nb,1.0\n"), ["0: b |  | a", "1: a |  | b"]);
}

#[test]
fn a_row_for_each_utterance_and_fold() {
    let text = "utterance,fold,part\na,1,train\nb,1,test\na,2,test\nb,2,train\n";
    assert_eq!(of_csv(text), ["1: a |  | b", "2: b |  | a"]);
    // Validation and test in some folds only, and the number of each row beside a path.
    let text = "id,path,fold,part\n0,a,1,train\n1,b,1,test\n2,a,2,test\n3,b,2,\n4,c,1,train\n5,c,2,train\n";
    assert_eq!(of_csv(text), ["1: a c |  | b", "2: c |  | a"]);
    // Folds within the training part are no folds of the split.
    let within = "utterance,fold,part\na,1,train\nb,2,train\nc,,test\n";
    assert_eq!(of_csv(within), ["split: a b |  | c"]);
}

#[test]
fn parts_of_a_hold_out_beside_folds_are_the_split() {
    // Each utterance has one row: fold 1 has training and test, and yet a is trained on where d is tested.
    let text = "utterance,fold,part\na,1,train\nb,1,test\nc,2,train\nd,2,test\n";
    let with = |part: Option<&str>, fold: Option<&str>| {
        let part = part.map(str::to_owned).into_iter().collect();
        let choices = ListChoices { part, fold: fold.map(str::to_owned), ..ListChoices::default() };
        of_files(&[("x.csv", text)], &choices)
    };
    let parts = ["split: a c |  | b d"];
    assert_eq!(with(None, None).unwrap(), parts);
    assert_eq!(with(Some("part"), None).unwrap(), parts);
    assert_eq!(with(None, Some("fold")).unwrap(), ["1: c d |  | a b", "2: a b |  | c d"]);
    assert_eq!(with(Some("part"), Some("fold")).unwrap(), ["1: a |  | b", "2: c |  | d"]);
    let note =
        "column `fold` is not used, because utterances have one row each: `part` alone says what is tested";
    assert_eq!(notes(text), [note]);
    // One of four in two folds: neither is likely.
    let unclear = of_files(&[("x.csv", &format!("{text}a,2,train\n"))], &ListChoices::default());
    let said = "x.csv: 1 of 4 utterances have rows in several folds (column `fold`); --part COLUMN says that parts alone are the split, --part and --fold that each fold has its parts";
    assert_eq!(unclear.unwrap_err(), said);
}

#[test]
fn what_is_guessed_or_left_out_is_told() {
    let numbers = "utterance,split\na,0\nb,0\nc,1\nd,2\n";
    let guess = "each number of column `split` is taken for a fold that is tested; where they stand for parts, write train, validation and test";
    assert_eq!(notes(numbers), [guess]);
    assert!(notes("utterance,fold\na,0\nb,1\n").is_empty());
    let rows = |n: &str| format!("{n} in no part: nothing, `-`, or a word such as `removed` in the cell");
    assert_eq!(notes("utterance,part\na,train\nb,test\nc,\nd,-\ne,removed\n"), [rows("3 rows are")]);
    assert_eq!(notes("utterance,fold\na,1\nb,2\nc,\n"), [rows("1 row is")]);
    // Their utterances count nowhere.
    let dir = folder(&[("x.csv", "utterance,part\nc,\na,train\nb,test\n")]);
    let split = read(&splits(vec![dir.path().join("x.csv")]), &ListChoices::default()).unwrap();
    assert_eq!(split.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(folds(&split), ["split: a |  | b"]);
}

#[test]
fn the_folder_of_a_run_is_its_split() {
    let files = [("run/split.csv", "utterance,seed-1/fold-1/mine\na,train\nb,test\n"), ("run/run.toml", "")];
    let dir = folder(&[
        files[0],
        files[1],
        ("run/outcomes.csv", "fold\n1\n"),
        ("run/cells/fold_1/train.csv", "path\nx\n"),
    ]);
    let split = read(&splits(vec![dir.path().join("run")]), &ListChoices::default()).unwrap();
    assert_eq!(folds(&split), ["split: a |  | b"]);
}

#[test]
fn a_split_csv_of_a_run_has_a_column_for_each_fold() {
    let text = "corpus,utterance,speaker,class,sha256,seed-1/fold-1/mine,seed-1/fold-2/mine\n\
        mine,a,s1,sad,00,train,test\nmine,b,s2,sad,01,test,low\nmine,c,s3,sad,02,removed,full\nmine,d,s4,sad,03,-,train\n";
    let dir = folder(&[("split.csv", text)]);
    let split = read(&splits(vec![dir.path().join("split.csv")]), &ListChoices::default()).unwrap();
    assert_eq!(folds(&split), ["seed-1/fold-1/mine: a |  | b", "seed-1/fold-2/mine: b c d |  | a"]);
    let row = &split.rows[0];
    let cells = [&row.corpus, &row.speaker, &row.label, &row.sha256].map(|c| c.as_deref().unwrap());
    assert_eq!(cells, ["mine", "s1", "sad", "00"]);
}

#[test]
fn lists_say_their_part_by_their_names() {
    let none = ListChoices::default();
    for files in [
        [("train.csv", "path\na\n"), ("dev.csv", "path\nb\n"), ("test.csv", "path\nc\n")],
        [
            ("train.json", r#"["a"]"#),
            ("valid.json", r#"{"b": {"emo": "sad"}}"#),
            ("test.json", r#"[{"utt": "c"}]"#),
        ],
        [("train.txt", "a\n"), ("val.txt", "b\n\n"), ("test.lst", "c\n")],
        [
            ("train/x.jsonl", "{\"key\": \"a\"}\n"),
            ("dev/x.jsonl", "{\"key\": \"b\"}\n"),
            ("test/x.tsv", "id\temotion\nc\tsad\n"),
        ],
    ] {
        assert_eq!(of_files(&files, &none).unwrap(), ["split: a | b | c"], "{}", files[0].0);
    }
    // A test beside several pairs belongs to each.
    let files = [
        ("train_fold1.txt", "a\n"),
        ("dev_fold1.txt", "b\n"),
        ("train_fold2.txt", "b\n"),
        ("dev_fold2.txt", "a\n"),
        ("test.txt", "c\n"),
    ];
    assert_eq!(of_files(&files, &none).unwrap(), ["1: a | b | c", "2: b | a | c"]);
    // Lists of folds without parts: each is tested once.
    let files = [("session1.txt", "a\n"), ("session2.txt", "b\n"), ("session3.txt", "c\n")];
    assert_eq!(of_files(&files, &none).unwrap(), ["1: b c |  | a", "2: a c |  | b", "3: a b |  | c"]);
}

#[test]
fn lines_of_names_may_have_labels_behind_them() {
    let files =
        [("train.txt", "\u{feff}wav/a.wav sad\nwav/b 1.wav\tangry\n"), ("test.txt", "c.wav|sad\nd,sad\n")];
    assert_eq!(
        of_files(&files, &ListChoices::default()).unwrap(),
        ["split: wav/a.wav wav/b 1.wav |  | c.wav d"]
    );
}

#[test]
fn options_name_lists_and_columns() {
    let dir =
        folder(&[("a.csv", "path,part\na,test\n"), ("b.csv", "path\nb\n"), ("c.json", r#"{"test": ["c"]}"#)]);
    let at = |name: &str| vec![dir.path().join(name)];
    let sources = ListSources {
        train: at("a.csv"),
        validation: at("b.csv"),
        test: at("c.json"),
        ..ListSources::default()
    };
    let split = read(&sources, &ListChoices::default()).unwrap();
    assert_eq!(folds(&split), ["split: a | b | c"], "an option says more than a column or a key");
    let choices = ListChoices {
        utterance: Some("x".into()),
        part: vec!["first".into(), "second".into()],
        speaker: Some("wer".into()),
        text_from: Some("_(t\\d)".parse().unwrap()),
        ..ListChoices::default()
    };
    let text = "x,wer,first,second,third\na_t1,anna,train,test,train\nb_t2,Unknown,test,train,train\n";
    let dir = folder(&[("x.csv", text)]);
    let split = read(&splits(vec![dir.path().join("x.csv")]), &choices).unwrap();
    assert_eq!(folds(&split), ["first: a_t1 |  | b_t2", "second: b_t2 |  | a_t1"]);
    let speakers: Vec<Option<&str>> = split.rows.iter().map(|r| r.speaker.as_deref()).collect();
    assert_eq!(speakers, [Some("anna"), None]);
    let texts: Vec<Option<&str>> = split.rows.iter().map(|r| r.text.as_deref()).collect();
    assert_eq!(texts, [Some("t1"), Some("t2")]);
}

#[test]
fn folders_are_searched_for_lists_whose_names_say_something() {
    let key =
        |name: &str| format!("{{\"key\": \"x-{name}\", \"dataset\": \"x\", \"wav\": \"{name}.wav\"}}\n");
    let all = key("a") + &key("b");
    let (a, b) = (key("a"), key("b"));
    let dir = folder(&[
        ("x.jsonl", &all),
        ("label_map.json", "{}"),
        ("fold_1/x_train_fold_1.jsonl", &a),
        ("fold_1/x_test_fold_1.jsonl", &b),
        ("fold_2/x_train_fold_2.jsonl", &b),
        ("fold_2/x_test_fold_2.jsonl", &a),
        ("weights/train.pt", "x"),
        (".git/train.txt", "x"),
    ]);
    let split = read(&splits(vec![dir.path().to_owned()]), &ListChoices::default()).unwrap();
    assert_eq!(folds(&split), ["1: a.wav |  | b.wav", "2: b.wav |  | a.wav"]);
    assert_eq!(split.form, "lists for each fold");
    // Two splits in one folder, and a fold after the ninth.
    let dir = folder(&[
        ("x/fold_2/train.txt", "a\n"),
        ("x/fold_2/test.txt", "b\n"),
        ("x/fold_10/deep/train.txt", "b\n"),
        ("x/fold_10/test.txt", "a\n"),
        ("y/train.txt", "c\n"),
        ("y/test.txt", "d\n"),
    ]);
    let several = read(&splits(vec![dir.path().to_owned()]), &ListChoices::default()).unwrap();
    assert_eq!(folds(&several), ["x/2: a |  | b", "x/10: b |  | a", "y: c |  | d"]);
    assert_eq!(
        split.notes,
        [
            "pickles in the folder are not read",
            "2 lists in the folder not read: no part and no fold in the name"
        ]
    );
    let dir = folder(&[
        ("train/wav.scp", "u1 a.wav\nu2 b.wav\n"),
        ("train/utt2spk", "u1 anna\nu2 ben\n"),
        ("train/text", "u1 hello there\n"),
        ("test/utt2spk", "u3 cleo\n"),
        ("test/utt2emo", "u3 sad\n"),
    ]);
    let split = read(&splits(vec![dir.path().to_owned()]), &ListChoices::default()).unwrap();
    assert_eq!(folds(&split), ["split: u1 u2 |  | u3"], "Kaldi");
    let said =
        split.rows.iter().map(|r| [&r.speaker, &r.text, &r.label].map(|v| v.as_deref().unwrap_or("-")));
    assert_eq!(
        said.collect::<Vec<_>>(),
        [["cleo", "-", "sad"], ["anna", "hello there", "-"], ["ben", "-", "-"]]
    );
}

#[test]
fn what_says_nothing_is_an_error_that_names_the_file_and_the_option() {
    let none = ListChoices::default();
    let part = ListChoices { part: vec!["emo".into()], ..ListChoices::default() };
    let speaker = ListChoices { speaker: Some("spk".into()), ..ListChoices::default() };
    for (files, choices, said) in [
        (
            &[("x.csv", "path,emotion\na,sad\n")][..],
            &none,
            "x.csv: nothing says which utterances are trained on",
        ),
        (&[("x.csv", "emotion,split\nsad,train\n")], &none, "x.csv: no column that names utterances"),
        (&[("x.csv", "path;part\na;train\n")], &none, "which has `path;part`; begin it with a line `sep=;`"),
        (
            &[("train.txt", "a\n")],
            &none,
            "train.txt: no utterance of the test in it; name its list with --test",
        ),
        (&[("x.csv", "path,split\n")], &none, "x.csv: no row in it"),
        (&[("x.csv", "path,emo\na,sad\n")], &part, "--part: x.csv: column `emo` says no parts: `sad`"),
        (
            &[("x.csv", "path,split,spkr\na,train,b\n")],
            &speaker,
            "--speaker: x.csv has no column `spk`, did you mean `spkr`?",
        ),
        (&[("x.pkl", "x")], &none, "x.pkl: a pickle of Python, never read: opening it runs the code in it"),
        (&[("x.csv", "path,split\na,train\n,test\n")], &none, "x.csv:3: no name of an utterance"),
        (
            &[("x.csv", "path,split,start\na,train,soon\nb,test,1\n")],
            &none,
            "x.csv:2: `soon`: expected seconds",
        ),
    ] {
        let e = of_files(files, choices).unwrap_err();
        assert!(e.contains(said), "{e}");
    }
    let e = read(&splits(vec!["gone".into()]), &none).unwrap_err().to_string();
    assert_eq!(e, "gone: no such file or folder");
    let e = read(&ListSources::default(), &none).unwrap_err().to_string();
    assert!(e.starts_with("no split: name it with --split"), "{e}");
    let empty = folder(&[("notes.md", "x")]);
    let e = read(&splits(vec![empty.path().to_owned()]), &none).unwrap_err().to_string();
    assert!(e.contains("no list in it whose name says train, test or a fold"), "{e}");
    assert!(Path::new(empty.path()).is_dir());
}
