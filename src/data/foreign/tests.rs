use super::*;
use std::fs;
use tempfile::TempDir;

/// Files with the given contents, named after their systems.
fn files(dir: &TempDir, contents: &[(&str, &str)]) -> Vec<ForeignFile> {
    let file = |(name, text): &(&str, &str)| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        ForeignFile { system: name.split('.').next().unwrap().to_owned(), path }
    };
    contents.iter().map(file).collect()
}

fn read_all(contents: &[(&str, &str)], truth: Option<&str>, classes: &[&str]) -> Result<ForeignPredictions> {
    let dir = tempfile::tempdir().unwrap();
    let files = files(&dir, contents);
    let table = truth.map(|text| {
        let path = dir.path().join("truth.csv");
        fs::write(&path, text).unwrap();
        path
    });
    let classes: Vec<String> = classes.iter().map(|c| (*c).to_owned()).collect();
    read(&files, table.as_deref(), &classes)
}

/// The error of a case, without the folder of its files.
fn error(contents: &[(&str, &str)], truth: Option<&str>) -> String {
    let message = read_all(contents, truth, &[]).unwrap_err().to_string();
    let at = message.find(contents[0].0).unwrap_or(0);
    message[at..].to_owned()
}

#[test]
fn one_table_with_everything_is_read() {
    let text = "utterance,speaker,fold,seed,truth,predicted,p_sad,p_happy\n\
                a,s1,2,7,happy,sad,0.6,0.4\nb,s2,10,7,sad,sad,0.9,0.1\n";
    let found = read_all(&[("svm.csv", text)], None, &[]).unwrap();
    // Probabilities give the order of the classes; folds are numbers.
    assert_eq!(
        (found.classes, found.folds, found.seeds),
        (vec!["sad".into(), "happy".into()], vec!["2".into(), "10".into()], vec![7])
    );
    assert_eq!(found.systems, ["svm"]);
    assert_eq!(found.utterances[0].truth, 1);
    assert_eq!(
        found.cells[0].predictions,
        [ForeignPrediction { utterance: 0, predicted: 0, probabilities: vec![0.6, 0.4] }]
    );
    let note = "2 folds without utterances of some class, such as sad in fold 2: the UAR there is over the other classes.";
    assert_eq!(found.notes, [note]);
    assert_eq!((found.files[0].file.as_str(), found.files[0].rows), ("svm.csv", 2));
}

#[test]
fn truths_of_a_table_are_found_by_name_or_by_the_name_of_the_file() {
    let truth = "file\tlabel\tactor\tsex\tfold\nwav/a.wav\t1\ts1\tF\t1\nwav/b.wav\t0\ts2\tm\t2\nwav/c.wav\t10\ts2\tm\t2\n";
    let found = read_all(
        &[("x.csv", "sep=;\nid;p_0;p_1;p_10\na;0.2;0.5;0.3\nb.flac;0.2;0.5;0.3\n")],
        Some(truth),
        &[],
    )
    .unwrap();
    assert_eq!(found.classes, ["0", "1", "10"]);
    let seen: Vec<(usize, usize)> =
        found.cells.iter().map(|c| (c.fold, c.predictions[0].predicted)).collect();
    assert_eq!(seen, [(0, 1), (1, 1)]);
    // c is predicted by nobody.
    assert_eq!(
        found.utterances.iter().map(|u| u.id.as_str()).collect::<Vec<_>>(),
        ["wav/a.wav", "wav/b.wav"]
    );
    assert_eq!(found.utterances[0].gender, Some(Gender::Female));
    assert!(
        found.notes.iter().any(|n| n.starts_with("1 utterance of the table of truths")),
        "{:?}",
        found.notes
    );
}

#[test]
fn several_systems_of_a_column_or_of_files_are_told_apart() {
    let a = "utterance,speaker,truth,predicted,model\na,s,x,x,one\nb,s,y,x,one\na,s,x,y,two\nb,s,y,y,two\n";
    let b = "utterance,predicted\na,x\n";
    let found = read_all(&[("a.csv", a)], None, &[]).unwrap();
    assert_eq!(found.systems, ["one", "two"]);
    let truth = "utterance,truth\na,x\nb,y\n";
    let found = read_all(&[("a.csv", a), ("b.csv", b)], Some(truth), &["y", "x"]).unwrap();
    assert_eq!((found.systems.len(), found.classes[0].as_str()), (3, "y"));
    let different =
        "b and one are tested on different utterances: 1 utterance in one of the two alone, such as b.";
    assert!(found.notes[0].starts_with(different), "{:?}", found.notes);
}

