//! The recordings that a command line names: files, folders, lists.

use seraug_core::error::{AtPath, Error, Result};
use seraug_core::names::unicode::normalise;
use seraug_data::audio::formats::EXTENSIONS;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// A recording, or a stretch of one, and what a list says of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct GivenRecording {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Start and end in seconds; none for all of it.
    pub(super) stretch: Option<[f64; 2]>,
    /// Its path below the folder that was named, or as a list has it, without the extension.
    pub(super) name: String,
    /// Column `label`, or `emotion`; empty without one.
    pub(super) label: String,
    /// Column `speaker`; empty without one.
    pub(super) speaker: String,
}

/// The recordings of `inputs`, in their order; those below a folder by path.
///
/// # Errors
/// An input that is not there; a folder without recordings; a list without a column `path`, or with bounds that are none.
pub(super) fn recordings(inputs: &[PathBuf]) -> Result<Vec<GivenRecording>> {
    let mut all = Vec::new();
    for input in inputs {
        if input.is_dir() {
            all.extend(below(input)?);
        } else if extension(input) == "csv" {
            all.extend(listed(input)?);
        } else if input.exists() {
            let name = name(&std::path::absolute(input).unwrap_or_else(|_| input.clone()));
            all.push(GivenRecording { path: input.clone(), name, ..GivenRecording::default() });
        } else {
            return Err(Error::usage(format!("{}: no such file or folder", input.display())));
        }
    }
    Ok(all)
}

fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// A path without its extension, as text; of an absolute one its last part.
fn name(path: &Path) -> String {
    let own = if path.is_absolute() { Path::new(path.file_name().unwrap_or_default()) } else { path };
    own.with_extension("").to_string_lossy().into_owned()
}

/// Files below `folder` whose extension is that of a recording, but for dot files.
fn below(folder: &Path) -> Result<Vec<GivenRecording>> {
    let mut found = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.cannot("be read", folder)?;
        let dotted = entry.file_name().to_string_lossy().starts_with('.');
        if entry.file_type().is_file() && !dotted && EXTENSIONS.contains(&extension(entry.path()).as_str()) {
            let name = name(entry.path().strip_prefix(folder).unwrap_or(entry.path()));
            found.push(GivenRecording { path: entry.into_path(), name, ..GivenRecording::default() });
        }
    }
    match found.is_empty() {
        true => Err(Error::usage(format!("{}: no recording below it", folder.display()))),
        false => Ok(found),
    }
}

/// The rows of a list: columns path, start, end, label or emotion, and speaker; paths are relative to the list's folder.
fn listed(list: &Path) -> Result<Vec<GivenRecording>> {
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
    let (label_at, speaker_at) = (column("label").or_else(|| column("emotion")), column("speaker"));
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
            path => rows.push(GivenRecording {
                path: folder.join(path),
                stretch,
                name: name(Path::new(path)),
                label: cell(label_at).to_owned(),
                speaker: cell(speaker_at).to_owned(),
            }),
        }
    }
    match rows.is_empty() {
        true => Err(bad(1, "no row".to_owned())),
        false => Ok(rows),
    }
}
