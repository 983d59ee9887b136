//! Lists of EmoBox: `NAME.jsonl` with all recordings, `fold_1/NAME_train_fold_1.jsonl` and `…_test_…` for each fold, and
//! `label_map.json` with the labels of the benchmark.

use super::audio_folder;
use super::choices::AddChoices;
use super::columns::add_rows;
use super::grid::Grid;
use super::listing::{entries, file_name, folder_of};
use super::row::{Reading, SourceRow, Taken};
use crate::corpora::walk::extension;
use crate::split::SplitPart;
use seraug_core::error::{AtPath, Error, Result};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Most folds; a name of a folder decides how many columns split.csv has.
const FOLDS: usize = 100;

/// Reads the list of all recordings and the folds beside it.
pub(super) fn read(reading: &Reading) -> Result<Taken> {
    let folder = folder_of(reading.source);
    let main = match reading.source.is_dir() {
        false => Some(reading.source.to_owned()),
        true => match lists(folder)?.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            several => {
                let names: Vec<String> = several.iter().map(|path| file_name(path)).collect();
                let names = names.join(", ");
                return Err(Error::usage(format!(
                    "{}: has {names}; give the one with all recordings in place of the folder",
                    folder.display()
                )));
            }
        },
    };
    let mut taken = Taken::below(folder);
    if let Some(main) = &main {
        list(main, folder, reading.choices, &mut taken)?;
    }
    folds(folder, main.is_some(), reading.choices, &mut taken)?;
    if taken.rows.is_empty() && taken.faults.is_empty() {
        return Err(Error::at(folder, "no .jsonl with recordings, in it or in fold_1"));
    }
    map_labels(&folder.join("label_map.json"), &mut taken)?;
    let n = taken.folds.len();
    if n > 0 {
        taken.notes.push(format!("{n} folds: split.csv, for [protocol.split-file] with seeds of 1 to 5"));
    }
    Ok(taken)
}

/// The lists in a folder itself.
fn lists(folder: &Path) -> Result<Vec<PathBuf>> {
    let wanted = |path: &PathBuf| {
        extension(path) == "jsonl"
            && !audio_folder::FILES.contains(&file_name(path).as_str())
            && path.is_file()
    };
    Ok(entries(folder, 1)?.into_iter().filter(wanted).collect())
}

/// Adds the rows of a list; an id is the key without the data set's name in front of it.
fn list(path: &Path, folder: &Path, choices: &AddChoices, taken: &mut Taken) -> Result<()> {
    let shown = path.strip_prefix(folder).unwrap_or(path).display().to_string();
    let grid = Grid::read(path, &shown)?;
    let set =
        grid.column("dataset").and_then(|i| grid.rows.first()?.cells.get(i)?.clone()).unwrap_or_default();
    let first = taken.rows.len();
    add_rows(grid, choices, "", None, taken)?;
    for row in &mut taken.rows[first..] {
        let short =
            row.id.as_deref().and_then(|id| id.strip_prefix(&set)?.strip_prefix('-')).map(str::to_owned);
        row.id = short.or(row.id.take());
    }
    Ok(())
}

/// Adds the part of each row in each fold, and where there is no list of all, the rows.
fn folds(folder: &Path, listed: bool, choices: &AddChoices, taken: &mut Taken) -> Result<()> {
    let number =
        |path: &Path| file_name(path).strip_prefix("fold_")?.parse::<usize>().ok().filter(|n| *n > 0);
    let mut folders: Vec<(usize, PathBuf)> = entries(folder, 1)?
        .into_iter()
        .filter(|p| p.is_dir())
        .filter_map(|p| Some((number(&p)?, p)))
        .collect();
    folders.sort();
    if folders.len() > FOLDS || folders.last().is_some_and(|(n, _)| *n > FOLDS) {
        return Err(Error::at(folder, format!("more than {FOLDS} folds; keep those that are used")));
    }
    let mut places: HashMap<String, usize> = HashMap::new();
    for (i, row) in taken.rows.iter().enumerate() {
        places.insert(key(row), i);
    }
    for (n, (number, fold)) in folders.iter().enumerate() {
        for path in lists(fold)? {
            let name = file_name(&path);
            let has = |word: &str| name.contains(&format!("_{word}_"));
            let part = match () {
                () if has("train") => SplitPart::Train,
                () if has("test") => SplitPart::Test,
                () if has("valid") || has("dev") => SplitPart::None,
                () => return Err(Error::at(&path, "neither `_train_` nor `_test_` in its name")),
            };
            let mut of_fold =
                Taken { told: taken.told.clone(), columns: taken.columns.clone(), ..Taken::default() };
            list(&path, folder, choices, &mut of_fold)?;
            (taken.told, taken.columns) = (of_fold.told, of_fold.columns);
            taken.faults.append(&mut of_fold.faults);
            for row in of_fold.rows {
                let place = row.place.clone();
                let at = match places.get(&key(&row)) {
                    Some(at) => *at,
                    None if listed => {
                        taken.fault(&place, format!("`{}` is not in the list of all recordings", key(&row)));
                        continue;
                    }
                    None => {
                        places.insert(key(&row), taken.rows.len());
                        taken.rows.push(row);
                        taken.rows.len() - 1
                    }
                };
                let parts = &mut taken.rows[at].parts;
                parts.resize(n, SplitPart::None);
                match parts.get(n) {
                    Some(other) if *other != part => {
                        let why =
                            format!("`{}` is in another part of fold {number} too", key(&taken.rows[at]));
                        taken.fault(&place, why);
                    }
                    Some(_) => {}
                    None => taken.rows[at].parts.push(part),
                }
            }
        }
        taken.folds.push(*number);
    }
    Ok(())
}

/// What names a recording in the lists.
fn key(row: &SourceRow) -> String {
    row.id.clone().unwrap_or_else(|| row.path.clone())
}

/// Puts the benchmark's labels in the place of the data set's own.
fn map_labels(path: &Path, taken: &mut Taken) -> Result<()> {
    if !path.is_file() {
        return Ok(());
    }
    let text = seraug_core::files::text(path).cannot("be read", path)?;
    let map: HashMap<String, String> = serde_json::from_str(&text)
        .map_err(|e| Error::at(path, format!("{e}; expected an object of label to label")))?;
    for row in &mut taken.rows {
        if let Some(to) = row.emotion.as_ref().and_then(|from| map.get(from)) {
            row.emotion = Some(to.clone());
        }
    }
    taken.notes.push("emotion: in the words of label_map.json".to_owned());
    Ok(())
}
