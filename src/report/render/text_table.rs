//! A table whose cells are text, for every reader: terminal, Markdown, page.

use super::html;

/// Columns of a terminal that the text keeps to.
pub const TERMINAL: usize = 100;

/// Characters of the first column in a terminal, unless more are needed to tell its cells apart.
const FIRST: usize = 34;

/// Headings and rows, as text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextTable {
    /// Its heading in the page.
    pub title: String,
    /// What the numbers are.
    pub caption: String,
    /// One a column.
    pub headings: Vec<String>,
    /// As many cells as headings each.
    pub rows: Vec<Vec<String>>,
    /// Columns that are words, from the left; the others are numbers.
    pub words: usize,
    /// What the rows say, in sentences.
    pub notes: Vec<String>,
}

impl TextTable {
    /// Aligned text of at most 100 columns: what does not fit goes into another block with the first column again, whose
    /// long cells are cut in the middle. Without title and caption.
    pub fn terminal(&self) -> String {
        let mut all: Vec<Vec<String>> = std::iter::once(&self.headings).chain(&self.rows).cloned().collect();
        let own: Vec<&str> = self.rows.iter().filter_map(|r| r.first().map(String::as_str)).collect();
        let most = enough(&own);
        all.iter_mut().filter_map(|l| l.first_mut()).for_each(|c| *c = shorten(c, most));
        let lines = || all.iter();
        let width = |s: &str| s.chars().count();
        let widths: Vec<usize> =
            (0..self.headings.len()).map(|c| lines().map(|l| width(&l[c])).max().unwrap_or(0)).collect();
        let mut text = String::new();
        let mut start = 1;
        while start < widths.len() {
            let mut end = start + 1;
            while end < widths.len()
                && widths[0] + widths[start..=end].iter().map(|w| w + 2).sum::<usize>() <= TERMINAL
            {
                end += 1;
            }
            for line in lines() {
                let mut row = format!("{}{}", line[0], " ".repeat(widths[0] - width(&line[0])));
                for c in start..end {
                    let space = " ".repeat(widths[c] - width(&line[c]));
                    row += "  ";
                    row += &if c < self.words { line[c].clone() + &space } else { space + &line[c] };
                }
                text += &format!("{}\n", row.trim_end());
            }
            text += if end < widths.len() { "\n" } else { "" };
            start = end;
        }
        text
    }

    /// As Markdown, without title and caption.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| {
            format!("| {} |\n", cells.iter().map(|c| escape(c)).collect::<Vec<_>>().join(" | "))
        };
        let mut text = line(&self.headings);
        text += &format!(
            "|{}{}\n",
            " :-- |".repeat(self.words),
            " --: |".repeat(self.headings.len() - self.words)
        );
        self.rows.iter().for_each(|row| text += &line(row));
        text
    }

    /// As a chapter of a Markdown file.
    pub fn chapter(&self) -> String {
        let notes: String = self.notes.iter().map(|n| format!("- {}\n", escape(n))).collect();
        let gap = if notes.is_empty() { "" } else { "\n" };
        format!("# {}\n\n{notes}{gap}{}\n{}\n", escape(&self.title), self.markdown(), escape(&self.caption))
    }

    /// As a section of the page.
    pub fn html(&self, id: &str) -> String {
        let headings: Vec<&str> = self.headings.iter().map(String::as_str).collect();
        let table = html::words_table(&self.caption, &headings, &self.rows, self.words);
        let notes: String = self.notes.iter().map(|n| html::element("li", n) + "\n").collect();
        let notes = if notes.is_empty() { notes } else { format!("<ul>\n{notes}</ul>\n") };
        format!("<section id=\"{id}\">\n{}\n{notes}{table}</section>\n", html::element("h2", &self.title))
    }
}

/// At most `to` characters: what is too long keeps its beginning and its end, where the names of runs and cells are.
pub fn shorten(text: &str, to: usize) -> String {
    let chars: Vec<char> = text.chars().filter(|c| !c.is_control()).collect();
    if chars.len() <= to {
        return chars.into_iter().collect();
    }
    let head = to / 2;
    let tail = to.saturating_sub(head + 1);
    chars[..head].iter().chain(&['…']).chain(&chars[chars.len() - tail..]).collect()
}

/// The fewest characters, from [`FIRST`] on, at which texts that differ do so when shortened.
fn enough(texts: &[&str]) -> usize {
    let longest = texts.iter().map(|t| t.chars().count()).max().unwrap_or(0);
    let distinct = |list: Vec<String>| list.into_iter().collect::<std::collections::HashSet<String>>().len();
    let wanted = distinct(texts.iter().map(|t| (*t).to_owned()).collect());
    let tells = |to: &usize| distinct(texts.iter().map(|t| shorten(t, *to)).collect()) == wanted;
    (FIRST..longest).find(tells).unwrap_or(longest.max(FIRST))
}

/// Text for Markdown, on one line: no cell, emphasis, code or link begins in it.
pub fn escape(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_table_goes_into_two_blocks_of_a_terminal() {
        let headings = vec!["UAR".to_owned(), "a".repeat(40), "b".repeat(40), "c".repeat(40)];
        let rows = vec![vec!["x → y".to_owned(), "1.0".into(), "2.0".into(), "3.0".into()]];
        let text = TextTable { headings, rows, words: 1, ..TextTable::default() }.terminal();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert!(lines[1].ends_with("2.0") && lines[2].is_empty() && lines[4].ends_with("3.0"), "{text}");
        assert!(lines.iter().all(|l| l.chars().count() <= TERMINAL), "{text}");
    }

    #[test]
    fn a_terminal_cuts_long_names_and_keeps_what_tells_them_apart() {
        let label = "white noise in the waveform at a ratio of ten decibels";
        let row = |end: &str| vec![format!("{label}{end}"), "1".to_owned()];
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
        let middle = |m: &str| vec![format!("{}{m}{}", "a".repeat(25), "b".repeat(24)), "1".to_owned()];
        let text = table(vec![middle("X"), middle("Y")]).terminal();
        assert!(text.contains('X') && text.contains('Y') && !text.contains('…'), "{text}");
        // Markdown has room.
        assert!(table(vec![row("  A")]).markdown().contains(label));
    }

    #[test]
    fn words_are_left_and_numbers_right() {
        let rows = vec![vec!["a".to_owned(), "b|".into(), "1".into()]];
        let headings = ["first", "second", "third"].map(String::from).to_vec();
        let table = TextTable { headings, rows, words: 2, ..TextTable::default() };
        assert_eq!(table.terminal(), "first  second  third\na      b|          1\n");
        assert_eq!(table.markdown(), "| first | second | third |\n| :-- | :-- | --: |\n| a | b\\| | 1 |\n");
    }
}
