//! outcomes.csv: one row a cell. The recalls in it are for readers; this program derives them from the counts.

use super::CellId;
use super::csv_rows::{CsvFile, csv_text};
use crate::calibration::Calibration;
use crate::device::DeviceClass;
use crate::error::{Error, Result};
use crate::files::write_atomic;
use crate::metrics::Confusion;
use crate::store::Key;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// How a cell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeStatus {
    /// It has a confusion.
    Done,
    /// It has an error.
    #[default]
    Failed,
}

/// The result of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Which cell.
    pub cell: CellId,
    /// Name of the corpus.
    pub corpus: String,
    /// How it ended.
    pub status: OutcomeStatus,
    /// Why it failed, on one line; empty when it did not.
    pub error: String,
    /// Training utterances after the reduction, without augmentations.
    pub n_train: usize,
    /// Utterances added to them.
    pub n_augmented: usize,
    /// Test utterances.
    pub n_test: usize,
    /// Classes that the reduction thinned, by name.
    pub reduced: Vec<String>,
    /// Counts over the test utterances; none for a failed cell.
    pub confusion: Option<Confusion>,
    /// Of the probabilities in predictions.csv; none for a failed cell, and where an earlier version wrote the row.
    pub calibration: Option<Calibration>,
    /// Wall seconds of the augmentor's training, when it was trained; 0 without one.
    pub seconds_augmentor: f64,
    /// Wall seconds of the classifier's training and test, when it was trained.
    pub seconds_classifier: f64,
    /// What kind of device computed it.
    pub device: DeviceClass,
    /// Key of the augmentor stage; none without an augmentor.
    pub key_augmentor: Option<Key>,
    /// Key of the classifier stage.
    pub key_classifier: Key,
}

impl Outcome {
    /// Mean recall over the reduced classes, in [0, 1].
    pub fn mean_recall_reduced(&self, classes: &[&str]) -> Option<f64> {
        let indices: Vec<usize> =
            self.reduced.iter().filter_map(|r| classes.iter().position(|c| c == r)).collect();
        self.confusion.as_ref()?.mean_recall(&indices)
    }
}

/// Writes the rows in their order, atomically.
pub fn write_outcomes(path: &Path, classes: &[&str], outcomes: &[Outcome]) -> Result<()> {
    write_atomic(path, &outcomes_table(path, classes, outcomes)?)
}

/// The bytes that [`write_outcomes`] writes; equal for outcomes that differ only in digits beyond the written precision.
pub(super) fn outcomes_table(path: &Path, classes: &[&str], outcomes: &[Outcome]) -> Result<Vec<u8>> {
    csv_text(path, header(classes), outcomes.iter().map(|o| record(o, classes)))
}

fn header(classes: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = ["experiment", "corpus", "condition", "fold", "seed", "status", "error"]
        .into_iter()
        .chain(["n_train", "n_augmented", "n_test", "uar"])
        .map(str::to_owned)
        .collect();
    names.extend(classes.iter().map(|c| format!("recall_{c}")));
    names.extend(
        ["mean_recall_reduced", "accuracy", "macro_f1", "weighted_f1", "ece", "brier"]
            .into_iter()
            .chain(["seconds_augmentor", "seconds_classifier", "device"])
            .chain(["key_augmentor", "key_classifier", "reduced"])
            .map(str::to_owned),
    );
    for truth in classes {
        names.extend(classes.iter().map(|predicted| format!("confusion_{truth}_{predicted}")));
    }
    names
}

fn record(o: &Outcome, classes: &[&str]) -> Vec<String> {
    let share = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v:.6}"));
    let confusion = o.confusion.as_ref();
    let mut row = vec![
        o.cell.experiment.clone(),
        o.corpus.clone(),
        o.cell.condition.clone(),
        o.cell.fold.to_string(),
        o.cell.seed.to_string(),
        match o.status {
            OutcomeStatus::Done => "done".into(),
            OutcomeStatus::Failed => "failed".into(),
        },
        o.error.clone(),
        o.n_train.to_string(),
        o.n_augmented.to_string(),
        o.n_test.to_string(),
        share(confusion.and_then(Confusion::uar)),
    ];
    row.extend((0..classes.len()).map(|c| share(confusion.and_then(|m| m.recall(c)))));
    row.extend([
        share(o.mean_recall_reduced(classes)),
        share(confusion.and_then(Confusion::accuracy)),
        share(confusion.and_then(Confusion::macro_f1)),
        share(confusion.and_then(Confusion::weighted_f1)),
        share(o.calibration.map(|c| c.ece)),
        share(o.calibration.map(|c| c.brier)),
        format!("{:.3}", o.seconds_augmentor),
        format!("{:.3}", o.seconds_classifier),
        o.device.to_string(),
        o.key_augmentor.as_ref().map(Key::to_string).unwrap_or_default(),
        o.key_classifier.to_string(),
        o.reduced.join("+"),
    ]);
    for truth in 0..classes.len() {
        row.extend(
            (0..classes.len()).map(|p| confusion.map_or(String::new(), |m| m.count(truth, p).to_string())),
        );
    }
    row
}

