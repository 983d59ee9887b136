//! What a condition trains its classifier on: the one place where its augmentation is chosen.

use super::{CellContext, FoldData};
use seraug_core::error::Result;
use seraug_core::spec::Augment;
use seraug_data::corpora::Utterance;
use seraug_run::plan::Cell;
use seraug_train::feature_bank::Bank;
use seraug_train::generators::added_noise::{FrontEnd, noise};
use seraug_train::generators::spec_augment::spec_augment;
use seraug_train::generators::triplet_gan::{Networks, augment};

/// The originals of a fold, and what a condition adds to them.
#[derive(Debug)]
pub struct TrainingSet<'a> {
    originals: &'a Bank,
    /// Originals and augmentations, where there are any.
    joined: Option<Bank>,
    /// Entry e of the bank came from training utterance `origin[e]`; the originals come first.
    pub origin: Vec<usize>,
    /// Entries of the bank to train on; a copy is an entry that is there again.
    pub items: Vec<usize>,
    /// alpha of mixup, where batches are mixed.
    pub mixup: Option<f64>,
}

impl<'a> TrainingSet<'a> {
    /// Makes the training set of `cell`; `augmentor` is given where the condition has one.
    ///
    /// # Errors
    /// Audio that cannot be read.
    pub fn new(
        context: &CellContext,
        cell: &Cell,
        data: &'a FoldData,
        augmentor: Option<&Networks>,
    ) -> Result<TrainingSet<'a>> {
        let (spec, fold, bank) = (context.spec, &cell.fold, &data.train);
        let augment = &spec.condition[cell.condition].augment;
        let utterance = |i: &usize| -> &Utterance { &context.selection.utterances[*i] };
        let position = |i: &usize| fold.train.binary_search(i).expect("sources are training utterances");
        let sources: Vec<usize> = cell.sources.iter().map(position).collect();
        let names: Vec<&str> = cell.sources.iter().map(|i| utterance(i).sha256.as_str()).collect();
        let seed = cell.seed.child("augment");
        let mut set = TrainingSet::of(bank);
        match augment {
            Augment::None => {}
            Augment::Copies(a) => (0..a.copies).for_each(|_| set.items.extend(&sources)),
            Augment::TripletGan(a) => {
                let networks = augmentor.expect("a condition with an augmentor comes with its networks");
                let (trained, copies) = (&networks.augmentor, a.copies);
                let (lens, pieces) = augment::pieces(trained, spec, bank, &sources, &names, copies, seed);
                set.add(bank.followed_by(&lens, pieces), &sources, copies);
            }
            Augment::SpecAugment(a) => {
                let made = spec_augment(bank, &sources, &names, a, seed);
                set.add(bank.join(&made), &sources, a.copies);
            }
            Augment::Noise(a) => {
                let utterances: Vec<&Utterance> = cell.sources.iter().map(utterance).collect();
                let front_end = FrontEnd {
                    features: &spec.features,
                    standardiser: data.standardiser,
                    device: context.device,
                };
                let made = noise(&utterances, a, &front_end, seed)?;
                set.add(bank.join(&made), &sources, a.copies);
            }
            Augment::Mixup(a) => set.mixup = Some(a.alpha),
        }
        Ok(set)
    }

    /// The utterances, augmented ones after the originals.
    pub fn bank(&self) -> &Bank {
        self.joined.as_ref().unwrap_or(self.originals)
    }

    fn of(originals: &'a Bank) -> TrainingSet<'a> {
        let all: Vec<usize> = (0..originals.lens().len()).collect();
        TrainingSet { originals, joined: None, origin: all.clone(), items: all, mixup: None }
    }

    /// Trains on `joined`: the originals, then `copies` of the first of `sources`, then of the second, and so on.
    fn add(&mut self, joined: Bank, sources: &[usize], copies: usize) {
        self.origin.extend(sources.iter().flat_map(|&s| std::iter::repeat_n(s, copies)));
        self.items = (0..self.origin.len()).collect();
        self.joined = Some(joined);
    }
}
