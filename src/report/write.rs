//! Writes the report of a run directory: tables, figures and page.

use crate::analysis::public::Private;
use crate::page::contents::{self, ReportContents};
use crate::page::{counts, splice};
use seraug_core::error::{Error, Result};
use seraug_core::files::{self, write_atomic, write_given};
use seraug_core::names::folders::{LATEST, check_experiment};
use seraug_core::run_files::{RunDir, RunInfo, point_latest};
use std::path::{Component, Path, PathBuf};

/// The files that [`report`] wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenReport {
    /// The folder of the report, `reports/<experiment>/<run-id>`.
    pub dir: PathBuf,
    /// Its page, index.html.
    pub page: PathBuf,
    /// Every file, the page last.
    pub files: Vec<PathBuf>,
    /// The table as text for a terminal, with what the run shows.
    pub text: String,
    /// A note for the person who asked for the report, such as that `latest` could not be set.
    pub note: Option<String>,
}

/// Writes `reports/<experiment>/<run-id>/{table.{md,csv,tex}, speakers.csv, figures/*.{svg,png}, index.html}`, each
/// file whole or not at all, and points `latest` beside it at the newest run that has a report.
///
/// # Errors
/// A run directory that cannot be read (see [`LoadedRun::of`](crate::analysis::loaded_run::LoadedRun::of)), or a reports folder
/// that cannot be written.
pub fn report(run: &RunDir, reports: &Path) -> Result<WrittenReport> {
    made(run, reports, false)
}

/// As [`report`], for publication: no file names a host, a user or a path outside the report (see [`Private`]). In place of
/// links to the run, the report has provenance.toml, which is run.toml without them.
///
/// # Errors
/// As [`report`].
pub fn report_public(run: &RunDir, reports: &Path) -> Result<WrittenReport> {
    made(run, reports, true)
}

fn made(run: &RunDir, reports: &Path, public: bool) -> Result<WrittenReport> {
    if !run.counts().is_file() {
        let contents = if public { ReportContents::public(run) } else { ReportContents::of(run) }?;
        return write_contents(run, &contents, reports);
    }
    let mut info = RunInfo::load(&run.info())?;
    let private = public.then(|| Private::of(run, &info));
    if let Some(private) = &private {
        info = private.info(&info);
    }
    let hide = |text: &str| private.as_ref().map_or_else(|| text.to_owned(), |p| p.out_of(text));
    let (mut files, text) = counts::files(run, &info, hide)?;
    if public {
        files.insert(0, ("provenance.toml".into(), contents::provenance_of(&info)?.into_bytes()));
    }
    write(folder(&info, run, reports)?, files, text)
}

/// As [`report`], and puts the table and the first figure of the run into a Markdown file, between its markers.
///
/// # Errors
/// As [`report`]; a table of counts; a file that cannot be read or written, or lacks the markers.
pub fn report_into(run: &RunDir, reports: &Path, file: &Path) -> Result<WrittenReport> {
    if run.counts().is_file() {
        return Err(Error::usage(format!("--splice: {} is a table of counts", run.path().display())));
    }
    let contents = ReportContents::of(run)?;
    let written = write_contents(run, &contents, reports)?;
    let content =
        |to_page: &str, here: &Path| contents.markdown_excerpt(to_page, &relative(here, run.path()));
    put_between(file, &contents.run.info.experiment, &written.dir, content)?;
    Ok(written)
}

/// Puts text into a Markdown file, between the markers of `name`. `content` is given the way from the file to `dir`, and the folder
/// of the file.
pub(crate) fn put_between(
    file: &Path,
    name: &str,
    dir: &Path,
    content: impl Fn(&str, &Path) -> String,
) -> Result<()> {
    let shown = file.display().to_string();
    let text = files::text(file).map_err(|e| Error::failed(format!("{shown}: {e}")))?;
    let here = place(file.parent().filter(|p| p != &Path::new("")).unwrap_or(Path::new(".")))?;
    let content = content(&relative(&here, &place(dir)?), &here);
    let new = splice::splice(&text, &shown, name, &content)?;
    if new != text {
        write_given(file, new.as_bytes())?;
    }
    Ok(())
}

/// An existing path without links.
pub(crate) fn place(path: &Path) -> Result<PathBuf> {
    std::fs::canonicalize(path).map_err(|e| Error::at(path, e))
}

fn write_contents(run: &RunDir, contents: &ReportContents, reports: &Path) -> Result<WrittenReport> {
    let dir = folder(&contents.run.info, run, reports)?;
    let files = contents.files(&relative(&place(&dir)?, run.path()))?;
    write(dir, files, contents.terminal())
}

/// Makes the folder `reports/<experiment>/<run-id>`.
fn folder(info: &RunInfo, run: &RunDir, reports: &Path) -> Result<PathBuf> {
    let experiment = &info.experiment;
    check_experiment(experiment)
        .map_err(|why| Error::failed(format!("{}: experiment: {why}", run.info().display())))?;
    let dir = reports.join(experiment).join(name(info, run));
    std::fs::create_dir_all(&dir).map_err(|e| unwritable(&dir, e))?;
    Ok(dir)
}

/// The name of the report of a run, which is the id of the run. A run that was copied to a folder called `latest` gets the id
/// that it had, because `latest` among the reports is a link to another one.
fn name(info: &RunInfo, run: &RunDir) -> String {
    if run.id() != LATEST {
        return run.id();
    }
    let stamp = info.started.replace(['-', ':'], "");
    let name = format!("{stamp}-{}", info.revision.trim_end_matches("+dirty"));
    let plain = !stamp.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if plain { name } else { "copy".to_owned() }
}

/// Writes the files below `dir` and points `latest` beside it to the newest report.
pub(crate) fn write(dir: PathBuf, files: counts::ReportFiles, text: String) -> Result<WrittenReport> {
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

/// The newest run below `parent` that has a page: run ids begin with the time.
fn newest(parent: &Path) -> Option<String> {
    let entries = std::fs::read_dir(parent).ok()?.flatten();
    let has_page = |e: &std::fs::DirEntry| {
        e.file_type().is_ok_and(|t| t.is_dir())
            && e.file_name() != LATEST
            && e.path().join("index.html").is_file()
    };
    entries.filter(has_page).map(|e| e.file_name().to_string_lossy().into_owned()).max()
}

/// The relative path from folder `from` to `to`, both absolute, with `/` as separator.
pub(crate) fn relative(from: &Path, to: &Path) -> String {
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
