//! The leakage audit: what a test utterance could have told the training, checked on the very indices
//! that the training uses. Any hit stops the run.

use crate::corpora::Utterance;
use crate::error::{Error, Result};
use crate::results::AuditCheck;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// Where everything in a cell comes from: indices into the utterances of the experiment.
#[derive(Debug, Clone, Copy)]
pub struct Lineage<'a> {
    /// What the classifier is tested on.
    pub test: &'a [usize],
    /// What it is trained on, augmentations aside.
    pub train: &'a [usize],
    /// What augmentations were made from.
    pub augmented_from: &'a [usize],
    /// What the augmentor was trained on.
    pub augmentor_trained_on: &'a [usize],
    /// What mean and deviation were fitted on.
    pub statistics_from: &'a [usize],
    /// The protocol lets test speakers train: they are counted, not refused.
    pub speakers_overlap: bool,
}

/// Asks every question of one cell.
///
/// # Errors
/// The first hit that the protocol does not allow, with the utterances on both sides.
pub fn audit(utterances: &[Utterance], lineage: &Lineage) -> Result<Vec<AuditCheck>> {
    let l = lineage;
    let id = |u: &'_ Utterance| -> (Arc<str>, String) { (Arc::clone(&u.corpus), u.id.clone()) };
    let speaker = |u: &'_ Utterance| (Arc::clone(&u.corpus), u.speaker.clone());
    let speakers = "speakers on both sides";
    let questions = [
        (speakers, shared(utterances, l.train, l.test, speaker)),
        ("utterances on both sides", shared(utterances, l.train, l.test, id)),
        ("byte-identical audio on both sides", shared(utterances, l.train, l.test, |u| u.sha256.clone())),
        ("augmentations made from test items", shared(utterances, l.augmented_from, l.test, id)),
        ("augmentor trained on test items", shared(utterances, l.augmentor_trained_on, l.test, id)),
        ("statistics fitted on test items", shared(utterances, l.statistics_from, l.test, id)),
    ];
    let mut checks = Vec::new();
    for (check, hits) in questions {
        let count = hits.len();
        if let Some((a, b)) = hits.into_iter().next()
            && !(check == speakers && l.speakers_overlap)
        {
            return Err(Error::failed(format!(
                "leakage: {check}: {} ({}) and {} ({}); remove one from the corpus or use another protocol",
                a.id,
                a.path.display(),
                b.id,
                b.path.display()
            )));
        }
        checks.push(AuditCheck { check: check.to_owned(), compared: l.test.len(), hits: count });
    }
    Ok(checks)
}

/// A pair of one utterance of `left` and one of `right` that agree in `what`, for every such one of `right`.
fn shared<'u, K: Hash + Eq>(
    utterances: &'u [Utterance],
    left: &[usize],
    right: &[usize],
    what: impl Fn(&'u Utterance) -> K,
) -> Vec<(&'u Utterance, &'u Utterance)> {
    let seen: HashMap<K, &Utterance> =
        left.iter().rev().map(|&i| (what(&utterances[i]), &utterances[i])).collect();
    right.iter().filter_map(|&i| Some((*seen.get(&what(&utterances[i]))?, &utterances[i]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emotion::Emotion;
    use crate::manifest::Channels;
    use std::path::PathBuf;

    fn utterance(id: &str, speaker: &str, sha: &str) -> Utterance {
        Utterance {
            corpus: "emodb".into(),
            id: id.into(),
            path: PathBuf::from(format!("{id}.wav")),
            excerpt: None,
            channels: Channels::Mean,
            speaker: speaker.into(),
            gender: None,
            session: None,
            split: None,
            language: "de".into(),
            emotion: Emotion::Sad,
            sha256: sha.into(),
        }
    }

    #[test]
    fn every_kind_of_leak_is_named() {
        let clean = vec![utterance("a", "s1", "1"), utterance("b", "s1", "2"), utterance("c", "s2", "3")];
        let fine = Lineage {
            test: &[2],
            train: &[0, 1],
            augmented_from: &[0],
            augmentor_trained_on: &[0, 1],
            statistics_from: &[0, 1],
            speakers_overlap: false,
        };
        assert_eq!(audit(&clean, &fine).unwrap().len(), 6);
        let message = |u: &[Utterance], l: Lineage| audit(u, &l).unwrap_err().to_string();
        let mut speaker = clean.clone();
        speaker[2].speaker = "s1".into();
        assert!(message(&speaker, fine).contains("speakers on both sides: a (a.wav) and c (c.wav)"));
        let allowed = audit(&speaker, &Lineage { speakers_overlap: true, ..fine }).unwrap();
        assert_eq!((allowed[0].hits, allowed[1].hits), (1, 0));
        let mut bytes = clean.clone();
        bytes[2].sha256 = "2".into();
        assert!(message(&bytes, fine).contains("byte-identical audio on both sides: b"));
        assert!(
            message(&clean, Lineage { augmented_from: &[2], ..fine })
                .contains("augmentations made from test items")
        );
        assert!(
            message(&clean, Lineage { augmentor_trained_on: &[2], ..fine }).contains("augmentor trained on")
        );
        assert!(
            message(&clean, Lineage { statistics_from: &[2], ..fine })
                .contains("statistics fitted on test items")
        );
    }
}
