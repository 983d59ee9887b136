//! A run directory, read and checked for reporting.

use super::distinct_tests::distinct_tests;
use seraug_core::error::{Error, Result};
use seraug_core::run_files::{
    CellId, EstimateSource, FoldInfo, Outcome, OutcomeStatus, RunDir, RunInfo, read_outcomes,
};
use seraug_core::spec::{self, Protocol, ReductionMode, Spec};
use std::collections::{HashMap, HashSet};

/// All that a report is made from, except the files of single cells, which are read where needed.
#[derive(Debug, Clone)]
pub struct LoadedRun {
    /// The directory that it was read from.
    pub dir: RunDir,
    /// The resolved spec, from spec.toml.
    pub spec: Spec,
    /// Provenance, folds, audit and warnings, from run.toml.
    pub info: RunInfo,
    /// One outcome for each cell that has ended, in the order of outcomes.csv.
    pub outcomes: Vec<Outcome>,
    /// Cross-lingual: the number of different test sets that the seeds have in each data set; empty elsewhere.
    pub distinct_tests: HashMap<String, usize>,
}

impl LoadedRun {
    /// Reads spec.toml, run.toml and outcomes.csv.
    ///
    /// # Errors
    /// A file that is missing or does not parse; classes or conditions in outcomes.csv that spec.toml does not have; a cell
    /// that is listed twice.
    pub fn of(dir: &RunDir) -> Result<LoadedRun> {
        if !dir.spec().is_file() {
            let whole = "has no spec.toml: it is not a whole run directory";
            return Err(Error::failed(format!("{}: {whole}", dir.path().display())));
        }
        let spec = spec::load(&dir.spec(), &[])?;
        if spec.train_on_all {
            let estimate = match EstimateSource::load(dir)? {
                Some(of) => {
                    format!("; how good such models are is in {}, condition {}", of.run, of.condition)
                }
                None => String::new(),
            };
            return Err(Error::usage(format!("{}: nothing is tested in it{estimate}", dir.path().display())));
        }
        let info = RunInfo::load(&dir.info())?;
        let (classes, outcomes) = read_outcomes(&dir.outcomes())?;
        let bad = |what: String| Error::failed(format!("{}: {what}", dir.outcomes().display()));
        if classes.is_empty() {
            return Err(bad("has no recall_ columns: the file is empty or cut".into()));
        }
        if classes != spec.class_names() {
            return Err(bad(format!(
                "classes are {}, but spec.toml has {}: the files are of different runs",
                classes.join(", "),
                spec.class_names().join(", ")
            )));
        }
        if info.fold.is_empty() {
            return Err(Error::failed(format!(
                "{}: lists no [[fold]]: the run is of another version of seraug; run the experiment again",
                dir.info().display()
            )));
        }
        let conditions: HashSet<&str> = spec.condition.iter().map(|c| c.name.as_str()).collect();
        let folds: HashSet<(usize, &str)> = info.fold.iter().map(|f| (f.number, f.corpus.as_str())).collect();
        let mut seen = HashSet::new();
        for o in &outcomes {
            if !conditions.contains(o.cell.condition.as_str()) {
                return Err(bad(format!("condition `{}` is not in spec.toml", o.cell.condition)));
            }
            if !folds.contains(&(o.cell.fold, o.corpus.as_str())) {
                return Err(bad(format!("cell {} of {} belongs to no fold of run.toml", o.cell, o.corpus)));
            }
            if !seen.insert(place(&o.cell)) {
                return Err(bad(format!("cell {} is listed twice", o.cell)));
            }
        }
        let distinct_tests = match spec.protocol {
            Protocol::CrossLingual(_) => distinct_tests(dir)?,
            _ => HashMap::new(),
        };
        Ok(LoadedRun { dir: dir.clone(), spec, info, outcomes, distinct_tests })
    }

    /// The spec's title, marked when a corpus is synthetic.
    pub fn title(&self) -> String {
        let synthetic = if self.synthetic() { " (synthetic corpus)" } else { "" };
        format!("{}{synthetic}", self.spec.title)
    }

    /// Whether some corpus was made by a program.
    pub fn synthetic(&self) -> bool {
        self.info.corpus.iter().any(|c| c.synthetic)
    }

    /// Whether classes are reduced one at a time, each in a data set of its own.
    pub fn per_class(&self) -> bool {
        match &self.spec.reduction {
            Some(r) => r.mode == ReductionMode::PerClass,
            None => {
                let one = self.outcomes.iter().all(|o| o.reduced.len() == 1);
                one && self.outcomes.iter().any(|o| o.reduced != self.outcomes[0].reduced)
            }
        }
    }

    /// Indices of the reduced classes: those of the spec, or, without a reduction in the spec, those that the folds of a given
    /// split file reduce.
    pub fn reduced(&self) -> Vec<usize> {
        if self.spec.reduction.is_some() {
            return self.spec.reduced_classes();
        }
        let names = self.spec.class_names();
        let somewhere = |c: &usize| self.outcomes.iter().any(|o| o.reduced.iter().any(|r| r == names[*c]));
        (0..names.len()).filter(somewhere).collect()
    }

    /// Whether the reduction removes nothing: the classes that it names are rare by nature.
    pub fn rare_by_nature(&self) -> bool {
        self.spec.reduction.as_ref().is_some_and(|r| r.share == 0.0)
    }

