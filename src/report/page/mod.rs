//! index.html: the whole report in one file that needs no network.

pub mod cells;
pub mod contents;
pub mod counts;
pub mod provenance;
pub mod splice;
pub mod tooltips;
pub mod verdict;

use crate::analysis::loaded_run::LoadedRun;
use crate::figure::Figure;
use crate::render::html::{self, definitions, element, escape, link, scroll, table as plain_table};
use crate::render::summary::shown;
use crate::render::table::Table;
use crate::render::table_text::{LineKind, lines};
use crate::render::text_table::TextTable;
use verdict::Headline;

/// What the page is made from.
pub struct Page<'a> {
    /// The run.
    pub reading: &'a LoadedRun,
    /// Its title.
    pub title: &'a str,
    /// The run, data set by data set.
    pub parts: &'a [LoadedRun],
    /// The table of each data set.
    pub tables: &'a [Table],
    /// The table over all data sets, where there are several.
    pub summary: Option<&'a TextTable>,
    /// Every pair of conditions, a table for each data set.
    pub statistics: &'a [TextTable],
    /// Its figures, in order.
    pub figures: &'a [Figure],
    /// What belongs to the figures, in numbers.
    pub measures: &'a [TextTable],
    /// What it shows.
    pub verdict: &'a Headline,
    /// What is missing, for the warnings.
    pub notes: &'a [String],
    /// Files beside the page: name, and what it is.
    pub files: &'a [(String, &'static str)],
    /// The run directory, relative to the page; none where the page is to be published without it.
    pub run: Option<&'a str>,
}

