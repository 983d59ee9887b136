//! outcomes.csv: one row a cell. Recalls are written for readers, and derived from the counts here.

use super::CellId;
use crate::error::{Error, Result};
use crate::files::{self, write_atomic};
use crate::metrics::Confusion;
use serde::{Deserialize, Serialize};
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
    /// Wall seconds of the augmentor's training, when it was trained; 0 without one.
    pub seconds_augmentor: f64,
    /// Wall seconds of the classifier's training and test, when it was trained.
    pub seconds_classifier: f64,
    /// `cpu` or `cuda`.
    pub device: String,
    /// Key of the augmentor stage; empty without one.
    pub key_augmentor: String,
    /// Key of the classifier stage.
    pub key_classifier: String,
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

/// What [`write_outcomes`] writes: equal for outcomes that differ only in digits that it leaves out.
pub(super) fn outcomes_table(path: &Path, classes: &[&str], outcomes: &[Outcome]) -> Result<Vec<u8>> {
    let failed = |e: csv::Error| Error::failed(format!("{}: {e}", path.display()));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header(classes)).map_err(failed)?;
    for o in outcomes {
        writer.write_record(record(o, classes)).map_err(failed)?;
    }
    writer.into_inner().map_err(|e| Error::failed(format!("{}: {e}", path.display())))
}

fn header(classes: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = ["experiment", "corpus", "condition", "fold", "seed", "status", "error"]
        .into_iter()
        .chain(["n_train", "n_augmented", "n_test", "uar"])
        .map(str::to_owned)
        .collect();
    names.extend(classes.iter().map(|c| format!("recall_{c}")));
    names.extend(
        ["mean_recall_reduced", "accuracy", "seconds_augmentor", "seconds_classifier", "device"]
            .into_iter()
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
        format!("{:.3}", o.seconds_augmentor),
        format!("{:.3}", o.seconds_classifier),
        o.device.clone(),
        o.key_augmentor.clone(),
        o.key_classifier.clone(),
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
    ];
    std::iter::once(("uar".to_owned(), confusion.uar())).chain(recalls).chain(means)
}

/// Reads what [`write_outcomes`] wrote; class names come from the header, in its order.
///
/// # Errors
/// A missing column or a value that is no number, with file and row; [`Error::Contradiction`] for a recall that the
/// counts do not give, with the cell.
pub fn read_outcomes(path: &Path) -> Result<(Vec<String>, Vec<Outcome>)> {
    let bad = |row: usize, what: String| Error::failed(format!("{}:{row}: {what}", path.display()));
    let file = files::open(path).map_err(|e| Error::failed(format!("{}: {e}", path.display())))?;
    let mut reader = csv::Reader::from_reader(file);
    let names: Vec<String> =
        reader.headers().map_err(|e| bad(1, e.to_string()))?.iter().map(str::to_owned).collect();
    let classes: Vec<String> =
        names.iter().filter_map(|n| n.strip_prefix("recall_")).map(str::to_owned).collect();
    let mut outcomes = Vec::new();
    for (i, row) in reader.records().enumerate() {
        let at = i + 2;
        let row = row.map_err(|e| bad(at, e.to_string()))?;
        let text = |name: &str| -> Result<&str> {
            let column = names.iter().position(|n| n == name);
            column.and_then(|c| row.get(c)).ok_or_else(|| bad(at, format!("column `{name}` is missing")))
        };
        let number = |name: &str| -> Result<f64> {
            let t = text(name)?;
            t.parse().map_err(|_| bad(at, format!("{name} = `{t}` is no number")))
        };
        let count = |name: &str| -> Result<usize> {
            let t = text(name)?;
            t.parse().map_err(|_| bad(at, format!("{name} = `{t}` is no count")))
        };
        let status = match text("status")? {
            "done" => OutcomeStatus::Done,
            "failed" => OutcomeStatus::Failed,
            other => return Err(bad(at, format!("status = `{other}`: expected done or failed"))),
        };
        let cell = CellId {
            experiment: text("experiment")?.to_owned(),
            condition: text("condition")?.to_owned(),
            fold: count("fold")?,
            seed: count("seed")? as u64,
        };
        let reduced: Vec<String> =
            text("reduced")?.split('+').filter(|s| !s.is_empty()).map(str::to_owned).collect();
        let confusion = if status == OutcomeStatus::Failed {
            None
        } else {
            let counts = |truth: &String| {
                let of = |predicted| {
                    let name = format!("confusion_{truth}_{predicted}");
                    let n = count(&name)?;
                    u32::try_from(n).map(u64::from).map_err(|_| bad(at, format!("{name} = {n} is no count")))
                };
                classes.iter().map(of).collect::<Result<Vec<u64>>>()
            };
            let rows = classes.iter().map(counts).collect::<Result<Vec<_>>>()?;
            let confusion = Confusion::from_rows(&rows).expect("one row a class");
            for (name, counted) in derived(&confusion, &classes, &reduced) {
                let shown = counted.map_or("nothing".to_owned(), |v| format!("{v:.6}"));
                let agrees = match (text(&name)?, counted) {
                    ("", None) => true,
                    ("", Some(_)) | (_, None) => false,
                    (_, Some(counted)) => (number(&name)? - counted).abs() <= 1e-6,
                };
                if !agrees {
                    return Err(Error::contradiction(format!(
                        "{}:{at}: {name} = {}, but the confusion gives {shown}: cell {cell}: the file was changed",
                        path.display(),
                        text(&name)?
                    )));
                }
            }
            Some(confusion)
        };
        outcomes.push(Outcome {
            cell,
            corpus: text("corpus")?.to_owned(),
            status,
            error: text("error")?.to_owned(),
            n_train: count("n_train")?,
            n_augmented: count("n_augmented")?,
            n_test: count("n_test")?,
            reduced,
            confusion,
            seconds_augmentor: number("seconds_augmentor")?,
            seconds_classifier: number("seconds_classifier")?,
            device: text("device")?.to_owned(),
            key_augmentor: text("key_augmentor")?.to_owned(),
            key_classifier: text("key_classifier")?.to_owned(),
        });
    }
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
            confusion,
            seconds_augmentor: 1.5,
            seconds_classifier: 2.25,
            device: "cpu".into(),
            key_augmentor: "k1".into(),
            key_classifier: "k2".into(),
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
        std::fs::write(&path, text.replace(",0.750000,", ",0.850000,")).unwrap();
        let e = read_outcomes(&path).unwrap_err().to_string();
        assert!(e.contains("outcomes.csv:2: uar = 0.85"), "{e}");
    }
}
