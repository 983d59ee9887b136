//! Predictions of somebody else's systems and what is true of their utterances: from tables to cells, for `seraug score`.

mod columns;
mod folds;
mod names;
mod notes;
mod truths;

use crate::corpora::add::grid::{Grid, GridRow};
use columns::{PredictionColumn as Is, PredictionColumns, wrong};
use folds::{cell_folds, fold_disagreements, fold_names, fold_speakers, pool_repetitions};
use seraug_core::digest::digest_hex;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::files;
use seraug_core::manifest::Gender;
use seraug_core::metrics::first_largest;
use seraug_core::run_files::{FoldSpeakers, ScoredFile};
use seraug_core::suggest::hint;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use truths::Truths;

/// A table of predictions, and what its system is called where no column says so.
#[derive(Debug, Clone)]
pub struct ForeignFile {
    /// The name of the system.
    pub system: String,
    /// CSV, TSV, JSON lines or parquet.
    pub path: PathBuf,
}

/// What is known of an utterance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignUtterance {
    /// Its name.
    pub id: String,
    /// The index of its class.
    pub truth: usize,
    /// Who speaks; empty where no table says so.
    pub speaker: String,
    /// The speaker's gender.
    pub gender: Option<Gender>,
    /// Its language; empty where no table says so.
    pub language: String,
    /// What is said; empty where no table says so.
    pub text: String,
}

/// What a system predicts for an utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignPrediction {
    /// The index of the utterance.
    pub utterance: usize,
    /// The index of the class.
    pub predicted: usize,
    /// Probabilities of the classes, to six digits; empty where the system gives none.
    pub probabilities: Vec<f64>,
}

/// The predictions of a system for a fold, by the training with a seed.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignCell {
    /// The index of the system.
    pub system: usize,
    /// The index of the fold.
    pub fold: usize,
    /// 1 where no table has seeds.
    pub seed: u64,
    /// In the order of the file.
    pub predictions: Vec<ForeignPrediction>,
}

/// All that the tables say.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignPredictions {
    /// Labels of the classes, as the tables write them.
    pub classes: Vec<String>,
    /// Names of the systems, in the order in which they come.
    pub systems: Vec<String>,
    /// Names of the folds; a single one with an empty name where no table has folds.
    pub folds: Vec<String>,
    /// Seeds, ascending.
    pub seeds: Vec<u64>,
    /// Every utterance that is predicted.
    pub utterances: Vec<ForeignUtterance>,
    /// By system, fold and seed.
    pub cells: Vec<ForeignCell>,
    /// The files that were read.
    pub files: Vec<ScoredFile>,
    /// Who is tested in which fold, as far as the tables say.
    pub fold_speakers: FoldSpeakers,
    /// What a reader should know before believing a number.
    pub notes: Vec<String>,
}

/// A row of predictions before classes and folds have numbers.
struct RawPrediction {
    place: String,
    system: usize,
    fold: Option<String>,
    seed: u64,
    utterance: usize,
    predicted: Option<String>,
    /// The table whose probabilities these are, and their values.
    probabilities: (usize, Vec<f64>),
}

/// Most seeds and folds that are told apart.
const MOST: usize = 1000;

/// Reads tables of predictions. `truth` is a table that says what is true of each utterance, where the tables of predictions do not.
/// `classes` are the labels in the order of every table of results; empty for those of the truths.
///
/// # Errors
/// A table that cannot be read, that lacks a column, or that contradicts itself or another one, with file and line.
pub fn read(files: &[ForeignFile], truth: Option<&Path>, classes: &[String]) -> Result<ForeignPredictions> {
    let mut read = Vec::new();
    let mut truths = Truths::default();
    if let Some(path) = truth {
        let grid = table(path, &mut read)?;
        truths.table(&grid)?;
    }
    let mut systems: Vec<String> = Vec::new();
    let mut probabilities: Vec<Vec<String>> = Vec::new();
    let mut raw = Vec::new();
    for file in files {
        let grid = table(&file.path, &mut read)?;
        let columns = PredictionColumns::of(&grid);
        columns.require(&grid, Is::Utterance, "for the name of the utterance")?;
        if !columns.has(Is::Predicted) && columns.probabilities.is_empty() {
            columns.require(
                &grid,
                Is::Predicted,
                "for the predicted class, and none of probabilities (p_CLASS)",
            )?;
        }
        probabilities.push(columns.probabilities.iter().map(|(class, _)| class.clone()).collect());
        for row in &grid.rows {
            raw.push(raw_prediction(
                &grid,
                row,
                &columns,
                file,
                &mut systems,
                &mut truths,
                probabilities.len() - 1,
            )?);
        }
    }
    if raw.is_empty() {
        let names: Vec<String> = files.iter().map(|f| f.path.display().to_string()).collect();
        return Err(Error::failed(format!("{}: no prediction", names.join(", "))));
    }
    let used: BTreeSet<usize> = raw.iter().map(|row| row.utterance).collect();
    let used: Vec<usize> = used.into_iter().collect();
    let classes = class_names(&truths.labels(&used), &probabilities, classes)?;
    assemble(raw, &truths, &used, classes, systems, &probabilities, read)
}