#[test]
fn speakers_in_several_folds_and_unknown_ones_are_noted() {
    let text = "utterance,speaker,fold,truth,predicted\na,s1,1,x,x\nb,s1,2,y,y\nc,s2,1,y,y\nd,s2,1,x,x\ne,s3,2,x,x\n";
    let found = read_all(&[("a.csv", text)], None, &[]).unwrap();
    assert!(
        found.notes[0].starts_with("1 of 3 speakers tested in more than one fold, such as s1"),
        "{:?}",
        found.notes
    );
    let found = read_all(&[("a.csv", "utterance,truth,predicted\na,x,x\nb,y,y\n")], None, &[]).unwrap();
    assert!(found.notes[0].starts_with("No table says who speaks"), "{:?}", found.notes);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let head = "utterance,truth,predicted\n";
    let cases: [(&str, Option<&str>, &str); 12] = [
        ("predicted\nx\n", None, "a.csv: no column for the name of the utterance, such as utterance,"),
        (
            "utterance,truth\na,x\n",
            None,
            "a.csv: no column for the predicted class, and none of probabilities (p_CLASS)",
        ),
        (
            "utterance,predicted\na,x\n",
            None,
            "a.csv: no column for the true class; --truth FILE gives it in a table of its own",
        ),
        (
            "utterance,truth,predicted\na,x,x\nb,y,ex\n",
            None,
            "a.csv:3: predicted class `ex` is no class of the truths",
        ),
        (
            "utterance,truth,predicted\na,x,x\nb,y,y\na,x,y\n",
            None,
            "a.csv:4: utterance `a` was predicted at ",
        ),
        (
            "utterance,truth,predicted\na,x,x\nb,y,y\na,y,y\n",
            None,
            "a.csv:4: the true class of `a` is `y`, but `x` at ",
        ),
        (
            "utterance,truth,p_x,p_y\na,x,0.9,0.9\nb,y,0,1\n",
            None,
            "a.csv:2: its probabilities add up to 1.800",
        ),
        ("utterance,truth,p_x,p_y\na,x,3.1,0\nb,y,0,1\n", None, "a.csv:2: p_x = `3.1` is no probability"),
        ("utterance,truth,predicted,seed\na,x,x,one\n", None, "a.csv:2: seed = `one` is no whole number"),
        (
            "utterance,truth,predicted,fold\na,x,x,1\nb,y,y,\n",
            None,
            "a.csv:3: has no fold, but other rows have one",
        ),
        (
            "utterance,predicted\nz,x\n",
            Some("utterance,truth\na,x\nb,y\n"),
            "a.csv:2: utterance `z` is not in ",
        ),
        ("utterance,truth,predicted\na,x,x\n", None, "the truths have one class alone, `x`; two are needed"),
    ];
    for (text, truth, wanted) in cases {
        let found = error(&[("a.csv", text)], truth);
        assert!(found.starts_with(wanted), "{text}\n{found}");
    }
    let found = error(&[("a.csv", head)], None);
    assert!(found.ends_with("no prediction"), "{found}");
    let found = error(&[("a.pkl", "")], None);
    assert!(found.starts_with("a.pkl: a .pkl is not read, because reading one runs code"), "{found}");
    let partly = "utterance,truth,predicted,p_x,p_y\na,x,x,0.5,0.5\nb,y,y,,\n";
    let found = error(&[("a.csv", partly)], None);
    assert!(
        found.starts_with("system `a`, seed 1: 1 of 2 predictions of a fold have probabilities"),
        "{found}"
    );
}

#[test]
fn equal_data_have_equal_digests() {
    let one = read_all(&[("a.csv", "utterance,truth,predicted\na,x,x\nb,y,y\n")], None, &[]).unwrap();
    let other = read_all(&[("b.csv", "utterance,truth,predicted\nb,y,x\na,x,y\n")], None, &[]).unwrap();
    let third = read_all(&[("b.csv", "utterance,truth,predicted\nb,x,x\na,y,y\n")], None, &[]).unwrap();
    assert_eq!(one.digest(), other.digest());
    assert_ne!(one.digest(), third.digest());
}

