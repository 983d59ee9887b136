//! Builds the cells of an experiment. What they have in common is computed once, because a plan may have ten thousand.

use super::keys::{self, CellKeys, FoldInputs, UtteranceContents};
use super::{Cell, augmentor_sees};
use seraug_core::digest::digest_hex;
use seraug_core::error::{Error, Result};
use seraug_core::rng::Seed;
use seraug_core::run_files::CellId;
use seraug_core::spec::{Condition, CopySource, FinalWeights, Spec, TargetShare, UTTERANCES};
use seraug_data::split::{Fold, RemovedHalves, Selection, Splits};
use std::collections::HashMap;
use std::rc::Rc;

/// Every fold with its run seed.
pub(super) type Folds = Vec<(u64, Rc<Fold>)>;

/// What all cells of an experiment share.
pub(super) struct PlanBuilder<'a> {
    spec: &'a Spec,
    experiment: &'a str,
    selection: &'a Selection,
    /// The word that keys have for what the numbers depend on.
    device: &'a str,
    contents: UtteranceContents,
    /// The last test set of each fold number with its digest: in most protocols it is the same for every seed.
    tests: HashMap<usize, (Rc<Fold>, Rc<str>)>,
}

/// The utterances that a fold's augmentations are made from.
struct CopySources {
    of: CopySource,
    items: Rc<[usize]>,
    digest: Rc<str>,
}

