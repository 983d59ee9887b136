//! Generators that the store has, and what they make for a cell.

use super::{CellContext, FoldData};
use seraug_core::error::{Error, Result};
use seraug_core::spec::Spec;
use seraug_core::store::{Key, Stage, Store};
use seraug_core::with_generator;
use seraug_run::plan::Cell;
use seraug_train::generators::{Generate, Made, Sources, Trained};
use seraug_train::nets::autoencoder::AutoencoderNet;
use std::path::PathBuf;
use tch::Device;

/// Where the trained parts of a generator are; none of one that has no such part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredStages {
    /// Folder of its networks.
    pub augmentor: Option<PathBuf>,
    /// Folder of its autoencoder.
    pub autoencoder: Option<PathBuf>,
}

impl StoredStages {
    /// The entries of these keys.
    ///
    /// # Errors
    /// One that is not there; how it is made again.
    pub fn of(store: &Store, augmentor: Option<&Key>, autoencoder: Option<&Key>) -> Result<StoredStages> {
        let find = |stage: Stage, key: Option<&Key>| {
            match key {
            None => Ok(None),
            Some(key) => store.find(stage, key).map(Some).ok_or_else(|| {
                let results = store.root().parent().unwrap_or(store.root());
                Error::failed(format!(
                    "{}: not in the store (removed, or of a run from elsewhere); `seraug run SPEC --results {} --new` with the spec of the \
                     run trains it and takes what is there",
                    store.dir(stage, key).display(),
                    results.display()
                ))
            }),
        }
        };
        Ok(StoredStages {
            augmentor: find(Stage::Augmentor, augmentor)?,
            autoencoder: find(Stage::Autoencoder, autoencoder)?,
        })
    }

    /// Those of a cell.
    ///
    /// # Errors
    /// As [`StoredStages::of`].
    pub fn of_cell(store: &Store, cell: &Cell) -> Result<StoredStages> {
        StoredStages::of(store, cell.augmentor.as_ref(), cell.autoencoder.as_ref())
    }

    /// Reads them for `generator` of `spec`.
    ///
    /// # Errors
    /// A file that does not fit; a generator that is trained and has no folder here.
    pub fn load<G: Generate>(
        &self,
        generator: &G,
        spec: &Spec,
        device: Device,
    ) -> Result<(G::Trained, Option<AutoencoderNet>)> {
        let trained = match &self.augmentor {
            Some(dir) => G::Trained::load(generator, spec, dir, device)?,
            None if generator.work(spec).is_some() => {
                return Err(Error::failed("the plan gave the generator no augmentor; please report it"));
            }
            None => G::Trained::fresh(generator, spec, device),
        };
        let autoencoder = self.autoencoder.as_ref().map(|dir| AutoencoderNet::load(dir, spec, device));
        Ok((trained, autoencoder.transpose()?))
    }
}

/// What a cell's generator made, of which entries of the fold's training part, and how many of each.
#[derive(Debug)]
pub struct MadeSamples {
    /// The samples.
    pub made: Made,
    /// Entries of the training part that they are of.
    pub sources: Vec<usize>,
    /// Samples of each.
    pub copies: usize,
}

impl MadeSamples {
    /// Of the generator `trained` of `cell`, whose fold has `data`.
    ///
    /// # Errors
    /// As [`Generate::make`].
    pub fn of<G: Generate>(
        generator: &G,
        context: &CellContext,
        cell: &Cell,
        data: &FoldData,
        (trained, autoencoder): &(G::Trained, Option<AutoencoderNet>),
    ) -> Result<MadeSamples> {
        let (fold, selection) = (&cell.fold, context.selection);
        let position = |i: &usize| fold.train.binary_search(i).expect("sources are training utterances");
        let items: Vec<usize> = cell.sources.iter().map(position).collect();
        let from = Sources {
            spec: context.spec,
            bank: &data.train,
            standardiser: data.standardiser,
            utterances: &fold.train.iter().map(|&i| &selection.utterances[i]).collect::<Vec<_>>(),
            labels: &fold.train.iter().map(|&i| selection.labels[i]).collect::<Vec<_>>(),
            autoencoder: autoencoder.as_ref(),
            items: &items,
            seed: cell.seed.child("augment"),
        };
        let made = generator.make(&from, trained)?;
        Ok(MadeSamples { made, sources: items, copies: generator.copies().map_or(0, |(copies, _)| copies) })
    }

    /// What the cell's generator makes by networks of the store; none where the condition has no generator.
    ///
    /// # Errors
    /// As [`StoredStages::of`] and [`MadeSamples::of`].
    pub fn stored(context: &CellContext, cell: &Cell, data: &FoldData) -> Result<Option<MadeSamples>> {
        let augment = &context.spec.condition[cell.condition].augment;
        with_generator!(augment, g => {
            let networks = StoredStages::of_cell(context.store, cell)?.load(g, context.spec, context.device)?;
            MadeSamples::of(g, context, cell, data, &networks).map(Some)
        }, none => Ok(None))
    }
}
