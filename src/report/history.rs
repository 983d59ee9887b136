//! history.csv of the cells: what trainings logged, averaged over the cells of a condition.

use super::reading::Reading;
use crate::error::Result;
use crate::results::read_history;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::path::Path;

/// A quantity of a stage: mean over the cells of a condition, by step.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Index of the condition.
    pub condition: usize,
    /// (step, mean), rising; only steps that every cell logged.
    pub points: Vec<(f64, f64)>,
}

/// Curves of a stage, by the name of the quantity in the order of the files.
pub type Curves = IndexMap<String, Vec<Curve>>;

/// Values of one cell: quantity to (step, value).
type Logged = IndexMap<String, BTreeMap<u64, f64>>;

/// Reads the history of `stage` of every finished cell. A cell without the file gives nothing; of one that does not
/// read, `notes` gets a line.
pub fn curves(reading: &Reading, stage: &str, notes: &mut Vec<String>) -> Curves {
    let mut curves = Curves::new();
    for condition in 0..reading.spec.condition.len() {
        let mut cells: Vec<Logged> = Vec::new();
        for o in reading.done(condition) {
            let path = reading.run.cell_file(&o.cell, "history.csv");
            if path.is_file() {
                match read(&path, stage) {
                    Ok(logged) => cells.push(logged),
                    Err(e) => {
                        let note = format!("The learning curves are without a cell: {e}");
                        if !notes.contains(&note) {
                            notes.push(note);
                        }
                    }
                }
            }
        }
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

fn read(path: &Path, stage: &str) -> Result<Logged> {
    let mut logged = Logged::new();
    for row in read_history(path)?.into_iter().filter(|r| r.stage == stage) {
        for (name, value) in row.values {
            logged.entry(name).or_default().insert(row.step as u64, value);
        }
    }
    Ok(logged)
}
