//! What is in the folder of a source.

use seraug_core::error::{AtPath, Result};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Names of folders and files that are parts of a data set's own split.
const PARTS: [&str; 8] = ["train", "test", "validation", "valid", "val", "dev", "development", "eval"];

/// Whether `name` is one of a part of a split, in any case.
pub(super) fn is_part(name: &str) -> bool {
    PARTS.contains(&name.to_lowercase().as_str())
}

/// The name of a file or folder, as text.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The folder of the recordings, where the source is a list or a folder of its own.
pub(super) fn folder_of(source: &Path) -> &Path {
    if source.is_dir() { source } else { source.parent().unwrap_or(source) }
}

/// Files and folders up to `depth` levels below `folder` without dot files, sorted; links are not followed.
///
/// # Errors
/// A folder that cannot be read.
pub(super) fn entries(folder: &Path, depth: usize) -> Result<Vec<PathBuf>> {
    let hidden = |name: &OsStr| name.as_encoded_bytes().starts_with(b".");
    let walk = WalkDir::new(folder).min_depth(1).max_depth(depth).sort_by_file_name().into_iter();
    let walk = walk.filter_entry(|e| e.depth() == 0 || !hidden(e.file_name()));
    walk.map(|entry| entry.map(walkdir::DirEntry::into_path).cannot("be read", folder)).collect()
}
