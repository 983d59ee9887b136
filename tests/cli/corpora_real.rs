//! The real corpora, where this machine has them, in their FLAC re-packings.

use indicatif::ProgressBar;
use seraug_data::corpora::{self, Corpus, CorpusCheck, DigestPolicy};
use seraug_test_support::common::{corpora_with, seraug, stdout};
use std::path::Path;

fn checked(name: &str) -> Option<(Corpus, CorpusCheck)> {
    let corpora = corpora_with(name)?;
    let corpus = corpora::import(
        name,
        &[],
        &corpora,
        Path::new("unused"),
        DigestPolicy::Afresh,
        &ProgressBar::hidden(),
    )
    .unwrap();
    let check = corpus.check();
    Some((corpus, check))
}

#[test]
fn emovo_and_urdu_are_complete() {
    for (name, utterances) in [("emovo", 588), ("urdu", 400)] {
        let Some((_, check)) = checked(name) else { continue };
        assert_eq!(check.summary, format!("complete: {utterances} utterances"), "{check:?}");
        assert!(check.duplicates.is_empty(), "{:?}", check.duplicates);
    }
}

/// The copy has half of the actors; actor 7 has one take twice.
#[test]
fn ravdess_is_half_there_and_says_so() {
    let Some((corpus, check)) = checked("ravdess") else { return };
    if check.complete() {
        return;
    }
    assert_eq!(check.summary, "partial: 720 of 1440 utterances (50 %); nothing of speakers 13 to 24");
    assert_eq!(check.duplicates, [["03-01-03-01-02-01-07", "03-01-03-01-02-02-07"]]);
    let folder = corpus.root.parent().unwrap().to_str().unwrap();
    let output = seraug(Path::new("."), &["corpus", "check", "ravdess", "--corpora", folder]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.starts_with("partial: 720 of 1440") && text.contains("note: the same audio"), "{text}");
}

/// Of the speakers that a random split would put on both sides, most speak in one or two emotions only.
#[test]
fn urdu_speakers_are_confounded_with_emotion() {
    let Some((corpus, _)) = checked("urdu") else { return };
    let pairs = corpus.counts(&["speaker", "emotion"]).unwrap();
    let speakers = corpus.counts(&["speaker"]).unwrap();
    let in_all_four =
        speakers.iter().filter(|(s, _)| pairs.iter().filter(|(p, _)| p[0] == s[0]).count() == 4);
    assert!(in_all_four.count() * 2 < speakers.len(), "{pairs:?}");
}
