//! What has become of a run, from its files: plan, outcomes, leases and checkpoints. It asks no process of the run, so it
//! is true also after every one was killed. Of a run that was handed to a cluster, it asks the cluster what is queued.

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
    /// Whether it goes on.
    pub state: RunPhase,
    /// When it began where it goes on or is submitted, when it ended where that was written down, else its last sign
    /// of life.
    pub since: Option<Timestamp>,
    /// Its supervisor, living or killed; none after an orderly end.
    pub supervisor: Option<Holder>,
    /// Numbers of the job arrays that were handed to a cluster.
    pub jobs: Vec<u64>,
    /// What the cluster has of them now; none where there are no such jobs, or it gives no answer.
    pub queue: Option<Vec<ArrayTask>>,
    /// In the order of the plan; none for a table of counts.
    pub cells: Vec<CellStatus>,
    /// Processes that train for this run now.
    pub workers: usize,
    /// Until all cells have ended, from what was measured in this run; none where too little is known.
    pub left: Option<Duration>,
}

/// Whether a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunPhase {
    /// Its supervisor lives, or cells are trained for it.
    Running,
    /// Handed to a cluster, where it waits; or the cluster gives no answer, so that nobody can tell.
    Submitted,
    /// Every cell has ended.
    Finished,
    /// It was ended in order before all cells were.
    Stopped,
    /// Its supervisor was killed.
    Dead,
}

impl RunPhase {
    /// The word for people and scripts.
    pub fn name(self) -> &'static str {
        match self {
            RunPhase::Running => "running",
            RunPhase::Submitted => "submitted",
            RunPhase::Finished => "finished",
            RunPhase::Stopped => "stopped",
            RunPhase::Dead => "dead",
        }
    }

    /// Whether more will happen without anybody's doing.
    pub fn goes_on(self) -> bool {
        matches!(self, RunPhase::Running | RunPhase::Submitted)
    }
}

/// How many cells are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CellCounts {
    /// With a result.
    pub done: usize,
    /// With an error.
    pub failed: usize,
    /// Somebody trains them now.
    pub running: usize,
    /// Nobody does, but a checkpoint is there.
    pub interrupted: usize,
    /// Nothing yet.
    pub waiting: usize,
}

impl RunStatus {
    /// Looks at a run.
    ///
    /// # Errors
    /// A run.toml, plan.csv or outcome.toml that does not read; names it.
    pub fn read(run: &RunDir) -> Result<RunStatus> {
        let info = RunInfo::load(&run.info())?;
        let name = run.name(&info.experiment);
        let store = Store::of(&run.results(&info.experiment));
        let cells = cells::read(run, &name, &store)?;
        let supervisor = run.supervisor_is();
        let jobs: Vec<u64> = slurm::jobs(run)?.iter().map(|j| j.id).collect();
        let open = cells.iter().any(|c| !c.has_ended());
        let queue = if open && !jobs.is_empty() { slurm::tasks(run).ok() } else { None };
        let told = match (&queue, jobs.is_empty()) {
            (Some(tasks), _) if tasks.iter().any(|t| t.state != TaskState::Queued) => Some(RunPhase::Running),
            (Some(tasks), _) => (!tasks.is_empty()).then_some(RunPhase::Submitted),
            (None, no_jobs) => (open && !no_jobs).then_some(RunPhase::Submitted),
        };
        let state = state(&cells, &info, supervisor.as_ref(), told);
        let since = match state {
            RunPhase::Running | RunPhase::Submitted => info.started.parse().ok(),
            RunPhase::Finished if !info.finished.is_empty() => info.finished.parse().ok(),
            _ => last_sign(run),
        };
        let owners: HashSet<String> = cells
            .iter()
            .filter_map(CellStatus::work)
            .filter(|w| w.own)
            .map(|w| format!("{} {}", w.holder.owner.host, w.holder.owner.tag()))
            .collect();
        let left = if state == RunPhase::Running { eta::left(&cells, supervisor.as_ref()) } else { None };
        let path = run.path().to_owned();
        Ok(RunStatus {
            name,
            path,
            state,
            since,
            supervisor,
            jobs,
            queue,
            workers: owners.len(),
            left,
            cells,
        })
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

    /// Whether nothing of it is at work any more, nor will be.
    pub fn is_over(&self) -> bool {
        !self.state.goes_on() && self.counts().running == 0
    }

    /// 3 when cells failed and nothing runs any more, else 0.
    pub fn exit_code(&self) -> u8 {
        if self.is_over() && self.counts().failed > 0 { 3 } else { 0 }
    }

    /// A header, and a line for each running and each failed cell.
    pub fn text(&self) -> String {
        text::text(self)
    }

    /// Everything, for scripts; docs/format.md describes it.
    pub fn json(&self) -> serde_json::Value {
        json::json(self)
    }
}

/// `told` is what follows from the queue of a cluster.
fn state(
    cells: &[CellStatus],
    info: &RunInfo,
    supervisor: Option<&Holder>,
    told: Option<RunPhase>,
) -> RunPhase {
    let all_ended = cells.iter().all(CellStatus::has_ended);
    let ended = if cells.is_empty() { !info.finished.is_empty() } else { all_ended };
    let at_work = cells.iter().filter_map(CellStatus::work).any(|w| w.own);
    match supervisor {
        Some(holder) if holder.is_there() => RunPhase::Running,
        _ if ended => RunPhase::Finished,
        _ if told == Some(RunPhase::Running) => RunPhase::Running,
        // Its workers stop by themselves as soon as they see that it is gone.
        Some(_) if told.is_none() => RunPhase::Dead,
        _ if at_work => RunPhase::Running,
        _ => told.unwrap_or(RunPhase::Stopped),
    }
}

/// When one of the files was last written that a run keeps up to date.
fn last_sign(run: &RunDir) -> Option<Timestamp> {
    let written = |path: PathBuf| std::fs::metadata(path).ok()?.modified().ok();
    let files = [run.supervisor(), run.outcomes(), run.info()];
    Timestamp::try_from(files.into_iter().filter_map(written).max()?).ok()
}
