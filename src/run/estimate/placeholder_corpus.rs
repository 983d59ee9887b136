//! A placeholder for a missing corpus with the numbers of its manifest: enough to plan with, nothing to train on.

use super::apportion::{shares, table};
use seraug_core::digest::digest_hex;
use seraug_core::emotion::Emotion;
use seraug_core::manifest::Manifest;
use seraug_data::corpora::{Corpus, CorpusFaults, Utterance};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// A corpus with as many utterances of each emotion as `manifest` expects, distributed over sessions and speakers as it says,
/// else equally. Each speaker has every emotion that the counts allow, because folds by speaker need all classes on both sides.
pub(super) fn corpus(manifest: Manifest) -> Corpus {
    let e = &manifest.expected;
    let emotions: Vec<Emotion> = e.emotions.keys().copied().collect();
    let speakers = speakers(&manifest);
    let mut utterances: Vec<Utterance> = Vec::new();
    let sessions = sessions(&manifest);
    for (s, (session, counts)) in sessions.iter().enumerate() {
        let of = &speakers[part(speakers.len(), s, sessions.len())];
        let known: Vec<usize> = of.iter().map(|speaker| speaker.utterances).collect();
        let all: usize = counts.iter().sum();
        let rows = if known.iter().sum::<usize>() == all { known } else { shares(all, &known) };
        let cells = table(&rows, counts);
        for (column, &emotion) in emotions.iter().enumerate() {
            let makers =
                of.iter().zip(&cells).flat_map(|(speaker, row)| std::iter::repeat_n(speaker, row[column]));
            for speaker in makers {
                let i = utterances.len();
                utterances.push(Utterance {
                    corpus: Arc::from(manifest.name.as_str()),
                    id: format!("{i:06}"),
                    path: PathBuf::new(),
                    excerpt: None,
                    channels: manifest.channels,
                    gender: manifest.speakers.get(&speaker.name).copied(),
                    speaker: speaker.name.clone(),
                    session: session.clone(),
                    split: None,
                    text: None,
                    language: speaker.language.clone(),
                    emotion,
                    sha256: digest_hex(format!("made up: {} {i}", manifest.name).as_bytes()),
                });
            }
        }
    }
    Corpus {
        root: PathBuf::new(),
        utterances,
        dropped: BTreeMap::new(),
        problems: Vec::new(),
        faults: CorpusFaults::default(),
        manifest,
    }
}

/// Each session with its number of utterances of each emotion; a single session without a name where the corpus has none.
/// Utterances whose session the manifest does not say are spread over all.
fn sessions(manifest: &Manifest) -> Vec<(Option<String>, Vec<usize>)> {
    let e = &manifest.expected;
    if e.sessions.is_empty() {
        return vec![(None, e.emotions.values().copied().collect())];
    }
    let mut sessions: Vec<_> = e.sessions.keys().map(|name| (Some(name.clone()), Vec::new())).collect();
    for (emotion, &all) in &e.emotions {
        let mut left = all;
        for ((_, counts), known) in sessions.iter_mut().zip(e.sessions.values()) {
            let here = known.get(emotion).copied().unwrap_or(0).min(left);
            left -= here;
            counts.push(here);
        }
        let more = shares(left, &vec![1; e.sessions.len()]);
        sessions
            .iter_mut()
            .zip(more)
            .for_each(|((_, counts), more)| *counts.last_mut().expect("just pushed") += more);
    }
    sessions
}

/// The speakers of session `s` of `sessions`: an equal part in turn, or all where there are fewer speakers than sessions.
fn part(speakers: usize, s: usize, sessions: usize) -> std::ops::Range<usize> {
    match speakers >= sessions {
        true => s * speakers / sessions..(s + 1) * speakers / sessions,
        false => 0..speakers,
    }
}

/// A speaker of the placeholder.
struct PlaceholderSpeaker {
    name: String,
    language: String,
    /// Number of utterances; 1 for everybody where the manifest does not have it for each speaker.
    utterances: usize,
}

