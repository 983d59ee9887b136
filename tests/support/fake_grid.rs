//! A run in progress and its store, made of the files that its processes would have written.

use seraug_core::files::write_atomic;
use seraug_core::owner::Owner;
use seraug_core::run_files::{CellId, CellRecord, OutcomeStatus, PlannedCell, RunDir, RunInfo, write_plan};
use seraug_core::store::{Key, LeaseProgress, Stage, StageTask, Store};
use std::path::{Path, PathBuf};

/// A run of the conditions `no-aug`, `aug` and `var` on some folds; `aug` and `var` of a fold share their augmentor.
pub struct Grid {
    folder: tempfile::TempDir,
    pub run: RunDir,
    pub name: String,
    pub cells: Vec<PlannedCell>,
}

pub const CONDITIONS: [&str; 3] = ["no-aug", "aug", "var"];

fn key(stage: Stage, of: impl serde::Serialize) -> Key {
    Key::of(stage.name(), 1, &of)
}

/// The cells of `experiment`, fold by fold.
pub fn cells(experiment: &str, folds: usize) -> Vec<PlannedCell> {
    let cell = |fold, condition: &str| {
        let guided = condition != "no-aug";
        let of = |on: bool, k: Key| on.then_some(k);
        PlannedCell {
            cell: CellId { experiment: experiment.into(), condition: condition.into(), fold, seed: 1 },
            corpus: "emodb".into(),
            n_train: 192,
            n_augmented: if guided { 288 } else { 0 },
            n_test: 120,
            reduced: vec!["angry".into()],
            key_autoencoder: None,
            key_augmentor: of(guided, key(Stage::Augmentor, fold)),
            key_classifier: key(Stage::Classifier, (condition, fold)),
            trajectory_autoencoder: None,
            trajectory_augmentor: of(guided, key(Stage::Augmentor, ("trajectory", fold))),
            trajectory_classifier: Some(key(Stage::Classifier, ("trajectory", condition, fold))),
            key_judge: None,
            trajectory_judge: None,
        }
    };
    (1..=folds).flat_map(|fold| CONDITIONS.map(|c| cell(fold, c))).collect()
}

/// A process that counts as alive: it is on another machine, and its lease is fresh.
pub fn living(pid: u32) -> Owner {
    Owner { host: "far".into(), realm: format!("{pid:012}"), pid, started: 1 }
}

/// A killed process of this machine.
pub fn dead(pid: u32) -> Owner {
    Owner { pid, started: 1, ..Owner::me().clone() }
}

/// Progress of a training at `step` of `steps`, one step taking `each` seconds.
pub fn at(step: usize, steps: usize, each: f64) -> LeaseProgress {
    LeaseProgress { beat: 9, step, steps, resumed: 0, seconds: step as f64 * each, values: Vec::new() }
}

/// Writes a lease as its owner would.
pub fn write_lease(path: &Path, owner: &Owner, task: &StageTask, progress: &LeaseProgress) {
    let first = serde_json::to_string(&(owner, task)).unwrap();
    let second = serde_json::to_string(progress).unwrap();
    write_atomic(path, format!("{first}\n{second:<1023}\n").as_bytes()).unwrap();
}

impl Grid {
    pub fn new(folds: usize) -> Grid {
        let folder = tempfile::tempdir().unwrap();
        let cells = cells("open/grid", folds);
        let fill = |run: &RunDir| {
            let started = "2026-01-02T03:04:05Z".to_owned();
            RunInfo { experiment: "open/grid".into(), started, ..RunInfo::default() }.save(&run.info())?;
            write_plan(&run.plan(), &cells)
        };
        let results = folder.path().join("results");
        let run = RunDir::create(&results, "open/grid", "20260102T030405Z", "abc", fill).unwrap();
        Grid { name: run.name("open/grid"), folder, run, cells }
    }

