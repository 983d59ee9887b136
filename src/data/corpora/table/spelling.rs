//! Files that a table spells otherwise: names that macOS unpacked are NFD, those that a spreadsheet wrote are NFC.

use seraug_core::names::unicode::{clean, folded};
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The names in the folders below `root`, each folder read once and only where a path is not there as it is written.
pub(super) struct Spelling<'a> {
    root: &'a Path,
    folders: Mutex<HashMap<PathBuf, Arc<FolderNames>>>,
}

/// The names in a folder, as they are on the disk.
#[derive(Default)]
struct FolderNames {
    clean: HashMap<String, Vec<OsString>>,
    /// By [`folded`]: what is likely meant, but another name.
    folded: HashMap<String, OsString>,
}

impl<'a> Spelling<'a> {
    pub(super) fn new(root: &'a Path) -> Spelling<'a> {
        Spelling { root, folders: Mutex::default() }
    }

    /// The path below the root that looks as `relative` does, component by component.
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
            match names.clean.get(&*clean(&text)).map(Vec::as_slice) {
                Some([one]) => found.push(one),
                Some([_, ..]) => {
                    return Err("several files whose names look the same and that are written otherwise; rename all but one".into());
                }
                _ => {
                    let near = names.folded.get(&folded(&text));
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
                names.folded.insert(folded(&text), name.clone());
                names.clean.entry(clean(&text).into_owned()).or_default().push(name);
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
