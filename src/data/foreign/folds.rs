//! Folds of predictions: their names, who is tested in which, and repetitions, whose folds hold other utterances.

use super::names::file_name;
use super::truths::Truths;
use super::{ForeignCell, ForeignUtterance, MOST, RawPrediction};
use seraug_core::error::{Error, Result};
use seraug_core::run_files::FoldSpeakers;
use seraug_core::text::plural;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What the only fold is called into which the folds of a seed are pooled.
pub(super) const POOLED: &str = "all folds of a seed";

/// The fold of each row: its own, or that of the table of truths; empty where neither has one.
pub(super) fn cell_folds(raw: &[RawPrediction], truths: &Truths) -> Vec<String> {
    let fold = |row: &RawPrediction| {
        let fold = row.fold.clone().or_else(|| truths.fold(row.utterance).map(str::to_owned));
        fold.unwrap_or_default()
    };
    raw.iter().map(fold).collect()
}

/// The names of the folds: numbers by size, then other names by the alphabet. `of` are those of the rows.
pub(super) fn fold_names(raw: &[RawPrediction], of: &[String]) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for name in of {
        if !names.contains(name) {
            names.push(name.clone());
        }
        if names.len() > MOST {
            break;
        }
    }
    names.sort_by_key(|n| (n.parse::<u64>().unwrap_or(u64::MAX), n.clone()));
    if names.len() > 1 && names.iter().any(String::is_empty) {
        let row = std::iter::zip(raw, of).find(|(_, fold)| fold.is_empty());
        let place = row.map_or("", |(row, _)| row.place.as_str());
        return Err(Error::failed(format!(
            "{place}: has no fold, but other rows have one; give every row its fold"
        )));
    }
    Ok(names)
}

/// A note where systems, or a system and the table of truths, test one utterance in other folds. `of` are the folds of the rows.
pub(super) fn fold_disagreements(raw: &[RawPrediction], of: &[String], truths: &Truths) -> Option<String> {
    // By utterance and system, the folds and the place of the first row.
    let mut tested: BTreeMap<usize, BTreeMap<usize, (BTreeSet<&str>, &str)>> = BTreeMap::new();
    for (row, fold) in std::iter::zip(raw, of) {
        let of_utterance = tested.entry(row.utterance).or_default();
        let (folds, _) =
            of_utterance.entry(row.system).or_insert_with(|| (BTreeSet::new(), row.place.as_str()));
        folds.insert(fold);
    }
    let listed = |folds: &BTreeSet<&str>| folds.iter().copied().collect::<Vec<_>>().join(", ");
    let (mut n, mut first) = (0, String::new());
    for (utterance, systems) in &tested {
        let given = truths.fold(*utterance).map(|fold| (BTreeSet::from([fold]), truths.place(*utterance)));
        let mut all = given.iter().chain(systems.values());
        let Some((there, place)) = all.next() else { continue };
        let Some((here, own)) = all.find(|(folds, _)| folds != there) else { continue };
        n += 1;
        if n == 1 {
            let (id, own, place) = (file_name(truths.id(*utterance)), file_name(own), file_name(place));
            first =
                format!("fold of `{id}` is `{}` at {own}, but `{}` at {place}", listed(here), listed(there));
        }
    }
    (n > 0).then(|| {
        format!(
            "{} in other folds of one table than of another, such as: {first}. Folds of one name are then other tests, and differences over \
             folds are not of the systems alone.",
            plural(n, "utterance")
        )
    })
}

/// Where another seed of a system has an utterance in another fold, the folds of one seed are no units beside those of another: they are
/// pooled to one test of each seed, and a note says so. Nothing is pooled where a seed tests an utterance twice.
pub(super) fn pool_repetitions(
    cells: &mut Vec<ForeignCell>,
    folds: &mut Vec<String>,
    utterances: &[ForeignUtterance],
) -> Option<String> {
    let mut by_training: HashMap<(usize, u64, usize), usize> = HashMap::new();
    let mut by_system: HashMap<(usize, usize), (usize, u64)> = HashMap::new();
    let mut moved: Option<(usize, [(usize, u64); 2])> = None;
    for cell in cells.iter() {
        for p in &cell.predictions {
            if by_training.insert((cell.system, cell.seed, p.utterance), cell.fold).is_some() {
                return None;
            }
            let first = *by_system.entry((cell.system, p.utterance)).or_insert((cell.fold, cell.seed));
            if first.0 != cell.fold && moved.is_none() {
                moved = Some((p.utterance, [first, (cell.fold, cell.seed)]));
            }
        }
    }
    let (utterance, [a, b]) = moved?;
    let (id, [fold_a, fold_b]) = (&utterances[utterance].id, [a.0, b.0].map(|fold| folds[fold].clone()));
    let note = format!(
        "Repeated folds: `{id}` is in fold {fold_a} with seed {} and in fold {fold_b} with seed {}. The folds of a seed are pooled to one test, \
         and intervals are over these repetitions: they say how far split and training repeat, nothing about other speakers.",
        a.1, b.1
    );
    let mut pooled: BTreeMap<(usize, u64), ForeignCell> = BTreeMap::new();
    for cell in cells.drain(..) {
        let key = (cell.system, cell.seed);
        match pooled.get_mut(&key) {
            Some(of_seed) => of_seed.predictions.extend(cell.predictions),
            None => drop(pooled.insert(key, ForeignCell { fold: 0, ..cell })),
        }
    }
    cells.extend(pooled.into_values());
    *folds = vec![POOLED.to_owned()];
    Some(note)
}

/// Whether each fold tests other speakers.
pub(super) fn fold_speakers(cells: &[ForeignCell], utterances: &[ForeignUtterance]) -> FoldSpeakers {
    let mut folds: HashMap<&str, usize> = HashMap::new();
    let mut unknown = false;
    let mut by_utterance: HashMap<usize, usize> = HashMap::new();
    for cell in cells {
        for p in &cell.predictions {
            let speaker = utterances[p.utterance].speaker.as_str();
            unknown |= speaker.is_empty();
            let elsewhere = !speaker.is_empty() && *folds.entry(speaker).or_insert(cell.fold) != cell.fold;
            if elsewhere || *by_utterance.entry(p.utterance).or_insert(cell.fold) != cell.fold {
                return FoldSpeakers::Shared;
            }
        }
    }
    if unknown { FoldSpeakers::Unknown } else { FoldSpeakers::Apart }
}
