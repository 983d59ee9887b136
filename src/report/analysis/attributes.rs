//! Recalls by what a corpus says of its utterances: the speaker's gender, the language, the text.

use super::loaded_run::LoadedRun;
use super::predictions::RunPredictions;
use crate::stats::{Bootstrap, SpeakerTally, group_bootstrap, recall_bootstrap};
use rayon::prelude::*;
use seraug_core::error::Result;
use seraug_core::metrics::Confusion;
use seraug_core::rng::Seed;
use seraug_core::run_files::{AttributeRow, read_attributes};
use std::collections::{BTreeMap, HashMap};

/// Most values of an attribute; of more, those with the most predictions are kept.
pub const MOST_VALUES: usize = 200;

/// What utterances are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute {
    /// Of the speaker.
    Gender,
    /// ISO 639-1 code.
    Language,
    /// What is said. Of texts that one speaker alone says, nothing but that speaker is seen: they are left out.
    Text,
}

impl Attribute {
    /// All of them, in the order of the page.
    pub const ALL: [Attribute; 3] = [Attribute::Gender, Attribute::Language, Attribute::Text];

    /// Its column in attributes.csv.
    pub fn name(self) -> &'static str {
        match self {
            Attribute::Gender => "gender",
            Attribute::Language => "language",
            Attribute::Text => "text",
        }
    }

    fn of(self, row: &AttributeRow) -> &str {
        match self {
            Attribute::Gender => &row.gender,
            Attribute::Language => &row.language,
            Attribute::Text => &row.text,
        }
    }
}

/// The recalls of a data set by an attribute of which its test utterances have at least two values.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeRecalls {
    /// The data set.
    pub data_set: String,
    /// What its test utterances are grouped by.
    pub attribute: Attribute,
    /// Sorted by value.
    pub values: Vec<ValueRecall>,
    /// Of two genders whose tests have the same classes, the first less the second under each condition: name, and differences in
    /// [-1, 1].
    pub difference: Option<(String, Vec<Option<Bootstrap>>)>,
    /// Values that are not among these: those beyond [`MOST_VALUES`], and texts of a single speaker.
    pub left_out: usize,
}

/// The predictions for the test utterances with one value, over all folds and seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueRecall {
    /// The value.
    pub value: String,
    /// Number of test speakers.
    pub speakers: usize,
    /// Counts for each condition, in the order of the spec; all zero where no cell has a result.
    pub confusions: Vec<Confusion>,
    /// UAR over the classes that there are, in [0, 1], with its interval over the speakers, for each condition.
    pub uars: Vec<Option<Bootstrap>>,
}

/// Reads attributes.csv of a run; `None` where an earlier version wrote the run without.
///
/// # Errors
/// A file that cannot be read.
pub fn attribute_rows(run: &LoadedRun) -> Result<Option<Vec<AttributeRow>>> {
    let path = run.dir.attributes();
    path.is_file().then(|| read_attributes(&path)).transpose()
}

/// Counts of a value: for each condition and speaker, a tally for each class, and the confusion.
#[derive(Default)]
struct ValueTally {
    speakers: Vec<BTreeMap<u32, Vec<SpeakerTally>>>,
    confusions: Vec<Confusion>,
}

/// The recalls of each data set of a run by each attribute of which its test utterances have several values.
pub fn attribute_recalls(
    run: &LoadedRun,
    predictions: &RunPredictions,
    rows: &[AttributeRow],
) -> Vec<AttributeRecalls> {
    let by_utterance: HashMap<(&str, &str), &AttributeRow> =
        rows.iter().map(|r| ((r.corpus.as_str(), r.utterance.as_str()), r)).collect();
    let mut found = Vec::new();
    for set in run.data_sets() {
        let corpus = tested_corpus(set);
        for attribute in Attribute::ALL {
            let value = |utterance: u32| {
                let id = predictions.utterances[utterance as usize].as_str();
                by_utterance.get(&(corpus, id)).map(|row| attribute.of(row)).filter(|v| !v.is_empty())
            };
            let values = tallies(run, predictions, set, value);
            found.extend(of_values(set, attribute, values));
        }
    }
    found
}

