//! Decides what is to be done for each cell of a plan, and explains it.

use super::cell_action::{ActionKind, CellAction, Reason};
use super::previous_runs::{CellEnding, Earlier, Planned};
use super::spec_changes::Changes;
use super::{Cell, Plan};
use seraug_core::device::DeviceInfo;
use seraug_core::run_files::CellId;
use seraug_core::store::{Holder, Key, Making, Stage, Store};
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

/// Changes of the spec that are listed; the rest is counted.
const SHOWN: usize = 2;

/// The first cell of each key among the cells that were explained; experiments that run one after the other share it.
#[derive(Debug, Default)]
pub struct Makers(HashMap<Key, Rc<CellId>>);

/// What is to be done for each cell of `plan`, in its order, given the store and the earlier runs below `results`. Reasons say
/// where a result of the store is of another device than `here` or of another libtorch.
pub fn cell_actions(
    plan: &Plan,
    here: &DeviceInfo,
    store: &Store,
    results: &Path,
    makers: &mut Makers,
) -> Vec<CellAction> {
    let mut explainer = Explainer { plan, here, store, earlier: Earlier::read(plan, results) };
    let mut actions = Vec::with_capacity(plan.cells.len());
    for cell in &plan.cells {
        actions.push(explainer.action(cell, makers));
        let id = Rc::new(cell.id.clone());
        for key in cell.augmentor.iter().chain([&cell.classifier]).chain(&cell.judge) {
            makers.0.entry(key.clone()).or_insert_with(|| Rc::clone(&id));
        }
    }
    actions
}

struct Explainer<'a> {
    plan: &'a Plan,
    here: &'a DeviceInfo,
    store: &'a Store,
    earlier: Earlier,
}

