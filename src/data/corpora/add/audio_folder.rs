//! A folder with metadata.csv, metadata.jsonl or metadata.parquet, whose `file_name` is relative to that file.

use super::columns::add_rows;
use super::grid::Grid;
use super::listing::{entries, file_name, is_part};
use super::row::{Reading, Taken};
use seraug_core::error::{Error, Result};

/// Names of the lists.
pub(super) const FILES: [&str; 3] = ["metadata.csv", "metadata.jsonl", "metadata.parquet"];

/// Reads every list up to two folders below the source; a folder called as a part of a split is that part.
pub(super) fn read(reading: &Reading) -> Result<Taken> {
    let source = reading.source;
    if !source.is_dir() {
        return Err(Error::at(source, "not a folder; give the one that has metadata.csv in it"));
    }
    let lists: Vec<_> = entries(source, 3)?
        .into_iter()
        .filter(|path| FILES.contains(&file_name(path).as_str()) && path.is_file())
        .collect();
    if lists.is_empty() {
        return Err(Error::at(source, format!("none of {} in it", FILES.join(", "))));
    }
    let mut taken = Taken::below(source);
    for path in lists {
        let below = path.strip_prefix(source).unwrap_or(&path);
        let folders: Vec<String> =
            below.parent().into_iter().flatten().map(|f| f.to_string_lossy().into_owned()).collect();
        let part = folders.iter().find(|folder| is_part(folder));
        let front: String = folders.iter().map(|folder| format!("{folder}/")).collect();
        let grid = Grid::read(&path, &below.display().to_string())?;
        add_rows(grid, reading.choices, &front, part.map(String::as_str), &mut taken)?;
    }
    Ok(taken)
}
