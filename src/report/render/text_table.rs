//! A table of text, for every reader: terminal, Markdown, page and LaTeX.

use super::text::{TERMINAL, shorten, width};
use maud::{Markup, html};

/// Characters of a heading or of the first column in a terminal, unless more are needed to tell the rows apart.
const LABEL: usize = 34;

/// First line of a LaTeX file of tables.
const LATEX_HEAD: &str = "% \\input this; it needs \\usepackage{booktabs} and \\usepackage[T1]{fontenc}.\n";

/// A table as it is shown. Its numbers are already rounded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextTable {
    /// Heading above the table.
    pub title: String,
    /// What the numbers are, below the table.
    pub caption: String,
    /// One for each column.
    pub headings: Vec<String>,
    /// In order, each with as many cells as there are headings.
    pub rows: Vec<TextRow>,
    /// Columns of words, counted from the left; the others are numbers and aligned to the right.
    pub words: usize,
    /// What the rows show, in sentences above the table.
    pub sentences: Vec<String>,
    /// What is missing from the table, in sentences below it.
    pub notes: Vec<String>,
}

/// A row of a [`TextTable`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextRow {
    /// What the row says.
    pub role: RowRole,
    /// One for each column; empty where there is nothing to say.
    pub cells: Vec<String>,
}

/// What a row says, which decides how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowRole {
    /// A row among equals.
    #[default]
    Plain,
    /// Measured here, in a table that also has published numbers.
    Measured,
    /// As a publication prints it.
    Published,
    /// Measured less published.
    Difference,
}

impl From<Vec<String>> for TextRow {
    fn from(cells: Vec<String>) -> TextRow {
        TextRow { role: RowRole::Plain, cells }
    }
}

impl RowRole {
    /// Whether the row belongs to the one above it.
    fn explains(self) -> bool {
        matches!(self, RowRole::Published | RowRole::Difference)
    }

    /// Its class in the page; style.css says how it looks.
    fn class(self) -> Option<&'static str> {
        match self {
            RowRole::Plain => None,
            RowRole::Measured => Some("ours"),
            RowRole::Published => Some("published"),
            RowRole::Difference => Some("difference"),
        }
    }
}

impl TextTable {
    /// Aligned text of at most 100 columns, without title, caption, sentences and notes. Columns that do not fit go into
    /// another block, which repeats the first column. Long cells of the first column are cut in the middle.
    pub fn terminal(&self) -> String {
        let labels: Vec<&str> = self.rows.iter().filter_map(|r| Some(r.cells.first()?.as_str())).collect();
        let room = distinguishing_length(&labels);
        let headings: Vec<String> = self.headings.iter().map(|h| shorten(h, LABEL)).collect();
        let mut lines = vec![TextRow::from(headings)];
        for row in &self.rows {
            let mut row = row.clone();
            if let Some(label) = row.cells.first_mut() {
                *label = format!("{}{}", if row.role.explains() { "  " } else { "" }, shorten(label, room));
            }
            lines.push(row);
        }
        let widths: Vec<usize> = (0..self.headings.len())
            .map(|c| lines.iter().map(|l| width(&l.cells[c])).max().unwrap_or(0))
            .collect();
        let mut text = String::new();
        let mut start = 1;
        while start < widths.len() {
            let mut end = start + 1;
            while end < widths.len()
                && widths[0] + widths[start..=end].iter().map(|w| w + 2).sum::<usize>() <= TERMINAL
            {
                end += 1;
            }
            for line in &lines {
                if !line.role.explains() || line.cells[start..end].iter().any(|c| !c.is_empty()) {
                    text += &self.terminal_line(&line.cells, &widths, start..end);
                }
            }
            text += if end < widths.len() { "\n" } else { "" };
            start = end;
        }
        text
    }

    /// The first cell and those of `columns`, padded to `widths`.
    fn terminal_line(&self, cells: &[String], widths: &[usize], columns: std::ops::Range<usize>) -> String {
        let mut line = String::new();
        for c in std::iter::once(0).chain(columns) {
            let space = " ".repeat(widths[c] - width(&cells[c]));
            let is_word = c == 0 || c < self.words;
            line += if c == 0 { "" } else { "  " };
            line += &if is_word { cells[c].clone() + &space } else { space + &cells[c] };
        }
        format!("{}\n", line.trim_end())
    }

