//! What the reduction removed, in two halves: one that the judge of generated samples is trained on, and one that nothing is.

use super::{Fold, Selection};
use crate::audio::LogMel;
use seraug_core::rng::Seed;
use std::collections::{BTreeMap, BTreeSet};

/// Removed utterances that no training sees: what the judge's measures hold samples against. Which they are cannot be asked for, so
/// that they cannot be put into a list of training utterances by mistake; only their log-mels and classes come out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reference {
    /// Ascending.
    items: Vec<usize>,
}

/// The two halves of what the reduction removed from a fold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RemovedHalves {
    /// What the judge is trained on beside the kept utterances, ascending.
    pub judge: Vec<usize>,
    /// What it measures samples against.
    pub reference: Reference,
}

impl Reference {
    /// Number of utterances.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none: nothing was removed.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Their log-mels, of `all` utterances of the experiment.
    pub fn log_mels<'m>(&self, all: &'m [LogMel]) -> Vec<&'m LogMel> {
        self.items.iter().map(|&i| &all[i]).collect()
    }

    /// Their classes, in the order of [`Reference::log_mels`].
    pub fn labels(&self, selection: &Selection) -> Vec<usize> {
        self.items.iter().map(|&i| selection.labels[i]).collect()
    }

    /// For the leakage checks.
    pub(crate) fn items(&self) -> &[usize] {
        &self.items
    }

    #[cfg(test)]
    pub(crate) fn of(items: &[usize]) -> Reference {
        Reference { items: items.to_vec() }
    }
}

impl RemovedHalves {
    /// Divides the removed utterances of each speaker and class at random by `seed`. Where their number is odd, the odd one goes to the
    /// reference for the first speaker of a class, to the judge for the next, and so on. A recording that is also kept, or in the
    /// judge's half, is no reference.
    pub fn of(fold: &Fold, selection: &Selection, seed: Seed) -> RemovedHalves {
        let mut parts: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for &i in &fold.removed {
            let u = &selection.utterances[i];
            let part = parts.entry((selection.labels[i], &*u.corpus, u.speaker.as_str())).or_default();
            part.push((seed.child(&u.id).draws().bits(), u.id.as_str(), i));
        }
        let (mut judge, mut reference) = (Vec::new(), Vec::new());
        let mut class_before = None;
        let mut up = true;
        for ((class, _, _), mut part) in parts {
            if class_before.replace(class) != Some(class) {
                up = true;
            }
            part.sort_unstable();
            let odd = part.len() % 2 == 1;
            let first = part.len() / 2 + usize::from(odd && up);
            up ^= odd;
            reference.extend(part[..first].iter().map(|r| r.2));
            judge.extend(part[first..].iter().map(|r| r.2));
        }
        let digest = |i: &usize| selection.utterances[*i].sha256.as_str();
        let known: BTreeSet<&str> = fold.train.iter().chain(&judge).map(digest).collect();
        reference.retain(|i| !known.contains(digest(i)));
        judge.sort_unstable();
        reference.sort_unstable();
        RemovedHalves { judge, reference: Reference { items: reference } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpora::Utterance;
    use seraug_core::emotion::Emotion;
    use seraug_core::manifest::Channels;

    /// Utterance i of 24: of one of three speakers and two classes, four of each; the first of each is kept.
    fn all() -> (Selection, Fold) {
        let utterance = |i: usize| Utterance {
            corpus: "emodb".into(),
            id: format!("u{i:02}"),
            path: format!("u{i:02}.wav").into(),
            excerpt: None,
            channels: Channels::Mean,
            speaker: format!("s{}", i % 3),
            gender: None,
            session: None,
            split: None,
            text: None,
            language: "de".into(),
            emotion: Emotion::SAD,
            sha256: format!("{i:02}"),
        };
        let utterances = (0..24).map(utterance).collect();
        let labels = (0..24).map(|i| i / 3 % 2).collect();
        let selection = Selection { utterances, labels, left_out: BTreeMap::new() };
        let fold = Fold { train: (0..6).collect(), removed: (6..24).collect(), ..Fold::default() };
        (selection, fold)
    }

    #[test]
    fn each_speaker_and_class_gives_half() {
        let (selection, fold) = all();
        let halves = RemovedHalves::of(&fold, &selection, Seed::new(1));
        let mut both = [halves.judge.as_slice(), &halves.reference.items].concat();
        both.sort_unstable();
        assert_eq!(both, fold.removed, "nothing is lost, nothing is on both sides");
        for class in 0..2 {
            // Three of each speaker: two, one, two for the reference.
            let of = |speaker: usize| {
                let own = |i: &&usize| selection.labels[**i] == class && **i % 3 == speaker;
                halves.reference.items.iter().filter(own).count()
            };
            assert_eq!([of(0), of(1), of(2)], [2, 1, 2], "class {class}");
        }
        assert_eq!(halves, RemovedHalves::of(&fold, &selection, Seed::new(1)));
        let other = (2..9).any(|seed| RemovedHalves::of(&fold, &selection, Seed::new(seed)) != halves);
        assert!(other, "the seed decides");
        assert_eq!(halves.reference.labels(&selection).len(), 10);
        assert!(RemovedHalves::of(&fold.unreduced(), &selection, Seed::new(1)).reference.is_empty());
    }

    #[test]
    fn a_recording_that_is_kept_too_is_no_reference() {
        let (mut selection, fold) = all();
        for i in 6..24 {
            selection.utterances[i].sha256 = "00".into();
        }
        let halves = RemovedHalves::of(&fold, &selection, Seed::new(1));
        assert!(halves.reference.is_empty() && halves.judge.len() == 8);
    }
}
