//! How long a run still takes, from what its own stages took.

use super::cells::{CellState, CellStatus, StageWork};
use seraug_core::run_files::OutcomeStatus;
use seraug_core::store::{Holder, Key, Stage};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

/// Mean seconds of a stage, of each condition and of all.
#[derive(Default)]
struct Measured(HashMap<(Option<String>, Stage), (f64, f64)>);

impl Measured {
    fn add(&mut self, condition: &str, stage: Stage, seconds: f64) {
        for place in [Some(condition.to_owned()), None] {
            let (sum, n) = self.0.entry((place, stage)).or_default();
            (*sum, *n) = (*sum + seconds, *n + 1.0);
        }
    }

    /// Of the condition, else of all; `None` where the stage was never measured.
    fn seconds(&self, condition: &str, stage: Stage) -> Option<f64> {
        let places = [Some(condition.to_owned()), None];
        places.into_iter().find_map(|place| self.0.get(&(place, stage))).map(|(sum, n)| sum / n)
    }

    /// From the stages that were trained for cells of this run; where a condition has none yet, from the speed of
    /// those that are going on; where there is no such stage at all, from what those of the store took once.
    fn of(cells: &[CellStatus]) -> Measured {
        let (mut measured, mut stored) = (Measured::default(), Measured::default());
        for cell in cells {
            let Some(record) = cell.record.as_ref().filter(|r| r.status == OutcomeStatus::Done) else {
                continue;
            };
            for (stage, seconds) in
                [(Stage::Augmentor, record.seconds_augmentor), (Stage::Classifier, record.seconds_classifier)]
            {
                let here = record.trained.iter().any(|t| t == stage.name());
                if here || seconds > 0.0 {
                    let to = if here { &mut measured } else { &mut stored };
                    to.add(&cell.planned.cell.condition, stage, seconds);
                }
            }
        }
        let going_on: Vec<(&str, Stage, f64)> = cells
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
        for (condition, stage, seconds) in going_on {
            measured.add(condition, stage, seconds);
        }
        for stage in [Stage::Augmentor, Stage::Classifier] {
            if !measured.0.contains_key(&(None, stage)) {
                measured
                    .0
                    .extend(stored.0.iter().filter(|((_, s), _)| *s == stage).map(|(k, v)| (k.clone(), *v)));
            }
        }
        measured
    }
}

/// Of the process that does it now; `None` before its first step.
pub(super) fn steps_per_second(work: &StageWork) -> Option<f64> {
    let p = &work.holder.progress;
    let steps = p.step.saturating_sub(p.resumed);
    (steps > 0 && p.seconds > 0.0).then(|| steps as f64 / p.seconds)
}

/// Until the last cell has ended, if the workers that are at work go on. A supervisor that says in its lease how many
/// `workers` it keeps is believed, since one may be between two cells just now. `None` where nobody is at work, or a
/// stage is still to be made that was never measured.
pub fn left(cells: &[CellStatus], supervisor: Option<&Holder>) -> Option<Duration> {
    let measured = Measured::of(cells);
    // What somebody makes now, or an earlier cell of the queue will, is not made twice.
    let mut made: HashSet<(Stage, Key)> = HashSet::new();
    let mut by_worker: BTreeMap<String, f64> = BTreeMap::new();
    let mut end: f64 = 0.0;
    for cell in cells {
        let CellState::Running(work) = &cell.state else { continue };
        let (seconds, stages) = rest_of(cell, work, &measured)?;
        made.extend(stages.iter().filter_map(|s| Some((*s, cell.planned.key(*s)?))));
        if work.own {
            by_worker.insert(work.holder.owner.tag(), seconds);
        }
        end = end.max(seconds);
    }
    let mut free: Vec<f64> = by_worker.into_values().collect();
    let told = supervisor.and_then(|s| s.progress.values.iter().find(|(name, _)| name == "workers"));
    let workers = told.map_or(0, |(_, n)| *n as usize).min(cells.len()).max(free.len());
    free.resize(workers, 0.0);
    if free.is_empty() {
        return None;
    }
    for cell in cells.iter().filter(|c| matches!(c.state, CellState::Waiting | CellState::Interrupted { .. }))
    {
        let mut seconds = 0.0;
        for stage in [Stage::Augmentor, Stage::Classifier] {
            let to_make = cell.planned.key(stage).filter(|_| !cell.stored.contains(&stage));
            // With its classifier there, nobody asks for the augmentor.
            let asked = !cell.stored.contains(&Stage::Classifier);
            if to_make.is_some_and(|key| asked && made.insert((stage, key))) {
                seconds += measured.seconds(&cell.planned.cell.condition, stage)?;
            }
        }
        // The worker that is free first takes it.
        let first = free.iter_mut().min_by(|a, b| a.total_cmp(b)).expect("not empty");
        *first += seconds;
        end = end.max(*first);
    }
    Duration::try_from_secs_f64(end).ok()
}

/// Seconds that a running cell still takes, and the stages that it makes in them.
fn rest_of(cell: &CellStatus, work: &StageWork, measured: &Measured) -> Option<(f64, Vec<Stage>)> {
    let condition = &cell.planned.cell.condition;
    let p = &work.holder.progress;
    let to_do = p.steps.saturating_sub(p.step) as f64;
    let here = match steps_per_second(work).filter(|_| p.steps > 0) {
        Some(rate) => to_do / rate,
        None => measured.seconds(condition, work.stage)?,
    };
    let awaits = work.stage == Stage::Classifier && p.steps == 0 && !cell.stored.contains(&Stage::Augmentor);
    if awaits && cell.planned.key(Stage::Augmentor).is_some() {
        return Some((
            here + measured.seconds(condition, Stage::Augmentor)?,
            vec![Stage::Augmentor, Stage::Classifier],
        ));
    }
    // Another run's process makes this one stage for us; what comes after it is our own.
    if work.stage == Stage::Classifier || !work.own || cell.stored.contains(&Stage::Classifier) {
        return Some((here, vec![work.stage]));
    }
    Some((here + measured.seconds(condition, Stage::Classifier)?, vec![Stage::Augmentor, Stage::Classifier]))
}
