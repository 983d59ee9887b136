//! plan.csv: every cell of a run, in order, as it was planned before the first was trained.

use super::CellId;
use crate::error::{Error, Result};
use crate::files::{self, write_atomic};
use crate::store::{Key, Stage};
use serde::{Deserialize, Serialize};
use std::fmt::Display;
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
    /// Names of the classes that the reduction thinned.
    pub reduced: Vec<String>,
    /// Key of the autoencoder stage; none where no generator needs one.
    pub key_autoencoder: Option<Key>,
    /// Key of the augmentor stage; none without an augmentor.
    pub key_augmentor: Option<Key>,
    /// Key of the classifier stage.
    pub key_classifier: Key,
    /// The trajectory that checkpoints of the autoencoder are kept by; none without one.
    pub trajectory_autoencoder: Option<Key>,
    /// The trajectory that checkpoints of the augmentor are kept by; none without an augmentor.
    pub trajectory_augmentor: Option<Key>,
    /// The trajectory that checkpoints of the classifier are kept by; none for a run without a plan.csv.
    pub trajectory_classifier: Option<Key>,
    /// Key of the judge stage; none where no samples are judged.
    pub key_judge: Option<Key>,
    /// The trajectory that checkpoints of the judge are kept by; none without one.
    pub trajectory_judge: Option<Key>,
}

impl PlannedCell {
    /// Key of `stage`; none where the cell has no such stage.
    pub fn key(&self, stage: Stage) -> Option<&Key> {
        match stage {
            Stage::Autoencoder => self.key_autoencoder.as_ref(),
            Stage::Augmentor => self.key_augmentor.as_ref(),
            Stage::Classifier => Some(&self.key_classifier),
            Stage::Judge => self.key_judge.as_ref(),
        }
    }

    /// The trajectory that checkpoints of `stage` are kept by; none where the cell has no such stage.
    pub fn trajectory(&self, stage: Stage) -> Option<&Key> {
        match stage {
            Stage::Autoencoder => self.trajectory_autoencoder.as_ref(),
            Stage::Augmentor => self.trajectory_augmentor.as_ref(),
            Stage::Classifier => self.trajectory_classifier.as_ref(),
            Stage::Judge => self.trajectory_judge.as_ref(),
        }
    }
}

/// A row of the file: the fields are its columns.
#[derive(Serialize, Deserialize)]
struct PlanRow {
    experiment: String,
    corpus: String,
    condition: String,
    fold: usize,
    seed: u64,
    n_train: usize,
    n_augmented: usize,
    n_test: usize,
    /// Class names, joined by `+`.
    reduced: String,
    key_augmentor: Option<Key>,
    key_classifier: Key,
    trajectory_augmentor: Option<Key>,
    trajectory_classifier: Option<Key>,
    #[serde(default)]
    key_autoencoder: Option<Key>,
    #[serde(default)]
    trajectory_autoencoder: Option<Key>,
    #[serde(default)]
    key_judge: Option<Key>,
    #[serde(default)]
    trajectory_judge: Option<Key>,
}

/// The last four are there in pairs, where a cell has the stage.
const COLUMNS: [&str; 17] = [
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
    "key_autoencoder",
    "trajectory_autoencoder",
    "key_judge",
    "trajectory_judge",
];

/// The columns of a plan; those of a stage that no cell has are left out, so that plans without it stay what they were.
fn columns(has: impl Fn(&str) -> bool) -> Vec<&'static str> {
    COLUMNS
        .into_iter()
        .filter(|name| !["_judge", "_autoencoder"].iter().any(|end| name.ends_with(end)) || has(name))
        .collect()
}

impl From<&PlannedCell> for PlanRow {
    fn from(planned: &PlannedCell) -> PlanRow {
        let c = planned.clone();
        PlanRow {
            experiment: c.cell.experiment,
            corpus: c.corpus,
            condition: c.cell.condition,
            fold: c.cell.fold,
            seed: c.cell.seed,
            n_train: c.n_train,
            n_augmented: c.n_augmented,
            n_test: c.n_test,
            reduced: c.reduced.join("+"),
            key_augmentor: c.key_augmentor,
            key_classifier: c.key_classifier,
            trajectory_augmentor: c.trajectory_augmentor,
            trajectory_classifier: c.trajectory_classifier,
            key_autoencoder: c.key_autoencoder,
            trajectory_autoencoder: c.trajectory_autoencoder,
            key_judge: c.key_judge,
            trajectory_judge: c.trajectory_judge,
        }
    }
}

impl From<PlanRow> for PlannedCell {
    fn from(row: PlanRow) -> PlannedCell {
        PlannedCell {
            cell: CellId {
                experiment: row.experiment,
                condition: row.condition,
                fold: row.fold,
                seed: row.seed,
            },
            corpus: row.corpus,
            n_train: row.n_train,
            n_augmented: row.n_augmented,
            n_test: row.n_test,
            reduced: row.reduced.split('+').filter(|s| !s.is_empty()).map(str::to_owned).collect(),
            key_autoencoder: row.key_autoencoder,
            trajectory_autoencoder: row.trajectory_autoencoder,
            key_augmentor: row.key_augmentor,
            key_classifier: row.key_classifier,
            trajectory_augmentor: row.trajectory_augmentor,
            trajectory_classifier: row.trajectory_classifier,
            key_judge: row.key_judge,
            trajectory_judge: row.trajectory_judge,
        }
    }
}

