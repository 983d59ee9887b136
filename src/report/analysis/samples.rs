//! What the judge says of the samples of each condition, from the diagnostics.csv of its cells.

use super::aggregate::{by_unit, differences, main_column, samples as cell_samples, unit};
use super::loaded_run::LoadedRun;
use seraug_core::error::Result;
use seraug_core::run_files::{
    ALL_CLASSES, CellId, Diagnostic, DiagnosticRow, OutcomeStatus, PointSpace, SampleKind, read_diagnostics,
};
use seraug_core::spec::Augment;
use std::collections::BTreeMap;

/// p below which a cell counts as different from the reference.
const SIGNIFICANT: f64 = 0.05;

/// The diagnostics of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The conditions that make samples, in the order of the spec, then what they are held against.
    pub rows: Vec<JudgedRow>,
    /// Every row of every cell.
    pub all: Vec<(CellId, DiagnosticRow)>,
    /// Chance of the judge: one over the number of classes.
    pub chance: f64,
}

/// Samples of one kind, over all cells.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedRow {
    /// The condition, as an index into the spec; none for what conditions are held against.
    pub condition: Option<usize>,
    /// What tables call it.
    pub label: String,
    /// Values over the reduced classes together.
    pub measures: BTreeMap<(PointSpace, Diagnostic), PooledMeasure>,
    /// Mean recall of the reduced classes less that of plain copies, percentage points; none without both.
    pub gain: Option<f64>,
    /// Whether its samples are plain copies.
    pub copies: bool,
}

/// A measure over the folds and seeds of a condition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PooledMeasure {
    /// The mean over folds and seeds.
    pub mean: f64,
    /// Points of all folds and seeds.
    pub n: usize,
    /// Folds and seeds that have a value.
    pub cells: usize,
    /// The share of those with a p below 0.05, of those with a p.
    pub significant: Option<f64>,
}

impl JudgedRow {
    /// The mean of a measure in a space.
    pub fn mean(&self, space: PointSpace, measure: Diagnostic) -> Option<f64> {
        self.measures.get(&(space, measure)).map(|m| m.mean)
    }

    /// The mean of a measure in the judge's embedding.
    pub fn embedded(&self, measure: Diagnostic) -> Option<f64> {
        self.mean(PointSpace::Embedding, measure)
    }
}

impl Judged {
    /// Reads the files of all finished cells; none where no cell has one.
    ///
    /// # Errors
    /// A diagnostics.csv that cannot be read.
    pub fn of(run: &LoadedRun) -> Result<Option<Judged>> {
        let mut all: Vec<(CellId, DiagnosticRow)> = Vec::new();
        for outcome in run.outcomes.iter().filter(|o| o.status == OutcomeStatus::Done) {
            let path = run.dir.cell_file(&outcome.cell, "diagnostics.csv");
            if path.is_file() {
                all.extend(read_diagnostics(&path)?.into_iter().map(|row| (outcome.cell.clone(), row)));
            }
        }
        if all.is_empty() {
            return Ok(None);
        }
        let is_copies = |c: usize| matches!(run.spec.condition[c].augment, Augment::Copies(_));
        let gains = gains(run, (0..run.spec.condition.len()).find(|c| is_copies(*c)))?;
        let mut rows = Vec::new();
        for (c, condition) in run.spec.condition.iter().enumerate() {
            let own = |(cell, row): &&(CellId, DiagnosticRow)| {
                row.samples == SampleKind::Generated && cell.condition == condition.name
            };
            rows.extend(pooled(all.iter().filter(own)).map(|measures| JudgedRow {
                condition: Some(c),
                label: condition.label().to_owned(),
                measures,
                gain: gains.get(&c).copied(),
                copies: is_copies(c),
            }));
        }
        let has_copies = rows.iter().any(|row| row.copies);
        for (kind, label) in [
            (SampleKind::KeptReal, "kept real"),
            (SampleKind::Reconstructed, "kept real, reconstructed"),
            (SampleKind::Copies, "copies"),
            (SampleKind::Noise, "white noise at 5 dB"),
            (SampleKind::Reference, "removed real"),
        ] {
            if kind == SampleKind::Copies && has_copies {
                continue;
            }
            let of = pooled(all.iter().filter(|(_, row)| row.samples == kind));
            let copies = kind == SampleKind::Copies;
            let row =
                |measures| JudgedRow { condition: None, label: label.into(), measures, gain: None, copies };
            rows.extend(of.map(row));
        }
        Ok(Some(Judged { rows, all, chance: 1.0 / run.spec.classes.len().max(1) as f64 }))
    }

    /// The row of what conditions are held against that is called `label`.
    pub fn against(&self, label: &str) -> Option<&JudgedRow> {
        self.rows.iter().find(|row| row.condition.is_none() && row.label == label)
    }
}

/// Means over cells of the rows about all classes; none without any.
fn pooled<'a>(
    rows: impl Iterator<Item = &'a (CellId, DiagnosticRow)>,
) -> Option<BTreeMap<(PointSpace, Diagnostic), PooledMeasure>> {
    let mut found: BTreeMap<(PointSpace, Diagnostic), Vec<&DiagnosticRow>> = BTreeMap::new();
    for (_, row) in rows.filter(|(_, row)| row.class == ALL_CLASSES) {
        found.entry((row.space, row.measure)).or_default().push(row);
    }
    let pool = |rows: Vec<&DiagnosticRow>| {
        let ps: Vec<f64> = rows.iter().filter_map(|row| row.p).collect();
        let below = ps.iter().filter(|p| **p < SIGNIFICANT).count();
        PooledMeasure {
            mean: rows.iter().map(|row| row.value).sum::<f64>() / rows.len() as f64,
            n: rows.iter().map(|row| row.n).sum(),
            cells: rows.len(),
            significant: (!ps.is_empty()).then(|| below as f64 / ps.len() as f64),
        }
    };
    let pooled: BTreeMap<_, _> = found.into_iter().map(|(key, rows)| (key, pool(rows))).collect();
    (!pooled.is_empty()).then_some(pooled)
}

/// The main column of each condition less that of `copies`, percentage points: the mean over the folds, or seeds, that both have.
fn gains(run: &LoadedRun, copies: Option<usize>) -> Result<BTreeMap<usize, f64>> {
    let Some(copies) = copies else { return Ok(BTreeMap::new()) };
    let all = cell_samples(run);
    let mut gains = BTreeMap::new();
    for condition in 0..run.spec.condition.len() {
        let found = differences(&all, main_column(run), condition, copies);
        let units = by_unit(&found, unit(run))?.into_values().next().unwrap_or_default();
        if !units.is_empty() {
            gains.insert(condition, units.iter().map(|u| u.1).sum::<f64>() / units.len() as f64);
        }
    }
    Ok(gains)
}
