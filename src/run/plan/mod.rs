//! Every cell of an experiment with the keys of its stages: `seraug plan` shows it, `seraug run` carries it out.

mod build;
mod cell_action;
mod cell_planner;
mod explain;
mod keys;
mod listing;
mod previous_runs;
mod recordings;
mod spec_changes;

pub use cell_action::{ActionKind, CellAction};
pub use cell_planner::CellPlanner;
pub use explain::{Makers, cell_actions};
pub use listing::listing;
use seraug_core::device::NumericClass;
use seraug_core::error::{Error, Result};
use seraug_core::names::folders;
use seraug_core::rng::Seed;
use seraug_core::run_files::{AuditCheck, CellId, PlannedCell};
use seraug_core::spec::{AugmentorSees, Protocol, Spec, TextRule};
use seraug_core::store::{Key, Stage};
use seraug_data::corpora::Corpus;
use seraug_data::leakage::{Auditor, Lineage};
use seraug_data::split::{Fold, RemovedHalves, Selection};
use std::path::Path;
use std::rc::Rc;

/// A planned experiment.
#[derive(Debug)]
pub struct Plan {
    /// The experiment file, with the valences of the corpora filled in.
    pub spec: Spec,
    /// Name of the experiment.
    pub experiment: String,
    /// The utterances of the experiment.
    pub selection: Selection,
    /// What the numbers will depend on.
    pub device: NumericClass,
    /// Every fold with its run seed, as split.csv lists them.
    pub folds: Vec<(u64, Rc<Fold>)>,
    /// Seed by seed, fold by fold, condition by condition: cells that share data follow each other.
    pub cells: Vec<Cell>,
}

/// One (condition, fold, seed).
#[derive(Debug, Clone)]
pub struct Cell {
    /// Experiment, condition, fold and seed.
    pub id: CellId,
    /// Index into the spec's conditions.
    pub condition: usize,
    /// The split of the cell; shared by the conditions that train on the same utterances.
    pub fold: Rc<Fold>,
    /// Root of the cell's random draws. Conditions of a fold share it, so that their comparison is paired.
    pub seed: Seed,
    /// Training utterances that are copied or augmented, ascending; empty without augmentation. Where other utterances are
    /// converted, those whose classes and numbers of segments the conversions are to have.
    pub sources: Rc<[usize]>,
    /// Training utterances that samples are made from, ascending: `sources`, or all that may be converted.
    pub made_from: Rc<[usize]>,
    /// Utterances that the condition adds to the training set.
    pub added: usize,
    /// Key of the autoencoder stage, where its generator needs one.
    pub autoencoder: Option<Key>,
    /// The trajectory that checkpoints of the autoencoder are kept by, where there is one.
    pub autoencoder_trajectory: Option<Key>,
    /// Key of the augmentor stage, where there is one.
    pub augmentor: Option<Key>,
    /// Key of the classifier stage.
    pub classifier: Key,
    /// The trajectory that checkpoints of the augmentor are kept by, where there is one.
    pub augmentor_trajectory: Option<Key>,
    /// The trajectory that checkpoints of the classifier are kept by.
    pub classifier_trajectory: Key,
    /// What the reduction removed, where the spec has a judge and something was removed.
    pub halves: Option<Rc<RemovedHalves>>,
    /// Key of the judge stage, where the cell's samples are judged.
    pub judge: Option<Key>,
    /// The trajectory that checkpoints of the judge are kept by, where there is one.
    pub judge_trajectory: Option<Key>,
}

/// Whether `cell` of `cells`, all of a plan of `spec`, writes a gallery: its generator has one or its samples are judged, and no
/// cell before it has the same condition and data set. It belongs to the first fold of the first seed.
pub fn has_gallery(spec: &Spec, cell: &PlannedCell, cells: &[PlannedCell]) -> bool {
    let same = |c: &&PlannedCell| c.cell.condition == cell.cell.condition && c.corpus == cell.corpus;
    let condition = spec.condition.iter().find(|c| c.name == cell.cell.condition);
    let shown = condition.and_then(|c| c.augment.generator()).is_some_and(|g| g.has_gallery());
    (shown || cell.key_judge.is_some())
        && cells.iter().find(same).is_some_and(|first| first.cell == cell.cell)
}

/// Whether `cell` of `cells`, all of a plan, also writes what samples are held against: kept real utterances, copies and noise. No cell
/// before it has the same judge.
pub fn has_references(cell: &PlannedCell, cells: &[PlannedCell]) -> bool {
    let first = || cells.iter().find(|other| other.key_judge == cell.key_judge);
    cell.key_judge.is_some() && first().is_some_and(|first| first.cell == cell.cell)
}

/// Whether `cell` of `cells`, all of a plan, also writes kept real utterances through its autoencoder: it is judged, and no judged cell
/// before it has the same judge and autoencoder.
pub fn has_reconstruction(cell: &PlannedCell, cells: &[PlannedCell]) -> bool {
    let keys = |c: &PlannedCell| c.key_judge.clone().zip(c.key_autoencoder.clone());
    let own = keys(cell);
    own.is_some()
        && cells.iter().find(|other| keys(other) == own).is_some_and(|first| first.cell == cell.cell)
}

impl Cell {
    /// Key of `stage`; none where the cell has no such stage.
    pub fn key(&self, stage: Stage) -> Option<&Key> {
        match stage {
            Stage::Autoencoder => self.autoencoder.as_ref(),
            Stage::Augmentor => self.augmentor.as_ref(),
            Stage::Classifier => Some(&self.classifier),
            Stage::Judge => self.judge.as_ref(),
        }
    }