fn plan_text(cells: &[PlannedCell]) -> Vec<u8> {
    let mut rows = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    let written = cells.iter().try_for_each(|cell| rows.serialize(PlanRow::from(cell)));
    written.expect("memory takes every record");
    let rows = rows.into_inner().expect("memory takes every record");
    let columns = columns(|name| match name.rsplit('_').next() {
        Some("judge") => cells.iter().any(|cell| cell.key_judge.is_some()),
        _ => cells.iter().any(|cell| cell.key_autoencoder.is_some()),
    });
    // An empty plan has the columns too.
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&rows[..]);
    let written = writer.write_record(&columns).and_then(|()| {
        reader.records().try_for_each(|row| {
            let row = row?;
            let kept = COLUMNS.iter().zip(&row).filter(|(name, _)| columns.contains(name));
            writer.write_record(kept.map(|(_, value)| value))
        })
    });
    written.expect("memory takes every record");
    writer.into_inner().expect("memory takes every record")
}

/// Writes plan.csv, atomically.
///
/// # Errors
/// A file that cannot be written.
pub fn write_plan(path: &Path, cells: &[PlannedCell]) -> Result<()> {
    write_atomic(path, &plan_text(cells))
}

/// Reads what [`write_plan`] wrote.
///
/// # Errors
/// A file that is missing or not such a table; names the row.
pub fn read_plan(path: &Path) -> Result<Vec<PlannedCell>> {
    let bad = |row: usize, what: &dyn Display| {
        Error::failed(format!("{}:{row}: {what}; is this a run directory of this version?", path.display()))
    };
    let mut reader = csv::Reader::from_reader(files::open(path).map_err(|e| bad(0, &csv::Error::from(e)))?);
    let header = reader.headers().map_err(|e| bad(1, &e))?.clone();
    if header != columns(|name| header.iter().any(|c| c == name)) {
        return Err(bad(1, &"not the columns of a plan.csv"));
    }
    let mut cells = Vec::new();
    for (row, record) in (2..).zip(reader.records()) {
        let record = record.map_err(|e| bad(row, &e))?;
        match record.deserialize::<PlanRow>(Some(&header)) {
            Ok(cell) => cells.push(cell.into()),
            Err(e) => {
                let field = match e.kind() {
                    csv::ErrorKind::Deserialize { err, .. } => err.field().map(|field| field as usize),
                    _ => None,
                };
                // An error of a key does not have its column.
                let is_wrong = |field: &usize| {
                    let (name, text) = (&header[*field], record.get(*field).unwrap_or_default());
                    let is_key = name.starts_with("key_") || name.starts_with("trajectory_");
                    let may_be_empty = name != "key_classifier" && text.is_empty();
                    is_key && !may_be_empty && Key::read(text).is_none()
                };
                let field = field.or_else(|| (0..header.len()).find(is_wrong));
                return Err(match field.filter(|field| *field < header.len()) {
                    Some(field) => bad(row, &format!("{} = `{}`", &header[field], &record[field])),
                    None => bad(row, &e),
                });
            }
        }
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
            key_autoencoder: None,
            key_augmentor: None,
            key_classifier: Key::of("classifier", 1, &fold),
            trajectory_autoencoder: None,
            trajectory_augmentor: None,
            trajectory_classifier: Some(Key::of("classifier trajectory", 1, &fold)),
            key_judge: None,
            trajectory_judge: None,
        };
        let cells = vec![cell(1), cell(2)];
        write_plan(&path, &cells).unwrap();
        assert_eq!(read_plan(&path).unwrap(), cells);
        assert_eq!(cells[0].key(Stage::Augmentor), None);
        let text = String::from_utf8(plan_text(&cells)).unwrap();
        let row = format!("open/x,ravdess>emodb,aug,1,7,10,40,4,angry+sad,,{},,", cells[0].key_classifier);
        assert!(text.lines().nth(1).unwrap().starts_with(&row), "{text}");
        for (from, to, error) in [
            (",2,7,", ",two,7,", "plan.csv:3: fold = `two`"),
            (&cells[0].key_classifier.to_string(), "k2", "plan.csv:2: key_classifier = `k2`"),
        ] {
            std::fs::write(&path, text.replace(from, to)).unwrap();
            let e = read_plan(&path).unwrap_err().to_string();
            assert!(e.contains(error), "{e}");
        }
        assert!(!text.contains("judge"), "no column of a stage that no cell has");
        let judged = PlannedCell { key_judge: Some(Key::of("judge", 1, &1)), ..cell(3) };
        let with = PlannedCell { key_autoencoder: Some(Key::of("autoencoder", 1, &1)), ..cell(4) };
        let all = [cell(1), judged, with];
        for cells in [&all[..2], &[all[0].clone(), all[2].clone()], &all] {
            write_plan(&path, cells).unwrap();
            assert_eq!(read_plan(&path).unwrap(), cells);
        }
        write_plan(&path, &[]).unwrap();
        assert_eq!(read_plan(&path).unwrap(), []);
    }
}