    /// A run of 10002 cells, of which 9000 are done and the next one is running.
    pub fn of_ten_thousand() -> Grid {
        let grid = Grid::new(3334);
        for cell in &grid.cells[..9000] {
            let path = grid.run.cell_file(&cell.cell, "outcome.toml");
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let text = format!(
                "status = \"done\"\nerror = \"\"\nkey-classifier = \"{}\"\ntrained = [\"augmentor\", \"classifier\"]\n\
                 seconds-augmentor = 10.5\nseconds-classifier = 5.25\ndevice = \"cpu\"\nhost = \"a\"\n\
                 revision = \"abc\"\nattempts = 1\nwarnings = []\nconfusion = [[1, 2, 3, 4], [1, 2, 3, 4], \
                 [1, 2, 3, 4], [1, 2, 3, 4]]\n",
                cell.key_classifier
            );
            // Not renamed into place, which would take most of the time.
            std::fs::write(path, text).unwrap();
        }
        grid.supervisor(&living(10));
        grid.lease(&living(11), &grid.cells[9000], Stage::Classifier, &at(1, 9, 1.0));
        grid
    }

    /// The working directory of a command.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn results(&self) -> PathBuf {
        self.folder.path().join("results")
    }

    pub fn store(&self) -> Store {
        Store::of(&self.results())
    }

    pub fn cell(&self, condition: &str, fold: usize) -> &PlannedCell {
        self.cells.iter().find(|c| c.cell.condition == condition && c.cell.fold == fold).unwrap()
    }

    /// Marks a cell as done; `trained` are the stages that were not in the store before.
    pub fn done(&self, cell: &PlannedCell, trained: &[Stage], seconds: [f64; 2]) {
        let record = CellRecord {
            status: OutcomeStatus::Done,
            key_classifier: Some(cell.key_classifier.clone()),
            trained: trained.to_vec(),
            seconds_augmentor: seconds[0],
            seconds_classifier: seconds[1],
            attempts: 1,
            confusion: vec![vec![3, 1], vec![2, 2]],
            ..CellRecord::default()
        };
        record.save(&self.run.cell_file(&cell.cell, "outcome.toml")).unwrap();
        for stage in Stage::ALL {
            if let Some(key) = cell.key(stage) {
                self.entry(stage, key, &cell.cell.to_string());
            }
        }
    }

    pub fn failed(&self, cell: &PlannedCell, error: &str) {
        let record = CellRecord {
            error: error.into(),
            key_classifier: Some(cell.key_classifier.clone()),
            attempts: 2,
            ..CellRecord::default()
        };
        record.save(&self.run.cell_file(&cell.cell, "outcome.toml")).unwrap();
    }

    /// Adds an entry with two files to the store.
    pub fn entry(&self, stage: Stage, key: &Key, made_by: &str) -> PathBuf {
        let making = format!("seconds = 1.5\nmade-by = \"{made_by}\"\nmade-in = \"{}\"\n", self.name);
        let fill = |dir: &Path| {
            write_atomic(&dir.join("weights.safetensors"), &[7; 1000])?;
            write_atomic(&dir.join("stage.toml"), making.as_bytes())
        };
        self.store().put(stage, key, fill).unwrap()
    }

    pub fn checkpoint(&self, cell: &PlannedCell, stage: Stage, step: usize) -> PathBuf {
        let checkpoints = self.store().checkpoints(stage, cell.trajectory(stage).unwrap());
        checkpoints.put(step, |dir| write_atomic(&dir.join("state"), &[1; 500])).unwrap();
        checkpoints.dir().to_owned()
    }

    /// A lease by which `owner` trains `stage` of `cell` for this run.
    pub fn lease(&self, owner: &Owner, cell: &PlannedCell, stage: Stage, progress: &LeaseProgress) {
        self.lease_of(owner, &self.name, cell, stage, progress);
    }

    pub fn lease_of(
        &self,
        owner: &Owner,
        run: &str,
        cell: &PlannedCell,
        stage: Stage,
        progress: &LeaseProgress,
    ) {
        let name = format!("{}-{}.json", stage.name(), cell.key(stage).unwrap());
        let task = StageTask { run: run.into(), cell: cell.cell.to_string() };
        write_lease(&self.store().leases().join(name), owner, &task, progress);
    }

    pub fn supervisor(&self, owner: &Owner) {
        let task = StageTask { run: self.name.clone(), cell: String::new() };
        write_lease(&self.run.supervisor(), owner, &task, &LeaseProgress::default());
    }
}
