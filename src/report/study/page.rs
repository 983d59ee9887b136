//! index.html of a study: one file that needs no network.

use super::{StudyContents, tables};
use crate::figure::inline;
use crate::render::html::{document, file_items, header, link, list, synthetic_banner};
use maud::{Markup, html};

/// The text of the page. `links` lead to the run of each member and to its report, where there is one; `files` are those beside the
/// page: name, and what it is.
pub(super) fn html(
    contents: &StudyContents,
    links: &[(String, Option<String>)],
    files: &[(String, &str)],
) -> String {
    let about =
        format!("Study {} · {} of {} corpora", contents.name, contents.members.len(), contents.planned);
    let files: Vec<(String, &str, &str)> =
        files.iter().map(|(name, what)| (name.clone(), name.as_str(), *what)).collect();
    let body = html! {
        (header(&contents.title, Some(&about)))
        @if contents.is_synthetic() { (synthetic_banner()) }
        section class="verdict" aria-label="Verdict" { "\n"
            p { (contents.about()) } "\n"
            (list(&contents.verdict))
        } "\n"
        (warnings(contents))
        (navigation(contents))
        (figures(contents))
        (tables::pooled(contents).html(Some("pooled"), Some("meaning-pooled")))
        @for (i, table) in (1..).zip(&contents.tables) {
            (table.html(Some(&format!("table-{i}")), Some(&format!("meaning-{i}"))))
        }
        (tables::provenance(contents).html(Some("provenance"), None))
        (runs(contents, links))
        section id="files" { "\n" h2 { "Files" } "\n" ul { "\n" (file_items(&files)) } "\n" } "\n"
    };
    document(&contents.title, &body, "")
}

/// What is missing, and what a reader should know before believing a number; empty without any.
fn warnings(contents: &StudyContents) -> Markup {
    html! {
        @if !contents.missing.is_empty() {
            section class="failed" { "\n"
                h2 { (contents.missing.len()) " of " (contents.planned) " experiments have no finished run" } "\n"
                (list(&contents.missing))
            } "\n"
        }
        @if !contents.warnings.is_empty() {
            section class="warnings" { "\n" h2 { "Warnings" } "\n" (list(&contents.warnings)) } "\n"
        }
    }
}

/// Links to the sections.
fn navigation(contents: &StudyContents) -> Markup {
    let mut sections =
        vec![("figures".to_owned(), "Forest plots".to_owned()), ("pooled".into(), "Pooled".into())];
    sections.extend((1..).zip(&contents.tables).map(|(i, t)| (format!("table-{i}"), t.title.clone())));
    sections.extend(
        [("provenance", "Provenance"), ("runs", "Runs"), ("files", "Files")]
            .map(|(id, name)| (id.into(), name.into())),
    );
    html! {
        nav aria-label="Contents" {
            ul { @for (id, name) in &sections { li { a href={ "#" (id) } { (name) } } } }
        } "\n"
    }
}

fn figures(contents: &StudyContents) -> Markup {
    let file = |name: &str, kind: &str| link(&format!("figures/{name}.{kind}"), &kind.to_uppercase());
    html! {
        section id="figures" { "\n"
            h2 { "Forest plots" } "\n"
            @for f in &contents.figures {
                h3 { (f.title) } "\n"
                figure { "\n"
                    (inline(&f.title, &f.svg, &f.alt, &f.marks))
                    figcaption { (f.caption) " " (file(&f.name, "svg")) " " (file(&f.name, "png")) } "\n"
                } "\n"
            }
        } "\n"
    }
}

/// Links to the runs and to their reports.
fn runs(contents: &StudyContents, links: &[(String, Option<String>)]) -> Markup {
    html! {
        section id="runs" { "\n"
            h2 { "Runs" } "\n"
            ul { "\n"
                @for (member, (run, report)) in std::iter::zip(&contents.members, links) {
                    li {
                        (member.label) ": " (link(run, &member.name()))
                        @match report {
                            Some(report) => { ", " (link(report, "its report")) },
                            None => ", without a report; `seraug report` makes one",
                        }
                    } "\n"
                }
            } "\n"
        } "\n"
    }
}
