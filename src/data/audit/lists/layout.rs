//! From lists with parts and folds to what is trained on and tested in each fold.

use super::is_number;
use super::table::{FOLDS, ListTable, word_of};
use super::words::{ListPart, PartWord};
use indexmap::{IndexMap, IndexSet};
use seraug_core::error::{Error, Result};
use std::collections::BTreeSet;

/// Most entries of all folds together.
const ENTRIES: usize = 50_000_000;
/// What an only fold without a name is called.
const ONLY: &str = "split";

/// The rows of a fold, by their number over all lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ListFold {
    pub(crate) name: String,
    pub(crate) train: Vec<u32>,
    pub(crate) validation: Vec<u32>,
    pub(crate) test: Vec<u32>,
}

impl ListFold {
    pub(crate) fn part(&self, part: ListPart) -> &[u32] {
        match part {
            ListPart::Train => &self.train,
            ListPart::Validation => &self.validation,
            ListPart::Test => &self.test,
        }
    }

    /// The rows of all parts.
    pub(super) fn all(&self) -> impl Iterator<Item = &u32> {
        [&self.train, &self.validation, &self.test].into_iter().flatten()
    }

    /// The same, to be renumbered.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        [&mut self.train, &mut self.validation, &mut self.test].into_iter().flatten()
    }

    fn part_mut(&mut self, part: ListPart) -> &mut Vec<u32> {
        match part {
            ListPart::Train => &mut self.train,
            ListPart::Validation => &mut self.validation,
            ListPart::Test => &mut self.test,
        }
    }
}

/// The folds of lists.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) folds: Vec<ListFold>,
    /// How the lists say their parts.
    pub(super) forms: BTreeSet<&'static str>,
    pub(super) notes: Vec<String>,
}

/// What the lists say of rows, before it is known what all of them say.
#[derive(Default)]
struct Said {
    /// Row, fold (an index into `folds`; none for all) and word.
    parts: Vec<(u32, Option<u32>, PartWord)>,
    folds: IndexSet<String>,
    /// Row and the fold that tests it; none for one that is always trained on.
    tested: Vec<(u32, Option<u32>)>,
    /// Cells of a column of parts that say none, with how many rows have them.
    unknown: IndexMap<String, usize>,
    /// Rows that a list leaves out by an empty cell, `-` or a word.
    out: usize,
    forms: BTreeSet<&'static str>,
    notes: Vec<String>,
}

impl Said {
    fn fold(&mut self, name: &str) -> Result<u32> {
        let index = self.folds.insert_full(name.to_owned()).0;
        if index >= FOLDS {
            return Err(Error::usage(format!(
                "more than {FOLDS} folds, `{name}` among them; --fold and --part say which columns define folds"
            )));
        }
        Ok(index as u32)
    }

    fn say(&mut self, row: u32, fold: Option<u32>, word: PartWord) -> Result<()> {
        if self.parts.len() >= ENTRIES {
            return Err(Error::usage(format!(
                "the folds have more than {ENTRIES} entries; give fewer at once"
            )));
        }
        if word != PartWord::Out {
            self.parts.push((row, fold, word));
        }
        Ok(())
    }

    /// The words of a column of parts; `fold_of` gives the fold of a row.
    fn column(
        &mut self,
        table: &ListTable,
        first: u32,
        column: usize,
        mut fold_of: impl FnMut(&mut Said, usize) -> Result<Option<Option<u32>>>,
    ) -> Result<()> {
        for (i, row) in table.grid.rows.iter().enumerate() {
            match word_of(&table.grid, row, column) {
                // Where each fold has a column, most cells are such.
                Some(PartWord::Out) => self.out += usize::from(table.columns.parts.len() == 1),
                Some(word) => {
                    if let Some(fold) = fold_of(self, i)? {
                        self.say(first + i as u32, fold, word)?;
                    }
                }
                None => {
                    let cell = ListTable::cell(row, Some(column)).unwrap_or_default();
                    *self.unknown.entry(cell).or_default() += 1;
                }
            }
        }
        Ok(())
    }

    /// A column of parts for one fold, or for all.
    fn parts(&mut self, table: &ListTable, first: u32, column: usize, own: Option<u32>) -> Result<()> {
        self.forms.insert("a column of parts");
        self.column(table, first, column, |_, _| Ok(Some(own)))
    }

    /// A column of the folds that test.
    fn folds(&mut self, table: &ListTable, first: u32, column: usize) -> Result<()> {
        self.forms.insert("a column of the fold that tests an utterance");
        let called = &table.grid.columns[column];
        if table.columns.fold_by_numbers {
            self.notes.push(format!(
                "each number of column `{called}` is taken for a fold that is tested; where they stand for parts, write train, validation and test"
            ));
        }
        for (i, row) in table.grid.rows.iter().enumerate() {
            let name = ListTable::cell(row, Some(column)).map(|name| whole(&name));
            match name.as_deref() {
                None => self.out += 1,
                // As scikit-learn's PredefinedSplit has it.
                Some("-1") => self.tested.push((first + i as u32, None)),
                Some(name) => {
                    let fold = self.fold(name)?;
                    self.tested.push((first + i as u32, Some(fold)));
                }
            }
        }
        Ok(())
    }

