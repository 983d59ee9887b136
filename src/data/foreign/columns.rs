//! Which column of a table of predictions is what, by its name.

use crate::corpora::add::grid::{Grid, GridRow};
use seraug_core::error::{Error, Result};
use seraug_core::names::unicode::normalise;

/// What a column of predictions is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PredictionColumn {
    Utterance,
    Truth,
    Predicted,
    Speaker,
    Fold,
    Seed,
    System,
    Gender,
    Language,
    Text,
}

use PredictionColumn as Is;

/// Names of columns, in lower case with `_` for what is between words; of several in a table the first counts.
const ALIASES: [(Is, &[&str]); 10] = [
    (
        Is::Utterance,
        &[
            "utterance",
            "utterance_id",
            "utt_id",
            "utt",
            "id",
            "key",
            "segment_id",
            "file",
            "path",
            "file_name",
            "filename",
            "file_path",
            "filepath",
            "wav",
            "audio",
            "audio_path",
            "wav_path",
            "name",
        ],
    ),
    (
        Is::Truth,
        &[
            "truth",
            "true",
            "y_true",
            "true_label",
            "gold",
            "reference",
            "ref",
            "target",
            "label",
            "emotion",
            "emo",
            "class",
        ],
    ),
    (Is::Predicted, &["predicted", "prediction", "pred", "y_pred", "predicted_label", "hypothesis", "hyp"]),
    (
        Is::Speaker,
        &[
            "speaker",
            "speaker_id",
            "spk",
            "spk_id",
            "spkr",
            "spkrid",
            "speakerid",
            "actor",
            "actor_id",
            "talker",
        ],
    ),
    (Is::Fold, &["fold", "fold_id", "test_fold", "cv_fold", "split"]),
    (Is::Seed, &["seed", "random_state", "run", "repetition", "repeat"]),
    (Is::System, &["system", "condition", "model", "method", "classifier"]),
    (Is::Gender, &["gender", "sex"]),
    (Is::Language, &["language", "lang", "locale"]),
    (Is::Text, &["text", "transcription", "transcript", "sentence", "sentence_id"]),
];

/// What the name of a column with the probability of a class begins with.
const PROBABILITIES: [&str; 4] = ["p_", "prob_", "proba_", "probability_"];

/// Cells that stand for nothing, beside the empty one.
const EMPTY: [&str; 8] = ["nan", "NaN", "NA", "<NA>", "N/A", "#N/A", "null", "NULL"];

/// Words of a column `split` that name parts of a corpus, and no fold.
const PARTS: [&str; 11] = [
    "train",
    "training",
    "trained",
    "dev",
    "devel",
    "development",
    "val",
    "valid",
    "validation",
    "test",
    "eval",
];

/// Whether every cell of a column names a part of a corpus.
fn says_parts(grid: &Grid, column: usize) -> bool {
    let cells = || grid.rows.iter().filter_map(|row| row.cells[column].as_deref());
    cells().next().is_some() && cells().all(|cell| PARTS.contains(&cell.to_lowercase().as_str()))
}

/// A number as it is written, without the decimal of pandas.
fn whole(text: &str) -> &str {
    text.strip_suffix(".0").filter(|number| number.bytes().all(|b| b.is_ascii_digit())).unwrap_or(text)
}

/// Where each column is in a table.
pub(super) struct PredictionColumns {
    at: Vec<(Is, usize)>,
    /// A column `split` that says what was trained on and what was tested, not which fold.
    part: Option<usize>,
    /// Class and column of each probability, in the order of the file.
    pub(super) probabilities: Vec<(String, usize)>,
}

impl PredictionColumns {
    /// Finds the columns of `grid`.
    pub(super) fn of(grid: &Grid) -> PredictionColumns {
        let plain: Vec<String> = grid
            .columns
            .iter()
            .map(|name| normalise(name).to_lowercase().replace(['-', ' ', '.'], "_"))
            .collect();
        let find =
            |aliases: &[&str]| aliases.iter().find_map(|alias| plain.iter().position(|name| name == alias));
        let mut at: Vec<(Is, usize)> =
            ALIASES.iter().filter_map(|(is, aliases)| Some((*is, find(aliases)?))).collect();
        let part = find(&["split"]).filter(|column| says_parts(grid, *column));
        at.retain(|(_, column)| Some(*column) != part);
        let class = |(i, name): (usize, &String)| {
            let start = PROBABILITIES.iter().find(|start| plain[i].starts_with(**start))?;
            // The name as it is written: labels may have capitals.
            name.get(start.len()..).filter(|class| !class.is_empty()).map(|class| (class.to_owned(), i))
        };
        let probabilities = grid.columns.iter().enumerate().filter_map(class).collect();
        PredictionColumns { at, part, probabilities }
    }