impl Page<'_> {
    /// The text of the file.
    pub fn html(&self) -> String {
        let info = &self.reading.info;
        let about = format!("{} · run {} · started {}", info.experiment, self.reading.run.id(), info.started);
        let mut body = format!(
            "<header>\n{}\n<p class=\"soft\">{}</p>\n</header>\n",
            element("h1", self.title),
            escape(&about)
        );
        if self.reading.synthetic() {
            body += "<p class=\"banner\">Synthetic corpus: made by a program to exercise the software. These numbers \
                     say nothing about emotion in human speech.</p>\n";
        }
        body += &format!(
            "<section class=\"verdict\" aria-label=\"Verdict\">\n{}\n{}\n</section>\n",
            element("p", &self.verdict.ran),
            element("p", &self.verdict.shows)
        );
        body += &provenance::warnings(self.reading, self.notes);
        body += &cells::failures(self.reading);
        body += &self.contents();
        let tables: String = (0..self.tables.len()).map(|i| self.results(i)).collect();
        match self.summary {
            // Beside an overview, the figures come before the details.
            Some(s) => body += &(s.html("results") + &self.drawings() + &tables + &self.pairs()),
            None => body += &(tables + &self.pairs() + &self.drawings()),
        }
        body += &self.sizes();
        body += &provenance::audit(self.reading);
        body += &provenance::provenance(self.reading);
        body += &self.repeat();
        body += &self.listing();
        html::document(
            self.title,
            &body,
            if self.figures.iter().any(|f| !f.marks.is_empty()) { tooltips::SCRIPT } else { "" },
        )
    }

    /// Links to the sections.
    fn contents(&self) -> String {
        let mut places = vec![("results", "Results")];
        places.extend((!self.statistics.is_empty()).then_some(("pairs-1", "Pairs of conditions")));
        places.extend((!self.figures.is_empty()).then_some(("figures", "Figures")));
        places.extend([("cells", "Cells"), ("audit", "Leakage audit"), ("provenance", "Provenance")]);
        places.extend([("repeat", "To repeat it"), ("files", "Files")]);
        let items = places.iter().map(|(id, name)| format!("<li><a href=\"#{id}\">{name}</a></li>"));
        format!("<nav aria-label=\"Contents\"><ul>{}</ul></nav>\n", items.collect::<String>())
    }

    /// A heading that names the data set where there are several.
    fn of_set(&self, index: usize, heading: &str) -> String {
        match self.summary {
            None => heading.to_owned(),
            Some(_) => format!("{heading}: {}", shown(self.reading.data_sets()[index])),
        }
    }

    fn results(&self, index: usize) -> String {
        let table = &self.tables[index];
        let id = if self.summary.is_some() { format!("results-{}", index + 1) } else { "results".into() };
        let heading = self.of_set(index, "Results");
        let mut html = format!(
            "<section id=\"{id}\">\n{}\n{}<table aria-describedby=\"meaning-{index}\">",
            element("h2", &heading),
            scroll(&heading)
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

    fn pairs(&self) -> String {
        (1..).zip(self.statistics).map(|(i, t)| t.html(&format!("pairs-{i}"))).collect()
    }

    fn drawings(&self) -> String {
        if self.figures.is_empty() {
            return String::new();
        }
        let mut html = String::from("<section id=\"figures\">\n<h2>Figures</h2>\n");
        for f in self.figures {
            let label = format!("<svg role=\"img\" aria-label=\"{}\" ", escape(&f.alt));
            let drawing = f.svg.replacen("<svg ", &label, 1);
            let file = |kind: &str| link(&format!("figures/{}.{kind}", f.name), &kind.to_uppercase());
            html += &format!(
                "{}\n<figure>\n{}{}</div>\n{}<figcaption>{} {} {}</figcaption>\n</figure>\n",
                element("h3", &f.title),
                scroll(&f.title),
                tooltips::layer(&drawing, &f.marks),
                tooltips::output(&f.marks),
                escape(&f.caption),
                file("svg"),
                file("png"),
            );
        }
        html += "</section>\n";
        html + &(1..).zip(self.measures).map(|(i, t)| t.html(&format!("measures-{i}"))).collect::<String>()
    }

    fn sizes(&self) -> String {
        let part = |(i, (part, table))| cells::sizes(part, table, &self.of_set(i, "Cells"));
        let all: String = std::iter::zip(self.parts, self.tables).enumerate().map(part).collect();
        format!("<div id=\"cells\">\n{all}</div>\n")
    }

    fn repeat(&self) -> String {
        let info = &self.reading.info;
        let quoted: Vec<String> = info.command.iter().map(|w| quote(w)).collect();
        let mut html = String::from("<section id=\"repeat\">\n<h2>To repeat it</h2>\n");
        html += &format!("<pre class=\"command\"><code>{}</code></pre>\n", escape(&quoted.join(" ")));
        html += &format!("<p>With the code at revision <code>{}</code>", escape(&info.revision));
        html += if info.revision.ends_with("+dirty") {
            ": it had changes that are in no revision, so the code of this run cannot be restored exactly.</p>\n"
        } else {
            ".</p>\n"
        };
        html += &format!(
            "<details><summary>The spec with every default written out</summary>\n<pre tabindex=\"0\"><code>{}</code></pre>\n</details>\n",
            escape(&self.reading.spec.to_toml())
        );
        html + "</section>\n"
    }

    fn listing(&self) -> String {
        let mut html = String::from("<section id=\"files\">\n<h2>Files</h2>\n<ul>\n");
        for (file, what) in self.files {
            html += &format!("<li>{}: {what}</li>\n", link(file, file));
        }
        let Some(folder) = self.run else { return html + "</ul>\n</section>\n" };
        let run = [
            ("outcomes.csv", "one row a cell"),
            ("spec.toml", "the resolved spec"),
            ("run.toml", "provenance"),
            ("cells", "predictions, histories and logs of each cell"),
        ];
        for (file, what) in run {
            html += &format!("<li>{}: {what}</li>\n", link(&format!("{folder}/{file}"), file));
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
pub(crate) fn section(title: &str, caption: &str, headings: &[&str], rows: &[Vec<String>]) -> String {
    format!("<section>\n{}\n{}</section>\n", element("h2", title), plain_table(caption, headings, rows))
}

/// A section with a heading and definitions.
pub(crate) fn facts(title: &str, pairs: &[(&str, String)]) -> String {
    format!("<section>\n{}\n{}</section>\n", element("h2", title), definitions(pairs))
}

#[cfg(test)]
mod tests {
    #[test]
    fn commands_survive_a_shell() {
        let words = ["seraug", "a b", "it's", "--set", "x=1", "$HOME", ""].map(super::quote);
        assert_eq!(words.join(" "), "seraug 'a b' 'it'\\''s' --set x=1 '$HOME' ''");
    }
}
