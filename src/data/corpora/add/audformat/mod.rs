//! A database of audformat: db.yaml describes tables, db.TABLE.csv or .parquet has their rows.
//!
//! Labels come from the columns whose scheme is called like a label. A gold standard is preferred to raters; of several raters the
//! majority counts. Speakers, genders and texts come from the same table, or by file from another.

mod header;
mod labels;
mod lookup;

use super::columns::{seconds, span};
use super::grid::Grid;
use super::listing::{file_name, folder_of};
use super::row::{NO_LABEL, Reading, SourceAbout, SourceRow, Taken};
use header::DatabaseHeader;
use labels::{LabelTable, majority};
use lookup::Lookups;
use seraug_core::error::{Error, Result};
use std::path::Path;

/// Reads the database in the folder of the source.
pub(super) fn read(reading: &Reading) -> Result<Taken> {
    let folder = folder_of(reading.source);
    let header = DatabaseHeader::read(&folder.join("db.yaml"))?;
    let tables = labels::choose(&header, reading.choices)?;
    let mut taken = Taken::below(folder);
    taken.about = about(&header);
    let of_tables: Vec<String> = tables.iter().map(LabelTable::told).collect();
    taken.told.push(("emotion", of_tables.join("; ")));
    let lookups = Lookups::new(&header, folder, reading.choices, tables.iter().map(|t| t.name.as_str()))?;
    for table in &tables {
        rows(&header, table, &lookups, folder, &mut taken)?;
    }
    lookups.tell(&mut taken);
    Ok(taken)
}

/// The rows of a table.
fn rows(
    header: &DatabaseHeader,
    table: &LabelTable,
    lookups: &Lookups,
    folder: &Path,
    taken: &mut Taken,
) -> Result<()> {
    let grid = table_of(folder, &table.name)?;
    let missing = |column: &str| {
        Error::failed(format!(
            "{}: no column `{column}`, which db.yaml says it has; get a fresh copy",
            grid.file
        ))
    };
    let file = grid.column("file").ok_or_else(|| missing("file"))?;
    let bounds = [grid.column("start"), grid.column("end")];
    let columns: Vec<usize> =
        table.columns.iter().map(|c| grid.column(c).ok_or_else(|| missing(c))).collect::<Result<_>>()?;
    let own = lookups.of_table(&grid);
    let split = header.tables.get(&table.name).and_then(|t| t.split_id.clone());
    for row in &grid.rows {
        let place = grid.place(row);
        let cell = |i: usize| row.cells.get(i).cloned().flatten();
        let Some(path) = cell(file) else {
            taken.fault(&place, "file is empty");
            continue;
        };
        let votes: Vec<String> = columns.iter().filter_map(|i| cell(*i)).collect();
        let emotion = match majority(&votes) {
            Ok(Some(label)) => label,
            Ok(None) => {
                taken.leave_out(NO_LABEL);
                continue;
            }
            Err(()) => {
                taken.leave_out("raters do not agree: a tie");
                continue;
            }
        };
        let times = bounds.map(|at| seconds(&at.and_then(cell).unwrap_or_default()));
        let [Ok(start), Ok(end)] = times else {
            let wrong = bounds.map(|at| at.and_then(cell).unwrap_or_default()).join("` to `");
            taken.fault(&place, format!("from `{wrong}`: expected times, as 0 days 00:00:01.25"));
            continue;
        };
        let mut new = SourceRow {
            place,
            emotion: Some(emotion.to_owned()),
            split: split.clone(),
            span: span(start, end),
            path,
            ..SourceRow::default()
        };
        lookups.fill(&own, row, &mut new);
        taken.rows.push(new);
    }
    Ok(())
}

/// The rows of the table `name`.
fn table_of(folder: &Path, name: &str) -> Result<Grid> {
    // It becomes a part of the name of a file.
    if name.contains(['/', '\\', '\0']) {
        return Err(Error::at(
            folder.join("db.yaml"),
            format!("tables: `{name}` cannot be a name of a table"),
        ));
    }
    for ending in ["csv", "parquet"] {
        let path = folder.join(format!("db.{name}.{ending}"));
        if path.is_file() {
            return Grid::read(&path, &file_name(&path));
        }
    }
    let pickle = folder.join(format!("db.{name}.pkl"));
    Err(match pickle.is_file() {
        true => Error::at(
            pickle,
            "pickles are programs and are not read; save the database with storage_format='parquet' or 'csv'",
        ),
        false => {
            Error::at(folder.join(format!("db.{name}.csv")), "no such file, nor .parquet; get a fresh copy")
        }
    })
}

/// What the header says of the database.
fn about(header: &DatabaseHeader) -> SourceAbout {
    let text = |cell: &Option<String>| {
        cell.as_deref().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let language = match header.languages.as_slice() {
        [one] => header::iso_639_1(one).unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    SourceAbout {
        title: text(&header.name),
        source: text(&header.source),
        licence: text(&header.license),
        citation: text(&header.author),
        language,
    }
}
