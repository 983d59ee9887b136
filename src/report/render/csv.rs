//! The CSV files of a report, made in memory. Numbers are written in full.

use super::result_table::ResultTable;
use crate::analysis::attributes::AttributeRecalls;
use crate::analysis::embedding::Panel;
use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::other_measures::OtherMeasure;
use crate::analysis::predictions::RunPredictions;
use crate::analysis::speakers::SpeakerRecall;
use crate::analysis::utterances::TestedUtterance;
use crate::stats::Bootstrap;
use seraug_core::error::{Error, Result};
use serde::{Serialize, Serializer};

/// A number in a CSV file, as the shortest decimal text that reads back the same; empty without one. (The csv crate itself
/// would write `5` as `5.0`.)
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CsvNumber(pub Option<f64>);

impl From<Option<f64>> for CsvNumber {
    fn from(value: Option<f64>) -> CsvNumber {
        CsvNumber(value)
    }
}

impl std::fmt::Display for CsvNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        self.0.map_or(Ok(()), |v| v.fmt(f))
    }
}

impl Serialize for CsvNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A file called `name` with one record for each of `rows`, below the names of the fields. Without rows it is the header
/// alone, which is that of a default row.
///
/// # Errors
/// A row whose fields are no plain values.
pub fn of_rows<R: Serialize + Default>(name: &str, rows: &[R]) -> Result<Vec<u8>> {
    let failed = |e: &dyn std::fmt::Display| Error::failed(format!("{name}: {e}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.iter().try_for_each(|row| writer.serialize(row)).map_err(|e| failed(&e))?;
    if rows.is_empty() {
        writer.serialize(R::default()).map_err(|e| failed(&e))?;
    }
    let mut bytes = writer.into_inner().map_err(|e| failed(&e))?;
    if rows.is_empty() {
        let header = bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |end| end + 1);
        bytes.truncate(header);
    }
    Ok(bytes)
}

/// A file called `name` whose columns depend on the run; the first record is its header.
///
/// # Errors
/// Records of different lengths.
pub fn of_records(name: &str, records: &[Vec<String>]) -> Result<Vec<u8>> {
    let failed = |e: &dyn std::fmt::Display| Error::failed(format!("{name}: {e}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    records.iter().try_for_each(|record| writer.write_record(record)).map_err(|e| failed(&e))?;
    writer.into_inner().map_err(|e| failed(&e))
}

/// A row of table.csv: a number of the table, in percent.
#[derive(Default, Serialize)]
struct TableCsvRow<'a> {
    corpus: &'a str,
    condition: &'a str,
    column: &'a str,
    mean: CsvNumber,
    half: CsvNumber,
    n: usize,
    published: CsvNumber,
    difference: CsvNumber,
    done: usize,
    planned: usize,
}

/// table.csv: one row for each data set, condition and column.
///
/// # Errors
/// As [`of_rows`].
pub fn tables(data_sets: &[&str], tables: &[ResultTable]) -> Result<Vec<u8>> {
    let mut rows = Vec::new();
    for (corpus, table) in std::iter::zip(data_sets, tables) {
        for row in &table.rows {
            for ((heading, entry), published) in
                std::iter::zip(&table.columns, &row.entries).zip(&row.published)
            {
                let interval = entry.as_ref().map(|e| e.interval);
                rows.push(TableCsvRow {
                    corpus,
                    condition: &row.condition,
                    column: &heading.key,
                    mean: CsvNumber(interval.map(|i| i.mean)),
                    half: CsvNumber(interval.and_then(|i| i.half)),
                    n: interval.map_or(0, |i| i.n),
                    published: CsvNumber(*published),
                    difference: CsvNumber(interval.zip(*published).map(|(i, p)| i.mean - p)),
                    done: row.done,
                    planned: row.planned,
                });
            }
        }
    }
    of_rows("table.csv", &rows)
}

/// speakers.csv: one row for each speaker and condition; shares in [0, 1], empty where the speaker has no utterance of a
/// class.
///
/// # Errors
/// As [`of_records`].
pub fn speakers(run: &LoadedRun, speakers: &[SpeakerRecall]) -> Result<Vec<u8>> {
    let recalls = run.spec.class_names().into_iter().map(|c| format!("recall_{c}"));
    let header = ["corpus", "speaker", "condition", "n", "uar"].map(str::to_owned);
    let mut records = vec![header.into_iter().chain(recalls).collect::<Vec<String>>()];
    let share = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v:.6}"));
    for s in speakers {
        for (condition, confusion) in std::iter::zip(&run.spec.condition, &s.confusions) {
            let n = confusion.total().to_string();
            let row = [s.data_set.clone(), s.id.clone(), condition.name.clone(), n, share(confusion.uar())];
            let recalls = (0..confusion.classes()).map(|c| share(confusion.recall(c)));
            records.push(row.into_iter().chain(recalls).collect());
        }
    }
    of_records("speakers.csv", &records)
}

/// A row of other-measures.csv: the measures as in outcomes.csv, shares in [0, 1] and a Brier score in [0, 2].
#[derive(Default, Serialize)]
struct OtherMeasureRow<'a> {
    corpus: &'a str,
    condition: &'a str,
    measure: &'a str,
    mean: CsvNumber,
    half: CsvNumber,
    n: usize,
}

