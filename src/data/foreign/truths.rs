//! What is true of the utterances that systems predict: of a table of its own, or of the tables of predictions.

use super::ForeignUtterance;
use super::columns::{PredictionColumn as Is, PredictionColumns, wrong};
use super::names::file_name;
use crate::corpora::add::grid::{Grid, GridRow};
use seraug_core::error::{Error, Result};
use seraug_core::manifest::Gender;
use seraug_core::text::plural;
use std::collections::{BTreeMap, HashMap};

/// An utterance before classes have numbers.
struct KnownUtterance {
    id: String,
    truth: String,
    speaker: Option<String>,
    gender: Option<Gender>,
    language: Option<String>,
    text: Option<String>,
    fold: Option<String>,
    place: String,
}

/// Values of one column that differ between tables for the same utterance.
struct ValueConflicts {
    /// The first of them, in words.
    first: String,
    /// Rows that say something else than the first row about their utterance.
    rows: usize,
}

/// The utterances, by their names.
#[derive(Default)]
pub(super) struct Truths {
    known: Vec<KnownUtterance>,
    by_id: HashMap<String, usize>,
    /// By the name of the file without folder and extension; none where several utterances share it.
    by_stem: HashMap<String, Option<usize>>,
    /// The table that says what is true; empty where the predictions do.
    table: String,
    /// Names of the utterances that the table gives no class, with their places.
    unlabelled: BTreeMap<String, String>,
    /// Gender, language, text: what tables say of one utterance and do not agree on.
    conflicts: BTreeMap<&'static str, ValueConflicts>,
    /// Utterances that were found by the name of their file alone, and what a prediction calls them.
    by_file_name: BTreeMap<usize, String>,
}

impl Truths {
    /// Reads the table of truths.
    pub(super) fn table(&mut self, grid: &Grid) -> Result<()> {
        let columns = PredictionColumns::of(grid);
        columns.require(grid, Is::Utterance, "for the name of the utterance")?;
        columns.require(grid, Is::Truth, "for the true class")?;
        for row in &grid.rows {
            let id = columns.needed(grid, row, Is::Utterance)?;
            if let Some(&first) = self.by_id.get(&id) {
                let place = &self.known[first].place;
                return Err(wrong(grid, row, format!("utterance `{id}` is at {place} already")));
            }
            if columns.cell(row, Is::Truth).is_none() {
                self.unlabelled.insert(id, format!("{}:{}", grid.file, row.number));
                continue;
            }
            self.add(grid, row, &columns, id)?;
        }
        grid.file.as_ref().clone_into(&mut self.table);
        Ok(())
    }

    fn add(&mut self, grid: &Grid, row: &GridRow, columns: &PredictionColumns, id: String) -> Result<usize> {
        let gender = gender(grid, row, columns)?;
        let at = self.known.len();
        self.known.push(KnownUtterance {
            truth: columns.needed(grid, row, Is::Truth)?,
            speaker: columns.cell(row, Is::Speaker),
            gender,
            language: columns.cell(row, Is::Language),
            text: columns.cell(row, Is::Text),
            fold: columns.cell(row, Is::Fold),
            place: format!("{}:{}", grid.file, row.number),
            id: id.clone(),
        });
        self.by_stem.entry(stem(&id)).and_modify(|of| *of = None).or_insert(Some(at));
        self.by_id.insert(id, at);
        Ok(at)
    }

    /// The utterance that a row of predictions is about.
    pub(super) fn of(&mut self, grid: &Grid, row: &GridRow, columns: &PredictionColumns) -> Result<usize> {
        let id = columns.needed(grid, row, Is::Utterance)?;
        let found = self.by_id.get(&id).copied();
        if self.table.is_empty() {
            columns.require(
                grid,
                Is::Truth,
                "for the true class; --truth FILE gives it in a table of its own",
            )?;
            return match found {
                None => self.add(grid, row, columns, id),
                Some(at) => self.agree(grid, row, columns, at),
            };
        }
        let at = match found.or_else(|| self.by_stem.get(&stem(&id)).copied().flatten()) {
            Some(at) => at,
            None => return Err(self.unknown(grid, row, &id)),
        };
        if found.is_none() {
            self.by_file_name.entry(at).or_insert(id);
        }
        self.agree(grid, row, columns, at)
    }