    /// Headings and rows as Markdown.
    pub fn markdown(&self) -> String {
        let line = |cells: &mut dyn Iterator<Item = String>| {
            let cells = cells.map(|c| if c.is_empty() { " |".to_owned() } else { format!(" {c} |") });
            format!("|{}\n", cells.collect::<String>())
        };
        let mut text = line(&mut self.headings.iter().map(|h| markdown_escape(h)));
        let numbers = self.headings.len() - self.words;
        text += &format!("|{}{}\n", " :-- |".repeat(self.words), " --: |".repeat(numbers));
        for row in &self.rows {
            let marks = match row.role {
                RowRole::Plain => "",
                RowRole::Measured => "**",
                RowRole::Published | RowRole::Difference => "*",
            };
            let cells = row.cells.iter().map(|c| markdown_escape(c)).enumerate();
            text += &line(&mut cells.map(|(i, c)| if i == 0 { format!("{marks}{c}{marks}") } else { c }));
        }
        text
    }

    /// The whole table as a chapter of a Markdown file, with a heading of `level`.
    pub fn chapter(&self, level: usize) -> String {
        format!("{} {}\n\n{}", "#".repeat(level), markdown_escape(&self.title), self.markdown_parts())
    }

    /// The whole table as a part of a Markdown file that unfolds; of a folded one, the title is seen.
    pub fn folded_chapter(&self) -> String {
        let title = markdown_escape(&self.title);
        format!("<details><summary>{title}</summary>\n\n{}\n</details>\n", self.markdown_parts())
    }

    /// Sentences, rows, caption and notes as Markdown.
    fn markdown_parts(&self) -> String {
        let list = |items: &[String]| markdown_list(items);
        let gap = |items: &[String]| if items.is_empty() { "" } else { "\n" };
        format!(
            "{}{}{}\n{}\n{}{}",
            list(&self.sentences),
            gap(&self.sentences),
            self.markdown(),
            markdown_escape(&self.caption),
            gap(&self.notes),
            list(&self.notes)
        )
    }

    /// The whole table as a section of a page. `meaning` is the id of its caption, which then describes the table to a screen
    /// reader.
    pub fn html(&self, id: Option<&str>, meaning: Option<&str>) -> Markup {
        html! {
            section id=[id] { "\n"
                h2 { (self.title) } "\n"
                (self.html_parts(meaning))
            } "\n"
        }
    }

    /// The whole table as a part of a section that unfolds; of a folded one, the title is seen.
    pub fn folded(&self) -> Markup {
        html! { details { summary { (self.title) } "\n" (self.html_parts(None)) } "\n" }
    }

    /// Everything but the title. The caption is outside of the table, because what scrolls sideways is hard to read.
    fn html_parts(&self, meaning: Option<&str>) -> Markup {
        let list = |items: &[String]| {
            html! { @if !items.is_empty() { ul { "\n" @for item in items { li { (item) } "\n" } } "\n" } }
        };
        html! {
            (list(&self.sentences))
            div class="scroll" role="group" aria-label=(self.title) tabindex="0" {
                table aria-describedby=[meaning] { (self.html_head()) (self.html_body()) }
            } "\n"
            @if !self.caption.is_empty() {
                p class=(if meaning.is_some() { "soft" } else { "soft meaning" }) id=[meaning] {
                    (self.caption)
                } "\n"
            }
            (list(&self.notes))
        }
    }

    fn html_head(&self) -> Markup {
        html! {
            thead {
                tr {
                    @for (i, heading) in self.headings.iter().enumerate() {
                        th scope="col" class=[self.html_class(i)] { (heading) }
                    }
                }
            }
        }
    }

    fn html_body(&self) -> Markup {
        let classes = |i: usize| {
            let class = self.rows[i].role.class()?;
            let more = self.rows.get(i + 1).is_some_and(|next| next.role.explains());
            Some(format!("{class}{}", if more { " more" } else { "" }))
        };
        html! {
            tbody { "\n"
                @for (i, row) in self.rows.iter().enumerate() {
                    tr class=[classes(i)] {
                        @for (c, cell) in row.cells.iter().enumerate() {
                            @if c == 0 { th scope="row" { (cell) } }
                            @else { td class=[self.html_class(c)] { (cell) } }
                        }
                    } "\n"
                }
            }
        }
    }

