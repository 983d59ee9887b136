//! A run as a worker reads it: its experiment, its plan and its corpora.

use crate::cell::CellContext;
use seraug_core::device::{DeviceChoice, NumericClass};
use seraug_core::error::{Error, Result};
use seraug_core::run_files::{CellId, PlannedCell, RunDir, RunInfo, read_plan};
use seraug_core::spec::{self, File, Spec};
use seraug_core::store::Store;
use seraug_run::inputs;
use seraug_run::options::Places;
use seraug_run::plan::{Cell, CellPlanner};
use seraug_run::progress::Display;
use seraug_train::torch::device::{self, Device};
use seraug_train::torch::process_setup;
use std::path::Path;
use std::time::Duration;

/// The experiment of a run, and the device to compute on. A cell is planned when it is asked for, with the others of its seed:
/// all that needs more than one seed is which cell of a condition comes first, and plan.csv has that.
pub(crate) struct OpenedRun {
    pub(crate) planner: CellPlanner,
    /// The rows of plan.csv.
    pub(crate) rows: Vec<PlannedCell>,
    pub(crate) run: RunDir,
    pub(crate) info: RunInfo,
    pub(crate) store: Store,
    pub(crate) device: Device,
}

impl OpenedRun {
    /// Reads `run` and its corpora. Keys are those of `numeric`, or of the device that the run began on.
    ///
    /// # Errors
    /// A run directory that cannot be read; corpora that are missing, incomplete or cannot be used.
    pub(crate) fn open(
        run: &RunDir,
        places: &Places,
        partial: bool,
        device: Device,
        numeric: Option<NumericClass>,
    ) -> Result<OpenedRun> {
        let spec = read_spec(&run.spec())?;
        let info = RunInfo::load(&run.info())?;
        let inputs = inputs::read(&spec, places, partial, &Display::new(true))?;
        let numeric = numeric.unwrap_or_else(|| info.device.numeric());
        Ok(OpenedRun {
            planner: CellPlanner::new(spec, info.experiment.clone(), inputs.corpora, numeric)?,
            rows: read_plan(&run.plan())?,
            run: run.clone(),
            info,
            store: places.store(),
            device,
        })
    }

    /// The cell of a row of plan.csv; none where it would have another key today.
    ///
    /// # Errors
    /// As [`CellPlanner::cell`].
    pub(crate) fn cell(&mut self, planned: &PlannedCell) -> Result<Option<Cell>> {
        Ok(self.planner.cell(&planned.cell)?.filter(|cell| cell.classifier == planned.key_classifier))
    }

    /// The error of a cell that [`OpenedRun::cell`] does not give.
    pub(crate) fn differs(&self, cell: &CellId) -> Error {
        Error::failed(format!(
            "{cell}: the recordings, or this version of a stage, differ from those that {} was planned with; `seraug plan SPEC` \
             says which, `seraug run SPEC --new` trains it anew",
            self.run.path().display()
        ))
    }

    /// What a cell is computed with that trains nothing and keeps nothing.
    pub(crate) fn context(&self) -> CellContext<'_> {
        CellContext {
            spec: &self.planner.spec,
            selection: &self.planner.selection,
            gallery: false,
            references: false,
            reconstruction: false,
            run: &self.run,
            store: &self.store,
            device: self.device,
            checkpoint_every: Duration::MAX,
            cuda_graphs: false,
            keep_model: false,
            trains_for_model: false,
        }
    }
}

/// The device of `choice`, this process set up to compute on it with so many threads of an operation.
///
/// # Errors
/// As [`device::open`].
pub(crate) fn set_up(choice: DeviceChoice, threads: usize) -> Result<Device> {
    device::use_threads(threads.max(1));
    let device = device::open(choice)?;
    if device == Device::Cpu {
        process_setup::prepare();
    }
    Ok(device)
}

/// The resolved spec at `path`.
///
/// # Errors
/// It does not parse, or is no experiment.
pub(crate) fn read_spec(path: &Path) -> Result<Spec> {
    match spec::load_file(path, &[])? {
        File::Experiment(spec) => Ok(*spec),
        _ => Err(Error::failed(format!("{}: not an experiment", path.display()))),
    }
}
