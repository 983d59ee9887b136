//! All that the classifier of a cell is trained with.

use super::stored::MadeSamples;
use super::training_set::TrainingSet;
use super::{CellContext, FoldData};
use seraug_core::run_files::TrainingSetSize;
use seraug_data::split::{Fold, Selection};
use seraug_run::plan::Cell;
use seraug_train::classifier::ClassifierTask;

/// The training set of a cell, and who speaks in it.
#[derive(Debug)]
pub struct ClassifierMaterial<'a> {
    /// The utterances, and what the condition adds.
    pub set: TrainingSet<'a>,
    /// A number for the speaker of each entry of the set's bank.
    pub speakers: Vec<usize>,
    /// Class names in the order of the labels.
    pub class_names: Vec<&'a str>,
    originals: Vec<usize>,
    context: CellContext<'a>,
    cell: &'a Cell,
}

impl<'a> ClassifierMaterial<'a> {
    /// Of `cell`, whose fold has `data` and whose generator made `made`.
    pub fn new(
        context: &CellContext<'a>,
        cell: &'a Cell,
        data: &'a FoldData,
        made: Option<MadeSamples>,
    ) -> ClassifierMaterial<'a> {
        let (fold, selection) = (&cell.fold, context.selection);
        let labels: Vec<usize> = fold.train.iter().map(|&i| selection.labels[i]).collect();
        let set = match made {
            Some(MadeSamples { made, sources, copies }) => {
                TrainingSet::with(&data.train, &labels, made, &sources, copies)
            }
            None => TrainingSet::of(&data.train, &labels),
        };
        ClassifierMaterial {
            speakers: speakers(selection, fold, &set.origin),
            set,
            class_names: context.spec.class_names(),
            originals: (0..fold.train.len()).collect(),
            context: *context,
            cell,
        }
    }

    /// How large the set is.
    pub fn size(&self) -> TrainingSetSize {
        let classifier = &self.context.spec.classifier;
        self.set.size(self.class_names.len(), |len| classifier.segment_count(len))
    }

    /// The training.
    pub fn task(&self) -> ClassifierTask<'_> {
        let spec = self.context.spec;
        let condition = &spec.condition[self.cell.condition];
        ClassifierTask {
            spec: &spec.classifier,
            precision: spec.precision,
            class_names: &self.class_names,
            bank: self.set.bank(),
            items: &self.set.items,
            labels: &self.set.labels,
            speakers: &self.speakers,
            originals: &self.originals,
            loss: condition.classifier_loss(),
            sampling: condition.sampling,
            mixup: self.set.mixup,
            seed: self.cell.seed.child("classifier"),
        }
    }
}

/// A number for each speaker of the origins of training entries; a speaker is one of a corpus.
fn speakers(selection: &Selection, fold: &Fold, origin: &[usize]) -> Vec<usize> {
    let speaker = |i: usize| (&*selection.utterances[i].corpus, selection.utterances[i].speaker.as_str());
    let mut all: Vec<_> = (0..selection.utterances.len()).map(speaker).collect();
    all.sort_unstable();
    all.dedup();
    let number = |&o: &usize| all.binary_search(&speaker(fold.train[o])).expect("every speaker is listed");
    origin.iter().map(number).collect()
}
