//! A comparison as text for a terminal and as Markdown, and the lists and tables that the page shares with them.

use super::Contrast;
use super::aligned_cells::{CellPair, CellPresence, REDUCED, quantities};
use super::runs::{Against, Comparison};
use super::sentences::{sentences, table};
use crate::render::text::{sign, wrap};
use crate::render::text_table::{TextRow, TextTable, markdown_list};
use seraug_core::text::plural;

/// Number of cells that are shown; compare.csv has all of them.
const SHOWN: usize = 10;
/// Number of cells beyond the tolerance that are named.
const NAMED: usize = 50;

/// What is printed, at most 100 columns wide but for names that are longer.
pub fn terminal(comparison: &Comparison, tolerance: Option<f64>) -> String {
    let mut text = String::new();
    for against in &comparison.against {
        let [a, b] = names(comparison, against);
        text += &format!("{a}\n{b}\n\nWhat differs\n");
        text +=
            &format!("{}\n", differing(against).iter().map(|l| wrap(&format!("- {l}"))).collect::<String>());
        // Where nothing differs, the tables of differences would only hold zeros.
        if !against.different().is_empty() {
            text += &numbers(against);
        }
        text +=
            &format!("Cells\n{}", counts(comparison, against).iter().map(|l| wrap(l)).collect::<String>());
        text += &largest(comparison, against).map_or(String::new(), |t| t.terminal());
        text += &beyond(against, tolerance).iter().map(|l| wrap(l)).collect::<String>();
        text += "\n";
    }
    text
}

/// Tables and statistics, each followed by an empty line.
fn numbers(against: &Against) -> String {
    let mut text = String::new();
    for (i, t) in against.tables.iter().enumerate() {
        text += &format!("{}\n{}{}\n", t.title, t.terminal(), caption(i, t));
    }
    for (i, t) in against.other_measures.iter().enumerate() {
        text += &format!("{}\n{}{}\n", t.title, t.terminal(), caption(i, t));
    }
    text += "Statistics\n";
    sentences(&against.contrasts).iter().for_each(|s| text += &wrap(&format!("- {s}")));
    for (i, t) in statistics(against).iter().enumerate() {
        text += &format!("\n{}\n{}{}", t.title, t.terminal(), caption(i, t));
    }
    text + "\n"
}

/// The caption of the first table alone: those of other data sets hardly differ and are in the files.
fn caption(index: usize, t: &TextTable) -> String {
    if index == 0 { wrap(&t.caption) } else { String::new() }
}

/// The text of compare.md.
pub(super) fn markdown(comparison: &Comparison, tolerance: Option<f64>) -> String {
    let mut text = String::new();
    let list = |lines: Vec<String>| markdown_list(&lines);
    for against in &comparison.against {
        let [a, b] = names(comparison, against);
        text +=
            &format!("# {} and {}\n\n{}\n", comparison.first.name(), against.second.name(), list(vec![a, b]));
        text += &format!("## What differs\n\n{}\n", list(differing(against)));
        let tables = against.tables.iter().chain(&against.other_measures);
        tables.for_each(|t| text += &(t.chapter(2) + "\n"));
        text += &format!("## Statistics\n\n{}\n", list(sentences(&against.contrasts)));
        statistics(against).iter().for_each(|t| text += &(t.chapter(3) + "\n"));
        text += &format!("## Cells\n\n{}\n", list(counts(comparison, against)));
        text += &largest(comparison, against).map_or(String::new(), |t| format!("{}\n", t.markdown()));
        let beyond = beyond(against, tolerance);
        text +=
            &if beyond.is_empty() { String::new() } else { format!("## Tolerance\n\n{}\n", list(beyond)) };
    }
    text
}

/// `A  quickstart/…: 15 cells, started …`.
pub(super) fn names(comparison: &Comparison, against: &Against) -> [String; 2] {
    [&comparison.first, &against.second].map(|side| {
        let run = &side.run;
        let done = run.outcomes.iter().filter(|o| o.confusion.is_some()).count();
        let synthetic = if run.synthetic() { ", synthetic corpus" } else { "" };
        format!("{}  {} ({done} cells with a result{synthetic})", side.letter, side.name())
    })
}

/// The differences of spec, data, code and machine, one line each; fields of the spec first.
pub(super) fn differing(against: &Against) -> Vec<String> {
    let letter = against.second.letter;
    let line = |d: &super::Difference| {
        let field = if d.kind == d.field { d.field.clone() } else { format!("{} {}", d.kind, d.field) };
        format!("{field}: A {}, {letter} {}", d.first, d.second)
    };
    let mut lines: Vec<String> = against.differs.iter().map(line).collect();
    if lines.is_empty() {
        lines.push("nothing: spec, corpora, code, libtorch, device and split.csv are the same".into());
    } else if against.differs.iter().all(|d| d.kind != "spec") {
        lines.insert(0, "spec: no field".into());
    }
    lines
}

