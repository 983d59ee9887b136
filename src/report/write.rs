//! What is rendered from a run directory alone: tables, figures, page. Needs neither audio nor libtorch.

use crate::analysis::public;
use crate::page::contents::{self, ReportContents};
use crate::page::{counts, splice};
use seraug_core::error::{Error, Result};
use seraug_core::files::{self, write_atomic, write_given};
use seraug_core::names::folders::{LATEST, check_experiment};
use seraug_core::run_files::{RunDir, RunInfo, point_latest};
use std::path::{Component, Path, PathBuf};

/// What [`report`] wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenReport {
    /// `reports/<experiment>/<run-id>`.
    pub dir: PathBuf,
    /// index.html.
    pub page: PathBuf,
    /// Every file, the page last.
    pub files: Vec<PathBuf>,
    /// The table as text for a terminal.
    pub text: String,
    /// What a person should know beside it.
    pub note: Option<String>,
}

/// Writes `reports/<experiment>/<run-id>/{table.{md,csv,tex}, speakers.csv, figures/*.{svg,png}, index.html}`, each
/// file whole or not at all, and points `latest` beside it at the newest run that has a report.
///
/// # Errors
/// A run directory that does not read (see [`Reading::of`]), or a reports folder that cannot be written.
pub fn report(run: &RunDir, reports: &Path) -> Result<WrittenReport> {
    if run.counts().is_file() {
        let info = RunInfo::load(&run.info())?;
        let (files, text) = counts::files(run, &info, str::to_owned)?;
        let dir = folder(&info, run, reports)?;
        return write(dir, files, text);
    }
    let contents = ReportContents::of(run)?;
    write_contents(run, &contents, reports)
}

/// As [`report`], for anybody: no file of it names a host, a user or a path outside the report (see [`public::Private`]). In place
/// of links to the run there is provenance.toml, which is its run.toml without them.
///
/// # Errors
/// As [`report`].
pub fn report_public(run: &RunDir, reports: &Path) -> Result<WrittenReport> {
    if run.counts().is_file() {
        let info = RunInfo::load(&run.info())?;
        let private = public::Private::of(run, &info);
        let info = private.info(&info);
        let (mut files, text) = counts::files(run, &info, |text| private.out_of(text))?;
        files.insert(0, ("provenance.toml".into(), contents::provenance_of(&info)?.into_bytes()));
        let dir = folder(&info, run, reports)?;
        return write(dir, files, text);
    }
    let contents = ReportContents::public(run)?;
    write_contents(run, &contents, reports)
}

/// As [`report`], and puts the run's table and first figure into a Markdown file, between its markers.
///
/// # Errors
/// As [`report`]; a table of counts; a file that cannot be read or written, or lacks the markers.
pub fn report_into(run: &RunDir, reports: &Path, file: &Path) -> Result<WrittenReport> {
    if run.counts().is_file() {
        return Err(Error::usage(format!("--splice: {} is a table of counts", run.path().display())));
    }
    let contents = ReportContents::of(run)?;
    let written = write_contents(run, &contents, reports)?;
    let name = file.display().to_string();
    let failed = |e| Error::failed(format!("{name}: {e}"));
    let text = files::text(file).map_err(failed)?;
    let place =
        std::fs::canonicalize(file.parent().filter(|p| p != &Path::new("")).unwrap_or(Path::new(".")));
    let place = place.map_err(failed)?;
    let to_page = relative(&place, &std::fs::canonicalize(&written.dir).map_err(failed)?);
    let content = contents.markdown_excerpt(&to_page, &relative(&place, run.path()));
    let new = splice::splice(&text, &name, &contents.reading.info.experiment, &content)?;
    if new != text {
        write_given(file, new.as_bytes())?;
    }
    Ok(written)
}

fn write_contents(run: &RunDir, contents: &ReportContents, reports: &Path) -> Result<WrittenReport> {
    let dir = folder(&contents.reading.info, run, reports)?;
    let real = std::fs::canonicalize(&dir).map_err(|e| unwritable(&dir, e))?;
    let files = contents.files(&relative(&real, run.path()))?;
    write(dir, files, contents.terminal())
}

/// `reports/<experiment>/<run-id>`, made.
fn folder(info: &RunInfo, run: &RunDir, reports: &Path) -> Result<PathBuf> {
    let experiment = &info.experiment;
    check_experiment(experiment)
        .map_err(|why| Error::failed(format!("{}: experiment: {why}", run.info().display())))?;
    let dir = reports.join(experiment).join(name(info, run));
    std::fs::create_dir_all(&dir).map_err(|e| unwritable(&dir, e))?;
    Ok(dir)
}

/// The name of a run's report: that of the run. A run that was copied to a folder `latest` gets the name that it had, because
/// `latest` of the reports is a link to another one.
fn name(info: &RunInfo, run: &RunDir) -> String {
    if run.id() != LATEST {
        return run.id();
    }
    let stamp = info.started.replace(['-', ':'], "");
    let name = format!("{stamp}-{}", info.revision.trim_end_matches("+dirty"));
    let plain = !stamp.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if plain { name } else { "copy".to_owned() }
}

/// Writes files below `dir` and points `latest` beside it at the newest report.
fn write(dir: PathBuf, files: counts::ReportFiles, text: String) -> Result<WrittenReport> {
    let mut written = Vec::new();
    for (name, bytes) in &files {
        written.push(dir.join(name));
        write_atomic(&dir.join(name), bytes)?;
    }
    let note = match (dir.parent(), dir.file_name()) {
        (Some(parent), Some(own)) => {
            point_latest(parent, &newest(parent).unwrap_or_else(|| own.to_string_lossy().into_owned()))
        }
        _ => None,
    };
    Ok(WrittenReport { page: dir.join("index.html"), dir, files: written, text, note })
}

fn unwritable(path: &Path, e: std::io::Error) -> Error {
    Error::failed(format!("{}: cannot be written: {e}", path.display()))
}

/// The newest run below `parent` that has a page; run ids begin with the time.
fn newest(parent: &Path) -> Option<String> {
    let entries = std::fs::read_dir(parent).ok()?.flatten();
    let has_page = |e: &std::fs::DirEntry| {
        e.file_type().is_ok_and(|t| t.is_dir())
            && e.file_name() != LATEST
            && e.path().join("index.html").is_file()
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