/// The corpus that is tested in a data set: `emodb` in `ravdess>emodb` and in `ravdess>emodb.sub`.
fn tested_corpus(data_set: &str) -> &str {
    match data_set.split_once('>') {
        Some((_, target)) => target.strip_suffix(".sub").unwrap_or(target),
        None => data_set,
    }
}

/// The tallies of a data set by what `value` gives its utterances; those without a value are skipped.
fn tallies<'a>(
    run: &LoadedRun,
    predictions: &RunPredictions,
    set: &str,
    value: impl Fn(u32) -> Option<&'a str>,
) -> BTreeMap<&'a str, ValueTally> {
    let (classes, conditions) = (run.spec.classes.len(), run.spec.condition.len());
    let mut found: BTreeMap<&str, ValueTally> = BTreeMap::new();
    for o in run.outcomes.iter().filter(|o| o.corpus == set) {
        let condition = run.condition_of(&o.cell);
        for a in predictions.cell(&o.cell) {
            let Some(value) = value(a.utterance) else { continue };
            let tally = found.entry(value).or_insert_with(|| ValueTally {
                speakers: vec![BTreeMap::new(); conditions],
                confusions: vec![Confusion::new(classes); conditions],
            });
            tally.confusions[condition].add(usize::from(a.truth), usize::from(a.predicted));
            let of_speaker = tally.speakers[condition]
                .entry(a.speaker)
                .or_insert_with(|| vec![SpeakerTally::default(); classes]);
            let of_class = &mut of_speaker[usize::from(a.truth)];
            of_class.total += 1;
            of_class.second += u32::from(a.truth == a.predicted);
        }
    }
    found
}

/// `None` for fewer than two values.
fn of_values(set: &str, attribute: Attribute, all: BTreeMap<&str, ValueTally>) -> Option<AttributeRecalls> {
    let speakers = |t: &ValueTally| t.speakers.iter().map(BTreeMap::len).max().unwrap_or(0);
    let predictions = |t: &ValueTally| t.confusions.iter().map(Confusion::total).sum::<u64>();
    let given = all.len();
    let mut kept: Vec<(&str, ValueTally)> =
        all.into_iter().filter(|(_, t)| attribute != Attribute::Text || speakers(t) > 1).collect();
    kept.sort_by_key(|(_, t)| std::cmp::Reverse(predictions(t)));
    kept.truncate(MOST_VALUES);
    kept.sort_by_key(|(value, _)| *value);
    if kept.len() < 2 {
        return None;
    }
    let listed = |of: &BTreeMap<u32, Vec<SpeakerTally>>| of.values().cloned().collect::<Vec<_>>();
    let seed = Seed::new(0).child("speakers");
    let said = |t: &ValueTally| -> Vec<bool> {
        let classes = t.confusions.first().map_or(0, Confusion::classes);
        (0..classes).map(|c| t.confusions.iter().any(|m| m.recall(c).is_some())).collect()
    };
    let difference = match &kept[..] {
        // A mean over some classes is not compared with one over others.
        [(a, first), (b, second)] if attribute == Attribute::Gender && said(first) == said(second) => {
            let of = std::iter::zip(&first.speakers, &second.speakers);
            Some((
                format!("{a} − {b}"),
                of.map(|(x, y)| group_bootstrap(&listed(y), &listed(x), seed)).collect(),
            ))
        }
        _ => None,
    };
    let recall = |(value, tally): &(&str, ValueTally)| ValueRecall {
        value: (*value).to_owned(),
        speakers: speakers(tally),
        confusions: tally.confusions.clone(),
        uars: tally.speakers.iter().map(|s| recall_bootstrap(&listed(s), seed)).collect(),
    };
    let left_out = given - kept.len();
    let values = kept.par_iter().map(recall).collect();
    Some(AttributeRecalls { data_set: set.to_owned(), attribute, values, difference, left_out })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_of_a_data_set_is_the_one_that_is_tested() {
        let sets = ["emodb", "ravdess>emodb", "ravdess>emodb.sub"];
        assert_eq!(sets.map(tested_corpus), ["emodb"; 3]);
    }
}
