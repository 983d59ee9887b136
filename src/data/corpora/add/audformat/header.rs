//! db.yaml.

use indexmap::IndexMap;
use seraug_core::error::{AtPath, Error, Result};
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

/// What is used of the header; the rest is left alone.
#[derive(Debug, Default, Deserialize)]
pub(super) struct DatabaseHeader {
    pub(super) name: Option<String>,
    pub(super) source: Option<String>,
    pub(super) license: Option<String>,
    pub(super) author: Option<String>,
    /// ISO 639-3.
    #[serde(default)]
    pub(super) languages: Vec<String>,
    #[serde(default)]
    pub(super) schemes: IndexMap<String, Scheme>,
    #[serde(default)]
    pub(super) tables: IndexMap<String, TableHeader>,
    #[serde(default)]
    pub(super) misc_tables: IndexMap<String, TableHeader>,
}

/// A scheme; of its labels only those that say more than a name are used.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Scheme {
    /// A list of names, names with properties of each, or the name of a misc table that has them.
    pub(super) labels: Option<Value>,
}

/// A table as the header describes it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct TableHeader {
    pub(super) split_id: Option<String>,
    /// Of a misc table: the columns of its index.
    pub(super) levels: Option<Value>,
    #[serde(default)]
    pub(super) columns: IndexMap<String, ColumnHeader>,
}

/// A column of a table.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ColumnHeader {
    pub(super) scheme_id: Option<String>,
    pub(super) rater_id: Option<String>,
}

impl DatabaseHeader {
    /// Reads db.yaml at `path`.
    ///
    /// # Errors
    /// It cannot be read or understood.
    pub(super) fn read(path: &Path) -> Result<DatabaseHeader> {
        let text = seraug_core::files::text(path).cannot("be read", path)?;
        serde_saphyr::from_str(&text).map_err(|e| {
            let why = e.to_string();
            Error::at(path, format!("not a header of audformat: {}", why.lines().next().unwrap_or_default()))
        })
    }
}

/// The code of two letters for one of three, for languages in which there is emotional speech.
pub(super) fn iso_639_1(language: &str) -> Option<&'static str> {
    const CODES: [(&str, &str); 30] = [
        ("amh", "am"),
        ("ara", "ar"),
        ("ben", "bn"),
        ("cat", "ca"),
        ("ces", "cs"),
        ("cmn", "zh"),
        ("dan", "da"),
        ("deu", "de"),
        ("ell", "el"),
        ("eng", "en"),
        ("est", "et"),
        ("fas", "fa"),
        ("fin", "fi"),
        ("fra", "fr"),
        ("heb", "he"),
        ("hin", "hi"),
        ("hun", "hu"),
        ("ita", "it"),
        ("jpn", "ja"),
        ("kor", "ko"),
        ("nld", "nl"),
        ("pol", "pl"),
        ("por", "pt"),
        ("ron", "ro"),
        ("rus", "ru"),
        ("spa", "es"),
        ("swe", "sv"),
        ("tur", "tr"),
        ("urd", "ur"),
        ("zho", "zh"),
    ];
    CODES.iter().find(|(three, _)| *three == language).map(|(_, two)| *two)
}