    /// What the classes are called that the reduction names: `reduced`, or `rare`.
    pub fn reduced_word(&self) -> &'static str {
        if self.rare_by_nature() { "rare" } else { "reduced" }
    }

    /// Numbers of the groups of test utterances, ascending.
    pub fn groups(&self) -> Vec<usize> {
        let mut groups: Vec<usize> = self.info.fold.iter().map(|f| f.group).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// The group of test utterances of a fold. With one data set a class, several folds share one group.
    pub fn group(&self, fold: usize) -> usize {
        self.info.fold.iter().find(|f| f.number == fold).map_or(fold, |f| f.group)
    }

    /// Cells that are planned for each condition, as (fold, seed).
    pub fn planned(&self) -> Vec<(usize, u64)> {
        let folds = self.info.fold.iter().map(|f| f.number);
        folds.flat_map(|f| self.spec.seeds.iter().map(move |&s| (f, s))).collect()
    }

    /// Cells that are planned for condition `index`, as (fold, seed). Of a scored system, those that were given: nobody planned others.
    pub fn planned_of(&self, index: usize) -> Vec<(usize, u64)> {
        match self.spec.is_scored() {
            true => self.done(index).map(|o| (o.cell.fold, o.cell.seed)).collect(),
            false => self.planned(),
        }
    }

    /// What pairs a cell with one of another condition, beside its fold: its seed. Seeds of two scored systems have nothing to do with
    /// each other, so that of these it is 0.
    pub fn pairing_seed(&self, seed: u64) -> u64 {
        if self.spec.is_scored() { 0 } else { seed }
    }

    /// The least and the largest number of seeds that a condition has in a fold.
    pub fn trainings(&self) -> (usize, usize) {
        if !self.spec.is_scored() {
            return (self.spec.seeds.len(), self.spec.seeds.len());
        }
        let mut counts: HashMap<(&str, usize), usize> = HashMap::new();
        self.outcomes.iter().for_each(|o| *counts.entry((&o.cell.condition, o.cell.fold)).or_default() += 1);
        (counts.values().min().copied().unwrap_or(0), counts.values().max().copied().unwrap_or(0))
    }

    /// What the run is about, in the order of its folds: one corpus, or pairs such as `ravdess>emodb`.
    pub fn data_sets(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        self.info.fold.iter().for_each(|f| {
            if !names.contains(&f.corpus.as_str()) {
                names.push(&f.corpus)
            }
        });
        names
    }

    /// The run as if it were about one of its data sets alone.
    pub fn only(&self, data_set: &str) -> LoadedRun {
        self.with(self.outcomes.iter().filter(|o| o.corpus == data_set), |f| f.corpus == data_set)
    }

    /// The run with some of its outcomes and folds.
    pub fn with<'a>(
        &self,
        outcomes: impl Iterator<Item = &'a Outcome>,
        folds: impl Fn(&FoldInfo) -> bool,
    ) -> LoadedRun {
        let mut info = self.info.clone();
        info.fold.retain(folds);
        LoadedRun {
            dir: self.dir.clone(),
            spec: self.spec.clone(),
            info,
            outcomes: outcomes.cloned().collect(),
            distinct_tests: self.distinct_tests.clone(),
        }
    }

    /// `3 different test sets`, or `2 to 3` of them over the run's data sets, where each seed draws one; none elsewhere.
    pub fn different_tests(&self) -> Option<String> {
        let counts: Vec<usize> =
            self.data_sets().iter().filter_map(|set| self.distinct_tests.get(*set).copied()).collect();
        let (least, most) = (*counts.iter().min()?, *counts.iter().max()?);
        Some(match (least, most) {
            (1, 1) => "one test set for all".to_owned(),
            _ if least == most => format!("{most} different test sets"),
            _ => format!("{least} to {most} different test sets"),
        })
    }

    /// Index of a cell's condition in the spec.
    pub fn condition_of(&self, cell: &CellId) -> usize {
        self.spec.condition.iter().position(|c| c.name == cell.condition).unwrap_or_default()
    }

    /// Outcomes of the finished cells of condition `index`.
    pub fn done(&self, index: usize) -> impl Iterator<Item = &Outcome> {
        let name = &self.spec.condition[index].name;
        self.outcomes.iter().filter(move |o| o.status == OutcomeStatus::Done && o.cell.condition == *name)
    }

    /// Outcomes of the failed cells of condition `index`.
    pub fn failed(&self, index: usize) -> impl Iterator<Item = &Outcome> {
        let name = &self.spec.condition[index].name;
        self.outcomes.iter().filter(move |o| o.status == OutcomeStatus::Failed && o.cell.condition == *name)
    }

    /// Cells that are planned and have no row in outcomes.csv, in plan order.
    pub fn missing(&self) -> Vec<CellId> {
        let there: HashSet<_> = self.outcomes.iter().map(|o| place(&o.cell)).collect();
        let mut missing = Vec::new();
        for (index, c) in self.spec.condition.iter().enumerate() {
            let planned = self.planned_of(index);
            let lacking = planned.iter().filter(|(f, s)| !there.contains(&(c.name.as_str(), *f, *s)));
            missing.extend(lacking.map(|&(fold, seed)| CellId {
                experiment: self.info.experiment.clone(),
                condition: c.name.clone(),
                fold,
                seed,
            }));
        }
        missing
    }
}

/// Condition, fold and seed: what tells a cell from the others of its run.
pub fn place(cell: &CellId) -> (&str, usize, u64) {
    (&cell.condition, cell.fold, cell.seed)
}