/// Columns that follow from the counts.
fn derived(
    confusion: &Confusion,
    classes: &[String],
    reduced: &[String],
) -> impl Iterator<Item = (String, Option<f64>)> {
    let indices: Vec<usize> = reduced.iter().filter_map(|r| classes.iter().position(|c| c == r)).collect();
    let recalls = classes.iter().enumerate().map(|(c, name)| (format!("recall_{name}"), confusion.recall(c)));
    let means = [
        ("mean_recall_reduced".to_owned(), confusion.mean_recall(&indices)),
        ("accuracy".to_owned(), confusion.accuracy()),
        ("macro_f1".to_owned(), confusion.macro_f1()),
        ("weighted_f1".to_owned(), confusion.weighted_f1()),
    ];
    std::iter::once(("uar".to_owned(), confusion.uar())).chain(recalls).chain(means)
}

/// The columns that do not depend on the classes.
#[derive(Deserialize)]
struct FixedColumns {
    experiment: String,
    corpus: String,
    condition: String,
    fold: usize,
    seed: u64,
    status: OutcomeStatus,
    error: String,
    n_train: usize,
    n_augmented: usize,
    n_test: usize,
    #[serde(default)]
    ece: Option<f64>,
    #[serde(default)]
    brier: Option<f64>,
    seconds_augmentor: f64,
    seconds_classifier: f64,
    device: DeviceClass,
    #[serde(with = "crate::store::key::or_empty")]
    key_augmentor: Option<Key>,
    key_classifier: Key,
    reduced: String,
}

