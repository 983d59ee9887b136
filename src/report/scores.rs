//! What `seraug score` prints beside the report: the numbers of each system as JSON, every pair, and recalls for each value of what
//! utterances are grouped by.

use crate::analysis::aggregate::Column;
use crate::analysis::attributes::{
    Attribute, AttributeRecalls, ValueRecall, attribute_recalls, attribute_rows,
};
use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::predictions::RunPredictions;
use crate::analysis::speakers::{SpeakerRecall, speakers};
use crate::compare::{self, Contrast, pair_as_json};
use crate::render::attribute_table::attribute_table;
use crate::render::result_table::ResultTable;
use crate::render::text_table::TextTable;
use seraug_core::error::Result;
use seraug_core::metrics::Confusion;
use seraug_core::run_files::RunDir;
use seraug_core::spec::Condition;
use serde_json::{Map, Value, json};
use std::path::Path;

/// What recalls are given for each value of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breakdown {
    /// Each test speaker.
    Speaker,
    /// The speakers' gender.
    Gender,
    /// The language.
    Language,
    /// What is said.
    Text,
}

impl Breakdown {
    /// All of them.
    pub const ALL: [Breakdown; 4] =
        [Breakdown::Speaker, Breakdown::Gender, Breakdown::Language, Breakdown::Text];

    /// What the command line calls it.
    pub fn name(self) -> &'static str {
        match self {
            Breakdown::Speaker => "speaker",
            Breakdown::Gender => "gender",
            Breakdown::Language => "language",
            Breakdown::Text => "text",
        }
    }
}

/// The numbers of a run of one data set.
#[derive(Debug)]
pub struct Scores {
    run: LoadedRun,
    table: ResultTable,
    other: ResultTable,
    pairs: Vec<Contrast>,
    attributes: Vec<AttributeRecalls>,
    speakers: Vec<SpeakerRecall>,
}

impl Scores {
    /// Reads a run.
    ///
    /// # Errors
    /// As [`LoadedRun::of`] and [`RunPredictions::of`].
    pub fn of(dir: &RunDir) -> Result<Scores> {
        let mut run = LoadedRun::of(dir)?;
        let predictions = RunPredictions::of(&run)?;
        predictions.calibrate(&mut run);
        let attributes = attribute_rows(&run)?
            .map(|rows| attribute_recalls(&run, &predictions, &rows))
            .unwrap_or_default();
        Ok(Scores {
            table: ResultTable::of(&run)?,
            other: ResultTable::other_measures(&run)?,
            pairs: compare::within(&run, &predictions),
            speakers: speakers(&run, &predictions),
            attributes,
            run,
        })
    }

    /// The title of the run, marked where its corpus is synthetic.
    pub fn title(&self) -> String {
        self.run.title()
    }

    /// The table of the systems.
    pub fn table(&self) -> TextTable {
        self.table.text()
    }

    /// A line for each pair of systems that a sentence is written for.
    pub fn sentences(&self) -> String {
        compare::sentences(&self.pairs).iter().map(|sentence| format!("{sentence}\n")).collect()
    }

    /// The UAR of each system for each value; none where the utterances have not at least two values, or none is known.
    pub fn breakdown(&self, by: Breakdown) -> Option<TextTable> {
        let attribute = match by {
            Breakdown::Speaker => return self.by_speaker(),
            Breakdown::Gender => Attribute::Gender,
            Breakdown::Language => Attribute::Language,
            Breakdown::Text => Attribute::Text,
        };
        let found = self.attributes.iter().find(|found| found.attribute == attribute)?;
        Some(attribute_table(&self.run, found))
    }