    /// Notes that one of two columns says nothing.
    fn passed_over(&mut self, table: &ListTable, unused: usize, used: usize) {
        let [unused, used] = [unused, used].map(|column| &table.grid.columns[column]);
        self.notes.push(format!(
            "column `{unused}` is not used, because utterances have one row each: `{used}` alone says what is tested"
        ));
    }

    fn table(&mut self, table: &ListTable, first: u32) -> Result<()> {
        let columns = &table.columns;
        let own = match &table.fold {
            Some(name) => Some(self.fold(name)?),
            None => None,
        };
        let marked = table.marks.iter().any(|mark| mark.word.is_some());
        match (columns.parts.as_slice(), columns.fold, table.word) {
            _ if marked => {
                self.forms.insert("parts by keys of JSON");
                for (i, mark) in table.marks.iter().enumerate() {
                    let fold = match &mark.fold {
                        Some(name) => Some(self.fold(name)?),
                        None => own,
                    };
                    if let Some(word) = mark.word.or(table.word) {
                        self.say(first + i as u32, fold, word)?;
                    }
                }
            }
            ([column], Some(fold), _) => match PartsAndFolds::of(table, fold)? {
                PartsAndFolds::Both => {
                    self.forms.insert("a row for each utterance and fold");
                    self.column(table, first, *column, |said, i| {
                        let name = ListTable::cell(&table.grid.rows[i], Some(fold));
                        match name {
                            Some(name) => said.fold(&whole(&name)).map(|fold| Some(Some(fold))),
                            None => {
                                said.out += 1;
                                Ok(None)
                            }
                        }
                    })?;
                }
                PartsAndFolds::Parts => {
                    self.passed_over(table, fold, *column);
                    self.parts(table, first, *column, own)?;
                }
                PartsAndFolds::Folds => {
                    self.passed_over(table, *column, fold);
                    self.folds(table, first, fold)?;
                }
            },
            ([column], None, _) => self.parts(table, first, *column, own)?,
            (several @ [_, _, ..], _, _) => {
                self.forms.insert("a column of parts for each fold");
                for column in several {
                    let fold = Some(self.fold(&table.grid.columns[*column])?);
                    self.column(table, first, *column, |_, _| Ok(Some(fold)))?;
                }
            }
            ([], Some(fold), _) => self.folds(table, first, fold)?,
            ([], None, Some(word)) => {
                let form = if own.is_some() { "lists for each fold" } else { "a list for each part" };
                self.forms.insert(form);
                for i in 0..table.grid.rows.len() as u32 {
                    self.say(first + i, own, word)?;
                }
            }
            ([], None, None) if own.is_some() => {
                self.forms.insert("a list for each fold that is tested");
                self.tested.extend((0..table.grid.rows.len() as u32).map(|i| (first + i, own)));
            }
            _ => {
                return Err(Error::usage(format!(
                    "{}: nothing says which utterances are trained on and which are tested: no column with train and test, none of folds, no such word in the file's name; --part or --fold names a column, --train and --test name lists ({})",
                    table.grid.file,
                    table.grid.columns.join(", ")
                )));
            }
        }
        Ok(())
    }
}

/// A name for sorting, in which 10 is after 9.
fn natural(name: &str) -> Vec<(String, u64)> {
    let parts = name.split_inclusive(|c: char| c.is_ascii_digit());
    let mut all: Vec<(String, u64)> = Vec::new();
    for part in parts {
        let (text, digit) = match part.char_indices().last() {
            Some((at, c)) if c.is_ascii_digit() => (&part[..at], c.to_digit(10)),
            _ => (part, None),
        };
        match (text, all.last_mut(), digit) {
            ("", Some((_, number)), Some(digit)) => {
                *number = number.saturating_mul(10).saturating_add(u64::from(digit));
            }
            _ => all.push((text.to_owned(), u64::from(digit.unwrap_or(0)))),
        }
    }
    all
}

/// A number of a fold as it is written, without the decimal that pandas gives a column with gaps.
fn whole(name: &str) -> String {
    name.strip_suffix(".0").unwrap_or(name).to_owned()
}

/// What a column of parts and one of folds say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartsAndFolds {
    /// The part of an utterance in a fold; each has a row for every fold.
    Both,
    /// The parts are the split, and folds are something else, as those within the training.
    Parts,
    /// The folds are the split.
    Folds,
}

