//! One list as a table: what kind of file it is, and which of its columns says what.

use super::choices::ListChoices;
use super::json::{self, RowMark};
use super::sources::SourceFile;
use super::words::{ListPart, PartWord, fold_of};
use super::{kaldi, pickle};
use crate::corpora::add::columns::{Role, named};
use crate::corpora::add::grid::{Grid, GridRow};
use crate::corpora::walk::extension;
use crate::split::SplitPart;
use seraug_core::error::{AtPath, Error, Result};
use seraug_core::names::unicode::normalise;
use seraug_core::suggest::hint;
use std::collections::{BTreeSet, HashSet};
use std::path::Path;

/// Most folds that a column may define.
pub(super) const FOLDS: usize = 1000;

/// A list.
pub(super) struct ListTable {
    pub(super) grid: Grid,
    /// Of each row, for JSON; empty for others.
    pub(super) marks: Vec<RowMark>,
    /// What the file's name, its folder's or an option says of all rows.
    pub(super) word: Option<PartWord>,
    /// The fold that its name or its folder's says.
    pub(super) fold: Option<String>,
    pub(super) columns: ListColumns,
}

/// Where what is, as indices of columns.
#[derive(Debug, Default)]
pub(super) struct ListColumns {
    pub(super) path: Option<usize>,
    pub(super) id: Option<usize>,
    pub(super) speaker: Option<usize>,
    pub(super) text: Option<usize>,
    pub(super) label: Option<usize>,
    pub(super) corpus: Option<usize>,
    pub(super) sha256: Option<usize>,
    pub(super) start: Option<usize>,
    pub(super) end: Option<usize>,
    /// One for each fold.
    pub(super) parts: Vec<usize>,
    pub(super) fold: Option<usize>,
    /// Whether the column of folds is called as one of parts, and has numbers.
    pub(super) fold_by_numbers: bool,
    /// Whether a person names them.
    pub(super) named_parts: bool,
    pub(super) named_fold: bool,
}

/// Names of columns beside those that `corpus add` knows, in lower case.
const IDS: &[&str] =
    &["utterance", "utterance_name", "recording", "clip", "file_id", "fileid", "sample", "name"];
const PARTS: &[&str] = &["part", "set", "usage", "phase", "fold_part"];
const FOLD_COLUMNS: &[&str] =
    &["fold", "fold_id", "folds", "kfold", "k_fold", "cv", "cv_fold", "fold_number"];
const CORPORA: &[&str] = &["corpus", "dataset", "database", "data_set"];

impl ListTable {
    /// Reads a list.
    ///
    /// # Errors
    /// A pickle; a file that cannot be read; no column that names utterances; a column that `choices` names and that is not there.
    pub(super) fn read(file: &SourceFile, choices: &ListChoices) -> Result<ListTable> {
        let SourceFile { path, shown, part, names, split } = file;
        let (grid, marks) = if path.is_dir() {
            (kaldi::read(path, shown)?, Vec::new())
        } else {
            pickle::refuse(path)?;
            match extension(path).as_str() {
                "json" => json::read(path, shown)?,
                "ndjson" => (Grid::json_lines(path, shown)?, Vec::new()),
                "txt" | "lst" | "list" | "scp" => (lines(path, shown)?, Vec::new()),
                _ => (Grid::read(path, shown)?, Vec::new()),
            }
        };
        if grid.rows.is_empty() {
            return Err(Error::failed(format!("{shown}: no row in it; expected a row for each utterance")));
        }
        let word = match part {
            Some(part) => Some(PartWord::Part(*part)),
            None => names.iter().find_map(|name| PartWord::of_name(name)),
        };
        let fold = names.iter().find_map(|name| fold_of(name)).filter(|_| part.is_none());
        let fold = match (split.as_str(), fold) {
            ("", fold) => fold,
            (split, Some(fold)) => Some(format!("{split}/{fold}")),
            (split, None) => Some(split.to_owned()),
        };
        let mut columns = ListColumns::named(&grid, choices)?;
        if part.is_none() {
            columns.find_parts(&grid, choices)?;
        }
        // An option says more than the keys of a file.
        let marks = if part.is_some() { Vec::new() } else { marks };
        Ok(ListTable { grid, marks, word, fold, columns })
    }

