//! The results of a run on one data set as numbers: conditions by columns, with intervals, published values and notes on what
//! is missing.

use super::caption::{Over, caption, other_caption};
use super::text::{TERMINAL, cut, sign, sign_to, wrap};
use super::text_table::{RowRole, TextRow, TextTable};
use crate::analysis::aggregate::{self, CellSample, Column, Unit, Units, by_unit, differences, pairable};
use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::other_measures::OtherMeasure;
use crate::stats::interval::{Interval, mean_interval};
use seraug_core::error::Result;
use seraug_core::spec::Protocol;
use std::collections::BTreeSet;

/// The results of a run on one data set.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultTable {
    /// The spec's title, marked when a corpus is synthetic.
    pub title: String,
    /// In the order of the spec's classes, then UAR, mean over the reduced classes, difference.
    pub columns: Vec<Heading>,
    /// One a condition, in the order of the spec.
    pub rows: Vec<ConditionRow>,
    /// Published results of other systems: title, and percentages, one for each column.
    pub others: Vec<(String, Vec<Option<f64>>)>,
    /// What the numbers and their intervals are.
    pub caption: String,
    /// What the intervals are computed over.
    pub over: Over,
    /// What is missing or failed, one sentence each.
    pub notes: Vec<String>,
    /// What intervals take as independent.
    pub unit: Unit,
}

/// A column and what it is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Heading {
    /// What the column measures.
    pub column: Column,
    /// Its name in table.csv: a class, `uar`, `average` or `difference`.
    pub key: String,
    /// Its heading in all other tables.
    pub title: String,
}

impl Heading {
    /// Decimals of its numbers.
    fn digits(&self) -> usize {
        if let Column::Other(measure) = self.column { measure.digits() } else { 1 }
    }

    /// A number of the column: `54.2 ± 3.8`, with its sign where the column holds differences; `–` for none.
    pub fn shown(&self, entry: Option<&TableEntry>) -> String {
        match entry {
            None => "–".to_owned(),
            Some(e) if self.column == Column::Difference => e.signed(),
            Some(e) => format!("{:.*}", self.digits(), e.interval),
        }
    }

    /// A difference of two numbers of the column, with its sign.
    pub fn signed(&self, difference: f64) -> String {
        sign_to(difference, self.digits())
    }
}

/// The results of a condition.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionRow {
    /// Its name in the spec.
    pub condition: String,
    /// Index of the row of its baseline; its own index where it has none.
    pub baseline: usize,
    /// What tables call it.
    pub label: String,
    /// Cells with a result.
    pub done: usize,
    /// Cells that the spec plans.
    pub planned: usize,
    /// One for each column; `None` where nothing was measured.
    pub entries: Vec<Option<TableEntry>>,
    /// Published percentages, one for each column.
    pub published: Vec<Option<f64>>,
}

/// A number of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableEntry {
    /// Percent; percentage points for a difference.
    pub interval: Interval,
    /// The values that it is the mean of: (fold or seed, percent).
    pub units: Vec<(u64, f64)>,
}

impl TableEntry {
    /// Whether the interval lies on one side of zero; false without an interval.
    pub fn excludes_zero(&self) -> bool {
        self.interval.half.is_some_and(|h| self.interval.mean.abs() > h)
    }

    /// `54.2 ± 3.8`, or the mean alone where there is no interval.
    pub fn plain(&self) -> String {
        self.interval.to_string()
    }

    /// `+8.1 ± 4.0`: as [`TableEntry::plain`], with the sign of a difference.
    pub fn signed(&self) -> String {
        let mean = sign(self.interval.mean);
        self.interval.half.map_or(mean.clone(), |h| format!("{mean} ± {h:.1}"))
    }
}

