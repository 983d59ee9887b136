//! From a corpus to folds. Every draw depends on the seed and an utterance's id, never on file order.

use crate::corpora::{Corpus, Utterance};
use crate::emotion::Emotion;
use crate::error::{Error, Result};
use crate::manifest::Gender;
use crate::seed::Seed;
use crate::spec::{LeaveSpeakersOut, Protocol, Reduction, ReductionMode, Spec};
use std::collections::BTreeMap;

/// The utterances an experiment is about.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Sorted by id.
    pub utterances: Vec<Utterance>,
    /// Class index of each.
    pub labels: Vec<usize>,
    /// Utterances left out, by emotion.
    pub left_out: BTreeMap<Emotion, usize>,
}

/// A split. All indices are into [`Selection::utterances`], ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// From 1.
    pub number: usize,
    /// Training utterances after the reduction.
    pub train: Vec<usize>,
    /// Test utterances.
    pub test: Vec<usize>,
    /// Training utterances that the reduction removed.
    pub removed: Vec<usize>,
    /// Classes that the reduction thinned.
    pub reduced: Vec<usize>,
}

/// Keeps the utterances of the spec's languages and classes.
///
/// # Errors
/// A language or class of which the corpus has nothing.
pub fn select(spec: &Spec, corpus: &Corpus) -> Result<Selection> {
    let name = &corpus.manifest.name;
    for language in &spec.languages {
        if !corpus.utterances.iter().any(|u| u.language == *language) {
            return Err(Error::usage(format!("languages: the corpus {name} has nothing in `{language}`")));
        }
    }
    let mut selection = Selection { utterances: Vec::new(), labels: Vec::new(), left_out: BTreeMap::new() };
    for u in &corpus.utterances {
        if !spec.languages.is_empty() && !spec.languages.contains(&u.language) {
            continue;
        }
        match spec.class_of(u.emotion) {
            Some(class) => {
                selection.labels.push(class);
                selection.utterances.push(u.clone());
            }
            None => *selection.left_out.entry(u.emotion).or_default() += 1,
        }
    }
    for (class, class_name) in spec.class_names().iter().enumerate() {
        if !selection.labels.contains(&class) {
            return Err(Error::usage(format!(
                "classes.{class_name}: the corpus {name} has no such utterance"
            )));
        }
    }
    Ok(selection)
}

/// The folds of `spec` under one run seed, those of `only` alone where it is given.
///
/// # Errors
/// Fewer speakers than folds; a fold whose training or test set lacks a class.
pub fn folds(spec: &Spec, selection: &Selection, seed: u64) -> Result<Vec<Fold>> {
    let Protocol::LeaveSpeakersOut(protocol) = &spec.protocol;
    let groups = deal_speakers(protocol, &selection.utterances)?;
    let mut folds = Vec::new();
    for reduced in reduced_sets(spec) {
        for (g, group) in groups.iter().enumerate() {
            let number = folds.len() + 1;
            let is_test = |i: &usize| group.contains(&selection.utterances[*i].speaker.as_str());
            let (test, pool): (Vec<usize>, Vec<usize>) = (0..selection.utterances.len()).partition(is_test);
            let (train, removed) = match &spec.reduction {
                None => (pool, Vec::new()),
                Some(r) => {
                    reduce(r, &reduced, &pool, selection, Seed::new(seed).child("reduction").at(g as u64))
                }
            };
            folds.push(Fold { number, train, test, removed, reduced: reduced.clone() });
        }
    }
    folds
        .retain(|f| protocol.only.is_empty() || protocol.only.contains(&((f.number - 1) % groups.len() + 1)));
    for fold in &folds {
        check(spec, selection, fold)?;
    }
    Ok(folds)
}

/// The classes reduced in each data set: one set, or one for each reduced class.
fn reduced_sets(spec: &Spec) -> Vec<Vec<usize>> {
    match spec.reduction.as_ref().map(|r| r.mode) {
        Some(ReductionMode::PerClass) => spec.reduced_classes().into_iter().map(|c| vec![c]).collect(),
        Some(ReductionMode::Joint) | None => vec![spec.reduced_classes()],
    }
}

/// Deals the speakers of each gender, sorted by id, to the folds in turn: with five men and five women,
/// five folds of one each.
fn deal_speakers<'a>(protocol: &LeaveSpeakersOut, utterances: &'a [Utterance]) -> Result<Vec<Vec<&'a str>>> {
    let mut speakers: Vec<(Option<Gender>, &str)> =
        utterances.iter().map(|u| (u.gender, u.speaker.as_str())).collect();
    speakers.sort_unstable();
    speakers.dedup();
    if speakers.len() < protocol.folds {
        return Err(Error::usage(format!(
            "protocol.leave-speakers-out.folds = {}: the corpus has {} speakers of these classes",
            protocol.folds,
            speakers.len()
        )));
    }
    let mut groups = vec![Vec::new(); protocol.folds];
    for (i, (_, speaker)) in speakers.iter().enumerate() {
        groups[i % protocol.folds].push(*speaker);
    }
    Ok(groups)
}

