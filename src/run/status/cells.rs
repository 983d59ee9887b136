//! The state of each cell of a run.

use seraug_core::error::Result;
use seraug_core::metrics::Confusion;
use seraug_core::run_files::{
    CellRecord, Outcome, OutcomeStatus, PlannedCell, RunDir, RunState, read_outcomes,
};
use seraug_core::store::{Holder, Key, Stage, Store};
use std::collections::{HashMap, HashSet};

/// A cell at one moment.
#[derive(Debug)]
pub struct CellStatus {
    /// Its row of plan.csv.
    pub planned: PlannedCell,
    /// How it ended the last time, if it ever did.
    pub record: Option<CellRecord>,
    /// Its state.
    pub state: CellState,
    /// Its stages that are in the store.
    pub stored: Vec<Stage>,
}

/// The state of a cell.
#[derive(Debug)]
pub enum CellState {
    /// It has a result.
    Done,
    /// It has an error.
    Failed,
    /// A living process trains one of its stages.
    Running(StageWork),
    /// No process works on it, but it can resume from a checkpoint.
    Interrupted {
        /// The stage with the checkpoint.
        stage: Stage,
        /// Steps done.
        step: usize,
    },
    /// Nothing has been done for it.
    Waiting,
}

/// The training of a stage that is in progress.
#[derive(Debug)]
pub struct StageWork {
    /// The stage.
    pub stage: Stage,
    /// The process, and the cell that it trains the stage for.
    pub holder: Holder,
    /// Whether it is trained for this run; otherwise another run's process trains a stage that this run needs too.
    pub own: bool,
}

impl CellStatus {
    /// The training in progress, if there is one.
    pub fn work(&self) -> Option<&StageWork> {
        match &self.state {
            CellState::Running(work) => Some(work),
            _ => None,
        }
    }

    /// Whether it has ended, with a result or an error, and is not being retried.
    pub fn has_ended(&self) -> bool {
        matches!(self.state, CellState::Done | CellState::Failed)
    }
}

/// Reads every cell of `run`, whose name is `name`.
///
/// # Errors
/// An unreadable table or outcome.toml.
pub(super) fn read(run: &RunDir, name: &str, store: &Store) -> Result<Vec<CellStatus>> {
    let cells = match (run.plan().is_file(), run.outcomes().is_file()) {
        (true, _) => RunState::read(run)?.cells,
        // A run of a version without plan.csv: only the cells that have ended are known.
        (false, true) => {
            let (_, outcomes) = read_outcomes(&run.outcomes())?;
            outcomes.into_iter().map(|o| (planned(&o), Some(record(o)))).collect()
        }
        (false, false) => Vec::new(),
    };
    let present = names(store.root());
    let mut cells: Vec<CellStatus> = cells
        .into_iter()
        .map(|(planned, record)| CellStatus {
            state: match record.as_ref().map(|r| r.status) {
                Some(OutcomeStatus::Done) => CellState::Done,
                Some(OutcomeStatus::Failed) => CellState::Failed,
                None => CellState::Waiting,
            },
            stored: Stage::ALL
                .into_iter()
                .filter(|&s| planned.key(s).is_some_and(|k| present.contains(&format!("{}-{k}", s.name()))))
                .collect(),
            planned,
            record,
        })
        .collect();
    let made = mark_running(&mut cells, name, store);
    mark_interrupted(&mut cells, &made, store);
    Ok(cells)
}

/// The names in a folder; none where it is missing.
fn names(folder: &std::path::Path) -> HashSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect()
}