impl<'a> PlanBuilder<'a> {
    pub(super) fn new(
        spec: &'a Spec,
        experiment: &'a str,
        selection: &'a Selection,
        device: &'a str,
    ) -> PlanBuilder<'a> {
        let contents = UtteranceContents::new(selection);
        PlanBuilder { spec, experiment, selection, device, contents, tests: HashMap::new() }
    }

    /// The folds of each of `seeds` and their cells, in order.
    ///
    /// # Errors
    /// As [`Splits::new`] and [`Splits::folds`]; more cells, or utterances in a cell, than are allowed.
    pub(super) fn cells_of(mut self, seeds: &[u64]) -> Result<(Folds, Vec<Cell>)> {
        let splits = Splits::new(self.spec, self.selection)?;
        let (mut folds, mut cells) = (Vec::new(), Vec::new());
        for &seed in seeds {
            let of_seed = splits.folds(seed)?;
            if let Some(many) = self.spec.cells_of(of_seed.len()) {
                return Err(Error::usage(many));
            }
            for fold in of_seed {
                let fold = Rc::new(fold);
                folds.push((seed, Rc::clone(&fold)));
                self.cells_of_fold(&fold, seed, &mut cells);
            }
            if let Some(cell) = cells.iter().find(|c| c.added > UTTERANCES) {
                return Err(Error::usage(format!(
                    "condition.{}: it adds {} utterances to fold {}, at most {UTTERANCES}; lower its copies",
                    cell.id.condition, cell.added, cell.id.fold
                )));
            }
        }
        Ok((folds, cells))
    }

    /// The cells of a fold: those that train on the same utterances follow each other.
    fn cells_of_fold(&mut self, fold: &Rc<Fold>, seed: u64, cells: &mut Vec<Cell>) {
        let sets = [(TargetShare::Low, false), (TargetShare::Full, false), (TargetShare::Full, true)];
        for (share, unreduced) in sets {
            let of_set = |c: &usize| {
                let c = &self.spec.condition[*c];
                (c.target, c.unreduced) == (share, unreduced)
            };
            let conditions: Vec<usize> = (0..self.spec.condition.len()).filter(of_set).collect();
            if conditions.is_empty() {
                continue;
            }
            let fold = match (share, unreduced) {
                (_, true) => Rc::new(fold.unreduced()),
                (TargetShare::Full, _) => Rc::clone(fold),
                (TargetShare::Low, _) => Rc::new(fold.with(share)),
            };
            let shared = self.shared(fold, seed);
            let mut sources: Vec<CopySources> = Vec::new();
            cells.extend(conditions.into_iter().map(|c| self.cell(&shared, &mut sources, c)));
        }
    }

    fn shared(&mut self, fold: Rc<Fold>, seed: u64) -> FoldInputs<'a> {
        let PlanBuilder { spec, selection, device, contents, tests, .. } = self;
        let train = contents.digest(&fold.train);
        let sees = augmentor_sees(spec, &fold);
        let seen = if sees == fold.train { train.clone() } else { contents.digest(sees) };
        let test = match tests.get(&fold.number) {
            Some((other, digest)) if other.test == fold.test => Rc::clone(digest),
            _ => {
                let digest: Rc<str> = contents.digest(&fold.test).into();
                tests.insert(fold.number, (Rc::clone(&fold), Rc::clone(&digest)));
                digest
            }
        };
        let held_out = spec.classifier.weights == FinalWeights::HeldOut;
        let speakers = match held_out || spec.condition.iter().any(keys::reads_speakers) {
            true => {
                let of = |&i: &usize| &selection.utterances[i];
                let lines = fold.train.iter().map(of).map(|u| format!("{}\t{}\n", u.corpus, u.speaker));
                digest_hex(lines.collect::<String>().as_bytes())
            }
            false => String::new(),
        };
        let halves = (spec.judge.is_some() && !fold.removed.is_empty()).then(|| {
            let seed = Seed::new(seed).child("judge halves").at(fold.number as u64);
            let halves = RemovedHalves::of(&fold, selection, seed);
            let judge = contents.digest(&halves.judge);
            (Rc::new(halves), judge)
        });
        let halves = halves.filter(|(halves, _)| !halves.reference.is_empty());
        FoldInputs { fold, train, test, seen, speakers, halves, seed, device }
    }

    fn cell(&self, shared: &FoldInputs, sources: &mut Vec<CopySources>, condition: usize) -> Cell {
        let PlanBuilder { spec, selection, contents, .. } = self;
        let (c, fold) = (&spec.condition[condition], &shared.fold);
        let (items, digest, copies) = match c.augment.copies() {
            None => (Rc::new([]) as Rc<[usize]>, contents.digest(&[]).into(), 0),
            Some((copies, of)) => {
                if sources.iter().all(|s| s.of != of) {
                    let items = sources_of(of, selection, fold);
                    let digest = contents.digest(&items).into();
                    sources.push(CopySources { of, items, digest });
                }
                let known = sources.iter().find(|s| s.of == of).expect("just pushed");
                (Rc::clone(&known.items), Rc::clone(&known.digest), copies)
            }
        };
        let CellKeys { autoencoder, augmentor, classifier } = keys::of_cell(spec, c, shared, &digest);
        let (autoencoder, autoencoder_trajectory) = autoencoder.map(|a| (a.key, a.trajectory)).unzip();
        let (augmentor, augmentor_trajectory) = augmentor.map(|a| (a.key, a.trajectory)).unzip();
        // Samples of the reduced classes alone have something to be held against.
        let judged = items.iter().any(|&i| fold.reduced.contains(&selection.labels[i]));
        let judge = keys::judge(spec, shared).filter(|_| judged);
        let (judge, judge_trajectory) = judge.map(|j| (j.key, j.trajectory)).unzip();
        Cell {
            id: CellId {
                experiment: self.experiment.to_owned(),
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
            autoencoder,
            autoencoder_trajectory,
            halves: shared.halves.as_ref().map(|(halves, _)| Rc::clone(halves)),
            judge,
            judge_trajectory,
            added: items.len().saturating_mul(copies),
            made_from: made_from(c, spec, selection, fold, &items),
            sources: items,
            augmentor,
        }
    }
}

/// The training utterances that the samples of a condition are made from, where `sources` are those that are multiplied.
fn made_from(
    condition: &Condition,
    spec: &Spec,
    selection: &Selection,
    fold: &Fold,
    sources: &Rc<[usize]>,
) -> Rc<[usize]> {
    let Some(conversion) = condition.augment.generator().and_then(|g| g.converts()) else {
        return Rc::clone(sources);
    };
    let mut targets: Vec<usize> = sources.iter().map(|&i| selection.labels[i]).collect();
    targets.sort_unstable();
    targets.dedup();
    let of = |i: &usize| targets.iter().any(|&to| conversion.allows(spec, selection.labels[*i], to));
    fold.train.iter().copied().filter(of).collect()
}

fn sources_of(of: CopySource, selection: &Selection, fold: &Fold) -> Rc<[usize]> {
    let wanted = |i: &usize| match of {
        CopySource::All => true,
        CopySource::Reduced => fold.reduced.contains(&selection.labels[*i]),
        CopySource::Target => fold.target.binary_search(i).is_ok(),
    };
    fold.train.iter().copied().filter(wanted).collect()
}
