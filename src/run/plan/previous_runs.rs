//! Earlier runs of an experiment: which cells they planned, and how those ended. Each file is read at most once and only when
//! it is needed; an unreadable file counts as missing, because no result depends on it.

use super::Plan;
use super::recordings::Recordings;
use super::spec_changes::{Changes, changes};
use seraug_core::device::NumericClass;
use seraug_core::files;
use seraug_core::names::folders::LATEST;
use seraug_core::run_files::{CellId, CellRecord, OutcomeStatus, PlannedCell, RunDir, RunInfo, read_plan};
use seraug_core::spec::{self, Spec};
use seraug_core::store::{Key, Stage};
use seraug_data::split::{Selection, SplitTable};
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// The place of a cell within an experiment: condition, fold, seed.
type CellPlace = (String, usize, u64);

/// The earlier runs of a plan's experiment.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// The runs, newest first.
    pub(super) runs: Vec<Run>,
    /// The run that `seraug run` would resume: the newest of the same spec, if its plan is the same.
    pub(super) resumable: Option<usize>,
    /// Each cell in the newest run that has it.
    cells: HashMap<CellPlace, Planned>,
    conditions: HashSet<String>,
    folds: HashSet<usize>,
    seeds: HashSet<u64>,
}

/// A cell in an earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Planned {
    /// Index into [`Earlier::runs`].
    pub(super) run: usize,
    pub(super) keys: EarlierKeys,
}

/// The keys of a cell's stages in an earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EarlierKeys {
    /// None without one.
    autoencoder: Option<Key>,
    /// None without one.
    augmentor: Option<Key>,
    pub(super) classifier: Key,
}

impl EarlierKeys {
    pub(super) fn of(&self, stage: Stage) -> Option<&Key> {
        match stage {
            Stage::Autoencoder => self.autoencoder.as_ref(),
            Stage::Augmentor => self.augmentor.as_ref(),
            Stage::Classifier => Some(&self.classifier),
            // It belongs to a fold: its reasons are not told.
            Stage::Judge => None,
        }
    }
}

/// How a cell ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CellEnding {
    Done,
    /// With this error, on one line.
    Failed(String),
}

/// An earlier run.
#[derive(Debug)]
pub(super) struct Run {
    dir: RunDir,
    rows: OnceCell<HashMap<CellPlace, OutcomeRow>>,
    spec: OnceCell<Option<Spec>>,
    device: OnceCell<Option<NumericClass>>,
    recordings: OnceCell<Option<Recordings>>,
    changes: HashMap<String, Changes>,
}

/// A row of outcomes.csv.
#[derive(Debug)]
struct OutcomeRow {
    ended: CellEnding,
    key_augmentor: Option<Key>,
    key_classifier: Key,
}

impl Earlier {
    /// Reads the runs of the plan's experiment below `results`.
    pub(super) fn read(plan: &Plan, results: &Path) -> Earlier {
        let mut earlier = Earlier::default();
        let place = |c: &CellId| (c.condition.clone(), c.fold, c.seed);
        let mut wanted: HashSet<CellPlace> = plan.cells.iter().map(|c| place(&c.id)).collect();
        let text = plan.spec.to_toml();
        // Whether a newer run of the same spec was found, which had other data.
        let mut superseded = false;
        for dir in directories(&results.join(&plan.experiment)) {
            let same_spec = !superseded && files::text(&dir.spec()).is_ok_and(|earlier| earlier == text);
            if wanted.is_empty() && !same_spec {
                if superseded {
                    break;
                }
                continue;
            }
            let run = Run::new(dir);
            let index = earlier.runs.len();
            let planned = read_plan(&run.dir.plan()).ok();
            if same_spec && let Some(planned) = &planned {
                superseded = true;
                if *planned == plan.rows() {
                    earlier.resumable = Some(index);
                }
            }
            let listed = planned.map_or_else(|| run.listed(), |p| p.into_iter().map(keys_of).collect());
            for (place, keys) in listed {
                if !earlier.conditions.contains(&place.0) {
                    earlier.conditions.insert(place.0.clone());
                }
                earlier.folds.insert(place.1);
                earlier.seeds.insert(place.2);
                if wanted.remove(&place) {
                    earlier.cells.insert(place, Planned { run: index, keys });
                }
            }
            earlier.runs.push(run);
        }
        earlier
    }

    /// The cell in the newest run that has it.
    pub(super) fn cell(&self, id: &CellId) -> Option<&Planned> {
        self.cells.get(&(id.condition.clone(), id.fold, id.seed))
    }

    /// What is new about a cell that no earlier run has.
    pub(super) fn novelty(&self, id: &CellId) -> &'static str {
        match id {
            _ if self.conditions.is_empty() => "new",
            id if !self.conditions.contains(&id.condition) => "new condition",
            id if !self.seeds.contains(&id.seed) => "new seed",
            id if !self.folds.contains(&id.fold) => "new fold",
            _ => "new",
        }
    }
}

fn keys_of(c: PlannedCell) -> (CellPlace, EarlierKeys) {
    let keys = EarlierKeys {
        autoencoder: c.key_autoencoder,
        augmentor: c.key_augmentor,
        classifier: c.key_classifier,
    };
    ((c.cell.condition, c.cell.fold, c.cell.seed), keys)
}