/// Splits `pool` into what is kept and what is removed. Of a class of n, round(n (1 - share)) stay, at
/// least one: those whose draw is lowest.
fn reduce(
    reduction: &Reduction,
    reduced: &[usize],
    pool: &[usize],
    selection: &Selection,
    seed: Seed,
) -> (Vec<usize>, Vec<usize>) {
    let mut removed = Vec::new();
    for &class in reduced {
        let of_class = pool.iter().copied().filter(|&i| selection.labels[i] == class);
        let mut ranked: Vec<(u32, &str, usize)> = of_class
            .map(|i| {
                let id = selection.utterances[i].id.as_str();
                (seed.child(id).draws().bits(), id, i)
            })
            .collect();
        ranked.sort_unstable();
        let kept = (ranked.len() as f64 * (1.0 - reduction.share)).round() as usize;
        removed.extend(ranked.iter().skip(kept.max(1)).map(|r| r.2));
    }
    removed.sort_unstable();
    let kept = pool.iter().copied().filter(|i| removed.binary_search(i).is_err()).collect();
    (kept, removed)
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
mod tests {
    use super::*;
    use crate::manifest::Channels;
    use crate::spec;
    use std::path::PathBuf;

    fn spec_with(reduction: &str) -> Spec {
        let text = format!(
            "title = \"t\"\ncorpus = \"emodb\"\nclasses = {{ neutral = [\"neutral\"], angry = [\"angry\"], sad = [\"sad\"] }}
            protocol.leave-speakers-out.folds = 5\n{reduction}\n[[condition]]\nname = \"no-aug\"\n"
        );
        spec::parse(&text, "x.toml", &[]).unwrap()
    }

    /// Ten speakers, a man and a woman in turn, `n` utterances of each emotion.
    fn selection(n: usize) -> Selection {
        let mut utterances = Vec::new();
        let mut labels = Vec::new();
        for s in 0..10 {
            for (class, emotion) in [Emotion::Neutral, Emotion::Angry, Emotion::Sad].into_iter().enumerate() {
                for k in 0..n {
                    labels.push(class);
                    utterances.push(Utterance {
                        corpus: "emodb".into(),
                        id: format!("s{s}-{emotion}-{k}"),
                        path: PathBuf::new(),
                        excerpt: None,
                        channels: Channels::Mean,
                        speaker: format!("s{s}"),
                        gender: Some(if s % 2 == 0 { Gender::Female } else { Gender::Male }),
                        session: None,
                        split: None,
                        language: "de".into(),
                        emotion,
                        sha256: String::new(),
                    });
                }
            }
        }
        Selection { utterances, labels, left_out: BTreeMap::new() }
    }

    const JOINT: &str = "reduction = { share = 0.8, keep = [\"neutral\"] }";

    #[test]
    fn five_folds_of_a_man_and_a_woman_that_cover_everything_once() {
        let (spec, selection) = (spec_with(JOINT), selection(10));
        let folds = folds(&spec, &selection, 1).unwrap();
        let mut tested: Vec<usize> = folds.iter().flat_map(|f| f.test.clone()).collect();
        tested.sort_unstable();
        assert_eq!(tested, (0..300).collect::<Vec<_>>());
        for f in &folds {
            let mut sides: Vec<_> = f
                .test
                .iter()
                .map(|&i| (selection.utterances[i].gender, &selection.utterances[i].speaker))
                .collect();
            sides.dedup();
            sides.sort_unstable();
            sides.dedup();
            assert_eq!(
                sides.iter().map(|s| s.0).collect::<Vec<_>>(),
                [Some(Gender::Female), Some(Gender::Male)]
            );
            let count =
                |items: &[usize], class| items.iter().filter(|&&i| selection.labels[i] == class).count();
            assert_eq!([0, 1, 2].map(|c| count(&f.train, c)), [80, 16, 16]);
            assert_eq!(count(&f.removed, 0), 0);
            assert_eq!(f.train.len() + f.removed.len() + f.test.len(), 300);
        }
    }

    #[test]
    fn the_reduction_is_seeded_and_independent_of_order() {
        let (spec, forward) = (spec_with(JOINT), selection(10));
        let mut backward = forward.clone();
        backward.utterances.reverse();
        backward.labels.reverse();
        let ids = |s: &Selection, seed| -> Vec<Vec<String>> {
            let by_id = |f: &Fold| {
                let mut v: Vec<String> = f.train.iter().map(|&i| s.utterances[i].id.clone()).collect();
                v.sort();
                v
            };
            folds(&spec, s, seed).unwrap().iter().map(by_id).collect()
        };
        assert_eq!(ids(&forward, 1), ids(&backward, 1));
        assert_ne!(ids(&forward, 1), ids(&forward, 2));
    }

    #[test]
    fn per_class_makes_a_data_set_for_each_reduced_class() {
        let spec = spec_with("reduction = { share = 0.8, keep = [\"neutral\"], mode = \"per-class\" }");
        let selection = selection(10);
        let folds = folds(&spec, &selection, 1).unwrap();
        assert_eq!(folds.len(), 10);
        assert_eq!((folds[0].reduced.as_slice(), folds[9].reduced.as_slice()), (&[1][..], &[2][..]));
        assert!(folds[0].removed.iter().all(|&i| selection.labels[i] == 1));
        assert_eq!(folds[0].test, folds[5].test);
    }

    #[test]
    fn too_many_folds_are_refused() {
        let mut spec = spec_with(JOINT);
        spec.protocol = Protocol::LeaveSpeakersOut(LeaveSpeakersOut { folds: 11, only: vec![] });
        assert!(folds(&spec, &selection(3), 1).unwrap_err().to_string().contains("has 10 speakers"));
    }
}
