//! Folds of the cross-lingual protocol (paper 3.1.2, 3.2.2): train on a source corpus and a part of a target
//! corpus, test on the rest of the target.

use super::sample::{of_each_class, stratified};
use super::{Fold, Selection};
use seraug_core::error::{Error, Result};
use seraug_core::rng::Seed;
use seraug_core::spec::{CrossLingual, SpeakerRule};
use std::collections::BTreeMap;

/// Largest deviation of a class's share in a set of test speakers from the wanted share.
const TOLERANCE: f64 = 0.1;
/// Number of random orders of the speakers that are tried.
const ORDERS: u64 = 200;

/// One fold a pair of source and target, in the order of [`CrossLingual::pairs`].
///
/// A target's subset, test set and training parts depend on the seed and the target alone: the same under every source.
pub(super) fn folds(
    protocol: &CrossLingual,
    selection: &Selection,
    classes: usize,
    seed: u64,
) -> Result<Vec<Fold>> {
    let of = |corpus: &str| -> Vec<usize> {
        (0..selection.utterances.len()).filter(|&i| &*selection.utterances[i].corpus == corpus).collect()
    };
    let mut folds = Vec::new();
    for (source, target) in protocol.pairs() {
        let seed = Seed::new(seed).child("cross-lingual").child(target);
        let all = match protocol.subset.get(target) {
            None => of(target),
            Some(&count) => subset(selection, &of(target), classes, count, target, seed)?,
        };
        let (test, speakers_overlap) = test_set(protocol, selection, &all, classes, target, seed)?;
        let pool: Vec<usize> = all.iter().copied().filter(|i| test.binary_search(i).is_err()).collect();
        let share = |s: f64| (all.len() as f64 * s).round() as usize;
        let full = stratified(selection, &pool, share(protocol.full), seed.child("full"));
        let low = stratified(selection, &full, share(protocol.low).max(1), seed.child("low"));
        let mut train = of(source);
        train.extend(&full);
        train.sort_unstable();
        folds.push(Fold {
            number: folds.len() + 1,
            corpus: protocol.label(source, target),
            train,
            test,
            target: full,
            low,
            speakers_overlap,
            ..Fold::default()
        });
    }
    Ok(folds)
}

fn subset(
    selection: &Selection,
    all: &[usize],
    classes: usize,
    count: usize,
    target: &str,
    seed: Seed,
) -> Result<Vec<usize>> {
    for class in 0..classes {
        let there = all.iter().filter(|&&i| selection.labels[i] == class).count();
        if there < count {
            return Err(Error::usage(format!(
                "protocol.cross-lingual.subset.{target} = {count}: a class has {there} utterances"
            )));
        }
    }
    Ok(of_each_class(selection, all, classes, count, seed.child("subset")))
}

/// The test set and whether its speakers may also train.
fn test_set(
    protocol: &CrossLingual,
    selection: &Selection,
    all: &[usize],
    classes: usize,
    target: &str,
    seed: Seed,
) -> Result<(Vec<usize>, bool)> {
    let seed = seed.child("test");
    let disjoint = match protocol.speakers {
        SpeakerRule::Overlap => None,
        SpeakerRule::Disjoint | SpeakerRule::DisjointIfPossible => {
            speakers_of_about(selection, all, classes, protocol.test, seed)
        }
    };
    match disjoint {
        Some(test) => Ok((test, false)),
        None if protocol.speakers == SpeakerRule::Disjoint => Err(Error::usage(format!(
            "protocol.cross-lingual.speakers = \"disjoint\": no set of speakers of {target} has {:.0} to {:.0} % of \
             every class; use disjoint-if-possible",
            100.0 * (protocol.test - TOLERANCE).max(0.0),
            100.0 * (protocol.test + TOLERANCE)
        ))),
        None => {
            let count = (all.len() as f64 * protocol.test).round() as usize;
            Ok((stratified(selection, all, count, seed), true))
        }
    }
}

/// All utterances of a set of speakers that has about `share` of every class; `None` if no set within [`TOLERANCE`] was found.
/// Adds speakers in random orders as long as that brings the classes closer to the share, and takes the best order.
fn speakers_of_about(
    selection: &Selection,
    all: &[usize],
    classes: usize,
    share: f64,
    seed: Seed,
) -> Option<Vec<usize>> {
    let mut counts: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut totals = vec![0f64; classes];
    for &i in all {
        let speaker = selection.utterances[i].speaker.as_str();
        counts.entry(speaker).or_insert_with(|| vec![0.0; classes])[selection.labels[i]] += 1.0;
        totals[selection.labels[i]] += 1.0;
    }
    let deviations = |held: &[f64]| -> Vec<f64> {
        std::iter::zip(held, &totals).map(|(h, t)| (h / t.max(1.0) - share).abs()).collect()
    };
    let worst = |held: &[f64]| deviations(held).into_iter().fold(0.0, f64::max);
    // Of all classes, because a speaker of one class leaves the worst of the others as it was.
    let total = |held: &[f64]| deviations(held).iter().map(|d| d * d).sum::<f64>();
    let mut best: Option<(f64, Vec<&str>)> = None;
    for order in 0..ORDERS {
        let mut speakers: Vec<&str> = counts.keys().copied().collect();
        seed.at(order).draws().shuffle(&mut speakers);
        let (mut held, mut set) = (vec![0f64; classes], Vec::new());
        for speaker in speakers {
            let with: Vec<f64> = std::iter::zip(&held, &counts[speaker]).map(|(a, b)| a + b).collect();
            if total(&with) < total(&held) {
                (held, _) = (with, set.push(speaker));
            }
        }
        let found = worst(&held);
        if best.as_ref().is_none_or(|(d, _)| found < *d) {
            best = Some((found, set));
        }
    }
    let (_, set) = best.filter(|(d, set)| *d <= TOLERANCE + 1e-9 && set.len() < counts.len())?;
    let chosen = |i: &&usize| set.contains(&selection.utterances[**i].speaker.as_str());
    Some(all.iter().filter(chosen).copied().collect())
}
