//! Finds files whose Unicode spelling differs from the table's: macOS unpacks names as NFD, spreadsheets write NFC.

use seraug_core::names::unicode::{fold_case, normalise};
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The names in the folders below `root`. A folder is read once, and only if a path does not exist as written.
pub(super) struct Spelling<'a> {
    root: &'a Path,
    folders: Mutex<HashMap<PathBuf, Arc<FolderNames>>>,
}

/// The names in a folder, as they are on the disk.
#[derive(Default)]
struct FolderNames {
    normalised: HashMap<String, Vec<OsString>>,
    /// By [`fold_case`], for suggestions.
    folded: HashMap<String, OsString>,
}

impl<'a> Spelling<'a> {
    pub(super) fn new(root: &'a Path) -> Spelling<'a> {
        Spelling { root, folders: Mutex::default() }
    }

    /// The path below the root that looks like `relative`, component by component.
    ///
    /// # Errors
    /// None does, or several do; with the next step.
    pub(super) fn find(&self, relative: &Path) -> Result<PathBuf, String> {
        let mut found = PathBuf::new();
        for part in relative {
            if self.root.join(&found).join(part).symlink_metadata().is_ok() {
                found.push(part);
                continue;
            }
            let names = self.names(&found);
            let text = part.to_string_lossy();
            match names.normalised.get(&*normalise(&text)).map(Vec::as_slice) {
                Some([one]) => found.push(one),
                Some([_, ..]) => {
                    return Err("several files whose names look the same and that are written otherwise; rename all but one".into());
                }
                _ => {
                    let near = names.folded.get(&fold_case(&text));
                    return Err(match near {
                        Some(near) => format!("no such file; `{}` is there", found.join(near).display()),
                        None => "no such file; correct the path".to_owned(),
                    });
                }
            }
        }
        Ok(found)
    }

    fn names(&self, folder: &Path) -> Arc<FolderNames> {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            let mut names = FolderNames::default();
            for entry in std::fs::read_dir(self.root.join(folder)).into_iter().flatten().flatten() {
                let name = entry.file_name();
                let text = name.to_string_lossy();
                names.folded.insert(fold_case(&text), name.clone());
                names.normalised.entry(normalise(&text).into_owned()).or_default().push(name);
            }
            Arc::new(names)
        };
        Arc::clone(folders.entry(folder.to_owned()).or_insert_with(read))
    }
}

/// The name in `folder` that looks as `name` does, where it is not there as it is written.
pub(super) fn of_folder(folder: &Path, name: &str) -> Option<PathBuf> {
    Spelling::new(folder).find(Path::new(name)).ok().map(|found| folder.join(found))
}
