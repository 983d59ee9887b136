//! Which stages the runs of a results folder name.

use seraug_core::error::Result;
use seraug_core::run_files::{RunDir, read_outcomes, read_plan, runs_below};
use seraug_core::store::{Key, Stage};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// What the runs below a results folder refer to.
#[derive(Debug, Clone, Default)]
pub struct References {
    /// How many runs name the stage.
    runs: HashMap<(Stage, Key), usize>,
    /// Of each trajectory, the stages that lie on it.
    trajectories: HashMap<(Stage, Key), HashSet<Key>>,
    /// Runs that are going on.
    alive: usize,
}

impl References {
    /// Reads plan.csv of every run, or its outcomes.csv where it has no plan.
    ///
    /// # Errors
    /// A table that does not read: what the run refers to cannot be told.
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
                for stage in [Stage::Augmentor, Stage::Classifier] {
                    let Some(key) = cell.key(stage) else { continue };
                    if let Some(trajectory) = cell.trajectory(stage) {
                        self.trajectories.entry((stage, trajectory)).or_default().insert(key.clone());
                    }
                    named.insert((stage, key));
                }
            }
        } else if run.outcomes().is_file() {
            // A run of a version that kept no plan.
            for row in read_outcomes(&run.outcomes())?.1 {
                let keys = [(Stage::Augmentor, row.key_augmentor), (Stage::Classifier, row.key_classifier)];
                named.extend(keys.iter().filter_map(|(stage, key)| Some((*stage, Key::read(key)?))));
            }
        }
        for stage in named {
            *self.runs.entry(stage).or_default() += 1;
        }
        Ok(())
    }

    /// How many runs name the stage.
    pub fn users(&self, stage: Stage, key: &Key) -> usize {
        self.runs.get(&(stage, key.clone())).copied().unwrap_or(0)
    }

    /// The stages that lie on a trajectory.
    pub fn on(&self, stage: Stage, trajectory: &Key) -> Vec<Key> {
        self.trajectories.get(&(stage, trajectory.clone())).into_iter().flatten().cloned().collect()
    }

    /// Whether the trajectory of a stage is known.
    pub fn knows(&self, stage: Stage, key: &Key) -> bool {
        self.trajectories.iter().any(|((s, _), keys)| *s == stage && keys.contains(key))
    }

    /// How many runs are going on.
    pub fn alive(&self) -> usize {
        self.alive
    }
}
