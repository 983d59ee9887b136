//! index.html of a comparison: one file that needs no network, with the look of a report.

use super::figure::figure;
use super::runs::{Against, Comparison};
use super::sentences::sentences;
use super::text::{beyond, counts, differing, largest, names, statistics};
use crate::render::html::{document, file_items, header, list, synthetic_banner};
use crate::render::text_table::TextTable;
use maud::{Markup, html};
use seraug_core::error::Result;

/// The text of the file.
pub(super) fn html(comparison: &Comparison, tolerance: Option<f64>) -> Result<String> {
    let title = match &comparison.against[..] {
        [one] => format!("{} and {}", comparison.first.name(), one.second.name()),
        more => format!("{} and {} other runs", comparison.first.name(), more.len()),
    };
    let mut sides = std::iter::once(&comparison.first).chain(comparison.against.iter().map(|a| &a.second));
    let sections = (0..comparison.against.len()).map(|i| sections(comparison, i, tolerance));
    let sections = sections.collect::<Result<Vec<Markup>>>()?;
    let files = [
        ("compare.md", "this page as Markdown"),
        ("compare.csv", "one row a cell and pair of runs"),
        ("statistics.csv", "every test, numbers not rounded"),
    ];
    let body = html! {
        (header(&title, None))
        @if sides.any(|s| s.run.synthetic()) { (synthetic_banner()) }
        @for section in sections { (section) }
        section { "\n"
            h2 { "Files" } "\n"
            ul { "\n" (file_items(&files.map(|(name, what)| (name.to_owned(), name, what)))) } "\n"
        } "\n"
    };
    Ok(document(&title, &body, ""))
}

/// Everything about the first run and the one at `index` of the others.
fn sections(comparison: &Comparison, index: usize, tolerance: Option<f64>) -> Result<Markup> {
    let against: &Against = &comparison.against[index];
    let letter = against.second.letter;
    let prefix = if comparison.against.len() > 1 { format!("A and {letter}: ") } else { String::new() };
    let table = |t: &TextTable, id: &str| {
        TextTable { title: format!("{prefix}{}", t.title), ..t.clone() }.html(Some(id), None)
    };
    let sets = against.contrasts.chunk_by(|a, b| a.data_set == b.data_set);
    let figures = sets.map(figure).collect::<Result<Vec<Markup>>>()?;
    let verdict = beyond(against, tolerance);
    Ok(html! {
        section { "\n"
            h2 { (prefix) "What differs" } "\n"
            (list(&names(comparison, against))) (list(&differing(against)))
        } "\n"
        section class="verdict" { "\n"
            h2 { (prefix) "What is shown" } "\n"
            (list(&sentences(&against.contrasts)))
        } "\n"
        @if !verdict.is_empty() {
            section { "\n" h2 { (prefix) "Tolerance" } "\n" (list(&verdict)) } "\n"
        }
        @for (k, t) in against.tables.iter().chain(&against.other_measures).enumerate() { (table(t, &format!("table-{index}-{k}"))) }
        @for (k, (t, figure)) in std::iter::zip(statistics(against), figures).enumerate() {
            (table(&t, &format!("statistics-{index}-{k}")))
            (figure)
        }
        section { "\n" h2 { (prefix) "Cells" } "\n" (list(&counts(comparison, against))) } "\n"
        @if let Some(t) = largest(comparison, against) { (table(&t, &format!("cells-{index}"))) }
    })
}
