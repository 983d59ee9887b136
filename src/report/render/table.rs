//! The table of a run: conditions by columns, with intervals, published values and what is missing.

use super::caption::Over;
use crate::analysis::aggregate::{self, CellSample, Column, Unit, by_unit, differences};
use crate::analysis::loaded_run::LoadedRun;
use crate::stats::corrected_t;
use crate::stats::interval::{Interval, mean_interval};
use seraug_core::error::Result;

/// The table of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The spec's title, marked when a corpus is synthetic.
    pub title: String,
    /// In the order of the spec's classes, then UAR, mean over the reduced classes, difference.
    pub columns: Vec<Heading>,
    /// One a condition, in the order of the spec.
    pub rows: Vec<ConditionRow>,
    /// Results of others: title and published percentages, one a column.
    pub others: Vec<(String, Vec<Option<f64>>)>,
    /// What the numbers and their intervals are.
    pub caption: String,
    /// What the intervals are over.
    pub over: Over,
    /// What is missing or failed, one sentence each.
    pub notes: Vec<String>,
    /// What intervals count as independent.
    pub unit: Unit,
}

/// A column and its words.
#[derive(Debug, Clone, PartialEq)]
pub struct Heading {
    /// What it is.
    pub column: Column,
    /// In table.csv: a class, `uar`, `average` or `difference`.
    pub key: String,
    /// In tables for people.
    pub title: String,
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionRow {
    /// Its name in the spec.
    pub condition: String,
    /// Index of the row that it is compared with; its own where that is none.
    pub baseline: usize,
    /// What tables call it.
    pub label: String,
    /// Cells with a result.
    pub done: usize,
    /// Cells that the spec plans.
    pub planned: usize,
    /// One a column; none where nothing was measured.
    pub entries: Vec<Option<TableEntry>>,
    /// Published percentages, one a column.
    pub published: Vec<Option<f64>>,
}

/// A number of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableEntry {
    /// Percent; percentage points for a difference.
    pub interval: Interval,
    /// The values it is over: (fold or seed, percent).
    pub units: Vec<(u64, f64)>,
}

impl TableEntry {
    /// The interval lies on one side of zero; false without an interval.
    pub fn excludes_zero(&self) -> bool {
        self.interval.half.is_some_and(|h| self.interval.mean.abs() > h)
    }
}

impl Table {
    /// Aggregates the outcomes of a run.
    pub fn of(reading: &LoadedRun) -> Result<Table> {
        let unit = if reading.groups().len() <= 1 { Unit::Seed } else { Unit::Fold };
        let mut samples = aggregate::samples(reading);
        let main = aggregate::main_column(reading);
        let conditions = &reading.spec.condition;
        for c in 0..conditions.len() {
            let base = reading.spec.baseline_of(c);
            if base != c {
                let more = differences(&samples, main, c, base);
                samples.extend(more);
            }
        }
        let mut columns: Vec<Heading> =
            aggregate::columns(reading).into_iter().map(|c| heading(reading, c)).collect();
        if conditions.len() > 1 {
            columns.push(heading(reading, Column::Difference));
        }
        let units = by_unit(&samples, unit)?;
        let planned = reading.planned().len();
        let row = |(i, c): (usize, &seraug_core::spec::Condition)| ConditionRow {
            condition: c.name.clone(),
            baseline: reading.spec.baseline_of(i),
            label: c.label().to_owned(),
            done: reading.done(i).count(),
            planned,
            entries: columns
                .iter()
                .map(|h| {
                    let of = units.get(&(i, h.column))?;
                    match h.column {
                        Column::Difference => difference(reading, i, reading.spec.baseline_of(i), of),
                        _ => entry(of),
                    }
                })
                .collect(),
            published: columns.iter().map(|h| c.published.get(&h.key).copied()).collect(),
        };
        let rows: Vec<ConditionRow> = conditions.iter().enumerate().map(row).collect();
        Ok(Table {
            title: crate::page::contents::heading(reading),
            notes: notes(reading, &rows, &samples),
            caption: super::caption::caption(reading, over(unit, &columns, &rows, main)),
            over: over(unit, &columns, &rows, main),
            others: reading
                .spec
                .published
                .iter()
                .map(|p| (p.title.clone(), columns.iter().map(|h| p.values.get(&h.key).copied()).collect()))
                .collect(),
            columns,
            rows,
            unit,
        })
    }

    /// The entry of a condition in a column.
    pub fn entry(&self, row: usize, column: Column) -> Option<&TableEntry> {
        let at = self.columns.iter().position(|h| h.column == column)?;
        self.rows.get(row)?.entries[at].as_ref()
    }
}

