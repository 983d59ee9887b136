//! Every finding on a split that has it, and none on one that has not.

use super::{AuditCode, AuditJob, ListChoices, ListSources, SplitAudit, audit};
use indicatif::ProgressBar;
use std::path::Path;

/// Audits lists by name, which say themselves what they are.
fn audited(files: &[(&str, &str)], corpus: Option<&str>, allow: &[AuditCode]) -> SplitAudit {
    let dir = tempfile::tempdir().unwrap();
    let mut sources = ListSources::default();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
        sources.split.push(dir.path().join(name));
    }
    let progress = ProgressBar::hidden();
    let choices = ListChoices::default();
    audit(&AuditJob {
        sources: &sources,
        choices: &choices,
        corpus,
        corpora: Path::new("none"),
        audio: None,
        allow,
        progress: &progress,
    })
    .unwrap()
}

fn of_csv(text: &str) -> SplitAudit {
    audited(&[("x.csv", text)], None, &[])
}

/// The sentence of a finding; empty where the code counts nothing.
fn sentence(audit: &SplitAudit, code: AuditCode) -> &str {
    audit.findings.iter().find(|f| f.code == code).map_or("", |f| f.sentence.as_str())
}

/// What the examples of a code say: `what one/other note`.
fn examples(audit: &SplitAudit, code: AuditCode) -> Vec<String> {
    let finding = audit.findings.iter().find(|f| f.code == code).unwrap();
    let name =
        |side: &Option<super::SidedName>| side.as_ref().map_or("-".to_owned(), |s| s.utterance.clone());
    let of = |e: &super::FindingExample| format!("{} {}/{} {}", e.what, name(&e.one), name(&e.other), e.note);
    finding.examples.iter().map(|e| of(e).trim().to_owned()).collect()
}

fn codes(audit: &SplitAudit) -> Vec<&str> {
    audit.findings.iter().map(|f| f.code.name()).collect()
}

const CLEAN: &str = "utterance,speaker,text,emotion,part\n\
    a,anna,t1,sad,train\nb,anna,t1,angry,train\nc,ben,t2,sad,validation\nd,cleo,t3,sad,test\ne,cleo,t3,angry,test\n";

#[test]
fn a_clean_split_has_no_finding_and_says_what_was_not_checked() {
    let clean = of_csv(CLEAN);
    assert_eq!(codes(&clean), [""; 0]);
    assert_eq!((clean.utterances, clean.leaks.len()), (5, 0));
    let known: Vec<String> = clean
        .known
        .iter()
        .map(|k| format!("{} {} {}", k.what, k.values, k.from.as_deref().unwrap()))
        .collect();
    assert_eq!(known, ["speakers 3 column `speaker`", "texts 3 column `text`", "classes 2 column `emotion`"]);
    let skipped: Vec<&str> = clean.not_checked.iter().map(|s| s.code.name()).collect();
    assert_eq!(
        skipped,
        [
            "EXCERPT_OVERLAP",
            "DUPLICATE_AUDIO",
            "NEAR_DUPLICATE_AUDIO",
            "RECORDING_SHARED",
            "AUDIO_MISSING",
            "TESTED_TWICE"
        ]
    );
    assert_eq!(clean.clear.len() + skipped.len(), AuditCode::ALL.len(), "every code is somewhere");
}

#[test]
fn utterances_and_speakers_on_both_sides_are_leaks_with_a_name_from_each() {
    let text = "utterance,speaker,part\na,anna,train\nb,anna,test\nb,anna,train\nc,ben,test\nd,cleo,train\n";
    let audit = of_csv(text);
    assert_eq!(sentence(&audit, AuditCode::UtteranceOverlap), "1 of 2 test utterances in training too");
    assert_eq!(
        sentence(&audit, AuditCode::SpeakerOverlap),
        "1 of 2 test speakers in training too (1 utterance)"
    );
    assert_eq!(examples(&audit, AuditCode::SpeakerOverlap), ["anna a/b"]);
    assert_eq!(audit.leaks, [AuditCode::UtteranceOverlap, AuditCode::SpeakerOverlap]);
    let allowed = audited(&[("x.csv", text)], None, &[AuditCode::SpeakerOverlap]);
    assert_eq!(allowed.leaks, [AuditCode::UtteranceOverlap]);
    assert!(
        allowed.findings[1].allowed && allowed.findings.len() == audit.findings.len(),
        "told all the same"
    );
}