/// other-measures.csv: one row for each data set, condition and measure.
///
/// # Errors
/// As [`of_rows`].
pub fn other_measures(data_sets: &[&str], tables: &[ResultTable]) -> Result<Vec<u8>> {
    let mut rows = Vec::new();
    for (corpus, table) in std::iter::zip(data_sets, tables) {
        for row in &table.rows {
            for (measure, entry) in std::iter::zip(OtherMeasure::ALL, &row.entries) {
                let interval = entry.as_ref().map(|e| e.interval);
                rows.push(OtherMeasureRow {
                    corpus,
                    condition: &row.condition,
                    measure: measure.key(),
                    mean: CsvNumber(interval.map(|i| i.mean / measure.scale())),
                    half: CsvNumber(interval.and_then(|i| i.half).map(|h| h / measure.scale())),
                    n: interval.map_or(0, |i| i.n),
                });
            }
        }
    }
    of_rows("other-measures.csv", &rows)
}

/// by-attribute.csv: one row for each value and condition, and one for each difference of genders; shares in [0, 1], empty where there
/// is no interval or no utterance of a class.
///
/// # Errors
/// As [`of_records`].
pub fn by_attribute(run: &LoadedRun, found: &[AttributeRecalls]) -> Result<Vec<u8>> {
    let classes = run.spec.class_names();
    let recalls = classes.iter().map(|c| format!("recall_{c}"));
    let header = ["corpus", "attribute", "value", "less", "condition", "speakers", "n", "uar", "low", "high"];
    let mut records = vec![header.map(str::to_owned).into_iter().chain(recalls).collect::<Vec<String>>()];
    let share = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v:.6}"));
    let numbers = |b: &Option<Bootstrap>| {
        let interval = b.and_then(|b| b.interval);
        [b.map(|b| b.difference), interval.map(|i| i[0]), interval.map(|i| i[1])].map(share)
    };
    for f in found {
        let place = [f.data_set.as_str(), f.attribute.name()].map(str::to_owned);
        for v in &f.values {
            for (i, condition) in run.spec.condition.iter().enumerate() {
                let confusion = &v.confusions[i];
                let [uar, low, high] = numbers(&v.uars[i]);
                let speakers = v.uars[i].map_or(0, |b| b.speakers).to_string();
                let row = [v.value.clone(), String::new(), condition.name.clone(), speakers];
                let row = row.into_iter().chain([confusion.total().to_string(), uar, low, high]);
                let recalls = (0..classes.len()).map(|c| share(confusion.recall(c)));
                records.push(place.iter().cloned().chain(row).chain(recalls).collect());
            }
        }
        if let (Some((_, differences)), [a, b]) = (&f.difference, &f.values[..]) {
            for (condition, d) in std::iter::zip(&run.spec.condition, differences) {
                let [uar, low, high] = numbers(d);
                let speakers = d.map_or(0, |d| d.speakers).to_string();
                let row = [a.value.clone(), b.value.clone(), condition.name.clone(), speakers];
                let row = row.into_iter().chain([String::new(), uar, low, high]);
                records.push(
                    place.iter().cloned().chain(row).chain(classes.iter().map(|_| String::new())).collect(),
                );
            }
        }
    }
    of_records("by-attribute.csv", &records)
}

