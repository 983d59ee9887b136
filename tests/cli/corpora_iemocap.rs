//! The IEMOCAP importer on a synthetic release: all 10039 label lines, with the real counts of each session.

use indicatif::ProgressBar;
use seraug_core::emotion::Emotion;
use seraug_core::manifest::Gender;
use seraug_data::corpora::{self, Corpus, DigestPolicy};
use seraug_test_support::common::write_wav;
use seraug_test_support::releases::{HEADER, LINES, iemocap};
use std::fs;
use std::path::Path;

fn import(corpora: &Path) -> seraug_core::error::Result<Corpus> {
    corpora::import(
        "iemocap",
        &[],
        corpora,
        Path::new("unused"),
        DigestPolicy::Afresh,
        &ProgressBar::hidden(),
    )
}

#[test]
fn a_whole_release_has_the_counts_of_every_session() {
    let dir = tempfile::tempdir().unwrap();
    iemocap(dir.path(), "iemocap/IEMOCAP_full_release");
    let corpus = import(dir.path()).unwrap();
    assert_eq!(LINES.iter().flat_map(|l| l.1).sum::<usize>(), 10_039);
    assert!(corpus.problems.is_empty(), "{:?}", &corpus.problems[..corpus.problems.len().min(5)]);
    let check = corpus.check();
    assert_eq!(check.summary, "complete: 7529 utterances");
    assert_eq!(check.sessions.len(), 5);
    let dropped: Vec<_> = check.dropped.iter().map(|d| (d.code.as_str(), d.found, d.expected)).collect();
    assert_eq!(dropped, [("xxx", 2507, Some(2507)), ("oth", 3, Some(3))]);

    // The paper's four classes: 5531 utterances.
    let by_session = |session: &str, emotions: &[Emotion]| {
        let us = corpus.utterances.iter().filter(|u| u.session.as_deref() == Some(session));
        us.filter(|u| emotions.contains(&u.emotion)).count()
    };
    let known = [
        [229, 278, 384, 194],
        [137, 327, 362, 197],
        [240, 286, 320, 305],
        [327, 303, 258, 143],
        [170, 442, 384, 245],
    ];
    type E = Emotion;
    for (i, row) in known.iter().enumerate() {
        let session = (i + 1).to_string();
        let classes: [&[Emotion]; 4] = [&[E::ANGRY], &[E::HAPPY, E::EXCITED], &[E::NEUTRAL], &[E::SAD]];
        assert_eq!(classes.map(|c| by_session(&session, c)), *row, "session {session}");
    }
    assert_eq!(known.iter().flatten().sum::<usize>(), 5531);
    // Of a scene that a script has; what is improvised is nobody's text.
    let text = |id: &str| corpus.utterances.iter().find(|u| u.id.starts_with(id)).unwrap().text.as_deref();
    assert_eq!((text("Ses01F_script01_1_"), text("Ses01F_impro01_")), (Some("script01_1"), None));
    let valence = corpus.counts(&["valence"]).unwrap();
    let valence: Vec<_> = valence.iter().map(|(k, n)| (k[0].as_str(), *n)).collect();
    assert_eq!(valence, [("", 1998), ("negative", 2187), ("positive", 3344)]);
}

#[test]
fn the_talker_is_the_letter_after_the_last_underscore() {
    let dir = tempfile::tempdir().unwrap();
    iemocap(dir.path(), "iemocap");
    let corpus = import(dir.path()).unwrap();
    let speakers: Vec<String> =
        corpus.counts(&["speaker"]).unwrap().into_iter().map(|(mut k, _)| k.remove(0)).collect();
    let expected =
        ["Ses01F", "Ses01M", "Ses02F", "Ses02M", "Ses03F", "Ses03M", "Ses04F", "Ses04M", "Ses05F", "Ses05M"];
    assert_eq!(speakers, expected);
    for u in &corpus.utterances {
        let talker = &u.id.rsplit('_').next().unwrap()[..1];
        assert!(u.speaker.ends_with(talker) && u.speaker.starts_with(&u.id[..5]), "{} {}", u.id, u.speaker);
        assert_eq!(u.gender, Some(if talker == "F" { Gender::Female } else { Gender::Male }));
        // The two recordings of this tree are the talkers': a swap would show in the content.
        assert_eq!(u.path.file_stem().unwrap().to_str(), Some(u.id.as_str()));
    }
    let by_talker =
        |t: &str| corpus.utterances.iter().filter(|u| u.speaker.ends_with(t)).map(|u| &u.sha256).min();
    assert_ne!(by_talker("F"), by_talker("M"));
    let other = |u: &&seraug_data::corpora::Utterance| !u.speaker.ends_with(&u.id[5..6]);
    assert!(corpus.utterances.iter().filter(other).count() > 1000, "the test sees the difference");
}

#[test]
fn labels_and_recordings_must_match() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("iemocap");
    let labels = root.join("Session1/dialog/EmoEvaluation/Ses01F_impro01.txt");
    fs::create_dir_all(labels.parent().unwrap()).unwrap();
    let line = |id: &str, code: &str| format!("[6.2901 - 8.2357]\t{id}\t{code}\t[2.5000, 2.5000, 2.5000]\n");
    let text = [
        HEADER,
        &line("Ses01F_impro01_F000", "neu"),
        &line("Ses01F_impro01_F001", "ang"),
        &line("Ses01F_impro01_F002", "joy"),
        &line("Ses01F_impro01_F000", "sad"),
        &line("Ses01F_impro01_M009", "xxx"),
        "[6.2901 - 8.2357] Ses01F_impro01_F003 neu [2.5, 2.5, 2.5]\n",
    ]
    .concat();
    fs::write(&labels, text).unwrap();
    let wav = root.join("Session1/sentences/wav/Ses01F_impro01");
    for id in ["F000", "F002", "F007"] {
        write_wav(&wav.join(format!("Ses01F_impro01_{id}.wav")), &[vec![0.5; 4]], 16_000, Some(16));
    }
    let corpus = import(dir.path()).unwrap();
    assert_eq!(corpus.utterances.iter().map(|u| u.id.as_str()).collect::<Vec<_>>(), ["Ses01F_impro01_F000"]);
    assert_eq!(corpus.utterances[0].emotion, Emotion::NEUTRAL, "the first label stays");
    assert_eq!(corpus.dropped["xxx"], 1, "what is dropped needs no recording");
    let expected = [
        "Ses01F_impro01.txt:4: Ses01F_impro01_F001: no recording",
        "Ses01F_impro01.txt:5: unknown emotion code `joy`",
        "Ses01F_impro01.txt:6: a second label of Ses01F_impro01_F000",
        "Ses01F_impro01.txt:8: not four columns",
        "Ses01F_impro01_F007.wav: no label line",
    ];
    assert_eq!(corpus.problems.len(), expected.len(), "{:?}", corpus.problems);
    for (problem, part) in corpus.problems.iter().zip(expected) {
        assert!(problem.contains(part), "{problem}");
    }
}