/// Reads a table and notes what it is.
fn table(path: &Path, read: &mut Vec<ScoredFile>) -> Result<Grid> {
    let lower = path.extension().map_or(String::new(), |e| e.to_string_lossy().to_lowercase());
    if ["pkl", "pickle", "pt", "pth", "joblib", "npy", "npz"].contains(&lower.as_str()) {
        let why = format!(
            "a .{lower} is not read, because reading one runs code; write a CSV, as pandas' to_csv does"
        );
        return Err(Error::at(path, why));
    }
    let grid = Grid::read(path, &path.display().to_string())?;
    let sha256 = digest_hex(&files::read(path, files::DATA).at(path)?);
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    read.push(ScoredFile { file, sha256, rows: grid.rows.len() });
    Ok(grid)
}

fn raw_prediction(
    grid: &Grid,
    row: &GridRow,
    columns: &PredictionColumns,
    file: &ForeignFile,
    systems: &mut Vec<String>,
    truths: &mut Truths,
    table: usize,
) -> Result<RawPrediction> {
    let system = columns.cell(row, Is::System).unwrap_or_else(|| file.system.clone());
    let system = systems.iter().position(|s| *s == system).unwrap_or_else(|| {
        systems.push(system);
        systems.len() - 1
    });
    let seed = match columns.cell(row, Is::Seed) {
        None => 1,
        Some(text) => {
            let seed = text.parse::<u64>().ok().filter(|seed| i64::try_from(*seed).is_ok());
            seed.ok_or_else(|| wrong(grid, row, format!("seed = `{text}` is no whole number")))?
        }
    };
    columns.refuse_training(grid, row)?;
    let predicted = columns.cell(row, Is::Predicted);
    let values = columns.values(grid, row)?;
    if predicted.is_none() && values.is_empty() {
        return Err(wrong(grid, row, "neither a predicted class nor probabilities"));
    }
    Ok(RawPrediction {
        place: format!("{}:{}", grid.file, row.number),
        system,
        fold: columns.cell(row, Is::Fold),
        seed,
        utterance: truths.of(grid, row, columns)?,
        predicted,
        probabilities: (table, values),
    })
}

/// The labels, in the order of every table: as chosen, else numbers by size, else as the probabilities stand, else by the alphabet.
fn class_names(labels: &[String], probabilities: &[Vec<String>], chosen: &[String]) -> Result<Vec<String>> {
    let mut known: Vec<String> = chosen.to_vec();
    if known.is_empty() {
        match probabilities.iter().find(|p| !p.is_empty() && labels.iter().all(|l| p.contains(l))) {
            Some(columns) => known.clone_from(columns),
            None => {
                known = labels.to_vec();
                known.sort_by_key(|l| (l.parse::<u64>().unwrap_or(u64::MAX), l.clone()));
            }
        }
    }
    if known.len() < 2 {
        let found = known.join(", ");
        return Err(Error::failed(format!("the truths have one class alone, `{found}`; two are needed")));
    }
    Ok(known)
}

