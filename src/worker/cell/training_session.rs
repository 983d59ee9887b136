//! One stage of a cell: taken from the store, awaited from another process, or trained here under a lease.

use seraug_core::error::{Error, Result};
use seraug_core::files::{self, write_atomic};
use seraug_core::interrupt;
use seraug_core::run_files::{HistoryRow, ModelInfo, read_history, write_history};
use seraug_core::store::{Checkpoints, Claim, Holder, Key, Lease, LeaseObserver, Stage, StageTask, Store};
use seraug_train::control::{Action, Control};
use seraug_train::history::LoggedRow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Time between two looks at a stage that another process trains.
const POLL_INTERVAL: Duration = Duration::from_millis(300);
/// Shortest time between two reports of a training.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Largest checkpoint, in bytes, that is kept after the end of a training for one with more steps.
const LARGEST_KEPT: u64 = 512 << 20;

/// Is told about the progress of a stage.
pub trait StageObserver {
    /// A training is about to start.
    fn begins(&mut self, stage: Stage);
    /// A training has logged a row.
    fn row(&mut self, stage: Stage, row: &LoggedRow);
    /// A training has advanced; called at most once a second.
    fn step(&mut self, stage: Stage, step: usize, steps: usize);
    /// Another process trains the stage; called again every few seconds while it does.
    fn waiting(&mut self, stage: Stage, holder: &Holder);
    /// A remark that stops nothing.
    fn note(&mut self, text: String);
}

/// A stage that a cell needs.
#[derive(Debug, Clone, Copy)]
pub struct StageRequest<'a> {
    /// The store of finished stages.
    pub store: &'a Store,
    /// The stage.
    pub stage: Stage,
    /// The key of its result.
    pub key: &'a Key,
    /// The trajectory that its checkpoints are kept by.
    pub trajectory: &'a Key,
    /// The cell that needs it, for the lease.
    pub task: &'a StageTask,
    /// Time between two checkpoints.
    pub checkpoint_every: Duration,
    /// An entry without a model does not count.
    pub with_model: bool,
}

impl StageRequest<'_> {
    /// The folder of the entry, where it has what is wanted.
    fn found(&self) -> Option<PathBuf> {
        self.store.find(self.stage, self.key).filter(|dir| !self.with_model || ModelInfo::is_in(dir))
    }
}

/// A training that is about to start, its lease in hand.
pub struct PendingTraining<'a> {
    request: &'a StageRequest<'a>,
    lease: Lease,
    /// Is told about the progress.
    pub watch: &'a mut dyn StageObserver,
}

/// Returns the folder of the stage's entry in the store. Where the entry is missing and no other process makes it, `train` is
/// called, which trains under [`PendingTraining::control`] and puts the entry into the store.
///
/// # Errors
/// Those of `train`; a requested stop; a store that cannot be written.
pub fn get_or_train(
    request: StageRequest,
    watch: &mut dyn StageObserver,
    mut train: impl FnMut(&mut PendingTraining) -> Result<PathBuf>,
) -> Result<PathBuf> {
    let StageRequest { store, stage, key, .. } = request;
    let mut lease_observer = LeaseObserver::default();
    let mut reported: Option<Instant> = None;
    loop {
        if let Some(dir) = request.found() {
            return Ok(dir);
        }
        match store.claim(stage, key, request.task, &mut lease_observer)? {
            Claim::Held(lease) => {
                // It may have been finished between the look and the claim.
                if let Some(dir) = request.found() {
                    return Ok(dir);
                }
                match train(&mut PendingTraining { request: &request, lease, watch }) {
                    // Nobody requested a stop: another process took the lease over while this one was suspended.
                    Err(Error::Interrupted(_)) if interrupt::stops() == 0 => {}
                    trained => return trained,
                }
            }
            Claim::Taken(holder) => {
                if reported.is_none_or(|at| at.elapsed() > REPORT_INTERVAL * 5) {
                    watch.waiting(stage, &holder);
                    reported = Some(Instant::now());
                }
                if interrupt::stops() > 0 {
                    return Err(Error::interrupted(format!(
                        "stopped while waiting for {}",
                        describe(&holder)
                    )));
                }
                std::thread::sleep(POLL_INTERVAL);
            }
        }
    }
}

/// The holder of a lease in words: cell, run, process id, host.
pub fn describe(holder: &Holder) -> String {
    format!(
        "{} of {} (process {} on {})",
        holder.task.cell, holder.task.run, holder.owner.pid, holder.owner.host
    )
}