/// The run directories in an experiment's folder, newest first, including those of versions that wrote no plan.csv.
fn directories(folder: &Path) -> Vec<RunDir> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()))
        .filter(|e| !e.file_name().to_string_lossy().starts_with('.') && e.file_name() != LATEST)
        .map(|e| e.path())
        .filter(|path| path.join("run.toml").is_file())
        .collect();
    found.sort();
    found.into_iter().rev().map(RunDir::at).collect()
}

impl Run {
    fn new(dir: RunDir) -> Run {
        Run {
            dir,
            rows: OnceCell::new(),
            spec: OnceCell::new(),
            device: OnceCell::new(),
            recordings: OnceCell::new(),
            changes: HashMap::new(),
        }
    }

    /// Its name below the experiment's folder.
    pub(super) fn id(&self) -> String {
        self.dir.id()
    }

    /// Cells and keys of a run without plan.csv: those that have ended.
    fn listed(&self) -> Vec<(CellPlace, EarlierKeys)> {
        let row = |(place, row): (&CellPlace, &OutcomeRow)| {
            let (augmentor, classifier) = (row.key_augmentor.clone(), row.key_classifier.clone());
            (place.clone(), EarlierKeys { autoencoder: None, augmentor, classifier })
        };
        self.rows().iter().map(row).collect()
    }

    fn rows(&self) -> &HashMap<CellPlace, OutcomeRow> {
        self.rows.get_or_init(|| rows(&self.dir.outcomes()).unwrap_or_default())
    }

    /// How the cell with this key of the classifier ended; none where it has not ended. outcomes.csv, which is updated from
    /// the outcome.toml of the cells from time to time, is read first because it is one file. Where it lacks the cell or
    /// has a failure, which a retry may have mended, the cell's own file decides.
    pub(super) fn ended(&self, id: &CellId, key_classifier: &Key) -> Option<CellEnding> {
        let place = (id.condition.clone(), id.fold, id.seed);
        let row = self.rows().get(&place).filter(|row| row.key_classifier == *key_classifier);
        if let Some(OutcomeRow { ended: CellEnding::Done, .. }) = row {
            return Some(CellEnding::Done);
        }
        let record = CellRecord::load(&self.dir.cell_file(id, "outcome.toml")).ok().flatten();
        match record.filter(|r| r.is_of(key_classifier)) {
            Some(r) if r.status == OutcomeStatus::Done => Some(CellEnding::Done),
            Some(r) => Some(CellEnding::Failed(r.error)),
            None => row.map(|row| row.ended.clone()),
        }
    }

    fn spec(&self) -> Option<&Spec> {
        self.spec.get_or_init(|| spec::load(&self.dir.spec(), &[]).ok()).as_ref()
    }

    /// The changes of the spec since then that concern a condition; none where its spec.toml is of another version.
    pub(super) fn changes(&mut self, now: &Spec, condition: &str) -> &Changes {
        if !self.changes.contains_key(condition) {
            let found = self.spec().map(|old| changes(old, now, condition)).unwrap_or_default();
            self.changes.insert(condition.to_owned(), found);
        }
        &self.changes[condition]
    }

    /// What its numbers depend on.
    pub(super) fn device(&self) -> Option<NumericClass> {
        let read = || RunInfo::load(&self.dir.info()).ok().map(|info| info.device.numeric());
        *self.device.get_or_init(read)
    }

    /// Its recordings, compared with those of `selection`, whose classes are those of `now`.
    pub(super) fn recordings(&mut self, now: &Spec, selection: &Selection) -> Option<&mut Recordings> {
        if self.recordings.get().is_none() {
            let classes = self.spec().unwrap_or(now).class_names();
            let table = SplitTable::read(&self.dir.splits()).ok();
            let found = table.map(|table| Recordings::new(table, &classes, selection));
            let _ = self.recordings.set(found);
        }
        self.recordings.get_mut().and_then(Option::as_mut)
    }
}

/// Reads the columns of outcomes.csv that a plan needs.
fn rows(path: &Path) -> Option<HashMap<CellPlace, OutcomeRow>> {
    let mut reader = csv::Reader::from_reader(files::open(path).ok()?);
    let header = reader.headers().ok()?.clone();
    let column = |name: &str| header.iter().position(|h| h == name);
    let [condition, fold, seed, status] =
        [column("condition")?, column("fold")?, column("seed")?, column("status")?];
    let [error, augmentor, classifier] =
        [column("error")?, column("key_augmentor")?, column("key_classifier")?];
    let mut rows = HashMap::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).ok()? {
        let text = |c: usize| record[c].to_owned();
        let ended = match &record[status] {
            "done" => CellEnding::Done,
            _ => CellEnding::Failed(text(error)),
        };
        let key = |c: usize| Key::read(&record[c]);
        let row = OutcomeRow { ended, key_augmentor: key(augmentor), key_classifier: key(classifier)? };
        rows.insert((text(condition), record[fold].parse().ok()?, record[seed].parse().ok()?), row);
    }
    Some(rows)
}