/// Writes a table as pandas does where a column has gaps, and in a corpus with parts of its own.
#[test]
fn numbers_with_a_decimal_and_parts_of_a_corpus_are_no_folds_of_their_own() {
    let text = "utterance,speaker,fold,seed,truth,predicted\na,s,1.0,3.0,x,x\nb,t,1,3,y,y\nc,u,2.0,3,x,y\n";
    let found = read_all(&[("a.csv", text)], None, &[]).unwrap();
    assert_eq!((found.folds, found.seeds), (vec!["1".to_owned(), "2".to_owned()], vec![3]));
    let truth = "utterance,truth,split\na,x,train\nb,y,test\n";
    let found = read_all(&[("a.csv", "utterance,predicted\na,x\nb,x\n")], Some(truth), &[]).unwrap();
    assert_eq!(found.folds, [""]);
    let numbered = "utterance,truth,predicted,split\na,x,x,1\nb,y,y,2\n";
    assert_eq!(read_all(&[("a.csv", numbered)], None, &[]).unwrap().folds, ["1", "2"]);
    let trained = "utterance,truth,predicted,split\na,x,x,test\nb,y,y,Train\n";
    let said = error(&[("a.csv", trained)], None);
    assert!(said.starts_with("a.csv:3: split = `train`: what a system was trained on is no test"), "{said}");
}

#[test]
fn classes_are_those_of_the_utterances_that_are_scored() {
    let truth = "utterance,truth\na,x\nb,y\nc,z\nd,\ne,nan\n";
    let found = read_all(&[("a.csv", "utterance,predicted\na,x\nb,x\n")], Some(truth), &[]).unwrap();
    assert_eq!(found.classes, ["x", "y"]);
    let without = "2 rows of the table of truths without a class, such as `d`: left out.";
    assert!(found.notes.iter().any(|n| n == without), "{:?}", found.notes);
    let said = error(&[("a.csv", "utterance,predicted\na,x\nd,x\n")], Some(truth));
    assert!(said.starts_with("a.csv:3: utterance `d` has no true class at "), "{said}");
    let said = error(&[("a.csv", "utterance,truth,predicted\na,x,x\nb,y,y\nc,NaN,x\n")], None);
    assert!(said.starts_with("a.csv:4: truth is empty"), "{said}");
}

#[test]
fn tables_that_say_other_things_of_an_utterance_are_named() {
    let a = "utterance,truth,predicted,gender,language,fold\na,x,x,f,de,1\nb,y,y,f,de,2\n";
    let b = "utterance,truth,predicted,gender,language,fold\na,x,x,m,de,2\nb,y,y,f,en,2\n";
    let found = read_all(&[("a.csv", a), ("b.csv", b)], None, &[]).unwrap();
    for wanted in [
        "1 utterance in other folds of one table than of another, such as: fold of `a` is `2` at b.csv:2, but `1` at a.csv:2.",
        "gender: tables do not agree in 1 row, such as `male` at b.csv:2, but `female` at a.csv:2 (utterance `a`)",
        "language: tables do not agree in 1 row, such as `en` at b.csv:3, but `de` at a.csv:3 (utterance `b`)",
    ] {
        assert!(found.notes.iter().any(|n| n.starts_with(wanted)), "{wanted}\n{:?}", found.notes);
    }
    let truth = "utterance,truth,fold\na,x,1\nb,y,1\n";
    let found = read_all(&[("a.csv", "utterance,predicted,fold\na,x,1\nb,y,2\n")], Some(truth), &[]).unwrap();
    let wanted = "fold of `b` is `2` at a.csv:3, but `1` at truth.csv:3";
    assert!(found.notes.iter().any(|n| n.contains(wanted)), "{:?}", found.notes);
    let said = error(&[("a.csv", "utterance,predicted,truth\na,x,y\n")], Some(truth));
    assert!(said.starts_with("a.csv:2: the true class of `a` is `y`, but `x` at "), "{said}");
}

