//! The recordings that a command line names: files, folders, lists.

use seraug_core::error::{AtPath, Error, Result};
use seraug_core::names::unicode::normalise;
use seraug_data::audio::formats::EXTENSIONS;
use seraug_run::prediction::RecordingToPredict;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// The recordings of `inputs`, in their order; those below a folder by path.
///
/// # Errors
/// An input that is not there; a folder without recordings; a list without a column `path`, or with bounds that are none.
pub(super) fn recordings(inputs: &[PathBuf]) -> Result<Vec<RecordingToPredict>> {
    let mut all = Vec::new();
    for input in inputs {
        if input.is_dir() {
            all.extend(below(input)?.into_iter().map(|path| RecordingToPredict { path, stretch: None }));
        } else if extension(input) == "csv" {
            all.extend(listed(input)?);
        } else if input.exists() {
            all.push(RecordingToPredict { path: input.clone(), stretch: None });
        } else {
            return Err(Error::usage(format!("{}: no such file or folder", input.display())));
        }
    }
    Ok(all)
}

fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Files below `folder` whose extension is that of a recording, but for dot files.
fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.cannot("be read", folder)?;
        let dotted = entry.file_name().to_string_lossy().starts_with('.');
        if entry.file_type().is_file() && !dotted && EXTENSIONS.contains(&extension(entry.path()).as_str()) {
            found.push(entry.into_path());
        }
    }
    match found.is_empty() {
        true => Err(Error::usage(format!("{}: no recording below it", folder.display()))),
        false => Ok(found),
    }
}

/// The rows of a list: columns path, start and end; paths are relative to the list's folder.
fn listed(list: &Path) -> Result<Vec<RecordingToPredict>> {
    let bad = |line: u64, why: String| Error::usage(format!("{}:{line}: {why}", list.display()));
    let text = seraug_core::files::text_given(list).at(list)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| bad(1, e.to_string()))?.clone();
    let column = |name: &str| header.iter().position(|h| normalise(h).to_lowercase() == name);
    let path_at = column("path").ok_or_else(|| {
        let found: Vec<&str> = header.iter().collect();
        bad(1, format!("no column `path`, it has {}", found.join(", ")))
    })?;
    let bounds = ["start", "end"].map(column);
    let folder = list.parent().unwrap_or(Path::new("."));
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| bad(e.position().map_or(0, csv::Position::line), e.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default().trim();
        let seconds = |at: Option<usize>| match cell(at) {
            "" => Ok(None),
            text => match text.parse::<f64>() {
                Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => Ok(Some(seconds)),
                _ => Err(bad(line, format!("`{text}`: expected seconds, as 1.25"))),
            },
        };
        let stretch = match (seconds(bounds[0])?, seconds(bounds[1])?) {
            (None, None) => None,
            (start, end) => Some([start.unwrap_or(0.0), end.unwrap_or(f64::MAX)]),
        };
        match cell(Some(path_at)) {
            "" => return Err(bad(line, "path is empty".to_owned())),
            path => rows.push(RecordingToPredict { path: folder.join(path), stretch }),
        }
    }
    match rows.is_empty() {
        true => Err(bad(1, "no row".to_owned())),
        false => Ok(rows),
    }
}