    fn by_speaker(&self) -> Option<TextTable> {
        if self.speakers.len() < 2 {
            return None;
        }
        let share = |c: &Confusion| {
            let whole = (0..c.classes()).all(|class| c.recall(class).is_some());
            let mark = if whole { "" } else { "*" };
            c.uar().map_or("–".to_owned(), |uar| format!("{:.1}{mark}", 100.0 * uar))
        };
        let row = |s: &SpeakerRecall| {
            let n = s.confusions.iter().map(Confusion::total).max().unwrap_or(0);
            let head = [s.id.clone(), n.to_string()];
            head.into_iter().chain(s.confusions.iter().map(share)).collect::<Vec<String>>().into()
        };
        let labels = self.run.spec.condition.iter().map(|c| Condition::label(c).to_owned());
        Some(TextTable {
            title: "By speaker".into(),
            caption: "UAR in percent, counts pooled over folds and seeds; n: predictions of a system. *: over fewer classes, because \
                      no test utterance of the speaker has the others."
                .into(),
            headings: ["speaker", "n"].map(str::to_owned).into_iter().chain(labels).collect(),
            rows: self.speakers.iter().map(row).collect(),
            words: 1,
            ..TextTable::default()
        })
    }

    /// The numbers in full, percent and percentage points, null where there is none: `systems`, `pairs` (the columns of statistics.csv,
    /// docs/results.md), one table for each of `by`, the run and the page.
    pub fn json(&self, by: &[Breakdown], run: &RunDir, page: &Path) -> Value {
        let systems: Vec<Value> = (0..self.run.spec.condition.len()).map(|i| self.system(i)).collect();
        let pairs: Vec<Value> = self.pairs.iter().map(pair_as_json).collect();
        let tables: Map<String, Value> =
            by.iter().map(|by| (by.name().to_owned(), self.breakdown_as_json(*by))).collect();
        json!({
            "run": run.path().display().to_string(),
            "page": page.display().to_string(),
            "classes": self.run.spec.class_names(),
            "systems": systems,
            "pairs": pairs,
            "by": tables,
        })
    }

    /// A row for each value and system.
    fn breakdown_as_json(&self, by: Breakdown) -> Value {
        let conditions = &self.run.spec.condition;
        let row = |value: &str, system: usize, confusion: &Confusion, bounds: Option<[f64; 2]>| {
            let percent = |v: Option<f64>| v.map(|v| 100.0 * v);
            json!({
                "value": value,
                "system": conditions[system].label(),
                "n": confusion.total(),
                "uar": percent(confusion.uar()),
                "low": percent(bounds.map(|b| b[0])),
                "high": percent(bounds.map(|b| b[1])),
            })
        };
        let rows: Vec<Value> = match by {
            Breakdown::Speaker => {
                let of = |s: &SpeakerRecall| -> Vec<Value> {
                    s.confusions.iter().enumerate().map(|(i, c)| row(&s.id, i, c, None)).collect()
                };
                self.speakers.iter().flat_map(of).collect()
            }
            Breakdown::Gender | Breakdown::Language | Breakdown::Text => {
                let found = self.attributes.iter().filter(|a| a.attribute.name() == by.name());
                let of = |v: &ValueRecall| -> Vec<Value> {
                    let both = std::iter::zip(&v.confusions, &v.uars).enumerate();
                    both.map(|(i, (c, uar))| row(&v.value, i, c, uar.and_then(|u| u.interval))).collect()
                };
                found.flat_map(|a| &a.values).flat_map(of).collect()
            }
        };
        json!(rows)
    }

    fn system(&self, index: usize) -> Value {
        let condition = &self.run.spec.condition[index];
        let numbers = |table: &ResultTable| -> Vec<(String, Value)> {
            let columns = table.columns.iter().zip(&table.rows[index].entries);
            columns
                .filter(|(heading, _)| heading.column != Column::Difference)
                .map(|(heading, entry)| {
                    let interval = entry.as_ref().map(|e| e.interval);
                    let (mean, half) = (interval.map(|i| i.mean), interval.and_then(|i| i.half));
                    (heading.key.clone(), json!({ "mean": mean, "half": half }))
                })
                .collect()
        };
        let values: Map<String, Value> =
            numbers(&self.table).into_iter().chain(numbers(&self.other)).collect();
        json!({
            "system": condition.label(),
            "condition": condition.name,
            "cells": self.table.rows[index].done,
            "values": values,
        })
    }
}
