//! The report of a table of counts (Tab. 1): found beside published.

use super::html::{self, escape};
use super::provenance;
use crate::error::{Error, Result};
use crate::results::{CountRow, CountStatus, RunDir, RunInfo, read_counts};
use std::path::PathBuf;

const HEADINGS: [&str; 7] =
    ["data set", "language", "status", "negative", "published", "positive", "published"];

/// Name below the report's folder and content of each file.
pub(super) type Files = Vec<(PathBuf, Vec<u8>)>;

/// The files of the report, by name, and the table as text for a terminal.
pub(super) fn files(run: &RunDir, info: &RunInfo) -> Result<(Files, String)> {
    let rows = read_counts(&run.counts())?;
    let title = title(run)?;
    let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let caption = format!("{} Published: as the paper prints it.", summary(&rows));
    let text = format!("{title}\n{}\n{caption}\n", terminal(&cells));
    let files = vec![
        ("table.md".into(), markdown(&title, &cells, &caption).into_bytes()),
        (
            "table.csv".into(),
            std::fs::read(run.counts()).map_err(|e| Error::failed(format!("counts.csv: {e}")))?,
        ),
        ("index.html".into(), page(&title, info, run, &cells, &caption).into_bytes()),
    ];
    Ok((files, text))
}

fn title(run: &RunDir) -> Result<String> {
    let bad = |e: String| Error::failed(format!("{}: {e}", run.spec().display()));
    let text = std::fs::read_to_string(run.spec()).map_err(|e| bad(e.to_string()))?;
    let counts: crate::spec::Counts = toml::from_str(&text).map_err(|e| bad(e.message().to_owned()))?;
    Ok(counts.title)
}

fn cells(row: &CountRow) -> Vec<String> {
    let number = |n: Option<usize>| n.map_or("–".to_owned(), |n| n.to_string());
    vec![
        row.title.clone(),
        row.language.clone(),
        row.status.name().into(),
        number(row.negative),
        number(row.published_negative),
        number(row.positive),
        number(row.published_positive),
    ]
}

/// How many rows agree with the paper, in words.
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

fn terminal(rows: &[Vec<String>]) -> String {
    let heads = HEADINGS.map(str::to_owned).to_vec();
    let lines = || std::iter::once(&heads).chain(rows);
    let width = |s: &str| s.chars().count();
    let widths: Vec<usize> =
        (0..heads.len()).map(|c| lines().map(|l| width(&l[c])).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for line in lines() {
        for (c, cell) in line.iter().enumerate() {
            let space = " ".repeat(widths[c] - width(cell));
            text += &if c < 3 { format!("{cell}{space}  ") } else { format!("{space}{cell}  ") };
        }
        text.truncate(text.trim_end().len());
        text += "\n";
    }
    text
}

fn markdown(title: &str, rows: &[Vec<String>], caption: &str) -> String {
    let mut text = format!("# {title}\n\n| {} |\n| :-- | :-- | :-- |", HEADINGS.join(" | "));
    text += &format!("{}\n", " --: |".repeat(HEADINGS.len() - 3));
    let escaped = |c: &String| c.replace('|', "\\|");
    rows.iter()
        .for_each(|r| text += &format!("| {} |\n", r.iter().map(escaped).collect::<Vec<_>>().join(" | ")));
    text + "\n" + caption + "\n"
}

fn page(title: &str, info: &RunInfo, run: &RunDir, rows: &[Vec<String>], caption: &str) -> String {
    let about = format!("{} · run {} · started {}", info.experiment, run.id(), info.started);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{}</style>\n</head>\n<body>\n<main>\n<header>\n<h1>{title}</h1>\n<p class=\"soft\">{}</p>\n\
         </header>\n<section>\n<h2>Counts</h2>\n{}</section>\n{}</main>\n</body>\n</html>\n",
        include_str!("style.css"),
        escape(&about),
        html::table(caption, &HEADINGS, rows),
        provenance::corpora(info),
        title = escape(title),
    )
}