impl PartsAndFolds {
    /// By what a person names, else by how many rows an utterance has.
    ///
    /// # Errors
    /// Some utterances are in several folds and most are not (usage).
    fn of(table: &ListTable, fold: usize) -> Result<PartsAndFolds> {
        let columns = &table.columns;
        if columns.named_parts && columns.named_fold {
            return Ok(PartsAndFolds::Both);
        }
        let mut folds_of: IndexMap<[Option<&str>; 3], IndexSet<&str>> = IndexMap::new();
        for row in &table.grid.rows {
            let cell = |column: Option<usize>| row.cells.get(column?)?.as_deref();
            if let Some(name) = cell(Some(fold)) {
                let id = cell(columns.id).filter(|id| columns.path.is_none() || !is_number(id));
                let utterance = [cell(columns.path), id, cell(columns.start)];
                folds_of.entry(utterance).or_default().insert(name);
            }
        }
        let entries: usize = folds_of.values().map(IndexSet::len).sum();
        match () {
            () if 2 * entries >= 3 * folds_of.len() => Ok(PartsAndFolds::Both),
            () if columns.named_fold => Ok(PartsAndFolds::Folds),
            () if columns.named_parts || entries == folds_of.len() => Ok(PartsAndFolds::Parts),
            () => Err(Error::usage(format!(
                "{}: {} of {} utterances have rows in several folds (column `{}`); --part COLUMN says that parts alone are the split, --part and --fold that each fold has its parts",
                table.grid.file,
                folds_of.values().filter(|folds| folds.len() > 1).count(),
                folds_of.len(),
                table.grid.columns[fold]
            ))),
        }
    }
}

/// The folds of `tables`.
///
/// # Errors
/// A list of which nothing says what is trained on; more folds than can be meant; no training or no test at all (usage).
pub(super) fn layout(tables: &[ListTable]) -> Result<Layout> {
    let mut said = Said::default();
    let mut first = 0;
    for table in tables {
        said.table(table, first)?;
        first += table.grid.rows.len() as u32;
    }
    let Said { parts, folds: names, tested, unknown, out, forms, mut notes } = said;
    if tested.len().saturating_mul(names.len()) > ENTRIES {
        return Err(Error::usage(format!("the folds have more than {ENTRIES} entries; give fewer at once")));
    }
    for (cell, n) in unknown.iter().take(5) {
        notes.push(format!("`{cell}` is no part that is known: its rows, {n}, are in none"));
    }
    if out > 0 {
        notes.push(format!(
            "{} in no part: nothing, `-`, or a word such as `removed` in the cell",
            if out == 1 { "1 row is".to_owned() } else { format!("{out} rows are") }
        ));
    }
    let evaluation = match parts.iter().any(|p| p.2 == PartWord::Part(ListPart::Test)) {
        true => ListPart::Validation,
        false => ListPart::Test,
    };
    if parts.iter().any(|p| p.2 == PartWord::Evaluation) {
        notes.push(format!("`eval` is taken for the {}", evaluation.name()));
    }
    let part_of = |word: PartWord| match word {
        PartWord::Part(part) => part,
        PartWord::Evaluation | PartWord::Out => evaluation,
    };
    let mut folds: Vec<ListFold> =
        names.iter().map(|name| ListFold { name: name.clone(), ..ListFold::default() }).collect();
    let mut shared = ListFold { name: ONLY.to_owned(), ..ListFold::default() };
    for (row, fold, word) in parts {
        let fold = match fold {
            Some(fold) => &mut folds[fold as usize],
            None => &mut shared,
        };
        fold.part_mut(part_of(word)).push(row);
    }
    for (i, fold) in folds.iter_mut().enumerate() {
        for (row, of) in &tested {
            let part = if *of == Some(i as u32) { ListPart::Test } else { ListPart::Train };
            fold.part_mut(part).push(*row);
        }
    }
    // Lists without a fold belong to each, such as the test beside five pairs of training and validation.
    let whole = !shared.train.is_empty() && !shared.test.is_empty();
    if folds.is_empty() || whole {
        folds.insert(0, shared);
    } else {
        for fold in &mut folds {
            for part in [ListPart::Train, ListPart::Validation, ListPart::Test] {
                fold.part_mut(part).extend_from_slice(shared.part(part));
            }
        }
    }
    // Columns whose names have no number keep their order.
    if folds.iter().any(|fold| fold.name.contains(|c: char| c.is_ascii_digit())) {
        folds.sort_by_cached_key(|fold| natural(&fold.name));
    }
    for (part, option) in [(ListPart::Train, "--train"), (ListPart::Test, "--test")] {
        if folds.iter().all(|fold| fold.part(part).is_empty()) {
            return Err(Error::usage(format!(
                "{}: no utterance of the {} in it; name its list with {option}",
                tables.first().map_or("", |table| &table.grid.file),
                part.name()
            )));
        }
    }
    Ok(Layout { folds, forms, notes })
}