/// Assigns each process that holds a lease to one cell. Of the cells that need a stage, only the one it is trained for counts as
/// running. Returns the stages that are being trained.
fn mark_running(cells: &mut [CellStatus], run: &str, store: &Store) -> HashSet<(Stage, Key)> {
    let mut living = store.holders();
    living.retain(|(.., holder)| holder.is_there());
    let made: HashSet<(Stage, Key)> = living.iter().map(|(stage, key, _)| (*stage, key.clone())).collect();
    let users = users(cells, &made);
    let mut by_owner: HashMap<String, Vec<(Stage, Key, Holder)>> = HashMap::new();
    for lease in living.into_iter().filter(|(stage, key, _)| users.contains_key(&(*stage, key.clone()))) {
        by_owner.entry(lease.2.owner.tag()).or_default().push(lease);
    }
    let mut by_owner: Vec<_> = by_owner.into_values().collect();
    by_owner.sort_by_key(|leases| leases[0].2.task.run != run);
    for mut leases in by_owner {
        // A process may hold the lease of a classifier while it trains or awaits its augmentor: the classifier says for which
        // cell, and the stage with steps is the one being trained.
        leases.sort_by_key(|(stage, _, holder)| (holder.progress.steps == 0, *stage));
        let (about, key, holder) = leases.iter().max_by_key(|(stage, ..)| *stage).expect("not empty");
        let (users, own) = (&users[&(*about, key.clone())], holder.task.run == run);
        let named = users.iter().find(|&&i| own && cells[i].planned.cell.to_string() == holder.task.cell);
        let waits = |i: &&usize| matches!(cells[**i].state, CellState::Waiting);
        if !own && users.iter().any(|&i| cells[i].work().is_some()) {
            // One of this run's workers waits for it.
            continue;
        }
        let (stage, _, holder) = leases[0].clone();
        // A failed cell may be retried by its own run; the work of another run does not change that it failed.
        if let Some(&i) = named.or_else(|| users.iter().find(waits))
            && !matches!(cells[i].state, CellState::Done)
        {
            cells[i].state = CellState::Running(StageWork { stage, holder, own });
        }
    }
    made
}

/// The cells that need each of `stages`.
fn users(cells: &[CellStatus], stages: &HashSet<(Stage, Key)>) -> HashMap<(Stage, Key), Vec<usize>> {
    let mut users: HashMap<(Stage, Key), Vec<usize>> = HashMap::new();
    for (i, cell) in cells.iter().enumerate() {
        for stage in Stage::ALL {
            let needed = cell.planned.key(stage).map(|key| (stage, key.clone()));
            if let Some(needed) = needed.filter(|n| stages.contains(n)) {
                users.entry(needed).or_default().push(i);
            }
        }
    }
    users
}

/// Assigns the checkpoints of each stage that no process trains to the first cell that needs the stage.
fn mark_interrupted(cells: &mut [CellStatus], made: &HashSet<(Stage, Key)>, store: &Store) {
    let present = names(&store.root().join("checkpoints"));
    let mut given: HashSet<(Stage, Key)> = made.clone();
    for cell in cells.iter_mut().filter(|c| matches!(c.state, CellState::Waiting)) {
        for stage in [Stage::Classifier, Stage::Augmentor] {
            let (Some(key), Some(trajectory)) = (cell.planned.key(stage), cell.planned.trajectory(stage))
            else {
                continue;
            };
            if cell.stored.contains(&stage) || !present.contains(&format!("{}-{trajectory}", stage.name())) {
                continue;
            }
            if let Some(&step) = store.checkpoints(stage, trajectory).steps().last()
                && given.insert((stage, key.clone()))
            {
                cell.state = CellState::Interrupted { stage, step };
                break;
            }
        }
    }
}

fn planned(outcome: &Outcome) -> PlannedCell {
    PlannedCell {
        cell: outcome.cell.clone(),
        corpus: outcome.corpus.clone(),
        n_train: outcome.n_train,
        n_augmented: outcome.n_augmented,
        n_test: outcome.n_test,
        reduced: outcome.reduced.clone(),
        key_autoencoder: None,
        key_augmentor: outcome.key_augmentor.clone(),
        key_classifier: outcome.key_classifier.clone(),
        trajectory_autoencoder: None,
        trajectory_augmentor: None,
        trajectory_classifier: None,
        key_judge: None,
        trajectory_judge: None,
    }
}

fn record(outcome: Outcome) -> CellRecord {
    CellRecord {
        training_set: None,
        status: outcome.status,
        error: outcome.error,
        key_classifier: Some(outcome.key_classifier),
        seconds_augmentor: outcome.seconds_augmentor,
        seconds_classifier: outcome.seconds_classifier,
        device: outcome.device,
        confusion: outcome.confusion.as_ref().map(Confusion::rows).unwrap_or_default(),
        calibration: outcome.calibration,
        ..CellRecord::default()
    }
}
