//! A corpus that is not here, as its manifest expects it: enough to plan with, nothing to train on.

use crate::corpora::{Corpus, Faults, Utterance};
use crate::emotion::Emotion;
use crate::manifest::Manifest;
use crate::results::digest_hex;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// As many utterances of each emotion as `manifest` expects, by session and speaker where it knows them, and else in turn.
pub(super) fn corpus(manifest: Manifest) -> Corpus {
    let e = &manifest.expected;
    let sessions: Vec<&String> = e.sessions.keys().collect();
    let mut makers = Speakers::new(&manifest);
    let mut utterances: Vec<Utterance> = Vec::new();
    let mut add = |emotion: Emotion, session: Option<usize>| {
        let (speaker, language) = makers.next(session, sessions.len());
        let i = utterances.len();
        utterances.push(Utterance {
            corpus: Arc::from(manifest.name.as_str()),
            id: format!("{i:06}"),
            path: PathBuf::new(),
            excerpt: None,
            channels: manifest.channels,
            gender: manifest.speakers.get(&speaker).copied(),
            speaker,
            session: session.map(|s| sessions[s].clone()),
            split: None,
            language,
            emotion,
            sha256: digest_hex(format!("made up: {} {i}", manifest.name).as_bytes()),
        });
    };
    for (&emotion, &all) in &e.emotions {
        let mut left = all;
        for (s, counts) in e.sessions.values().enumerate() {
            let here = counts.get(&emotion).copied().unwrap_or(0).min(left);
            (0..here).for_each(|_| add(emotion, Some(s)));
            left -= here;
        }
        (0..left).for_each(|i| add(emotion, (!sessions.is_empty()).then(|| i % sessions.len())));
    }
    Corpus {
        root: PathBuf::new(),
        utterances,
        dropped: BTreeMap::new(),
        problems: Vec::new(),
        faults: Faults::default(),
        manifest,
    }
}

/// Who speaks next.
struct Speakers {
    /// Name, language and utterances that are left, where their number is known.
    all: Vec<(String, String, Option<usize>)>,
    turn: usize,
}

impl Speakers {
    fn new(manifest: &Manifest) -> Speakers {
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
        let all = names.iter().enumerate().map(|(i, n)| (n.clone(), language(i), e.speakers.get(n).copied()));
        Speakers { all: all.collect(), turn: 0 }
    }

    /// The next in turn who has utterances left, of a session's share of the speakers; name and language.
    fn next(&mut self, session: Option<usize>, sessions: usize) -> (String, String) {
        let count = self.all.len();
        let (from, many) = match session {
            Some(s) if count >= sessions => (s * count / sessions, count / sessions),
            _ => (0, count),
        };
        let place = |turn: usize| from + turn % many;
        let free = (0..many).map(|i| self.turn + i).find(|t| self.all[place(*t)].2 != Some(0));
        let turn = free.unwrap_or(self.turn);
        self.turn = turn + 1;
        let (name, language, left) = &mut self.all[place(turn)];
        *left = left.map(|n| n.saturating_sub(1));
        (name.clone(), language.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpora;
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
        let sad = |u: &Utterance| (u.emotion == Emotion::Sad).then(|| u.session.clone().unwrap());
        assert_eq!(counted(&iemocap, sad)[&Some("4".to_owned())], 143);
        let esd = counted(&made("esd"), |u| (u.language.clone(), u.speaker.clone()));
        assert_eq!(esd.keys().filter(|(l, _)| l == "zh").count(), 10);
        assert_eq!(esd[&("zh".to_owned(), "0010".to_owned())], 1750);
        assert_eq!(esd[&("en".to_owned(), "0011".to_owned())], 1750);
    }
}
