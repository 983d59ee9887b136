//! Whether a label goes along with who speaks or what is said.

use super::SpeakerCount;
use crate::corpora::Utterance;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Share of a label's utterances from which one speaker, or one text, is worth a sentence.
const MUCH: f64 = 0.5;

/// What a classifier could learn in place of the emotion.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Confounding {
    /// Speakers with utterances of one label alone.
    pub speakers_of_one_label: usize,
    /// All speakers.
    pub speakers: usize,
    /// Cramér's V of speaker and label: 0 where every speaker has the labels in the same shares, 1 where a speaker tells the label.
    pub speaker_and_label: Option<f64>,
    /// The same of text and label; `None` where nobody says what is said.
    pub text_and_label: Option<f64>,
    /// Labels of which half or more is of one speaker.
    pub labels_of_one_speaker: Vec<ShareOfOne>,
    /// The findings in words; empty where there are none.
    pub sentences: Vec<String>,
}

/// A label and its largest speaker.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShareOfOne {
    /// The label.
    pub label: String,
    /// The speaker.
    pub speaker: String,
    /// The speaker's share of the label's utterances, in [0, 1].
    pub share: f64,
}

impl Confounding {
    /// Of the utterances of a corpus and its `speakers`.
    pub(super) fn of(kept: &[&Utterance], speakers: &[SpeakerCount]) -> Confounding {
        let one = speakers.iter().filter(|s| s.by_label.iter().filter(|n| **n > 0).count() == 1).count();
        let speaker_and_label = cramers_v(kept.iter().map(|u| (u.speaker.as_str(), u.emotion.name())));
        let said: Vec<(&str, &str)> =
            kept.iter().filter_map(|u| Some((u.text.as_deref()?, u.emotion.name()))).collect();
        let text_and_label = if said.len() == kept.len() { cramers_v(said.into_iter()) } else { None };
        let labels: BTreeSet<&str> = kept.iter().map(|u| u.emotion.name()).collect();
        let largest = |label: &&str| {
            let mut by: BTreeMap<&str, usize> = BTreeMap::new();
            kept.iter()
                .filter(|u| u.emotion.name() == *label)
                .for_each(|u| *by.entry(&u.speaker).or_default() += 1);
            let all: usize = by.values().sum();
            let (speaker, most) = by.into_iter().max_by_key(|(_, n)| *n)?;
            let share = most as f64 / all as f64;
            (share >= MUCH && speakers.len() > 1).then(|| ShareOfOne {
                label: (*label).to_owned(),
                speaker: speaker.to_owned(),
                share,
            })
        };
        let labels_of_one_speaker: Vec<ShareOfOne> = labels.iter().filter_map(largest).collect();
        let mut found = Confounding {
            speakers_of_one_label: one,
            speakers: speakers.len(),
            speaker_and_label,
            text_and_label,
            labels_of_one_speaker,
            sentences: Vec::new(),
        };
        found.sentences = found.in_words(labels.len());
        found
    }

    fn in_words(&self, labels: usize) -> Vec<String> {
        let mut said = Vec::new();
        if self.speakers_of_one_label > 0 && labels > 1 {
            said.push(format!(
                "{} of {} speakers have one label only: a classifier that knows the voice knows the label. Test other speakers than those that \
                 train, and read results as those of few speakers.",
                self.speakers_of_one_label, self.speakers
            ));
        }
        for s in &self.labels_of_one_speaker {
            said.push(format!(
                "{:.0} % of `{}` are of the speaker {}: a fold that tests this speaker trains on little of it.",
                100.0 * s.share,
                s.label,
                s.speaker
            ));
        }
        if let Some(v) = self.text_and_label.filter(|v| *v > 0.3) {
            said.push(format!(
                "What is said goes along with the label (Cramér's V {v:.2}): a classifier may learn words. [protocol.leave-texts-out] tests other ones."
            ));
        }
        said
    }
}

/// Cramér's V of two names over the utterances; `None` where one of them does not vary.
fn cramers_v<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Option<f64> {
    let mut table: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    let (mut rows, mut columns): (BTreeMap<&str, f64>, BTreeMap<&str, f64>) = Default::default();
    let mut n = 0.0;
    for (row, column) in pairs {
        *table.entry((row, column)).or_default() += 1.0;
        *rows.entry(row).or_default() += 1.0;
        *columns.entry(column).or_default() += 1.0;
        n += 1.0;
    }
    let least = rows.len().min(columns.len());
    let mut squares = 0.0;
    for (row, in_row) in &rows {
        for (column, in_column) in &columns {
            let expected = in_row * in_column / n;
            let found = table.get(&(*row, *column)).copied().unwrap_or(0.0);
            squares += (found - expected).powi(2) / expected;
        }
    }
    (least > 1).then(|| (squares / (n * (least - 1) as f64)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy 1.17 `stats.contingency.association(table, method="cramer")` of [[10, 2, 3], [1, 8, 4], [5, 5, 5]].
    #[test]
    fn cramers_v_is_scipys() {
        let table = [[10, 2, 3], [1, 8, 4], [5, 5, 5]];
        let names = ["a", "b", "c"];
        let pairs = (0..3)
            .flat_map(|r| (0..3).flat_map(move |c| std::iter::repeat_n((names[r], names[c]), table[r][c])));
        assert!((cramers_v(pairs).unwrap() - 0.3702620924345579).abs() < 1e-9);
        let tells = [("s1", "sad"), ("s1", "sad"), ("s2", "happy")];
        assert!((cramers_v(tells.into_iter()).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(cramers_v([("s1", "sad"), ("s2", "sad")].into_iter()), None);
    }
}
