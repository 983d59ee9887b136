//! The inputs of a cell: the experiment, and the data of its fold on the device.

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

/// What a cell is trained with, beside its own place in the plan.
#[derive(Debug, Clone, Copy)]
pub struct CellContext<'a> {
    /// The experiment.
    pub spec: &'a Spec,
    /// The utterances of the experiment.
    pub selection: &'a Selection,
    /// Whether the cell writes a gallery for the report.
    pub gallery: bool,
    /// Whether the cell's diagnostics also have what samples are held against.
    pub references: bool,
    /// Whether they also have kept real utterances through the autoencoder.
    pub reconstruction: bool,
    /// The run directory, which has the cell's files.
    pub run: &'a RunDir,
    /// The store of finished stages and of log-mels.
    pub store: &'a Store,
    /// The device to train on.
    pub device: Device,
    /// Time between two checkpoints.
    pub checkpoint_every: Duration,
    /// Train the augmentor by CUDA graphs where they can be recorded.
    pub cuda_graphs: bool,
    /// Whether the trained classifier stays in the store.
    pub keep_model: bool,
    /// Whether it is trained again where the store has its predictions alone.
    pub trains_for_model: bool,
}

/// The data of a fold on the device; its conditions share it.
#[derive(Debug)]
pub struct FoldData {
    /// Log-mels of `fold.train`, in the same order.
    pub train: Bank,
    /// Log-mels of `fold.test`, in the same order.
    pub test: Bank,
    /// Mean and deviation of the log-mels of `fold.train`.
    pub standardiser: Standardiser,
}

/// The data of the fold that was used last, and the log-mels of all utterances; both are loaded on first use.
#[derive(Debug, Default)]
pub struct LoadedData {
    mels: Option<Vec<LogMel>>,
    fold: Option<(Rc<Fold>, FoldData)>,
}

impl LoadedData {
    /// The data of the judge of `cell`; none where nothing is judged.
    ///
    /// # Errors
    /// As [`LoadedData::data`].
    pub fn judge_data(&mut self, context: &CellContext, cell: &Cell) -> Result<Option<JudgeData>> {
        let Some(halves) = &cell.halves else { return Ok(None) };
        let standardiser = self.data(context, &cell.fold)?.standardiser;
        let mels = self.mels.as_ref().expect("just loaded");
        let training: Vec<&LogMel> = cell.judge_sees().into_iter().map(|i| &mels[i]).collect();
        let reference = halves.reference.log_mels(mels);
        let bank = |items: &[&LogMel]| Bank::new(items, standardiser, context.device);
        Ok(Some(JudgeData { training: bank(&training), reference: bank(&reference) }))
    }

    /// Returns the data of `fold`, loading it where another fold was used last.
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
        // The conditions of a fold follow each other and share its data.
        if self.fold.as_ref().is_none_or(|(loaded, _)| !Rc::ptr_eq(loaded, fold)) {
            self.fold = None;
            self.fold = Some((Rc::clone(fold), FoldData::new(mels, fold, context.device)));
        }
        Ok(&self.fold.as_ref().expect("just loaded").1)
    }
}

/// What the judge of a fold is trained on and measures by, on the device, standardised as the fold is.
#[derive(Debug)]
pub struct JudgeData {
    /// Kept utterances and the judge's half of the removed ones: those of [`Cell::judge_sees`], in that order.
    pub training: Bank,
    /// The reference.
    pub reference: Bank,
}

impl FoldData {
    /// Standardises both sides with the statistics of `fold.train` and puts them on the device.
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
