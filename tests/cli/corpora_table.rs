//! Own corpora: a table.csv, its bad rows, its excerpts, its size, and the files that it may not reach.

use indicatif::ProgressBar;
use seraug_core::emotion::Emotion;
use seraug_core::error::Result;
use seraug_core::manifest::{Channels, Gender};
use seraug_data::corpora::{self, Corpus, DigestPolicy, Excerpt, Index};
use seraug_data::features::samples;
use seraug_test_support::common::{seraug, sine, stderr, stdout, write_wav};
use std::fs;
use std::path::Path;

fn import(name: &str, corpora: &Path) -> Result<Corpus> {
    corpora::import(name, &[], corpora, Path::new("unused"), DigestPolicy::Afresh, &ProgressBar::hidden())
}

/// Corpus `mine` with `csv` and three recordings of 1 s.
fn mine(csv: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (i, name) in ["a.wav", "sub/b.wav", "c.WAV"].iter().enumerate() {
        let tone = sine(200.0 + 50.0 * i as f64, 16_000, 16_000);
        write_wav(&dir.path().join("mine").join(name), &[tone], 16_000, Some(16));
    }
    fs::write(dir.path().join("mine/table.csv"), csv).unwrap();
    dir
}

#[test]
fn columns_come_in_any_order_and_ids_have_a_default() {
    let dir = mine(
        "\u{feff}Emotion, speaker ,note,path,gender,language,session,split\r\n\
         happy,anna,\"well, yes\",a.wav,F,de,1,train\r\n\
         sad,ben,,./sub/b.wav,male,en,,\r\n\
         Neutral,ben,,c.WAV,,,,test\r\n",
    );
    let corpus = import("mine", dir.path()).unwrap();
    assert!(corpus.problems.is_empty(), "{:?}", corpus.problems);
    let ids: Vec<_> = corpus.utterances.iter().map(|u| (u.id.as_str(), u.emotion, u.gender)).collect();
    let expected = [
        ("a", Emotion::HAPPY, Some(Gender::Female)),
        ("c", Emotion::NEUTRAL, None),
        ("sub/b", Emotion::SAD, Some(Gender::Male)),
    ];
    assert_eq!(ids, expected);
    let a = &corpus.utterances[0];
    assert_eq!(
        (a.language.as_str(), a.session.as_deref(), a.split.as_deref()),
        ("de", Some("1"), Some("train"))
    );
    assert_eq!((&*a.corpus, a.speaker.as_str(), a.channels), ("mine", "anna", Channels::Mean));
    assert_eq!(a.sha256, seraug_core::digest::digest_hex(&fs::read(&a.path).unwrap()));
    assert_eq!(corpus.check().summary, "complete: 3 utterances");
    assert_eq!(corpus.manifest.valence.of(Emotion::NEUTRAL), Some("positive"));
    assert!(Emotion::KNOWN.iter().all(|e| corpus.manifest.valence.of(*e).is_some()));

    let german = corpora::import(
        "mine",
        &["de".into()],
        dir.path(),
        Path::new("unused"),
        DigestPolicy::Afresh,
        &ProgressBar::hidden(),
    );
    assert_eq!(german.unwrap().check().summary, "complete: 1 utterance");
}

