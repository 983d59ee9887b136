//! One table over the data sets of a run (Fig. 4 as numbers): a row each, a column a condition.

use super::aggregate::{Column, main_column};
use super::reading::Reading;
use super::render::{plain, signed};
use super::table::Table;

/// Headings and rows, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The first is of the data sets.
    pub headings: Vec<String>,
    /// One a data set.
    pub rows: Vec<Vec<String>>,
}

impl Summary {
    /// Of a run with several data sets; none of one with a single one, whose table says it all.
    pub fn of(reading: &Reading, tables: &[Table]) -> Option<Summary> {
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
            cells.extend(conditions.clone().map(|c| table.entry(c, main).map_or_else(none, plain)));
            cells.extend(
                compared.iter().map(|&c| table.entry(c, Column::Difference).map_or_else(none, signed)),
            );
            cells
        };
        Some(Summary { headings, rows: std::iter::zip(reading.data_sets(), tables).map(row).collect() })
    }

    /// Aligned text for a terminal.
    pub fn terminal(&self) -> String {
        let lines = || std::iter::once(&self.headings).chain(&self.rows);
        let width = |s: &str| s.chars().count();
        let widths: Vec<usize> =
            (0..self.headings.len()).map(|c| lines().map(|l| width(&l[c])).max().unwrap_or(0)).collect();
        let mut text = String::new();
        for line in lines() {
            for (c, cell) in line.iter().enumerate() {
                let space = " ".repeat(widths[c] - width(cell));
                text += &if c == 0 { format!("{cell}{space}") } else { format!("  {space}{cell}") };
            }
            text.truncate(text.trim_end().len());
            text += "\n";
        }
        text
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        let escaped = |c: &String| c.replace('|', "\\|");
        let line =
            |cells: &[String]| format!("| {} |\n", cells.iter().map(escaped).collect::<Vec<_>>().join(" | "));
        let mut text = line(&self.headings);
        text += &format!("| :-- |{}\n", " --: |".repeat(self.headings.len() - 1));
        self.rows.iter().for_each(|row| text += &line(row));
        text
    }
}

/// `ravdess → emodb`.
pub fn shown(data_set: &str) -> String {
    data_set.replace('>', " → ")
}