impl Explainer<'_> {
    /// What is done for a cell, its judge included, which comes last.
    fn action(&mut self, cell: &Cell, makers: &Makers) -> CellAction {
        let mut action = self.without_judge(cell, makers);
        let missing = |key: &&Key| !self.store.has(Stage::Judge, key) && !makers.0.contains_key(*key);
        if action.state == ActionKind::Done || cell.judge.as_ref().filter(missing).is_none() {
            return action;
        }
        let trains = action.state == ActionKind::ToRun;
        let judge = match self.checkpoint(cell, Stage::Judge) {
            Some(step) => Reason {
                text: format!("judge (resumes at step {step})"),
                alike: "judge (resumes from a checkpoint)".to_owned(),
            },
            None => Reason::of_all("judge"),
        };
        let after = |rest: &str, judge: String| if trains { format!("{rest}, {judge}") } else { judge };
        let said =
            Reason { text: after(&action.reason, judge.text), alike: after(&action.alike, judge.alike) };
        action.to_run.push(Stage::Judge);
        CellAction::new(ActionKind::ToRun, said, action.to_run)
    }

    fn without_judge(&mut self, cell: &Cell, makers: &Makers) -> CellAction {
        if let Some(run) = self.earlier.resumable.map(|run| &self.earlier.runs[run])
            && run.ended(&cell.id, &cell.classifier) == Some(CellEnding::Done)
        {
            return CellAction::new(ActionKind::Done, Reason::of_all(format!("in {}", run.id())), Vec::new());
        }
        let augmentor_gone =
            cell.augmentor.as_ref().is_some_and(|key| !self.store.has(Stage::Augmentor, key));
        if self.store.has(Stage::Classifier, &cell.classifier) && augmentor_gone {
            let reason = Reason::of_all("augmentor (no longer in the store, only its classifier is)");
            return CellAction::new(ActionKind::ToRun, reason, vec![Stage::Augmentor]);
        }
        if self.store.has(Stage::Classifier, &cell.classifier) {
            let making = self.making(Stage::Classifier, &cell.classifier);
            let with = making.elsewhere(self.here).map(|with| format!("with {with}"));
            let reason = match (making.made_by.filter(|by| !by.is_empty()), with) {
                (Some(name), None) => Reason::of_cell(|by| format!("made by {by}"), &name),
                (Some(name), Some(with)) => Reason::of_cell(|by| format!("made by {by} {with}"), &name),
                (None, with) => Reason::of_all(with.map(|w| format!("made {w}")).unwrap_or_default()),
            };
            return CellAction::new(ActionKind::Cached, reason, Vec::new());
        }
        if let Some(maker) = makers.0.get(&cell.classifier) {
            let reason = Reason::of_cell(|by| format!("{by} trains it"), &maker.to_string());
            return CellAction::new(ActionKind::Shared, reason, Vec::new());
        }
        self.trained(cell, makers)
    }

    /// The action of a cell whose classifier is to be trained.
    fn trained(&mut self, cell: &Cell, makers: &Makers) -> CellAction {
        let before = self.earlier.cell(&cell.id).cloned();
        // Where the augmentor comes from if it is not trained for this cell.
        let source = cell.augmentor.as_ref().and_then(|key| match makers.0.get(key) {
            _ if self.store.has(Stage::Augmentor, key) => {
                let with = self.making(Stage::Augmentor, key).elsewhere(self.here);
                let with = with.map(|with| format!(", made with {with}")).unwrap_or_default();
                Some(Reason::of_all(format!("augmentor cached{with}")))
            }
            Some(maker) => {
                Some(Reason::of_cell(|by| format!("augmentor shared with {by}"), &maker.to_string()))
            }
            None => None,
        });
        let augmentor = cell.augmentor.as_ref().filter(|_| source.is_none());
        let Some(before) = before else {
            let new = Reason::of_all(self.earlier.novelty(&cell.id));
            let mut stages = if augmentor.is_some() { vec![Stage::Augmentor] } else { vec![] };
            stages.push(Stage::Classifier);
            let reasons: Vec<Reason> = [new].into_iter().chain(source).collect();
            let names: Vec<&str> = stages.iter().map(|s| s.name()).collect();
            return CellAction::new(ActionKind::ToRun, Reason::after(&names.join(", "), &reasons), stages);
        };
        let mut parts: Vec<(Stage, Vec<Reason>)> = Vec::new();
        if let Some(key) = augmentor {
            parts.push((Stage::Augmentor, self.because(cell, Stage::Augmentor, key, &before)));
        }
        let mut reasons = match parts.is_empty() || cell.classifier != before.key_classifier {
            true => self.because(cell, Stage::Classifier, &cell.classifier, &before),
            // Nothing but its augmentor is missing.
            false => Vec::new(),
        };
        // Reasons of the augmentor are not repeated.
        reasons.retain(|r| parts.iter().all(|(_, other)| !other.contains(r)));
        reasons.extend(source);
        parts.push((Stage::Classifier, reasons));
        let texts: Vec<Reason> =
            parts.iter().map(|(stage, reasons)| Reason::after(stage.name(), reasons)).collect();
        let join = |of: fn(&Reason) -> &str| texts.iter().map(of).collect::<Vec<_>>().join(", ");
        let reason = Reason { text: join(|r| &r.text), alike: join(|r| &r.alike) };
        CellAction::new(ActionKind::ToRun, reason, parts.into_iter().map(|p| p.0).collect())
    }

    /// Why the stage of `key` is to be trained, given the plan of an earlier run.
    fn because(&mut self, cell: &Cell, stage: Stage, key: &Key, before: &Planned) -> Vec<Reason> {
        let earlier_key = match stage {
            Stage::Augmentor => before.key_augmentor.as_ref(),
            Stage::Classifier => Some(&before.key_classifier),
            // Its reasons are not told: it belongs to a fold, not to a condition.
            Stage::Judge => None,
        };
        if earlier_key == Some(key) {
            return vec![self.unfinished(cell, stage, key, before)];
        }
        let mut reasons = vec![self.difference(cell, stage, before)];
        reasons.extend(self.checkpoint(cell, stage).map(|step| Reason {
            text: format!("resumes at step {step}"),
            alike: "resumes from a checkpoint".to_owned(),
        }));
        reasons
    }

    /// What became of a stage that an earlier run planned with the same key.
    fn unfinished(&self, cell: &Cell, stage: Stage, key: &Key, before: &Planned) -> Reason {
        let run = &self.earlier.runs[before.run];
        let id = run.id();
        if let Some(holder) = self.store.holder(stage, key).filter(Holder::is_there) {
            return Reason::of_cell(
                |by| format!("{by} of {} is training it", holder.task.run),
                &holder.task.cell,
            );
        }
        let ended = run.ended(&cell.id, &before.key_classifier);
        match (ended, self.checkpoint(cell, stage)) {
            (Some(CellEnding::Failed(why)), _) => Reason::of_all(format!("failed in {id}: {why}")),
            (_, Some(step)) => {
                let all = match stage {
                    Stage::Augmentor => format!(" of {}", self.plan.spec.augmentor.iterations),
                    // The number of its steps follows from its segments, which are not counted here.
                    Stage::Classifier | Stage::Judge => String::new(),
                };
                Reason { text: format!("interrupted at step {step}{all}"), alike: "interrupted".to_owned() }
            }
            (Some(CellEnding::Done), None) => Reason::of_all("no longer in the store"),
            (None, None) => Reason::of_all(format!("not reached in {id}")),
        }
    }

    /// Why the key of a stage differs from that of the earlier run.
    fn difference(&mut self, cell: &Cell, stage: Stage, before: &Planned) -> Reason {
        let Explainer { plan, earlier, .. } = self;
        let run = &mut earlier.runs[before.run];
        let Changes { augmentor, classifier, data } = run.changes(&plan.spec, &cell.id.condition).clone();
        let own = match stage {
            Stage::Augmentor => &augmentor,
            Stage::Classifier | Stage::Judge => &classifier,
        };
        if !own.is_empty() {
            return listed(own);
        }
        let other_augmentor = cell.augmentor.is_some() && cell.augmentor != before.key_augmentor;
        if stage == Stage::Classifier && other_augmentor && !augmentor.is_empty() {
            return listed(&augmentor);
        }
        let condition = &plan.spec.condition[cell.condition];
        if let Some(recordings) = run.recordings(&plan.spec, &plan.selection)
            && recordings.differ(cell, condition)
        {
            return match (data.as_slice(), recordings.summary()) {
                ([], "") => Reason {
                    text: format!("the split of fold {} changed", cell.id.fold),
                    alike: "the split changed".to_owned(),
                },
                ([], summary) => Reason::of_all(summary),
                (changes, _) => listed(changes),
            };
        }
        match run.device() {
            Some(device) if device != plan.device => {
                Reason::of_all(format!("device {device} → {}", plan.device))
            }
            // Changes of the data that split.csv does not show, such as the order of the corpora.
            _ if !data.is_empty() => listed(&data),
            _ => Reason::of_all("this version of seraug computes it differently"),
        }
    }

    /// The step of the last checkpoint that a stage can resume from.
    fn checkpoint(&self, cell: &Cell, stage: Stage) -> Option<usize> {
        let (trajectory, steps) = match stage {
            Stage::Augmentor => (cell.augmentor_trajectory.as_ref()?, self.plan.spec.augmentor.iterations),
            Stage::Classifier => (&cell.classifier_trajectory, usize::MAX),
            Stage::Judge => (cell.judge_trajectory.as_ref()?, self.plan.spec.judge.as_ref()?.iterations),
        };
        let kept = self.store.checkpoints(stage, trajectory).steps();
        kept.into_iter().rfind(|step| *step <= steps)
    }

    /// How an entry of the store was made.
    fn making(&self, stage: Stage, key: &Key) -> Making {
        Making::read(&self.store.dir(stage, key))
    }
}

/// `a 1 → 2, b 3 → 4 and 5 more`.
fn listed(changes: &[String]) -> Reason {
    let shown = changes.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match changes.len().saturating_sub(SHOWN) {
        0 => Reason::of_all(shown),
        more => Reason::of_all(format!("{shown} and {more} more")),
    }
}