#[test]
fn a_bad_row_is_a_problem_that_names_its_line() {
    let dir = mine(
        "path,emotion,speaker,id,start,end,gender\n\
         a.wav,happy,anna,x1,,,\n\
         a.wav,hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh,anna,x2,,,\n\
         a.wav,bliss,anna,x3,,,\n\
         a.wav,,anna,x4,,,\n\
         a.wav,sad,,x5,,,\n\
         none.wav,sad,anna,x6,,,\n\
         a.wav,sad,anna,x1,,,\n\
         a.wav,sad,anna,x7,1,,\n\
         a.wav,sad,anna,x8,0.5,0.5,\n\
         a.wav,sad,anna,x9,nan,1,\n\
         a.wav,sad,anna,x10,0,1e999,\n\
         a.wav,sad,anna,x11,-1,1,\n\
         a.wav,sad,anna,x12,,,robot\n\
         a.wav,sad,anna\n\
         a.opus,sad,anna,x13,,,\n\
         ,sad,anna,x14,,,\n\
         a.wav,sad,anna,\"x\n15\",,,\n\
         sub,sad,anna,x16,,,\n\
         a.wav,sad,anna,x17,half,1,\n",
    );
    let corpus = import("mine", dir.path()).unwrap();
    assert_eq!(corpus.utterances.len(), 2);
    let expected = [
        "table.csv:3: emotion label `hhhhhhhhhhhhhhhhhhhh...`: 66 letters, at most 64",
        "table.csv:5: emotion is empty",
        "table.csv:6: speaker is empty",
        "table.csv:7: path `none.wav`: no such file",
        "table.csv:8: id `x1`: the same as in line 2",
        "table.csv:9: start without end",
        "table.csv:10: start 0.5 and end 0.5: expected 0 <= start < end",
        "table.csv:11: start `nan`: expected a finite number",
        "table.csv:12: end `1e999`: expected a finite number",
        "table.csv:13: start -1 and end 1",
        "table.csv:14: gender `robot`: expected female or male",
        "table.csv:15: 3 cells, the header has 7",
        "table.csv:16: path `a.opus`: .opus is not read; convert it: ffmpeg -i a.opus -ar 16000 -ac 1 a.wav",
        "table.csv:17: path is empty",
        "table.csv:18: a control character in",
        "table.csv:20: path `sub`: expected a recording in wav, flac, mp3, ogg, m4a, aiff or caf",
        "table.csv:21: start `half`: expected seconds",
    ];
    assert_eq!(corpus.problems.len(), expected.len(), "{:#?}", corpus.problems);
    for (problem, part) in corpus.problems.iter().zip(expected) {
        assert!(problem.starts_with(part), "{problem}");
    }
    let output = seraug(dir.path(), &["corpus", "check", "mine", "--corpora", "."]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).starts_with("wrong: 17 problems; 2 utterances\n"), "{}", stdout(&output));
}

#[test]
fn labels_are_free_words_and_the_classes_are_held_against_them() {
    let dir = mine(
        "path,emotion,speaker,id\n\
         a.wav,stressed,anna,1\na.wav,Irritated,anna,2\na.wav,calm,anna,3\n\
         sub/b.wav,stressed,ben,4\nsub/b.wav,Irritated,ben,5\nsub/b.wav,calm,ben,6\nsub/b.wav,stresed,ben,7\n",
    );
    let here = |arguments: &[&str]| seraug(dir.path(), &[arguments, &["--corpora", "."]].concat());
    let check = here(&["corpus", "check", "mine"]);
    assert_eq!(check.status.code(), Some(0), "{}", stderr(&check));
    let (check, notes) = (stdout(&check), stderr(&check));
    let has = |what: &str| check.contains(what) || notes.contains(what);
    assert!(
        has("labels `stressed`, `stresed` look alike: where they are one, give it one name"),
        "{check}{notes}"
    );

    let spec = "title = \"t\"\ncorpus = \"mine\"\nprotocol.leave-speakers-out.folds = 2\ncondition = [{ name = \"no-aug\" }]\n";
    let plan = |rest: &str| {
        fs::write(dir.path().join("x.toml"), format!("{spec}{rest}")).unwrap();
        here(&["plan", "x.toml"])
    };
    let good = plan("[classes]\ncalm = [\"calm\"]\nbad = [\"stressed\", \"stresed\", \"Irritated\"]\n");
    assert_eq!(good.status.code(), Some(0), "{}", stderr(&good));
    for (classes, error) in [
        (
            "calm = [\"calm\"]\nbad = [\"stressd\"]",
            "classes.bad: no utterance has the label `stressd`, did you mean `stressed`?",
        ),
        ("calm = [\"calm\"]\nbad = [\"irritated\"]", "did you mean `Irritated`?"),
        ("calm = [\"calm\"]\nbad = [\"sad\"]", "classes.bad: the corpus mine has no such utterance"),
    ] {
        let output = plan(&format!("[classes]\n{classes}\n"));
        assert_eq!(output.status.code(), Some(2), "{classes}");
        assert!(stderr(&output).contains(error), "{}", stderr(&output));
    }

    // By valence, a label that has none is asked for; one that is left out on purpose is not.
    let asked = plan("label = \"valence\"\n");
    assert_eq!(asked.status.code(), Some(2));
    assert!(
        stderr(&asked).contains("valence.mine: no valence of `Irritated`, `stresed`, `stressed`: list"),
        "{}",
        stderr(&asked)
    );
    let stated = plan(
        "label = \"valence\"\n[valence.mine]\nnegative = [\"stressed\", \"Irritated\"]\npositive = [\"calm\"]\n",
    );
    assert_eq!(stated.status.code(), Some(0), "{}", stderr(&stated));

    // A manifest that lists codes is held to.
    fs::write(dir.path().join("mine/manifest.toml"), "[labels]\nS = \"stressed\"\n").unwrap();
    let check = here(&["corpus", "check", "mine"]);
    assert_eq!(check.status.code(), Some(1));
    let text = stdout(&check) + &stderr(&check);
    assert!(text.contains("emotion `Irritated`: neither a code of [labels] nor an emotion"), "{text}");
    assert!(
        text.contains(
            "emotion `stresed`: neither a code of [labels] nor an emotion, did you mean `stressed`?"
        ),
        "{text}"
    );
}

