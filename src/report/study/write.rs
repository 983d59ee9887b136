//! Writes the page of a study and its files.

use super::plan::{MemberRun, StudyPlan};
use super::{StudyContents, csv, json, page, tables};
use crate::figure::png;
use crate::page::counts::ReportFiles;
use crate::page::splice;
use crate::render::text::wrap;
use crate::render::text_table::{TextRow, TextTable, latex_file, markdown_escape, markdown_list};
use crate::write::{WrittenReport, place, put_between, relative, write};
use seraug_core::error::{Error, Result};
use seraug_core::names::folders::check_experiment;
use seraug_core::terminal::line;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The files of a study, and what they say.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenStudy {
    /// The folder, page and files.
    pub report: WrittenReport,
    /// The experiments without a finished run, each with the reason; their comparisons are over fewer corpora.
    pub missing: Vec<String>,
    /// The answer as JSON, without the paths of the files.
    pub json: Value,
}

/// Writes `reports/<collection>/<id of the newest run>/{study.{md,csv,tex}, conditions.csv, figures/forest-*.{svg,png}, index.html}`, each file
/// whole or not at all, and points `latest` beside it at the newest.
///
/// # Errors
/// Runs that cannot be read or pooled, or of which there is none; a folder that cannot be written.
pub fn study(plan: &StudyPlan, runs: &[MemberRun], reports: &Path) -> Result<WrittenStudy> {
    made(plan, runs, reports, None)
}

/// As [`study`], and puts the verdict, the pooled table and the first figure into a Markdown file, between its markers.
///
/// # Errors
/// As [`study`]; a file that cannot be read or written, or lacks the markers.
pub fn study_into(plan: &StudyPlan, runs: &[MemberRun], reports: &Path, file: &Path) -> Result<WrittenStudy> {
    made(plan, runs, reports, Some(file))
}

fn made(plan: &StudyPlan, runs: &[MemberRun], reports: &Path, splice: Option<&Path>) -> Result<WrittenStudy> {
    let contents = StudyContents::of(plan, runs)?;
    check_experiment(&plan.name).map_err(Error::usage)?;
    let newest = contents.members.iter().map(|m| m.run.dir.id()).max().unwrap_or_default();
    let dir = reports.join(&plan.name).join(newest);
    std::fs::create_dir_all(&dir)
        .map_err(|e| Error::failed(format!("{}: cannot be written: {e}", dir.display())))?;
    let links = links(&contents, reports, &dir)?;
    let report = write(dir, files(&contents, &links)?, terminal(&contents))?;
    if let Some(file) = splice {
        put_between(file, &plan.name, &report.dir, |to_page, _| excerpt(&contents, to_page))?;
    }
    Ok(WrittenStudy { report, json: json::json(&contents), missing: contents.missing })
}

/// From the page to the run of each member, and to its report where there is one.
fn links(contents: &StudyContents, reports: &Path, dir: &Path) -> Result<Vec<(String, Option<String>)>> {
    let here = place(dir)?;
    contents
        .members
        .iter()
        .map(|m| {
            let report: PathBuf = reports.join(m.name()).join("index.html");
            let report = if report.is_file() { Some(relative(&here, &place(&report)?)) } else { None };
            Ok((relative(&here, m.run.dir.path()), report))
        })
        .collect()
}

fn files(contents: &StudyContents, links: &[(String, Option<String>)]) -> Result<ReportFiles> {
    let mut files: Vec<(String, &'static str, Vec<u8>)> = vec![
        ("study.md".into(), "this page as Markdown", markdown(contents).into_bytes()),
        (
            "study.csv".into(),
            "every comparison on every corpus and pooled, numbers not rounded",
            csv::study(contents)?,
        ),
        ("conditions.csv".into(), "every condition on every corpus", csv::conditions(contents)?),
        ("study.tex".into(), "the tables for LaTeX", latex(contents).into_bytes()),
    ];
    for (figure, png) in std::iter::zip(&contents.figures, png::of_all(&contents.figures)?) {
        files.push((format!("figures/{}.svg", figure.name), "figure", figure.svg.clone().into_bytes()));
        files.push((format!("figures/{}.png", figure.name), "the same, for what takes no SVG", png));
    }
    let listed: Vec<(String, &str)> = files.iter().map(|(name, what, _)| (name.clone(), *what)).collect();
    let page = page::html(contents, links, &listed).into_bytes();
    let mut written: ReportFiles = files.into_iter().map(|(name, _, bytes)| (name.into(), bytes)).collect();
    written.push(("index.html".into(), page));
    Ok(written)
}

