//! A folder with a corpus, earlier runs and a store, in which cells can be planned without training.

use crate::common::root;
use crate::corpora::emodb;
use indicatif::ProgressBar;
use seraug_core::device::{DeviceClass, DeviceInfo, NumericClass};
use seraug_core::files::write_atomic;
use seraug_core::run_files::{CellRecord, OutcomeStatus, RunDir, RunInfo, write_outcomes, write_plan};
use seraug_core::spec::{self, Spec};
use seraug_core::store::{Stage, Store};
use seraug_data::corpora::{self, DigestPolicy};
use seraug_data::split::write_splits;
use seraug_run::plan::{Cell, CellAction, Makers, Plan, cell_actions};
use std::path::{Path, PathBuf};

pub const EXPERIMENT: &str = "open/table2-emodb";
/// Its conditions, in the order of the cells of the first fold.
pub const CONDITIONS: [&str; 5] = ["no-aug", "weighted", "copies", "aug", "untrained"];

/// A temporary folder with a corpus and results.
pub struct World {
    pub dir: tempfile::TempDir,
    pub wav: PathBuf,
}

impl Default for World {
    fn default() -> World {
        World::new()
    }
}

impl World {
    pub fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        let wav = emodb(dir.path());
        World { dir, wav }
    }

    pub fn results(&self) -> PathBuf {
        self.dir.path().join("results")
    }

    pub fn store(&self) -> Store {
        Store::of(&self.results())
    }

    /// A plan of the first fold, with `sets` as by `--set`.
    pub fn plan(&self, sets: &[&str]) -> Plan {
        let path = root().join("experiments/open/table2-emodb.toml");
        let folds = ["protocol.leave-speakers-out.folds=5", "protocol.leave-speakers-out.only=[1]"];
        let first = [&["preset=tiny", "seeds=[1]"], folds.as_slice()].concat();
        let sets: Vec<String> = first.iter().chain(sets).map(|s| (*s).to_owned()).collect();
        self.plan_of(spec::load(&path, &sets).unwrap())
    }

    pub fn plan_of(&self, spec: Spec) -> Plan {
        self.plan_on(spec, NumericClass::CPU)
    }

    pub fn plan_on(&self, spec: Spec, device: NumericClass) -> Plan {
        let corpora = self.dir.path().join("corpora");
        let cache = self.results().join(".store");
        let (reading, hidden) = (DigestPolicy::Cached, ProgressBar::hidden());
        let import = |name: &&str| corpora::import(name, &[], &corpora, &cache, reading, &hidden).unwrap();
        let corpora = spec.corpora().iter().map(import).collect();
        Plan::new(spec, EXPERIMENT.into(), corpora, device).unwrap()
    }

    pub fn verdicts(&self, plan: &Plan) -> Vec<CellAction> {
        let here = DeviceInfo { class: DeviceClass::Cpu, name: "Some CPU".into(), ..DeviceInfo::default() };
        cell_actions(plan, &here, &self.store(), &self.results(), &mut Makers::default())
    }

    /// What `plan` says about each condition, with `sets` as by `--set`.
    pub fn said(&self, sets: &[&str]) -> Vec<String> {
        self.verdicts(&self.plan(sets)).iter().map(CellAction::line).collect()
    }

    /// What `plan` says about the condition `aug`.
    pub fn of_aug(&self, sets: &[&str]) -> String {
        self.said(sets).swap_remove(3)
    }

    /// Creates the directory of a run that has just started.
    pub fn begin(&self, plan: &Plan, stamp: &str) -> RunDir {
        let device = DeviceInfo { class: DeviceClass::Cpu, threads: 1, ..DeviceInfo::default() };
        let info = RunInfo { experiment: EXPERIMENT.into(), device, ..RunInfo::default() };
        let classes = plan.spec.class_names();
        RunDir::create(&self.results(), EXPERIMENT, stamp, "abc", |run| {
            write_atomic(&run.spec(), plan.spec.to_toml().as_bytes())?;
            info.save(&run.info())?;
            let folds = plan.folds.iter().map(|(seed, fold)| (*seed, &**fold));
            write_splits(&run.splits(), &plan.selection, &classes, folds)?;
            write_outcomes(&run.outcomes(), &classes, &[])?;
            write_plan(&run.plan(), &plan.rows())
        })
        .unwrap()
    }

    /// Puts the stages of `cell` into the store, as trained by that cell.
    pub fn make(&self, cell: &Cell) {
        self.make_with(cell, "");
    }

    /// The same, with `more` lines in stage.toml.
    pub fn make_with(&self, cell: &Cell, more: &str) {
        let keys = cell.augmentor.iter().map(|k| (Stage::Augmentor, k));
        for (stage, key) in keys.chain([(Stage::Classifier, &cell.classifier)]) {
            let text = format!(
                "seconds = 1.0\nweights-sha256 = \"\"\nmade-by = \"{}\"\nmade-in = \"r\"\n{more}",
                cell.id
            );
            let fill = |dir: &Path| write_atomic(&dir.join("stage.toml"), text.as_bytes());
            self.store().put(stage, key, fill).unwrap();
        }
    }

    pub fn end(&self, run: &RunDir, cell: &Cell, error: &str) {
        let done = error.is_empty();
        let record = CellRecord {
            status: if done { OutcomeStatus::Done } else { OutcomeStatus::Failed },
            error: error.into(),
            key_classifier: Some(cell.classifier.clone()),
            confusion: if done { vec![vec![1; 4]; 4] } else { vec![] },
            ..CellRecord::default()
        };
        record.save(&run.cell_file(&cell.id, "outcome.toml")).unwrap();
    }
}