#[test]
fn a_table_reaches_nothing_outside_its_folder() {
    let dir = mine("");
    let root = dir.path().join("mine");
    write_wav(&dir.path().join("secret/s.wav"), &[vec![0.5; 100]], 16_000, Some(16));
    std::os::unix::fs::symlink(dir.path().join("secret"), root.join("out")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("secret/s.wav"), root.join("out.wav")).unwrap();
    std::os::unix::fs::symlink(root.join("a.wav"), root.join("in.wav")).unwrap();
    std::os::unix::fs::symlink("sub", root.join("within")).unwrap();
    std::os::unix::fs::symlink("gone.wav", root.join("dangling.wav")).unwrap();
    fs::create_dir(root.join("folder.wav")).unwrap();
    let absolute = dir.path().join("secret/s.wav").display().to_string();
    let bad = [
        ("../secret/s.wav", "without `..`"),
        ("sub/../a.wav", "without `..`"),
        (absolute.as_str(), "below the folder"),
        ("out/s.wav", "a link that leads out"),
        ("out.wav", "a link that leads out"),
        ("dangling.wav", "not a file"),
        ("folder.wav", "not a file"),
        ("nowhere/x.wav", "no such file"),
    ];
    let mut csv = "path,emotion,speaker\nin.wav,sad,a\nwithin/b.wav,sad,a\n".to_owned();
    bad.iter().for_each(|(path, _)| csv += &format!("{path},sad,a\n"));
    fs::write(root.join("table.csv"), csv).unwrap();
    let corpus = import("mine", dir.path()).unwrap();
    assert_eq!(corpus.utterances.iter().map(|u| u.id.as_str()).collect::<Vec<_>>(), ["in", "within/b"]);
    assert_eq!(corpus.problems.len(), bad.len(), "{:#?}", corpus.problems);
    for (problem, (path, part)) in corpus.problems.iter().zip(bad) {
        assert!(problem.contains(path) && problem.contains(part), "{problem}");
    }
    // A link to the corpus as a whole is the owner's way to keep it elsewhere.
    std::os::unix::fs::symlink(&root, dir.path().join("linked")).unwrap();
    assert_eq!(import("linked", dir.path()).unwrap().utterances.len(), 2);
    for name in ["../mine", "mine/..", ".", "", "secret"] {
        let e = import(name, dir.path()).unwrap_err();
        assert!(e.exit_code() == 2 && e.to_string().contains("unknown corpus"), "{name}: {e}");
    }
}

