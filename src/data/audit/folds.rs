//! The checks of a fold: what its sides share.

use super::lists::{ListFold, ListPart};
use super::numbers::KnownNumbers;
use super::result::SidedName;
use super::utterances::AuditedUtterances;
use std::collections::HashMap;

/// A fold as different utterances.
#[derive(Debug, Clone, Default)]
pub(super) struct FoldSides {
    pub(super) name: String,
    pub(super) train: Vec<u32>,
    pub(super) validation: Vec<u32>,
    pub(super) test: Vec<u32>,
    /// Utterances with several rows in one part, with the part.
    pub(super) repeated: Vec<(u32, ListPart)>,
}

impl FoldSides {
    /// Of rows, whose utterances are known.
    pub(super) fn of(fold: &ListFold, utterances: &AuditedUtterances) -> FoldSides {
        let mut repeated = Vec::new();
        let mut side = |part: ListPart| {
            let mut all: Vec<u32> =
                fold.part(part).iter().map(|row| utterances.of_row[*row as usize]).collect();
            all.sort_unstable();
            let twice = all.chunk_by(|a, b| a == b).filter(|same| same.len() > 1);
            repeated.extend(twice.map(|same| (same[0], part)));
            all.dedup();
            all
        };
        let [train, validation, test] =
            [ListPart::Train, ListPart::Validation, ListPart::Test].map(&mut side);
        FoldSides { name: fold.name.clone(), train, validation, test, repeated }
    }

    pub(super) fn part(&self, part: ListPart) -> &[u32] {
        match part {
            ListPart::Train => &self.train,
            ListPart::Validation => &self.validation,
            ListPart::Test => &self.test,
        }
    }

    /// The first part that an utterance is in.
    pub(super) fn part_of(&self, u: u32) -> ListPart {
        let has = |part: &ListPart| self.part(*part).binary_search(&u).is_ok();
        [ListPart::Train, ListPart::Validation].into_iter().find(has).unwrap_or(ListPart::Test)
    }

    /// The utterances of all parts, each once, ascending.
    pub(super) fn all(&self) -> Vec<u32> {
        let mut all = [self.train.as_slice(), &self.validation, &self.test].concat();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// What two sides share.
#[derive(Debug, Default)]
pub(super) struct SharedValues {
    /// Values of the right side that the left has too.
    pub(super) count: usize,
    /// Values of the right side.
    pub(super) of: usize,
    /// Utterances of the right side that have them.
    pub(super) utterances: usize,
    /// The first of each value: left utterance, right utterance.
    pub(super) pairs: Vec<(u32, u32)>,
}

/// Most pairs that are kept as examples.
const PAIRS: usize = 5;

/// The values of `right` that `left` has too.
pub(super) fn shared(numbers: &KnownNumbers, left: &[u32], right: &[u32]) -> SharedValues {
    const NOBODY: u32 = u32::MAX;
    let mut first = vec![NOBODY; numbers.distinct];
    for &u in left.iter().rev() {
        if let Some(value) = numbers.get(u) {
            first[value as usize] = u;
        }
    }
    let mut seen = vec![false; numbers.distinct];
    let mut found = SharedValues::default();
    for &u in right {
        let Some(value) = numbers.get(u) else { continue };
        let there = first[value as usize];
        found.utterances += usize::from(there != NOBODY);
        if std::mem::replace(&mut seen[value as usize], true) {
            continue;
        }
        found.of += 1;
        if there != NOBODY {
            found.count += 1;
            if found.pairs.len() < PAIRS {
                found.pairs.push((there, u));
            }
        }
    }
    found
}

/// The utterances of `right` for which `meets` finds one of `left`.
pub(super) fn matched(right: &[u32], meets: impl Fn(u32) -> Option<u32>) -> SharedValues {
    let mut found = SharedValues { of: right.len(), ..SharedValues::default() };
    for &u in right {
        if let Some(other) = meets(u) {
            found.count += 1;
            if found.pairs.len() < PAIRS {
                found.pairs.push((other, u));
            }
        }
    }
    found.utterances = found.count;
    found
}

/// Stretches of recordings by recording, to find those that meet one of the other side.
pub(super) struct SideStretches<'a> {
    utterances: &'a AuditedUtterances,
    recordings: &'a KnownNumbers,
    /// By recording: start, the last end up to here, and the utterance that has it; by start.
    of: HashMap<u32, Vec<(f64, f64, u32)>>,
}

impl<'a> SideStretches<'a> {
    /// Those of `side`.
    pub(super) fn of(
        utterances: &'a AuditedUtterances,
        recordings: &'a KnownNumbers,
        side: &[u32],
    ) -> SideStretches<'a> {
        let mut of: HashMap<u32, Vec<(f64, f64, u32)>> = HashMap::new();
        for &u in side {
            if let Some(recording) = recordings.get(u) {
                let (start, end) = bounds(utterances, u);
                of.entry(recording).or_default().push((start, end, u));
            }
        }
        for all in of.values_mut() {
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            for i in 1..all.len() {
                if all[i].1 < all[i - 1].1 {
                    (all[i].1, all[i].2) = (all[i - 1].1, all[i - 1].2);
                }
            }
        }
        SideStretches { utterances, recordings, of }
    }

    /// Another utterance whose stretch overlaps that of `u` in time.
    pub(super) fn overlapping(&self, u: u32) -> Option<u32> {
        let (start, end) = bounds(self.utterances, u);
        let all = self.of.get(&self.recordings.get(u)?)?;
        let before = &all[..all.partition_point(|s| s.0 < end)];
        // What is on both sides is told as that.
        before.get(before.partition_point(|s| s.1 <= start)).map(|s| s.2).filter(|other| *other != u)
    }

    /// Another utterance of the same recording.
    pub(super) fn beside(&self, u: u32) -> Option<u32> {
        self.of.get(&self.recordings.get(u)?)?.iter().find(|s| s.2 != u).map(|s| s.2)
    }
}

fn bounds(utterances: &AuditedUtterances, u: u32) -> (f64, f64) {
    utterances.all[u as usize].span.unwrap_or((0.0, f64::INFINITY))
}

/// An utterance on a side, for an example.
pub(super) fn sided(utterances: &AuditedUtterances, part: ListPart, u: u32) -> SidedName {
    SidedName { part: part.name(), utterance: utterances.all[u as usize].name.clone() }
}
