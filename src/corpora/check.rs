//! A corpus as found against what its manifest expects.

use super::Corpus;
use crate::emotion::Emotion;
use serde::Serialize;
use std::collections::BTreeMap;

/// Found against expected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// Utterances found.
    pub found: usize,
    /// Utterances of a complete copy.
    pub expected: usize,
    /// (emotion, found, expected), in the manifest's order, then emotions that it does not expect.
    pub emotions: Vec<(Emotion, usize, usize)>,
    /// (speaker, found), in order of speakers; those of the manifest that are missing have 0.
    pub speakers: Vec<(String, usize)>,
    /// Unknown codes, stray audio.
    pub problems: Vec<String>,
}

impl Check {
    /// Whether every count is as expected, no speaker is missing and nothing is unknown.
    pub fn complete(&self) -> bool {
        self.found == self.expected
            && self.emotions.iter().all(|(_, found, expected)| found == expected)
            && self.speakers.iter().all(|(_, found)| *found > 0)
            && self.problems.is_empty()
    }
}

impl Corpus {
    /// What differs from the manifest, unknown files first; empty for a complete corpus.
    pub fn differences(&self) -> Vec<String> {
        let check = self.check();
        let mut found = check.problems;
        let counts = check.emotions.iter().filter(|(_, found, expected)| found != expected);
        found.extend(
            counts.map(|(emotion, found, expected)| format!("{found} of {expected} {emotion} utterances")),
        );
        let missing = check.speakers.iter().filter(|(_, n)| *n == 0);
        found.extend(missing.map(|(speaker, _)| format!("nothing of speaker {speaker}")));
        found
    }

    /// Compares with the manifest.
    pub fn check(&self) -> Check {
        let mut emotions: Vec<_> = self.manifest.expected.emotions.iter().map(|(e, n)| (*e, 0, *n)).collect();
        let mut speakers: BTreeMap<_, _> = self.manifest.speakers.keys().map(|s| (s.clone(), 0)).collect();
        for u in &self.utterances {
            *speakers.entry(u.speaker.clone()).or_default() += 1;
            match emotions.iter_mut().find(|(e, ..)| *e == u.emotion) {
                Some((_, found, _)) => *found += 1,
                None => emotions.push((u.emotion, 1, 0)),
            }
        }
        Check {
            found: self.utterances.len(),
            expected: self.manifest.expected.utterances,
            emotions,
            speakers: speakers.into_iter().collect(),
            problems: self.problems.clone(),
        }
    }
}