    /// Whether the table has the column.
    pub(super) fn has(&self, is: Is) -> bool {
        self.at.iter().any(|(found, _)| *found == is)
    }

    /// The cell of `row`; `None` where it is empty (as R and pandas write that too) or the table has no such column. Of folds and seeds
    /// without the decimal that pandas gives a column with gaps.
    pub(super) fn cell(&self, row: &GridRow, is: Is) -> Option<String> {
        let (_, at) = self.at.iter().find(|(found, _)| *found == is)?;
        let text = normalise(row.cells[*at].as_deref()?).into_owned();
        let is_name = matches!(is, Is::Utterance | Is::System);
        let empty = text.is_empty() || !is_name && EMPTY.contains(&text.as_str());
        (!empty).then(|| match is {
            Is::Fold | Is::Seed => whole(&text).to_owned(),
            _ => text,
        })
    }

    /// Refuses a prediction of an utterance that a column `split` says was trained on.
    pub(super) fn refuse_training(&self, grid: &Grid, row: &GridRow) -> Result<()> {
        let word = self.part.and_then(|at| row.cells[at].as_deref()).map(|word| word.to_lowercase());
        match word.filter(|word| word.starts_with("train")) {
            None => Ok(()),
            Some(word) => Err(wrong(
                grid,
                row,
                format!(
                    "split = `{word}`: what a system was trained on is no test of it; leave such rows out"
                ),
            )),
        }
    }

    /// As [`PredictionColumns::cell`], of a column that every row must have.
    pub(super) fn needed(&self, grid: &Grid, row: &GridRow, is: Is) -> Result<String> {
        self.cell(row, is).ok_or_else(|| wrong(grid, row, format!("{} is empty", self.name(grid, is))))
    }

    /// What the table calls the column.
    fn name<'a>(&self, grid: &'a Grid, is: Is) -> &'a str {
        self.at.iter().find(|(found, _)| *found == is).map_or("a column", |(_, at)| &grid.columns[*at])
    }

    /// Refuses a table that lacks the column.
    pub(super) fn require(&self, grid: &Grid, is: Is, what: &str) -> Result<()> {
        if self.has(is) {
            return Ok(());
        }
        let names = ALIASES.iter().find(|(found, _)| *found == is).map_or(&[][..], |(_, names)| names);
        let known: Vec<&str> = names.iter().take(6).copied().collect();
        let (file, have) = (&grid.file, grid.columns.join(", "));
        let next = match grid.columns.as_slice() {
            [one] if one.contains(';') => "; columns are separated by commas, or a first line says `sep=;`",
            _ => "",
        };
        Err(Error::failed(format!(
            "{file}: no column {what}, such as {}; it has {have}{next}",
            known.join(", ")
        )))
    }

    /// The probabilities of `row`, in the order of [`PredictionColumns::probabilities`]; empty where every cell is.
    pub(super) fn values(&self, grid: &Grid, row: &GridRow) -> Result<Vec<f64>> {
        let cells: Vec<Option<&str>> =
            self.probabilities.iter().map(|(_, at)| row.cells[*at].as_deref()).collect();
        if cells.iter().all(Option::is_none) {
            return Ok(Vec::new());
        }
        let value = |(name, cell): (&(String, usize), &Option<&str>)| {
            let text = cell.unwrap_or("");
            let p: Option<f64> = text.parse().ok().filter(|p| (0.0..=1.0).contains(p));
            p.ok_or_else(|| {
                let column = &grid.columns[name.1];
                wrong(
                    grid,
                    row,
                    format!(
                        "{column} = `{text}` is no probability; leave such columns out if these are scores"
                    ),
                )
            })
        };
        let values = std::iter::zip(&self.probabilities, &cells).map(value).collect::<Result<Vec<f64>>>()?;
        let sum: f64 = values.iter().sum();
        if (sum - 1.0).abs() > 0.01 {
            let why = format!(
                "its probabilities add up to {sum:.3}; leave the p_ columns out if these are scores, or scale each row to 1"
            );
            return Err(wrong(grid, row, why));
        }
        Ok(values)
    }
}

/// What is wrong with a row: `FILE:LINE: WHY`.
pub(super) fn wrong(grid: &Grid, row: &GridRow, why: impl std::fmt::Display) -> Error {
    Error::failed(format!("{}:{}: {why}", grid.file, row.number))
}
