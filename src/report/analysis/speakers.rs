//! Recall of each test speaker: a mean over speakers can hide one that nothing recognises.

use super::loaded_run::LoadedRun;
use super::predictions::RunPredictions;
use crate::render::csv;
use seraug_core::error::Result;
use seraug_core::metrics::Confusion;
use std::collections::BTreeMap;

/// What was said of one test speaker, over all folds and seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeakerRecall {
    /// Data set that the speaker is tested in.
    pub data_set: String,
    /// Id in the corpus.
    pub id: String,
    /// Counts by condition, in the order of the spec; empty ones where no cell has a result.
    pub confusions: Vec<Confusion>,
}

impl SpeakerRecall {
    /// Was tested with utterances of every class.
    pub fn is_whole(&self) -> bool {
        let tested = |c: &Confusion| (0..c.classes()).all(|k| c.recall(k).is_some());
        self.confusions.iter().any(tested)
    }

    /// Mean of the UARs of the conditions, in [0, 1].
    pub fn mean(&self) -> f64 {
        let uars: Vec<f64> = self.confusions.iter().filter_map(Confusion::uar).collect();
        uars.iter().sum::<f64>() / uars.len().max(1) as f64
    }
}

/// Every test speaker of a run, sorted by data set (in the run's order) and id.
pub fn speakers(reading: &LoadedRun, answers: &RunPredictions) -> Vec<SpeakerRecall> {
    let sets = reading.data_sets();
    let classes = reading.spec.classes.len();
    let conditions = reading.spec.condition.len();
    let mut found: BTreeMap<(usize, u32), Vec<Confusion>> = BTreeMap::new();
    for o in &reading.outcomes {
        let set = sets.iter().position(|s| *s == o.corpus).unwrap_or_default();
        let condition = reading.condition_of(&o.cell);
        for a in answers.cell(&o.cell) {
            let confusions =
                found.entry((set, a.speaker)).or_insert_with(|| vec![Confusion::new(classes); conditions]);
            confusions[condition].add(usize::from(a.truth), usize::from(a.predicted));
        }
    }
    let mut speakers: Vec<(usize, SpeakerRecall)> = found
        .into_iter()
        .map(|((set, speaker), confusions)| {
            let id = answers.speakers[speaker as usize].clone();
            (set, SpeakerRecall { data_set: sets[set].to_owned(), id, confusions })
        })
        .collect();
    speakers.sort_by(|(a, x), (b, y)| (a, &x.id).cmp(&(b, &y.id)));
    speakers.into_iter().map(|s| s.1).collect()
}

/// speakers.csv: one row a speaker and condition; shares in [0, 1], empty where the speaker has none of a class.
///
/// # Errors
/// None that a reader meets: rows are of one length.
pub fn csv(reading: &LoadedRun, speakers: &[SpeakerRecall]) -> Result<Vec<u8>> {
    let recalls = reading.spec.class_names().into_iter().map(|c| format!("recall_{c}"));
    let header = ["corpus", "speaker", "condition", "n", "uar"].map(str::to_owned);
    let mut rows = vec![header.into_iter().chain(recalls).collect::<Vec<String>>()];
    let share = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v:.6}"));
    for s in speakers {
        for (condition, confusion) in std::iter::zip(&reading.spec.condition, &s.confusions) {
            let n = confusion.total().to_string();
            let row = [s.data_set.clone(), s.id.clone(), condition.name.clone(), n, share(confusion.uar())];
            let recalls = (0..confusion.classes()).map(|c| share(confusion.recall(c)));
            rows.push(row.into_iter().chain(recalls).collect());
        }
    }
    csv::bytes("speakers.csv", rows)
}
