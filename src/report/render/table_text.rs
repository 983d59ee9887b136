//! The table as Markdown, CSV and terminal text.

use super::csv;
use super::table::{ConditionRow, Table, TableEntry};
use super::text_table::{TERMINAL, escape};
use crate::analysis::aggregate::Column;
use seraug_core::error::Result;

/// Characters of a condition's label in a terminal.
const LABEL: usize = 20;

/// What a line of the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// Measured here.
    Ours,
    /// As the paper prints it.
    Published,
    /// Ours less published.
    Difference,
}

/// A line of the table as text, the same in all renderings for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it says.
    pub kind: LineKind,
    /// The condition's label, `published` or `difference`.
    pub label: String,
    /// One a column of the table, then the cells (`25 of 25`); empty where there is nothing to say.
    pub cells: Vec<String>,
}

/// The lines of a table: one a condition, with two more below it where the paper has numbers.
pub fn lines(table: &Table) -> Vec<Line> {
    let mut lines = Vec::new();
    for row in &table.rows {
        let mut cells: Vec<String> = std::iter::zip(&table.columns, &row.entries)
            .map(|(h, e)| match e {
                Some(e) if h.column == Column::Difference => signed(e),
                Some(e) => plain(e),
                None => "–".to_owned(),
            })
            .collect();
        cells.push(format!("{} of {}", row.done, row.planned));
        lines.push(Line { kind: LineKind::Ours, label: row.label.clone(), cells });
        if row.published.iter().any(Option::is_some) {
            lines.extend(published(row));
        }
    }
    for (title, values) in &table.others {
        let mut cells: Vec<String> = values.iter().map(percent).collect();
        cells.push(String::new());
        lines.push(Line { kind: LineKind::Published, label: title.clone(), cells });
    }
    lines
}

fn published(row: &ConditionRow) -> [Line; 2] {
    let difference = |(e, p): (&Option<TableEntry>, &Option<f64>)| match (e, p) {
        (Some(e), Some(p)) => sign(e.interval.mean - p),
        _ => String::new(),
    };
    let end = [String::new()];
    let values = row.published.iter().map(percent).chain(end.clone()).collect();
    let differences = std::iter::zip(&row.entries, &row.published).map(difference).chain(end).collect();
    [
        Line { kind: LineKind::Published, label: "published".into(), cells: values },
        Line { kind: LineKind::Difference, label: "difference".into(), cells: differences },
    ]
}

/// A published percentage as the paper prints it.
fn percent(p: &Option<f64>) -> String {
    p.map_or(String::new(), |p| format!("{p:.2}"))
}

/// `54.2 ± 3.8`, or the mean alone where there is no interval.
pub fn plain(e: &TableEntry) -> String {
    e.interval.half.map_or(format!("{:.1}", e.interval.mean), |h| format!("{:.1} ± {h:.1}", e.interval.mean))
}

/// `+8.1 ± 4.0`.
pub fn signed(e: &TableEntry) -> String {
    let mean = sign(e.interval.mean);
    e.interval.half.map_or(mean.clone(), |h| format!("{mean} ± {h:.1}"))
}