    /// The cell of `column` in `row`, normalised; `None` where nothing is in it.
    pub(super) fn cell(row: &GridRow, column: Option<usize>) -> Option<String> {
        let cell = normalise(row.cells.get(column?)?.as_deref()?).into_owned();
        Some(cell).filter(|cell| !cell.is_empty())
    }
}

/// A list of names, one in each line; what follows a tab, a comma, a bar or the extension of a recording is left alone.
fn lines(path: &Path, shown: &str) -> Result<Grid> {
    let text = seraug_core::files::text(path).cannot("be read", path)?;
    let numbered = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let rows = numbered.map(|(i, line)| {
        let line = line.trim_start_matches('\u{feff}').trim();
        let cell = line.split(['\t', ',', '|']).next().unwrap_or(line).trim();
        let token = cell.split_whitespace().next().unwrap_or(cell);
        let is_path = crate::corpora::path_key(token).len() < token.len() && token.contains('.');
        let name = if is_path { token } else { cell };
        GridRow { number: i as u64 + 1, cells: vec![Some(name.to_owned())] }
    });
    Ok(Grid { file: shown.into(), columns: vec![json::NAME.to_owned()], rows: rows.collect() })
}

/// The column that `option` names, or the first of `guesses`.
fn chosen(grid: &Grid, option: &str, choice: Option<&String>, guesses: Vec<usize>) -> Result<Option<usize>> {
    let Some(column) = choice else { return Ok(guesses.first().copied()) };
    grid.column(column).map(Some).ok_or_else(|| {
        let known = hint(column, grid.columns.iter().map(String::as_str));
        Error::usage(format!("{option}: {} has no column `{column}`{known}", grid.file))
    })
}

/// The columns whose names are among `words`, in the order of these.
fn called(grid: &Grid, words: &[&str]) -> Vec<usize> {
    let plain = |name: &String| name.to_lowercase().replace(['-', ' ', '.'], "_");
    let names: Vec<String> = grid.columns.iter().map(plain).collect();
    words.iter().filter_map(|word| names.iter().position(|name| name == word)).collect()
}

impl ListColumns {
    /// All but parts and folds.
    fn named(grid: &Grid, choices: &ListChoices) -> Result<ListColumns> {
        let of = |role| named(role, &grid.columns);
        let utterance = choices.utterance.as_ref();
        let name = chosen(grid, "--utterance", utterance, Vec::new())?;
        let ids = [of(Role::Id), called(grid, IDS)].concat();
        let columns = ListColumns {
            path: name.or_else(|| of(Role::Path).first().copied()),
            id: ids.first().copied().filter(|_| name.is_none()),
            speaker: chosen(grid, "--speaker", choices.speaker.as_ref(), of(Role::Speaker))?,
            text: chosen(grid, "--text", choices.text.as_ref(), of(Role::Text))?,
            label: chosen(grid, "--emotion", choices.emotion.as_ref(), of(Role::Emotion))?,
            corpus: called(grid, CORPORA).first().copied(),
            sha256: called(grid, &["sha256"]).first().copied(),
            start: of(Role::Start).first().copied(),
            end: of(Role::End).first().copied(),
            ..ListColumns::default()
        };
        if columns.path.is_none() && columns.id.is_none() {
            let next = match grid.columns.as_slice() {
                [one] if one.contains(';') => "begin it with a line `sep=;`, or save it with commas",
                _ => "--utterance COLUMN says which",
            };
            return Err(Error::usage(format!(
                "{}: no column that names utterances (utterance, path, file, id, …) in its first line, which has `{}`; {next}",
                grid.file,
                grid.columns.join(", ")
            )));
        }
        Ok(columns)
    }

