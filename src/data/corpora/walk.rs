//! Lists the files below a folder. Links that cannot be followed and folders that cannot be read are reported, not errors.

use super::CorpusFault;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Folders that operating systems create and that hold no recordings.
const SYSTEM: &[&str] = &["lost+found", "System Volume Information", "$RECYCLE.BIN", "@eaDir", "__MACOSX"];

/// What is below a folder.
#[derive(Debug, Default)]
pub(crate) struct FolderWalk {
    /// Regular files of the wanted kind, relative to the folder, in the order of their paths.
    pub(crate) files: Vec<PathBuf>,
    /// Entries of the wanted kind by name that are no regular files: dangling links, pipes and the like.
    pub(crate) broken: Vec<CorpusFault>,
    /// Folders that cannot be read and links that form a loop or dangle; nothing behind them was searched.
    pub(crate) unseen: Vec<CorpusFault>,
}

/// Files below `root` whose extension (lower case) is `wanted`; no dot files. Links are followed.
pub(crate) fn files_below(root: &Path, wanted: impl Fn(&str) -> bool) -> FolderWalk {
    let mut walk = FolderWalk::default();
    for entry in WalkDir::new(root)
        .follow_links(true)
        .into_iter()
        .filter_entry(|e| e.depth() == 0 || !passed(e.file_name()))
    {
        match entry {
            Ok(entry) => {
                let (path, kind) = (entry.path(), entry.file_type());
                if entry.depth() == 0 || !wanted(&extension(path)) {
                    continue;
                }
                let relative = path.strip_prefix(root).unwrap_or(path);
                if kind.is_file() {
                    walk.files.push(relative.to_owned());
                } else if kind.is_dir() {
                    walk.unseen
                        .push(CorpusFault::new(relative, "a folder with the name of a recording; rename it"));
                } else {
                    let why = "not a regular file (a pipe, socket or device); remove it";
                    walk.broken.push(CorpusFault::new(relative, why));
                }
            }
            Err(e) => {
                let path = e.path().unwrap_or(root);
                // `filter_entry` is not called for entries that cannot be read.
                if path.file_name().is_some_and(passed) && path != root {
                    continue;
                }
                let relative = path.strip_prefix(root).unwrap_or(path);
                let place = if relative.as_os_str().is_empty() { Path::new(".") } else { relative };
                let fault = CorpusFault::new(place, why(&e, path));
                let extension = extension(path);
                if wanted(&extension) && e.loop_ancestor().is_none() {
                    walk.broken.push(fault);
                } else if extension.is_empty() || !is_dangling(&e) {
                    // Dangling links with other extensions do not concern the corpus.
                    walk.unseen.push(fault);
                }
            }
        }
    }
    walk.files.sort();
    walk.broken.sort();
    walk.unseen.sort();
    walk
}

fn passed(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".") || SYSTEM.iter().any(|s| *s == name)
}

fn is_dangling(e: &walkdir::Error) -> bool {
    e.io_error().is_some_and(|e| e.kind() == ErrorKind::NotFound)
}

/// Why what is at `path` cannot be looked at, and the next step.
fn why(e: &walkdir::Error, path: &Path) -> String {
    if let Some(ancestor) = e.loop_ancestor() {
        return format!("a link back to {}; remove it", ancestor.display());
    }
    let target = path.read_link().ok();
    match (e.io_error(), target) {
        (Some(_), Some(to)) if to.components().any(|c| c.as_os_str() == "annex") => {
            "a git-annex link whose content is not here; run `git annex get` in its repository".to_owned()
        }
        (Some(_), Some(to)) if is_dangling(e) => {
            format!("a link to {}, which is not there; mend or remove it", to.display())
        }
        (Some(io), Some(to)) => {
            format!("a link to {} that cannot be followed ({io}); remove it", to.display())
        }
        (Some(io), None) if io.kind() == ErrorKind::PermissionDenied => {
            format!("cannot be read ({io}); change its permissions")
        }
        (Some(io), None) => format!("cannot be read ({io})"),
        (None, _) => format!("cannot be read ({e})"),
    }
}

/// The extension of `path` in lower case.
pub(crate) fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}
