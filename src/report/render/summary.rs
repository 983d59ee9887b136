//! One table over the data sets of a run (Fig. 4 as numbers): a row each, a column a condition.

use super::caption::intervals;
use super::table::Table;
use super::table_text::{plain, signed};
use super::text_table::TextTable;
use crate::analysis::aggregate::{Column, main_column};
use crate::analysis::loaded_run::LoadedRun;

/// Of a run with several data sets; none of one with a single one, whose table says it all.
pub fn summary(reading: &LoadedRun, tables: &[Table]) -> Option<TextTable> {
    if tables.len() < 2 {
        return None;
    }
    let spec = &reading.spec;
    let conditions = 0..spec.condition.len();
    let compared: Vec<usize> = conditions.clone().filter(|&c| spec.baseline_of(c) != c).collect();
    let label = |c: usize| spec.condition[c].label();
    let mut headings = vec!["UAR".to_owned()];
    headings.extend(conditions.clone().map(|c| label(c).to_owned()));
    headings.extend(compared.iter().map(|&c| format!("{} − {}", label(c), label(spec.baseline_of(c)))));
    let none = || "–".to_owned();
    let row = |(set, table): (&str, &Table)| {
        let mut cells = vec![shown(set)];
        let main = main_column(reading);
        cells.extend(conditions.clone().map(|c| {
            let entry = table.entry(c, main).map_or_else(none, plain);
            let row = &table.rows[c];
            // A mean over some of the cells is not the mean beside it.
            if row.done < row.planned { format!("{entry} ({} of {})", row.done, row.planned) } else { entry }
        }));
        cells.extend(compared.iter().map(|&c| table.entry(c, Column::Difference).map_or_else(none, signed)));
        cells
    };
    Some(TextTable {
        title: "Over the data sets".into(),
        caption: format!(
            "UAR, percent, ± half of the 95 % interval. {}",
            intervals(reading, tables[0].over).trim_end()
        ),
        headings,
        rows: std::iter::zip(reading.data_sets(), tables).map(row).collect(),
        words: 1,
        ..TextTable::default()
    })
}

/// `ravdess → emodb`.
pub fn shown(data_set: &str) -> String {
    data_set.replace('>', " → ")
}
