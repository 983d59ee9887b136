//! The cells of one way of splitting corpora.

use super::paired_result::CellPair;
use super::tested_cell::{self, TestedCell};
use seraug_core::error::{Error, Result};
use seraug_core::rng::Seed;
use std::collections::BTreeMap;
use std::path::Path;

/// The cells of a condition, by fold and seed.
type OfCondition = BTreeMap<usize, BTreeMap<u64, TestedCell>>;

/// The cells of a file: `emodb-speakers` for emodb-speakers.csv.
#[derive(Debug)]
pub(crate) struct Design {
    pub name: String,
    /// By corpus and condition.
    cells: BTreeMap<String, BTreeMap<String, OfCondition>>,
}

impl Design {
    /// Reads a file that was collected.
    ///
    /// # Errors
    /// As [`tested_cell::read`]; a file without cells.
    pub(crate) fn load(path: &Path) -> Result<Design> {
        let mut cells: BTreeMap<String, BTreeMap<String, OfCondition>> = BTreeMap::new();
        for cell in tested_cell::read(path)? {
            let of_condition = cells.entry(cell.corpus.clone()).or_default().entry(cell.condition.clone());
            of_condition.or_default().entry(cell.fold).or_default().insert(cell.seed, cell);
        }
        if cells.is_empty() {
            return Err(Error::failed(format!("{}: has no cells; collect it again", path.display())));
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Design { name, cells })
    }

    /// The corpora.
    pub(crate) fn corpora(&self) -> Vec<&str> {
        self.cells.keys().map(String::as_str).collect()
    }

    /// The conditions of the first corpus.
    pub(crate) fn conditions(&self) -> Vec<&str> {
        self.cells.values().next().into_iter().flat_map(|c| c.keys().map(String::as_str)).collect()
    }

    /// Number of seeds that each fold of a corpus has.
    pub(crate) fn seeds(&self, corpus: &str) -> usize {
        let folds = self.cells[corpus].values().flat_map(|folds| folds.values());
        folds.map(BTreeMap::len).min().unwrap_or(0)
    }

    /// `folds x speakers a fold`, of the first corpus.
    pub(crate) fn shape(&self) -> String {
        let folds = self.cells.values().next().and_then(|c| c.values().next());
        let speakers = folds.iter().flat_map(|f| f.values()).filter_map(|f| f.values().next());
        let speakers: usize = speakers.map(|c| c.speakers.len()).sum();
        format!("{} folds, {speakers} speakers", folds.map_or(0, BTreeMap::len))
    }

    /// Two disjoint groups of seeds of one condition, drawn for each fold by itself: a cell depends on seed and training utterances
    /// together, so that the cells of one seed in two folds have nothing in common. `None` with too few seeds.
    pub(crate) fn two_groups(
        &self,
        corpus: &str,
        condition: &str,
        size: usize,
        seed: Seed,
    ) -> Option<Vec<Vec<CellPair<'_>>>> {
        (self.cells[corpus].get(condition)?.iter())
            .map(|(&fold, cells)| {
                let drawn = drawn(cells, 2 * size, seed.at(fold as u64))?;
                Some((0..size).map(|i| [drawn[i], drawn[size + i]]).collect())
            })
            .collect()
    }

    /// Two conditions with the same seeds, drawn for each fold. `None` with too few seeds, and where one lacks a cell.
    pub(crate) fn two_conditions(
        &self,
        corpus: &str,
        names: [&str; 2],
        size: usize,
        seed: Seed,
    ) -> Option<Vec<Vec<CellPair<'_>>>> {
        let [first, second] = names.map(|name| self.cells[corpus].get(name));
        (first?.iter())
            .map(|(fold, cells)| {
                let others = second?.get(fold)?;
                let drawn = drawn(cells, size, seed.at(*fold as u64))?;
                drawn.into_iter().map(|cell| Some([cell, others.get(&cell.seed)?])).collect()
            })
            .collect()
    }
}

/// `count` cells, each of another seed.
fn drawn(cells: &BTreeMap<u64, TestedCell>, count: usize, seed: Seed) -> Option<Vec<&TestedCell>> {
    let mut cells: Vec<&TestedCell> = cells.values().collect();
    seed.draws().shuffle(&mut cells);
    cells.get(..count).map(<[_]>::to_vec)
}
