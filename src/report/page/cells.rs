//! Sections of the page about single cells: what failed, sizes and times.

use super::section;
use crate::analysis::loaded_run::LoadedRun;
use crate::render::html::{element, escape};
use crate::render::table::Table;
use seraug_core::run_files::{CellId, Outcome};

/// Missing cells that are seen at once.
const SHOWN: usize = 6;

/// Failed and missing cells; empty when every planned cell has a result.
pub fn failures(reading: &LoadedRun) -> String {
    let failed: Vec<&Outcome> = (0..reading.spec.condition.len()).flat_map(|i| reading.failed(i)).collect();
    let missing = reading.missing();
    if failed.is_empty() && missing.is_empty() {
        return String::new();
    }
    let mut html = format!(
        "<section class=\"failed\">\n<h2>{} failed, {} missing cells</h2>\n<ul>\n",
        failed.len(),
        missing.len()
    );
    for o in failed {
        html +=
            &format!("<li><code>{}</code> failed: {}</li>\n", escape(&o.cell.to_string()), escape(&o.error));
    }
    let line = |cell: &CellId| {
        format!("<li>{} has no row in outcomes.csv</li>\n", element("code", &cell.to_string()))
    };
    let (first, rest) = missing.split_at(missing.len().min(SHOWN));
    html += &first.iter().map(line).collect::<String>();
    html += "</ul>\n";
    if !rest.is_empty() {
        let lines: String = rest.iter().map(line).collect();
        html += &format!("<details><summary>{} more</summary><ul>\n{lines}</ul></details>\n", rest.len());
    }
    html + "</section>\n"
}

/// Utterances and training times of each condition.
pub fn sizes(reading: &LoadedRun, table: &Table, heading: &str) -> String {
    let mut rows = Vec::new();
    for (i, row) in table.rows.iter().enumerate() {
        let done: Vec<&Outcome> = reading.done(i).collect();
        let mean = |of: &dyn Fn(&Outcome) -> f64| {
            if done.is_empty() {
                "–".into()
            } else {
                format!("{:.0}", done.iter().map(|o| of(o)).sum::<f64>() / done.len() as f64)
            }
        };
        let sum = |of: &dyn Fn(&Outcome) -> f64| time(done.iter().map(|o| of(o)).sum());
        rows.push(vec![
            row.label.clone(),
            format!("{} of {}", row.done, row.planned),
            mean(&|o| o.n_train as f64),
            mean(&|o| o.n_augmented as f64),
            mean(&|o| o.n_test as f64),
            sum(&|o| o.seconds_augmentor),
            sum(&|o| o.seconds_classifier),
        ]);
    }
    let caption = "Utterances: mean over the cells. Times: sum over the cells; a stage whose result came from the store \
                   counts 0.";
    let headings = ["condition", "cells", "train", "added", "test", "augmentor", "classifier"];
    section(heading, caption, &headings, &rows)
}

/// Seconds in the unit that suits them.
pub fn time(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