#[test]
fn names_are_compared_without_extension_and_with_the_folders_that_lists_share() {
    // One list with other leading folders: its names are the ends of those of the other.
    let ends = audited(
        &[
            ("train.txt", "/data/x/wav/a.wav\n/data/x/wav/b.wav\n"),
            ("test.txt", "wav/a.flac\n.\\wav\\c.flac\n"),
        ],
        None,
        &[],
    );
    assert_eq!(sentence(&ends, AuditCode::UtteranceOverlap), "1 of 2 test utterances in training too");
    assert!(
        ends.notes[0].contains("1 names are taken for the end of a longer one in another list"),
        "{:?}",
        ends.notes
    );
    // Other folders: nothing tells whether it is the same.
    let apart = audited(&[("train.txt", "/home/b/wav/a.wav\n"), ("test.txt", "/data/a.wav\n")], None, &[]);
    assert_eq!(sentence(&apart, AuditCode::UtteranceOverlap), "");
    assert_eq!(
        sentence(&apart, AuditCode::NameAmbiguous),
        "1 of 1 test utterance with the file name of another utterance in training"
    );
    // In one list all paths begin in one folder, and other labels are other recordings.
    let one = of_csv("path,part\nangry/1.wav,train\nsad/1.wav,test\n1.wav,test\n");
    assert_eq!(sentence(&one, AuditCode::NameAmbiguous), "");
    assert_eq!(sentence(&one, AuditCode::UtteranceOverlap), "");
    let labelled = audited(
        &[("train.csv", "path,emotion\nx/1.wav,sad\n"), ("test.csv", "path,emotion\ny/1.wav,angry\n")],
        None,
        &[],
    );
    assert_eq!(sentence(&labelled, AuditCode::NameAmbiguous), "");
}

#[test]
fn ids_tell_apart_what_one_path_names_several_times_in_a_list() {
    let text = "path,id,part\nlong.wav,u1,train\nlong.wav,u2,test\nother.wav,7,train\nother.wav,8,test\n";
    let audit = of_csv(text);
    assert_eq!(
        examples(&audit, AuditCode::UtteranceOverlap),
        ["other.wav/other.wav"],
        "numbers of rows are no ids"
    );
}

#[test]
fn a_corpus_reads_speakers_texts_and_ids_from_names() {
    let files = [
        ("train.txt", "downloads/emodb/wav/03a01Wa.wav\n/x/08a02Na.wav\n"),
        ("test.txt", "emodb/wav/03a01Fa.wav\nWAV/03A01WA.WAV\n99x.wav\n"),
    ];
    let audit = audited(&files, Some("emodb"), &[]);
    assert_eq!(sentence(&audit, AuditCode::UtteranceOverlap), "1 of 3 test utterances in training too");
    assert_eq!(
        sentence(&audit, AuditCode::SpeakerOverlap),
        "1 of 1 test speaker in training too (2 utterances)"
    );
    assert_eq!(sentence(&audit, AuditCode::TextOverlap), "1 of 1 test text in training too (2 utterances)");
    assert_eq!(sentence(&audit, AuditCode::SpeakerUnknown), "1 of 4 utterances whose speaker nobody says");
    assert!(
        audit.notes[0].contains("99x.wav (") && audit.notes[0].contains("not a name like 03a01Fa"),
        "{:?}",
        audit.notes
    );
    // A list that says which corpus it is of needs no option.
    let text =
        "corpus,utterance,speaker,seed-1/fold-1/emodb\nemodb,03a01Wa,03,train\nemodb,08a01Na,08,test\n";
    let own = of_csv(text);
    assert_eq!(sentence(&own, AuditCode::TextOverlap), "1 of 1 test text in training too (1 utterance)");
    assert_eq!(own.known[0].from.as_deref(), Some("column `speaker`"));
}

#[test]
fn without_speakers_or_texts_the_audit_says_that_nothing_can_be_said() {
    let audit = of_csv("utterance,part\na,train\nb,test\n");
    assert_eq!(sentence(&audit, AuditCode::SpeakerUnknown), "2 of 2 utterances whose speaker nobody says");
    let why = |code| audit.not_checked.iter().find(|s| s.code == code).map(|s| s.why.as_str()).unwrap();
    assert!(why(AuditCode::SpeakerOverlap).starts_with("no speaker is known; --corpus NAME"));
    assert!(why(AuditCode::TextOverlap).starts_with("no text is known"));
    assert!(why(AuditCode::ClassMissing).starts_with("no label is known"));
    assert!(audit.leaks.is_empty());
}

