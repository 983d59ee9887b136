//! From corpora to folds. Every draw depends on the seed and an utterance's id, never on file order.

mod cross_lingual;
mod file;
mod reduce;
mod sample;
mod speakers;

pub use file::{SplitTable, write_splits};

use crate::corpora::{Corpus, Utterance};
use crate::emotion::Emotion;
use crate::error::{Error, Result};
use crate::seed::Seed;
use crate::spec::{Protocol, ReductionMode, Spec, TargetShare};
use std::collections::BTreeMap;
use std::path::Path;

/// The utterances an experiment is about.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Corpus by corpus in the spec's order, by id within one.
    pub utterances: Vec<Utterance>,
    /// Class index of each.
    pub labels: Vec<usize>,
    /// Utterances left out, by corpus and emotion.
    pub left_out: BTreeMap<(String, Emotion), usize>,
}

/// A split. All indices are into [`Selection::utterances`], ascending.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fold {
    /// From 1.
    pub number: usize,
    /// What it is about: a corpus, or a pair such as `ravdess>emodb`.
    pub corpus: String,
    /// Training utterances after the reduction.
    pub train: Vec<usize>,
    /// Test utterances.
    pub test: Vec<usize>,
    /// Training utterances that the reduction removed.
    pub removed: Vec<usize>,
    /// Classes that the reduction thinned.
    pub reduced: Vec<usize>,
    /// Cross-lingual: the training utterances of the target corpus; empty elsewhere.
    pub target: Vec<usize>,
    /// Cross-lingual: the part of `target` that trains in LT.
    pub low: Vec<usize>,
    /// Test speakers may train, because the protocol or the corpus leaves no other way.
    pub speakers_overlap: bool,
}

impl Fold {
    /// The fold of a condition that trains on this share of the target corpus.
    pub fn with(&self, share: TargetShare) -> Fold {
        match share {
            TargetShare::Full => self.clone(),
            TargetShare::Low => {
                let dropped =
                    |i: &usize| self.target.binary_search(i).is_ok() && self.low.binary_search(i).is_err();
                let train = self.train.iter().copied().filter(|i| !dropped(i)).collect();
                Fold { train, target: self.low.clone(), ..self.clone() }
            }
        }
    }
}

/// Keeps the utterances of the spec's languages and classes.
///
/// # Errors
/// A language or class of which a corpus has nothing.
pub fn select(spec: &Spec, corpora: Vec<Corpus>) -> Result<Selection> {
    let mut selection = Selection { utterances: Vec::new(), labels: Vec::new(), left_out: BTreeMap::new() };
    for corpus in corpora {
        let name = &corpus.manifest.name;
        let languages = spec.languages_of(name);
        for language in languages {
            if !corpus.utterances.iter().any(|u| u.language == *language) {
                return Err(Error::usage(format!(
                    "languages: the corpus {name} has nothing in `{language}`"
                )));
            }
        }
        let first = selection.labels.len();
        for u in corpus.utterances {
            if !languages.is_empty() && !languages.contains(&u.language) {
                continue;
            }
            match spec.class_of(name, u.emotion) {
                Some(class) => {
                    selection.labels.push(class);
                    selection.utterances.push(u);
                }
                None => *selection.left_out.entry((name.clone(), u.emotion)).or_default() += 1,
            }
        }
        for (class, class_name) in spec.class_names().iter().enumerate() {
            if !selection.labels[first..].contains(&class) {
                return Err(Error::usage(format!(
                    "classes.{class_name}: the corpus {name} has no such utterance"
                )));
            }
        }
    }
    Ok(selection)
}

/// The folds of `spec` under one run seed, those of the protocol's `only` alone where it is given.
///
/// # Errors
/// What the corpora cannot serve: fewer speakers than folds, no session, no split, a fold whose training or test
/// set lacks a class, a fold that is not there.
pub fn folds(spec: &Spec, selection: &Selection, seed: u64) -> Result<Vec<Fold>> {
    let mut folds = match &spec.protocol {
        Protocol::LeaveOneSessionOut(_) => reduced(spec, selection, seed, &speakers::sessions(selection)?),
        Protocol::LeaveSpeakersOut(p) => reduced(spec, selection, seed, &speakers::groups(p, selection)?),
        Protocol::FixedSplit(p) => {
            let part = speakers::parts(p, selection)?;
            let mut folds = reduced(spec, selection, seed, &[part.test]);
            for fold in &mut folds {
                fold.train.retain(|i| part.train.binary_search(i).is_ok());
                fold.removed.retain(|i| part.train.binary_search(i).is_ok());
                fold.speakers_overlap = part.speakers_overlap;
            }
            folds
        }
        Protocol::SplitFile(p) => SplitTable::read(Path::new(&p.path))?.folds(selection, seed)?,
        Protocol::CrossLingual(p) => cross_lingual::folds(p, selection, spec.classes.len(), seed)?,
    };
    let only = spec.protocol.only();
    let count = folds.len() / reduced_sets(spec).len().max(1);
    if let Some(beyond) = only.iter().find(|&&f| f > count) {
        return Err(Error::usage(format!("protocol: only: {beyond} is not in 1..={count}")));
    }
    folds.retain(|f| only.is_empty() || only.contains(&((f.number - 1) % count + 1)));
    for fold in &folds {
        check(spec, selection, fold)?;
        check(spec, selection, &fold.with(TargetShare::Low))?;
    }
    Ok(folds)
}

/// A fold for each reduced set and test set, numbered through.
fn reduced(spec: &Spec, selection: &Selection, seed: u64, tests: &[Vec<usize>]) -> Vec<Fold> {
    let mut folds = Vec::new();
    for reduced in reduced_sets(spec) {
        for (g, test) in tests.iter().enumerate() {
            let is_test = |i: &usize| test.binary_search(i).is_ok();
            let pool: Vec<usize> = (0..selection.utterances.len()).filter(|i| !is_test(i)).collect();
            let (train, removed) = match &spec.reduction {
                None => (pool, Vec::new()),
                Some(r) => {
                    let seed = Seed::new(seed).child("reduction").at(g as u64);
                    reduce::reduce(r, &reduced, &pool, selection, seed)
                }
            };
            folds.push(Fold {
                number: folds.len() + 1,
                corpus: spec.corpus.clone(),
                train,
                test: test.clone(),
                removed,
                reduced: reduced.clone(),
                ..Fold::default()
            });
        }
    }
    folds
}

/// The classes reduced in each data set: one set, or one for each reduced class.
fn reduced_sets(spec: &Spec) -> Vec<Vec<usize>> {
    match spec.reduction.as_ref().map(|r| r.mode) {
        Some(ReductionMode::PerClass) => spec.reduced_classes().into_iter().map(|c| vec![c]).collect(),
        Some(ReductionMode::Joint) | None => vec![spec.reduced_classes()],
    }
}

fn check(spec: &Spec, selection: &Selection, fold: &Fold) -> Result<()> {
    for (class, name) in spec.class_names().iter().enumerate() {
        let lacks = |items: &[usize]| !items.iter().any(|&i| selection.labels[i] == class);
        for (side, items) in [("training", &fold.train), ("test", &fold.test)] {
            if lacks(items) {
                return Err(Error::failed(format!(
                    "fold {}: the {side} set has no `{name}`; choose fewer folds or leave the class out",
                    fold.number
                )));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