/// One decimal with its sign; a value that rounds to zero has none.
pub fn sign(v: f64) -> String {
    let text = format!("{:.1}", v.abs());
    match v {
        _ if text == "0.0" => text,
        v if v < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

/// A table of table.md: title, rows, caption, notes.
pub fn markdown(table: &Table) -> String {
    let mut text =
        format!("# {}\n\n{}\n{}\n", escape(&table.title), markdown_rows(table), escape(&table.caption));
    if !table.notes.is_empty() {
        text += "\n";
        table.notes.iter().for_each(|n| text += &format!("- {}\n", escape(n)));
    }
    text
}

/// Headings and lines as Markdown.
pub fn markdown_rows(table: &Table) -> String {
    let mut text = "| condition |".to_owned();
    table.columns.iter().for_each(|h| text += &format!(" {} |", escape(&h.title)));
    text += " cells |\n| :-- |";
    text += &" --: |".repeat(table.columns.len() + 1);
    text += "\n";
    for line in lines(table) {
        let label = escape(&line.label);
        let label = if line.kind == LineKind::Ours { format!("**{label}**") } else { format!("*{label}*") };
        text += &format!("| {label} |");
        line.cells
            .iter()
            .for_each(|c| text += &if c.is_empty() { " |".to_owned() } else { format!(" {c} |") });
        text += "\n";
    }
    text
}

/// table.csv: one row a data set, condition and column, numbers not rounded.
pub fn csv(data_sets: &[&str], tables: &[Table]) -> Result<Vec<u8>> {
    let header =
        ["corpus", "condition", "column", "mean", "half", "n", "published", "difference", "done", "planned"];
    let mut records = vec![header.map(str::to_owned).to_vec()];
    let rows = std::iter::zip(data_sets, tables).flat_map(|(set, t)| t.rows.iter().map(move |r| (set, t, r)));
    for (set, table, row) in rows {
        for ((h, e), p) in std::iter::zip(&table.columns, &row.entries).zip(&row.published) {
            let interval = e.as_ref().map(|e| e.interval);
            records.push(vec![
                (*set).to_owned(),
                row.condition.clone(),
                h.key.clone(),
                csv::number(interval.map(|i| i.mean)),
                csv::number(interval.and_then(|i| i.half)),
                interval.map_or(0, |i| i.n).to_string(),
                csv::number(*p),
                csv::number(interval.zip(*p).map(|(i, p)| i.mean - p)),
                row.done.to_string(),
                row.planned.to_string(),
            ]);
        }
    }
    csv::bytes("table.csv", records)
}

/// Aligned text of at most 100 columns. Columns that do not fit go into a second block.
pub fn terminal(table: &Table) -> String {
    let lines = lines(table);
    let mut titles: Vec<String> = table.columns.iter().map(|h| cut(&h.title, LABEL)).collect();
    // Where every cell has a result, the column would say the same in each row.
    let whole = table.rows.iter().all(|r| r.done == r.planned);
    if !whole {
        titles.push("cells".into());
    }
    let indent =
        |l: &Line| if l.kind == LineKind::Ours { cut(&l.label, LABEL) } else { format!("  {}", l.label) };
    let first = lines.iter().map(|l| width(&indent(l))).max().unwrap_or(0);
    let widths: Vec<usize> = (0..titles.len())
        .map(|c| lines.iter().map(|l| width(&l.cells[c])).chain([width(&titles[c])]).max().unwrap_or(0))
        .collect();
    let mut text = format!("{}\n", cut(&table.title, TERMINAL));
    let mut start = 0;
    while start < titles.len() {
        let mut end = start;
        let mut used = first;
        while end < titles.len() && (end == start || used + 2 + widths[end] <= TERMINAL) {
            used += 2 + widths[end];
            end += 1;
        }
        let mut put = |label: &str, cells: &[String]| {
            let mut line = pad_right(label, first);
            (start..end).for_each(|c| line += &format!("  {}", pad_left(&cells[c], widths[c])));
            text += line.trim_end();
            text += "\n";
        };
        put("", &titles);
        for line in &lines {
            if line.kind == LineKind::Ours || line.cells[start..end].iter().any(|c| !c.is_empty()) {
                put(&indent(line), &line.cells);
            }
        }
        text += "\n";
        start = end;
    }
    if whole {
        text += &format!(
            "All {} cells of each condition have a result.\n",
            table.rows.first().map_or(0, |r| r.planned)
        );
    }
    for paragraph in std::iter::once(&table.caption).chain(&table.notes) {
        text += &wrap(paragraph);
    }
    text
}

fn width(s: &str) -> usize {
    s.chars().count()
}

fn pad_left(s: &str, to: usize) -> String {
    format!("{}{s}", " ".repeat(to.saturating_sub(width(s))))
}

fn pad_right(s: &str, to: usize) -> String {
    format!("{s}{}", " ".repeat(to.saturating_sub(width(s))))
}

/// At most `to` characters, the last one an ellipsis when something was cut. No control characters.
pub fn cut(s: &str, to: usize) -> String {
    let s: String = s.chars().filter(|c| !c.is_control()).collect();
    if width(&s) <= to { s } else { s.chars().take(to - 1).chain(['…']).collect() }
}

/// A paragraph in lines of a terminal.
pub fn wrap(paragraph: &str) -> String {
    let mut text = String::new();
    let mut column = 0;
    for word in paragraph.split_whitespace() {
        if column > 0 && column + 1 + width(word) > TERMINAL {
            text += "\n";
            column = 0;
        }
        if column > 0 {
            text += " ";
            column += 1;
        }
        text += word;
        column += width(word);
    }
    text + "\n"
}