#[test]
fn names_of_a_known_corpus_are_recognised_and_folds_of_another_have_other_classes() {
    let files = [("train.txt", "x/03a01Wa.wav\n"), ("test.txt", "x/08a01Wa.wav\n")];
    let audit = audited(&files, None, &[]);
    let said = "the names are like those of emodb: --corpus emodb reads speakers and texts from them";
    assert!(audit.notes.contains(&said.to_owned()), "{:?}", audit.notes);
    let two = of_csv(
        "dataset,utterance,emotion,a,b\nx,1,sad,train,-\nx,2,sad,test,-\ny,3,calm,-,train\ny,4,calm,-,test\ny,5,shy,-,train\n",
    );
    assert_eq!(
        sentence(&two, AuditCode::ClassMissing),
        "1 of 3 classes missing in the training or the test of a fold, in 1 of 2 folds"
    );
    assert_eq!(examples(&two, AuditCode::ClassMissing), ["shy -/- not in test"]);
}

#[test]
fn speakers_that_look_alike_are_told() {
    let audit =
        of_csv("utterance,speaker,part\na,Anna,train\nb,anna,test\nc,s01,train\nd,S1,test\ne,ben,test\n");
    assert_eq!(
        sentence(&audit, AuditCode::SpeakerLookalike),
        "2 of 3 test speakers with a name like that of another speaker in training (2 utterances)"
    );
    assert_eq!(examples(&audit, AuditCode::SpeakerLookalike)[0], "anna a/b `Anna` in training");
    assert_eq!(sentence(&audit, AuditCode::SpeakerOverlap), "");
}

#[test]
fn validation_is_held_against_test_and_training() {
    let audit = of_csv(
        "utterance,speaker,part\na,anna,train\nb,ben,validation\nb,ben,test\nc,ben,test\nd,anna,validation\na,anna,validation\n",
    );
    assert_eq!(sentence(&audit, AuditCode::ValidationInTest), "1 of 2 test utterances in validation too");
    assert_eq!(
        sentence(&audit, AuditCode::ValidationSpeakersInTest),
        "1 of 1 test speaker in validation too (2 utterances)"
    );
    assert_eq!(
        sentence(&audit, AuditCode::ValidationInTraining),
        "1 of 3 validation utterances in training too"
    );
    assert_eq!(
        sentence(&audit, AuditCode::ValidationSpeakersInTraining),
        "1 of 2 validation speakers in training too (2 utterances)"
    );
    assert_eq!(audit.leaks, [AuditCode::ValidationInTest, AuditCode::ValidationSpeakersInTest]);
}

#[test]
fn stretches_of_one_recording_overlap_or_lie_beside_each_other() {
    let audit = of_csv(
        "path,start,end,part\nlong.wav,0,2,train\nlong.wav,1.9,3,test\nlong.wav,3,4,test\nother.wav,0,1,test\nlong.wav,5,6,train\n",
    );
    assert_eq!(
        sentence(&audit, AuditCode::ExcerptOverlap),
        "1 of 3 test utterances overlapping in time with a stretch that is trained on"
    );
    assert_eq!(examples(&audit, AuditCode::ExcerptOverlap), ["long.wav@0-2/long.wav@1.9-3"]);
    assert_eq!(
        sentence(&audit, AuditCode::RecordingShared),
        "1 of 3 test utterances cut from a recording of which training has other stretches"
    );
    // A whole file has every stretch, however many others there are.
    let whole = of_csv("path,start,end,part\nlong.wav,,,train\nlong.wav,0,1,train\nlong.wav,7,8,test\n");
    assert_eq!(examples(&whole, AuditCode::ExcerptOverlap), ["long.wav/long.wav@7-8"]);
}