    /// The trajectory that checkpoints of `stage` are kept by; none where the cell has no such stage.
    pub fn trajectory(&self, stage: Stage) -> Option<&Key> {
        match stage {
            Stage::Autoencoder => self.autoencoder_trajectory.as_ref(),
            Stage::Augmentor => self.augmentor_trajectory.as_ref(),
            Stage::Classifier => Some(&self.classifier_trajectory),
            Stage::Judge => self.judge_trajectory.as_ref(),
        }
    }

    /// What the judge is trained on: what was kept, and its half of what was removed; empty where nothing is judged. Ascending.
    pub fn judge_sees(&self) -> Vec<usize> {
        let Some(halves) = self.halves.as_ref().filter(|_| self.judge.is_some()) else { return Vec::new() };
        let mut all = [self.fold.train.as_slice(), &halves.judge].concat();
        all.sort_unstable();
        all
    }

    /// Where everything in the cell comes from, for the audit: the same lists that the training uses. `judge_trained_on` is
    /// [`Cell::judge_sees`].
    pub fn lineage<'a>(&'a self, spec: &Spec, judge_trained_on: &'a [usize]) -> Lineage<'a> {
        let train = &self.fold.train;
        Lineage {
            test: &self.fold.test,
            train,
            augmented_from: &self.made_from,
            augmentor_trained_on: if self.augmentor.is_some() || self.autoencoder.is_some() {
                augmentor_sees(spec, &self.fold)
            } else {
                &[]
            },
            statistics_from: train,
            reference: self.halves.as_ref().map(|halves| &halves.reference),
            judge_trained_on,
            speakers_overlap: self.fold.speakers_overlap,
            texts_overlap: spec.texts == TextRule::Counted,
        }
    }
}

/// The utterances that the augmentor of a fold is trained on, a subset of `fold.train`.
pub fn augmentor_sees<'a>(spec: &Spec, fold: &'a Fold) -> &'a [usize] {
    let sees = match &spec.protocol {
        Protocol::CrossLingual(p) => p.augmentor_sees,
        Protocol::SplitFile(p) => p.augmentor_sees,
        _ => AugmentorSees::SourceAndTarget,
    };
    match sees {
        AugmentorSees::SourceAndTarget => &fold.train,
        AugmentorSees::Target => &fold.target,
    }
}

impl Plan {
    /// Plans every cell of `spec` on `corpora` (those of [`Spec::corpora`], in that order).
    ///
    /// # Errors
    /// As [`CellPlanner::new`]; folds that the corpora cannot serve: see [`seraug_data::split::folds`].
    pub fn new(spec: Spec, experiment: String, corpora: Vec<Corpus>, device: NumericClass) -> Result<Plan> {
        CellPlanner::new(spec, experiment, corpora, device)?.plan()
    }

    /// Audits every cell for leaks, as `run` does before the first is trained; counts are summed over the cells.
    ///
    /// # Errors
    /// The first leak, with its cell.
    pub fn audit(&self) -> Result<Vec<AuditCheck>> {
        let auditor = Auditor::new(&self.selection.utterances);
        let mut sums: Vec<AuditCheck> = Vec::new();
        // Most conditions of a fold have the same lists.
        let mut of_fold: Vec<(&Cell, Vec<AuditCheck>)> = Vec::new();
        for cell in &self.cells {
            of_fold.retain(|(other, _)| Rc::ptr_eq(&other.fold, &cell.fold));
            let same = |(other, _): &&(&Cell, Vec<AuditCheck>)| {
                let trains = |c: &Cell| c.augmentor.is_some() || c.autoencoder.is_some();
                let alike = other.made_from == cell.made_from && trains(other) == trains(cell);
                alike && other.judge.is_some() == cell.judge.is_some()
            };
            let checks = match of_fold.iter().find(same) {
                Some((_, checks)) => checks,
                None => {
                    let checks = auditor.audit(&cell.lineage(&self.spec, &cell.judge_sees()));
                    let checks = checks.map_err(|e| Error::failed(format!("{}: {e}", cell.id)))?;
                    of_fold.push((cell, checks));
                    &of_fold[of_fold.len() - 1].1
                }
            };
            // Not every cell has every check: that of names that look alike only where there are any.
            for c in checks {
                match sums.iter_mut().find(|sum| sum.check == c.check) {
                    Some(sum) => {
                        sum.compared += c.compared;
                        sum.hits += c.hits;
                    }
                    None => sums.push(c.clone()),
                }
            }
        }
        Ok(sums)
    }

    /// The cells as plan.csv lists them.
    pub fn rows(&self) -> Vec<PlannedCell> {
        let classes = self.spec.class_names();
        let row = |c: &Cell| PlannedCell {
            cell: c.id.clone(),
            corpus: c.fold.corpus.clone(),
            n_train: c.fold.train.len(),
            n_augmented: c.added,
            n_test: c.fold.test.len(),
            reduced: c.fold.reduced.iter().map(|&class| classes[class].to_owned()).collect(),
            key_autoencoder: c.autoencoder.clone(),
            trajectory_autoencoder: c.autoencoder_trajectory.clone(),
            key_augmentor: c.augmentor.clone(),
            key_classifier: c.classifier.clone(),
            trajectory_augmentor: c.augmentor_trajectory.clone(),
            trajectory_classifier: Some(c.classifier_trajectory.clone()),
            key_judge: c.judge.clone(),
            trajectory_judge: c.judge_trajectory.clone(),
        };
        self.cells.iter().map(row).collect()
    }
}

/// The experiment's name: the spec's path below experiments/, or its file name elsewhere; see [`folders::experiment`].
///
/// # Errors
/// A name that cannot be a folder of the results.
pub fn experiment_name(path: &Path) -> Result<String> {
    folders::experiment(path).map_err(Error::usage)
}
