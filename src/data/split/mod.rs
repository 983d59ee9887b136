//! Splits corpora into folds. Every draw depends on the seed and an utterance's id, never on file order.

mod cross_lingual;
mod file;
mod reduce;
mod reference;
mod sample;
mod speakers;
#[cfg(test)]
mod tests;
mod texts;

pub use file::{ListedUtterance, SplitPart, SplitTable, parts, write_splits};
pub use reference::{Reference, RemovedHalves};

use crate::corpora::{Corpus, Utterance};
use seraug_core::emotion::Emotion;
use seraug_core::error::{Error, Result};
use seraug_core::manifest::Valence;
use seraug_core::rng::Seed;
use seraug_core::spec::{CopySource, Label, Protocol, ReductionMode, Spec, TargetShare, TextRule};
use seraug_core::suggest::hint;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The utterances of an experiment.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Corpus by corpus in the spec's order, sorted by id within each.
    pub utterances: Vec<Utterance>,
    /// Class index of each utterance.
    pub labels: Vec<usize>,
    /// Number of utterances left out, by corpus and emotion.
    pub left_out: BTreeMap<(String, Emotion), usize>,
}

/// A fold. All indices are into [`Selection::utterances`], ascending.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fold {
    /// Its number, from 1.
    pub number: usize,
    /// Its corpus, or its pair of corpora such as `ravdess>emodb`.
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
    /// Test speakers are also in training, because the protocol or the corpus requires it.
    pub speakers_overlap: bool,
}

impl Fold {
    /// The same fold, with this share of the target corpus in training.
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

    /// The same fold with nothing removed from training; it still says which classes the reduction thins.
    pub fn unreduced(&self) -> Fold {
        let mut train = [self.train.as_slice(), &self.removed].concat();
        train.sort_unstable();
        Fold { train, removed: Vec::new(), ..self.clone() }
    }
}

/// Keeps the utterances of the spec's languages and classes.
///
/// # Errors
/// A language or class of which a corpus has no utterance.
pub fn select(spec: &Spec, corpora: Vec<Corpus>) -> Result<Selection> {
    check_labels(spec, &corpora)?;
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

/// Holds the words of the spec that are no known emotions against the labels that are there, and asks for the valence of labels
/// that have none where nobody has stated any.
fn check_labels(spec: &Spec, corpora: &[Corpus]) -> Result<()> {
    let of = |c: &Corpus| c.utterances.iter().map(|u| u.emotion).collect::<BTreeSet<_>>();
    let there: BTreeSet<Emotion> = corpora.iter().flat_map(of).collect();
    for (class, emotions) in &spec.classes {
        if let Some(word) = emotions.iter().find(|e| !e.is_known() && !there.contains(*e)) {
            let hint = hint(word.name(), there.iter().map(|e| e.name()));
            return Err(Error::usage(format!("classes.{class}: no utterance has the label `{word}`{hint}")));
        }
    }
    let says = |c: &Corpus| c.utterances.iter().any(|u| u.text.is_some());
    if let Some(silent) = corpora.iter().find(|c| spec.texts == TextRule::Disjoint && !says(c)) {
        return Err(Error::usage(format!(
            "texts = \"disjoint\": nobody says what is said in the corpus {}; give its table.csv a column `text`",
            silent.manifest.name
        )));
    }
    if spec.label != Label::Valence {
        return Ok(());
    }
    for corpus in corpora {
        let name = &corpus.manifest.name;
        let Some(valence) = spec.valence.get(name).filter(|v| **v == Valence::usual()) else { continue };
        let unknown: Vec<String> =
            of(corpus).into_iter().filter(|e| valence.of(*e).is_none()).map(|e| format!("`{e}`")).collect();
        if !unknown.is_empty() {
            return Err(Error::usage(format!(
                "valence.{name}: no valence of {}: list the corpus's labels in [valence.{name}], `negative = [..]` and `positive \
                 = [..]`, or in [valence] of its manifest.toml; a label in neither is left out",
                unknown.join(", ")
            )));
        }
    }
    Ok(())
}

/// Makes the folds of an experiment; computes the part that all seeds share once.
#[derive(Debug)]
pub struct Splits<'a> {
    spec: &'a Spec,
    selection: &'a Selection,
    kind: SplitKind,
}