#[test]
fn names_are_kept_without_the_folder_that_all_share() {
    let ids = |text: &str| {
        let found = read_all(&[("a.csv", text)], None, &[]).unwrap();
        let told = found.notes.iter().any(|n| n.starts_with("Names of utterances are absolute paths"));
        (found.utterances.into_iter().map(|u| u.id).collect::<Vec<_>>(), told)
    };
    let rows =
        "utterance,truth,predicted\n/home/me/corpus/wav/s1/a.wav,x,x\n/home/me/corpus/wav/s2/a.wav,y,y\n";
    assert_eq!(ids(rows), (vec!["s1/a.wav".to_owned(), "s2/a.wav".to_owned()], true));
    let rows = "utterance,truth,predicted\nC:\\me\\a.wav,x,x\nC:\\me\\b.wav,y,y\n";
    assert_eq!(ids(rows), (vec!["a.wav".to_owned(), "b.wav".to_owned()], true));
    let rows = "utterance,truth,predicted\nwav/a.wav,x,x\nwav/b.wav,y,y\n";
    assert_eq!(ids(rows), (vec!["wav/a.wav".to_owned(), "wav/b.wav".to_owned()], false));
    // Without their folder two names would be one.
    let rows = "utterance,truth,predicted\n/me/wav/a.wav,x,x\na.wav,y,y\n";
    assert_eq!(ids(rows), (vec!["/me/wav/a.wav".to_owned(), "a.wav".to_owned()], true));
}

#[test]
fn utterances_that_are_found_by_the_name_of_the_file_are_counted() {
    let truth = "file,truth\nx/y/a.flac,x\nx/y/b.flac,y\n";
    let found = read_all(&[("a.csv", "file,predicted\na.wav,x\nx/y/b.flac,y\n")], Some(truth), &[]).unwrap();
    let wanted = "1 utterance found by the name of the file alone, without folder and extension, such as `a.wav` as `x/y/a.flac`.";
    assert!(found.notes.iter().any(|n| n == wanted), "{:?}", found.notes);
}

/// With other seeds the folds hold other utterances: a fold of one seed is no unit beside one of another.
#[test]
fn folds_of_a_repetition_are_pooled_to_one_test() {
    let head = "utterance,speaker,fold,seed,truth,predicted\n";
    let rows = "a,s1,1,1,x,x\nb,s2,1,1,y,y\nc,s3,2,1,x,y\nd,s4,2,1,y,y\na,s1,1,2,x,x\nd,s4,1,2,y,x\nb,s2,2,2,y,y\nc,s3,2,2,x,x\n";
    let found = read_all(&[("a.csv", &format!("{head}{rows}"))], None, &[]).unwrap();
    assert_eq!(found.fold_speakers, FoldSpeakers::Repetitions);
    let cells: Vec<(u64, usize)> = found.cells.iter().map(|c| (c.seed, c.predictions.len())).collect();
    assert_eq!((found.folds.len(), cells), (1, vec![(1, 4), (2, 4)]));
    let wanted = "Repeated folds: `d` is in fold 1 with seed 2 and in fold 2 with seed 1.";
    assert!(found.notes[0].starts_with(wanted), "{:?}", found.notes);
    // One seed that tests an utterance twice is no repetition that could be told apart.
    let found = read_all(
        &[("a.csv", &format!("{head}a,s1,1,1,x,x\nb,s2,1,1,y,y\na,s1,2,1,x,x\nb,s2,2,1,y,y\n"))],
        None,
        &[],
    )
    .unwrap();
    assert_eq!((found.folds.len(), found.fold_speakers), (2, FoldSpeakers::Shared));
    assert!(
        found.notes[0].starts_with("2 utterances tested by one system in more than one fold, such as a"),
        "{:?}",
        found.notes
    );
}

#[test]
fn one_utterance_without_a_speaker_hides_no_shared_speaker() {
    let text = "utterance,speaker,fold,truth,predicted\na,s1,1,x,x\nb,s1,2,y,y\nc,,1,y,y\nd,s2,2,x,x\n";
    let found = read_all(&[("a.csv", text)], None, &[]).unwrap();
    for wanted in
        ["1 utterance without a speaker", "1 of 2 speakers tested in more than one fold, such as s1"]
    {
        assert!(found.notes.iter().any(|n| n.starts_with(wanted)), "{wanted}\n{:?}", found.notes);
    }
    assert_eq!(found.fold_speakers, FoldSpeakers::Shared);
    let known = text.replace("b,s1", "b,s3");
    assert_eq!(read_all(&[("a.csv", &known)], None, &[]).unwrap().fold_speakers, FoldSpeakers::Unknown);
    let all = known.replace("c,,", "c,s4,");
    assert_eq!(read_all(&[("a.csv", &all)], None, &[]).unwrap().fold_speakers, FoldSpeakers::Apart);
}