/// Reads what [`write_outcomes`] wrote; class names come from the header, in its order.
///
/// # Errors
/// A missing column or a value of another type, with file and line; [`Error::Contradiction`] for a recall that the
/// counts do not give, with the cell.
pub fn read_outcomes(path: &Path) -> Result<(Vec<String>, Vec<Outcome>)> {
    let csv = CsvFile::read(path)?;
    let names = csv.header.iter().filter_map(|n| n.strip_prefix("recall_"));
    let classes: Vec<String> = names.map(str::to_owned).collect();
    let columns: HashMap<&str, usize> = csv.header.iter().enumerate().map(|(i, name)| (name, i)).collect();
    let outcome = |at: usize| {
        let row: FixedColumns = csv.row(at)?;
        let FixedColumns { experiment, condition, fold, seed, .. } = row;
        let cell = CellId { experiment, condition, fold, seed };
        let reduced: Vec<String> =
            row.reduced.split('+').filter(|s| !s.is_empty()).map(str::to_owned).collect();
        let text = |name: &str| {
            let value = columns.get(name).and_then(|c| csv.records[at].get(*c));
            value.ok_or_else(|| csv.wrong(at, format!("column `{name}` is missing")))
        };
        let counts = |truth: &String| {
            let count = |predicted: &String| {
                let name = format!("confusion_{truth}_{predicted}");
                let n: u32 = text(&name)?.parse().map_err(|_| {
                    csv.wrong(at, format!("{name} = `{}` is no count", text(&name).unwrap_or("")))
                })?;
                Ok(u64::from(n))
            };
            classes.iter().map(count).collect::<Result<Vec<u64>>>()
        };
        let confusion = if row.status == OutcomeStatus::Done {
            let rows = classes.iter().map(counts).collect::<Result<Vec<_>>>()?;
            let confusion = Confusion::from_rows(&rows).expect("one row a class");
            for (name, counted) in derived(&confusion, &classes, &reduced) {
                if name.ends_with("_f1") && !columns.contains_key(name.as_str()) {
                    // Runs of earlier versions have none.
                    continue;
                }
                let written = text(&name)?;
                let agrees = match (written.parse::<f64>(), counted) {
                    (Ok(written), Some(counted)) => (written - counted).abs() <= 1e-6,
                    _ => written.is_empty() && counted.is_none(),
                };
                if !agrees {
                    let shown = counted.map_or("nothing".to_owned(), |v| format!("{v:.6}"));
                    return Err(Error::contradiction(csv.wrong(
                        at,
                        format!(
                            "{name} = {written}, but the confusion gives {shown}: cell {cell}: the file was changed"
                        ),
                    )));
                }
            }
            Some(confusion)
        } else {
            None
        };
        for (name, value, most) in [("ece", row.ece, 1.0), ("brier", row.brier, 2.0)] {
            if let Some(value) = value.filter(|v| !(0.0..=most).contains(v)) {
                return Err(csv.wrong(at, format!("{name} = {value} is not in 0 to {most}")));
            }
        }
        let calibration = row.ece.zip(row.brier).map(|(ece, brier)| Calibration { ece, brier });
        Ok(Outcome {
            cell,
            corpus: row.corpus,
            status: row.status,
            error: row.error,
            n_train: row.n_train,
            n_augmented: row.n_augmented,
            n_test: row.n_test,
            reduced,
            calibration: calibration.filter(|_| confusion.is_some()),
            confusion,
            seconds_augmentor: row.seconds_augmentor,
            seconds_classifier: row.seconds_classifier,
            device: row.device,
            key_augmentor: row.key_augmentor,
            key_classifier: row.key_classifier,
        })
    };
    let outcomes = (0..csv.records.len()).map(outcome).collect::<Result<_>>()?;
    Ok((classes, outcomes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(fold: usize, confusion: Option<Confusion>) -> Outcome {
        Outcome {
            cell: CellId { experiment: "open/t".into(), condition: "aug".into(), fold, seed: 1 },
            corpus: "emodb".into(),
            status: if confusion.is_some() { OutcomeStatus::Done } else { OutcomeStatus::Failed },
            error: if confusion.is_some() { String::new() } else { "a, \"b\"".into() },
            n_train: 10,
            n_augmented: 40,
            n_test: 4,
            reduced: vec!["angry".into()],
            calibration: confusion.as_ref().map(|_| Calibration { ece: 0.125, brier: 1.5 }),
            confusion,
            seconds_augmentor: 1.5,
            seconds_classifier: 2.25,
            device: DeviceClass::Cpu,
            key_augmentor: Some(Key::of("augmentor", 1, &fold)),
            key_classifier: Key::of("classifier", 1, &fold),
        }
    }

    #[test]
    fn rows_read_back_and_tampering_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("outcomes.csv");
        let confusion = Confusion::from_pairs(2, [(0, 0), (0, 0), (1, 1), (1, 0)]);
        let rows = vec![outcome(1, Some(confusion)), outcome(2, None)];
        write_outcomes(&path, &["neutral", "angry"], &rows).unwrap();
        let (classes, read) = read_outcomes(&path).unwrap();
        assert_eq!(classes, ["neutral", "angry"]);
        assert_eq!(read, rows);
        assert_eq!(read[0].mean_recall_reduced(&["neutral", "angry"]), Some(0.5));
        let text = std::fs::read_to_string(&path).unwrap();
        let mut csv = csv::Reader::from_reader(text.as_bytes());
        let header = csv.headers().unwrap();
        let later = |name: &str| name.ends_with("_f1") || ["ece", "brier"].contains(&name);
        let without = |line: &str| {
            let cells = line.split(',').zip(header).filter(|(_, name)| !later(name)).map(|(cell, _)| cell);
            cells.collect::<Vec<_>>().join(",")
        };
        let earlier: Vec<String> = text.lines().take(2).map(without).collect();
        std::fs::write(&path, earlier.join("\n") + "\n").unwrap();
        let of_then = Outcome { calibration: None, ..rows[0].clone() };
        assert_eq!(read_outcomes(&path).unwrap().1, [of_then], "of an earlier version");
        std::fs::write(&path, text.replace(",0.125000,1.500000,", ",0.125000,2.500000,")).unwrap();
        let e = read_outcomes(&path).unwrap_err().to_string();
        assert!(e.contains("outcomes.csv:2: brier = 2.5 is not in 0 to 2"), "{e}");
        std::fs::write(&path, text.replace(",0.750000,", ",0.850000,")).unwrap();
        let e = read_outcomes(&path).unwrap_err().to_string();
        assert!(e.contains("outcomes.csv:2: uar = 0.85"), "{e}");
    }
}
