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