/// Gives numbers to classes, folds and seeds, and puts the rows into cells. `used` are the utterances that some row is about.
fn assemble(
    raw: Vec<RawPrediction>,
    truths: &Truths,
    used: &[usize],
    classes: Vec<String>,
    systems: Vec<String>,
    probabilities: &[Vec<String>],
    files: Vec<ScoredFile>,
) -> Result<ForeignPredictions> {
    let class = |label: &str, place: &str, what: &str| class_of(&classes, label, place, what);
    let orders = probabilities
        .iter()
        .map(|columns| probability_order(columns, &classes))
        .collect::<Result<Vec<Vec<usize>>>>()?;
    let folds_of = cell_folds(&raw, truths);
    let mut folds = fold_names(&raw, &folds_of)?;
    let seeds = seed_numbers(&raw, folds.len())?;
    let disagreements = fold_disagreements(&raw, &folds_of, truths);
    let mut cells: HashMap<(usize, usize, u64), ForeignCell> = HashMap::new();
    let mut seen: HashMap<(usize, usize, u64, usize), String> = HashMap::new();
    let mut disagreeing = vec![0; systems.len()];
    for (row, name) in std::iter::zip(raw, &folds_of) {
        let fold = folds.iter().position(|f| f == name).unwrap_or_default();
        let cell = (row.system, fold, row.seed);
        if let Some(first) = seen.insert((row.system, fold, row.seed, row.utterance), row.place.clone()) {
            let (place, id) = (&row.place, truths.id(row.utterance));
            let why = format!("was predicted at {first} already, for the same system, fold and seed");
            return Err(Error::failed(format!("{place}: utterance `{id}` {why}")));
        }
        let (table, values) = &row.probabilities;
        let millionths = |p: f64| (p * 1e6).round() / 1e6;
        let probabilities: Vec<f64> = match values.is_empty() {
            true => Vec::new(),
            false => orders[*table].iter().map(|&at| millionths(values[at])).collect(),
        };
        let likeliest = first_largest(&probabilities);
        let predicted = match &row.predicted {
            Some(label) => class(label, &row.place, "predicted class")?,
            None => likeliest,
        };
        disagreeing[row.system] += usize::from(!probabilities.is_empty() && predicted != likeliest);
        let utterance = used.binary_search(&row.utterance).unwrap_or_default();
        cells
            .entry(cell)
            .or_insert_with(|| ForeignCell { system: cell.0, fold, seed: row.seed, predictions: Vec::new() })
            .predictions
            .push(ForeignPrediction { utterance, predicted, probabilities });
    }
    let mut utterances = truths.utterances(used, |label, place| class(label, place, "true class"))?;
    let mut cells: Vec<ForeignCell> = cells.into_values().collect();
    cells.sort_by_key(|c| (c.system, c.fold, c.seed));
    let cut = names::cut_folder(&mut utterances);
    let repeated = pool_repetitions(&mut cells, &mut folds, &utterances);
    partly_probable(&cells, &systems)?;
    let fold_speakers = match repeated {
        Some(_) => FoldSpeakers::Repetitions,
        None => fold_speakers(&cells, &utterances),
    };
    let name = |at: usize| utterances[used.binary_search(&at).unwrap_or_default()].id.clone();
    let of_tables: Vec<String> = truths.notes(used, name).into_iter().chain(cut).collect();
    let mut all = ForeignPredictions {
        classes,
        systems,
        folds,
        seeds,
        utterances,
        cells,
        files,
        fold_speakers,
        notes: Vec::new(),
    };
    let of_folds = repeated.or(disagreements).into_iter();
    all.notes = of_folds.chain(notes::notes(&all, &disagreeing)).chain(of_tables).collect();
    Ok(all)
}

/// The seeds, ascending.
fn seed_numbers(raw: &[RawPrediction], folds: usize) -> Result<Vec<u64>> {
    let seeds: BTreeSet<u64> = raw.iter().map(|row| row.seed).collect();
    if seeds.len().max(folds) > MOST {
        let n = seeds.len();
        return Err(Error::failed(format!(
            "{folds} folds and {n} seeds: more than {MOST}; is a column misread as one of them?"
        )));
    }
    Ok(seeds.into_iter().collect())
}

/// The number of a class that is written at a place.
fn class_of(classes: &[String], label: &str, place: &str, what: &str) -> Result<usize> {
    classes.iter().position(|class| class == label).ok_or_else(|| {
        let hint = hint(label, classes.iter().map(String::as_str));
        Error::failed(format!(
            "{place}: {what} `{label}` is no class of the truths{hint}; --classes names classes that no utterance has"
        ))
    })
}

/// The column of each class among the probabilities of a table.
fn probability_order(columns: &[String], classes: &[String]) -> Result<Vec<usize>> {
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(other) = columns.iter().find(|c| !classes.contains(c)) {
        let hint = hint(other, classes.iter().map(String::as_str));
        return Err(Error::failed(format!("column p_{other}: `{other}` is no class of the truths{hint}")));
    }
    let at = |class: &String| {
        columns.iter().position(|c| c == class).ok_or_else(|| {
            Error::failed(format!(
                "column p_{class} is missing: of every class or of none the probabilities are needed"
            ))
        })
    };
    classes.iter().map(at).collect()
}

/// Refuses a cell of which some rows have probabilities and others do not.
fn partly_probable(cells: &[ForeignCell], systems: &[String]) -> Result<()> {
    for cell in cells {
        let with = cell.predictions.iter().filter(|p| !p.probabilities.is_empty()).count();
        if with != 0 && with != cell.predictions.len() {
            let (system, all) = (&systems[cell.system], cell.predictions.len());
            return Err(Error::failed(format!(
                "system `{system}`, seed {}: {with} of {all} predictions of a fold have probabilities; give all of them or none",
                cell.seed
            )));
        }
    }
    Ok(())
}

impl ForeignPredictions {
    /// SHA-256 over the names, classes and speakers of the utterances, sorted: equal where two sets of predictions are of the same data.
    pub fn digest(&self) -> String {
        let mut lines: Vec<String> = self
            .utterances
            .iter()
            .map(|u| format!("{}\0{}\0{}\n", u.id, self.classes[u.truth], u.speaker))
            .collect();
        lines.sort();
        digest_hex(lines.concat().as_bytes())
    }
}

#[cfg(test)]
mod tests;