    fn html_class(&self, column: usize) -> Option<&'static str> {
        (column > 0 && column < self.words).then_some("word")
    }

    /// A floating table with booktabs, without the sentences above it. `label` is what `\ref{tab:…}` names it by.
    pub fn latex(&self, label: &str) -> String {
        let line =
            |cells: &mut dyn Iterator<Item = String>| cells.collect::<Vec<_>>().join(" & ") + " \\\\\n";
        let notes: String = self.notes.iter().map(|n| format!(" {n}")).collect();
        let mut text = format!(
            "\\begin{{table*}}[t]\n\\centering\n\\small\n\\setlength{{\\tabcolsep}}{{4pt}}\n\\caption{{{}}}\n\
             \\label{{tab:{label}}}\n\\begin{{tabular}}{{{}{}}}\n\\toprule\n",
            latex_escape(&format!("{}. {}{notes}", self.title, self.caption)),
            "l".repeat(self.words),
            "r".repeat(self.headings.len() - self.words)
        );
        text += &line(&mut self.headings.iter().map(|h| latex_escape(h)));
        text += "\\midrule\n";
        for row in &self.rows {
            let first = row.cells.first().map_or(String::new(), |c| latex_escape(c));
            let first = if row.role.explains() { format!("\\quad\\textit{{{first}}}") } else { first };
            // At the beginning of a row, a bracket or star would be an argument of the command before it.
            let first = if first.starts_with(['[', '*']) { format!("{{}}{first}") } else { first };
            let others = row.cells.iter().skip(1).map(|c| latex_escape(c));
            text += &line(&mut std::iter::once(first).chain(others));
        }
        text + "\\bottomrule\n\\end{tabular}\n\\end{table*}\n"
    }
}

/// A LaTeX file of tables that [`TextTable::latex`] made.
pub fn latex_file(tables: &[String]) -> String {
    LATEX_HEAD.to_owned() + &tables.join("\n")
}

/// The fewest characters, from [`LABEL`] on, at which texts that differ also differ when they are shortened.
fn distinguishing_length(texts: &[&str]) -> usize {
    let longest = texts.iter().map(|t| width(t)).max().unwrap_or(0);
    let distinct = |list: Vec<String>| list.into_iter().collect::<std::collections::HashSet<String>>().len();
    let wanted = distinct(texts.iter().map(|t| (*t).to_owned()).collect());
    let tells = |to: &usize| distinct(texts.iter().map(|t| shorten(t, *to)).collect()) == wanted;
    (LABEL..longest).find(tells).unwrap_or(longest.max(LABEL))
}

/// A list in Markdown, one item a line.
pub fn markdown_list(items: &[String]) -> String {
    items.iter().map(|item| format!("- {}\n", markdown_escape(item))).collect()
}

