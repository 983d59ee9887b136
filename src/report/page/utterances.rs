//! The test utterances in the page: a table for each condition, the hardest first. It can be sorted and filtered where scripts run.

use crate::analysis::loaded_run::LoadedRun;
use crate::analysis::predictions::RunPredictions;
use crate::analysis::utterances::TestedUtterance;
use crate::render::text::{cut, data_set_label};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Sorts and filters the tables of utterances.
pub const SCRIPT: &str = include_str!("utterances.js");

/// Most rows of all tables together; a row is about 130 bytes of the page.
const MOST: usize = 800;
/// Rows of a table where there are many of them. Then not every table is in the page.
const LEAST: usize = 20;
/// Most characters of an id.
const WIDTH: usize = 60;

/// The section, and nothing without predictions. `all` are sorted by data set and condition.
pub fn utterances(run: &LoadedRun, predictions: &RunPredictions, all: &[TestedUtterance]) -> Markup {
    let tables: Vec<&[TestedUtterance]> =
        all.chunk_by(|a, b| (a.data_set, a.condition) == (b.data_set, b.condition)).collect();
    if tables.is_empty() {
        return Markup::default();
    }
    let rows = (MOST / tables.len()).max(LEAST);
    let shown = &tables[..tables.len().min(MOST / rows)];
    let cut = shown.iter().any(|t| t.len() > rows) || shown.len() < tables.len();
    html! {
        section id="utterances" { "\n"
            h2 { "Test utterances" } "\n"
            p {
                "How each test utterance is classified, the hardest first: right in the fewest of its tests, then with the lowest \
                 probability. A test is a cell that tests it, one for each seed. predicted: the class in most tests; p: mean \
                 probability of the true class; flips: its tests predict different classes. "
                @if cut { "The page has up to " (rows) " for each condition, up to half of them those that flip; " } @else { "The same as a file: " }
                a href="utterances.csv" { "utterances.csv" }
                @if cut { " has all." } @else { "." }
            } "\n"
            @for table in shown { (of_condition(run, predictions, table, rows)) }
        } "\n"
    }
}

/// At most `rows` of `all`, in their order: up to half are the first that flip, which often are not among the hardest; the others are
/// the first.
fn chosen(all: &[TestedUtterance], rows: usize) -> Vec<&TestedUtterance> {
    let most = rows.min(all.len());
    let flipping = (0..all.len()).filter(|i| all[*i].flips);
    let mut places: BTreeSet<usize> = flipping.take(most / 2).collect();
    for place in 0..all.len() {
        if places.len() == most {
            break;
        }
        places.insert(place);
    }
    places.into_iter().map(|i| &all[i]).collect()
}

/// At most `rows` utterances of a condition of a data set.
fn of_condition(
    run: &LoadedRun,
    predictions: &RunPredictions,
    all: &[TestedUtterance],
    rows: usize,
) -> Markup {
    let Some(first) = all.first() else { return Markup::default() };
    let sets = run.data_sets();
    let label = run.spec.condition[first.condition].label();
    let name = match sets.len() {
        1 => label.to_owned(),
        _ => format!("{label}: {}", data_set_label(sets[first.data_set])),
    };
    let wrong = all.iter().filter(|u| u.right < u.tests).count();
    let flips = all.iter().filter(|u| u.flips).count();
    let classes = run.spec.class_names();
    let headings = ["utterance", "speaker", "truth", "predicted", "p", "right", "tests", "flips"];
    html! {
        details {
            summary { (name) ": " (all.len()) " utterances, " (wrong) " not always right, " (flips) " flip" } "\n"
            div class="scroll" role="group" aria-label={ "Test utterances, " (name) } tabindex="0" {
                table class="sortable" {
                    thead { tr {
                        @for h in headings { th scope="col" { (h) } }
                    } }
                    tbody { "\n"
                        @for u in chosen(all, rows) {
                            tr {
                                th scope="row" { (cut(&predictions.utterances[u.utterance as usize], WIDTH)) }
                                td { (cut(&predictions.speakers[u.speaker as usize], WIDTH)) }
                                td { (classes[usize::from(u.truth)]) }
                                td { (classes[usize::from(u.predicted)]) }
                                td { @if let Some(p) = u.probability { (format!("{p:.2}")) } @else { "–" } }
                                td { (u.right) }
                                td { (u.tests) }
                                td { @if u.flips { "yes" } }
                            } "\n"
                        }
                    }
                }
            } "\n"
        } "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_flips_is_among_the_rows_however_hard_the_others_are() {
        let of = |i: u32| TestedUtterance {
            data_set: 0,
            condition: 0,
            utterance: i,
            speaker: 0,
            truth: 0,
            predicted: 1,
            probability: None,
            tests: 2,
            right: u32::from(i >= 10),
            flips: i >= 10,
        };
        let all: Vec<TestedUtterance> = (0..14).map(of).collect();
        let ids = |rows: usize| chosen(&all, rows).iter().map(|u| u.utterance).collect::<Vec<_>>();
        assert_eq!(ids(6), [0, 1, 2, 10, 11, 12]);
        assert_eq!(ids(100), (0..14).collect::<Vec<_>>());
        assert_eq!(chosen(&all[..10], 4).len(), 4);
    }
}
