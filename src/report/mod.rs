//! What is rendered from a run directory alone: tables, figures, page. Needs neither audio nor libtorch.

pub mod aggregate;
mod caption;
mod cells;
pub mod figure;
pub mod history;
pub mod html;
mod page;
mod provenance;
pub mod reading;
pub mod render;
pub mod table;
pub mod verdict;

use crate::error::{Error, Result};
use crate::results::{RunDir, point_latest, write_atomic};
use figure::Figure;
use page::Page;
use reading::Reading;
use std::path::{Component, Path, PathBuf};
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
    let reading = Reading::of(run)?;
    let table = Table::of(&reading)?;
    let figures = figures(&reading, &table)?;
    let verdict = verdict::verdict(&reading, &table)?;

    let parent = reports.join(&reading.info.experiment);
    let dir = parent.join(run.id());
    let failed =
        |p: &Path, e: std::io::Error| Error::failed(format!("{}: cannot be written: {e}", p.display()));
    std::fs::create_dir_all(&dir).map_err(|e| failed(&dir, e))?;
    let real = std::fs::canonicalize(&dir).map_err(|e| failed(&dir, e))?;
    let to_run = relative(&real, run.path());
    let page = Page { reading: &reading, table: &table, figures: &figures, verdict: &verdict, run: &to_run };

    let mut contents = vec![
        (dir.join("table.md"), render::markdown(&table).into_bytes()),
        (dir.join("table.csv"), render::csv(&table)?),
    ];
    contents.extend(
        figures.iter().map(|f| (dir.join(format!("figures/{}.svg", f.name)), f.svg.clone().into_bytes())),
    );
    contents.push((dir.join("index.html"), page.html().into_bytes()));
    for (path, bytes) in &contents {
        write_atomic(path, bytes)?;
    }
    let newest = newest(&parent).unwrap_or_else(|| run.id());
    point_latest(&parent, &newest).map_err(|e| failed(&parent.join("latest"), e))?;
    let files = contents.into_iter().map(|c| c.0).collect();
    Ok(Written { page: dir.join("index.html"), dir, files, text: render::terminal(&table) })
}

fn figures(reading: &Reading, table: &Table) -> Result<Vec<Figure>> {
    let labels: Vec<&str> = table.rows.iter().map(|r| r.label.as_str()).collect();
    let mut figures = vec![figure::recall(table, reading.spec.classes.len())?];
    figures.extend(figure::difference(table)?);
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
