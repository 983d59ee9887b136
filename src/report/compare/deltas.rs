//! The tables of two runs over their common cells, with the differences of their means.

use crate::analysis::aggregate::Column;
use crate::analysis::loaded_run::LoadedRun;
use crate::render::summary::shown;
use crate::render::table::{Table, TableEntry};
use crate::render::table_text::{plain, sign, signed};
use crate::render::text_table::TextTable;
use seraug_core::error::Result;

/// The table of one data set: of each condition that both have, the first, the second, and second less first. Both
/// readings hold the common cells of that data set alone; `letters` stand for the runs.
pub(super) fn deltas(first: &LoadedRun, second: &LoadedRun, letters: [char; 2]) -> Result<TextTable> {
    let [a, b] = [Table::of(first)?, Table::of(second)?];
    let places: Vec<(usize, usize)> = (a.columns.iter().enumerate())
        .filter_map(|(i, h)| Some((i, b.columns.iter().position(|g| g.column == h.column)?)))
        .collect();
    let mut rows = Vec::new();
    for own in a.rows.iter().filter(|r| r.done > 0) {
        let Some(other) = b.rows.iter().find(|r| r.condition == own.condition) else { continue };
        let value = |e: &Option<TableEntry>, column| match e {
            None => "–".to_owned(),
            Some(e) if column == Column::Difference => signed(e),
            Some(e) => plain(e),
        };
        let label = &own.label;
        let [x, y] = letters;
        let line = |label: String, cell: &dyn Fn(usize, usize) -> String| {
            std::iter::once(label).chain(places.iter().map(|&(i, j)| cell(i, j))).collect::<Vec<String>>()
        };
        rows.push(line(format!("{label}  {x}"), &|i, _| value(&own.entries[i], a.columns[i].column)));
        rows.push(line(format!("{label}  {y}"), &|i, j| value(&other.entries[j], a.columns[i].column)));
        rows.push(line(format!("{label}  {y} − {x}"), &|i, j| match (&own.entries[i], &other.entries[j]) {
            (Some(e), Some(f)) => sign(f.interval.mean - e.interval.mean),
            _ => "–".to_owned(),
        }));
    }
    let set = first.data_sets().first().map_or(String::new(), |s| shown(s));
    let titles = places.iter().map(|&(i, _)| a.columns[i].title.clone());
    Ok(TextTable {
        title: format!("Tables: {set}"),
        caption: format!("Over the cells that both runs have. {}", a.caption),
        headings: std::iter::once("condition".to_owned()).chain(titles).collect(),
        rows,
        words: 1,
        ..TextTable::default()
    })
}
