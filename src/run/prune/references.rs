//! The stages that the runs of a results folder refer to.

use seraug_core::error::Result;
use seraug_core::run_files::{RunDir, read_outcomes, read_plan, runs_below};
use seraug_core::store::{Key, Stage};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The references of all runs below a results folder.
#[derive(Debug, Clone, Default)]
pub struct References {
    /// Number of runs that refer to each stage.
    runs: HashMap<(Stage, Key), usize>,
    /// The stages on each trajectory.
    trajectories: HashMap<(Stage, Key), HashSet<Key>>,
    /// Number of runs with a living supervisor.
    alive: usize,
}

impl References {
    /// Reads plan.csv of every run, or its outcomes.csv where it has no plan.
    ///
    /// # Errors
    /// An unreadable table, because the references of its run are then unknown.
    pub fn read(results: &Path) -> Result<References> {
        let mut references = References::default();
        for run in runs_below(results) {
            references.alive += usize::from(run.supervisor_is().is_some_and(|h| h.is_there()));
            references.add(&run)?;
        }
        Ok(references)
    }

    fn add(&mut self, run: &RunDir) -> Result<()> {
        let mut named = HashSet::new();
        if run.plan().is_file() {
            for cell in read_plan(&run.plan())? {
                for stage in Stage::ALL {
                    let Some(key) = cell.key(stage).cloned() else { continue };
                    if let Some(trajectory) = cell.trajectory(stage) {
                        self.trajectories.entry((stage, trajectory.clone())).or_default().insert(key.clone());
                    }
                    named.insert((stage, key));
                }
            }
        } else if run.outcomes().is_file() {
            // A run of a version without plan.csv.
            for row in read_outcomes(&run.outcomes())?.1 {
                named.extend(row.key_augmentor.map(|key| (Stage::Augmentor, key)));
                named.insert((Stage::Classifier, row.key_classifier));
            }
        }
        for stage in named {
            *self.runs.entry(stage).or_default() += 1;
        }
        Ok(())
    }

    /// Number of runs that refer to the stage.
    pub fn users(&self, stage: Stage, key: &Key) -> usize {
        self.runs.get(&(stage, key.clone())).copied().unwrap_or(0)
    }

    /// The stages on a trajectory.
    pub fn on(&self, stage: Stage, trajectory: &Key) -> Vec<Key> {
        self.trajectories.get(&(stage, trajectory.clone())).into_iter().flatten().cloned().collect()
    }

    /// Whether the trajectory of a stage is known.
    pub fn knows(&self, stage: Stage, key: &Key) -> bool {
        self.trajectories.iter().any(|((s, _), keys)| *s == stage && keys.contains(key))
    }

    /// Number of runs with a living supervisor.
    pub fn alive(&self) -> usize {
        self.alive
    }
}
