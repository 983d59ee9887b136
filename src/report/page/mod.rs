//! index.html: the whole report in one file that needs no network.

pub mod cells;
pub mod contents;
pub mod counts;
pub mod embedding;
pub mod provenance;
pub mod samples;
pub mod splice;
pub mod utterances;
pub mod verdict;

use crate::figure::{SCRIPT, inline};
use crate::render::html::{document, file_items, header, link, synthetic_banner};
use crate::render::text::data_set_label;
use crate::render::text_table::TextTable;
use contents::ReportContents;
use maud::{Markup, html};

/// What the page is made from.
pub(crate) struct Page<'a> {
    /// Tables, figures and words of the run.
    pub(crate) contents: &'a ReportContents,
    /// Files beside the page: name, and what it is.
    pub(crate) files: &'a [(String, &'static str)],
    /// The run directory, relative to the page; none where the page is to be published without it.
    pub(crate) to_run: Option<&'a str>,
}

impl Page<'_> {
    /// The text of the file.
    pub(crate) fn html(&self) -> String {
        let c = self.contents;
        let info = &c.run.info;
        let about = format!("{} · run {} · started {}", info.experiment, c.run.dir.id(), info.started);
        let overview = c.summary.as_ref().map(|s| s.html(Some("results"), None));
        let body = html! {
            (header(&c.title, Some(&about)))
            @if c.run.synthetic() { (synthetic_banner()) }
            section class="verdict" aria-label="Verdict" { "\n"
                p { (c.verdict.ran) } "\n"
                p { (c.verdict.shows) } "\n"
            } "\n"
            (provenance::warnings(&c.run, &c.notes))
            (cells::failures(&c.run))
            (self.navigation())
            // Beside an overview, the figures come before the details.
            @if let Some(overview) = overview {
                (overview) (self.figures()) (self.results()) (self.other_measures()) (self.pairs())
            }
            @else { (self.results()) (self.other_measures()) (self.pairs()) (self.figures()) }
            (self.by_attribute())
            (utterances::utterances(&c.run, &c.predictions, &c.utterances))
            (self.sizes())
            (provenance::audit(&c.run))
            (provenance::provenance(&c.run))
            (self.repetition())
            (self.listing())
        };
        let mut script = String::new();
        if c.figures.iter().any(|f| !f.marks.is_empty()) {
            script += SCRIPT;
        }
        if !c.utterances.is_empty() {
            script += utterances::SCRIPT;
        }
        document(&c.title, &body, &script)
    }

    /// Links to the sections.
    fn navigation(&self) -> Markup {
        let mut sections = vec![("results", "Results")];
        sections.push(("other-measures", "Other measures"));
        sections.extend((!self.contents.statistics.is_empty()).then_some(("pairs-1", "Pairs of conditions")));
        sections.extend((!self.contents.figures.is_empty()).then_some(("figures", "Figures")));
        let by_attribute = self.contents.attributes.as_ref().is_none_or(|found| !found.is_empty());
        sections.extend(by_attribute.then_some(("attributes", "Gender, language, text")));
        sections.extend((!self.contents.utterances.is_empty()).then_some(("utterances", "Test utterances")));
        sections.extend([("cells", "Cells"), ("audit", "Leakage audit"), ("provenance", "Provenance")]);
        sections.extend([("repeat", "To repeat it"), ("files", "Files")]);
        html! {
            nav aria-label="Contents" {
                ul { @for (id, name) in sections { li { a href={ "#" (id) } { (name) } } } }
            } "\n"
        }
    }

    /// A heading that names the data set where there are several.
    fn heading(&self, heading: &str, data_set: usize) -> String {
        match self.contents.summary {
            None => heading.to_owned(),
            Some(_) => {
                format!("{heading}: {}", data_set_label(self.contents.run.data_sets()[data_set]))
            }
        }
    }

    /// The table of each data set.
    fn results(&self) -> Markup {
        let several = self.contents.summary.is_some();
        html! {
            @for (i, table) in self.contents.tables.iter().enumerate() {
                @let id = if several { format!("results-{}", i + 1) } else { "results".into() };
                @let table = TextTable { title: self.heading("Results", i), ..table.text() };
                (table.html(Some(&id), Some(&format!("meaning-{i}"))))
            }
            @if let Some(gap) = &self.contents.gap { (gap.html(Some("gap"), None)) }
            @if let Some(cost) = &self.contents.cost { (cost.html(Some("cost"), None)) }
        }
    }

    /// Accuracy, F1, ECE and Brier score of each data set.
    fn other_measures(&self) -> Markup {
        html! {
            section id="other-measures" { "\n"
                h2 { "Other measures" } "\n"
                @for (i, table) in self.contents.other_measures.iter().enumerate() {
                    @let title = self.heading("Accuracy, F1, calibration error and Brier score", i);
                    (TextTable { title, ..table.text() }.folded())
                }
            } "\n"
        }
    }

    /// Recalls by gender, language and text, or why there are none.
    fn by_attribute(&self) -> Markup {
        let tables = self.contents.by_attribute();
        let unknown = self.contents.attributes.is_none();
        html! {
            @if unknown || !tables.is_empty() {
                section id="attributes" { "\n"
                    h2 { "By gender, language and text" } "\n"
                    @if unknown { p { "The run has no attributes.csv: an earlier version wrote it." } "\n" }
                    @for table in &tables { (table.folded()) }
                } "\n"
            }
        }
    }

    /// Every pair of conditions.
    fn pairs(&self) -> Markup {
        html! {
            @for (i, table) in (1..).zip(&self.contents.statistics) {
                (table.html(Some(&format!("pairs-{i}")), None))
            }
        }
    }

    /// The figures, and the numbers that belong to them.
    fn figures(&self) -> Markup {
        if self.contents.figures.is_empty() {
            return Markup::default();
        }
        let file = |name: &str, kind: &str| link(&format!("figures/{name}.{kind}"), &kind.to_uppercase());
        html! {
            section id="figures" { "\n"
                h2 { "Figures" } "\n"
                @for f in &self.contents.figures {
                    h3 { (f.title) } "\n"
                    figure { "\n"
                        (inline(&f.title, &f.svg, &f.alt, &f.marks))
                        figcaption { (f.caption) " " (file(&f.name, "svg")) " " (file(&f.name, "png")) } "\n"
                    } "\n"
                }
            } "\n"
            @for (i, table) in (1..).zip(self.contents.measures()) {
                (table.html(Some(&format!("measures-{i}")), None))
            }
        }
    }

    /// Sizes and times of each data set.
    fn sizes(&self) -> Markup {
        let c = self.contents;
        html! {
            div id="cells" { "\n"
                @for (i, (part, table)) in std::iter::zip(&c.parts, &c.tables).enumerate() {
                    (cells::sizes(part, table, self.heading("Cells", i)))
                }
            } "\n"
        }
    }

    /// How to make the same numbers again.
    fn repetition(&self) -> Markup {
        let info = &self.contents.run.info;
        let quoted: Vec<String> = info.command.iter().map(|w| quote(w)).collect();
        html! {
            section id="repeat" { "\n"
                h2 { "To repeat it" } "\n"
                pre class="command" { code { (quoted.join(" ")) } } "\n"
                p {
                    "With the code at revision " code { (info.revision) }
                    @if info.revision.ends_with("+dirty") {
                        ": it had changes that are in no revision, so the code of this run cannot be restored exactly."
                    } @else { "." }
                } "\n"
                @if !self.contents.run.spec.is_scored() { details {
                    summary { "The spec with every default written out" } "\n"
                    pre tabindex="0" { code { (self.contents.run.spec.to_toml()) } } "\n"
                } "\n" }
            } "\n"
        }
    }

    /// The files of the report and of the run.
    fn listing(&self) -> Markup {
        let mut files: Vec<(String, &str, &str)> =
            self.files.iter().map(|(name, what)| (name.clone(), name.as_str(), *what)).collect();
        if let Some(folder) = self.to_run {
            let run = [
                ("outcomes.csv", "one row a cell"),
                ("spec.toml", "the resolved spec"),
                ("run.toml", "provenance"),
                ("cells", "predictions, histories and logs of each cell"),
            ];
            files.extend(run.map(|(name, what)| (format!("{folder}/{name}"), name, what)));
        }
        html! {
            section id="files" { "\n" h2 { "Files" } "\n" ul { "\n" (file_items(&files)) } "\n" } "\n"
        }
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

#[cfg(test)]
mod tests {
    #[test]
    fn commands_survive_a_shell() {
        let words = ["seraug", "a b", "it's", "--set", "x=1", "$HOME", ""].map(super::quote);
        assert_eq!(words.join(" "), "seraug 'a b' 'it'\\''s' --set x=1 '$HOME' ''");
    }
}
