//! Decides what is to be done for each cell of a plan, and explains it.

use super::cell_action::{ActionKind, CellAction, Reason};
use super::previous_runs::{CellEnding, Earlier, Planned};
use super::spec_changes::Changes;
use super::{Cell, Plan};
use seraug_core::device::DeviceInfo;
use seraug_core::run_files::CellId;
use seraug_core::spec::Autoencoder;
use seraug_core::store::{Holder, Key, Making, Stage, Store};
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

/// The stages that come before a classifier, in order.
const BEFORE: [Stage; 2] = [Stage::Autoencoder, Stage::Augmentor];
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
        for key in Stage::ALL.iter().filter_map(|&stage| cell.key(stage)) {
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
        let is_gone = |stage: &Stage| cell.key(*stage).is_some_and(|key| !self.store.has(*stage, key));
        let gone: Vec<Stage> = BEFORE.into_iter().filter(is_gone).collect();
        if self.store.has(Stage::Classifier, &cell.classifier) && !gone.is_empty() {
            let names = named(&gone);
            let reason = Reason::of_all(format!("{names} (no longer in the store, only its classifier is)"));
            return CellAction::new(ActionKind::ToRun, reason, gone);
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
        // Where what comes before the classifier is from, if it is not trained for this cell.
        let (mut sources, mut missing) = (Vec::new(), Vec::new());
        for (stage, key) in BEFORE.into_iter().filter_map(|stage| Some((stage, cell.key(stage)?))) {
            match self.source(stage, key, makers) {
                Some(source) => sources.push(source),
                None => missing.push((stage, key)),
            }
        }
        let Some(before) = before else {
            let new = Reason::of_all(self.earlier.novelty(&cell.id));
            let stages: Vec<Stage> =
                missing.iter().map(|(stage, _)| *stage).chain([Stage::Classifier]).collect();
            let reasons: Vec<Reason> = [new].into_iter().chain(sources).collect();
            return CellAction::new(ActionKind::ToRun, Reason::after(&named(&stages), &reasons), stages);
        };
        let mut parts: Vec<(Stage, Vec<Reason>)> = Vec::new();
        for (stage, key) in missing {
            let mut reasons = self.because(cell, stage, key, &before);
            reasons.retain(|r| parts.iter().all(|(_, other)| !other.contains(r)));
            parts.push((stage, reasons));
        }
        let mut reasons = match parts.is_empty() || cell.classifier != before.keys.classifier {
            true => self.because(cell, Stage::Classifier, &cell.classifier, &before),
            // Nothing but what comes before it is missing.
            false => Vec::new(),
        };
        // Reasons of earlier stages are not repeated.
        reasons.retain(|r| parts.iter().all(|(_, other)| !other.contains(r)));
        reasons.extend(sources);
        parts.push((Stage::Classifier, reasons));
        let texts: Vec<Reason> =
            parts.iter().map(|(stage, reasons)| Reason::after(stage.name(), reasons)).collect();
        let join = |of: fn(&Reason) -> &str| texts.iter().map(of).collect::<Vec<_>>().join(", ");
        let reason = Reason { text: join(|r| &r.text), alike: join(|r| &r.alike) };
        CellAction::new(ActionKind::ToRun, reason, parts.into_iter().map(|p| p.0).collect())
    }

    /// Where a stage is from that is not trained for this cell; none where it is.
    fn source(&self, stage: Stage, key: &Key, makers: &Makers) -> Option<Reason> {
        let name = stage.name();
        if self.store.has(stage, key) {
            let with = self.making(stage, key).elsewhere(self.here);
            let with = with.map(|with| format!(", made with {with}")).unwrap_or_default();
            return Some(Reason::of_all(format!("{name} cached{with}")));
        }
        let maker = makers.0.get(key)?;
        Some(Reason::of_cell(|by| format!("{name} shared with {by}"), &maker.to_string()))
    }

    /// Why the stage of `key` is to be trained, given the plan of an earlier run.
    fn because(&mut self, cell: &Cell, stage: Stage, key: &Key, before: &Planned) -> Vec<Reason> {
        if before.keys.of(stage) == Some(key) {
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
        let ended = run.ended(&cell.id, &before.keys.classifier);
        match (ended, self.checkpoint(cell, stage)) {
            (Some(CellEnding::Failed(why)), _) => Reason::of_all(format!("failed in {id}: {why}")),
            (_, Some(step)) => {
                // The number of a classifier's steps follows from its segments, which are not counted here.
                let all = self.iterations(cell, stage).map(|n| format!(" of {n}")).unwrap_or_default();
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
        let Changes { autoencoder, augmentor, classifier, data } =
            run.changes(&plan.spec, &cell.id.condition).clone();
        let own = match stage {
            Stage::Autoencoder => &autoencoder,
            Stage::Augmentor => &augmentor,
            Stage::Classifier | Stage::Judge => &classifier,
        };
        if !own.is_empty() {
            return listed(own);
        }
        // A later stage has another key because of an earlier one.
        for (earlier, changes) in [(Stage::Augmentor, &augmentor), (Stage::Autoencoder, &autoencoder)] {
            let other = cell.key(earlier).is_some_and(|key| before.keys.of(earlier) != Some(key));
            if earlier < stage && other && !changes.is_empty() {
                return listed(changes);
            }
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
        let trajectory = cell.trajectory(stage)?;
        let steps = self.iterations(cell, stage).unwrap_or(usize::MAX);
        let kept = self.store.checkpoints(stage, trajectory).steps();
        kept.into_iter().rfind(|step| *step <= steps)
    }

    /// Iterations of a stage before the classifier.
    fn iterations(&self, cell: &Cell, stage: Stage) -> Option<usize> {
        let spec = &self.plan.spec;
        match stage {
            Stage::Autoencoder => Some(Autoencoder::work(spec).iterations),
            Stage::Augmentor => {
                let generator = spec.condition[cell.condition].augment.generator()?;
                generator.work(spec).map(|work| work.iterations)
            }
            Stage::Classifier => None,
            Stage::Judge => spec.judge.as_ref().map(|judge| judge.iterations),
        }
    }

    /// How an entry of the store was made.
    fn making(&self, stage: Stage, key: &Key) -> Making {
        Making::read(&self.store.dir(stage, key))
    }
}

/// `augmentor, classifier`.
fn named(stages: &[Stage]) -> String {
    stages.iter().map(|s| s.name()).collect::<Vec<_>>().join(", ")
}

/// `a 1 → 2, b 3 → 4 and 5 more`.
fn listed(changes: &[String]) -> Reason {
    let shown = changes.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match changes.len().saturating_sub(SHOWN) {
        0 => Reason::of_all(shown),
        more => Reason::of_all(format!("{shown} and {more} more")),
    }
}
