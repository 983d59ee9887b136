//! The tables of two runs over the cells that both have, with the differences of their means.

use crate::analysis::aggregate::Column;
use crate::analysis::loaded_run::LoadedRun;
use crate::render::result_table::{ResultTable, TableEntry};
use crate::render::text::{data_set_label, sign};
use crate::render::text_table::{TextRow, TextTable};
use seraug_core::error::Result;

/// The table of one data set. Each condition that both runs have gets three rows: the first run, the second, and second less
/// first. Both runs hold only the common cells of that data set; `letters` stand for them.
pub(super) fn deltas(first: &LoadedRun, second: &LoadedRun, letters: [char; 2]) -> Result<TextTable> {
    let [a, b] = [ResultTable::of(first)?, ResultTable::of(second)?];
    let places: Vec<(usize, usize)> = (a.columns.iter().enumerate())
        .filter_map(|(i, h)| Some((i, b.columns.iter().position(|g| g.column == h.column)?)))
        .collect();
    let mut rows: Vec<TextRow> = Vec::new();
    for own in a.rows.iter().filter(|r| r.done > 0) {
        let Some(other) = b.rows.iter().find(|r| r.condition == own.condition) else { continue };
        let value = |e: &Option<TableEntry>, column| match e {
            None => "–".to_owned(),
            Some(e) if column == Column::Difference => e.signed(),
            Some(e) => e.plain(),
        };
        let label = &own.label;
        let [x, y] = letters;
        let line = |label: String, cell: &dyn Fn(usize, usize) -> String| -> TextRow {
            std::iter::once(label)
                .chain(places.iter().map(|&(i, j)| cell(i, j)))
                .collect::<Vec<String>>()
                .into()
        };
        rows.push(line(format!("{label}  {x}"), &|i, _| value(&own.entries[i], a.columns[i].column)));
        rows.push(line(format!("{label}  {y}"), &|i, j| value(&other.entries[j], a.columns[i].column)));
        rows.push(line(format!("{label}  {y} − {x}"), &|i, j| match (&own.entries[i], &other.entries[j]) {
            (Some(e), Some(f)) => sign(f.interval.mean - e.interval.mean),
            _ => "–".to_owned(),
        }));
    }
    let set = first.data_sets().first().map_or(String::new(), |s| data_set_label(s));
    let titles = places.iter().map(|&(i, _)| a.columns[i].title.clone());
    let removed = |run: &LoadedRun| {
        run.spec.reduction.as_ref().map_or("nothing".to_owned(), |r| format!("{:.0} %", 100.0 * r.share))
    };
    let other_share = match (removed(first), removed(second)) {
        (own, other) if own == other => String::new(),
        (_, other) => {
            format!(" What was removed is said of {}; in {} it was {other}.", letters[0], letters[1])
        }
    };
    Ok(TextTable {
        title: format!("Tables: {set}"),
        caption: format!("Over the cells that both runs have. {}{other_share}", a.caption),
        headings: std::iter::once("condition".to_owned()).chain(titles).collect(),
        rows,
        words: 1,
        ..TextTable::default()
    })
}