#[derive(Debug)]
enum SplitKind {
    /// Every seed has the same sides and draws what the reduction removes.
    Sides(Vec<Sides>),
    /// The folds of a split.csv.
    File(SplitTable),
    /// Every seed draws the sides.
    CrossLingual,
}

impl<'a> Splits<'a> {
    /// The splits of `spec`.
    ///
    /// # Errors
    /// A protocol that the corpora do not support (fewer speakers than folds, no sessions, no split); an invalid split.csv.
    pub fn new(spec: &'a Spec, selection: &'a Selection) -> Result<Splits<'a>> {
        let rest = |test: Vec<usize>| {
            let is_test = |i: &usize| test.binary_search(i).is_ok();
            let pool = (0..selection.utterances.len()).filter(|i| !is_test(i)).collect();
            Sides { pool, test, speakers_overlap: false }
        };
        let sides = |tests: Vec<Vec<usize>>| SplitKind::Sides(tests.into_iter().map(rest).collect());
        let kind = match &spec.protocol {
            Protocol::LeaveOneSessionOut(_) => sides(speakers::sessions(selection)?),
            Protocol::LeaveSpeakersOut(p) => SplitKind::Sides(speakers::groups(p, selection)?),
            Protocol::FixedSplit(p) => SplitKind::Sides(vec![speakers::parts(p, selection)?]),
            Protocol::LeaveTextsOut(p) => SplitKind::Sides(texts::groups(p, selection)?),
            Protocol::SplitFile(p) => SplitKind::File(SplitTable::read(Path::new(&p.path))?),
            Protocol::CrossLingual(_) => SplitKind::CrossLingual,
            Protocol::Scored(_) => {
                let next = "protocol.scored: its conditions are systems of which the predictions alone are known, so nothing can be \
                            trained; `seraug score` reads predictions again";
                return Err(Error::usage(next));
            }
        };
        Ok(Splits { spec, selection, kind })
    }

    /// The folds of one run seed; only those in the protocol's `only`, if it is given.
    ///
    /// # Errors
    /// A fold whose training or test set lacks a class, a fold that does not exist, no speakers to draw a side from.
    pub fn folds(&self, seed: u64) -> Result<Vec<Fold>> {
        let Splits { spec, selection, kind } = self;
        let mut folds = match (kind, &spec.protocol) {
            (SplitKind::Sides(sides), _) => reduced(spec, selection, seed, sides),
            (SplitKind::File(table), _) => table.folds(selection, seed)?,
            (SplitKind::CrossLingual, Protocol::CrossLingual(p)) => {
                cross_lingual::folds(p, selection, spec.classes.len(), seed, spec.train_on_all)?
            }
            (SplitKind::CrossLingual, _) => unreachable!("the kind is the protocol's"),
        };
        let only = spec.protocol.only();
        // Folds of a file keep their numbers; other folds are numbered consecutively over all reduced sets.
        let count = match &spec.protocol {
            Protocol::SplitFile(_) => folds.iter().map(|f| f.number).max().unwrap_or(0),
            _ => folds.len() / reduced_sets(spec).len().max(1),
        };
        let of_set = |f: &Fold| (f.number - 1) % count.max(1) + 1;
        if let Some(beyond) = only.iter().find(|&&n| !folds.iter().any(|f| of_set(f) == n)) {
            return Err(Error::usage(format!("protocol: only: {beyond} is not in 1..={count}")));
        }
        folds.retain(|f| only.is_empty() || only.contains(&of_set(f)));
        if spec.train_on_all {
            folds = with_everything(&folds);
        }
        check_conditions(spec, selection, &folds)?;
        for fold in &folds {
            check(spec, selection, fold)?;
            // Without a target corpus the low share equals the full one.
            if !fold.target.is_empty() {
                check(spec, selection, &fold.with(TargetShare::Low))?;
            }
        }
        Ok(folds)
    }
}

