//! What a reader should know before believing numbers that were made from somebody else's predictions.

use super::folds::POOLED;
use super::{ForeignCell, ForeignPredictions};
use seraug_core::text::plural;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Names that are listed at once.
const LISTED: usize = 3;

/// The notes, the gravest first. `disagreeing` counts for each system the predictions that are not their likeliest class.
pub(super) fn notes(found: &ForeignPredictions, disagreeing: &[usize]) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(different_tests(found));
    notes.extend(speakers(found));
    notes.extend(classes(found));
    for (system, n) in std::iter::zip(&found.systems, disagreeing).filter(|(_, n)| **n > 0) {
        let what = plural(*n, "prediction");
        notes.push(format!(
            "{system}: {what} of another class than the likeliest by its p_ columns; recalls follow the column of predictions, ECE \
             and Brier score the probabilities."
        ));
    }
    notes
}

/// Systems that predict other utterances of a fold than the first of them.
fn different_tests(found: &ForeignPredictions) -> Vec<String> {
    let mut first: BTreeMap<usize, (usize, HashSet<usize>)> = BTreeMap::new();
    let mut told: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut notes = Vec::new();
    let tested = |c: &ForeignCell| c.predictions.iter().map(|p| p.utterance).collect::<HashSet<usize>>();
    for cell in &found.cells {
        let own = tested(cell);
        let (system, all) = first.entry(cell.fold).or_insert_with(|| (cell.system, own.clone()));
        let other: Vec<usize> = own.symmetric_difference(all).copied().collect();
        if !other.is_empty() && told.insert((cell.fold, cell.system)) {
            let (a, b) = (&found.systems[cell.system], &found.systems[*system]);
            let fold = fold_name(found, cell.fold);
            if cell.system == *system {
                notes.push(format!(
                    "{a}: seeds are tested on different utterances{fold}, {}.",
                    plural(other.len(), "utterance")
                ));
                continue;
            }
            let example = other.iter().map(|u| found.utterances[*u].id.as_str()).min().unwrap_or_default();
            notes.push(format!(
                "{a} and {b} are tested on different utterances{fold}: {} in one of the two alone, such as {example}. Their difference \
                 is not one of the systems alone.",
                plural(other.len(), "utterance")
            ));
        }
    }
    notes
}

/// Whether speakers are known, and each of them and each utterance is tested in one fold.
fn speakers(found: &ForeignPredictions) -> Vec<String> {
    let mut notes: Vec<String> = utterances_in_several_folds(found).into_iter().collect();
    let unknown = found.utterances.iter().filter(|u| u.speaker.is_empty()).count();
    if unknown == found.utterances.len() {
        let what = "No table says who speaks: whether folds share speakers cannot be told, and no bootstrap over speakers is made.";
        notes.push(what.into());
        return notes;
    }
    if unknown > 0 {
        let n = plural(unknown, "utterance");
        notes.push(format!("{n} without a speaker: they count as one speaker with an empty name."));
    }
    let mut folds: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for cell in &found.cells {
        for p in &cell.predictions {
            folds.entry(&found.utterances[p.utterance].speaker).or_default().insert(cell.fold);
        }
    }
    folds.remove("");
    let several: Vec<&str> =
        folds.iter().filter(|(_, of)| of.len() > 1).map(|(speaker, _)| *speaker).collect();
    if !several.is_empty() {
        let some: Vec<&str> = several.iter().take(LISTED).copied().collect();
        notes.push(format!(
            "{} of {} tested in more than one fold, such as {}: folds are not independent, and intervals over folds are too narrow.",
            several.len(),
            plural(folds.len(), "speaker"),
            some.join(", ")
        ));
    }
    notes
}

/// Utterances that one training of a system, or several, tests in more than one fold.
fn utterances_in_several_folds(found: &ForeignPredictions) -> Option<String> {
    let mut folds: BTreeMap<(usize, usize), BTreeSet<usize>> = BTreeMap::new();
    for cell in &found.cells {
        for p in &cell.predictions {
            folds.entry((p.utterance, cell.system)).or_default().insert(cell.fold);
        }
    }
    let several: BTreeSet<usize> =
        folds.iter().filter(|(_, of)| of.len() > 1).map(|((utterance, _), _)| *utterance).collect();
    let example = &found.utterances[*several.first()?].id;
    Some(format!(
        "{} tested by one system in more than one fold, such as {example}: folds are not independent, and intervals over folds are too narrow; \
         of repeated cross-validation, a column `seed` with the number of the repetition says so.",
        plural(several.len(), "utterance")
    ))
}

/// Folds whose test lacks a class.
fn classes(found: &ForeignPredictions) -> Option<String> {
    let mut there: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for cell in &found.cells {
        let of = there.entry(cell.fold).or_default();
        of.extend(cell.predictions.iter().map(|p| found.utterances[p.utterance].truth));
    }
    let lacking: Vec<usize> =
        there.iter().filter(|(_, of)| of.len() < found.classes.len()).map(|(fold, _)| *fold).collect();
    let first = *lacking.first()?;
    let missing: Vec<&str> = (0..found.classes.len())
        .filter(|c| !there[&first].contains(c))
        .map(|c| found.classes[c].as_str())
        .collect();
    Some(format!(
        "{} without utterances of some class, such as {}{}: the UAR there is over the other classes.",
        plural(lacking.len(), "fold"),
        missing.join(" and "),
        fold_name(found, first)
    ))
}

/// ` in fold X`; nothing where there are no folds.
fn fold_name(found: &ForeignPredictions, fold: usize) -> String {
    match found.folds[fold].as_str() {
        "" | POOLED => String::new(),
        name => format!(" in fold {name}"),
    }
}