fn speakers(manifest: &Manifest) -> Vec<PlaceholderSpeaker> {
    let e = &manifest.expected;
    let names: Vec<String> = match manifest.speakers.is_empty() {
        true => (1..=10).map(|n| format!("speaker {n}")).collect(),
        false => manifest.speakers.keys().cloned().collect(),
    };
    let total: usize = e.languages.values().sum();
    let language = |i: usize| {
        let mut before = 0;
        let of = e.languages.iter().find(|(_, n)| {
            before += **n;
            i * total < before * names.len()
        });
        of.map_or(&manifest.language, |(language, _)| language).clone()
    };
    let known = names.iter().all(|name| e.speakers.contains_key(name));
    let utterances = |name: &String| if known { e.speakers[name] } else { 1 };
    let speaker = |(i, name): (usize, &String)| PlaceholderSpeaker {
        name: name.clone(),
        language: language(i),
        utterances: utterances(name),
    };
    names.iter().enumerate().map(speaker).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use seraug_data::corpora;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    fn made(name: &str) -> Corpus {
        corpus(corpora::manifest(name, Path::new("none")).unwrap())
    }

    fn counted<K: Ord>(corpus: &Corpus, key: impl Fn(&Utterance) -> K) -> BTreeMap<K, usize> {
        let mut counts = BTreeMap::new();
        corpus.utterances.iter().for_each(|u| *counts.entry(key(u)).or_insert(0) += 1);
        counts
    }

    #[test]
    fn every_known_corpus_has_what_its_manifest_expects() {
        for name in corpora::known().filter(|n| *n != "synthetic") {
            let c = made(name);
            let e = c.manifest.expected.clone();
            assert_eq!(c.utterances.len(), e.utterances, "{name}");
            assert!(
                counted(&c, |u| u.emotion).into_iter().eq(e
                    .emotions
                    .iter()
                    .map(|(k, v)| (*k, *v))
                    .collect::<BTreeMap<_, _>>()),
                "{name}"
            );
            for (speaker, n) in counted(&c, |u| u.speaker.clone()) {
                assert!(e.speakers.get(&speaker).is_none_or(|expected| *expected == n), "{name} {speaker}");
            }
            let digests: BTreeSet<&String> = c.utterances.iter().map(|u| &u.sha256).collect();
            assert_eq!(digests.len(), c.utterances.len(), "{name}");
        }
    }

    #[test]
    fn sessions_and_languages_keep_their_speakers() {
        let iemocap = made("iemocap");
        let by = counted(&iemocap, |u| (u.session.clone().unwrap(), u.speaker.clone()));
        assert_eq!(by.len(), 10, "two speakers a session");
        let sad = |u: &Utterance| (u.emotion == Emotion::SAD).then(|| u.session.clone().unwrap());
        assert_eq!(counted(&iemocap, sad)[&Some("4".to_owned())], 143);
        let esd = counted(&made("esd"), |u| (u.language.clone(), u.speaker.clone()));
        assert_eq!(esd.keys().filter(|(l, _)| l == "zh").count(), 10);
        assert_eq!(esd[&("zh".to_owned(), "0010".to_owned())], 1750);
        assert_eq!(esd[&("en".to_owned(), "0011".to_owned())], 1750);
    }

    #[test]
    fn every_speaker_has_every_emotion_where_the_counts_allow() {
        for name in corpora::known().filter(|n| *n != "synthetic") {
            let c = made(name);
            let e = &c.manifest.expected;
            // Of MSP-Podcast every release has other counts.
            if e.utterances == 0 {
                continue;
            }
            let by = counted(&c, |u| (u.speaker.clone(), u.emotion));
            let speakers = counted(&c, |u| u.speaker.clone());
            let least = *speakers.values().min().unwrap();
            let common = |n: usize| n >= speakers.len() * e.sessions.len().max(1);
            if least >= e.emotions.len() && e.emotions.values().all(|&n| common(n)) {
                assert_eq!(by.len(), speakers.len() * e.emotions.len(), "{name}");
            }
        }
        // Of 29 speakers of URDU eleven have two utterances, of two emotions.
        let urdu = counted(&made("urdu"), |u| (u.speaker.clone(), u.emotion));
        assert_eq!(urdu.keys().filter(|(s, _)| s == "SF2").count(), 2);
        assert_eq!(urdu.keys().filter(|(s, _)| s == "SF4").count(), 4);
    }
}
