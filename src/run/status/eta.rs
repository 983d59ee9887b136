//! Estimates the remaining time of a run from the times of its own stages.

use super::cells::{CellState, CellStatus, StageWork};
use seraug_core::run_files::OutcomeStatus;
use seraug_core::store::{Holder, Key, Stage};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

/// Sums and counts of the seconds of each stage, by condition and over all conditions.
#[derive(Default)]
struct Measured(HashMap<(Option<String>, Stage), (f64, f64)>);

impl Measured {
    fn add(&mut self, condition: &str, stage: Stage, seconds: f64) {
        for place in [Some(condition.to_owned()), None] {
            let (sum, n) = self.0.entry((place, stage)).or_default();
            (*sum, *n) = (*sum + seconds, *n + 1.0);
        }
    }

    /// Mean seconds of a stage in a condition, else in all; `None` where the stage was never measured.
    fn seconds(&self, condition: &str, stage: Stage) -> Option<f64> {
        let places = [Some(condition.to_owned()), None];
        places.into_iter().find_map(|place| self.0.get(&(place, stage))).map(|(sum, n)| sum / n)
    }

    /// Measures the stages that were trained for this run; where a condition has none yet, those that are in progress, by their
    /// speed; where there are none at all, those that came from the store, by the time that they once took.
    fn of(cells: &[CellStatus]) -> Measured {
        let (mut measured, mut stored) = (Measured::default(), Measured::default());
        for cell in cells {
            let Some(record) = cell.record.as_ref().filter(|r| r.status == OutcomeStatus::Done) else {
                continue;
            };
            for (stage, seconds) in Stage::ALL.map(|stage| (stage, record.seconds(stage))) {
                let here = record.trained.contains(&stage);
                if here || seconds > 0.0 {
                    let to = if here { &mut measured } else { &mut stored };
                    to.add(&cell.planned.cell.condition, stage, seconds);
                }
            }
        }
        let in_progress: Vec<(&str, Stage, f64)> = cells
            .iter()
            .filter_map(|c| {
                let work = c.work()?;
                let seconds = work.holder.progress.steps as f64 / steps_per_second(work)?;
                Some((c.planned.cell.condition.as_str(), work.stage, seconds))
            })
            .filter(|(condition, stage, _)| {
                !measured.0.contains_key(&(Some((*condition).to_owned()), *stage))
            })
            .collect();
        for (condition, stage, seconds) in in_progress {
            measured.add(condition, stage, seconds);
        }
        for stage in Stage::ALL {
            if !measured.0.contains_key(&(None, stage)) {
                measured
                    .0
                    .extend(stored.0.iter().filter(|((_, s), _)| *s == stage).map(|(k, v)| (k.clone(), *v)));
            }
        }
        measured
    }
}

/// The speed of a training in progress; `None` before its first step.
pub(super) fn steps_per_second(work: &StageWork) -> Option<f64> {
    let p = &work.holder.progress;
    let steps = p.step.saturating_sub(p.resumed);
    (steps > 0 && p.seconds > 0.0).then(|| steps as f64 / p.seconds)
}

/// The time until the last cell has ended, if the present number of workers stays the same. The supervisor's lease says how many
/// `workers` it has, since one may be between two cells. `None` where nobody is working, or where a stage is left that was never
/// measured.
pub(super) fn eta(cells: &[CellStatus], supervisor: Option<&Holder>) -> Option<Duration> {
    let measured = Measured::of(cells);
    // What is being trained, or will be for an earlier cell, is not trained twice.
    let mut made: HashSet<(Stage, Key)> = HashSet::new();
    let mut by_worker: BTreeMap<String, f64> = BTreeMap::new();
    let mut end: f64 = 0.0;
    for cell in cells {
        let CellState::Running(work) = &cell.state else { continue };
        let (seconds, stages) = rest_of(cell, work, &measured)?;
        made.extend(stages.iter().filter_map(|s| Some((*s, cell.planned.key(*s)?.clone()))));
        if work.own {
            by_worker.insert(work.holder.owner.tag(), seconds);
        }
        end = end.max(seconds);
    }
    let mut free: Vec<f64> = by_worker.into_values().collect();
    let stated = supervisor.and_then(|s| s.progress.values.iter().find(|(name, _)| name == "workers"));
    let workers = stated.map_or(0, |(_, n)| *n as usize).min(cells.len()).max(free.len());
    free.resize(workers, 0.0);
    if free.is_empty() {
        return None;
    }
    for cell in cells.iter().filter(|c| matches!(c.state, CellState::Waiting | CellState::Interrupted { .. }))
    {
        let mut seconds = 0.0;
        for stage in Stage::ALL {
            let to_make = cell.planned.key(stage).cloned().filter(|_| !cell.stored.contains(&stage));
            // Where the classifier is in the store, the augmentor is not needed.
            let needed = !cell.stored.contains(&Stage::Classifier);
            if to_make.is_some_and(|key| needed && made.insert((stage, key))) {
                seconds += measured.seconds(&cell.planned.cell.condition, stage)?;
            }
        }
        // The worker that is free first takes the cell.
        let first = free.iter_mut().min_by(|a, b| a.total_cmp(b)).expect("not empty");
        *first += seconds;
        end = end.max(*first);
    }
    Duration::try_from_secs_f64(end).ok()
}

/// Remaining seconds of a running cell, and the stages that it trains in them.
fn rest_of(cell: &CellStatus, work: &StageWork, measured: &Measured) -> Option<(f64, Vec<Stage>)> {
    let condition = &cell.planned.cell.condition;
    let p = &work.holder.progress;
    let to_do = p.steps.saturating_sub(p.step) as f64;
    let here = match steps_per_second(work).filter(|_| p.steps > 0) {
        Some(rate) => to_do / rate,
        None => measured.seconds(condition, work.stage)?,
    };
    // Another run's process trains this one stage.
    if !work.own && work.stage != Stage::Classifier {
        return Some((here, vec![work.stage]));
    }
    let waits = work.stage == Stage::Classifier && p.steps == 0;
    let to_make = |stage: &Stage| cell.planned.key(*stage).is_some() && !cell.stored.contains(stage);
    let others = Stage::ALL.into_iter().filter(|&stage| match stage {
        _ if stage == work.stage => false,
        // Where the classifier's training has begun, or the classifier is there, nothing before it is needed.
        Stage::Classifier => !cell.stored.contains(&stage),
        _ => to_make(&stage) && (waits || (work.stage != Stage::Classifier && stage > work.stage)),
    });
    let mut rest = (here, vec![work.stage]);
    for stage in others {
        rest.0 += measured.seconds(condition, stage)?;
        rest.1.push(stage);
    }
    Some(rest)
}
