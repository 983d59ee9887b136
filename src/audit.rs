//! The leakage audit: what a test utterance could have told the training, checked on the very indices
//! that the training uses. Any hit stops the run.

use crate::corpora::Utterance;
use crate::error::{Error, Result};
use crate::results::AuditCheck;
use std::collections::HashMap;
use std::hash::Hash;
use std::path::Path;
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
        ("recordings of which both sides hear a part", overlapping(utterances, l.train, l.test)),
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

/// A pair for every utterance of `right` whose stretch of a file one of `left` has a part of. A whole file is all of it.
fn overlapping<'u>(
    utterances: &'u [Utterance],
    left: &[usize],
    right: &[usize],
) -> Vec<(&'u Utterance, &'u Utterance)> {
    let bounds = |u: &Utterance| u.excerpt.map_or((0.0, f64::INFINITY), |e| (e.start, e.end));
    let excerpts = || left.iter().chain(right).any(|&i| utterances[i].excerpt.is_some());
    if !excerpts() {
        return Vec::new();
    }
    let mut of_file: HashMap<&Path, Vec<&Utterance>> = HashMap::new();
    for &i in left {
        of_file.entry(&utterances[i].path).or_default().push(&utterances[i]);
    }
    for stretches in of_file.values_mut() {
        stretches.sort_by(|a, b| bounds(a).0.total_cmp(&bounds(b).0));
    }
    let hit = |&i: &usize| {
        let u = &utterances[i];
        let (start, end) = bounds(u);
        let stretches = of_file.get(u.path.as_path())?;
        let before = &stretches[..stretches.partition_point(|s| bounds(s).0 < end)];
        Some((*before.iter().find(|s| bounds(s).1 > start)?, u))
    };
    right.iter().filter_map(hit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpora::Excerpt;
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
        assert_eq!(audit(&clean, &fine).unwrap().len(), 7);
        let message = |u: &[Utterance], l: Lineage| audit(u, &l).unwrap_err().to_string();
        let mut speaker = clean.clone();
        speaker[2].speaker = "s1".into();
        assert!(message(&speaker, fine).contains("speakers on both sides: a (a.wav) and c (c.wav)"));
        let allowed = audit(&speaker, &Lineage { speakers_overlap: true, ..fine }).unwrap();
        assert_eq!((allowed[0].hits, allowed[1].hits), (1, 0));
        let mut bytes = clean.clone();
        bytes[2].sha256 = "2".into();
        assert!(message(&bytes, fine).contains("byte-identical audio on both sides: b"));
        let mut parts = clean.clone();
        for (u, (start, end)) in std::iter::zip(&mut parts, [(0.0, 2.0), (2.0, 3.0), (1.9, 2.0)]) {
            (u.path, u.excerpt) = ("long.wav".into(), Some(Excerpt { start, end }));
        }
        assert!(message(&parts, fine).contains("both sides hear a part: a (long.wav) and c (long.wav)"));
        parts[2].excerpt = Some(Excerpt { start: 3.0, end: 4.0 });
        assert_eq!(audit(&parts, &fine).unwrap()[3].hits, 0, "neighbours share nothing");
        parts[0].excerpt = None;
        assert!(message(&parts, fine).contains("both sides hear a part: a"), "a whole file has every part");
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