/// What the main column is over.
fn over(unit: Unit, columns: &[Heading], rows: &[ConditionRow], main: Column) -> Over {
    let at = columns.iter().position(|h| h.column == main);
    let units = || rows.iter().filter_map(|r| Some(r.entries[at?].as_ref()?.interval.n));
    Over {
        unit,
        units: (units().min().unwrap_or(0), units().max().unwrap_or(0)),
        incomplete: rows.iter().any(|r| r.done != r.planned),
    }
}

/// Condition `a` less condition `b` in the main column, paired by fold and seed.
pub fn paired(reading: &LoadedRun, unit: Unit, a: usize, b: usize) -> Result<Option<TableEntry>> {
    let found = differences(&aggregate::samples(reading), aggregate::main_column(reading), a, b);
    Ok(by_unit(&found, unit)?.values().next().and_then(|u| difference(reading, a, b, u)))
}

/// A mean difference with the interval of the corrected resampled t-test: that of [`entry`] takes the folds as
/// independent, and their training sets overlap.
fn difference(reading: &LoadedRun, a: usize, b: usize, units: &[(u64, f64)]) -> Option<TableEntry> {
    let plain = entry(units)?;
    let values: Vec<f64> = units.iter().map(|u| u.1).collect();
    let [a, b] = [a, b].map(|condition| aggregate::test_over_train(reading, condition));
    let half = corrected_t(&values, aggregate::mean_ratio(&a, &b)).map(|t| (t.high - t.low) / 2.0);
    // Without any variance there is no test, and the plain interval has no width.
    Some(TableEntry { interval: Interval { half: half.or(plain.interval.half), ..plain.interval }, ..plain })
}

fn entry(units: &[(u64, f64)]) -> Option<TableEntry> {
    let values: Vec<f64> = units.iter().map(|u| u.1).collect();
    Some(TableEntry { interval: mean_interval(&values)?, units: units.to_vec() })
}

fn heading(reading: &LoadedRun, column: Column) -> Heading {
    let (key, title) = match column {
        Column::Class(c) => {
            let name = reading.spec.class_names()[c];
            (name, if reading.per_class() { format!("{name} reduced") } else { name.to_owned() })
        }
        Column::Uar => ("uar", "UAR".to_owned()),
        Column::Reduced if reading.per_class() => ("average", "mean".to_owned()),
        Column::Reduced => ("average", "reduced".to_owned()),
        Column::Difference => ("difference", format!("vs {}", reading.spec.baseline_label())),
    };
    Heading { column, key: key.to_owned(), title }
}

fn notes(reading: &LoadedRun, rows: &[ConditionRow], samples: &[CellSample]) -> Vec<String> {
    let mut notes = Vec::new();
    for (i, row) in rows.iter().enumerate().filter(|(_, r)| r.done != r.planned) {
        let failed = reading.failed(i).count();
        let missing = row.planned.saturating_sub(row.done + failed);
        notes.push(format!(
            "{}: {} of {} cells have a result ({failed} failed, {missing} missing); the means are over those.",
            row.label, row.done, row.planned
        ));
    }
    let main = aggregate::main_column(reading);
    let cells = |i: usize| samples.iter().filter(|s| s.condition == i && s.column == main).count();
    for (i, row) in rows.iter().enumerate().filter(|(i, r)| r.baseline != *i) {
        let pairs = differences(samples, main, i, row.baseline).len();
        if pairs != cells(i).max(cells(row.baseline)) {
            let base = &rows[row.baseline].label;
            notes.push(format!(
                "{} vs {base}: only the {pairs} pairs of fold and seed that both have.",
                row.label
            ));
        }
    }
    if !reading.per_class() {
        for (c, class) in reading.spec.class_names().iter().enumerate() {
            let lacks = |o: &&seraug_core::run_files::Outcome| {
                o.confusion.as_ref().is_some_and(|m| m.recall(c).is_none())
            };
            let mut folds: Vec<usize> = reading.outcomes.iter().filter(lacks).map(|o| o.cell.fold).collect();
            folds.sort_unstable();
            folds.dedup();
            if !folds.is_empty() {
                let folds: Vec<String> = folds.iter().map(ToString::to_string).collect();
                notes.push(format!(
                    "No test utterance of `{class}` in fold {}: left out of its means.",
                    folds.join(", ")
                ));
            }
        }
    }
    if reading.reduced().is_empty()
        && reading.spec.condition.iter().any(|c| c.published.contains_key("average"))
    {
        notes.push(
            "A published average is not shown: it is over reduced classes, and nothing is reduced here."
                .into(),
        );
    }
    notes
}
