//! What a condition trains its classifier on.

use seraug_train::feature_bank::Bank;
use seraug_train::generators::{Made, Samples};

/// The originals of a fold, and what a condition adds to them.
#[derive(Debug)]
pub struct TrainingSet<'a> {
    originals: &'a Bank,
    /// Originals and made samples, where there are any.
    joined: Option<Bank>,
    /// Entry e of the bank came from training utterance `origin[e]`; the originals come first.
    pub origin: Vec<usize>,
    /// Entries of the bank to train on; a copy is an entry that is there again.
    pub items: Vec<usize>,
    /// alpha of mixup, where batches are mixed.
    pub mixup: Option<f64>,
    /// What the generator says of its samples.
    pub notes: Vec<String>,
}

impl<'a> TrainingSet<'a> {
    /// The utterances of `originals` alone.
    pub fn of(originals: &'a Bank) -> TrainingSet<'a> {
        let all: Vec<usize> = (0..originals.lens().len()).collect();
        let (origin, items) = (all.clone(), all);
        TrainingSet { originals, joined: None, origin, items, mixup: None, notes: Vec::new() }
    }

    /// With what a generator made: `copies` of the first of `sources`, then of the second, and so on.
    pub fn with(originals: &'a Bank, made: Made, sources: &[usize], copies: usize) -> TrainingSet<'a> {
        let mut set = TrainingSet::of(originals);
        match made.samples {
            Samples::Again(items) => set.items.extend(items),
            Samples::Mixed(alpha) => set.mixup = Some(alpha),
            Samples::Added(joined) => {
                set.origin.extend(sources.iter().flat_map(|&s| std::iter::repeat_n(s, copies)));
                set.items = (0..set.origin.len()).collect();
                set.joined = Some(joined);
            }
        }
        set.notes = made.notes;
        set
    }

    /// The utterances, made ones after the originals.
    pub fn bank(&self) -> &Bank {
        self.joined.as_ref().unwrap_or(self.originals)
    }
}
