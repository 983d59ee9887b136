//! Speakers, genders, sessions, languages and texts of a database: from the table of the labels, from another by file, and from
//! what the scheme of speakers says of each.

use super::header::{DatabaseHeader, TableHeader, iso_639_1};
use super::table_of;
use crate::corpora::add::choices::AddChoices;
use crate::corpora::add::columns::{Role, is_named};
use crate::corpora::add::grid::{Grid, GridRow};
use crate::corpora::add::row::{SourceRow, Taken};
use seraug_core::error::{Error, Result};
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

/// What is looked up, and its name in messages.
const ROLES: [(Role, &str); 5] = [
    (Role::Speaker, "speaker"),
    (Role::Gender, "gender"),
    (Role::Session, "session"),
    (Role::Language, "language"),
    (Role::Text, "text"),
];

/// Where a role comes from.
enum Origin {
    /// A column of the table of the labels.
    Own(String),
    /// Another table: file to value.
    ByFile(String, HashMap<String, String>),
    /// A property of speakers.
    BySpeaker(String, HashMap<String, String>),
}

/// Where every role comes from.
pub(super) struct Lookups(Vec<(Role, &'static str, Origin)>, Vec<String>);

/// The columns of one table of labels that have a role of their own, by index in [`Lookups`].
pub(super) struct OwnColumns(Vec<Option<usize>>);

impl Lookups {
    /// Finds the roles in the database in `folder`; `tables` are those of the labels.
    ///
    /// # Errors
    /// A table that cannot be read; a column that `choices` names and that no table has (usage).
    pub(super) fn new<'a>(
        header: &DatabaseHeader,
        folder: &Path,
        choices: &AddChoices,
        tables: impl Iterator<Item = &'a str>,
    ) -> Result<Lookups> {
        let tables: Vec<&str> = tables.collect();
        let wanted = |role: Role, column: &str, table: &TableHeader| match (&choices.speaker, role) {
            (Some(chosen), Role::Speaker) => column == chosen,
            _ => {
                let scheme = table.columns.get(column).and_then(|c| c.scheme_id.as_deref());
                is_named(role, column) || scheme.is_some_and(|scheme| is_named(role, scheme))
            }
        };
        let find =
            |role: Role, table: &TableHeader| table.columns.keys().find(|c| wanted(role, c, table)).cloned();
        let mut all: Vec<String> = header.tables.values().flat_map(|t| t.columns.keys().cloned()).collect();
        all.sort();
        all.dedup();
        let mut lookups = Lookups(Vec::new(), all);
        for (role, name) in ROLES {
            let own = tables.iter().find_map(|t| find(role, header.tables.get(*t)?));
            let others = header.tables.iter().filter(|(t, _)| !tables.contains(&t.as_str()));
            let from = match own {
                Some(column) => Some(Origin::Own(column)),
                None => {
                    let other = others.into_iter().find_map(|(t, about)| Some((t, find(role, about)?)));
                    match other {
                        Some((table, column)) => Some(Origin::ByFile(
                            format!("table `{table}`, column `{column}`"),
                            by_file(folder, table, &column)?,
                        )),
                        None => None,
                    }
                }
            };
            if let Some(from) = from {
                lookups.0.push((role, name, from));
            } else if let (Role::Speaker, Some(chosen)) = (role, &choices.speaker) {
                let columns = lookups.1.join(", ");
                return Err(Error::usage(format!(
                    "--speaker: no table has a column `{chosen}`; there are {columns}"
                )));
            }
        }
        lookups.of_speakers(header, folder)?;
        Ok(lookups)
    }

    /// Adds what the scheme of the speakers, or the misc table that it names, says of each and no table of files does.
    fn of_speakers(&mut self, header: &DatabaseHeader, folder: &Path) -> Result<()> {
        let scheme = header.schemes.iter().find(|(name, _)| is_named(Role::Speaker, name));
        let Some((scheme, labels)) = scheme.and_then(|(name, s)| Some((name, s.labels.as_ref()?))) else {
            return Ok(());
        };
        for (role, name) in
            ROLES.into_iter().filter(|(role, _)| matches!(role, Role::Gender | Role::Language))
        {
            if self.0.iter().any(|(r, ..)| *r == role) {
                continue;
            }
            let found = match labels {
                Value::Object(labels) => {
                    let of = |about: &Value| {
                        let (_, value) = about.as_object()?.iter().find(|(key, _)| is_named(role, key))?;
                        value.as_str().map(str::to_owned)
                    };
                    let map: HashMap<String, String> = labels
                        .iter()
                        .filter_map(|(speaker, about)| Some((speaker.clone(), of(about)?)))
                        .collect();
                    (!map.is_empty()).then(|| (format!("labels of the scheme `{scheme}`"), map))
                }
                Value::String(table) => match header.misc_tables.get(table) {
                    Some(about) => misc(folder, table, about, role)?,
                    None => None,
                },
                _ => None,
            };
            if let Some((told, map)) = found {
                self.0.push((role, name, Origin::BySpeaker(told, map)));
            }
        }
        Ok(())
    }

    /// Where the roles of `table`, which is `grid`, are among its columns.
    pub(super) fn of_table(&self, grid: &Grid) -> OwnColumns {
        let at = |from: &Origin| match from {
            Origin::Own(column) => grid.column(column),
            Origin::ByFile(..) | Origin::BySpeaker(..) => None,
        };
        OwnColumns(self.0.iter().map(|(_, _, from)| at(from)).collect())
    }

    /// Fills the roles of `new`, which is `cells` of a table with `own`.
    pub(super) fn fill(&self, own: &OwnColumns, cells: &GridRow, new: &mut SourceRow) {
        for ((role, _, from), at) in self.0.iter().zip(&own.0) {
            let value = match from {
                Origin::Own(_) => at.and_then(|i| cells.cells.get(i).cloned().flatten()),
                Origin::ByFile(_, map) => map.get(&new.path).cloned(),
                Origin::BySpeaker(_, map) => new.speaker.as_ref().and_then(|s| map.get(s).cloned()),
            };
            match role {
                Role::Speaker => new.speaker = value,
                Role::Gender => new.gender = value,
                Role::Session => new.session = value,
                Role::Language => {
                    new.language = value.map(|code| iso_639_1(&code).map_or(code.clone(), str::to_owned));
                }
                Role::Text => new.text = value,
                _ => {}
            }
        }
    }

    /// Says where each role comes from.
    pub(super) fn tell(self, taken: &mut Taken) {
        let Lookups(found, columns) = self;
        for (role, name) in ROLES {
            let told = found.iter().find(|(r, ..)| *r == role).map(|(_, _, from)| match from {
                Origin::Own(column) => format!("column `{column}`"),
                Origin::ByFile(told, _) | Origin::BySpeaker(told, _) => told.clone(),
            });
            match told {
                Some(told) => taken.told.push((name, told)),
                None if matches!(role, Role::Speaker | Role::Text) => {
                    taken.told.push((name, "none".to_owned()))
                }
                None => {}
            }
        }
        taken.columns = columns;
    }
}

/// File to value of a column; of several rows of a file the first counts.
fn by_file(folder: &Path, table: &str, column: &str) -> Result<HashMap<String, String>> {
    let grid = table_of(folder, table)?;
    let (file, value) = (grid.column("file"), grid.column(column));
    Ok(pairs(&grid, file, value))
}

/// What a misc table says of each speaker for `role`: its place, and speaker to value.
fn misc(
    folder: &Path,
    table: &str,
    about: &TableHeader,
    role: Role,
) -> Result<Option<(String, HashMap<String, String>)>> {
    let named = |(column, c): &(&String, &super::header::ColumnHeader)| {
        is_named(role, column) || c.scheme_id.as_deref().is_some_and(|scheme| is_named(role, scheme))
    };
    let Some((column, _)) = about.columns.iter().find(named) else { return Ok(None) };
    let grid = table_of(folder, table)?;
    // The index comes first, whatever it is called.
    let level = match &about.levels {
        Some(Value::Object(levels)) => levels.keys().next().and_then(|level| grid.column(level)),
        _ => None,
    };
    let map = pairs(&grid, level.or(Some(0)), grid.column(column));
    Ok(Some((format!("misc table `{table}`, column `{column}`"), map)))
}

fn pairs(grid: &Grid, key: Option<usize>, value: Option<usize>) -> HashMap<String, String> {
    let mut map = HashMap::with_capacity(grid.rows.len());
    let Some((key, value)) = key.zip(value) else { return map };
    for row in &grid.rows {
        let cell = |i: usize| row.cells.get(i).cloned().flatten();
        if let (Some(key), Some(value)) = (cell(key), cell(value)) {
            map.entry(key).or_insert(value);
        }
    }
    map
}