#[test]
fn excerpts_share_a_file_and_have_their_own_content() {
    let dir = mine(
        "path,emotion,speaker,start,end\n\
         a.wav,happy,anna,0,0.25\n\
         a.wav,sad,anna,0.25,0.75\n\
         a.wav,sad,anna,0.25,1.004\n\
         sub/b.wav,sad,anna,0,0.25\n\
         c.WAV,sad,ben,,\n",
    );
    let corpus = import("mine", dir.path()).unwrap();
    let ids: Vec<_> = corpus.utterances.iter().map(|u| u.id.as_str()).collect();
    assert_eq!(ids, ["a@0-0.25", "a@0.25-0.75", "a@0.25-1.004", "c", "sub/b@0-0.25"]);
    assert_eq!(corpus.utterances[1].excerpt, Some(Excerpt { start: 0.25, end: 0.75 }));
    let mut digests: Vec<_> = corpus.utterances.iter().map(|u| u.sha256.as_str()).collect();
    digests.sort();
    digests.dedup();
    assert!(digests.len() == 5 && digests.iter().all(|d| d.len() == 64), "{digests:?}");
    assert_eq!(samples(&corpus.utterances[1]).unwrap().len(), 8000);

    let progress = ProgressBar::hidden();
    let (index, refused) = Index::of_usable(&corpus, &progress).unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    assert_eq!((index.frame().height(), index.frame().width(), progress.position()), (5, 11, 5));
    let csv = String::from_utf8(index.to_csv().unwrap()).unwrap();
    let seconds: Vec<_> = csv.lines().skip(1).map(|l| l.split(',').nth(8).unwrap()).collect();
    assert_eq!(seconds, ["0.25", "0.5", "0.75", "1", "0.25"], "as much as the file has");
    let json = index.to_json().unwrap();
    assert_eq!((&json[1]["seconds"], &json[1]["valence"]), (&0.5.into(), &"negative".into()));

    let text = fs::read_to_string(dir.path().join("mine/table.csv")).unwrap();
    fs::write(dir.path().join("mine/table.csv"), text + "c.WAV,sad,ben,1.5,2\n").unwrap();
    let late = import("mine", dir.path()).unwrap().problems.join("; ");
    assert!(late.contains("table.csv:7: start 1.5 and end 2: the file has 1.000 s"), "{late}");
}

#[test]
fn its_own_manifest_gives_labels_and_expectations() {
    let dir = mine("path,emotion,speaker\na.wav,W,s1\nsub/b.wav,x,s1\nc.WAV,sad,s2\n");
    let manifest = "title = \"My corpus\"\nlicence = \"mine\"\nchannels = \"first\"\nlanguage = \"pl\"\n\
        [labels]\nW = \"angry\"\n[dropped]\nx = \"unclear\"\n[speakers]\ns1 = \"female\"\n\
        [valence]\nnegative = [\"sad\"]\npositive = [\"angry\"]\n\
        [expected]\nutterances = 3\n[expected.emotions]\nangry = 2\nsad = 1\n[expected.dropped]\nx = 1\n";
    fs::write(dir.path().join("mine/manifest.toml"), manifest).unwrap();
    let corpus = import("mine", dir.path()).unwrap();
    let u = &corpus.utterances[0];
    assert_eq!((u.emotion, u.channels, u.gender), (Emotion::ANGRY, Channels::First, Some(Gender::Female)));
    assert_eq!(u.language, "pl");
    assert_eq!(corpus.manifest.valence.of(Emotion::ANGRY), Some("positive"));
    let check = corpus.check();
    assert_eq!(check.summary, "partial: 2 of 3 utterances (66 %)");
    assert_eq!((check.dropped[0].found, check.dropped[0].expected), (1, Some(1)));
    assert_eq!(corpus.differences(), ["1 of 2 angry utterances"]);
    let list = stdout(&seraug(dir.path(), &["corpus", "list", "--corpora", "."]));
    assert!(
        list.lines().any(|l| l.starts_with("mine ") && l.contains("table") && l.contains(" 3 ")),
        "{list}"
    );

    fs::write(dir.path().join("mine/manifest.toml"), "licens = \"mine\"\n").unwrap();
    let e = import("mine", dir.path()).unwrap_err();
    assert!(e.exit_code() == 2 && e.to_string().contains("licens"), "{e}");
    let list = seraug(dir.path(), &["corpus", "list", "--corpora", "."]);
    assert!(list.status.success() && stdout(&list).contains("unreadable"), "{}", stdout(&list));
}

