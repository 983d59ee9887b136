//! index.html of a comparison: one file that needs no network, with the look of a report.

use super::contrast::Contrast;
use super::figure::figure;
use super::runs::Comparison;
use super::sentences::sentences;
use super::text::{beyond, counts, differing, largest, names, statistics};
use crate::render::html::{document, element, link};
use crate::render::text_table::TextTable;
use seraug_core::error::Result;

/// The text of the file.
pub(super) fn html(comparison: &Comparison, tolerance: Option<f64>) -> Result<String> {
    let title = match &comparison.against[..] {
        [one] => format!("{} and {}", comparison.first.name(), one.second.name()),
        more => format!("{} and {} other runs", comparison.first.name(), more.len()),
    };
    let mut body = format!("<header>\n{}\n</header>\n", element("h1", &title));
    let sides = || std::iter::once(&comparison.first).chain(comparison.against.iter().map(|a| &a.second));
    if sides().any(|s| s.reading.synthetic()) {
        body += "<p class=\"banner\">Synthetic corpus: made by a program to exercise the software. These numbers say \
                 nothing about emotion in human speech.</p>\n";
    }
    for (i, against) in comparison.against.iter().enumerate() {
        let letter = against.second.letter;
        let prefix = if comparison.against.len() > 1 { format!("A and {letter}: ") } else { String::new() };
        let heading = |text: &str| element("h2", &format!("{prefix}{text}"));
        let of_table = |t: &TextTable, id: String| {
            TextTable { title: format!("{prefix}{}", t.title), ..t.clone() }.html(&id)
        };
        body += &format!(
            "<section>\n{}\n{}{}</section>\n",
            heading("What differs"),
            list(&names(comparison, against)),
            list(&differing(against))
        );
        body += &format!(
            "<section class=\"verdict\">\n{}\n{}</section>\n",
            heading("What is shown"),
            list(&sentences(&against.contrasts))
        );
        let verdict = beyond(against, tolerance);
        if !verdict.is_empty() {
            body += &format!("<section>\n{}\n{}</section>\n", heading("Tolerance"), list(&verdict));
        }
        for (k, t) in against.tables.iter().enumerate() {
            body += &of_table(t, format!("table-{i}-{k}"));
        }
        let of_set = |c: &&[Contrast]| figure(c);
        let sets = against.contrasts.chunk_by(|a, b| a.data_set == b.data_set).collect::<Vec<_>>();
        let figures = sets.iter().map(of_set).collect::<Result<Vec<String>>>()?;
        for (k, (t, drawing)) in std::iter::zip(statistics(against), figures).enumerate() {
            body += &of_table(&t, format!("statistics-{i}-{k}"));
            body += &drawing;
        }
        let counts = list(&counts(comparison, against));
        body += &format!("<section>\n{}\n{counts}</section>\n", heading("Cells"));
        body += &largest(comparison, against).map_or(String::new(), |t| of_table(&t, format!("cells-{i}")));
    }
    let files = [
        ("compare.md", "this page as Markdown"),
        ("compare.csv", "one row a cell and pair of runs"),
        ("statistics.csv", "every test, numbers not rounded"),
    ];
    let items = files.map(|(file, what)| format!("<li>{}: {what}</li>\n", link(file, file)));
    body += &format!("<section>\n<h2>Files</h2>\n<ul>\n{}</ul>\n</section>\n", items.concat());
    Ok(document(&title, &body, ""))
}

fn list(lines: &[String]) -> String {
    let items: String = lines.iter().map(|l| format!("{}\n", element("li", l))).collect();
    format!("<ul>\n{items}</ul>\n")
}
