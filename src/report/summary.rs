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

    /// Aligned text for a terminal of 100 columns: what does not fit goes into a second block.
    pub fn terminal(&self) -> String {
        let lines = || std::iter::once(&self.headings).chain(&self.rows);
        let width = |s: &str| s.chars().count();
        let widths: Vec<usize> =
            (0..self.headings.len()).map(|c| lines().map(|l| width(&l[c])).max().unwrap_or(0)).collect();
        let mut text = String::new();
        let mut start = 1;
        while start < widths.len() {
            let mut end = start + 1;
            while end < widths.len()
                && widths[0] + widths[start..=end].iter().map(|w| w + 2).sum::<usize>() <= 100
            {
                end += 1;
            }
            for line in lines() {
                let mut row = format!("{}{}", line[0], " ".repeat(widths[0] - width(&line[0])));
                for c in start..end {
                    row += &format!("  {}{}", " ".repeat(widths[c] - width(&line[c])), line[c]);
                }
                text += &format!("{}\n", row.trim_end());
            }
            text += if end < widths.len() { "\n" } else { "" };
            start = end;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_table_goes_into_two_blocks_of_a_terminal() {
        let headings = vec!["UAR".to_owned(), "a".repeat(40), "b".repeat(40), "c".repeat(40)];
        let rows = vec![vec!["x → y".to_owned(), "1.0".into(), "2.0".into(), "3.0".into()]];
        let text = Summary { headings, rows }.terminal();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert!(lines[1].ends_with("2.0") && lines[2].is_empty() && lines[4].ends_with("3.0"), "{text}");
        assert!(lines.iter().all(|l| l.chars().count() <= 100), "{text}");
    }
}