    /// What a row says of an utterance that is known must be what is known.
    fn agree(&mut self, grid: &Grid, row: &GridRow, columns: &PredictionColumns, at: usize) -> Result<usize> {
        let known = &self.known[at];
        let differs = |what: &str, here: &str, there: &str| {
            let (id, place) = (&known.id, &known.place);
            Err(wrong(grid, row, format!("{what} of `{id}` is `{here}`, but `{there}` at {place}")))
        };
        if let Some(truth) = columns.cell(row, Is::Truth).filter(|truth| *truth != known.truth) {
            return differs("the true class", &truth, &known.truth);
        }
        if let (Some(here), Some(there)) = (columns.cell(row, Is::Speaker), &known.speaker)
            && here != *there
        {
            return differs("the speaker", &here, there);
        }
        let gender = gender(grid, row, columns)?;
        let word = |gender: Gender| gender.name().to_owned();
        let [language, text, speaker] =
            [Is::Language, Is::Text, Is::Speaker].map(|column| columns.cell(row, column));
        let known = &mut self.known[at];
        let values = [
            ("gender", gender.map(word), known.gender.map(word)),
            ("language", language.clone(), known.language.clone()),
            ("text", text.clone(), known.text.clone()),
        ];
        known.speaker = known.speaker.take().or(speaker);
        known.gender = known.gender.or(gender);
        known.language = known.language.take().or(language);
        known.text = known.text.take().or(text);
        let here_at = format!("{}:{}", file_name(&grid.file), row.number);
        for (what, here, there) in values {
            let (Some(here), Some(there)) = (here, there) else { continue };
            if here != there {
                let (id, there_at) = (file_name(&self.known[at].id), file_name(&self.known[at].place));
                let said = format!("`{here}` at {here_at}, but `{there}` at {there_at} (utterance `{id}`)");
                let conflicts = self.conflicts.entry(what).or_insert(ValueConflicts { first: said, rows: 0 });
                conflicts.rows += 1;
            }
        }
        Ok(at)
    }

    /// What is said of a row whose utterance the table of truths does not know.
    fn unknown(&self, grid: &Grid, row: &GridRow, id: &str) -> Error {
        if let Some(place) = self.unlabelled.get(id) {
            let why = format!(
                "utterance `{id}` has no true class at {place}: give it one, or leave its predictions out"
            );
            return wrong(grid, row, why);
        }
        let why = format!("utterance `{id}` is not in {}, or its file name is of several there", self.table);
        wrong(grid, row, why)
    }

    /// What a reader should know of how the tables fit together. `used` are the utterances that are predicted, `name` is what a run calls
    /// one of them.
    pub(super) fn notes(&self, used: &[usize], name: impl Fn(usize) -> String) -> Vec<String> {
        let mut notes = Vec::new();
        for (what, found) in &self.conflicts {
            let rows = plural(found.rows, "row");
            notes.push(format!(
                "{what}: tables do not agree in {rows}, such as {}; what came first counts.",
                found.first
            ));
        }
        if let Some((at, id)) = self.by_file_name.iter().next() {
            let n = plural(self.by_file_name.len(), "utterance");
            let (here, there) = (file_name(id), name(*at));
            notes.push(format!(
                "{n} found by the name of the file alone, without folder and extension, such as `{here}` as `{there}`."
            ));
        }
        let rest = self.known.len() - used.len();
        if rest > 0 {
            notes.push(format!(
                "{} of the table of truths: no system predicts them.",
                plural(rest, "utterance")
            ));
        }
        if let Some((id, _)) = self.unlabelled.first_key_value() {
            let n = plural(self.unlabelled.len(), "row");
            notes.push(format!(
                "{n} of the table of truths without a class, such as `{}`: left out.",
                file_name(id)
            ));
        }
        notes
    }

    /// Every label of the utterances `used`, in the order in which they come.
    pub(super) fn labels(&self, used: &[usize]) -> Vec<String> {
        let mut labels: Vec<String> = Vec::new();
        for k in used.iter().map(|at| &self.known[*at]) {
            if !labels.contains(&k.truth) {
                labels.push(k.truth.clone());
            }
        }
        labels
    }

    /// The fold that the table of truths tests an utterance in.
    pub(super) fn fold(&self, at: usize) -> Option<&str> {
        self.known[at].fold.as_deref().filter(|_| !self.table.is_empty())
    }

    /// The name of an utterance.
    pub(super) fn id(&self, at: usize) -> &str {
        &self.known[at].id
    }

    /// Where the table of truths has an utterance.
    pub(super) fn place(&self, at: usize) -> &str {
        &self.known[at].place
    }

    /// The utterances `used`, with the number that `class` gives to a label at a place.
    pub(super) fn utterances(
        &self,
        used: &[usize],
        class: impl Fn(&str, &str) -> Result<usize>,
    ) -> Result<Vec<ForeignUtterance>> {
        used.iter()
            .map(|at| {
                let k = &self.known[*at];
                Ok::<_, Error>(ForeignUtterance {
                    truth: class(&k.truth, &k.place)?,
                    id: k.id.clone(),
                    speaker: k.speaker.clone().unwrap_or_default(),
                    gender: k.gender,
                    language: k.language.clone().unwrap_or_default(),
                    text: k.text.clone().unwrap_or_default(),
                })
            })
            .collect()
    }
}

fn gender(grid: &Grid, row: &GridRow, columns: &PredictionColumns) -> Result<Option<Gender>> {
    let Some(word) = columns.cell(row, Is::Gender) else { return Ok(None) };
    let found = Gender::parse(&word).ok_or_else(|| {
        wrong(grid, row, format!("gender = `{word}`: expected female or male, or an empty cell"))
    });
    found.map(Some)
}

/// The name of a file without its folder and extension.
fn stem(id: &str) -> String {
    let name = file_name(id);
    name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem }).to_owned()
}
