//! One table over all data sets of a run (Fig. 4 as numbers): a row for each data set, a column for each condition.

use super::caption::intervals;
use super::result_table::{ResultTable, TableEntry};
use super::text::data_set_label;
use super::text_table::TextTable;
use crate::analysis::aggregate::{Column, main_column};
use crate::analysis::loaded_run::LoadedRun;

/// The table over all data sets; `None` for a run with a single data set, whose own table is enough.
pub fn summary(run: &LoadedRun, tables: &[ResultTable]) -> Option<TextTable> {
    if tables.len() < 2 {
        return None;
    }
    let spec = &run.spec;
    let conditions = 0..spec.condition.len();
    let compared: Vec<usize> = conditions.clone().filter(|&c| spec.baseline_of(c) != c).collect();
    let label = |c: usize| spec.condition[c].label();
    let mut headings = vec!["UAR".to_owned()];
    headings.extend(conditions.clone().map(|c| label(c).to_owned()));
    headings.extend(compared.iter().map(|&c| format!("{} − {}", label(c), label(spec.baseline_of(c)))));
    let none = || "–".to_owned();
    let row = |(set, table): (&str, &ResultTable)| {
        let mut cells = vec![data_set_label(set)];
        let main = main_column(run);
        cells.extend(conditions.clone().map(|c| {
            let entry = table.entry(c, main).map_or_else(none, TableEntry::plain);
            let row = &table.rows[c];
            // A mean over some of the cells cannot be compared with a mean over all of them.
            if row.done < row.planned { format!("{entry} ({} of {})", row.done, row.planned) } else { entry }
        }));
        cells.extend(
            compared
                .iter()
                .map(|&c| table.entry(c, Column::Difference).map_or_else(none, TableEntry::signed)),
        );
        cells.into()
    };
    Some(TextTable {
        title: "Over the data sets".into(),
        caption: format!(
            "UAR, percent, ± half of the 95 % interval. {}",
            intervals(run, tables[0].over).trim_end()
        ),
        headings,
        rows: std::iter::zip(run.data_sets(), tables).map(row).collect(),
        words: 1,
        ..TextTable::default()
    })
}
