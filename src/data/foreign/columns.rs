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

/// Where each column is in a table.
pub(super) struct PredictionColumns {
    at: Vec<(Is, usize)>,
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
        let at = ALIASES.iter().filter_map(|(is, aliases)| Some((*is, find(aliases)?))).collect();
        let class = |(i, name): (usize, &String)| {
            let start = PROBABILITIES.iter().find(|start| plain[i].starts_with(**start))?;
            // The name as it is written: labels may have capitals.
            name.get(start.len()..).filter(|class| !class.is_empty()).map(|class| (class.to_owned(), i))
        };
        let probabilities = grid.columns.iter().enumerate().filter_map(class).collect();
        PredictionColumns { at, probabilities }
    }

    /// Whether the table has the column.
    pub(super) fn has(&self, is: Is) -> bool {
        self.at.iter().any(|(found, _)| *found == is)
    }

    /// The cell of `row`; `None` where it is empty or the table has no such column.
    pub(super) fn cell(&self, row: &GridRow, is: Is) -> Option<String> {
        let (_, at) = self.at.iter().find(|(found, _)| *found == is)?;
        row.cells[*at].as_deref().map(|text| normalise(text).into_owned()).filter(|text| !text.is_empty())
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
