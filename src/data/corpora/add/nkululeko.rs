//! A list as nkululeko reads it: a CSV with a row a recording, and `start` and `end` where a row is a part of one.

use super::audio_folder;
use super::columns::add_rows;
use super::grid::Grid;
use super::listing::{entries, file_name, folder_of};
use super::row::{Reading, Taken};
use crate::corpora::walk::extension;
use seraug_core::error::{Error, Result};
use std::path::{Path, PathBuf};

/// The lists that lie in `folder` itself.
pub(super) fn lists(folder: &Path) -> Result<Vec<PathBuf>> {
    let list = |path: &PathBuf| {
        matches!(extension(path).as_str(), "csv" | "tsv")
            && !audio_folder::FILES.contains(&file_name(path).as_str())
            && path.is_file()
    };
    Ok(entries(folder, 1)?.into_iter().filter(list).collect())
}

/// Reads the list, or the one in the folder that is the source. Paths are relative to its folder.
pub(super) fn read(reading: &Reading) -> Result<Taken> {
    let source = reading.source;
    let list = match source.is_dir() {
        false => source.to_owned(),
        true => match lists(source)?.as_slice() {
            [one] => one.clone(),
            [] => return Err(Error::at(source, "no list in it; give a .csv with a row a recording")),
            several => {
                let names: Vec<String> = several.iter().map(|path| file_name(path)).collect();
                return Err(Error::usage(format!(
                    "{}: has {}; give one of them in place of the folder",
                    source.display(),
                    names.join(", ")
                )));
            }
        },
    };
    let mut taken = Taken::below(folder_of(&list));
    add_rows(Grid::read(&list, &file_name(&list))?, reading.choices, "", None, &mut taken)?;
    Ok(taken)
}