impl ResultTable {
    /// Aggregates the outcomes of a run that has one data set.
    pub fn of(run: &LoadedRun) -> Result<ResultTable> {
        let unit = aggregate::unit(run);
        let mut samples = aggregate::samples(run);
        let main = aggregate::main_column(run);
        let conditions = &run.spec.condition;
        let pairs = pairable(run, &samples);
        for c in 0..conditions.len() {
            let base = run.spec.baseline_of(c);
            if base != c {
                samples.extend(differences(&pairs, main, c, base));
            }
        }
        let mut columns: Vec<Heading> =
            aggregate::columns(run).into_iter().map(|c| heading(run, c)).collect();
        if conditions.len() > 1 {
            columns.push(heading(run, Column::Difference));
        }
        let rows = rows(run, &columns, &by_unit(&samples, unit)?);
        Ok(ResultTable {
            title: run.title(),
            notes: notes(run, &rows, &pairs),
            caption: caption(run, over(unit, &columns, &rows, main)),
            over: over(unit, &columns, &rows, main),
            others: run
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

    /// What other publications give beside recalls, of a run that has one data set: see [`OtherMeasure`].
    ///
    /// # Errors
    /// As [`by_unit`].
    pub fn other_measures(run: &LoadedRun) -> Result<ResultTable> {
        let unit = aggregate::unit(run);
        let columns: Vec<Heading> = OtherMeasure::ALL.map(|m| heading(run, Column::Other(m))).to_vec();
        let mut rows = rows(run, &columns, &by_unit(&aggregate::other_samples(run), unit)?);
        rows.iter_mut().for_each(|row| row.published.fill(None));
        let over = over(unit, &columns, &rows, Column::Other(OtherMeasure::Accuracy));
        Ok(ResultTable {
            title: "Other measures".to_owned(),
            columns,
            rows,
            others: Vec::new(),
            caption: other_caption(run),
            over,
            notes: Vec::new(),
            unit,
        })
    }

    /// The entry of a condition in a column.
    pub fn entry(&self, row: usize, column: Column) -> Option<&TableEntry> {
        let at = self.columns.iter().position(|h| h.column == column)?;
        self.rows.get(row)?.entries[at].as_ref()
    }

    /// The table as text: one row for each condition, with two more below it where the paper has numbers.
    pub fn text(&self) -> TextTable {
        let headings = self.columns.iter().map(|h| h.title.clone());
        let mut rows: Vec<TextRow> = self.rows.iter().flat_map(|row| self.text_rows(row)).collect();
        for (title, values) in &self.others {
            let values = values.iter().map(percent);
            rows.push(text_row(RowRole::Published, title, values, String::new()));
        }
        TextTable {
            title: self.title.clone(),
            caption: self.caption.clone(),
            headings: std::iter::once("condition".into()).chain(headings).chain(["cells".into()]).collect(),
            rows,
            words: 1,
            sentences: Vec::new(),
            notes: self.notes.clone(),
        }
    }

    fn text_rows(&self, row: &ConditionRow) -> Vec<TextRow> {
        let values =
            std::iter::zip(&self.columns, &row.entries).map(|(heading, e)| heading.shown(e.as_ref()));
        let cells = format!("{} of {}", row.done, row.planned);
        let mut rows = vec![text_row(RowRole::Measured, &row.label, values, cells)];
        if row.published.iter().any(Option::is_some) {
            let difference = |(e, p): (&Option<TableEntry>, &Option<f64>)| match (e, p) {
                (Some(e), Some(p)) => sign(e.interval.mean - p),
                _ => String::new(),
            };
            let differences = std::iter::zip(&row.entries, &row.published).map(difference);
            let published = row.published.iter().map(percent);
            rows.push(text_row(RowRole::Published, "published", published, String::new()));
            rows.push(text_row(RowRole::Difference, "difference", differences, String::new()));
        }
        rows
    }

    /// The table alone for a terminal, below its title.
    pub fn brief(&self) -> String {
        let mut table = self.text();
        // A heading wider than the labels below it could push a column into another block.
        table.headings[0].clear();
        // Where every cell has a result, the column of cells would say the same in each row.
        if self.rows.iter().all(|r| r.done == r.planned) {
            table.headings.pop();
            table.rows.iter_mut().for_each(|row| drop(row.cells.pop()));
        }
        format!("{}\n{}", cut(&table.title, TERMINAL), table.terminal())
    }

    /// The whole table for a terminal, with title, caption and notes.
    pub fn terminal(&self) -> String {
        let mut paragraphs = Vec::new();
        let planned = self.rows.first().map_or(0, |r| r.planned);
        if self.rows.iter().all(|r| r.done == r.planned && r.planned == planned) {
            paragraphs.push(format!("All {planned} cells of each condition have a result."));
        }
        paragraphs.push(self.caption.clone());
        paragraphs.extend(self.notes.iter().cloned());
        let paragraphs: String = paragraphs.iter().map(|p| wrap(p)).collect();
        format!("{}\n{paragraphs}", self.brief())
    }
}

/// A row for each condition, of the values of its units.
fn rows(run: &LoadedRun, columns: &[Heading], units: &Units) -> Vec<ConditionRow> {
    let row = |(i, c): (usize, &seraug_core::spec::Condition)| ConditionRow {
        condition: c.name.clone(),
        baseline: run.spec.baseline_of(i),
        label: c.label().to_owned(),
        done: run.done(i).count(),
        planned: run.planned_of(i).len(),
        entries: columns
            .iter()
            .map(|h| {
                let of = units.get(&(i, h.column))?;
                match h.column {
                    Column::Difference => difference(run, i, run.spec.baseline_of(i), of),
                    _ => entry(of),
                }
            })
            .collect(),
        published: columns.iter().map(|h| c.published.get(&h.key).copied()).collect(),
    };
    run.spec.condition.iter().enumerate().map(row).collect()
}

fn text_row(role: RowRole, label: &str, values: impl Iterator<Item = String>, cells: String) -> TextRow {
    TextRow { role, cells: std::iter::once(label.to_owned()).chain(values).chain([cells]).collect() }
}

/// A published percentage as the paper prints it.
fn percent(p: &Option<f64>) -> String {
    p.map_or(String::new(), |p| format!("{p:.2}"))
}

/// What the intervals of the main column are computed over.
fn over(unit: Unit, columns: &[Heading], rows: &[ConditionRow], main: Column) -> Over {
    let at = columns.iter().position(|h| h.column == main);
    let units = || rows.iter().filter_map(|r| Some(r.entries[at?].as_ref()?.interval.n));
    Over {
        unit,
        units: (units().min().unwrap_or(0), units().max().unwrap_or(0)),
        incomplete: rows.iter().any(|r| r.done != r.planned),
    }
}

/// Condition `a` less condition `b` in the main column, paired as [`pairable`] says.
pub fn paired(run: &LoadedRun, unit: Unit, a: usize, b: usize) -> Result<Option<TableEntry>> {
    let samples = pairable(run, &aggregate::samples(run));
    let found = differences(&samples, aggregate::main_column(run), a, b);
    Ok(by_unit(&found, unit)?.values().next().and_then(|u| difference(run, a, b, u)))
}

/// A mean difference with the interval of [`aggregate::difference_test`].
fn difference(run: &LoadedRun, a: usize, b: usize, units: &[(u64, f64)]) -> Option<TableEntry> {
    let plain = entry(units)?;
    let values: Vec<f64> = units.iter().map(|u| u.1).collect();
    let [a, b] = [a, b].map(|condition| aggregate::split_ratios(run, condition));
    let test = aggregate::difference_test(run, &values, aggregate::mean_ratio(&a, &b));
    let half = test.map(|t| (t.high - t.low) / 2.0);
    // Without any variance there is no test, and the plain interval has no width.
    Some(TableEntry { interval: Interval { half: half.or(plain.interval.half), ..plain.interval }, ..plain })
}

fn entry(units: &[(u64, f64)]) -> Option<TableEntry> {
    let values: Vec<f64> = units.iter().map(|u| u.1).collect();
    Some(TableEntry { interval: mean_interval(&values)?, units: units.to_vec() })
}

fn heading(run: &LoadedRun, column: Column) -> Heading {
    let (key, title) = match column {
        Column::Class(c) => {
            let name = run.spec.class_names()[c];
            (name, if run.per_class() { format!("{name} reduced") } else { name.to_owned() })
        }
        Column::Uar => ("uar", "UAR".to_owned()),
        Column::Reduced if run.per_class() => ("average", "mean".to_owned()),
        Column::Reduced => ("average", run.reduced_word().to_owned()),
        Column::Other(measure) => (measure.key(), measure.title().to_owned()),
        Column::Difference => ("difference", format!("vs {}", run.spec.baseline_label())),
    };
    Heading { column, key: key.to_owned(), title }
}

/// Which folds scored systems lack, and where their numbers of seeds differ.
fn scored_notes(run: &LoadedRun, rows: &[ConditionRow]) -> Vec<String> {
    let Protocol::Scored(scored) = &run.spec.protocol else { return Vec::new() };
    let mut notes = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let own: BTreeSet<usize> = run.done(i).map(|o| o.cell.fold).collect();
        let lacks = (1..).zip(&scored.folds).filter(|(number, _)| !own.contains(number));
        let lacks: Vec<&str> = lacks.map(|(_, name)| name.as_str()).collect();
        if !lacks.is_empty() {
            notes.push(format!(
                "{}: no predictions of fold {}; its means are over the other folds. Only differences are over the same folds.",
                row.label,
                lacks.join(", ")
            ));
        }
    }
    let seeds: Vec<usize> =
        (0..rows.len()).map(|i| run.done(i).map(|o| o.cell.seed).collect::<BTreeSet<u64>>().len()).collect();
    if seeds.iter().any(|n| *n != seeds[0]) {
        let each: Vec<String> =
            std::iter::zip(rows, &seeds).map(|(row, n)| format!("{} {n}", row.label)).collect();
        notes.push(format!(
            "Systems have different numbers of seeds ({}): each fold is first averaged over a system's own, so that all weigh the same; a \
             mean of fewer varies more.",
            each.join(", ")
        ));
    }
    notes
}

fn notes(run: &LoadedRun, rows: &[ConditionRow], samples: &[CellSample]) -> Vec<String> {
    let mut notes = scored_notes(run, rows);
    for (i, row) in rows.iter().enumerate().filter(|(_, r)| r.done != r.planned) {
        let failed = run.failed(i).count();
        let missing = row.planned.saturating_sub(row.done + failed);
        notes.push(format!(
            "{}: {} of {} cells have a result ({failed} failed, {missing} missing); the means are over those.",
            row.label, row.done, row.planned
        ));
    }
    let main = aggregate::main_column(run);
    let cells = |i: usize| samples.iter().filter(|s| s.condition == i && s.column == main).count();
    for (i, row) in rows.iter().enumerate().filter(|(i, r)| r.baseline != *i) {
        let pairs = differences(samples, main, i, row.baseline).len();
        if pairs != cells(i).max(cells(row.baseline)) {
            let base = &rows[row.baseline].label;
            let what = if run.spec.is_scored() { "folds" } else { "pairs of fold and seed" };
            notes.push(format!("{} vs {base}: only the {pairs} {what} that both have.", row.label));
        }
    }
    if !run.per_class() {
        for (c, class) in run.spec.class_names().iter().enumerate() {
            let lacks = |o: &&seraug_core::run_files::Outcome| {
                o.confusion.as_ref().is_some_and(|m| m.recall(c).is_none())
            };
            let mut folds: Vec<usize> = run.outcomes.iter().filter(lacks).map(|o| o.cell.fold).collect();
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
    if run.reduced().is_empty() && run.spec.condition.iter().any(|c| c.published.contains_key("average")) {
        notes.push(
            "A published average is not shown: it is over reduced classes, and nothing is reduced here."
                .into(),
        );
    }
    notes
}
