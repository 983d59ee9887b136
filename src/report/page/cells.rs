//! Sections of the page about single cells: what failed, sizes and times.

use crate::analysis::loaded_run::LoadedRun;
use crate::render::result_table::{ConditionRow, ResultTable};
use crate::render::text_table::{TextRow, TextTable};
use maud::{Markup, html};
use seraug_core::run_files::{CellId, Outcome};

/// Missing cells that are listed at once; the others unfold.
const LISTED: usize = 6;

/// Failed and missing cells; empty when every planned cell has a result.
pub fn failures(run: &LoadedRun) -> Markup {
    let failed: Vec<&Outcome> = (0..run.spec.condition.len()).flat_map(|i| run.failed(i)).collect();
    let missing = run.missing();
    if failed.is_empty() && missing.is_empty() {
        return Markup::default();
    }
    let lines = |cells: &[CellId]| {
        html! { @for cell in cells { li { code { (cell) } " has no row in outcomes.csv" } "\n" } }
    };
    let (first, rest) = missing.split_at(missing.len().min(LISTED));
    html! {
        section class="failed" { "\n"
            h2 { (failed.len()) " failed, " (missing.len()) " missing cells" } "\n"
            ul { "\n"
                @for o in &failed { li { code { (o.cell) } " failed: " (o.error) } "\n" }
                (lines(first))
            } "\n"
            @if !rest.is_empty() {
                details { summary { (rest.len()) " more" } ul { "\n" (lines(rest)) } } "\n"
            }
        } "\n"
    }
}

/// Utterances and training times of each condition.
pub fn sizes(run: &LoadedRun, table: &ResultTable, heading: String) -> Markup {
    let row = |(i, row): (usize, &ConditionRow)| -> TextRow {
        let done: Vec<&Outcome> = run.done(i).collect();
        let mean = |of: &dyn Fn(&Outcome) -> f64| match done.len() {
            0 => "–".into(),
            n => format!("{:.0}", done.iter().map(|o| of(o)).sum::<f64>() / n as f64),
        };
        let sum = |of: &dyn Fn(&Outcome) -> f64| duration(done.iter().map(|o| of(o)).sum());
        vec![
            row.label.clone(),
            format!("{} of {}", row.done, row.planned),
            mean(&|o| o.n_train as f64),
            mean(&|o| o.n_augmented as f64),
            mean(&|o| o.n_test as f64),
            sum(&|o| o.seconds_augmentor),
            sum(&|o| o.seconds_classifier),
        ]
        .into()
    };
    let headings = ["condition", "cells", "train", "added", "test", "augmentor", "classifier"];
    if run.spec.is_scored() {
        let row = |(i, row): (usize, &ConditionRow)| -> TextRow {
            let tests: Vec<usize> = run.done(i).map(|o| o.n_test).collect();
            let mean = tests.iter().sum::<usize>() as f64 / tests.len().max(1) as f64;
            vec![row.label.clone(), format!("{} of {}", row.done, row.planned), format!("{mean:.0}")].into()
        };
        let table = TextTable {
            title: heading,
            caption: "test: utterances, mean over the cells.".into(),
            headings: ["system", "cells", "test"].map(str::to_owned).to_vec(),
            rows: table.rows.iter().enumerate().map(row).collect(),
            words: 1,
            ..TextTable::default()
        };
        return table.html(None, None);
    }
    let table = TextTable {
        title: heading,
        caption: "Utterances: mean over the cells. Times: sum over the cells; a stage whose result came from the store \
                  counts 0."
            .into(),
        headings: headings.map(str::to_owned).to_vec(),
        rows: table.rows.iter().enumerate().map(row).collect(),
        words: 1,
        ..TextTable::default()
    };
    table.html(None, None)
}

/// Seconds in the unit that suits them.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
