//! Every cell of an experiment with the keys of its stages: `plan` shows it, `run` works it off.

mod keys;

use crate::audit::{Lineage, audit};
use crate::corpora::Corpus;
use crate::error::{Error, Result};
use crate::results::{AuditCheck, CellId, Key, PlannedCell, Stage, Store, digest_hex};
use crate::seed::Seed;
use crate::spec::{AugmentorSees, CopySource, FinalWeights, Protocol, Spec, TargetShare};
use crate::split::{self, Fold, Selection};
pub use keys::continues;
use keys::{Shared, digest};
use std::path::Path;
use std::rc::Rc;

/// A planned experiment.
#[derive(Debug)]
pub struct Plan {
    /// What was asked for.
    pub spec: Spec,
    /// Its name.
    pub experiment: String,
    /// The utterances it is about.
    pub selection: Selection,
    /// Every fold with its run seed, as split.csv lists them.
    pub folds: Vec<(u64, Rc<Fold>)>,
    /// Seed by seed, fold by fold, condition by condition: cells that share data follow each other.
    pub cells: Vec<Cell>,
}

/// One (condition, fold, seed).
#[derive(Debug, Clone)]
pub struct Cell {
    /// Its name.
    pub id: CellId,
    /// Index into the spec's conditions.
    pub condition: usize,
    /// Its split; shared by the conditions that train on the same utterances.
    pub fold: Rc<Fold>,
    /// Root of the cell's draws. Conditions of a fold share it: their comparison is paired.
    pub seed: Seed,
    /// Training utterances that are copied or augmented, ascending; empty without augmentation.
    pub sources: Rc<[usize]>,
    /// Utterances that the condition adds to the training set.
    pub added: usize,
    /// Key of the augmentor stage, where there is one.
    pub augmentor: Option<Key>,
    /// Key of the classifier stage.
    pub classifier: Key,
    /// What checkpoints of the augmentor are kept by, where there is one.
    pub augmentor_trajectory: Option<Key>,
    /// What checkpoints of the classifier are kept by.
    pub classifier_trajectory: Key,
}

impl Cell {
    /// Where everything in the cell comes from, for the audit: the very lists that the training uses.
    pub fn lineage(&self, spec: &Spec) -> Lineage<'_> {
        let train = &self.fold.train;
        Lineage {
            test: &self.fold.test,
            train,
            augmented_from: &self.sources,
            augmentor_trained_on: if self.augmentor.is_some() {
                augmentor_sees(spec, &self.fold)
            } else {
                &[]
            },
            statistics_from: train,
            speakers_overlap: self.fold.speakers_overlap,
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
    /// Plans `spec` on `corpora` (those of [`Spec::corpora`], in that order) for a device of class `device`
    /// (`cpu` or `cuda`).
    ///
    /// # Errors
    /// What the corpora cannot serve: see [`split::select`] and [`split::folds`].
    pub fn new(mut spec: Spec, experiment: String, corpora: Vec<Corpus>, device: &str) -> Result<Plan> {
        for corpus in &corpora {
            spec.fill_valence(&corpus.manifest.name, &corpus.manifest.valence);
        }
        let selection = split::select(&spec, corpora)?;
        let mut plan = Plan { spec, experiment, selection, folds: Vec::new(), cells: Vec::new() };
        for &seed in &plan.spec.seeds {
            for fold in split::folds(&plan.spec, &plan.selection, seed)? {
                let fold = Rc::new(fold);
                plan.folds.push((seed, Rc::clone(&fold)));
                let cells = cells_of(&plan, device, &fold, seed);
                plan.cells.extend(cells);
            }
        }
        Ok(plan)
    }

    /// Audits every cell, as `run` does before the first is trained; counts are summed over the cells.
    ///
    /// # Errors
    /// The first leak, with its cell.
    pub fn audit(&self) -> Result<Vec<AuditCheck>> {
        let mut sums: Vec<AuditCheck> = Vec::new();
        // Conditions of a fold mostly come from the same lists.
        let mut last: Option<(&Cell, Vec<AuditCheck>)> = None;
        for cell in &self.cells {
            let same = |(o, _): &(&Cell, Vec<AuditCheck>)| {
                Rc::ptr_eq(&o.fold, &cell.fold)
                    && o.sources == cell.sources
                    && o.augmentor.is_some() == cell.augmentor.is_some()
            };
            let checks = match last.take_if(|l| same(l)) {
                Some((_, checks)) => checks,
                None => audit(&self.selection.utterances, &cell.lineage(&self.spec))
                    .map_err(|e| Error::failed(format!("{}: {e}", cell.id)))?,
            };
            if sums.is_empty() {
                sums.clone_from(&checks);
            } else {
                std::iter::zip(&mut sums, &checks).for_each(|(sum, c)| {
                    sum.compared += c.compared;
                    sum.hits += c.hits;
                });
            }
            last = Some((cell, checks));
        }
        Ok(sums)
    }

    /// The cells as plan.csv lists them.
    pub fn rows(&self) -> Vec<PlannedCell> {
        let classes = self.spec.class_names();
        let text = |key: &Option<Key>| key.as_ref().map(ToString::to_string).unwrap_or_default();
        let row = |c: &Cell| PlannedCell {
            cell: c.id.clone(),
            corpus: c.fold.corpus.clone(),
            n_train: c.fold.train.len(),
            n_augmented: c.added,
            n_test: c.fold.test.len(),
            reduced: c.fold.reduced.iter().map(|&class| classes[class].to_owned()).collect(),
            key_augmentor: text(&c.augmentor),
            key_classifier: c.classifier.to_string(),
            trajectory_augmentor: text(&c.augmentor_trajectory),
            trajectory_classifier: c.classifier_trajectory.to_string(),
        };
        self.cells.iter().map(row).collect()
    }

    /// What is to be done for a cell, and why, on one line.
    pub fn state(cell: &Cell, store: &Store) -> &'static str {
        if store.has(Stage::Classifier, &cell.classifier) {
            return "cached";
        }
        match &cell.augmentor {
            Some(key) if store.has(Stage::Augmentor, key) => "to run: classifier (augmentor cached)",
            Some(_) => "to run: augmentor, classifier",
            None => "to run: classifier",
        }
    }
}