/// A row of utterances.csv: a test utterance under a condition.
#[derive(Default, Serialize)]
struct UtteranceRow<'a> {
    corpus: &'a str,
    condition: &'a str,
    utterance: &'a str,
    speaker: &'a str,
    truth: &'a str,
    predicted: &'a str,
    p_truth: String,
    tests: u32,
    right: u32,
    flips: u8,
}

/// utterances.csv: one row for each data set, condition and test utterance.
///
/// # Errors
/// As [`of_rows`].
pub fn utterances(run: &LoadedRun, predictions: &RunPredictions, all: &[TestedUtterance]) -> Result<Vec<u8>> {
    let (sets, classes) = (run.data_sets(), run.spec.class_names());
    let row = |u: &TestedUtterance| UtteranceRow {
        corpus: sets[u.data_set],
        condition: &run.spec.condition[u.condition].name,
        utterance: &predictions.utterances[u.utterance as usize],
        speaker: &predictions.speakers[u.speaker as usize],
        truth: classes[usize::from(u.truth)],
        predicted: classes[usize::from(u.predicted)],
        p_truth: u.probability.map_or(String::new(), |p| format!("{p:.6}")),
        tests: u.tests,
        right: u.right,
        flips: u8::from(u.flips),
    };
    of_rows("utterances.csv", &all.iter().map(row).collect::<Vec<_>>())
}

/// A row of embedding.csv of a report: a point of a map.
#[derive(Default, Serialize)]
struct MapPointRow<'a> {
    utterance: &'a str,
    condition: &'a str,
    class: &'a str,
    kind: &'a str,
    x: String,
    y: String,
}

/// embedding.csv: every point of every map.
///
/// # Errors
/// As [`of_rows`].
pub fn points(panels: &[Panel], classes: &[&str]) -> Result<Vec<u8>> {
    let mut rows = Vec::new();
    for panel in panels {
        for (point, [x, y]) in std::iter::zip(&panel.points, panel.map.iter().flatten()) {
            rows.push(MapPointRow {
                utterance: &point.utterance,
                condition: &panel.label,
                class: classes[point.class],
                kind: point.kind.name(),
                x: format!("{x:.6}"),
                y: format!("{y:.6}"),
            });
        }
    }
    of_rows("embedding.csv", &rows)
}

/// A row of measures.csv: the measures of the map of a condition.
#[derive(Default, Serialize)]
struct MeasuresRow<'a> {
    condition: &'a str,
    points: usize,
    perplexity: CsvNumber,
    augmentations_near_class: CsvNumber,
    originals_near_class: CsvNumber,
    silhouette_r: CsvNumber,
    silhouette_map: CsvNumber,
    trustworthiness: CsvNumber,
    kl: CsvNumber,
}

impl MeasuresRow<'_> {
    fn of(panel: &Panel) -> MeasuresRow<'_> {
        let m = &panel.measures;
        MeasuresRow {
            condition: &panel.label,
            points: panel.points.len(),
            perplexity: CsvNumber(Some(m.perplexity)),
            augmentations_near_class: CsvNumber(m.augmentations),
            originals_near_class: CsvNumber(m.originals),
            silhouette_r: CsvNumber(m.silhouette_r),
            silhouette_map: CsvNumber(m.silhouette_map),
            trustworthiness: CsvNumber(m.trustworthiness),
            kl: CsvNumber(m.divergence),
        }
    }
}

/// measures.csv: one row for each condition.
///
/// # Errors
/// As [`of_rows`].
pub fn measures(panels: &[Panel]) -> Result<Vec<u8>> {
    let rows: Vec<MeasuresRow> = panels.iter().map(MeasuresRow::of).collect();
    of_rows("measures.csv", &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_full_and_a_file_without_rows_has_its_header() {
        let row = MeasuresRow {
            condition: "a,b",
            perplexity: CsvNumber(Some(5.0)),
            kl: CsvNumber(Some(1e-7)),
            ..MeasuresRow::default()
        };
        let text = |rows: &[MeasuresRow]| String::from_utf8(of_rows("x.csv", rows).unwrap()).unwrap();
        let full = text(&[row]);
        let (header, record) = full.split_once('\n').unwrap();
        assert_eq!(record, "\"a,b\",0,5,,,,,,0.0000001\n");
        assert_eq!(text(&[]), format!("{header}\n"));
    }
}