/// One fold for each corpus or pair of corpora, in which everything trains that is in any of its `folds`, and nothing is tested.
fn with_everything(folds: &[Fold]) -> Vec<Fold> {
    let mut all: Vec<Fold> = Vec::new();
    for fold in folds {
        let number = all.len() + 1;
        let whole = match all.iter().position(|f| f.corpus == fold.corpus) {
            Some(at) => &mut all[at],
            None => {
                let empty = Fold { number, corpus: fold.corpus.clone(), ..Fold::default() };
                all.push(empty);
                all.last_mut().expect("just pushed")
            }
        };
        let merge = |into: &mut Vec<usize>, more: &[&[usize]]| {
            more.iter().for_each(|m| into.extend_from_slice(m));
            into.sort_unstable();
            into.dedup();
        };
        merge(&mut whole.train, &[&fold.train, &fold.test, &fold.removed]);
        merge(&mut whole.reduced, &[&fold.reduced]);
        if !fold.target.is_empty() {
            merge(&mut whole.target, &[&fold.target, &fold.test]);
            whole.low.clone_from(&whole.target);
        }
    }
    all
}

/// The folds of `spec` under one run seed; see [`Splits`], which several seeds share.
///
/// # Errors
/// As [`Splits::new`] and [`Splits::folds`].
pub fn folds(spec: &Spec, selection: &Selection, seed: u64) -> Result<Vec<Fold>> {
    Splits::new(spec, selection)?.folds(seed)
}

/// The two sides of a fold before the reduction. Ascending.
#[derive(Debug)]
struct Sides {
    pool: Vec<usize>,
    test: Vec<usize>,
    speakers_overlap: bool,
}

/// A fold for each reduced set and pair of sides, numbered consecutively.
fn reduced(spec: &Spec, selection: &Selection, seed: u64, sides: &[Sides]) -> Vec<Fold> {
    let mut folds = Vec::new();
    for reduced in reduced_sets(spec) {
        for (g, Sides { pool, test, speakers_overlap }) in sides.iter().enumerate() {
            let (train, removed) = match &spec.reduction {
                None => (pool.clone(), Vec::new()),
                Some(r) => {
                    let seed = Seed::new(seed).child("reduction").at(g as u64);
                    reduce::reduce(r, &reduced, pool, selection, seed)
                }
            };
            folds.push(Fold {
                number: folds.len() + 1,
                corpus: spec.corpus.clone(),
                train,
                test: test.clone(),
                removed,
                reduced: reduced.clone(),
                speakers_overlap: *speakers_overlap,
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

/// Checks that the folds have what each condition needs; a split.csv may lack it.
fn check_conditions(spec: &Spec, selection: &Selection, folds: &[Fold]) -> Result<()> {
    let lacks = |condition: &str, what: &str, fold: &Fold| {
        Err(Error::usage(format!("condition.{condition}: fold {} has no {what}", fold.number)))
    };
    for fold in folds {
        for c in &spec.condition {
            if c.target == TargetShare::Low && fold.low.is_empty() {
                return lacks(&c.name, "utterance that trains in LT; leave target = \"low\" out", fold);
            }
            let Some((_, of)) = c.augment.copies() else { continue };
            let fold = match c.target {
                TargetShare::Full => Cow::Borrowed(fold),
                TargetShare::Low => Cow::Owned(fold.with(TargetShare::Low)),
            };
            let wanted = |&&i: &&usize| match of {
                CopySource::All => true,
                CopySource::Reduced => fold.reduced.contains(&selection.labels[i]),
                CopySource::Target => fold.target.binary_search(&i).is_ok(),
            };
            if !fold.train.iter().any(|i| wanted(&i)) {
                return lacks(&c.name, "utterance to copy; set `of` to another part", &fold);
            }
        }
    }
    Ok(())
}

fn check(spec: &Spec, selection: &Selection, fold: &Fold) -> Result<()> {
    for (class, name) in spec.classes.keys().enumerate() {
        let lacks = |items: &[usize]| !items.iter().any(|&i| selection.labels[i] == class);
        for (side, items) in [("training", &fold.train), ("test", &fold.test)] {
            if lacks(items) && !(spec.train_on_all && side == "test") {
                return Err(Error::failed(format!(
                    "fold {}: the {side} set has no `{name}`; choose fewer folds or leave the class out",
                    fold.number
                )));
            }
        }
    }
    Ok(())
}