/// The experiment's name: the spec's path below experiments/, or its file name elsewhere.
pub fn experiment_name(path: &Path) -> String {
    let stem = path.with_extension("");
    let parts: Vec<String> =
        stem.components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
    match parts.iter().rposition(|p| p == "experiments") {
        Some(at) if at + 1 < parts.len() => parts[at + 1..].join("/"),
        _ => parts.last().cloned().unwrap_or_default(),
    }
}

/// The cells of a fold: those that train on the same utterances follow each other.
fn cells_of(plan: &Plan, device: &str, fold: &Rc<Fold>, seed: u64) -> Vec<Cell> {
    let (spec, selection) = (&plan.spec, &plan.selection);
    let held_out = spec.classifier.weights == FinalWeights::HeldOut;
    let mut cells = Vec::new();
    for share in [TargetShare::Low, TargetShare::Full] {
        let of_share = |c: &usize| spec.condition[*c].target == share;
        let conditions: Vec<usize> = (0..spec.condition.len()).filter(of_share).collect();
        if conditions.is_empty() {
            continue;
        }
        let fold = match share {
            TargetShare::Full => Rc::clone(fold),
            TargetShare::Low => Rc::new(fold.with(share)),
        };
        let speakers = fold
            .train
            .iter()
            .map(|&i| format!("{}\t{}\n", selection.utterances[i].corpus, selection.utterances[i].speaker));
        let shared = Shared {
            train: digest(selection, &fold.train),
            test: digest(selection, &fold.test),
            seen: digest(selection, augmentor_sees(spec, &fold)),
            speakers: if held_out {
                digest_hex(speakers.collect::<String>().as_bytes())
            } else {
                String::new()
            },
            fold,
            seed,
            device,
        };
        cells.extend(conditions.into_iter().map(|c| cell(plan, &shared, c)));
    }
    cells
}

fn cell(plan: &Plan, shared: &Shared, condition: usize) -> Cell {
    let (spec, selection, fold) = (&plan.spec, &plan.selection, &shared.fold);
    let c = &spec.condition[condition];
    let (sources, copies): (Rc<[usize]>, usize) = match c.augment.copies() {
        None => (Rc::new([]), 0),
        Some((copies, of)) => (sources(of, selection, fold), copies),
    };
    let augmentor = keys::augmentor(spec, c, shared);
    let contents = digest(selection, &sources);
    let classifier = keys::classifier(spec, c, shared, contents, augmentor.as_ref().map(|a| &a.key));
    let (augmentor, augmentor_trajectory) = augmentor.map(|a| (a.key, a.trajectory)).unzip();
    Cell {
        id: CellId {
            experiment: plan.experiment.clone(),
            condition: c.name.clone(),
            fold: fold.number,
            seed: shared.seed,
        },
        condition,
        fold: Rc::clone(fold),
        seed: Seed::new(shared.seed).child(&shared.train),
        classifier: classifier.key,
        classifier_trajectory: classifier.trajectory,
        augmentor_trajectory,
        added: sources.len() * copies,
        sources,
        augmentor,
    }
}

fn sources(of: CopySource, selection: &Selection, fold: &Fold) -> Rc<[usize]> {
    let wanted = |i: &usize| match of {
        CopySource::All => true,
        CopySource::Reduced => fold.reduced.contains(&selection.labels[*i]),
        CopySource::Target => fold.target.binary_search(i).is_ok(),
    };
    fold.train.iter().copied().filter(wanted).collect()
}
