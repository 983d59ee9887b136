//! Checks that two runs are tested on the same utterances, so that their cells can be paired.

use super::aligned_cells::{CellPosition, place_of};
use super::side::Side;
use crate::analysis::predictions::CellPrediction;
use seraug_core::error::Result;
use seraug_core::run_files::Outcome;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Refuses two runs whose shared cells are tested on different utterances, labels or recordings: according to the split.csv of
/// both, and otherwise to predictions and counts.
///
/// # Errors
/// Names the fold, an utterance and how it differs.
pub(super) fn check(first: &Side, second: &Side, shared: &HashSet<CellPosition>) -> Result<()> {
    by_split(first, second, shared)?;
    let theirs: HashMap<CellPosition, &Outcome> =
        second.run.outcomes.iter().map(|o| (place_of(o), o)).collect();
    let ids = first.ids_of(second);
    for a in first.run.outcomes.iter().filter(|o| shared.contains(&place_of(o))) {
        let Some(b) = theirs.get(&place_of(a)) else { continue };
        let place = format!("fold {} of {}, seed {}", a.cell.fold, a.corpus, a.cell.seed);
        let (own, other) = (first.predictions.cell(&a.cell), second.predictions.cell(&b.cell));
        if !own.is_empty() && !other.is_empty() {
            by_predictions(first, second, &ids, own, other)
                .map_err(|what| first.refuses(second, &format!("{place}: {what}")))?;
        }
        let support = |o: &Outcome| -> Vec<u64> {
            o.confusion.as_ref().map_or(vec![], |m| m.rows().iter().map(|r| r.iter().sum()).collect())
        };
        if support(a) != support(b) {
            let what = format!("{place} has different numbers of test utterances of the classes");
            return Err(first.refuses(second, &what));
        }
    }
    Ok(())
}

fn by_split(first: &Side, second: &Side, shared: &HashSet<CellPosition>) -> Result<()> {
    let (a, b) = (&first.splits, &second.splits);
    if a.digest == b.digest || a.digest.is_empty() || b.digest.is_empty() {
        return Ok(());
    }
    let folds: BTreeSet<(u64, usize, &str)> = shared.iter().map(|p| (p.2, p.1, p.3)).collect();
    let [sets_a, sets_b] = [a.test_sets(&first.run.dir, &folds)?, b.test_sets(&second.run.dir, &folds)?];
    for (seed, fold, about) in folds {
        let key = (seed, fold, about.to_owned());
        let (Some(own), Some(other)) = (sets_a.get(&key), sets_b.get(&key)) else { continue };
        let place = format!("fold {fold} of {about}, seed {seed}");
        for ((corpus, utterance), (class, sha)) in own {
            let what = match other.get(&(corpus.clone(), utterance.clone())) {
                None => format!("{utterance} is tested in the first alone"),
                Some((c, _)) if c != class => {
                    format!("{utterance} is {class} in the first, {c} in the second")
                }
                Some((_, s)) if s != sha && !s.is_empty() && !sha.is_empty() => {
                    format!("{utterance} is another recording (its sha256 differs)")
                }
                Some(_) => continue,
            };
            return Err(first.refuses(second, &format!("{place}: {what}")));
        }
        if let Some((_, utterance)) = other.keys().find(|k| !own.contains_key(k)) {
            return Err(first.refuses(second, &format!("{place}: {utterance} is tested in the second alone")));
        }
    }
    Ok(())
}

/// The first difference between the test sets of two lists of predictions, as a phrase.
fn by_predictions(
    first: &Side,
    second: &Side,
    ids: &[Option<u32>],
    own: &[CellPrediction],
    other: &[CellPrediction],
) -> std::result::Result<(), String> {
    let truths: HashMap<u32, u8> = own.iter().map(|a| (a.utterance, a.truth)).collect();
    let classes = first.run.spec.class_names();
    for b in other {
        let name = &second.predictions.utterances[b.utterance as usize];
        match ids[b.utterance as usize].and_then(|id| truths.get(&id)) {
            None => return Err(format!("{name} is tested in the second alone")),
            Some(&truth) if truth != b.truth => {
                let [a, b] = [truth, b.truth].map(|t| classes[usize::from(t)]);
                return Err(format!("{name} is {a} in the first, {b} in the second"));
            }
            Some(_) => {}
        }
    }
    if own.len() != other.len() {
        let theirs: HashSet<u32> = other.iter().filter_map(|b| ids[b.utterance as usize]).collect();
        let alone = own.iter().find(|a| !theirs.contains(&a.utterance));
        let name = alone.map_or("an utterance", |a| &first.predictions.utterances[a.utterance as usize]);
        return Err(format!("{name} is tested in the first alone"));
    }
    Ok(())
}
