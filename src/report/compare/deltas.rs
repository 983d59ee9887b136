//! The tables of two runs over the cells that both have, with the differences of their means.

use crate::analysis::loaded_run::LoadedRun;
use crate::render::result_table::ResultTable;
use crate::render::text::data_set_label;
use crate::render::text_table::{TextRow, TextTable};
use seraug_core::error::Result;

/// The table of one data set. Each condition that both runs have gets three rows: the first run, the second, and second less
/// first. Both runs hold only the common cells of that data set; `letters` stand for them.
pub(super) fn deltas(first: &LoadedRun, second: &LoadedRun, letters: [char; 2]) -> Result<TextTable> {
    let mut table = of_both(ResultTable::of(first)?, ResultTable::of(second)?, letters);
    let removed = |run: &LoadedRun| {
        run.spec.reduction.as_ref().map_or("nothing".to_owned(), |r| format!("{:.0} %", 100.0 * r.share))
    };
    let other_share = match (removed(first), removed(second)) {
        (own, other) if own == other => String::new(),
        (_, other) => {
            format!(" What was removed is said of {}; in {} it was {other}.", letters[0], letters[1])
        }
    };
    table.title = format!("Tables: {}", set_of(first));
    table.caption += &other_share;
    Ok(table)
}

/// The same of accuracy, F1, ECE and Brier score.
pub(super) fn other_deltas(first: &LoadedRun, second: &LoadedRun, letters: [char; 2]) -> Result<TextTable> {
    let [a, b] = [ResultTable::other_measures(first)?, ResultTable::other_measures(second)?];
    let table = of_both(a, b, letters);
    Ok(TextTable { title: format!("Other measures: {}", set_of(first)), ..table })
}

/// The data set of a run that has one.
fn set_of(run: &LoadedRun) -> String {
    run.data_sets().first().map_or(String::new(), |s| data_set_label(s))
}

fn of_both(a: ResultTable, b: ResultTable, letters: [char; 2]) -> TextTable {
    let places: Vec<(usize, usize)> = (a.columns.iter().enumerate())
        .filter_map(|(i, h)| Some((i, b.columns.iter().position(|g| g.column == h.column)?)))
        .collect();
    let mut rows: Vec<TextRow> = Vec::new();
    for own in a.rows.iter().filter(|r| r.done > 0) {
        let Some(other) = b.rows.iter().find(|r| r.condition == own.condition) else { continue };
        let label = &own.label;
        let [x, y] = letters;
        let line = |label: String, cell: &dyn Fn(usize, usize) -> String| -> TextRow {
            std::iter::once(label)
                .chain(places.iter().map(|&(i, j)| cell(i, j)))
                .collect::<Vec<String>>()
                .into()
        };
        rows.push(line(format!("{label}  {x}"), &|i, _| a.columns[i].shown(own.entries[i].as_ref())));
        rows.push(line(format!("{label}  {y}"), &|i, j| a.columns[i].shown(other.entries[j].as_ref())));
        rows.push(line(format!("{label}  {y} − {x}"), &|i, j| match (&own.entries[i], &other.entries[j]) {
            (Some(e), Some(f)) => a.columns[i].signed(f.interval.mean - e.interval.mean),
            _ => "–".to_owned(),
        }));
    }
    let titles = places.iter().map(|&(i, _)| a.columns[i].title.clone());
    TextTable {
        caption: format!("Over the cells that both runs have. {}", a.caption),
        headings: std::iter::once("condition".to_owned()).chain(titles).collect(),
        rows,
        words: 1,
        ..TextTable::default()
    }
}
