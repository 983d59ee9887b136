//! The state of a run, from its files alone: plan, outcomes, leases and checkpoints. No process of the run is asked, so that it
//! is right even after all of them were killed. For a run on a cluster, the cluster is asked what is queued.

mod cells;
mod eta;
mod find;
mod json;
mod text;

pub use cells::{CellState, CellStatus, StageWork};
pub use find::find;

use crate::slurm::{self, ArrayTask, TaskState};
use jiff::Timestamp;
use seraug_core::error::Result;
use seraug_core::exit;
use seraug_core::run_files::{RunDir, RunInfo};
use seraug_core::store::{Holder, Store};
use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

/// A run at one moment.
#[derive(Debug)]
pub struct RunStatus {
    /// `<experiment>/<run-id>`.
    pub name: String,
    /// Its directory.
    pub path: PathBuf,
    /// Whether it is running.
    pub state: RunPhase,
    /// When it began, for a run that is running or submitted; when it ended, where that is recorded; else when one of its files
    /// was last written.
    pub since: Option<Timestamp>,
    /// Its supervisor, alive or killed; none after an orderly end.
    pub supervisor: Option<Holder>,
    /// Ids of the job arrays that were submitted to a cluster.
    pub jobs: Vec<u64>,
    /// Their tasks in the cluster's queue; none where there are no jobs or the cluster does not answer.
    pub queue: Option<Vec<ArrayTask>>,
    /// The cells in the order of the plan; none for a table of counts.
    pub cells: Vec<CellStatus>,
    /// Number of processes that are training for this run.
    pub workers: usize,
    /// Estimated time until all cells have ended; none where too little is known.
    pub eta: Option<Duration>,
}

/// Whether a run is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunPhase {
    /// Its supervisor is alive, or cells are being trained for it.
    Running,
    /// Submitted to a cluster where it waits, or which does not answer.
    Submitted,
    /// Every cell has ended.
    Finished,
    /// It was stopped in an orderly way before all cells had ended.
    Stopped,
    /// Its supervisor was killed.
    Dead,
}

impl RunPhase {
    /// The word in the text and in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            RunPhase::Running => "running",
            RunPhase::Submitted => "submitted",
            RunPhase::Finished => "finished",
            RunPhase::Stopped => "stopped",
            RunPhase::Dead => "dead",
        }
    }

    /// Whether cells will still be worked on without a further command.
    pub fn is_active(self) -> bool {
        matches!(self, RunPhase::Running | RunPhase::Submitted)
    }
}

/// How many cells are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CellCounts {
    /// Cells with a result.
    pub done: usize,
    /// Cells with an error.
    pub failed: usize,
    /// Cells that are being trained.
    pub running: usize,
    /// Cells that are not being trained but have a checkpoint.
    pub interrupted: usize,
    /// Cells for which nothing has been done.
    pub waiting: usize,
}

impl RunStatus {
    /// Reads the state of a run.
    ///
    /// # Errors
    /// An unreadable run.toml, plan.csv or outcome.toml, by name.
    pub fn read(run: &RunDir) -> Result<RunStatus> {
        let info = RunInfo::load(&run.info())?;
        let name = run.name(&info.experiment);
        let store = Store::of(&run.results(&info.experiment));
        let cells = cells::read(run, &name, &store)?;
        let supervisor = run.supervisor_is();
        let jobs: Vec<u64> = slurm::jobs(run)?.iter().map(|j| j.id).collect();
        let open = cells.iter().any(|c| !c.has_ended());
        let queue = if open && !jobs.is_empty() { slurm::tasks(run).ok() } else { None };
        let queued = match (&queue, jobs.is_empty()) {
            (Some(tasks), _) if tasks.iter().any(|t| t.state != TaskState::Queued) => Some(RunPhase::Running),
            (Some(tasks), _) => (!tasks.is_empty()).then_some(RunPhase::Submitted),
            (None, no_jobs) => (open && !no_jobs).then_some(RunPhase::Submitted),
        };
        let state = state(&cells, &info, supervisor.as_ref(), queued);
        let since = match state {
            RunPhase::Running | RunPhase::Submitted => info.started.parse().ok(),
            RunPhase::Finished if !info.finished.is_empty() => info.finished.parse().ok(),
            _ => last_written(run),
        };
        let owners: HashSet<String> = cells
            .iter()
            .filter_map(CellStatus::work)
            .filter(|w| w.own)
            .map(|w| format!("{} {}", w.holder.owner.host, w.holder.owner.tag()))
            .collect();
        let eta = if state == RunPhase::Running { eta::eta(&cells, supervisor.as_ref()) } else { None };
        let path = run.path().to_owned();
        Ok(RunStatus { name, path, state, since, supervisor, jobs, queue, workers: owners.len(), eta, cells })
    }

    /// How many cells are in each state.
    pub fn counts(&self) -> CellCounts {
        let mut counts = CellCounts::default();
        for cell in &self.cells {
            *match cell.state {
                CellState::Done => &mut counts.done,
                CellState::Failed => &mut counts.failed,
                CellState::Running(_) => &mut counts.running,
                CellState::Interrupted { .. } => &mut counts.interrupted,
                CellState::Waiting => &mut counts.waiting,
            } += 1;
        }
        counts
    }

    /// Whether nothing of it is running or will run.
    pub fn is_over(&self) -> bool {
        !self.state.is_active() && self.counts().running == 0
    }

    /// [`exit::CELLS_FAILED`] when cells failed and nothing runs any more, else [`exit::DONE`].
    pub fn exit_code(&self) -> u8 {
        if self.is_over() && self.counts().failed > 0 { exit::CELLS_FAILED } else { exit::DONE }
    }

    /// The state as text: a header and a line for each running and each failed cell.
    pub fn text(&self) -> String {
        text::text(self)
    }

    /// Everything, for scripts; docs/results.md describes it.
    pub fn json(&self) -> serde_json::Value {
        json::json(self)
    }
}

/// The phase of a run; `queued` is what follows from the queue of a cluster.
fn state(
    cells: &[CellStatus],
    info: &RunInfo,
    supervisor: Option<&Holder>,
    queued: Option<RunPhase>,
) -> RunPhase {
    let all_ended = cells.iter().all(CellStatus::has_ended);
    let ended = if cells.is_empty() { !info.finished.is_empty() } else { all_ended };
    let at_work = cells.iter().filter_map(CellStatus::work).any(|w| w.own);
    match supervisor {
        Some(holder) if holder.is_there() => RunPhase::Running,
        _ if ended => RunPhase::Finished,
        _ if queued == Some(RunPhase::Running) => RunPhase::Running,
        // Its workers stop as soon as they notice that it is gone.
        Some(_) if queued.is_none() => RunPhase::Dead,
        _ if at_work => RunPhase::Running,
        _ => queued.unwrap_or(RunPhase::Stopped),
    }
}

/// When a file that a run keeps up to date was last written.
fn last_written(run: &RunDir) -> Option<Timestamp> {
    let written = |path: PathBuf| std::fs::metadata(path).ok()?.modified().ok();
    let files = [run.supervisor(), run.outcomes(), run.info()];
    Timestamp::try_from(files.into_iter().filter_map(written).max()?).ok()
}
