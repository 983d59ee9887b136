//! index.html: the whole report in one file that needs no network.

use super::figure::Figure;
use super::html::{definitions, element, escape, link, table as plain_table};
use super::reading::Reading;
use super::render::{LineKind, lines};
use super::summary::Summary;
use super::table::Table;
use super::verdict::Verdict;
use super::{cells, provenance};

/// What the page is made from.
pub struct Page<'a> {
    /// The run.
    pub reading: &'a Reading,
    /// Its title.
    pub title: &'a str,
    /// The run, data set by data set.
    pub parts: &'a [Reading],
    /// The table of each data set.
    pub tables: &'a [Table],
    /// The table over all data sets, where there are several.
    pub summary: Option<&'a Summary>,
    /// Its figures, in order.
    pub figures: &'a [Figure],
    /// What it shows.
    pub verdict: &'a Verdict,
    /// The run directory, relative to the page.
    pub run: &'a str,
}

impl Page<'_> {
    /// The text of the file.
    pub fn html(&self) -> String {
        let title = escape(self.title);
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n",
            include_str!("style.css")
        );
        let info = &self.reading.info;
        let about = format!("{} · run {} · started {}", info.experiment, self.reading.run.id(), info.started);
        html += &format!("<header>\n<h1>{title}</h1>\n<p class=\"soft\">{}</p>\n</header>\n", escape(&about));
        if self.reading.synthetic() {
            html += "<p class=\"banner\">Synthetic corpus: made by a program to exercise the software. These numbers \
                     say nothing about emotion in human speech.</p>\n";
        }
        html += &format!(
            "<section class=\"verdict\" aria-label=\"Verdict\">\n{}\n{}\n</section>\n",
            element("p", &self.verdict.ran),
            element("p", &self.verdict.shows)
        );
        html += &provenance::warnings(self.reading);
        html += &cells::failures(self.reading);
        if let Some(s) = self.summary {
            let headings: Vec<&str> = s.headings.iter().map(String::as_str).collect();
            html += &section(
                "Over the data sets",
                "UAR, percent, with half of the 95 % interval.",
                &headings,
                &s.rows,
            );
        }
        // Beside an overview, the figures come before the details.
        let tables: String = (0..self.tables.len()).map(|i| self.results(i)).collect();
        html += &if self.summary.is_some() { self.drawings() + &tables } else { tables + &self.drawings() };
        for (i, (part, table)) in std::iter::zip(self.parts, self.tables).enumerate() {
            html += &cells::sizes(part, table, &self.of_set(i, "Cells"));
        }
        html += &provenance::audit(self.reading);
        html += &provenance::provenance(self.reading);
        html += &self.repeat();
        html + "</main>\n</body>\n</html>\n"
    }

    /// A heading that names the data set where there are several.
    fn of_set(&self, index: usize, heading: &str) -> String {
        match self.summary {
            None => heading.to_owned(),
            Some(s) => format!("{heading}: {}", s.rows[index][0]),
        }
    }

    fn results(&self, index: usize) -> String {
        let table = &self.tables[index];
        let mut html = format!(
            "<section>\n<h2>{}</h2>\n<div class=\"scroll\" tabindex=\"0\">\
             <table aria-describedby=\"meaning-{index}\">",
            escape(&self.of_set(index, "Results"))
        );
        html += "<thead><tr><th scope=\"col\">condition</th>";
        let titles = table.columns.iter().map(|h| h.title.as_str()).chain(["cells"]);
        titles.for_each(|t| html += &format!("<th scope=\"col\">{}</th>", escape(t)));
        html += "</tr></thead><tbody>\n";
        let lines = lines(table);
        for (i, line) in lines.iter().enumerate() {
            let more = lines.get(i + 1).is_some_and(|next| next.kind != LineKind::Ours);
            let class = match line.kind {
                LineKind::Ours => "ours",
                LineKind::Published => "published",
                LineKind::Difference => "difference",
            };
            html += &format!("<tr class=\"{class}{}\">", if more { " more" } else { "" });
            html += &format!("<th scope=\"row\">{}</th>", escape(&line.label));
            line.cells.iter().for_each(|c| html += &element("td", c));
            html += "</tr>\n";
        }
        html += &format!(
            "</tbody></table></div>\n<p class=\"soft\" id=\"meaning-{index}\">{}</p>\n",
            escape(&table.caption)
        );
        if !table.notes.is_empty() {
            html += "<ul>\n";
            table.notes.iter().for_each(|n| html += &format!("{}\n", element("li", n)));
            html += "</ul>\n";
        }
        html + "</section>\n"
    }

    fn drawings(&self) -> String {
        let mut html = String::from("<section>\n<h2>Figures</h2>\n");
        for f in self.figures {
            let label = format!("<svg role=\"img\" aria-label=\"{}\" ", escape(&f.alt));
            html += &format!(
                "<h3>{}</h3>\n<figure>\n<div class=\"scroll\" tabindex=\"0\">{}</div>\n{}\n</figure>\n",
                escape(&f.title),
                f.svg.replacen("<svg ", &label, 1),
                element("figcaption", &f.caption)
            );
        }
        html + "</section>\n"
    }

    fn repeat(&self) -> String {
        let info = &self.reading.info;
        let quoted: Vec<String> = info.command.iter().map(|w| quote(w)).collect();
        let mut html = String::from("<section>\n<h2>To repeat it</h2>\n");
        html += &format!("<pre class=\"command\"><code>{}</code></pre>\n", escape(&quoted.join(" ")));
        html += &format!("<p>With the code at revision <code>{}</code>", escape(&info.revision));
        html += if info.revision.ends_with("+dirty") {
            ": it had changes that are in no revision, so the code of this run cannot be restored exactly.</p>\n"
        } else {
            ".</p>\n"
        };
        html += &format!(
            "<details><summary>The spec with every default written out</summary>\n<pre><code>{}</code></pre>\n</details>\n",
            escape(&self.reading.spec.to_toml())
        );
        html += "</section>\n<section>\n<h2>Files</h2>\n<ul>\n";
        let own = [("table.md", "the table as Markdown"), ("table.csv", "the table, numbers not rounded")];
        own.iter().for_each(|(file, what)| html += &format!("<li>{}: {what}</li>\n", link(file, file)));
        for f in self.figures {
            let file = format!("figures/{}.svg", f.name);
            html += &format!("<li>{}: {}</li>\n", link(&file, &file), escape(&f.title));
        }
        let run = [
            ("outcomes.csv", "one row a cell"),
            ("spec.toml", "the resolved spec"),
            ("run.toml", "provenance"),
            ("cells", "predictions, histories and logs of each cell"),
        ];
        for (file, what) in run {
            html += &format!("<li>{}: {what}</li>\n", link(&format!("{}/{file}", self.run), file));
        }
        html + "</ul>\n</section>\n"
    }
}

/// A word as a POSIX shell reads it back.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A section with a heading and a table.
pub(super) fn section(title: &str, caption: &str, headings: &[&str], rows: &[Vec<String>]) -> String {
    format!("<section>\n<h2>{}</h2>\n{}</section>\n", escape(title), plain_table(caption, headings, rows))
}

/// A section with a heading and definitions.
pub(super) fn facts(title: &str, pairs: &[(&str, String)]) -> String {
    format!("<section>\n<h2>{}</h2>\n{}</section>\n", escape(title), definitions(pairs))
}

#[cfg(test)]
mod tests {
    #[test]
    fn commands_survive_a_shell() {
        let words = ["seraug", "a b", "it's", "--set", "x=1", "$HOME", ""].map(super::quote);
        assert_eq!(words.join(" "), "seraug 'a b' 'it'\\''s' --set x=1 '$HOME' ''");
    }
}
