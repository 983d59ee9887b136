//! What cells are made of: the experiment they share, and the data of a fold on the device.

use indicatif::ProgressBar;
use seraug_core::error::Result;
use seraug_core::run_files::RunDir;
use seraug_core::spec::Spec;
use seraug_core::store::Store;
use seraug_data::audio::LogMel;
use seraug_data::features::{self, Standardiser};
use seraug_data::split::{Fold, Selection};
use seraug_run::plan::Cell;
use seraug_train::feature_bank::Bank;
use std::rc::Rc;
use std::time::Duration;
use tch::Device;

/// What the cells of a run share.
#[derive(Debug, Clone, Copy)]
pub struct CellContext<'a> {
    /// The experiment.
    pub spec: &'a Spec,
    /// Its utterances.
    pub selection: &'a Selection,
    /// Every cell of its plan.
    pub cells: &'a [Cell],
    /// Where the files go.
    pub run: &'a RunDir,
    /// Finished stages, and the cache of log-mels.
    pub store: &'a Store,
    /// Where to train.
    pub device: Device,
    /// Between two checkpoints.
    pub checkpoint_every: Duration,
    /// Train the augmentor by CUDA graphs where they can be made.
    pub cuda_graphs: bool,
}

/// The data of a fold on the device; shared by its conditions.
#[derive(Debug)]
pub struct FoldData {
    /// Log-mels of `fold.train`, in its order.
    pub train: Bank,
    /// Log-mels of `fold.test`, in its order.
    pub test: Bank,
    /// Of the log-mels of `fold.train`.
    pub standardiser: Standardiser,
}

/// The data of the fold that was asked for last, and the log-mels that all are made of; loaded when needed.
#[derive(Debug, Default)]
pub struct LoadedData {
    mels: Option<Vec<LogMel>>,
    fold: Option<(Rc<Fold>, FoldData)>,
}

impl LoadedData {
    /// The data of `fold`.
    ///
    /// # Errors
    /// Audio that cannot be read.
    pub fn data(&mut self, context: &CellContext, fold: &Rc<Fold>) -> Result<&FoldData> {
        if self.mels.is_none() {
            let (utterances, hidden) = (&context.selection.utterances, ProgressBar::hidden());
            let store = context.store.root();
            self.mels = Some(features::extract_all(utterances, &context.spec.features, store, &hidden)?);
        }
        let mels = self.mels.as_ref().expect("just loaded");
        // Conditions of a fold follow each other, and share its data.
        if self.fold.as_ref().is_none_or(|(loaded, _)| !Rc::ptr_eq(loaded, fold)) {
            self.fold = None;
            self.fold = Some((Rc::clone(fold), FoldData::new(mels, fold, context.device)));
        }
        Ok(&self.fold.as_ref().expect("just loaded").1)
    }
}

impl FoldData {
    /// Standardises with the statistics of `fold.train` and puts both sides on the device.
    fn new(mels: &[LogMel], fold: &Fold, device: Device) -> FoldData {
        let of = |items: &[usize]| -> Vec<&LogMel> { items.iter().map(|&i| &mels[i]).collect() };
        let (train, test) = (of(&fold.train), of(&fold.test));
        let standardiser = Standardiser::fit(train.iter().copied());
        FoldData {
            train: Bank::new(&train, standardiser, device),
            test: Bank::new(&test, standardiser, device),
            standardiser,
        }
    }
}
