//! One stage of a cell: from the store, from whoever is making it, or trained here under a lease.

use seraug_core::error::{Error, Result};
use seraug_core::files::{self, write_atomic};
use seraug_core::interrupt;
use seraug_core::run_files::{HistoryRow, read_history, write_history};
use seraug_core::store::{Checkpoints, Claim, Holder, Key, Lease, LeaseObserver, Stage, StageTask, Store};
use seraug_train::control::{Action, Control};
use seraug_train::history::LoggedRow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Between two looks at a stage that somebody else is making.
const LOOK: Duration = Duration::from_millis(300);
/// Between two signs of life of a training.
const SIGN: Duration = Duration::from_secs(1);
/// A last checkpoint above this size (bytes) is not kept for a training with more steps.
const LARGEST_KEPT: u64 = 512 << 20;

/// Who wants to know how a stage goes.
pub trait StageObserver {
    /// A training is about to begin.
    fn begins(&mut self, stage: Stage);
    /// A log interval of a training.
    fn row(&mut self, stage: Stage, row: &LoggedRow);
    /// A training goes on: at most one a second.
    fn step(&mut self, stage: Stage, step: usize, steps: usize);
    /// Another process makes the stage; called again while it does.
    fn waiting(&mut self, stage: Stage, holder: &Holder);
    /// Something to know that stops nothing.
    fn note(&mut self, text: String);
}

/// A stage to obtain.
#[derive(Debug, Clone, Copy)]
pub struct StageRequest<'a> {
    /// Where finished ones are.
    pub store: &'a Store,
    /// Which.
    pub stage: Stage,
    /// Its key.
    pub key: &'a Key,
    /// What its checkpoints are kept by.
    pub trajectory: &'a Key,
    /// Who asks.
    pub task: &'a StageTask,
    /// Between two checkpoints.
    pub checkpoint_every: Duration,
}

/// A training about to begin.
pub struct PendingTraining<'a> {
    wanted: &'a StageRequest<'a>,
    lease: Lease,
    /// Who wants to know.
    pub watch: &'a mut dyn StageObserver,
}

/// The folder of the stage's entry. `train` is called where it is in no store and
/// nobody else makes it; it trains under [`PendingTraining::control`] and puts the entry into the store.
///
/// # Errors
/// Those of `train`; a stop that was asked for; a store that cannot be written.
pub fn get_or_train(
    wanted: StageRequest,
    watch: &mut dyn StageObserver,
    mut train: impl FnMut(&mut PendingTraining) -> Result<PathBuf>,
) -> Result<PathBuf> {
    let StageRequest { store, stage, key, .. } = wanted;
    let mut observer = LeaseObserver::default();
    let mut said: Option<Instant> = None;
    loop {
        if let Some(dir) = store.find(stage, key) {
            return Ok(dir);
        }
        match store.claim(stage, key, wanted.task, &mut observer)? {
            Claim::Held(lease) => {
                // It may have been finished between the look and the claim.
                if let Some(dir) = store.find(stage, key) {
                    return Ok(dir);
                }
                match train(&mut PendingTraining { wanted: &wanted, lease, watch }) {
                    // Nobody asked: the lease was taken over while this process slept. Its successor goes on.
                    Err(Error::Interrupted(_)) if interrupt::stops() == 0 => {}
                    trained => return trained,
                }
            }
            Claim::Taken(holder) => {
                if said.is_none_or(|at| at.elapsed() > SIGN * 5) {
                    watch.waiting(stage, &holder);
                    said = Some(Instant::now());
                }
                if interrupt::stops() > 0 {
                    return Err(Error::interrupted(format!("stopped while waiting for {}", by(&holder))));
                }
                std::thread::sleep(LOOK);
            }
        }
    }
}

/// Who a holder is, for a person.
pub fn by(holder: &Holder) -> String {
    format!(
        "{} of {} (process {} on {})",
        holder.task.cell, holder.task.run, holder.owner.pid, holder.owner.host
    )
}

impl PendingTraining<'_> {
    /// The reins of a training of `steps` steps. `continues`: a training with more steps
    /// can go on from the end of this one.
    pub fn control(&mut self, steps: usize, continues: bool) -> TrainingSession<'_> {
        let wanted = self.wanted;
        let checkpoints = wanted.store.checkpoints(wanted.stage, wanted.trajectory);
        self.lease.progress().steps = steps;
        self.watch.begins(wanted.stage);
        TrainingSession {
            stage: wanted.stage,
            checkpoints,
            every: wanted.checkpoint_every,
            lease: &self.lease,
            watch: self.watch,
            steps,
            continues,
            history: Vec::new(),
            before: 0.0,
            begun: Instant::now(),
            saved: Instant::now(),
            signed: Instant::now(),
            records: false,
        }
    }
}

/// Checkpoints, signs of life and stops of one training.
pub struct TrainingSession<'a> {
    stage: Stage,
    checkpoints: Checkpoints,
    every: Duration,
    lease: &'a Lease,
    watch: &'a mut dyn StageObserver,
    steps: usize,
    continues: bool,
    history: Vec<HistoryRow>,
    /// Seconds of the training up to the checkpoint that it went on from.
    before: f64,
    begun: Instant,
    saved: Instant,
    signed: Instant,
    /// Whether the training is to be by CUDA graphs where it can.
    pub records: bool,
}

/// Name of the file with the seconds that a checkpoint took.
const SECONDS: &str = "seconds";

impl TrainingSession<'_> {
    /// All rows, also those before an interruption.
    pub fn history(&self) -> &[HistoryRow] {
        &self.history
    }

    /// Wall seconds of the training, also those before an interruption.
    pub fn seconds(&self) -> f64 {
        self.before + self.begun.elapsed().as_secs_f64()
    }

    /// After the entry is in the store: of the checkpoints the last is left, for a training with more steps, unless
    /// none can use it or it is large.
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
        self.watch.note(format!("{} goes on at step {step} of {}", self.stage.name(), self.steps));
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

    fn turn(&mut self, step: usize, steps: usize) -> Action {
        let now = Instant::now();
        if now - self.signed >= SIGN {
            self.signed = now;
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
        Action::GoOn
    }

    fn save(&mut self, step: usize, write: &dyn Fn(&Path) -> Result<()>) -> Result<()> {
        let saved = self.checkpoints.put(step, |dir| {
            write(dir)?;
            write_atomic(&dir.join(SECONDS), self.seconds().to_string().as_bytes())?;
            write_history(&dir.join("history.csv"), &self.history)
        });
        // A checkpoint is a safety: without it the training is only less safe.
        if let Err(e) = saved {
            self.watch.note(format!("no checkpoint: {e}"));
        }
        self.saved = Instant::now();
        Ok(())
    }
}

fn size(dir: &Path) -> u64 {
    let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
    files.filter_map(|f| f.metadata().ok()).map(|m| m.len()).sum()
}