/// Text for Markdown, on one line: no cell, emphasis, code or link begins in it.
pub fn markdown_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '\\' | '|' | '*' | '[' | ']' | '`' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Text for LaTeX. Characters that its fonts lack become `?`, but for those that have a command.
pub fn latex_escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', c]),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '|' => out.push_str("\\textbar{}"),
            '"' => out.push_str("\\textquotedbl{}"),
            '\u{2212}' => out.push_str("$-$"),
            '±' => out.push_str("$\\pm$"),
            '→' => out.push_str("$\\rightarrow$"),
            '–' => out.push_str("--"),
            '…' => out.push_str("\\ldots{}"),
            '\u{a0}' | '\u{202f}' => out.push('~'),
            c if c.is_control() => out.push(' '),
            // What inputenc and T1 know: Latin letters with their marks.
            c if c.is_ascii() || ('\u{a1}'..='\u{17f}').contains(&c) => out.push(c),
            _ => out.push('?'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_table_goes_into_two_blocks_of_a_terminal() {
        let headings = vec!["UAR".to_owned(), "a".repeat(34), "b".repeat(34), "c".repeat(34)];
        let rows = vec![vec!["x → y".to_owned(), "1.0".into(), "2.0".into(), "3.0".into()].into()];
        let text = TextTable { headings, rows, words: 1, ..TextTable::default() }.terminal();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert!(lines[1].ends_with("2.0") && lines[2].is_empty() && lines[4].ends_with("3.0"), "{text}");
        assert!(lines.iter().all(|l| l.chars().count() <= TERMINAL), "{text}");
    }

    #[test]
    fn a_terminal_cuts_long_names_and_keeps_what_tells_them_apart() {
        let label = "white noise in the waveform at a ratio of ten decibels";
        let row = |end: &str| TextRow::from(vec![format!("{label}{end}"), "1".to_owned()]);
        let table = |rows| TextTable {
            headings: vec!["condition".into(), "UAR".into()],
            rows,
            words: 1,
            ..TextTable::default()
        };
        let text = table(vec![row("  A"), row("  B")]).terminal();
        assert!(text.contains("white noise in th… ten decibels  A    1\n"), "{text}");
        assert!(text.contains("white noise in th… ten decibels  B    1\n"), "{text}");
        // Only the middle differs: both ends alone would be the same.
        let middle =
            |m: &str| TextRow::from(vec![format!("{}{m}{}", "a".repeat(25), "b".repeat(24)), "1".to_owned()]);
        let text = table(vec![middle("X"), middle("Y")]).terminal();
        assert!(text.contains('X') && text.contains('Y') && !text.contains('…'), "{text}");
        // Markdown has room.
        assert!(table(vec![row("  A")]).markdown().contains(label));
    }

    #[test]
    fn words_are_left_and_numbers_right() {
        let rows = vec![vec!["a".to_owned(), "b|".into(), "1".into()].into()];
        let headings = ["first", "second", "third"].map(String::from).to_vec();
        let table = TextTable { headings, rows, words: 2, ..TextTable::default() };
        assert_eq!(table.terminal(), "first  second  third\na      b|          1\n");
        assert_eq!(table.markdown(), "| first | second | third |\n| :-- | :-- | --: |\n| a | b\\| | 1 |\n");
    }

    /// A table with every kind of row and characters that mean something in a format.
    fn full() -> TextTable {
        let row = |role, cells: [&str; 3]| TextRow { role, cells: cells.map(str::to_owned).to_vec() };
        TextTable {
            title: "T & <t>".into(),
            caption: "50 %".into(),
            headings: ["condition", "UAR", "cells"].map(str::to_owned).to_vec(),
            rows: vec![
                row(RowRole::Measured, ["[aug]", "1.0", "2 of 2"]),
                row(RowRole::Published, ["published", "2.00", ""]),
                row(RowRole::Difference, ["difference", "−1.0", ""]),
            ],
            words: 1,
            sentences: vec!["said".into()],
            notes: vec!["noted".into()],
        }
    }

    #[test]
    fn one_table_is_laid_out_for_four_readers() {
        let table = full();
        assert_eq!(
            table.terminal(),
            "condition      UAR   cells\n[aug]          1.0  2 of 2\n  published   2.00\n  difference  −1.0\n"
        );
        assert_eq!(
            table.chapter(2),
            "## T & &lt;t>\n\n- said\n\n| condition | UAR | cells |\n| :-- | --: | --: |\n| **\\[aug\\]** | 1.0 | 2 of 2 \
             |\n| *published* | 2.00 | |\n| *difference* | −1.0 | |\n\n50 %\n\n- noted\n"
        );
        let latex = table.latex("x");
        assert!(latex.contains("\\caption{T \\& \\textless{}t\\textgreater{}. 50 \\% noted}"), "{latex}");
        assert!(
            latex.contains("{lrr}\n\\toprule\ncondition & UAR & cells \\\\\n\\midrule\n{}[aug] & 1.0"),
            "{latex}"
        );
        assert!(latex.contains("\\quad\\textit{difference} & $-$1.0 &  \\\\\n"), "{latex}");
        let html = table.html(Some("a"), Some("b")).into_string().replace('\n', "");
        assert!(
            html.starts_with("<section id=\"a\"><h2>T &amp; &lt;t&gt;</h2><ul><li>said</li></ul>"),
            "{html}"
        );
        let rows = "<tr class=\"ours more\"><th scope=\"row\">[aug]</th><td>1.0</td><td>2 of 2</td></tr>\
                    <tr class=\"published more\"><th scope=\"row\">published</th>";
        assert!(html.contains(rows), "{html}");
        assert!(
            html.ends_with("<p class=\"soft\" id=\"b\">50 %</p><ul><li>noted</li></ul></section>"),
            "{html}"
        );
    }

    #[test]
    fn nothing_is_a_latex_command_by_accident() {
        assert_eq!(
            latex_escape("L_BAL & 50 % \\x ravdess → urdu −1.0 ± 2, ü β"),
            "L\\_BAL \\& 50 \\% \\textbackslash{}x ravdess $\\rightarrow$ urdu $-$1.0 $\\pm$ 2, ü ?"
        );
    }
}