#[test]
fn digests_of_a_list_find_one_recording_under_two_names() {
    let text = "corpus,utterance,speaker,class,sha256,seed-1/fold-1/m\nm,a,s1,sad,00,train\nm,b,s2,sad,00,test\nm,c,s2,sad,01,test\n";
    let audit = of_csv(text);
    assert_eq!(
        sentence(&audit, AuditCode::DuplicateAudio),
        "1 of 2 test utterances with the same sound as another utterance in training or validation"
    );
    assert_eq!(examples(&audit, AuditCode::DuplicateAudio), ["a/b"]);
    assert_eq!(audit.leaks, [AuditCode::DuplicateAudio]);
}

#[test]
fn classes_that_a_side_lacks_and_sides_that_are_empty() {
    let audit = of_csv(
        "utterance,emotion,fold,part\na,sad,1,train\nb,angry,1,test\nc,sad,1,test\na,sad,2,train\nb,angry,2,train\nc,sad,3,test\na,sad,3,train\nb,angry,3,train\nd,angry,3,test\n",
    );
    assert_eq!(
        sentence(&audit, AuditCode::ClassMissing),
        "1 of 6 classes missing in the training or the test of a fold, in 1 of 3 folds"
    );
    assert_eq!(examples(&audit, AuditCode::ClassMissing), ["angry -/- not in training"]);
    assert_eq!(sentence(&audit, AuditCode::TestEmpty), "1 of 3 folds without a test utterance");
    assert_eq!(sentence(&audit, AuditCode::TrainingEmpty), "");
}

#[test]
fn rows_that_contradict_each_other_or_are_there_twice() {
    let audit = of_csv(
        "utterance,speaker,emotion,part\na,anna,sad,train\na,anna,angry,train\nb,ben,sad,test\nc,cleo,angry,test\n",
    );
    assert_eq!(
        sentence(&audit, AuditCode::RowsContradict),
        "1 of 3 utterances whose rows name different speakers, texts, labels or digests"
    );
    let said = examples(&audit, AuditCode::RowsContradict).remove(0);
    assert!(said.starts_with("a -/- label `sad` and `angry` (") && said.ends_with("x.csv:3)"), "{said}");
    assert_eq!(
        sentence(&audit, AuditCode::UtteranceRepeated),
        "1 of 3 utterances listed more than once in a part"
    );
}

#[test]
fn an_utterance_that_several_folds_test_is_told_unless_all_test_the_same_or_each_seed_does() {
    let twice = "utterance,one,two\na,test,test\nb,train,test\nc,test,train\n";
    assert_eq!(
        sentence(&of_csv(twice), AuditCode::TestedTwice),
        "1 of 3 utterances in the test of several folds"
    );
    assert_eq!(examples(&of_csv(twice), AuditCode::TestedTwice), ["a/- folds one and two"]);
    let same = "utterance,one,two\na,test,test\nb,train,-\nc,-,train\n";
    assert_eq!(sentence(&of_csv(same), AuditCode::TestedTwice), "");
    let seeds = "corpus,utterance,seed-1/fold-1/m,seed-1/fold-2/m,seed-2/fold-1/m,seed-2/fold-2/m\n\
        m,a,test,train,train,test\nm,b,train,test,test,train\n";
    assert_eq!(sentence(&of_csv(seeds), AuditCode::TestedTwice), "");
}

#[test]
fn counts_are_told_fold_by_fold() {
    let audit = of_csv("utterance,speaker,fold\na,anna,1\nb,anna,2\nc,ben,2\nd,cleo,1\n");
    assert_eq!(
        sentence(&audit, AuditCode::SpeakerOverlap),
        "1 of 2 test speakers in training too, in each of 2 folds (2 utterances)"
    );
    let finding = audit.findings.iter().find(|f| f.code == AuditCode::SpeakerOverlap).unwrap();
    let folds: Vec<_> =
        finding.folds.iter().map(|f| (f.fold.as_str(), f.count, f.of, f.utterances)).collect();
    assert_eq!(folds, [("1", 1, 2, 1), ("2", 1, 2, 1)]);
    assert_eq!((finding.count, finding.of), (2, 4));
}

#[test]
fn a_column_that_gives_each_row_a_speaker_of_its_own_is_doubted() {
    let rows: String =
        (0..30).map(|i| format!("u{i},s{i},{}\n", if i < 20 { "train" } else { "test" })).collect();
    let audit = of_csv(&format!("utterance,speaker,part\n{rows}"));
    assert!(
        audit.notes.iter().any(|n| n.starts_with("every utterance has a speaker of its own")),
        "{:?}",
        audit.notes
    );
}