/// A table of statistics for each data set.
pub(super) fn statistics(against: &Against) -> Vec<TextTable> {
    against.contrasts.chunk_by(|a, b| a.data_set == b.data_set).map(|c: &[Contrast]| table(c)).collect()
}

/// How many cells both runs have, how many differ, and which cells only one run has.
pub(super) fn counts(comparison: &Comparison, against: &Against) -> Vec<String> {
    let letters = [comparison.first.letter, against.second.letter];
    let of =
        |state: CellPresence| against.cells.iter().filter(|c| c.state == state).collect::<Vec<&CellPair>>();
    let both = of(CellPresence::Both).len();
    let different = against.different().len();
    let unread =
        against.cells.iter().filter(|c| c.state == CellPresence::Both && c.changed.is_none()).count();
    let mut lines = vec![match different {
        0 if both == 1 => "1 cell has a result in both; it is equal in every number.".to_owned(),
        0 => format!("{both} cells have a result in both; all of them are equal in every number."),
        n => format!(
            "{both} cell{} a result in both; {n} of them differ.",
            if both == 1 { " has" } else { "s have" }
        ),
    }];
    if unread > 0 {
        lines.push(format!(
            "{unread} of them lack the predictions of a run: compared by their counts alone, and not in the bootstrap and \
             McNemar's test."
        ));
    }
    let other = against.cells.iter().filter(|c| c.state == CellPresence::Both && c.reduced_differs).count();
    if other > 0 {
        lines.push(format!(
            "In {other} of them the runs reduced different classes: {REDUCED} is not compared there."
        ));
    }
    for (state, letter) in [(CellPresence::First, letters[0]), (CellPresence::Second, letters[1])] {
        let alone = of(state);
        if !alone.is_empty() {
            lines.push(format!("{} only in {letter}: {}.", alone.len(), list(&alone, SHOWN)));
        }
    }
    let ends = [
        (CellPresence::Failed, "failed in both"),
        (CellPresence::Neither, "failed in one, absent in the other"),
    ];
    for (state, what) in ends {
        let cells = of(state);
        if !cells.is_empty() {
            lines.push(format!("{} {what}: {}.", plural(cells.len(), "cell"), list(&cells, SHOWN)));
        }
    }
    lines
}

fn list(cells: &[&CellPair], most: usize) -> String {
    let named: Vec<String> = cells.iter().take(most).map(|c| c.name()).collect();
    let more = cells.len().saturating_sub(most);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", named.join(", "))
}

/// The cells whose UAR differs most; `None` where all are equal.
pub(super) fn largest(comparison: &Comparison, against: &Against) -> Option<TextTable> {
    let different = against.different();
    if different.is_empty() {
        return None;
    }
    let names = quantities(&comparison.first.run.spec.class_names());
    let [x, y] = [comparison.first.letter, against.second.letter];
    let percent = |v: Option<f64>| v.map_or("–".to_owned(), |v| format!("{v:.1}"));
    let row = |c: &&CellPair| -> TextRow {
        let most = match c.greatest() {
            Some((_, 0.0)) if c.changed == Some(0) => Some("probabilities alone".to_owned()),
            most => most.map(|(i, d)| format!("{} {}", sign(d), names[i])),
        };
        vec![
            c.name(),
            percent(c.values[0][0]),
            percent(c.values[0][1]),
            c.difference(0).map_or("–".to_owned(), sign),
            most.unwrap_or_default(),
            c.changed.map_or("–".to_owned(), |n| n.to_string()),
        ]
        .into()
    };
    Some(TextTable {
        title: "The cells whose UAR differs most".into(),
        caption: format!("{} of {}; compare.csv has all.", different.len().min(SHOWN), different.len()),
        headings: vec![
            "cell".into(),
            format!("UAR {x}"),
            format!("UAR {y}"),
            format!("{y} − {x}"),
            "largest difference".into(),
            "answers changed".into(),
        ],
        rows: different.iter().take(SHOWN).map(row).collect(),
        words: 1,
        ..TextTable::default()
    })
}

/// Whether the differences are within the tolerance; empty without a tolerance.
pub(super) fn beyond(against: &Against, tolerance: Option<f64>) -> Vec<String> {
    let Some(tolerance) = tolerance else { return Vec::new() };
    let beyond = against.beyond(tolerance);
    let failed = match against.failed() {
        0 => String::new(),
        n => format!(" {} failed in both.", plural(n, "cell")),
    };
    if beyond.is_empty() {
        let which = if failed.is_empty() { "" } else { " with a result" };
        return vec![format!("Within the tolerance of {tolerance} points: every cell{which}.{failed}")];
    }
    let answers = if tolerance == 0.0 { ", with another answer" } else { "" };
    vec![format!(
        "Beyond the tolerance of {tolerance} points{answers} or in one run alone: {}: {}.{failed}",
        plural(beyond.len(), "cell"),
        list(&beyond, NAMED)
    )]
}
