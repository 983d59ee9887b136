//! What is rendered from a run directory alone: tables, figures, page. Needs neither audio nor libtorch.

pub mod aggregate;
mod caption;
mod cells;
mod counts;
pub mod embedding;
pub mod figure;
pub mod history;
pub mod html;
mod page;
mod provenance;
pub mod reading;
pub mod render;
pub mod summary;
pub mod table;
pub mod verdict;

use crate::error::{Error, Result};
use crate::results::{RunDir, RunInfo, point_latest, write_atomic};
use figure::Figure;
use page::Page;
use reading::Reading;
use std::path::{Component, Path, PathBuf};
use summary::Summary;
use table::Table;

/// What [`report`] wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// `reports/<experiment>/<run-id>`.
    pub dir: PathBuf,
    /// index.html.
    pub page: PathBuf,
    /// Every file, the page last.
    pub files: Vec<PathBuf>,
    /// The table as text for a terminal.
    pub text: String,
}

/// Writes `reports/<experiment>/<run-id>/{table.md, table.csv, figures/*.svg, index.html}`, each file whole
/// or not at all, and points `latest` beside it at the newest run that has a report.
///
/// # Errors
/// A run directory that does not read (see [`Reading::of`]), or a reports folder that cannot be written.
pub fn report(run: &RunDir, reports: &Path) -> Result<Written> {
    if run.counts().is_file() {
        let info = RunInfo::load(&run.info())?;
        let (files, text) = counts::files(run, &info)?;
        let dir = folder(&info.experiment, run, reports)?;
        return write(run, dir, files, text);
    }
    let reading = Reading::of(run)?;
    let parts: Vec<Reading> = reading.data_sets().into_iter().map(|set| reading.only(set)).collect();
    let mut tables = parts.iter().map(Table::of).collect::<Result<Vec<Table>>>()?;
    if tables.len() > 1 {
        let sets = reading.data_sets();
        tables
            .iter_mut()
            .zip(sets)
            .for_each(|(t, set)| t.title = format!("{}: {}", t.title, summary::shown(set)));
    }
    let summary = Summary::of(&reading, &tables);
    let figures = figures(&reading, &tables)?;
    let verdict = verdict::verdict(&reading, &tables)?;

    let dir = folder(&reading.info.experiment, run, reports)?;
    let real = std::fs::canonicalize(&dir).map_err(|e| unwritable(&dir, e))?;
    let to_run = relative(&real, run.path());
    let title = heading(&reading);
    let page = Page {
        reading: &reading,
        title: &title,
        parts: &parts,
        tables: &tables,
        summary: summary.as_ref(),
        figures: &figures,
        verdict: &verdict,
        run: &to_run,
    };

    let mut contents: counts::Files = vec![
        ("table.md".into(), markdown(&title, summary.as_ref(), &tables).into_bytes()),
        ("table.csv".into(), render::csv(&reading.data_sets(), &tables)?),
    ];
    contents.extend(
        figures.iter().map(|f| (format!("figures/{}.svg", f.name).into(), f.svg.clone().into_bytes())),
    );
    contents.push(("index.html".into(), page.html().into_bytes()));
    let text = match &summary {
        None => tables.first().map(render::terminal).unwrap_or_default(),
        Some(s) => format!("{title}\n{}\n{}\n{}\n", s.terminal(), verdict.ran, verdict.shows),
    };
    write(run, dir, contents, text)
}

/// `reports/<experiment>/<run-id>`, made.
fn folder(experiment: &str, run: &RunDir, reports: &Path) -> Result<PathBuf> {
    let plain = |c: Component| matches!(c, Component::Normal(_));
    if experiment.is_empty() || !Path::new(experiment).components().all(plain) {
        return Err(Error::failed(format!(
            "{}: experiment = `{experiment}` is no path below the reports folder",
            run.info().display()
        )));
    }
    let dir = reports.join(experiment).join(run.id());
    std::fs::create_dir_all(&dir).map_err(|e| unwritable(&dir, e))?;
    Ok(dir)
}

/// Writes files below `dir` and points `latest` beside it at the newest report.
fn write(run: &RunDir, dir: PathBuf, files: counts::Files, text: String) -> Result<Written> {
    let mut written = Vec::new();
    for (name, bytes) in &files {
        written.push(dir.join(name));
        write_atomic(&dir.join(name), bytes)?;
    }
    let parent = dir.parent().unwrap_or(&dir);
    let newest = newest(parent).unwrap_or_else(|| run.id());
    point_latest(parent, &newest).map_err(|e| unwritable(&parent.join("latest"), e))?;
    Ok(Written { page: dir.join("index.html"), dir, files: written, text })
}

fn unwritable(path: &Path, e: std::io::Error) -> Error {
    Error::failed(format!("{}: cannot be written: {e}", path.display()))
}

/// The spec's title, marked when a corpus is synthetic.
fn heading(reading: &Reading) -> String {
    let synthetic = if reading.synthetic() { " (synthetic corpus)" } else { "" };
    format!("{}{synthetic}", reading.spec.title)
}

fn markdown(title: &str, summary: Option<&Summary>, tables: &[Table]) -> String {
    let mut parts: Vec<String> =
        summary.map(|s| format!("# {title}\n\n{}", s.markdown())).into_iter().collect();
    parts.extend(tables.iter().map(render::markdown));
    parts.join("\n")
}

fn figures(reading: &Reading, tables: &[Table]) -> Result<Vec<Figure>> {
    let labels: Vec<&str> = reading.spec.condition.iter().map(crate::spec::Condition::label).collect();
    let mut figures = Vec::new();
    figures.extend(figure::bars(reading, tables)?);
    if let [table] = tables {
        figures.push(figure::recall(table, reading.spec.classes.len())?);
        figures.extend(figure::difference(table)?);
    }
    figures.extend(embedding::embedding(reading)?.map(|e| e.figure));
    figures.extend(figure::galleries(reading)?);
    figures.extend(figure::confusion(reading)?);
    for stage in ["classifier", "augmentor"] {
        figures.extend(figure::curves(stage, &history::curves(reading, stage)?, &labels)?);
    }
    Ok(figures)
}

/// The newest run below `parent` that has a page; run ids begin with the time.
fn newest(parent: &Path) -> Option<String> {
    let entries = std::fs::read_dir(parent).ok()?.flatten();
    let has_page = |e: &std::fs::DirEntry| {
        e.file_type().is_ok_and(|t| t.is_dir()) && e.path().join("index.html").is_file()
    };
    entries.filter(has_page).map(|e| e.file_name().to_string_lossy().into_owned()).max()
}

/// The way from folder `from` to `to`, both absolute, with `/` between the steps.
fn relative(from: &Path, to: &Path) -> String {
    let (from, to): (Vec<Component>, Vec<Component>) =
        (from.components().collect(), to.components().collect());
    let common = std::iter::zip(&from, &to).take_while(|(a, b)| a == b).count();
    let up = from[common..].iter().map(|_| "..".to_owned());
    let down = to[common..].iter().map(|c| c.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_from_the_page_to_the_run() {
        let way = relative(Path::new("/a/reports/open/x/1"), Path::new("/a/results/open/x/1"));
        assert_eq!(way, "../../../../results/open/x/1");
    }
}