impl PendingTraining<'_> {
    /// Starts the session of a training of `steps` steps. `continues` says whether a training with more steps can resume from
    /// the end of this one.
    pub fn control(&mut self, steps: usize, continues: bool) -> TrainingSession<'_> {
        let request = self.request;
        let checkpoints = request.store.checkpoints(request.stage, request.trajectory);
        self.lease.progress().steps = steps;
        self.watch.begins(request.stage);
        TrainingSession {
            stage: request.stage,
            checkpoints,
            every: request.checkpoint_every,
            lease: &self.lease,
            watch: self.watch,
            steps,
            continues,
            history: Vec::new(),
            before: 0.0,
            begun: Instant::now(),
            saved: Instant::now(),
            reported: Instant::now(),
            records: false,
        }
    }
}

/// The control of one training: resumes it, reports on it, saves checkpoints and stops it.
pub struct TrainingSession<'a> {
    stage: Stage,
    checkpoints: Checkpoints,
    every: Duration,
    lease: &'a Lease,
    watch: &'a mut dyn StageObserver,
    steps: usize,
    continues: bool,
    history: Vec<HistoryRow>,
    /// Seconds of the training up to the checkpoint that it resumed from.
    before: f64,
    begun: Instant,
    saved: Instant,
    reported: Instant,
    /// Whether the training uses CUDA graphs where they can be recorded.
    pub records: bool,
}

/// Name of the file in a checkpoint with the seconds that the training has taken.
const SECONDS: &str = "seconds";

impl TrainingSession<'_> {
    /// All logged rows, also those before an interruption.
    pub fn history(&self) -> &[HistoryRow] {
        &self.history
    }

    /// Wall-clock seconds of the training, including those before an interruption.
    pub fn seconds(&self) -> f64 {
        self.before + self.begun.elapsed().as_secs_f64()
    }

    /// Removes the checkpoints once the entry is in the store. The last one stays for a training with more steps, unless no
    /// training can resume from it or it is large.
    pub fn finish(self) {
        let last = self.checkpoints.latest(|step| step == self.steps);
        let kept = last.is_some_and(|(_, dir)| self.continues && size(&dir) <= LARGEST_KEPT);
        self.checkpoints.keep(self.steps, usize::from(kept));
    }
}

impl Control for TrainingSession<'_> {
    fn resume(&mut self) -> Option<PathBuf> {
        let (step, dir) = self.checkpoints.latest(|step| step <= self.steps)?;
        let history = read_history(&dir.join("history.csv")).ok()?;
        self.before = files::text(&dir.join(SECONDS)).ok()?.trim().parse().ok()?;
        self.history = history;
        self.watch.note(format!("{} resumes at step {step} of {}", self.stage.name(), self.steps));
        self.lease.progress().resumed = step;
        Some(dir)
    }

    fn records(&mut self) -> bool {
        self.records
    }

    fn note(&mut self, text: String) {
        self.watch.note(text);
    }

    fn row(&mut self, row: LoggedRow) -> Result<()> {
        self.watch.row(self.stage, &row);
        let values: Vec<(String, f64)> = row.values.into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
        self.lease.progress().values.clone_from(&values);
        self.history.push(HistoryRow { stage: self.stage.name().to_owned(), step: row.step, values });
        Ok(())
    }

    fn action(&mut self, step: usize, steps: usize) -> Action {
        let now = Instant::now();
        if now - self.reported >= REPORT_INTERVAL {
            self.reported = now;
            self.watch.step(self.stage, step, steps);
        }
        {
            let mut progress = self.lease.progress();
            (progress.step, progress.seconds) = (step, (now - self.begun).as_secs_f64());
        }
        if interrupt::stops() > 0 || self.lease.is_lost() {
            return Action::Stop;
        }
        if (step == steps && self.continues) || now - self.saved >= self.every {
            return Action::Save;
        }
        Action::Continue
    }

    fn save(&mut self, step: usize, write: &dyn Fn(&Path) -> Result<()>) -> Result<()> {
        let saved = self.checkpoints.put(step, |dir| {
            write(dir)?;
            write_atomic(&dir.join(SECONDS), self.seconds().to_string().as_bytes())?;
            write_history(&dir.join("history.csv"), &self.history)
        });
        // The training does not depend on its checkpoints.
        if let Err(e) = saved {
            self.watch.note(format!("checkpoint not saved: {e}"));
        }
        self.saved = Instant::now();
        Ok(())
    }
}

fn size(dir: &Path) -> u64 {
    let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
    files.filter_map(|f| f.metadata().ok()).map(|m| m.len()).sum()
}
