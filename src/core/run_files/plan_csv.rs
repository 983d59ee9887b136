//! plan.csv: every cell of a run, in order, as it was planned before the first was trained.

use super::CellId;
use crate::error::{Error, Result};
use crate::files::{self, write_atomic};
use crate::store::{Key, Stage};
use std::path::Path;

/// A cell of a run, before it is worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCell {
    /// Which cell.
    pub cell: CellId,
    /// Name of the corpus, or of the pair.
    pub corpus: String,
    /// Training utterances after the reduction, without augmentations.
    pub n_train: usize,
    /// Utterances added to them.
    pub n_augmented: usize,
    /// Test utterances.
    pub n_test: usize,
    /// Classes that the reduction thinned, by name.
    pub reduced: Vec<String>,
    /// Key of the augmentor stage; empty without one.
    pub key_augmentor: String,
    /// Key of the classifier stage.
    pub key_classifier: String,
    /// What checkpoints of the augmentor are kept by; empty without one.
    pub trajectory_augmentor: String,
    /// What checkpoints of the classifier are kept by.
    pub trajectory_classifier: String,
}

impl PlannedCell {
    /// Key of `stage`; none where the cell has no such stage.
    pub fn key(&self, stage: Stage) -> Option<Key> {
        Key::read(match stage {
            Stage::Augmentor => &self.key_augmentor,
            Stage::Classifier => &self.key_classifier,
        })
    }

    /// What checkpoints of `stage` are kept by; none where the cell has no such stage.
    pub fn trajectory(&self, stage: Stage) -> Option<Key> {
        Key::read(match stage {
            Stage::Augmentor => &self.trajectory_augmentor,
            Stage::Classifier => &self.trajectory_classifier,
        })
    }
}

const COLUMNS: [&str; 13] = [
    "experiment",
    "corpus",
    "condition",
    "fold",
    "seed",
    "n_train",
    "n_augmented",
    "n_test",
    "reduced",
    "key_augmentor",
    "key_classifier",
    "trajectory_augmentor",
    "trajectory_classifier",
];

fn plan_text(cells: &[PlannedCell]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let row = |c: &PlannedCell| {
        let numbers =
            [c.cell.fold as u64, c.cell.seed, c.n_train as u64, c.n_augmented as u64, c.n_test as u64];
        let mut row = vec![c.cell.experiment.clone(), c.corpus.clone(), c.cell.condition.clone()];
        row.extend(numbers.map(|n| n.to_string()));
        row.extend([c.reduced.join("+"), c.key_augmentor.clone(), c.key_classifier.clone()]);
        row.extend([c.trajectory_augmentor.clone(), c.trajectory_classifier.clone()]);
        row
    };
    let written = writer
        .write_record(COLUMNS)
        .and_then(|()| cells.iter().try_for_each(|c| writer.write_record(row(c))));
    written.expect("memory takes every record");
    String::from_utf8(writer.into_inner().expect("memory takes every record")).expect("text was written")
}

/// Writes plan.csv, atomically.
///
/// # Errors
/// A file that cannot be written.
pub fn write_plan(path: &Path, cells: &[PlannedCell]) -> Result<()> {
    write_atomic(path, plan_text(cells).as_bytes())
}

/// Reads what [`write_plan`] wrote.
///
/// # Errors
/// A file that is not there or not such a table; names the row.
pub fn read_plan(path: &Path) -> Result<Vec<PlannedCell>> {
    let bad = |row: usize, what: &dyn std::fmt::Display| {
        Error::failed(format!("{}:{row}: {what}; is this a run directory of this version?", path.display()))
    };
    let mut reader = csv::Reader::from_reader(files::open(path).map_err(|e| bad(0, &csv::Error::from(e)))?);
    if reader.headers().map_err(|e| bad(1, &e))? != COLUMNS[..] {
        return Err(bad(1, &"not the columns of a plan.csv"));
    }
    let mut cells = Vec::new();
    for (i, record) in reader.records().enumerate() {
        let record = record.map_err(|e| bad(i + 2, &e))?;
        let text = |c: usize| record[c].to_owned();
        let number = |c: usize| {
            record[c].parse::<u64>().map_err(|_| bad(i + 2, &format!("{} = `{}`", COLUMNS[c], &record[c])))
        };
        cells.push(PlannedCell {
            cell: CellId {
                experiment: text(0),
                condition: text(2),
                fold: number(3)? as usize,
                seed: number(4)?,
            },
            corpus: text(1),
            n_train: number(5)? as usize,
            n_augmented: number(6)? as usize,
            n_test: number(7)? as usize,
            reduced: record[8].split('+').filter(|s| !s.is_empty()).map(str::to_owned).collect(),
            key_augmentor: text(9),
            key_classifier: text(10),
            trajectory_augmentor: text(11),
            trajectory_classifier: text(12),
        });
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plan.csv");
        let cell = |fold| PlannedCell {
            cell: CellId { experiment: "open/x".into(), condition: "aug".into(), fold, seed: 7 },
            corpus: "ravdess>emodb".into(),
            n_train: 10,
            n_augmented: 40,
            n_test: 4,
            reduced: vec!["angry".into(), "sad".into()],
            key_augmentor: String::new(),
            key_classifier: "k2".into(),
            trajectory_augmentor: String::new(),
            trajectory_classifier: "t2".into(),
        };
        let cells = vec![cell(1), cell(2)];
        write_plan(&path, &cells).unwrap();
        assert_eq!(read_plan(&path).unwrap(), cells);
        assert_eq!(
            (cells[0].key(Stage::Augmentor), cells[0].key(Stage::Classifier)),
            (None, None),
            "no keys"
        );
        std::fs::write(&path, plan_text(&cells).replace(",2,7,", ",two,7,")).unwrap();
        assert!(read_plan(&path).unwrap_err().to_string().contains("plan.csv:3: fold = `two`"));
    }
}
