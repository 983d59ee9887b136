//! Test sets of whole sessions or speakers, and those of a corpus's own split.

use super::Selection;
use crate::error::{Error, Result};
use crate::manifest::Gender;
use crate::spec::{FixedSplit, LeaveSpeakersOut};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The utterances of each session, in the order of the sessions' names.
pub(super) fn sessions(selection: &Selection) -> Result<Vec<Vec<usize>>> {
    let mut sessions: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, u) in selection.utterances.iter().enumerate() {
        let session = u.session.as_deref().ok_or_else(|| {
            Error::usage(format!(
                "protocol.leave-one-session-out: utterance {} of {} has no session; use leave-speakers-out",
                u.id, u.corpus
            ))
        })?;
        sessions.entry(session).or_default().push(i);
    }
    if sessions.len() < 2 {
        return Err(Error::usage("protocol.leave-one-session-out: the corpus has a single session"));
    }
    Ok(sessions.into_values().collect())
}

/// The utterances of each group of test speakers.
pub(super) fn groups(protocol: &LeaveSpeakersOut, selection: &Selection) -> Result<Vec<Vec<usize>>> {
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    let count = if protocol.groups.is_empty() {
        let speakers: BTreeSet<(Option<Gender>, &str)> =
            selection.utterances.iter().map(|u| (u.gender, u.speaker.as_str())).collect();
        let count = if protocol.folds == 0 { speakers.len() } else { protocol.folds };
        if speakers.len() < count.max(2) {
            return Err(Error::usage(format!(
                "protocol.leave-speakers-out.folds = {}: the corpus has {} speakers of these classes",
                protocol.folds,
                speakers.len()
            )));
        }
        // Dealt by gender in turn: with five men and five women, five folds of one each.
        groups.extend(speakers.iter().enumerate().map(|(i, (_, speaker))| (*speaker, i % count)));
        count
    } else {
        let known: HashSet<&str> = selection.utterances.iter().map(|u| u.speaker.as_str()).collect();
        for (g, speakers) in protocol.groups.iter().enumerate() {
            for speaker in speakers {
                if !known.contains(speaker.as_str()) {
                    return Err(Error::usage(format!(
                        "protocol.leave-speakers-out.groups: the corpus has no speaker `{speaker}` of these classes"
                    )));
                }
                groups.insert(speaker, g);
            }
        }
        protocol.groups.len()
    };
    let mut tests = vec![Vec::new(); count];
    for (i, u) in selection.utterances.iter().enumerate() {
        if let Some(&g) = groups.get(u.speaker.as_str()) {
            tests[g].push(i);
        }
    }
    Ok(tests)
}

/// The two sides of a corpus's own split.
pub(super) struct Parts {
    pub(super) train: Vec<usize>,
    pub(super) test: Vec<usize>,
    pub(super) speakers_overlap: bool,
}

pub(super) fn parts(protocol: &FixedSplit, selection: &Selection) -> Result<Parts> {
    let of = |names: &[String]| -> Vec<usize> {
        let named = |i: &usize| selection.utterances[*i].split.as_ref().is_some_and(|s| names.contains(s));
        (0..selection.utterances.len()).filter(named).collect()
    };
    for (key, names) in [("train", &protocol.train), ("test", &protocol.test)] {
        let there = |n: &String| selection.utterances.iter().any(|u| u.split.as_ref() == Some(n));
        if let Some(name) = names.iter().find(|n| !there(n)) {
            let known: BTreeSet<&str> =
                selection.utterances.iter().filter_map(|u| u.split.as_deref()).collect();
            let known: Vec<&str> = known.into_iter().collect();
            let known = if known.is_empty() { "no split of its own".to_owned() } else { known.join(", ") };
            return Err(Error::usage(format!(
                "protocol.fixed-split.{key}: no part `{name}`: the corpus has {known}"
            )));
        }
    }
    let (train, test) = (of(&protocol.train), of(&protocol.test));
    let speaker = |&i: &usize| selection.utterances[i].speaker.as_str();
    let training: HashSet<&str> = train.iter().map(speaker).collect();
    let speakers_overlap = test.iter().any(|i| training.contains(speaker(i)));
    Ok(Parts { train, test, speakers_overlap })
}
