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
/// Most speakers of which every set is looked at.
const ENUMERATED: usize = 16;
/// Number of random orders of more speakers that are tried.
const ORDERS: u64 = 200;

/// One fold a pair of source and target, in the order of [`CrossLingual::pairs`].
///
/// A target's subset, test set and training parts depend on the seed and the target alone: the same under every source. With `everything`,
/// everything of the target trains that is not tested.
pub(super) fn folds(
    protocol: &CrossLingual,
    selection: &Selection,
    classes: usize,
    seed: u64,
    everything: bool,
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
        let full = match everything {
            true => pool,
            false => stratified(selection, &pool, share(protocol.full), seed.child("full")),
        };
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

/// All utterances of a set of speakers that has about `share` of every class, drawn from the sets within [`TOLERANCE`]; `None`
/// if there is none. Up to [`ENUMERATED`] speakers every such set is equally likely; of more, speakers are added in random
/// orders as long as that brings the classes closer to the share, and the first order that ends within the tolerance is taken.
fn speakers_of_about(
    selection: &Selection,
    all: &[usize],
    classes: usize,
    share: f64,
    seed: Seed,
) -> Option<Vec<usize>> {
    let speakers = TargetSpeakers::of(selection, all, classes, share);
    let set = match speakers.names.len() <= ENUMERATED {
        true => speakers.any_set(seed),
        false => (0..ORDERS).find_map(|order| speakers.by_order(seed.at(order))),
    }?;
    let chosen = |i: &&usize| set.contains(&selection.utterances[**i].speaker.as_str());
    Some(all.iter().filter(chosen).copied().collect())
}

/// The speakers of a target, from whom test speakers are drawn.
struct TargetSpeakers<'a> {
    names: Vec<&'a str>,
    /// For each speaker, which share of the utterances of each class is his or hers.
    shares: Vec<Vec<f64>>,
    classes: usize,
    /// The share of each class that is wanted.
    wanted: f64,
}

impl<'a> TargetSpeakers<'a> {
    fn of(selection: &'a Selection, all: &[usize], classes: usize, wanted: f64) -> TargetSpeakers<'a> {
        let mut counts: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        let mut totals = vec![0f64; classes];
        for &i in all {
            let speaker = selection.utterances[i].speaker.as_str();
            counts.entry(speaker).or_insert_with(|| vec![0.0; classes])[selection.labels[i]] += 1.0;
            totals[selection.labels[i]] += 1.0;
        }
        let (names, mut shares): (Vec<&str>, Vec<Vec<f64>>) = counts.into_iter().unzip();
        for of_class in &mut shares {
            std::iter::zip(of_class, &totals).for_each(|(c, t)| *c /= t.max(1.0));
        }
        TargetSpeakers { names, shares, classes, wanted }
    }

    /// How far a set's share of each class is from the wanted one.
    fn deviations<'b>(&'b self, held: &'b [f64]) -> impl Iterator<Item = f64> + 'b {
        held.iter().map(|h| (h - self.wanted).abs())
    }

    fn is_within(&self, held: &[f64]) -> bool {
        self.deviations(held).all(|d| d <= TOLERANCE + 1e-9)
    }

    /// One of all sets within the tolerance, but that of all speakers.
    fn any_set(&self, seed: Seed) -> Option<Vec<&'a str>> {
        let n = self.names.len();
        let held = |set: u32| {
            let mut held = vec![0f64; self.classes];
            for s in (0..n).filter(|s| set >> s & 1 == 1) {
                std::iter::zip(&mut held, &self.shares[s]).for_each(|(h, share)| *h += share);
            }
            held
        };
        let sets: Vec<u32> = (1..(1u32 << n) - 1).filter(|&set| self.is_within(&held(set))).collect();
        let set = (!sets.is_empty()).then(|| sets[seed.draws().below(sets.len())])?;
        Some((0..n).filter(|s| set >> s & 1 == 1).map(|s| self.names[s]).collect())
    }

    /// The set that a random order of the speakers ends with, if it is within the tolerance.
    fn by_order(&self, seed: Seed) -> Option<Vec<&'a str>> {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        seed.draws().shuffle(&mut order);
        // Of all classes, because a speaker of one class leaves the worst of the others as it was.
        let total = |held: &[f64]| self.deviations(held).map(|d| d * d).sum::<f64>();
        let (mut held, mut set) = (vec![0f64; self.classes], Vec::new());
        for s in order {
            let with: Vec<f64> = std::iter::zip(&held, &self.shares[s]).map(|(a, b)| a + b).collect();
            if total(&with) < total(&held) {
                (held, _) = (with, set.push(self.names[s]));
            }
        }
        (self.is_within(&held) && set.len() < self.names.len()).then_some(set)
    }
}