/// What a terminal shows.
fn terminal(contents: &StudyContents) -> String {
    let verdict: String = contents.verdict.iter().map(|s| wrap(s)).collect();
    // Of one corpus the sentences say everything.
    let table = match contents.comparisons.iter().any(|c| c.pooled.is_some()) {
        true => tables::pooled(contents).terminal() + "\n",
        false => String::new(),
    };
    format!("{}\n{table}{}{verdict}", line(&contents.title), wrap(&contents.about()))
}

fn markdown(contents: &StudyContents) -> String {
    let mut text = format!(
        "# {}\n\n{}\n\n{}\n",
        markdown_escape(&contents.title),
        markdown_escape(&contents.about()),
        markdown_list(&contents.verdict)
    );
    for (heading, items) in [("Missing", &contents.missing), ("Warnings", &contents.warnings)] {
        if !items.is_empty() {
            text += &format!("## {heading}\n\n{}\n", markdown_list(items));
        }
    }
    let all = std::iter::once(tables::pooled(contents))
        .chain(contents.tables.iter().cloned())
        .chain([tables::provenance(contents)]);
    text + &all.map(|table| table.chapter(2)).collect::<Vec<_>>().join("\n")
}

fn latex(contents: &StudyContents) -> String {
    let details = contents.tables.iter().map(|table| {
        match contents.comparisons.iter().any(|c| c.name() == table.title) {
            true => vec![table.clone()],
            // A column a corpus.
            false => narrow(table),
        }
    });
    let all = std::iter::once(narrow(&tables::pooled(contents))).chain(details).flatten();
    latex_file(&(1..).zip(all).map(|(i, table)| table.latex(&format!("study-{i}"))).collect::<Vec<_>>())
}

/// Columns of a LaTeX table after the first.
const COLUMNS: usize = 4;

/// The table in parts that fit on a page, each with the first column.
fn narrow(table: &TextTable) -> Vec<TextTable> {
    let rest: Vec<usize> = (1..table.headings.len()).collect();
    let parts: Vec<&[usize]> = rest.chunks(COLUMNS).collect();
    let part = |(i, columns): (usize, &&[usize])| {
        let of = |cells: &[String]| {
            std::iter::once(0)
                .chain(columns.iter().copied())
                .map(|c| cells[c].clone())
                .collect::<Vec<String>>()
        };
        let rows = table.rows.iter().map(|row| TextRow { role: row.role, cells: of(&row.cells) });
        TextTable {
            title: if i == 0 { table.title.clone() } else { format!("{}, continued", table.title) },
            caption: if i == 0 { table.caption.clone() } else { String::new() },
            headings: of(&table.headings),
            rows: rows.collect(),
            words: 1,
            notes: if i + 1 == parts.len() { table.notes.clone() } else { Vec::new() },
            ..TextTable::default()
        }
    };
    parts.iter().enumerate().map(part).collect()
}

/// Verdict, pooled table and first figure for a Markdown file from which `to_page` leads to the page's folder. Of one or two corpora the
/// table has each of them in place of what is pooled, which is next to nothing there.
fn excerpt(contents: &StudyContents, to_page: &str) -> String {
    let corpora = contents.comparisons.iter().filter_map(|c| Some(c.pooled.as_ref()?.weights.len())).max();
    let (table, verdict) = match corpora {
        Some(3..) => (tables::pooled(contents), markdown_list(&contents.verdict) + "\n"),
        _ => (tables::each_corpus(contents), String::new()),
    };
    let table = TextTable { notes: Vec::new(), ..table };
    let text = splice::content(&contents.title, Some(&table), contents.figures.first(), to_page, None);
    match text.split_once("\n\n") {
        Some((head, rest)) => format!("{head}\n\n{verdict}{rest}"),
        None => text,
    }
}