#[test]
fn a_table_that_cannot_be_read_at_all_is_a_usage_error() {
    for (csv, part) in [
        ("", "no column `path` in its first line, which has nothing"),
        ("path,emotion\na.wav,sad\n", "no column `speaker`"),
        ("path;emotion;speaker\na.wav;sad;x\n", "columns are separated by commas"),
        ("path,path,emotion,speaker\n", "two columns `path`"),
        ("path,emotion,speaker\n", "no usable row"),
        ("path,emotion,speaker\nx.wav,sad,x\n", "no usable row in"),
    ] {
        let dir = mine(csv);
        let e = import("mine", dir.path()).unwrap_err();
        assert!(e.exit_code() == 2 && e.to_string().contains(part), "{csv:?}: {e}");
        assert_eq!(e.to_string().lines().count(), 1, "{e}");
    }
    let dir = mine("path,emotion,speaker\n");
    fs::write(dir.path().join("mine/table.csv"), b"path,emotion,speaker\na.wav,sad,J\xfcrgen\nc.WAV,sad,x\n")
        .unwrap();
    assert_eq!(
        import("mine", dir.path()).unwrap().problems,
        ["table.csv:2: not UTF-8; save the table as UTF-8"]
    );
}

#[test]
fn the_name_table_works_and_doctor_shows_tables() {
    let dir = mine("path,emotion,speaker\na.wav,sad,x\n");
    fs::rename(dir.path().join("mine"), dir.path().join("table")).unwrap();
    assert_eq!(import("table", dir.path()).unwrap().utterances.len(), 1);
    let doctor = seraug(dir.path(), &["doctor", "--corpora", "."]);
    let text = stdout(&doctor);
    assert!(text.lines().any(|l| l.starts_with("ok      table ") && l.contains("1 utterances in")), "{text}");
    let unknown = seraug(dir.path(), &["corpus", "check", "mine", "--corpora", "."]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        stderr(&unknown).contains("needs ./mine/table.csv") && stderr(&unknown).contains("table"),
        "{}",
        stderr(&unknown)
    );
}

/// The order of rows decides nothing but which of two equal ids stays.
#[test]
fn two_hundred_thousand_rows_on_four_files() {
    let dir = tempfile::tempdir().unwrap();
    for i in 0..4 {
        write_wav(
            &dir.path().join(format!("mine/{i}.wav")),
            &[vec![0.1 * (i + 1) as f32; 16_000]],
            16_000,
            Some(16),
        );
    }
    let row = |i: usize| {
        let emotion = ["angry", "happy", "neutral", "sad"][i % 4];
        // 200 000 stretches of a quarter of a second in one second.
        format!("{}.wav,{emotion},s{},0.{i:06},0.{:06}\n", i % 4, i % 40, i + 250_000)
    };
    let write = |rows: &mut dyn Iterator<Item = usize>| {
        let csv: String = rows.map(row).collect();
        fs::write(dir.path().join("mine/table.csv"), format!("path,emotion,speaker,start,end\n{csv}"))
            .unwrap();
    };
    write(&mut (0..200_000));
    let corpus = import("mine", dir.path()).unwrap();
    assert!(corpus.problems.is_empty(), "{:?}", corpus.problems.first());
    assert!(corpus.utterances.is_sorted_by(|a, b| a.id < b.id));
    let counts = corpus.counts(&["emotion", "speaker"]).unwrap();
    assert!(counts.len() == 40 && counts.iter().all(|(_, n)| *n == 5000), "{counts:?}");
    let digest = corpus.digest();
    write(&mut (0..200_000).rev());
    assert_eq!(import("mine", dir.path()).unwrap().digest(), digest);
}
