//! Learning curves: the history.csv of each cell, averaged over the cells of a condition.

use super::loaded_run::LoadedRun;
use indexmap::IndexMap;
use rayon::prelude::*;
use seraug_core::run_files::{HistoryRow, Outcome, read_history};
use std::collections::BTreeMap;

/// One quantity of a stage by step, as the mean over the cells of a condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Index of the condition in the spec.
    pub condition: usize,
    /// (step, mean) by ascending step; only steps that every cell logged.
    pub points: Vec<(f64, f64)>,
}

/// Curves of a stage, by the name of the quantity in the order of the files.
pub type Curves = IndexMap<String, Vec<Curve>>;

/// Values of one cell: quantity to (step, value).
type Logged = IndexMap<String, BTreeMap<u64, f64>>;

/// The history of each finished cell, by condition. A cell without the file is left out; for one that cannot be read, a line is
/// added to `notes`.
pub fn histories(run: &LoadedRun, notes: &mut Vec<String>) -> Vec<Vec<Vec<HistoryRow>>> {
    let read = |o: &Outcome| {
        let path = run.dir.cell_file(&o.cell, "history.csv");
        path.is_file().then(|| read_history(&path))
    };
    let mut of_condition = |condition| {
        let done: Vec<&Outcome> = run.done(condition).collect();
        let found: Vec<_> = done.into_par_iter().filter_map(read).collect();
        let mut cells = Vec::new();
        for history in found {
            match history {
                Ok(rows) => cells.push(rows),
                Err(e) => notes.push(format!("The learning curves leave out a cell: {e}")),
            }
        }
        cells
    };
    (0..run.spec.condition.len()).map(&mut of_condition).collect()
}

/// The mean curves of a stage (`classifier` or `augmentor`).
pub fn curves(histories: &[Vec<Vec<HistoryRow>>], stage: &str) -> Curves {
    let mut curves = Curves::new();
    for (condition, cells) in histories.iter().enumerate() {
        let cells: Vec<Logged> = cells.iter().map(|rows| of_stage(rows, stage)).collect();
        let names: Vec<&String> = cells.iter().flat_map(IndexMap::keys).collect();
        let mut seen = std::collections::HashSet::new();
        for name in names.into_iter().filter(|n| seen.insert(*n)) {
            let of: Vec<&BTreeMap<u64, f64>> = cells.iter().filter_map(|c| c.get(name)).collect();
            let points: Vec<(f64, f64)> = of[0]
                .keys()
                .filter_map(|step| {
                    let values: Option<Vec<f64>> = of.iter().map(|c| c.get(step).copied()).collect();
                    let values = values?;
                    Some((*step as f64, values.iter().sum::<f64>() / values.len() as f64))
                })
                .collect();
            if !points.is_empty() {
                curves.entry(name.clone()).or_default().push(Curve { condition, points });
            }
        }
    }
    curves
}

fn of_stage(rows: &[HistoryRow], stage: &str) -> Logged {
    let mut logged = Logged::new();
    for row in rows.iter().filter(|r| r.stage == stage) {
        for (name, value) in &row.values {
            logged.entry(name.clone()).or_default().insert(row.step as u64, *value);
        }
    }
    logged
}