    /// Columns whose cells say parts, and the one that numbers folds.
    fn find_parts(&mut self, grid: &Grid, choices: &ListChoices) -> Result<()> {
        let given: Vec<usize> = choices
            .part
            .iter()
            .map(|name| chosen(grid, "--part", Some(name), Vec::new()))
            .filter_map(Result::transpose)
            .collect::<Result<_>>()?;
        let called_so = [named(Role::Split, &grid.columns), called(grid, PARTS)].concat();
        let mut fold = called(grid, FOLD_COLUMNS);
        if given.is_empty() {
            let taken = [self.path, self.id, self.speaker, self.text, self.corpus, self.sha256];
            let free = (0..grid.columns.len()).filter(|c| !taken.contains(&Some(*c)));
            self.parts = free.filter(|c| says_parts(grid, *c, called_so.contains(c))).collect();
            // A column `split` of numbers.
            let numbers = called_so.into_iter().filter(|c| !self.parts.contains(c) && counts(grid, *c));
            self.fold_by_numbers = fold.is_empty() && choices.fold.is_none();
            fold.extend(numbers);
        } else {
            if let Some(bad) = given.iter().find(|c| !says_parts(grid, **c, true)) {
                let first = grid.rows.iter().find_map(|row| ListTable::cell(row, Some(*bad)));
                return Err(Error::usage(format!(
                    "--part: {}: column `{}` says no parts: `{}`; expected train, validation and test in it",
                    grid.file,
                    grid.columns[*bad],
                    first.unwrap_or_default()
                )));
            }
            self.parts = given;
            self.named_parts = true;
        }
        fold.retain(|c| !self.parts.contains(c));
        self.fold = chosen(grid, "--fold", choices.fold.as_ref(), fold)?;
        self.named_fold = choices.fold.is_some();
        Ok(())
    }
}

/// What a cell of `column` says; a split.csv of ours has words of its own.
pub(super) fn word_of(grid: &Grid, row: &GridRow, column: usize) -> Option<PartWord> {
    let cell = ListTable::cell(row, Some(column)).unwrap_or_default();
    if grid.columns[column].starts_with("seed-") {
        return Some(match SplitPart::named(&cell)? {
            SplitPart::Train | SplitPart::Low | SplitPart::Full => PartWord::Part(ListPart::Train),
            SplitPart::Test => PartWord::Part(ListPart::Test),
            SplitPart::Removed | SplitPart::None => PartWord::Out,
        });
    }
    PartWord::of_cell(&cell)
}

/// Whether every cell of a column says a part, and one of them any; where the column is called so, it is enough that some do.
fn says_parts(grid: &Grid, column: usize, called_so: bool) -> bool {
    let mut seen: HashSet<&str> = HashSet::new();
    let (mut parts, mut others) = (BTreeSet::new(), false);
    for row in &grid.rows {
        let cell = row.cells.get(column).and_then(|c| c.as_deref()).unwrap_or_default();
        if !seen.insert(cell) {
            continue;
        }
        match word_of(grid, row, column) {
            Some(PartWord::Part(part)) => drop(parts.insert(part)),
            Some(PartWord::Evaluation) => drop(parts.insert(ListPart::Test)),
            Some(PartWord::Out) => {}
            None if called_so => others = true,
            None => return false,
        }
    }
    !parts.is_empty() && (!others || parts.len() > 1)
}

/// Whether a column has whole numbers, as many as there may be folds.
fn counts(grid: &Grid, column: usize) -> bool {
    let mut seen: HashSet<&str> = HashSet::new();
    let cells = grid.rows.iter().filter_map(|row| row.cells.get(column)?.as_deref());
    for cell in cells {
        let whole = cell.trim().trim_end_matches(".0");
        if whole.parse::<i32>().is_err() || seen.len() > FOLDS {
            return false;
        }
        seen.insert(cell);
    }
    !seen.is_empty()
}
