//! Recall of each test speaker: a mean over speakers can hide one whom the classifiers do not recognise at all.

use super::loaded_run::LoadedRun;
use super::predictions::RunPredictions;
use seraug_core::metrics::Confusion;
use std::collections::BTreeMap;

/// The predictions for one test speaker, over all folds and seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeakerRecall {
    /// Data set in which the speaker is tested.
    pub data_set: String,
    /// Id of the speaker in the corpus.
    pub id: String,
    /// Counts for each condition, in the order of the spec; all zero where no cell has a result.
    pub confusions: Vec<Confusion>,
}

impl SpeakerRecall {
    /// Whether the speaker was tested with utterances of every class.
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
pub fn speakers(run: &LoadedRun, predictions: &RunPredictions) -> Vec<SpeakerRecall> {
    let sets = run.data_sets();
    let classes = run.spec.classes.len();
    let conditions = run.spec.condition.len();
    let mut found: BTreeMap<(usize, u32), Vec<Confusion>> = BTreeMap::new();
    for o in &run.outcomes {
        let set = sets.iter().position(|s| *s == o.corpus).unwrap_or_default();
        let condition = run.condition_of(&o.cell);
        for a in predictions.cell(&o.cell) {
            let confusions =
                found.entry((set, a.speaker)).or_insert_with(|| vec![Confusion::new(classes); conditions]);
            confusions[condition].add(usize::from(a.truth), usize::from(a.predicted));
        }
    }
    let mut speakers: Vec<(usize, SpeakerRecall)> = found
        .into_iter()
        .map(|((set, speaker), confusions)| {
            let id = predictions.speakers[speaker as usize].clone();
            (set, SpeakerRecall { data_set: sets[set].to_owned(), id, confusions })
        })
        .collect();
    speakers.sort_by(|(a, x), (b, y)| (a, &x.id).cmp(&(b, &y.id)));
    speakers.into_iter().map(|s| s.1).collect()
}
