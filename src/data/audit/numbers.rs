//! Numbers in the place of what utterances may share, because every fold compares them.

use super::utterances::{AuditedUtterance, AuditedUtterances, speaker_key, text_key};
use seraug_core::names::unicode::{confusable_key, fold_case};
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// A number for each utterance, equal for equal values; none where it is not known.
#[derive(Debug, Default)]
pub(super) struct KnownNumbers {
    pub(super) of: Vec<Option<u32>>,
    pub(super) distinct: usize,
}

impl KnownNumbers {
    pub(super) fn new<K: Hash + Eq>(values: impl Iterator<Item = Option<K>>) -> KnownNumbers {
        let mut known: HashMap<K, u32> = HashMap::new();
        let of = values.map(|value| {
            let next = known.len() as u32;
            value.map(|value| *known.entry(value).or_insert(next))
        });
        let of = of.collect();
        KnownNumbers { of, distinct: known.len() }
    }

    pub(super) fn get(&self, utterance: u32) -> Option<u32> {
        self.of[utterance as usize]
    }

    /// Utterances whose value is known.
    pub(super) fn known(&self) -> usize {
        self.of.iter().flatten().count()
    }
}

/// Numbers for what utterances may share.
#[derive(Debug)]
pub(super) struct SharedNumbers {
    pub(super) ids: KnownNumbers,
    pub(super) speakers: KnownNumbers,
    pub(super) texts: KnownNumbers,
    pub(super) labels: KnownNumbers,
    /// Recordings of which stretches are listed.
    pub(super) recordings: KnownNumbers,
    /// File names without folders and case.
    pub(super) names: KnownNumbers,
    /// What speakers' names have in common with those of others.
    pub(super) likenesses: KnownNumbers,
}

impl SharedNumbers {
    pub(super) fn of(utterances: &AuditedUtterances) -> SharedNumbers {
        let all = &utterances.all;
        let cut: HashSet<(Option<&str>, &str)> =
            all.iter().filter(|u| u.span.is_some()).map(|u| (u.corpus.as_deref(), u.key.as_str())).collect();
        let mut keys: HashMap<&str, String> = HashMap::new();
        for speaker in all.iter().filter_map(|u| u.speaker.as_deref()) {
            keys.entry(speaker).or_insert_with(|| confusable_key(speaker));
        }
        let in_corpus =
            |u: &AuditedUtterance, value: Option<String>| value.map(|value| (u.corpus.clone(), value));
        SharedNumbers {
            ids: KnownNumbers::new((0..all.len()).map(Some)),
            speakers: KnownNumbers::new(
                all.iter().map(|u| in_corpus(u, u.speaker.as_deref().map(speaker_key))),
            ),
            texts: KnownNumbers::new(all.iter().map(|u| in_corpus(u, u.text.as_deref().map(text_key)))),
            labels: KnownNumbers::new(all.iter().map(|u| u.label.as_deref())),
            recordings: KnownNumbers::new(all.iter().map(|u| {
                let recording = (u.corpus.as_deref(), u.key.as_str());
                cut.contains(&recording).then_some(recording)
            })),
            names: KnownNumbers::new(
                all.iter().map(|u| Some(fold_case(u.key.rsplit('/').next().unwrap_or(&u.key)))),
            ),
            likenesses: KnownNumbers::new(
                all.iter().map(|u| u.speaker.as_deref().map(|s| (u.corpus.clone(), keys[s].as_str()))),
            ),
        }
    }
}
