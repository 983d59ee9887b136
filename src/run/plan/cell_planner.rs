//! Plans all cells of an experiment, or only those of one seed: a worker that trains one cell of ten thousand needs no
//! others.

use super::build::{Folds, PlanBuilder};
use super::{Cell, Plan};
use seraug_core::device::NumericClass;
use seraug_core::error::{Error, Result};
use seraug_core::run_files::CellId;
use seraug_core::spec::{Precision, Spec};
use seraug_data::corpora::Corpus;
use seraug_data::split::{self, Selection};

/// An experiment whose cells can be planned.
#[derive(Debug)]
pub struct CellPlanner {
    /// The experiment file, with the valences of the corpora filled in.
    pub spec: Spec,
    /// The utterances of the experiment.
    pub selection: Selection,
    experiment: String,
    device: NumericClass,
    /// The word that keys have for the device.
    device_word: String,
    /// The cells of the seed that was planned last. Its folds are shared by pointer, so that data that was loaded for one
    /// cell serves the next.
    planned: Option<(u64, Vec<Cell>)>,
}

impl CellPlanner {
    /// A planner of `spec` on `corpora` (those of [`Spec::corpora`], in that order).
    ///
    /// # Errors
    /// A precision that the device does not have; corpora that the spec cannot use: see [`split::select`].
    pub fn new(
        mut spec: Spec,
        experiment: String,
        corpora: Vec<Corpus>,
        device: NumericClass,
    ) -> Result<CellPlanner> {
        if spec.precision == Precision::Tf32 && device != NumericClass::Cuda {
            return Err(Error::usage(
                "precision = \"tf32\": only a CUDA device computes in TF32; on a CPU use --set precision=f32 or bf16",
            ));
        }
        for corpus in &corpora {
            spec.fill_valence(&corpus.manifest.name, &corpus.manifest.valence);
        }
        let selection = split::select(&spec, corpora)?;
        Ok(CellPlanner {
            spec,
            selection,
            experiment,
            device,
            device_word: device.to_string(),
            planned: None,
        })
    }

    /// Plans every cell.
    ///
    /// # Errors
    /// Folds that the corpora cannot serve; more cells, or utterances in a cell, than are allowed.
    pub fn plan(self) -> Result<Plan> {
        let (folds, cells) = self.cells_of(&self.spec.seeds)?;
        let CellPlanner { spec, selection, experiment, device, .. } = self;
        Ok(Plan { spec, experiment, selection, device, folds, cells })
    }

    /// Plans one cell; none where the experiment does not have it. Its keys do not depend on the cells of other seeds.
    ///
    /// # Errors
    /// As [`CellPlanner::plan`].
    pub fn cell(&mut self, id: &CellId) -> Result<Option<Cell>> {
        if self.planned.as_ref().is_none_or(|(seed, _)| *seed != id.seed) {
            self.planned = Some((id.seed, self.cells_of(&[id.seed])?.1));
        }
        Ok(self.planned.iter().flat_map(|(_, cells)| cells).find(|cell| cell.id == *id).cloned())
    }

    fn cells_of(&self, seeds: &[u64]) -> Result<(Folds, Vec<Cell>)> {
        PlanBuilder::new(&self.spec, &self.experiment, &self.selection, &self.device_word).cells_of(seeds)
    }
}
