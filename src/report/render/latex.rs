//! table.tex: the tables for a paper, with booktabs.

use super::table::Table;
use super::table_text::{LineKind, lines};
use super::text_table::TextTable;

const HEAD: &str = "% \\input this; it needs \\usepackage{booktabs} and \\usepackage[T1]{fontenc}.\n";

/// The file's text: the table over the data sets where there are several, then one a data set.
pub fn latex(title: &str, summary: Option<&TextTable>, tables: &[Table]) -> String {
    let overview = summary.map(|s| plain(title, s, "overview"));
    let details = tables.iter().enumerate().map(|(i, t)| details(t, i));
    HEAD.to_owned() + &overview.into_iter().chain(details).collect::<Vec<_>>().join("\n")
}

/// The file's text for a single table of words and numbers.
pub fn of_text(title: &str, table: &TextTable) -> String {
    HEAD.to_owned() + &plain(title, table, "counts")
}

fn plain(title: &str, table: &TextTable, label: &str) -> String {
    let rows = table.rows.iter().map(|r| (false, r.clone())).collect::<Vec<_>>();
    block(&format!("{title}. {}", table.caption), &table.headings, table.words, &rows, label)
}

fn details(table: &Table, index: usize) -> String {
    let titles = table.columns.iter().map(|h| h.title.clone());
    let headings: Vec<String> =
        ["condition".to_owned()].into_iter().chain(titles).chain(["cells".into()]).collect();
    let rows: Vec<(bool, Vec<String>)> = lines(table)
        .into_iter()
        .map(|l| (l.kind != LineKind::Ours, [l.label].into_iter().chain(l.cells).collect()))
        .collect();
    let notes: String = table.notes.iter().map(|n| format!(" {n}")).collect();
    let caption = format!("{}. {}{notes}", table.title, table.caption);
    block(&caption, &headings, 1, &rows, &format!("results-{}", index + 1))
}

/// A floating table. Rows that are `below` explain the one above them.
fn block(
    caption: &str,
    headings: &[String],
    words: usize,
    rows: &[(bool, Vec<String>)],
    label: &str,
) -> String {
    let line = |cells: &mut dyn Iterator<Item = String>| cells.collect::<Vec<_>>().join(" & ") + " \\\\\n";
    let mut text = format!(
        "\\begin{{table*}}[t]\n\\centering\n\\small\n\\setlength{{\\tabcolsep}}{{4pt}}\n\\caption{{{}}}\n\
         \\label{{tab:{label}}}\n\\begin{{tabular}}{{{}{}}}\n\\toprule\n",
        escape(caption),
        "l".repeat(words),
        "r".repeat(headings.len() - words)
    );
    text += &line(&mut headings.iter().map(|h| escape(h)));
    text += "\\midrule\n";
    for (below, cells) in rows {
        let first =
            if *below { format!("\\quad\\textit{{{}}}", escape(&cells[0])) } else { escape(&cells[0]) };
        // At the beginning of a row they would be arguments of the command before it.
        let first = if first.starts_with(['[', '*']) { format!("{{}}{first}") } else { first };
        text += &line(&mut [first].into_iter().chain(cells[1..].iter().map(|c| escape(c))));
    }
    text + "\\bottomrule\n\\end{tabular}\n\\end{table*}\n"
}

/// Text for LaTeX. Characters that its fonts lack and that no rule here covers become `?`.
fn escape(text: &str) -> String {
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
    fn nothing_is_a_command_by_accident() {
        assert_eq!(
            escape("L_BAL & 50 % \\x ravdess → urdu −1.0 ± 2, ü β"),
            "L\\_BAL \\& 50 \\% \\textbackslash{}x ravdess $\\rightarrow$ urdu $-$1.0 $\\pm$ 2, ü ?"
        );
    }

    #[test]
    fn every_row_has_every_column() {
        let headings = ["UAR", "A", "B"].map(String::from);
        let rows = [(false, ["x", "1.0", "2.0"].map(String::from).to_vec())];
        let text = block("c", &headings, 1, &rows, "l");
        assert!(text.contains("{lrr}") && text.contains("x & 1.0 & 2.0 \\\\\n"), "{text}");
    }
}
