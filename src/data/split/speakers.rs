//! Test sets of whole sessions or speakers, and those of a corpus's own split.

use super::{Selection, Sides};
use seraug_core::error::{Error, Result};
use seraug_core::manifest::Gender;
use seraug_core::names::unicode::normalise;
use seraug_core::spec::{FixedSplit, LeaveSpeakersOut};
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

/// Both sides of each group of test speakers.
pub(super) fn groups(protocol: &LeaveSpeakersOut, selection: &Selection) -> Result<Vec<Sides>> {
    let without = without(protocol, selection)?;
    let in_play: Vec<usize> = (0..selection.utterances.len())
        .filter(|&i| !without.contains(selection.utterances[i].speaker.as_str()))
        .collect();
    let tests = tests(protocol, selection, &in_play)?;
    let sides = tests.into_iter().map(|test| {
        let pool = in_play.iter().copied().filter(|i| test.binary_search(i).is_err()).collect();
        Sides { pool, test, speakers_overlap: false }
    });
    Ok(sides.collect())
}

/// The speakers that take no part, as the corpus spells them.
fn without<'a>(protocol: &LeaveSpeakersOut, selection: &'a Selection) -> Result<HashSet<&'a str>> {
    let known: HashSet<&str> = selection.utterances.iter().map(|u| u.speaker.as_str()).collect();
    let named = protocol.without.iter().map(|speaker| {
        known.get(&*normalise(speaker)).copied().ok_or_else(|| {
            Error::usage(format!(
                "protocol.leave-speakers-out.without: the corpus has no speaker `{speaker}` of these classes"
            ))
        })
    });
    named.collect()
}

/// The utterances of each group of test speakers, of those `in_play`.
fn tests(protocol: &LeaveSpeakersOut, selection: &Selection, in_play: &[usize]) -> Result<Vec<Vec<usize>>> {
    let utterances = || in_play.iter().map(|&i| &selection.utterances[i]);
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    let count = if protocol.groups.is_empty() {
        // A gender that some rows of a table do not state is the one that others do.
        let mut genders: BTreeMap<&str, Option<Gender>> = BTreeMap::new();
        for u in utterances() {
            let gender = genders.entry(u.speaker.as_str()).or_default();
            *gender = gender.or(u.gender);
        }
        let speakers: BTreeSet<(Option<Gender>, &str)> = genders.into_iter().map(|(s, g)| (g, s)).collect();
        let count = match (protocol.folds, protocol.speakers) {
            (0, of_a_fold) => speakers.len().div_ceil(of_a_fold.max(1)),
            (folds, _) => folds,
        };
        if speakers.len() < count || count < 2 {
            let (field, value) = match protocol.speakers {
                0 => ("folds", protocol.folds),
                of_a_fold => ("speakers", of_a_fold),
            };
            return Err(Error::usage(format!(
                "protocol.leave-speakers-out.{field} = {value}: the corpus has {} speakers of these classes",
                speakers.len()
            )));
        }
        // Dealt by gender in turn: with five men and five women, five folds of one each.
        groups.extend(speakers.iter().enumerate().map(|(i, (_, speaker))| (*speaker, i % count)));
        count
    } else {
        let known: HashSet<&str> = utterances().map(|u| u.speaker.as_str()).collect();
        for (g, speakers) in protocol.groups.iter().enumerate() {
            for speaker in speakers {
                let named = normalise(speaker);
                let Some(&speaker) = known.get(&*named) else {
                    return Err(Error::usage(format!(
                        "protocol.leave-speakers-out.groups: the corpus has no speaker `{speaker}` of these classes"
                    )));
                };
                if groups.insert(speaker, g).is_some_and(|other| other != g) {
                    return Err(Error::usage(format!(
                        "protocol.leave-speakers-out.groups: speaker `{speaker}` is in two groups, in two spellings that look the same"
                    )));
                }
            }
        }
        protocol.groups.len()
    };
    let mut tests = vec![Vec::new(); count];
    for &i in in_play {
        if let Some(&g) = groups.get(selection.utterances[i].speaker.as_str()) {
            tests[g].push(i);
        }
    }
    Ok(tests)
}

/// The two sides of a corpus's own split.
pub(super) fn parts(protocol: &FixedSplit, selection: &Selection) -> Result<Sides> {
    let of = |names: &[String]| -> Vec<usize> {
        let names: HashSet<_> = names.iter().map(|n| normalise(n)).collect();
        let named = |i: &usize| selection.utterances[*i].split.as_deref().is_some_and(|s| names.contains(s));
        (0..selection.utterances.len()).filter(named).collect()
    };
    for (key, names) in [("train", &protocol.train), ("test", &protocol.test)] {
        let there =
            |n: &String| selection.utterances.iter().any(|u| u.split.as_deref() == Some(&*normalise(n)));
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
    let (pool, test) = (of(&protocol.train), of(&protocol.test));
    let speaker = |&i: &usize| selection.utterances[i].speaker.as_str();
    let training: HashSet<&str> = pool.iter().map(speaker).collect();
    let speakers_overlap = test.iter().any(|i| training.contains(speaker(i)));
    Ok(Sides { pool, test, speakers_overlap })
}
