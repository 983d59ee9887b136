//! The report of a table of counts (Tab. 1): counted beside published.

use super::provenance;
use crate::render::html::{document, header};
use crate::render::text_table::{TextTable, latex_file};
use maud::html;
use seraug_core::error::{Error, Result};
use seraug_core::files;
use seraug_core::run_files::{CountRow, CountStatus, RunDir, RunInfo, read_counts};
use seraug_core::terminal::line;
use std::path::PathBuf;

const HEADINGS: [&str; 9] = [
    "data set",
    "language",
    "status",
    "negative",
    "published",
    "difference",
    "positive",
    "published",
    "difference",
];

/// Files of a report: path below its folder, and content.
pub(crate) type ReportFiles = Vec<(PathBuf, Vec<u8>)>;

/// The files of the report and the table as text for a terminal. Text that a person wrote goes through `hide`.
pub(crate) fn files(
    run: &RunDir,
    info: &RunInfo,
    hide: impl Fn(&str) -> String,
) -> Result<(ReportFiles, String)> {
    let mut rows = read_counts(&run.counts())?;
    rows.iter_mut().for_each(|row| row.title = hide(&row.title));
    let title = hide(&title(run)?);
    let csv = files::text(&run.counts()).map_err(|e| Error::failed(format!("counts.csv: {e}")))?;
    let table = TextTable {
        title: "Counts".into(),
        caption: format!("{} Published: as the paper prints it.", summary(&rows)),
        headings: HEADINGS.map(str::to_owned).to_vec(),
        rows: rows.iter().map(|row| cells(row).into()).collect(),
        words: 3,
        ..TextTable::default()
    };
    let text = format!("{}\n{}\n{}\n", line(&title), table.terminal(), table.caption);
    let titled = TextTable { title: title.clone(), ..table.clone() };
    let files = vec![
        ("table.md".into(), titled.chapter(1).into_bytes()),
        ("table.tex".into(), latex_file(&[titled.latex("counts")]).into_bytes()),
        ("table.csv".into(), hide(&csv).into_bytes()),
        ("index.html".into(), page(&title, info, run, &table).into_bytes()),
    ];
    Ok((files, text))
}

fn title(run: &RunDir) -> Result<String> {
    let bad = |e: String| Error::failed(format!("{}: {e}", run.spec().display()));
    let text = files::text(&run.spec()).map_err(|e| bad(e.to_string()))?;
    let counts: seraug_core::spec::Counts = toml::from_str(&text).map_err(|e| bad(e.message().to_owned()))?;
    Ok(counts.title)
}

fn cells(row: &CountRow) -> Vec<String> {
    let number = |n: Option<usize>| n.map_or("–".to_owned(), |n| n.to_string());
    let difference = |ours: Option<usize>, published: Option<usize>| match (ours, published) {
        (Some(a), Some(b)) if a == b => "0".to_owned(),
        (Some(a), Some(b)) => format!("{}{}", if a > b { '+' } else { '−' }, a.abs_diff(b)),
        _ => "–".to_owned(),
    };
    let mut cells = vec![row.title.clone(), row.language.clone(), row.status.name().to_owned()];
    for (ours, published) in [(row.negative, row.published_negative), (row.positive, row.published_positive)]
    {
        cells.extend([number(ours), number(published), difference(ours, published)]);
    }
    cells
}

/// A sentence on how many rows agree with the paper.
fn summary(rows: &[CountRow]) -> String {
    let there: Vec<&CountRow> = rows.iter().filter(|r| r.status != CountStatus::Missing).collect();
    let pair = |r: &CountRow| {
        std::iter::zip([r.negative, r.positive], [r.published_negative, r.published_positive])
            .all(|(found, published)| published.is_none() || found == published)
    };
    let agree = there.iter().filter(|r| pair(r)).count();
    let mut text =
        format!("{agree} of the {} data sets that are here have the published counts.", there.len());
    let missing = rows.len() - there.len();
    if missing > 0 {
        text += &format!(" {missing} could not be counted: their corpora are not here.");
    }
    text
}

fn page(title: &str, info: &RunInfo, run: &RunDir, table: &TextTable) -> String {
    let about = format!("{} · run {} · started {}", info.experiment, run.id(), info.started);
    let body = html! {
        (header(title, Some(&about)))
        (table.html(Some("results"), None))
        (provenance::corpora(info))
    };
    document(title, &body, "")
}
