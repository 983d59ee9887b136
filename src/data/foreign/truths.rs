//! What is true of the utterances that systems predict: of a table of its own, or of the tables of predictions.

use super::ForeignUtterance;
use super::columns::{PredictionColumn as Is, PredictionColumns, wrong};
use crate::corpora::add::grid::{Grid, GridRow};
use seraug_core::error::{Error, Result};
use seraug_core::manifest::Gender;
use std::collections::HashMap;

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

/// The utterances, by their names.
#[derive(Default)]
pub(super) struct Truths {
    known: Vec<KnownUtterance>,
    by_id: HashMap<String, usize>,
    /// By the name of the file without folder and extension; none where several utterances share it.
    by_stem: HashMap<String, Option<usize>>,
    /// The table that says what is true; empty where the predictions do.
    table: String,
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
            self.add(grid, row, &columns, id)?;
        }
        grid.file.as_ref().clone_into(&mut self.table);
        Ok(())
    }

    fn add(&mut self, grid: &Grid, row: &GridRow, columns: &PredictionColumns, id: String) -> Result<usize> {
        let gender = match columns.cell(row, Is::Gender) {
            None => None,
            Some(word) => Some(Gender::parse(&word).ok_or_else(|| {
                wrong(grid, row, format!("gender = `{word}`: expected female or male, or an empty cell"))
            })?),
        };
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
        let by_stem = || self.by_stem.get(&stem(&id)).copied().flatten();
        let at = found.or_else(by_stem).ok_or_else(|| {
            wrong(
                grid,
                row,
                format!("utterance `{id}` is not in {}, or its file name is of several there", self.table),
            )
        })?;
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
        match (columns.cell(row, Is::Speaker), &known.speaker) {
            (Some(here), Some(there)) if here != *there => differs("the speaker", &here, there),
            (Some(here), None) => {
                self.known[at].speaker = Some(here);
                Ok(at)
            }
            _ => Ok(at),
        }
    }

    /// Every label, in the order in which they come.
    pub(super) fn labels(&self) -> Vec<String> {
        let mut labels: Vec<String> = Vec::new();
        for k in &self.known {
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

    /// The utterances, with the number that `class` gives to a label at a place.
    pub(super) fn into_utterances(
        self,
        class: impl Fn(&str, &str) -> Result<usize>,
    ) -> Result<Vec<ForeignUtterance>> {
        self.known
            .into_iter()
            .map(|k| {
                Ok::<_, Error>(ForeignUtterance {
                    truth: class(&k.truth, &k.place)?,
                    id: k.id,
                    speaker: k.speaker.unwrap_or_default(),
                    gender: k.gender,
                    language: k.language.unwrap_or_default(),
                    text: k.text.unwrap_or_default(),
                })
            })
            .collect()
    }
}

/// The name of a file without its folder and extension.
fn stem(id: &str) -> String {
    let name = id.rsplit(['/', '\\']).next().unwrap_or(id);
    name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem }).to_owned()
}
